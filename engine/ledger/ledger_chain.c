/* ledger_chain.c - the hash of a row, and what a row must be. */
#include "ledger/ledger_internal.h"

#include "base/json.h"

#include <string.h>

static void put_number(guint64 *place, gint64 number)
{
    *place = GUINT64_TO_LE((guint64)number);
}

static unsigned char *put_bytes(unsigned char *to, const void *from, gsize length)
{
    memcpy(to, from, length);
    return to + length;
}

void ledger_hash(
        enum suite suite, const struct event *event, const unsigned char *prev, unsigned char *ret)
{
    static const char mark[] = "sandtable event 1\n";
    const char *const texts[] = {event->kind, event->team, event->subject, event->body};
    guint64 numbers[3];
    gsize lengths[G_N_ELEMENTS(texts)];
    gsize total = sizeof(mark) - 1 + EVENT_HASH_BYTES + sizeof numbers;
    G_STATIC_ASSERT(EVENT_HASH_BYTES == SUITE_HASH);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        lengths[i] = strlen(texts[i]);
        total += sizeof(guint64) + lengths[i];
    }
    put_number(numbers, event->seq);
    put_number(numbers + 1, event->at_us);
    put_number(numbers + 2, event->wall_us);
    unsigned char small[1024];
    g_autofree unsigned char *large = total > sizeof small ? g_malloc(total) : NULL;
    unsigned char *whole = large ? large : small;
    unsigned char *to = put_bytes(whole, mark, sizeof(mark) - 1);
    to = put_bytes(to, prev, EVENT_HASH_BYTES);
    to = put_bytes(to, numbers, sizeof numbers);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        guint64 length;
        put_number(&length, (gint64)lengths[i]);
        to = put_bytes(to, &length, sizeof length);
        to = put_bytes(to, texts[i], lengths[i]);
    }
    const struct suite_part part = {whole, total};
    suite_hash(suite, &part, 1, ret);
}

/* ---- bodies -------------------------------------------------------------------------------- */

/* Most bodies are plain: no blanks, no escapes, shallow. These are known to be JSON without building
 * what they say; of others a parser decides. What is accepted here, it accepts. */

#define PLAIN_DEPTH 8
#define PLAIN_DIGITS 24

static const char *skip_digits(const char *c)
{
    const char *from = c;
    while (g_ascii_isdigit(*c) && c - from < PLAIN_DIGITS) {
        c++;
    }
    return c > from && !g_ascii_isdigit(*c) ? c : NULL;
}

static const char *skip_number(const char *c)
{
    c += *c == '-';
    const char *rest = *c == '0' ? c + 1 : skip_digits(c);
    return rest && *rest == '.' ? skip_digits(rest + 1) : rest;
}

static const char *skip_string(const char *c)
{
    if (*c++ != '"') {
        return NULL;
    }
    while ((unsigned char)*c >= 0x20 && *c != '"' && *c != '\\') {
        c++;
    }
    return *c == '"' ? c + 1 : NULL;
}

static const char *skip_word(const char *c)
{
    static const char *const words[] = {"true", "false", "null"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(c, words[i])) {
            return c + strlen(words[i]);
        }
    }
    return NULL;
}

static const char *skip_value(const char *c, int depth);

/* Members of an object, values of a list; c stands behind the bracket. */
static const char *skip_members(const char *c, char end, int depth)
{
    if (*c == end) {
        return c + 1;
    }
    while (c) {
        if (end == '}') {
            c = skip_string(c);
            c = c && *c == ':' ? c + 1 : NULL;
        }
        c = c ? skip_value(c, depth) : NULL;
        if (c && *c == end) {
            return c + 1;
        }
        c = c && *c == ',' ? c + 1 : NULL;
    }
    return NULL;
}

static const char *skip_value(const char *c, int depth)
{
    switch (*c) {
    case '{':
    case '[':
        return depth > 0 ? skip_members(c + 1, *c == '{' ? '}' : ']', depth - 1) : NULL;
    case '"':
        return skip_string(c);
    case 't':
    case 'f':
    case 'n':
        return skip_word(c);
    default:
        return skip_number(c);
    }
}

static bool is_object(const char *body, gsize length)
{
    const char *end = *body == '{' ? skip_value(body, PLAIN_DEPTH) : NULL;
    if (end && !*end) {
        return true;
    }
    auto_json json = json_parse(body, length, NULL);
    return cJSON_IsObject(json);
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
    if (!g_utf8_validate(event->body, (gssize)length, NULL) || !is_object(event->body, length)) {
        *why = "its body is not a JSON object";
        return false;
    }
    return true;
}

/* The text of column i, NULL unless it is one without a NUL (which every reader would stop at). */
static char *text_column(sqlite3_stmt *stmt, int i)
{
    if (sqlite3_column_type(stmt, i) != SQLITE_TEXT) {
        return NULL;
    }
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    int length = sqlite3_column_bytes(stmt, i);
    return text && !memchr(text, '\0', (gsize)length) ? (char *)text : NULL;
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

bool ledger_row_look(sqlite3_stmt *stmt, struct event *ret, unsigned char *prev, const char **why)
{
    for (int i = 0; i < 3; i++) {
        if (sqlite3_column_type(stmt, i) != SQLITE_INTEGER) {
            *why = "a time is not a number";
            return false;
        }
    }
    ret->seq = sqlite3_column_int64(stmt, 0);
    ret->at_us = sqlite3_column_int64(stmt, 1);
    ret->wall_us = sqlite3_column_int64(stmt, 2);
    ret->kind = text_column(stmt, 3);
    ret->team = text_column(stmt, 4);
    ret->subject = text_column(stmt, 5);
    ret->body = text_column(stmt, 6);
    if (!ret->kind || !ret->team || !ret->subject || !ret->body) {
        *why = "a text is not a text";
        return false;
    }
    if (!hash_column(stmt, 7, prev) || !hash_column(stmt, 8, ret->hash)) {
        *why = "a hash is not a hash";
        return false;
    }
    return true;
}

struct event *ledger_row_read(sqlite3_stmt *stmt, unsigned char *prev, const char **why)
{
    unsigned char unused[EVENT_HASH_BYTES];
    struct event row;
    return ledger_row_look(stmt, &row, prev ? prev : unused, why) ? event_copy(&row) : NULL;
}
