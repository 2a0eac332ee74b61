/* cli_record.c - what a console says, with its times, as asciicast v2. */
#include "cli/cli_record.h"

#include "base/json.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH 80
#define HEIGHT 24
#define TAIL_MAX 3 /* bytes of a character of UTF-8 that is not whole */

struct cli_record {
    int fd;
    bool failed;
    gint64 began_us, bytes;
    GChecksum *sum;
    GString *rest;
};

static void put(struct cli_record *record, const char *text, gsize length)
{
    g_checksum_update(record->sum, (const guchar *)text, (gssize)length);
    record->bytes += (gint64)length;
    while (length > 0 && !record->failed) {
        ssize_t n = write(record->fd, text, length);
        record->failed = n < 0 && errno != EINTR;
        text += MAX(n, 0);
        length -= (gsize)MAX(n, 0);
    }
}

static void put_line(struct cli_record *record, const cJSON *json)
{
    g_autofree char *text = json_text(json);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    put(record, line, strlen(line));
}

struct cli_record *cli_record_new(int fd, const char *title)
{
    struct cli_record *record = g_new0(struct cli_record, 1);
    struct winsize size = {.ws_col = WIDTH, .ws_row = HEIGHT};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    record->fd = fd;
    record->began_us = g_get_monotonic_time();
    record->sum = g_checksum_new(G_CHECKSUM_SHA256);
    record->rest = g_string_new(NULL);
    auto_json head = cJSON_CreateObject();
    json_add_int(head, "version", 2);
    json_add_int(head, "width", size.ws_col ? size.ws_col : WIDTH);
    json_add_int(head, "height", size.ws_row ? size.ws_row : HEIGHT);
    json_add_int(head, "timestamp", g_get_real_time() / G_USEC_PER_SEC);
    cJSON_AddStringToObject(head, "title", title);
    put_line(record, head);
    return record;
}

/* length bytes of rest, made valid: a guest may say anything. */
static void put_event(struct cli_record *record, gsize length)
{
    if (length == 0) {
        return;
    }
    g_autofree char *text = g_utf8_make_valid(record->rest->str, (gssize)length);
    gint64 at_us = g_get_monotonic_time() - record->began_us;
    auto_json event = cJSON_CreateArray();
    cJSON_AddItemToArray(event, cJSON_CreateNumber((double)at_us / G_USEC_PER_SEC));
    cJSON_AddItemToArray(event, cJSON_CreateString("o"));
    cJSON_AddItemToArray(event, cJSON_CreateString(text));
    put_line(record, event);
    g_string_erase(record->rest, 0, (gssize)length);
}

void cli_record_add(struct cli_record *record, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        g_string_append_c(record->rest, bytes[i] ? bytes[i] : ' ');
    }
    const char *end = NULL;
    gsize whole = record->rest->len;
    if (!g_utf8_validate(record->rest->str, (gssize)whole, &end)) {
        gsize good = (gsize)(end - record->rest->str);
        bool cut = whole - good <= TAIL_MAX &&
                   g_utf8_get_char_validated(end, (gssize)(whole - good)) == (gunichar)-2;
        whole = cut ? good : whole;
    }
    put_event(record, whole);
}

bool cli_record_end(struct cli_record *record, char **ret_sha256, gint64 *ret_bytes)
{
    put_event(record, record->rest->len);
    bool ok = !record->failed && fsync(record->fd) == 0;
    ok = close(record->fd) == 0 && ok;
    *ret_sha256 = g_strdup(g_checksum_get_string(record->sum));
    *ret_bytes = record->bytes;
    g_checksum_free(record->sum);
    g_string_free(record->rest, TRUE);
    g_free(record);
    return ok;
}
