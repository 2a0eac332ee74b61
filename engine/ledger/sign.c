/* sign.c - signed checkpoints of a ledger: keys, the signed text, the code, the check. */
#include "ledger/sign.h"

#include "base/error.h"
#include "base/json.h"
#include "ledger/sm2.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED crypto_sign_SEEDBYTES
#define NOTE_MAX 4096
#define KEY_ID 4

#define SM_FILE "sm2 " /* before the digits of a secret key of SM2 */

G_STATIC_ASSERT(SIGN_PUBLIC >= crypto_sign_PUBLICKEYBYTES && SIGN_PUBLIC == SM2_PUBLIC);
G_STATIC_ASSERT(SIGN_SIGNATURE == crypto_sign_BYTES && SIGN_SIGNATURE == SM2_SIGNATURE);
G_STATIC_ASSERT(SEED == SM2_SECRET);

static bool fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "the signing key %s %s", path, what);
    return false;
}

/* ---- keys ---------------------------------------------------------------------------------- */

/* A point of SM2 has no second coordinate that is all zero. */
enum suite sign_public_suite(const unsigned char *key)
{
    return sodium_is_zero(
                   key + crypto_sign_PUBLICKEYBYTES, SIGN_PUBLIC - crypto_sign_PUBLICKEYBYTES)
                   ? SUITE_ED25519
                   : SUITE_SM;
}

static gsize public_bytes(enum suite suite)
{
    return suite == SUITE_SM ? SM2_PUBLIC : crypto_sign_PUBLICKEYBYTES;
}

char *sign_public_text(const unsigned char *key)
{
    return suite_hex(key, public_bytes(sign_public_suite(key)));
}

/* The digits that text begins with are a key of one suite or the other. */
static bool parse_digits(const char *text, gsize length, unsigned char *ret)
{
    gsize digits = 0;
    while (digits < length && g_ascii_isxdigit(text[digits])) {
        digits++;
    }
    gsize bytes = 0;
    memset(ret, 0, SIGN_PUBLIC);
    return (digits == 2 * crypto_sign_PUBLICKEYBYTES || digits == 2 * SM2_PUBLIC) &&
           sodium_hex2bin(ret, SIGN_PUBLIC, text, digits, NULL, &bytes, NULL) == 0 &&
           bytes == public_bytes(sign_public_suite(ret));
}

bool sign_public_parse(const char *text, unsigned char *ret, GError **error)
{
    g_autofree char *content = NULL;
    gsize length = 0;
    if (parse_digits(text, strlen(text), ret)) {
        return true;
    }
    if (!g_file_get_contents(text, &content, &length, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%.80s\" is neither a public key (64 hexadecimal digits, or 130 of the suite sm) "
                "nor a file of one",
                text);
        return false;
    }
    if (!parse_digits(content, length, ret)) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a public key has 64 hexadecimal digits, or 130 of the suite sm");
        return false;
    }
    return true;
}

static bool write_file(const char *path, mode_t mode, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

static bool key_from_secret(enum suite suite, const unsigned char *secret, struct sign_key *ret)
{
    *ret = (struct sign_key){.suite = suite};
    if (suite == SUITE_SM) {
        memcpy(ret->secret, secret, SM2_SECRET);
        return sm2_public(secret, ret->public);
    }
    return crypto_sign_seed_keypair(ret->public, ret->secret, secret) == 0;
}

/* A secret key as its file has it. */
static char *secret_text(enum suite suite, const unsigned char *secret)
{
    char hex[2 * SEED + 1];
    sodium_bin2hex(hex, sizeof hex, secret, SEED);
    char *text = g_strconcat(suite == SUITE_SM ? SM_FILE : "", hex, "\n", NULL);
    sodium_memzero(hex, sizeof hex);
    return text;
}

static bool make_key(const char *path, enum suite suite, GError **error)
{
    unsigned char secret[SEED];
    struct sign_key key;
    do {
        randombytes_buf(secret, sizeof secret);
    } while (!key_from_secret(suite, secret, &key)); /* of 2^32 numbers one may be too large */
    g_autofree char *text = secret_text(suite, secret);
    /* made by two programs at once: the first one's holds, no room is left for it */
    bool ok = write_file(path, 0600, text);
    int number = errno;
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(key.secret, sizeof key.secret);
    sodium_memzero(text, strlen(text));
    if (!ok && number != EEXIST) {
        return fail(error, path, g_strerror(number));
    }
    g_autofree char *public = sign_public_text(key.public);
    g_autofree char *line = g_strconcat(public, "\n", NULL);
    g_autofree char *beside = g_strconcat(path, ".pub", NULL);
    if (ok) {
        unlink(beside);
        write_file(beside, 0644, line); /* a convenience: the secret has it too */
    }
    return true;
}

static bool read_key(const char *path, enum suite suite, struct sign_key *ret)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    gsize bytes = 0;
    unsigned char secret[SEED];
    bool marked = g_str_has_prefix(text, SM_FILE);
    const char *digits = text + (marked ? strlen(SM_FILE) : 0);
    bool ok = marked == (suite == SUITE_SM) &&
              sodium_hex2bin(secret, sizeof secret, digits, MIN(strlen(digits), 2 * SEED), NULL,
                      &bytes, NULL) == 0 &&
              bytes == SEED && key_from_secret(suite, secret, ret);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, strlen(text));
    return ok;
}

bool sign_key_open(const char *path, struct sign_key *ret, GError **error)
{
    return sign_key_open_by(path, SUITE_ED25519, ret, error);
}

bool sign_key_open_by(const char *path, enum suite suite, struct sign_key *ret, GError **error)
{
    struct stat st;
    if (sodium_init() < 0) {
        return fail(error, path, "cannot be used: libsodium does not start");
    }
    if (stat(path, &st) != 0 && !(errno == ENOENT && make_key(path, suite, error))) {
        return error && *error ? false : fail(error, path, g_strerror(errno));
    }
    if (stat(path, &st) != 0) {
        return fail(error, path, g_strerror(errno));
    }
    if (st.st_mode & 077) {
        g_autofree char *what =
                g_strdup_printf("can be read by others; remedy: chmod 600 %s, if "
                                "nobody has read it; else move it away: a new one "
                                "is made, and `sandtable key` shows its public part",
                        path);
        return fail(error, path, what);
    }
    if (!read_key(path, suite, ret)) {
        return fail(error, path,
                suite == SUITE_SM ? "is damaged: it must hold \"sm2\" and 64 hexadecimal digits; "
                                    "put its copy "
                                    "back, or move it away for a new one"
                                  : "is damaged: it must hold 64 hexadecimal digits; put its copy "
                                    "back, or move "
                                    "it away for a new one");
    }
    return true;
}

void sign_bytes(const struct sign_key *key, const void *data, gsize length,
        unsigned char ret[SIGN_SIGNATURE])
{
    if (key->suite == SUITE_ED25519) {
        crypto_sign_detached(ret, NULL, data, length, key->secret);
    } else if (!sm2_sign(key->public, key->secret, data, length, ret)) {
        g_error("OpenSSL does not sign by SM2"); /* unsigned rows would pass for signed ones */
    }
}

bool sign_bytes_are_good(const unsigned char *public, const void *data, gsize length,
        const unsigned char signature[SIGN_SIGNATURE])
{
    return sign_public_suite(public) == SUITE_SM
                   ? sm2_verify(public, data, length, signature)
                   : crypto_sign_verify_detached(signature, data, length, public) == 0;
}

/* ---- the signed text ----------------------------------------------------------------------- */

void sign_code(enum suite suite, gint64 size, const unsigned char *root, char ret[SIGN_CODE])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; /* none that look alike */
    static const char mark[] = "sandtable code\n";
    unsigned char hash[SUITE_HASH];
    guint64 little = GUINT64_TO_LE((guint64)size);
    const struct suite_part parts[] = {
            {mark, sizeof mark - 1}, {&little, sizeof little}, {root, TREE_HASH}};
    suite_hash(suite, parts, G_N_ELEMENTS(parts), hash);
    guint64 bits = 0;
    for (int i = 0; i < 5; i++) {
        bits = bits << 8 | hash[i];
    }
    for (int i = 0, at = 0; i < 8; i++) {
        if (i == 4) {
            ret[at++] = '-';
        }
        ret[at++] = letters[bits >> (35 - 5 * i) & 31];
    }
    ret[SIGN_CODE - 1] = '\0';
}

static char *text_of(const char *name, gint64 size, const unsigned char *root)
{
    g_autofree char *base64 = g_base64_encode(root, TREE_HASH);
    return g_strdup_printf("sandtable/%s\n%" G_GINT64_FORMAT "\n%s\n", name, size, base64);
}

/* signed-note: the first bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key), and for SM2 of SM3(name ‖
 * "\n" ‖ 0xff ‖ "sm2-sm3" ‖ key). */
static void key_id(const char *name, const unsigned char *key, unsigned char *ret)
{
    enum suite suite = sign_public_suite(key);
    const char *kind = suite == SUITE_SM ? "\n\xffsm2-sm3" : "\n\x01";
    unsigned char hash[SUITE_HASH];
    const struct suite_part parts[] = {
            {name, strlen(name)}, {kind, strlen(kind)}, {key, public_bytes(suite)}};
    suite_hash(suite, parts, G_N_ELEMENTS(parts), hash);
    memcpy(ret, hash, KEY_ID);
}

static char *note_of(const char *name, const char *text, const unsigned char *blob)
{
    g_autofree char *signature = g_base64_encode(blob, KEY_ID + SIGN_SIGNATURE);
    return g_strdup_printf("%s\n— %s %s\n", text, name, signature);
}

struct event *sign_event(
        const struct sign_key *key, const char *name, gint64 size, const unsigned char *root)
{
    g_autofree char *text = text_of(name, size, root);
    unsigned char blob[KEY_ID + SIGN_SIGNATURE];
    key_id(name, key->public, blob);
    sign_bytes(key, text, strlen(text), blob + KEY_ID);
    g_autofree char *note = note_of(name, text, blob);
    g_autofree char *public = sign_public_text(key->public);
    char code[SIGN_CODE];
    sign_code(key->suite, size, root, code);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "suite", suite_name(key->suite));
    cJSON_AddStringToObject(body, "code", code);
    json_add_int(body, "size", size);
    cJSON_AddStringToObject(body, "key", public);
    cJSON_AddStringToObject(body, "note", note);
    return event_new("ledger.signed", NULL, name, body);
}

/* ---- the check ----------------------------------------------------------------------------- */

static bool refuse(const char **why, const char *what)
{
    *why = what;
    return false;
}

/* Takes the note apart: origin, size, root, an empty line, one signature line. */
static bool read_note(const char *note, char **parts, const char **why)
{
    g_auto(GStrv) lines = g_strsplit(note, "\n", 7);
    if (g_strv_length(lines) != 6 || *lines[3] || *lines[5] ||
            !g_str_has_prefix(lines[0], "sandtable/") || !g_str_has_prefix(lines[4], "— ")) {
        return refuse(why, "its note is not a signed checkpoint");
    }
    const char *blob = strrchr(lines[4], ' ');
    parts[0] = g_strdup(lines[0] + strlen("sandtable/"));
    parts[1] = g_strdup(lines[1]);
    parts[2] = g_strdup(lines[2]);
    parts[3] = g_strdup(blob + 1);
    return true;
}

static bool verify_note(
        const char *note, char *const *parts, struct sign_seen *ret, const char **why)
{
    gsize root_bytes = 0;
    gsize blob_bytes = 0;
    g_autofree guchar *root = g_base64_decode(parts[2], &root_bytes);
    g_autofree guchar *blob = g_base64_decode(parts[3], &blob_bytes);
    char *end = NULL;
    ret->size = g_ascii_strtoll(parts[1], &end, 10);
    if (end == parts[1] || *end || ret->size < 0 || root_bytes != TREE_HASH ||
            blob_bytes != KEY_ID + SIGN_SIGNATURE) {
        return refuse(why, "its note has no size, root or signature");
    }
    memcpy(ret->root, root, TREE_HASH);
    unsigned char id[KEY_ID];
    key_id(parts[0], ret->key, id);
    g_autofree char *text = text_of(parts[0], ret->size, ret->root);
    if (memcmp(id, blob, KEY_ID) != 0 ||
            !sign_bytes_are_good(ret->key, text, strlen(text), blob + KEY_ID)) {
        return refuse(why, "its signature is not good");
    }
    /* one way to write it, so that nothing in it can be changed */
    g_autofree char *again = note_of(parts[0], text, blob);
    return !strcmp(again, note) || refuse(why, "its note is not written as notes are");
}

bool sign_check(const char *body, struct sign_seen *ret, const char **why)
{
    *ret = (struct sign_seen){0};
    auto_json json = json_parse(body, strlen(body), NULL);
    const char *note = json_string(json, "note", "");
    const char *key = json_string(json, "key", "");
    if (sodium_init() < 0 || !suite_parse(json_string(json, "suite", ""), &ret->suite, NULL)) {
        return refuse(why, "its suite is unknown");
    }
    if (strlen(note) > NOTE_MAX || !parse_digits(key, strlen(key), ret->key) ||
            strlen(key) != 2 * public_bytes(ret->suite)) {
        return refuse(why, "it has no key of its suite");
    }
    char *parts[5] = {NULL};
    bool ok = read_note(note, parts, why) && verify_note(note, parts, ret, why);
    for (int i = 0; i < 4; i++) {
        g_free(parts[i]);
    }
    if (!ok) {
        return false;
    }
    sign_code(ret->suite, ret->size, ret->root, ret->code);
    if (strcmp(ret->code, json_string(json, "code", "")) != 0 ||
            ret->size != json_int(json, "size", -1)) {
        return refuse(why, "its code or size is not that of its note");
    }
    return true;
}
