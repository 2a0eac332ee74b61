/* exchange_import.c - a new ledger from lines of JSON. */
#include "ledger/exchange.h"

#include "base/error.h"
#include "base/event_kinds.h"
#include "base/json.h"
#include "ledger/ledger_internal.h"

#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (4 << 20) /* a body has half a MiB, as a string it may grow */
#define BATCH 4096               /* events on their way to the disk */

struct importer {
    const struct exchange_import *import;
    struct exchange_result *result;
    struct ledger *ledger;
    enum suite suite;
    unsigned char head[EVENT_HASH_BYTES];
    gint64 line;
    GHashTable *open; /* subjects of resources that are not closed yet */
};

static bool fail(const struct importer *importer, GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "%s:%" G_GINT64_FORMAT ": %s",
            importer->import->name, importer->line, what);
    return false;
}

/* 1: line has one, without its end; 0: no more; -1: it is too long. */
static int read_line(FILE *in, GString *line)
{
    g_string_truncate(line, 0);
    int c;
    while ((c = getc_unlocked(in)) != EOF && c != '\n') {
        if (line->len >= LINE_MAX_BYTES) {
            return -1;
        }
        g_string_append_c(line, (char)c);
    }
    return c != EOF || line->len > 0;
}

/* The first line says what kind of file it is: by which suite the hash is right. */
static bool begin(struct importer *importer, const struct event *first, bool hashed, GError **error)
{
    static const unsigned char zero[EVENT_HASH_BYTES];
    const struct exchange_import *import = importer->import;
    if (strcmp(first->kind, "exercise.created") != 0) {
        return fail(importer, error,
                "the first event must be exercise.created, with the plan; docs/events.md");
    }
    importer->result->hashed = hashed;
    importer->suite = import->signer->suite;
    for (int i = SUITE_ED25519; hashed && i <= SUITE_SM; i++) {
        unsigned char hash[EVENT_HASH_BYTES];
        struct event one = *first;
        one.seq = 1;
        ledger_hash((enum suite)i, &one, zero, hash);
        if (memcmp(hash, first->hash, sizeof hash) == 0) {
            importer->suite = (enum suite)i;
        }
    }
    importer->ledger = ledger_create_by(import->path, importer->suite, error);
    return importer->ledger &&
           (hashed || ledger_sign(importer->ledger, import->signer, import->signer_name, error));
}

/* `down` and `gc` remove what a ledger left open: nothing that a foreign one names is ours. */
static void follow_resource(struct importer *importer, const struct event *event)
{
    if (!strcmp(event->kind, "resource.opening")) {
        g_hash_table_add(importer->open, g_strdup(event->subject));
    } else if (!strcmp(event->kind, "resource.closed")) {
        g_hash_table_remove(importer->open, event->subject);
    }
}

static bool check_place(struct importer *importer, struct event *event, bool hashed, GError **error)
{
    gint64 seq = importer->result->events + 1;
    const char *why = NULL;
    if (hashed != importer->result->hashed) {
        return fail(importer, error, "some lines have a hash and others have none");
    }
    if (event->seq != seq && (hashed || event->seq != 0)) {
        g_autofree char *text = g_strdup_printf("its seq is %" G_GINT64_FORMAT
                                                ", it would be event %" G_GINT64_FORMAT
                                                ": lines are missing, moved or repeated%s",
                event->seq, seq, hashed ? "" : "; leave seq out to have them counted");
        return fail(importer, error, text);
    }
    event->seq = seq;
    if (!ledger_event_is_sound(event, &why)) {
        return fail(importer, error, why);
    }
    unsigned char hash[EVENT_HASH_BYTES];
    ledger_hash(importer->suite, event, importer->head, hash);
    memcpy(importer->head, hash, sizeof hash);
    if (hashed && memcmp(hash, event->hash, sizeof hash) != 0) {
        return fail(importer, error, "its content and its hash do not agree");
    }
    if (!hashed && !strcmp(event->kind, "ledger.signed")) {
        return fail(importer, error,
                "a signature over lines without hashes signs nothing; leave it out");
    }
    return true;
}

static bool take(struct importer *importer, const GString *line, GError **error)
{
    bool hashed = false;
    const char *why = NULL;
    gsize length = line->len;
    length -= length > 0 && line->str[length - 1] == '\r';
    auto_event event = exchange_parse(line->str, length, &hashed, &why);
    if (!event) {
        return fail(importer, error, why);
    }
    if ((!importer->ledger && !begin(importer, event, hashed, error)) ||
            !check_place(importer, event, hashed, error)) {
        return false;
    }
    follow_resource(importer, event);
    importer->result->events++;
    importer->result->unknown += !event_kind_is_known(event->kind);
    ledger_append(importer->ledger, g_steal_pointer(&event), NULL, NULL);
    if (importer->result->events % BATCH == 0) {
        g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
        if (!ledger_flush(importer->ledger, error)) {
            return false;
        }
        while (g_main_context_iteration(context, FALSE)) { /* what was written is let go */
        }
    }
    return true;
}

static bool take_all(struct importer *importer, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    int more;
    while ((more = read_line(importer->import->in, line)) == 1) {
        importer->line++;
        if (line->len > 0 && !take(importer, line, error)) {
            return false;
        }
    }
    if (more < 0) {
        importer->line++;
        return fail(importer, error, "the line is too long");
    }
    if (!importer->ledger) {
        return fail(importer, error, "there is no event in it");
    }
    if (g_hash_table_size(importer->open) > 0) {
        GHashTableIter iter;
        gpointer subject = NULL;
        g_hash_table_iter_init(&iter, importer->open);
        g_hash_table_iter_next(&iter, &subject, NULL);
        g_autofree char *text = g_strdup_printf(
                "the exercise is not over, %.80s is open: end it (`sandtable down` where it ran), "
                "then export again",
                (const char *)subject);
        return fail(importer, error, text);
    }
    return ledger_flush(importer->ledger, error);
}

/* Signatures are checked by who knows how. */
static bool check_all(const struct importer *importer, GError **error)
{
    struct ledger_report report;
    bool ok = ledger_verify(importer->import->path, &report, error);
    if (!ok && error && !*error) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s: event %" G_GINT64_FORMAT ": %s", importer->import->name, report.bad_seq,
                report.reason);
    }
    ledger_report_clear(&report);
    return ok;
}

bool exchange_import(
        const struct exchange_import *import, struct exchange_result *ret, GError **error)
{
    struct importer importer = {.import = import, .result = ret};
    *ret = (struct exchange_result){0};
    importer.open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = take_all(&importer, error);
    bool made = importer.ledger != NULL;
    ledger_close(importer.ledger);
    ok = ok && check_all(&importer, error);
    if (made && !ok) {
        unlink(import->path);
    }
    g_hash_table_unref(importer.open);
    return ok;
}
