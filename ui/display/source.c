/* source.c - events from a ledger or from a file of lines, and what all sources share. */
#include "source_private.h"
#include "words.h"

#include "base/error.h"
#include "base/json.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 400 /* a ledger that still grows is looked at so often */

/* ---- a ledger -------------------------------------------------------------------------------- */

struct source_ledger {
    struct source base;
    struct ledger_reader *reader;
};

static int ledger_next(struct source *source, struct event **ret, GError **error)
{
    struct source_ledger *self = (struct source_ledger *)source;
    int got = ledger_reader_next(self->reader, ret, error);
    if (got > 0 && !strcmp((*ret)->kind, "exercise.state") && strstr((*ret)->body, "\"down\"")) {
        self->base.patience_ms = -1; /* nothing follows */
    }
    return got;
}

static bool ledger_skip(struct source *source, gint64 from)
{
    return ledger_reader_seek(((struct source_ledger *)source)->reader, from, NULL);
}

static void ledger_source_close(struct source *source)
{
    ledger_reader_close(((struct source_ledger *)source)->reader);
    g_free(source);
}

struct source *source_open_ledger(const char *path, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader) {
        return NULL;
    }
    struct source_ledger *self = g_new0(struct source_ledger, 1);
    self->base.next = ledger_next;
    self->base.close = ledger_source_close;
    self->base.skip = ledger_skip;
    self->base.total = MAX(ledger_reader_last(reader, NULL), 0);
    self->base.patience_ms = POLL_MS;
    self->reader = reader;
    return &self->base;
}

/* ---- a file of lines ------------------------------------------------------------------------- */

struct source_file {
    struct source base;
    char *path;
    FILE *file;
    char *line;
    gsize room;
    guint number;
};

static int file_next(struct source *source, struct event **ret, GError **error)
{
    struct source_file *self = (struct source_file *)source;
    ssize_t length = 0;
    do {
        errno = 0;
        length = getline(&self->line, &self->room, self->file);
        self->number++;
    } while (length == 1); /* an empty line */
    if (length < 0) {
        return 0;
    }
    gsize size = (gsize)length - (self->line[length - 1] == '\n');
    g_autoptr(GError) why = NULL;
    *ret = event_from_line(self->line, size, &why);
    if (!*ret) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s:%u: %s", self->path,
                self->number, why->message);
        return -1;
    }
    return 1;
}

static void file_close(struct source *source)
{
    struct source_file *self = (struct source_file *)source;
    (void)fclose(self->file);
    free(self->line);
    g_free(self->path);
    g_free(self);
}

struct source *source_open_file(const char *path, GError **error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "%s: %s", path,
                g_strerror(errno));
        return NULL;
    }
    struct source_file *self = g_new0(struct source_file, 1);
    self->base.next = file_next;
    self->base.close = file_close;
    self->base.patience_ms = -1;
    self->path = g_strdup(path);
    self->file = file;
    return &self->base;
}

/* ---- all ------------------------------------------------------------------------------------- */

void source_close(struct source *source)
{
    if (source) {
        source->close(source);
    }
}

int source_next(struct source *source, struct event **ret, GError **error)
{
    return source->next(source, ret, error);
}

enum source_link source_link(struct source *source)
{
    return source->link ? source->link(source) : SOURCE_FILE;
}

int source_patience(const struct source *source)
{
    return source->patience_ms;
}

bool source_request(struct source *source, const char *method, cJSON *params, GError **error)
{
    auto_json request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "jsonrpc", "2.0");
    json_add_int(request, "id", ++source->id);
    cJSON_AddStringToObject(request, "method", method);
    if (params) {
        cJSON_AddItemToObject(request, "params", params);
    }
    if (!source->request) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                tr("this is a record; only a running exercise can be asked to %s"),
                tr_name(method));
        return false;
    }
    g_autofree char *text = json_text(request);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    return source->request(source, line, error);
}

void source_ping(struct source *source)
{
    if (source->request) {
        (void)source->request(
                source, "{\"jsonrpc\":\"2.0\",\"id\":\"ping\",\"method\":\"ping\"}\n", NULL);
    }
}

/* A request whose answer is not for people. */
static void ask_aside(struct source *source, const char *id, const char *method, const char *name,
        const char *value)
{
    auto_json request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "jsonrpc", "2.0");
    cJSON_AddStringToObject(request, "id", id);
    cJSON_AddStringToObject(request, "method", method);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(request, "params"), name, value);
    g_autofree char *text = json_text(request);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    if (source->request) {
        (void)source->request(source, line, NULL);
    }
}

void source_introduce(struct source *source, const char *person)
{
    ask_aside(source, "hello", "hello", "name", person);
}

void source_ask_screen(struct source *source, const char *machine)
{
    g_autofree char *id = g_strconcat(SOURCE_SCREEN ":", machine, NULL);
    ask_aside(source, id, "screenshot", "machine", machine);
}

gint64 source_ponged(struct source *source)
{
    return source->ponged ? source->ponged(source) : 0;
}

gint64 source_total(const struct source *source)
{
    return source->total;
}

bool source_skip(struct source *source, gint64 from)
{
    return source->skip && source->skip(source, from);
}

char *source_answer(struct source *source, bool *refused)
{
    return source->answer ? source->answer(source, refused) : NULL;
}
