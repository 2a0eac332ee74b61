/* event.c - events as values and as lines of JSON. */
#include "base/event.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

bool event_name_is_valid(const char *text)
{
    gsize length = strlen(text);
    if (length > EVENT_NAME_MAX || !g_utf8_validate(text, (gssize)length, NULL)) {
        return false;
    }
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

struct event *event_new(const char *kind, const char *team, const char *subject, cJSON *body)
{
    struct event *event = g_new0(struct event, 1);
    event->kind = g_strdup(kind);
    event->team = g_strdup(team ? team : "");
    event->subject = g_strdup(subject ? subject : "");
    event->body = body ? json_text(body) : g_strdup("{}");
    cJSON_Delete(body);
    return event;
}

struct event *event_copy(const struct event *event)
{
    struct event *copy = g_memdup2(event, sizeof(*event));
    copy->kind = g_strdup(event->kind);
    copy->team = g_strdup(event->team);
    copy->subject = g_strdup(event->subject);
    copy->body = g_strdup(event->body);
    return copy;
}

void event_free(struct event *event)
{
    if (!event) {
        return;
    }
    g_free(event->kind);
    g_free(event->team);
    g_free(event->subject);
    g_free(event->body);
    g_free(event);
}

static void append_quoted(GString *line, const char *text)
{
    cJSON string = {.type = cJSON_String, .valuestring = (char *)text};
    char *quoted = cJSON_PrintUnformatted(&string);
    g_string_append(line, quoted);
    cJSON_free(quoted);
}

char *event_to_line(const struct event *event)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line,
            "{\"seq\":%" G_GINT64_FORMAT ",\"at_us\":%" G_GINT64_FORMAT
            ",\"wall_us\":%" G_GINT64_FORMAT ",\"kind\":",
            event->seq, event->at_us, event->wall_us);
    append_quoted(line, event->kind);
    g_string_append(line, ",\"team\":");
    append_quoted(line, event->team);
    g_string_append(line, ",\"subject\":");
    append_quoted(line, event->subject);
    g_string_append_printf(line, ",\"body\":%s,\"hash\":\"", event->body);
    for (int i = 0; i < EVENT_HASH_BYTES; i++) {
        g_string_append_printf(line, "%02x", event->hash[i]);
    }
    g_string_append(line, "\"}");
    return g_string_free(line, FALSE);
}

static bool read_hash(const char *hex, unsigned char *ret)
{
    unsigned char hash[EVENT_HASH_BYTES];
    if (strlen(hex) != 2 * sizeof(hash)) {
        return false;
    }
    for (gsize i = 0; i < sizeof(hash); i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = g_ascii_xdigit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        hash[i] = (unsigned char)(high * 16 + low);
    }
    memcpy(ret, hash, sizeof(hash));
    return true;
}

struct event *event_from_line(const char *line, gsize length, GError **error)
{
    auto_json json = json_parse(line, length, error);
    if (!json) {
        return NULL;
    }
    const char *kind = json_string(json, "kind", NULL);
    const char *team = json_string(json, "team", "");
    const char *subject = json_string(json, "subject", "");
    const cJSON *body = json_object(json, "body");
    if (!kind || !*kind || !event_name_is_valid(kind) || !event_name_is_valid(team) ||
            !event_name_is_valid(subject) || !body) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "not an event: kind, team, subject or body is missing or wrong");
        return NULL;
    }
    auto_event event = event_new(kind, team, subject, NULL);
    g_free(event->body);
    event->body = json_text(body);
    event->seq = json_int(json, "seq", 0);
    event->at_us = json_int(json, "at_us", 0);
    event->wall_us = json_int(json, "wall_us", 0);
    const char *hash = json_string(json, "hash", NULL);
    if (strlen(event->body) > EVENT_BODY_MAX || (hash && !read_hash(hash, event->hash))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "not an event: body too large or hash malformed");
        return NULL;
    }
    return g_steal_pointer(&event);
}
