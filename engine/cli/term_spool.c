/* term_spool.c - the terms of a long score on their way into one JSON document. */
#include "cli/term_spool.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BUFFER (64 << 10) /* bytes of a team's text before they go to the file */

struct piece { /* of the file */
    goffset at;
    gsize length;
};

struct terms { /* of one team */
    GString *text;
    GArray *pieces; /* struct piece: what came before text */
};

struct term_spool {
    GHashTable *teams; /* id → struct terms */
    int fd;            /* -1: nothing had to wait yet */
    goffset end;
    int problem; /* errno of what went wrong, 0: nothing */
};

static void terms_free(gpointer data)
{
    struct terms *terms = data;
    g_string_free(terms->text, TRUE);
    g_array_unref(terms->pieces);
    g_free(terms);
}

struct term_spool *term_spool_new(void)
{
    struct term_spool *spool = g_new0(struct term_spool, 1);
    spool->teams = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, terms_free);
    spool->fd = -1;
    return spool;
}

void term_spool_free(struct term_spool *spool)
{
    if (spool) {
        g_hash_table_unref(spool->teams);
        if (spool->fd >= 0) {
            close(spool->fd);
        }
        g_free(spool);
    }
}

static struct terms *terms_of(struct term_spool *spool, const char *team)
{
    struct terms *terms = g_hash_table_lookup(spool->teams, team);
    if (!terms) {
        terms = g_new0(struct terms, 1);
        terms->text = g_string_new(NULL);
        terms->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
        g_hash_table_insert(spool->teams, g_strdup(team), terms);
    }
    return terms;
}

static bool is_open(struct term_spool *spool)
{
    if (spool->fd < 0) {
        const char *folder = g_getenv("TMPDIR");
        g_autofree char *path =
                g_build_filename(folder ? folder : "/var/tmp", "sandtable-terms-XXXXXX", NULL);
        spool->fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
        if (spool->fd >= 0) {
            (void)unlink(path);
        }
    }
    return spool->fd >= 0;
}

static void put_aside(struct term_spool *spool, struct terms *terms)
{
    const struct piece piece = {.at = spool->end, .length = terms->text->len};
    gsize done = 0;
    while (!spool->problem && done < piece.length) {
        ssize_t n = is_open(spool) ? pwrite(spool->fd, terms->text->str + done, piece.length - done,
                                             piece.at + (goffset)done)
                                   : -1;
        if (n < 0 && errno != EINTR) {
            spool->problem = errno;
        }
        done += n > 0 ? (gsize)n : 0;
    }
    g_array_append_val(terms->pieces, piece);
    spool->end += (goffset)piece.length;
    g_string_truncate(terms->text, 0);
}

static void add_member(GString *to, const char *before, const char *text)
{
    g_string_append(to, before);
    json_append_string(to, text);
}

void term_spool_add(struct term_spool *spool, const struct score_term *term)
{
    struct terms *terms = terms_of(spool, term->team);
    GString *text = terms->text;
    if (text->len > 0 || terms->pieces->len > 0) {
        g_string_append_c(text, ',');
    }
    g_string_append(text, "{\"seq\":");
    json_append_number(text, (double)term->seq);
    g_string_append(text, ",\"at_us\":");
    json_append_number(text, (double)term->at_us);
    add_member(text, ",\"model\":", term->model);
    add_member(text, ",\"part\":", term->part);
    g_string_append(text, ",\"points\":");
    json_append_number(text, term->points);
    add_member(text, ",\"why\":", term->why);
    g_string_append_c(text, '}');
    if (text->len >= BUFFER) {
        put_aside(spool, terms);
    }
}

static bool print_piece(
        struct term_spool *spool, const struct piece *piece, char *buffer, FILE *out)
{
    for (gsize done = 0; done < piece->length;) {
        ssize_t n = pread(
                spool->fd, buffer, MIN(piece->length - done, BUFFER), piece->at + (goffset)done);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            spool->problem = n < 0 ? errno : EIO;
            return false;
        }
        if (n > 0 && fwrite(buffer, 1, (gsize)n, out) != (gsize)n) {
            spool->problem = errno;
            return false;
        }
        done += n > 0 ? (gsize)n : 0;
    }
    return true;
}

bool term_spool_print(struct term_spool *spool, const char *team, FILE *out, GError **error)
{
    struct terms *terms = terms_of(spool, team);
    g_autofree char *buffer = g_malloc(BUFFER);
    bool ok = !spool->problem && putc('[', out) != EOF;
    for (guint i = 0; ok && i < terms->pieces->len; i++) {
        ok = print_piece(spool, &g_array_index(terms->pieces, struct piece, i), buffer, out);
    }
    ok = ok && fwrite(terms->text->str, 1, terms->text->len, out) == terms->text->len &&
         putc(']', out) != EOF;
    if (!ok) {
        int why = spool->problem ? spool->problem : errno;
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot keep or write what explains the score: %s%s", g_strerror(why),
                why == ENOSPC ? "; TMPDIR may name a folder with more room" : "");
    }
    return ok;
}
