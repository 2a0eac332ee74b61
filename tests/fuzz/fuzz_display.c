/* fuzz_display.c - a stream of events into the display's model, a checkpoint of it there and back,
 * and a picture's layout of it; the same bytes as if a guest had said them to its console; and into the after-action report, its page, its exports and a team's
 * stream. */
#include "base/json.h"
#include "display/model.h"
#include "display/snapshot.h"
#include "display/terminal.h"
#include "display/topo.h"
#include "report/aar.h"
#include "report/export.h"
#include "report/page.h"
#include "report/stream.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken from a checkpoint gives the same checkpoint; a spoilt one does no harm. */
static void there_and_back(const struct model *model, const struct event *first)
{
    struct model *other = model_new();
    if (first) {
        model_reduce(other, first);
    }
    g_autoptr(GBytes) bytes = snapshot_make(model);
    if (first && snapshot_take(other, bytes)) {
        g_autoptr(GBytes) again = snapshot_make(other);
        if (!g_bytes_equal(bytes, again)) {
            abort();
        }
    }
    gsize length = 0;
    const uint8_t *good = g_bytes_get_data(bytes, &length);
    g_autofree uint8_t *bad = g_memdup2(good, length);
    for (gsize i = (gsize)model->seq % 13; i < length; i += 29) {
        bad[i] ^= (uint8_t)i;
    }
    g_autoptr(GBytes) spoilt = g_bytes_new(bad, length);
    (void)snapshot_take(other, spoilt);
    model_settle(other);
    struct topo *topo = topo_new(other, -1, true, (struct rect){0, 0, 1000, 600}, 1);
    topo_free(topo);
    model_free(other);
}

/* Names may be anything, but no markup comes of them. */
static void print_report(const struct aar *aar)
{
    static const char *const formats[] = {"csv", "navigator", "stix", "ctftime", "ccs"};
    auto_json document = aar_to_json(aar);
    g_autofree char *html = page_html(document, "zh");
    if (!g_str_has_suffix(html, "</html>\n") || strstr(html, "<script") || strchr(html, 1)) {
        abort();
    }
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *text = export_text(document, formats[i], NULL);
        if (!text) {
            abort();
        }
    }
}

static void print_line(struct stream *stream, const struct event *event)
{
    g_autofree char *line = stream_line(stream, event);
    if (line && strchr(line, '\n')) {
        abort();
    }
}

/* Whatever a guest says, its screen holds what can be printed, and the cursor is on it. */
static void say_to_console(const uint8_t *data, size_t size)
{
    struct terminal *terminal = terminal_new();
    int row = 0;
    int column = 0;
    terminal_feed(terminal, data, size);
    (void)terminal_cursor(terminal, &row, &column);
    bool sound = row >= 0 && row < TERMINAL_ROWS && column >= 0 && column < TERMINAL_COLUMNS;
    for (row = -terminal_above(terminal); row < TERMINAL_ROWS; row++) {
        const struct terminal_cell *cells = terminal_row(terminal, row);
        for (column = 0; column < TERMINAL_COLUMNS; column++) {
            const struct terminal_cell *cell = &cells[column];
            sound = sound && (!cell->c || g_unichar_isprint(cell->c)) &&
                    cell->look.ink <= TERMINAL_PLAIN && cell->look.paper <= TERMINAL_PLAIN;
        }
    }
    terminal_free(terminal);
    if (!sound) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model *model = model_new();
    struct aar *aar = aar_new();
    struct stream *streams[] = {stream_new(STREAM_ECS, "blue1"), stream_new(STREAM_OCSF, NULL)};
    const uint8_t *end = data + size;
    say_to_console(data, size);
    struct event *first = NULL;
    while (data < end) {
        const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));
        stop = stop ? stop : end;
        auto_event event = event_from_line((const char *)data, (size_t)(stop - data), NULL);
        if (event) {
            model_reduce(model, event);
            if (!strcmp(event->kind, "exercise.created")) {
                event_free(first);
                first = event_copy(event);
            }
            aar_apply(aar, event);
            print_line(streams[0], event);
            print_line(streams[1], event);
        }
        data = stop + (stop < end);
    }
    if (size % 4 == 0) { /* a page is large: one in four leaves time for the rest */
        print_report(aar);
    }
    aar_free(aar);
    stream_free(streams[0]);
    stream_free(streams[1]);
    model_settle(model);
    if (model->feed.length > MODEL_FEED_MAX || model->marks->len > MODEL_MARKS_MAX ||
            model->messages->len > MODEL_MESSAGES_MAX ||
            model->impairments->len > MODEL_LINKS_MAX) {
        abort();
    }
    there_and_back(model, first);
    event_free(first);
    struct topo *topo = topo_new(model, -1, true, (struct rect){0, 0, 1000, 600}, 1);
    topo_free(topo);
    model_free(model);
    return 0;
}
