/* exchange.c - events as lines for other programs, and back; writing them all. */
#include "ledger/exchange.h"

#include "base/error.h"
#include "base/json.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <string.h>

char *exchange_line(const struct event *event)
{
    if (!strchr(event->body, '\n')) {
        return event_to_line(event);
    }
    cJSON text = {.type = cJSON_String, .valuestring = event->body};
    g_autofree char *quoted = json_text(&text);
    struct event plain = *event;
    char none[] = "{}";
    plain.body = none;
    g_autofree char *line = event_to_line(&plain);
    char *at = g_strrstr(line, "\"body\":{},\"hash\":");
    *at = '\0';
    return g_strconcat(line, "\"body_text\":", quoted, at + strlen("\"body\":{}"), NULL);
}

/* ---- the bytes of a member ----------------------------------------------------------------- */

/* cJSON has read the line already: it is sound JSON, so these only look for ends. */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ') {
        at++;
    }
    return at;
}

/* at stands on the opening quote; behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        at += *at == '\\';
    }
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}' || *at == ']')) {
            break;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    }
    return at;
}

/* What stands behind "body": in the outermost object, to the byte; NULL when it is not there. */
static char *raw_body(const char *line, gsize length)
{
    static const char name[] = "\"body\"";
    const char *end = line + length;
    const char *at = skip_space(line, end);
    while (at < end && (*at == '{' || *at == ',')) {
        const char *key = skip_space(at + 1, end);
        const char *after = key < end && *key == '"' ? skip_string(key, end) : end;
        at = skip_space(after, end);
        if (at >= end || *at != ':') {
            return NULL;
        }
        const char *value = skip_space(at + 1, end);
        at = skip_value(value, end);
        if ((gsize)(after - key) == strlen(name) && !strncmp(key, name, strlen(name))) {
            while (at > value && (unsigned char)at[-1] <= ' ') {
                at--;
            }
            return g_strndup(value, (gsize)(at - value));
        }
    }
    return NULL;
}

/* ---- one line ------------------------------------------------------------------------------ */

static struct event *refuse(const char **why, const char *what)
{
    *why = what;
    return NULL;
}

struct event *exchange_parse(const char *line, gsize length, bool *ret_hashed, const char **why)
{
    g_autoptr(GError) error = NULL;
    auto_json json = memchr(line, '\0', length) ? NULL : json_parse(line, length, &error);
    if (!cJSON_IsObject(json)) {
        return refuse(why, "it is no JSON object");
    }
    const char *text = json_string(json, "body_text", NULL);
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(json, "body");
    if (!text && !cJSON_IsObject(body)) {
        return refuse(why, "it has no object \"body\"");
    }
    if (text) { /* for the common part below */
        auto_json inside = json_parse(text, strlen(text), NULL);
        if (!cJSON_IsObject(inside)) {
            return refuse(why, "its body_text is not a JSON object");
        }
        cJSON_DeleteItemFromObjectCaseSensitive(json, "body");
        cJSON_AddItemToObject(json, "body", cJSON_CreateObject());
    }
    g_autofree char *plain = json_text(json);
    auto_event event = event_from_line(plain, strlen(plain), NULL);
    if (!event) {
        return refuse(why, "its kind, team, subject, body or hash is missing or wrong");
    }
    char *bytes = text ? g_strdup(text) : raw_body(line, length);
    if (!bytes) {
        return refuse(why, "its body cannot be found");
    }
    g_free(event->body);
    event->body = bytes;
    if (strlen(bytes) > EVENT_BODY_MAX) {
        return refuse(why, "its body is too long");
    }
    if (event->at_us < 0 || event->wall_us < 0 || event->seq < 0) {
        return refuse(why, "seq, at_us or wall_us is negative");
    }
    *ret_hashed = json_string(json, "hash", NULL) != NULL;
    return g_steal_pointer(&event);
}

/* ---- all of them --------------------------------------------------------------------------- */

bool exchange_export(const char *path, FILE *out, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    int more = reader ? 1 : -1;
    bool written = true;
    while (more == 1 && written) {
        auto_event event = NULL;
        more = ledger_reader_next(reader, &event, error);
        if (more == 1) {
            g_autofree char *line = exchange_line(event);
            written = fputs(line, out) >= 0 && fputc('\n', out) != EOF;
        }
    }
    ledger_reader_close(reader);
    if (more >= 0 && (!written || fflush(out) != 0)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write: %s",
                g_strerror(errno));
        return false;
    }
    return more >= 0;
}
