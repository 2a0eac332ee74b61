/* view_bar.c - the top bar, the line of key hints and the help sheet. */
#include "view_private.h"

#include <math.h>

static colour state_colour(enum model_state state)
{
    switch (state) {
    case MODEL_RUNNING:
        return C_UP;
    case MODEL_PAUSED:
        return C_AMBER;
    case MODEL_READY:
    case MODEL_SETUP:
        return C_DEPLOYING;
    default:
        return C_UNKNOWN;
    }
}

static void state_sign(const struct view *view, enum model_state state, struct point at, colour c)
{
    float r = px(view, 7);
    struct point play[] = {
            {at.x - r * 0.8F, at.y - r}, {at.x + r, at.y}, {at.x - r * 0.8F, at.y + r}};
    struct point diamond[] = {
            {at.x, at.y - r}, {at.x + r, at.y}, {at.x, at.y + r}, {at.x - r, at.y}};
    switch (state) {
    case MODEL_RUNNING:
        draw_convex(view->draw, play, 3, c);
        break;
    case MODEL_PAUSED:
        draw_rect(view->draw, (struct rect){at.x - r * 0.8F, at.y - r, r * 0.6F, 2 * r}, c);
        draw_rect(view->draw, (struct rect){at.x + r * 0.2F, at.y - r, r * 0.6F, 2 * r}, c);
        break;
    case MODEL_READY:
    case MODEL_SETUP:
        draw_convex(view->draw, diamond, 4, c);
        break;
    case MODEL_ENDED:
    case MODEL_DOWN:
        draw_rect(
                view->draw, (struct rect){at.x - r * 0.8F, at.y - r * 0.8F, r * 1.6F, r * 1.6F}, c);
        break;
    case MODEL_NONE:
        draw_ring(view->draw, at, r, px(view, 2), c);
        break;
    }
}

/* The chip with exactly one state; returns its right edge. */
static float state_chip(const struct view *view, float x, float h)
{
    enum model_state state = view->model->state;
    float w = px(view, 122);
    struct rect chip = {x, roundf(px(view, 12)), w, h - 2 * roundf(px(view, 12))};
    bool light = state == MODEL_RUNNING || state == MODEL_PAUSED || state == MODEL_READY ||
                 state == MODEL_SETUP;
    colour ink = light ? C_ON_MARK : C_TEXT;
    draw_rect(view->draw, chip, state_colour(state));
    state_sign(view, state, (struct point){x + px(view, 17), chip.y + chip.h / 2}, ink);
    view_text(view, (struct text_style){FONT_BOLD, 15, ink, LEFT, w - px(view, 34)},
            x + px(view, 31), chip.y + px(view, 5), model_state_word(state));
    return x + w;
}

static void wall_text(const struct view *view, char *buffer, gsize size)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(view->wall_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
    GDateTime *shown = view->utc ? utc : local;
    g_autofree char *text = shown ? g_date_time_format(shown, "%H:%M:%S") : g_strdup("--:--:--");
    g_snprintf(buffer, (gulong)size, "wall %s%s", text, view->utc ? " UTC" : "");
}

static float clock_block(const struct view *view, float x)
{
    char text[48];
    x += view_text(view, (struct text_style){FONT_DIGIT, 28, C_TEXT, LEFT, 0}, x, px(view, 9),
                 view_clock(text, sizeof text, view->clock_us, true)) +
         px(view, 14);
    wall_text(view, text, sizeof text);
    float width = view_text(
            view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, 0}, x, px(view, 10), text);
    char left[32] = "";
    gint64 rest = view->model->duration_us - view->clock_us;
    if (view->model->duration_us > 0 && rest > 0) {
        g_snprintf(left, sizeof left, " · %d:%02d left", (int)(rest / G_USEC_PER_SEC / 60),
                (int)(rest / G_USEC_PER_SEC % 60));
    }
    char round[80];
    g_snprintf(round, sizeof round, "round %u%s", (guint)view->model->round, left);
    float other = view_text(
            view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, 0}, x, px(view, 27), round);
    return x + MAX(MAX(width, other), px(view, 132));
}

static float button(
        struct view *view, float x, const char *label, const char *key, enum action action)
{
    float name = draw_text_width(view->draw, FONT_TEXT, px(view, 14), label);
    float hint = draw_text_width(view->draw, FONT_TEXT, px(view, 12), key);
    struct rect r = {x, roundf(px(view, 11)), name + hint + px(view, 34), roundf(px(view, 30))};
    draw_rect(view->draw, r, C_BUTTON);
    draw_frame(view->draw, r, 1, C_EDGE);
    view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, 0}, x + px(view, 10),
            r.y + px(view, 6), label);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, 0}, r.x + r.w - px(view, 8),
            r.y + px(view, 9), key);
    view_add_hit(view, r, action, 0);
    return r.x + r.w + px(view, 4);
}

static float alarm_chip(const struct view *view, float right)
{
    guint count = view->model->alarms->len;
    char text[40];
    g_snprintf(text, sizeof text,
            count == 0   ? "no alarms"
            : count == 1 ? "⚠ %u alarm"
                         : "⚠ %u alarms",
            count);
    float w = draw_text_width(view->draw, FONT_TEXT, px(view, 15), text) + px(view, 28);
    struct rect r = {right - w, roundf(px(view, 11)), w, roundf(px(view, 30))};
    if (count > 0) {
        draw_rect(view->draw, r, C_DOWN);
    } else {
        draw_frame(view->draw, r, 1, C_EDGE);
    }
    view_text(view,
            (struct text_style){count > 0 ? FONT_BOLD : FONT_TEXT, 14,
                    count > 0 ? C_ON_MARK : C_DIM, CENTRE, 0},
            r.x + r.w / 2, r.y + px(view, 6), text);
    return r.x - px(view, 10);
}

static float source_block(const struct view *view, float right)
{
    static const char *const links[] = {[LINK_FILE] = "recorded",
            [LINK_LIVE] = "live",
            [LINK_CONNECTING] = "connecting…",
            [LINK_GONE] = "engine gone"};
    bool bad = view->link == LINK_GONE;
    float w = MIN(px(view, 150), (float)draw_width(view->draw) * 0.1F);
    enum status status = view->link == LINK_LIVE ? STATUS_UP : bad ? STATUS_DOWN : STATUS_UNKNOWN;
    float x = right - w;
    view_shape(view, status, (struct point){x + px(view, 6), px(view, 18)}, px(view, 5));
    view_text(view,
            (struct text_style){FONT_TEXT, 13, bad ? C_DOWN : C_TEXT, LEFT, w - px(view, 18)},
            x + px(view, 17), px(view, 10), links[view->link]);
    g_autofree char *where = g_strdup_printf(
            "%s%s%s", view->source, *view->model->accel ? " · " : "", view->model->accel);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, w}, x, px(view, 28), where);
    return x - px(view, 14);
}

void view_bar(struct view *view, struct rect r)
{
    bool wide = r.w >= 1500 * view->scale;
    draw_rect(view->draw, r, C_PANEL);
    draw_rect(view->draw, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, C_EDGE);
    const char *title = *view->model->title ? view->model->title : "Sandtable";
    float x = px(view, 14);
    x += view_text(view,
                 (struct text_style){FONT_TEXT, 20, C_TEXT, LEFT, px(view, wide ? 330 : 200)}, x,
                 px(view, 14), title) +
         px(view, 20);
    x = state_chip(view, x, r.h) + px(view, 18);
    x = clock_block(view, x) + px(view, 20);
    bool paused = view->model->state == MODEL_PAUSED;
    if (view->link == LINK_LIVE || view->link == LINK_GONE) {
        x = button(view, x, paused ? "Resume" : "Pause", "Space", ACTION_PAUSE);
        x = button(view, x, "Fire", "Enter", ACTION_FIRE);
        x = button(view, x, "Hold", "H", ACTION_HOLD);
    }
    if (wide) {
        x = button(view, x, "Labels", "L", ACTION_LABELS);
        x = button(view, x, "Attacks", "A", ACTION_ATTACKS);
        button(view, x, "Help", "F1", ACTION_HELP);
    }
    alarm_chip(view, source_block(view, r.x + r.w - px(view, 10)));
}

void view_hints(struct view *view, struct rect r)
{
    const char *keys =
            view->link == LINK_FILE
                    ? "F1 help · Tab next panel · 1–6 focus · ↑↓ inject · L labels · A attacks · "
                      "+ − 0 zoom · F11 full screen · F12 screenshot · Esc quit"
                    : "F1 help · Space pause · ↑↓ inject · Enter, y fire · H hold · L labels · A "
                      "attacks · "
                      "+ − 0 zoom · F11 full screen · F12 screenshot · Esc quit";
    const struct model_inject *inject = model_inject_at(view->model, view->selected);
    g_autofree char *text = NULL;
    struct text_style style = {FONT_TEXT, 12, C_DIM, LEFT, r.w * 0.8F};
    if (view->confirm && inject) {
        text = g_strdup_printf("Fire %s now?   y  yes    any other key  no", inject->id);
        draw_rect(view->draw, r, C_DEGRADED);
        style.c = C_ON_MARK;
        style.font = FONT_BOLD;
    } else if (view->status) {
        text = g_strdup(view->status);
        style.c = view->status_bad ? C_DOWN : C_TEXT;
    }
    view_text(view, style, r.x + px(view, 10), r.y + px(view, 2), text ? text : keys);
    const char *code = view->model->code;
    g_autofree char *position = g_strdup_printf("ledger: %" G_GINT64_FORMAT " events%s%s",
            view->model->seq, *code ? "   signed " : "", code);
    view_text(view,
            (struct text_style){FONT_TEXT, 12, style.font == FONT_BOLD ? style.c : C_DIM, RIGHT, 0},
            r.x + r.w - px(view, 10), r.y + px(view, 2), position);
}

void view_help(struct view *view)
{
    static const char *const lines[][2] = {{"Space", "pause or resume the exercise"},
            {"↑ ↓", "choose an inject"}, {"Enter, then y", "fire the chosen inject now"},
            {"H", "hold or release the chosen inject"}, {"L", "machine labels on or off"},
            {"A", "attack arrows on or off"}, {"+  −  0", "zoom the topology; 0 fits it"},
            {"drag", "move the topology"}, {"1 … 6, Tab", "choose a panel"},
            {"Page up, down", "scroll the events"}, {"F11", "full screen"},
            {"F12", "write a screenshot here"}, {"Esc, Q", "close this sheet; quit"}};
    float w = px(view, 520);
    float h = px(view, 66 + 26 * (float)G_N_ELEMENTS(lines));
    struct rect r = {roundf(((float)draw_width(view->draw) - w) / 2),
            roundf(((float)draw_height(view->draw) - h) / 2), w, h};
    draw_rect(view->draw,
            (struct rect){0, 0, (float)draw_width(view->draw), (float)draw_height(view->draw)},
            0xA0000000U);
    draw_rect(view->draw, r, C_PANEL);
    draw_frame(view->draw, r, px(view, 2), C_DIM);
    view_text(view, (struct text_style){FONT_BOLD, 18, C_TEXT, LEFT, 0}, r.x + px(view, 20),
            r.y + px(view, 16), "Keys");
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        float y = r.y + px(view, 52 + 26 * (float)i);
        view_text(view, (struct text_style){FONT_BOLD, 14, C_UP, LEFT, 0}, r.x + px(view, 20), y,
                lines[i][0]);
        view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, 0}, r.x + px(view, 180), y,
                lines[i][1]);
    }
}
