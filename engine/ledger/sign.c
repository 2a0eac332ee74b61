/* sign.c - signed checkpoints of a ledger: keys, the signed text, the code, the check. */
#include "ledger/sign.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED crypto_sign_SEEDBYTES
#define NOTE_MAX 4096
#define KEY_ID 4

G_STATIC_ASSERT(SIGN_PUBLIC == crypto_sign_PUBLICKEYBYTES);

static bool fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "the signing key %s %s", path, what);
    return false;
}

/* ---- keys ---------------------------------------------------------------------------------- */

char *sign_public_text(const unsigned char *key)
{
    char *hex = g_malloc(2 * SIGN_PUBLIC + 1);
    return sodium_bin2hex(hex, 2 * SIGN_PUBLIC + 1, key, SIGN_PUBLIC);
}

bool sign_public_parse(const char *text, unsigned char *ret, GError **error)
{
    g_autofree char *content = NULL;
    gsize length = strlen(text);
    if (length != 2 * SIGN_PUBLIC) {
        if (!g_file_get_contents(text, &content, &length, NULL)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "\"%.80s\" is neither a public key (64 hexadecimal digits) nor a file of one",
                    text);
            return false;
        }
        text = content;
    }
    gsize bytes = 0;
    if (length < 2 * SIGN_PUBLIC ||
            sodium_hex2bin(ret, SIGN_PUBLIC, text, 2 * SIGN_PUBLIC, NULL, &bytes, NULL) != 0 ||
            bytes != SIGN_PUBLIC) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a public key has 64 hexadecimal digits");
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

static bool make_key(const char *path, GError **error)
{
    unsigned char seed[SEED];
    struct sign_key key;
    char hex[2 * SEED + 2];
    randombytes_buf(seed, sizeof seed);
    crypto_sign_seed_keypair(key.public, key.secret, seed);
    sodium_bin2hex(hex, sizeof hex, seed, sizeof seed);
    strcat(hex, "\n"); // NOLINT: two bytes were left for it
    bool ok = write_file(path, 0600, hex);
    int number = errno;
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(hex, sizeof hex);
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

bool sign_key_open(const char *path, struct sign_key *ret, GError **error)
{
    struct stat st;
    if (sodium_init() < 0) {
        return fail(error, path, "cannot be used: libsodium does not start");
    }
    if (stat(path, &st) != 0 && !(errno == ENOENT && make_key(path, error))) {
        return error && *error ? false : fail(error, path, g_strerror(errno));
    }
    if (stat(path, &st) != 0) {
        return fail(error, path, g_strerror(errno));
    }
    if (st.st_mode & 077) {
        return fail(error, path,
                "can be read by others; remedy: chmod 600, or remove it for a new one");
    }
    g_autofree char *text = NULL;
    gsize bytes = 0;
    unsigned char seed[SEED];
    if (!g_file_get_contents(path, &text, NULL, NULL) ||
            sodium_hex2bin(seed, sizeof seed, text, MIN(strlen(text), 2 * SEED), NULL, &bytes,
                    NULL) != 0 ||
            bytes != SEED) {
        return fail(error, path, "is damaged: it must hold 64 hexadecimal digits");
    }
    crypto_sign_seed_keypair(ret->public, ret->secret, seed);
    sodium_memzero(seed, sizeof seed);
    return true;
}

/* ---- the signed text ----------------------------------------------------------------------- */

void sign_code(gint64 size, const unsigned char *root, char ret[SIGN_CODE])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; /* none that look alike */
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    guint64 little = GUINT64_TO_LE((guint64)size);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)"sandtable code\n", 15);
    crypto_hash_sha256_update(&state, (const unsigned char *)&little, sizeof little);
    crypto_hash_sha256_update(&state, root, TREE_HASH);
    crypto_hash_sha256_final(&state, hash);
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

/* signed-note: the first bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key). */
static void key_id(const char *name, const unsigned char *key, unsigned char *ret)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)name, strlen(name));
    crypto_hash_sha256_update(&state, (const unsigned char *)"\n\x01", 2);
    crypto_hash_sha256_update(&state, key, SIGN_PUBLIC);
    crypto_hash_sha256_final(&state, hash);
    memcpy(ret, hash, KEY_ID);
}

static char *note_of(const char *name, const char *text, const unsigned char *blob)
{
    g_autofree char *signature = g_base64_encode(blob, KEY_ID + crypto_sign_BYTES);
    return g_strdup_printf("%s\n— %s %s\n", text, name, signature);
}

struct event *sign_event(
        const struct sign_key *key, const char *name, gint64 size, const unsigned char *root)
{
    g_autofree char *text = text_of(name, size, root);
    unsigned char blob[KEY_ID + crypto_sign_BYTES];
    key_id(name, key->public, blob);
    crypto_sign_detached(
            blob + KEY_ID, NULL, (const unsigned char *)text, strlen(text), key->secret);
    g_autofree char *note = note_of(name, text, blob);
    g_autofree char *public = sign_public_text(key->public);
    char code[SIGN_CODE];
    sign_code(size, root, code);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "suite", "ed25519");
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
            blob_bytes != KEY_ID + crypto_sign_BYTES) {
        return refuse(why, "its note has no size, root or signature");
    }
    memcpy(ret->root, root, TREE_HASH);
    unsigned char id[KEY_ID];
    key_id(parts[0], ret->key, id);
    g_autofree char *text = text_of(parts[0], ret->size, ret->root);
    if (memcmp(id, blob, KEY_ID) != 0 ||
            crypto_sign_verify_detached(
                    blob + KEY_ID, (const unsigned char *)text, strlen(text), ret->key) != 0) {
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
    gsize bytes = 0;
    if (sodium_init() < 0 || strcmp(json_string(json, "suite", ""), "ed25519") != 0) {
        return refuse(why, "its suite is unknown");
    }
    if (strlen(key) != 2 * SIGN_PUBLIC || strlen(note) > NOTE_MAX ||
            sodium_hex2bin(ret->key, SIGN_PUBLIC, key, strlen(key), NULL, &bytes, NULL) != 0 ||
            bytes != SIGN_PUBLIC) {
        return refuse(why, "it has no key");
    }
    char *parts[5] = {NULL};
    bool ok = read_note(note, parts, why) && verify_note(note, parts, ret, why);
    for (int i = 0; i < 4; i++) {
        g_free(parts[i]);
    }
    if (!ok) {
        return false;
    }
    sign_code(ret->size, ret->root, ret->code);
    if (strcmp(ret->code, json_string(json, "code", "")) != 0 ||
            ret->size != json_int(json, "size", -1)) {
        return refuse(why, "its code or size is not that of its note");
    }
    return true;
}
