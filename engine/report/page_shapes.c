/* page_shapes.c - the report's page: verdicts as shapes, techniques, time axes. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

static const struct shape {
    const char *verdict, *path; /* around 0,0 within ±7 */
} shapes[] = {
        {"effect", "M0-7 7 6H-7z"},                     /* triangle */
        {"blocked", "M-6-6H6V6H-6z"},                   /* square */
        {"inert", "M0-6A6 6 0 1 1 0 6 6 6 0 1 1 0-6z"}, /* ring */
        {"fault", "M-6-6 6 6M6-6-6 6"},                 /* cross */
        {"skipped", "M-7 0H7"},                         /* dash */
        {"open", "M-6-6H6L-6 6H6z"},                    /* hour-glass */
};

static const struct shape *shape_of(const char *verdict)
{
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        if (!strcmp(shapes[i].verdict, verdict)) {
            return &shapes[i];
        }
    }
    return &shapes[G_N_ELEMENTS(shapes) - 1];
}

void page_verdict_shape(GString *out, const char *verdict, double x, double y)
{
    const struct shape *shape = shape_of(verdict);
    page_add(out, "<path class=\"v v-%s\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
            shape->verdict, x, y, shape->path);
}

void page_verdict(GString *out, const char *verdict)
{
    const struct shape *shape = shape_of(verdict);
    page_add(out, "<span class=\"verdict is-%s\"><svg viewBox=\"-9 -9 18 18\" aria-hidden=true>",
            shape->verdict);
    page_verdict_shape(out, shape->verdict, 0, 0);
    g_string_append(out, "</svg>");
    page_word(out, shape->verdict);
    g_string_append(out, "</span>");
}

void page_technique(GString *out, const cJSON *attack)
{
    page_add(out, "<b class=tid>%s</b> <span class=tname>%s</span>", json_string(attack, "id", ""),
            json_string(attack, "name", ""));
}

gint64 page_end_us(const cJSON *document)
{
    return MAX(json_int(json_object(document, "exercise"), "ran_us", 0), G_USEC_PER_SEC);
}

double page_x(gint64 at_us, gint64 end_us, double left, double right)
{
    return left + (right - left) * (double)CLAMP(at_us, 0, end_us) / (double)end_us;
}

/* About eight ticks at a time that people count by. */
static gint64 tick_us(gint64 end_us)
{
    static const int seconds[] = {
            1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
    for (gsize i = 0; i < G_N_ELEMENTS(seconds); i++) {
        if (end_us / (seconds[i] * G_USEC_PER_SEC) <= 10) {
            return seconds[i] * G_USEC_PER_SEC;
        }
    }
    return end_us / 8;
}

void page_axis(GString *out, gint64 end_us, double left, double right, double top, double bottom)
{
    gint64 tick = tick_us(end_us);
    g_string_append(out, "<g class=axis>");
    for (gint64 at = 0; at <= end_us; at += tick) {
        double x = page_x(at, end_us, left, right);
        g_autofree char *text = page_clock(at);
        page_add(out, "<path d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>", x, top,
                bottom, x, bottom + 16, text);
    }
    g_string_append(out, "</g>");
}
