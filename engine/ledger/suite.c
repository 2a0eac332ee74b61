/* suite.c - names of the suites, and their hashes. */
#include "ledger/suite.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

G_STATIC_ASSERT(SUITE_HASH == crypto_hash_sha256_BYTES);

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

/* To find the algorithm and to make a context takes longer than a short hash: each thread keeps
 * one. */
static void sm3(const struct suite_part *parts, gsize n, unsigned char *ret)
{
    static GPrivate contexts = G_PRIVATE_INIT((GDestroyNotify)EVP_MD_CTX_free);
    static gsize fetched;
    static EVP_MD *algorithm;
    if (g_once_init_enter(&fetched)) {
        algorithm = EVP_MD_fetch(NULL, "SM3", NULL);
        g_once_init_leave(&fetched, 1);
    }
    EVP_MD_CTX *context = g_private_get(&contexts);
    if (!context) {
        context = EVP_MD_CTX_new();
        g_private_set(&contexts, context);
    }
    bool ok = algorithm && context && EVP_DigestInit_ex2(context, algorithm, NULL) == 1;
    for (gsize i = 0; ok && i < n; i++) {
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1;
    }
    if (!ok || EVP_DigestFinal_ex(context, ret, NULL) != 1) {
        g_error("OpenSSL has no SM3"); /* to go on would be to record nothing that proves */
    }
}

void suite_hash(enum suite suite, const struct suite_part *parts, gsize n, unsigned char *ret)
{
    if (suite == SUITE_SM) {
        sm3(parts, n, ret);
        return;
    }
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (gsize i = 0; i < n; i++) {
        crypto_hash_sha256_update(&state, parts[i].data, parts[i].length);
    }
    crypto_hash_sha256_final(&state, ret);
}
