/* ledger_chain.c - the hash of a row, and what a row must be. */
#include "ledger/ledger_internal.h"

#include "base/json.h"

#include <string.h>

static void put_number(guint64 *place, gint64 number)
{
    *place = GUINT64_TO_LE((guint64)number);
}

void ledger_hash(
        enum suite suite, const struct event *event, const unsigned char *prev, unsigned char *ret)
{
    static const char mark[] = "sandtable event 1\n";
    const char *const texts[] = {event->kind, event->team, event->subject, event->body};
    guint64 numbers[3];
    guint64 lengths[G_N_ELEMENTS(texts)];
    G_STATIC_ASSERT(EVENT_HASH_BYTES == SUITE_HASH);
    put_number(numbers, event->seq);
    put_number(numbers + 1, event->at_us);
    put_number(numbers + 2, event->wall_us);
    struct suite_part parts[3 + 2 * G_N_ELEMENTS(texts)] = {
            {mark, sizeof(mark) - 1},
            {prev, EVENT_HASH_BYTES},
            {numbers, sizeof numbers},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        gsize length = strlen(texts[i]);
        put_number(lengths + i, (gint64)length);
        parts[3 + 2 * i] = (struct suite_part){lengths + i, sizeof lengths[i]};
        parts[4 + 2 * i] = (struct suite_part){texts[i], length};
    }
    suite_hash(suite, parts, G_N_ELEMENTS(parts), ret);
}

bool ledger_event_is_sound(const struct event *event, const char **why)
{
    if (!event->kind[0] || !event_name_is_valid(event->kind)) {
        *why = "its kind is not a name";
        return false;
    }
    if (!event_name_is_valid(event->team) || !event_name_is_valid(event->subject)) {
        *why = "its team or subject is not a name";
        return false;
    }
    gsize length = strlen(event->body);
    if (length > EVENT_BODY_MAX) {
        *why = "its body is too long";
        return false;
    }
    auto_json body = g_utf8_validate(event->body, (gssize)length, NULL)
                             ? json_parse(event->body, length, NULL)
                             : NULL;
    if (!cJSON_IsObject(body)) {
        *why = "its body is not a JSON object";
        return false;
    }
    return true;
}

/* A copy of column i, NULL unless it is text without a NUL (which the copy would hide). */
static char *text_column(sqlite3_stmt *stmt, int i)
{
    if (sqlite3_column_type(stmt, i) != SQLITE_TEXT) {
        return NULL;
    }
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    int length = sqlite3_column_bytes(stmt, i);
    if (!text || memchr(text, '\0', (gsize)length)) {
        return NULL;
    }
    return g_strndup(text, (gsize)length);
}

static bool hash_column(sqlite3_stmt *stmt, int i, unsigned char *ret)
{
    if (sqlite3_column_type(stmt, i) != SQLITE_BLOB ||
            sqlite3_column_bytes(stmt, i) != EVENT_HASH_BYTES) {
        return false;
    }
    memcpy(ret, sqlite3_column_blob(stmt, i), EVENT_HASH_BYTES);
    return true;
}

struct event *ledger_row_read(sqlite3_stmt *stmt, unsigned char *prev, const char **why)
{
    unsigned char unused[EVENT_HASH_BYTES];
    for (int i = 0; i < 3; i++) {
        if (sqlite3_column_type(stmt, i) != SQLITE_INTEGER) {
            *why = "a time is not a number";
            return NULL;
        }
    }
    auto_event event = g_new0(struct event, 1);
    event->seq = sqlite3_column_int64(stmt, 0);
    event->at_us = sqlite3_column_int64(stmt, 1);
    event->wall_us = sqlite3_column_int64(stmt, 2);
    event->kind = text_column(stmt, 3);
    event->team = text_column(stmt, 4);
    event->subject = text_column(stmt, 5);
    event->body = text_column(stmt, 6);
    if (!event->kind || !event->team || !event->subject || !event->body) {
        *why = "a text is not a text";
        return NULL;
    }
    if (!hash_column(stmt, 7, prev ? prev : unused) || !hash_column(stmt, 8, event->hash)) {
        *why = "a hash is not a hash";
        return NULL;
    }
    return g_steal_pointer(&event);
}
