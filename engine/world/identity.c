/* identity.c - who a machine is, as the document that guest-identity obeys. */
#include "world/identity.h"

#include "plan/router.h"
#include "world/world.h"

#include <sodium.h>
#include <string.h>

#define RANDOM_BYTES 64

void identity_template_mac(guint i, unsigned char ret[6])
{
    const unsigned char mac[6] = {0x52, 0x54, 0x00, 0x57, 0x00, (unsigned char)i};
    memcpy(ret, mac, sizeof(mac));
}

static void add(GByteArray *document, const char *word, const void *bytes, gsize length)
{
    g_autofree char *head = g_strdup_printf("%s %zu\n", word, length);
    g_byte_array_append(document, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(document, bytes, (guint)length);
    g_byte_array_append(document, (const guint8 *)"\n", 1);
}

static void add_text(GByteArray *document, const char *word, const char *text)
{
    add(document, word, text, strlen(text));
}

static void add_file(
        GByteArray *document, const char *path, int mode, const char *bytes, gsize length)
{
    g_autofree char *head = mode ? g_strdup_printf("%o %s\n", (unsigned)mode, path)
                                 : g_strdup_printf("- %s\n", path);
    GByteArray *whole = g_byte_array_new();
    g_byte_array_append(whole, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(whole, (const guint8 *)bytes, (guint)length);
    add(document, "file", whole->data, whole->len);
    g_byte_array_unref(whole);
}

/* ---- the SSH host key ------------------------------------------------------------------------ */

static void put_number(GByteArray *key, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);
    g_byte_array_append(key, (const guint8 *)&big, sizeof(big));
}

static void put_bytes(GByteArray *key, const void *bytes, gsize length)
{
    put_number(key, (guint32)length);
    g_byte_array_append(key, bytes, (guint)length);
}

static void put_public(GByteArray *key, const unsigned char *public)
{
    put_bytes(key, "ssh-ed25519", strlen("ssh-ed25519"));
    put_bytes(key, public, crypto_sign_PUBLICKEYBYTES);
}

static GByteArray *secret_part(
        const unsigned char *public, const unsigned char *secret, const char *comment)
{
    GByteArray *part = g_byte_array_new();
    guint32 check = randombytes_random(); /* twice the same: a wrong passphrase would show */
    put_number(part, check);
    put_number(part, check);
    put_public(part, public);
    put_bytes(part, secret, crypto_sign_SECRETKEYBYTES);
    put_bytes(part, comment, strlen(comment));
    for (guint8 pad = 1; part->len % 8; pad++) {
        g_byte_array_append(part, &pad, 1);
    }
    return part;
}

static char *armour(const GByteArray *key)
{
    g_autofree char *text = g_base64_encode(key->data, key->len);
    GString *out = g_string_new("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for (gsize at = 0, length = strlen(text); at < length; at += 70) {
        g_string_append_len(out, text + at, (gssize)MIN(70, length - at));
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "-----END OPENSSH PRIVATE KEY-----\n");
    return g_string_free(out, FALSE);
}

void identity_host_key(const char *comment, char **ret_private, char **ret_public)
{
    static const char magic[] = "openssh-key-v1"; /* with its NUL */
    unsigned char public[crypto_sign_PUBLICKEYBYTES];
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_autoptr(GByteArray) blob = g_byte_array_new();
    crypto_sign_keypair(public, secret);
    g_autoptr(GByteArray) part = secret_part(public, secret, comment);
    put_public(blob, public);
    g_byte_array_append(key, (const guint8 *)magic, sizeof(magic));
    put_bytes(key, "none", 4); /* cipher */
    put_bytes(key, "none", 4); /* key derivation, without options */
    put_number(key, 0);
    put_number(key, 1); /* one key */
    put_bytes(key, blob->data, blob->len);
    put_bytes(key, part->data, part->len);
    g_autofree char *line = g_base64_encode(blob->data, blob->len);
    *ret_private = armour(key);
    *ret_public = g_strdup_printf("ssh-ed25519 %s %s\n", line, comment);
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(part->data, part->len);
    sodium_memzero(key->data, key->len);
}

/* ---- the document -----------------------------------------------------------------------------
 */

static void add_self(GByteArray *document, const char *name)
{
    unsigned char random[RANDOM_BYTES];
    unsigned char id[16];
    char hex[2 * sizeof(id) + 1];
    g_autofree char *private = NULL, *public = NULL;
    randombytes_buf(random, sizeof(random));
    randombytes_buf(id, sizeof(id));
    sodium_bin2hex(hex, sizeof(hex), id, sizeof(id));
    identity_host_key(name, &private, &public);
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time());
    add(document, "random", random, sizeof(random)); /* before anything is made of randomness */
    add_text(document, "clock", now);
    add_text(document, "name", name);
    add_text(document, "machine-id", hex);
    add_text(document, "host-key", private);
    add_text(document, "host-key-public", public);
    sodium_memzero(private, strlen(private));
}

char *identity_card(const struct plan *plan, const struct plan_card *card)
{
    const struct plan_network *network = g_ptr_array_index(plan->networks, (guint)card->network);
    g_autofree char *address = plan_address_text(card->address);
    const unsigned char *m = card->mac;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%02x:%02x:%02x:%02x:%02x:%02x,%s/%d", m[0], m[1], m[2], m[3],
            m[4], m[5], address, network->subnet->prefix);
    if (card->gateway) {
        g_autofree char *gateway = plan_address_text(card->gateway);
        g_string_append_printf(text, ",gw=%s", gateway);
    }
    if (card->space) {
        g_string_append_printf(text, ",ns=%s", card->space);
    }
    return g_string_free(text, FALSE);
}

static void add_mac(GByteArray *document, const struct plan_card *card, guint i)
{
    unsigned char was[6];
    const unsigned char *to = card->mac;
    identity_template_mac(i, was);
    g_autofree char *text = g_strdup_printf(
            "%02x:%02x:%02x:%02x:%02x:%02x,%02x:%02x:%02x:%02x:%02x:%02x", was[0], was[1], was[2],
            was[3], was[4], was[5], to[0], to[1], to[2], to[3], to[4], to[5]);
    add_text(document, "mac", text);
}

/* All addresses first: a card is found by its own. */
static void add_cards(GByteArray *document, const struct plan *plan,
        const struct plan_machine *machine, bool woken)
{
    bool six = false;
    for (guint i = 0; woken && i < machine->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->cards, i);
        six = six || plan_has6(&card->address6);
        add_mac(document, card, i);
    }
    if (six) {
        add_text(document, "settle", "");
    }
    for (guint i = 0; i < machine->cards->len; i++) {
        g_autofree char *text = identity_card(plan, g_ptr_array_index(machine->cards, i));
        add_text(document, "nic", text);
    }
    if (machine->host->forward) {
        add_text(document, "forward", "1");
    }
}

/* Names of the own team's machines; for a machine with a space for each team, those of the team, in
 * the file that `ip netns exec` puts over /etc/hosts. */
static void add_hosts(GByteArray *document, const struct plan *plan, int index)
{
    const struct plan_machine *machine = g_ptr_array_index(plan->machines, (guint)index);
    g_autofree char *own = world_hosts(plan, index, -1);
    add_file(document, "/etc/hosts", 0, own, strlen(own));
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->cards, i);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        if (card->space) {
            g_autofree char *path = g_strdup_printf("/etc/netns/%s/hosts", card->space);
            g_autofree char *text = world_hosts(plan, index, network->team);
            add_file(document, path, 0, text, strlen(text));
        }
    }
}

static guint add_files(GByteArray *document, const struct plan_host *host)
{
    gsize total = 0;
    guint n = 0;
    for (; n < host->files->len; n++) {
        const struct plan_file *file = g_ptr_array_index(host->files, n);
        total += file->length;
        if (total > IDENTITY_FILES_MAX) {
            break;
        }
        add_file(document, file->path, file->mode, file->content, file->length);
    }
    return n;
}

GByteArray *identity_commands(const struct plan_host *host)
{
    GByteArray *document = g_byte_array_new();
    for (guint i = 0; i < host->setup->len; i++) {
        g_autoptr(GByteArray) words = g_byte_array_new();
        for (char **word = host->setup->pdata[i]; *word; word++) {
            g_byte_array_append(words, (const guint8 *)*word, (guint)strlen(*word) + 1);
        }
        add(document, "run", words->data, words->len);
    }
    return document;
}

GByteArray *identity_document(const struct plan *plan, int machine,
        const struct identity_options *options, guint *ret_files)
{
    const struct plan_machine *self = g_ptr_array_index(plan->machines, (guint)machine);
    GByteArray *document = g_byte_array_new();
    g_return_val_if_fail(sodium_init() >= 0, document);
    add_self(document, self->host->name);
    add_cards(document, plan, self, options->woken);
    add_hosts(document, plan, machine);
    *ret_files = add_files(document, self->host);
    if (options->ports) {
        g_autofree char *ports = g_strjoinv(" ", (char **)options->ports);
        add_text(document, "listens", ports);
    }
    return document;
}
