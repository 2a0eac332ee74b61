/* suite.c - names of the suites, and their hashes. */
#include "ledger/suite.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

static const char *const names[] = {[SUITE_ED25519] = "ed25519", [SUITE_SM] = "sm"};

const char *suite_name(enum suite suite)
{
    return names[suite];
}

bool suite_parse(const char *name, enum suite *ret, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(name, names[i])) {
            *ret = (enum suite)i;
            return true;
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "there is no suite \"%.40s\": it is ed25519 (SHA-256, Ed25519) or sm (SM3, SM2)", name);
    return false;
}

static const EVP_MD *algorithm_of(enum suite suite)
{
    static const char *const digests[] = {[SUITE_ED25519] = "SHA256", [SUITE_SM] = "SM3"};
    static EVP_MD *algorithms[G_N_ELEMENTS(digests)];
    static gsize fetched;
    if (g_once_init_enter(&fetched)) {
        for (gsize i = 0; i < G_N_ELEMENTS(digests); i++) {
            algorithms[i] = EVP_MD_fetch(NULL, digests[i], NULL);
        }
        g_once_init_leave(&fetched, 1);
    }
    return algorithms[suite];
}

/* A call takes longer than a short part: those that fit are put together. */
static bool add_parts(EVP_MD_CTX *context, const struct suite_part *parts, gsize n)
{
    unsigned char together[1024];
    gsize length = 0;
    bool ok = true;
    if (n == 1) {
        return EVP_DigestUpdate(context, parts->data, parts->length) == 1;
    }
    for (gsize i = 0; ok && i < n; i++) {
        if (length + parts[i].length > sizeof together) {
            ok = EVP_DigestUpdate(context, together, length) == 1;
            length = 0;
        }
        if (parts[i].length > sizeof together) {
            ok = ok && EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1;
        } else if (parts[i].length > 0) {
            memcpy(together + length, parts[i].data, parts[i].length);
            length += parts[i].length;
        }
    }
    return ok && EVP_DigestUpdate(context, together, length) == 1;
}

/* To find the algorithm and to make a context takes longer than a short hash: each thread keeps
 * one. OpenSSL's SHA-256 uses what the processor has for it. */
void suite_hash(enum suite suite, const struct suite_part *parts, gsize n, unsigned char *ret)
{
    static GPrivate contexts[] = {
            [SUITE_ED25519] = G_PRIVATE_INIT((GDestroyNotify)EVP_MD_CTX_free),
            [SUITE_SM] = G_PRIVATE_INIT((GDestroyNotify)EVP_MD_CTX_free),
    };
    const EVP_MD *algorithm = algorithm_of(suite);
    EVP_MD_CTX *context = g_private_get(&contexts[suite]);
    if (!context) {
        context = EVP_MD_CTX_new();
        g_private_set(&contexts[suite], context);
    }
    bool ok = algorithm && context && EVP_DigestInit_ex2(context, algorithm, NULL) == 1 &&
              add_parts(context, parts, n);
    if (!ok || EVP_DigestFinal_ex(context, ret, NULL) != 1) {
        g_error("OpenSSL cannot hash"); /* to go on would be to record nothing that proves */
    }
}

char *suite_hex(const unsigned char *bytes, gsize length)
{
    char *hex = g_malloc(2 * length + 1);
    return sodium_bin2hex(hex, 2 * length + 1, bytes, length);
}

bool suite_hash_from_hex(const char *hex, unsigned char *ret)
{
    gsize length = 0;
    return hex && strlen(hex) == (gsize)2 * SUITE_HASH &&
           sodium_hex2bin(ret, SUITE_HASH, hex, (gsize)2 * SUITE_HASH, NULL, &length, NULL) == 0 &&
           length == SUITE_HASH;
}
