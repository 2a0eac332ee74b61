/* view_bar.c - the top bar: state, clocks, controls, alarms, source. */
#include "view_private.h"

#include <math.h>

enum chip {
    CHIP_NONE,
    CHIP_READY,
    CHIP_RUNNING,
    CHIP_PAUSED,
    CHIP_FROZEN,
    CHIP_REPLAY,
    CHIP_ENDED
};

/* Nobody is at the keys. */
static bool is_bare(const struct view *view)
{
    return view->mode == MODE_WALL || view->mode == MODE_PUBLIC;
}

/* Exactly one. */
static enum chip chip_of(const struct view *view)
{
    static const enum chip chips[] = {[MODEL_NONE] = CHIP_NONE,
            [MODEL_SETUP] = CHIP_READY,
            [MODEL_READY] = CHIP_READY,
            [MODEL_RUNNING] = CHIP_RUNNING,
            [MODEL_PAUSED] = CHIP_PAUSED,
            [MODEL_ENDED] = CHIP_ENDED,
            [MODEL_DOWN] = CHIP_ENDED};
    if (view_replays(view)) {
        return CHIP_REPLAY;
    }
    bool frozen = view->frozen_board || view->model->frozen;
    enum chip chip = chips[view->model->state];
    return frozen && (chip == CHIP_RUNNING || chip == CHIP_NONE) ? CHIP_FROZEN : chip;
}

static const char *chip_word(const struct view *view, enum chip chip)
{
    static const char *const states[] = {WORD("WAITING"), WORD("SETUP"), WORD("READY"),
            WORD("RUNNING"), WORD("PAUSED"), WORD("ENDED"), WORD("ENDED")};
    if (chip == CHIP_REPLAY) {
        return tr("REPLAY");
    }
    if (chip == CHIP_PAUSED && view->model->clock_only && view->mode != MODE_PUBLIC) {
        return tr("CLOCK PAUSED");
    }
    return chip == CHIP_FROZEN ? tr("FROZEN BOARD") : tr_name(states[view->model->state]);
}

static void chip_sign(const struct view *view, enum chip chip, struct point at, colour c)
{
    float r = px(view, 7);
    struct point play[] = {
            {at.x - r * 0.8F, at.y - r}, {at.x + r, at.y}, {at.x - r * 0.8F, at.y + r}};
    struct point back[] = {
            {at.x + r * 0.8F, at.y - r}, {at.x - r, at.y}, {at.x + r * 0.8F, at.y + r}};
    struct point diamond[] = {
            {at.x, at.y - r}, {at.x + r, at.y}, {at.x, at.y + r}, {at.x - r, at.y}};
    switch (chip) {
    case CHIP_RUNNING:
        draw_convex(view->draw, play, 3, c);
        break;
    case CHIP_PAUSED:
        draw_rect(view->draw, (struct rect){at.x - r * 0.8F, at.y - r, r * 0.6F, 2 * r}, c);
        draw_rect(view->draw, (struct rect){at.x + r * 0.2F, at.y - r, r * 0.6F, 2 * r}, c);
        break;
    case CHIP_READY:
        draw_convex(view->draw, diamond, 4, c);
        break;
    case CHIP_REPLAY:
        draw_convex(view->draw, back, 3, c);
        break;
    case CHIP_FROZEN:
        for (int i = 0; i < 3; i++) { /* a star of three lines */
            float a = (float)i * 1.0472F;
            draw_line(view->draw, (struct point){at.x - r * cosf(a), at.y - r * sinf(a)},
                    (struct point){at.x + r * cosf(a), at.y + r * sinf(a)}, px(view, 2), c);
        }
        break;
    case CHIP_ENDED:
        draw_rect(
                view->draw, (struct rect){at.x - r * 0.8F, at.y - r * 0.8F, r * 1.6F, r * 1.6F}, c);
        break;
    case CHIP_NONE:
        draw_ring(view->draw, at, r, px(view, 2), c);
        break;
    }
}

/* Returns its right edge. */
static float state_chip(const struct view *view, float x, float h)
{
    static const enum ink inks[] = {[CHIP_NONE] = INK_UNKNOWN,
            [CHIP_READY] = INK_DEPLOYING,
            [CHIP_RUNNING] = INK_UP,
            [CHIP_PAUSED] = INK_AMBER,
            [CHIP_FROZEN] = INK_DEPLOYING,
            [CHIP_REPLAY] = INK_REPLAY,
            [CHIP_ENDED] = INK_UNKNOWN};
    enum chip chip = chip_of(view);
    const char *word = chip_word(view, chip);
    float size = px(view, 15);
    float w = MAX(px(view, 118), draw_text_width(view->draw, FONT_BOLD, size, word) + px(view, 44));
    struct rect r = {x, roundf(px(view, 12)), w, h - 2 * roundf(px(view, 12))};
    colour ink = chip == CHIP_ENDED || chip == CHIP_NONE ? C_FOCUS : C_ON_MARK;
    draw_rect(view->draw, r, theme_ink(inks[chip]));
    chip_sign(view, chip, (struct point){x + px(view, 17), r.y + r.h / 2}, ink);
    view_text(view, (struct text_style){FONT_BOLD, 15, ink, LEFT, 0}, x + px(view, 31),
            r.y + (r.h - draw_text_height(view->draw, FONT_BOLD, size)) / 2, word);
    return x + w;
}

/* A freeze that the state's chip does not say: it holds in a pause, in a replay and after the end as
 * well. Returns its right edge. */
static float freeze_chip(const struct view *view, float x, float h)
{
    if (!view_freeze_holds(view) || chip_of(view) == CHIP_FROZEN) {
        return x;
    }
    const char *word = tr("FROZEN");
    float size = px(view, 12);
    float w = draw_text_width(view->draw, FONT_BOLD, size, word) + px(view, 32);
    struct rect r = {x + px(view, 4), roundf(px(view, 12)), w, h - 2 * roundf(px(view, 12))};
    draw_rect(view->draw, r, theme_ink(INK_DEPLOYING));
    chip_sign(view, CHIP_FROZEN, (struct point){r.x + px(view, 14), r.y + r.h / 2}, C_ON_MARK);
    view_text(view, (struct text_style){FONT_BOLD, 12, C_ON_MARK, LEFT, 0}, r.x + px(view, 26),
            r.y + (r.h - draw_text_height(view->draw, FONT_BOLD, size)) / 2, word);
    return r.x + w;
}

static void wall_text(const struct view *view, char *buffer, gsize size)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(view->wall_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
    GDateTime *shown = view->utc ? utc : local;
    g_autofree char *text = shown ? g_date_time_format(shown, "%H:%M:%S") : g_strdup("--:--:--");
    g_snprintf(buffer, (gulong)size, tr("wall %s%s"), text, view->utc ? " UTC" : "");
}

static void second_line(const struct view *view, char *text, gsize size)
{
    char span[32];
    gint64 rest = view->model->duration_us - view->clock_us;
    if (view_replays(view)) {
        char live[32];
        view_clock(live, sizeof live, view->play.live_us, true);
        g_snprintf(text, (gulong)size,
                view->link == LINK_FILE ? tr("replay of %s · ×%g%s") : tr("live is %s · ×%g%s"),
                live, (double)view_speeds[view->play.speed],
                view->play.fixed     ? tr(" fixed delay")
                : view->play.playing ? ""
                                     : tr(" stopped"));
    } else if (view->model->duration_us > 0 && rest > 0) {
        g_snprintf(text, (gulong)size, tr("round %u · %s left"), (guint)view->model->round,
                view_span(span, sizeof span, rest));
    } else {
        g_snprintf(text, (gulong)size, tr("round %u"), (guint)view->model->round);
    }
}

static float clock_block(const struct view *view, float x)
{
    char text[128];
    x += view_text(view, (struct text_style){FONT_DIGIT, 28, C_TEXT, LEFT, 0}, x, px(view, 9),
                 view_clock(text, sizeof text, view->clock_us, true)) +
         px(view, 14);
    wall_text(view, text, sizeof text);
    float width = view_text(
            view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, 0}, x, px(view, 10), text);
    second_line(view, text, sizeof text);
    float other = view_text(view,
            (struct text_style){FONT_TEXT, 12, view_replays(view) ? C_REPLAY : C_DIM, LEFT, 0}, x,
            px(view, 27), text);
    return x + MAX(MAX(width, other), px(view, 132));
}

static float label_width(const struct view *view, const struct label *label, bool keys)
{
    float w = draw_text_width(view->draw, FONT_TEXT, px(view, 13), label->text) + px(view, 16);
    return keys ? w + draw_text_width(view->draw, FONT_TEXT, px(view, 11), label->key) +
                           px(view, 10)
                : w;
}

/* With their keys when there is room for the first `needed` so; those are on the help sheet as well.
 */
static void place_buttons(struct view *view, float x, float right, const struct label *labels,
        guint needed, guint count)
{
    float all = 0;
    for (guint i = 0; i < needed; i++) {
        all += label_width(view, &labels[i], true) + px(view, 4);
    }
    bool keys = x + all <= right;
    for (guint i = 0; i < (keys ? count : needed); i++) {
        struct label label = labels[i];
        float w = label_width(view, &label, keys);
        if (x + w > right) {
            break;
        }
        label.key = keys ? label.key : NULL;
        struct rect r = {x, roundf(px(view, 11)), w, roundf(px(view, 30))};
        x = view_button(view, PANEL_BAR, r, &label) + px(view, keys ? 4 : 3);
    }
}

static void buttons(struct view *view, float x, float right)
{
    const struct label replay[] = {
            {view->play.playing ? tr("Stop") : tr("Play"), "Space", false, ACTION_PAUSE, 0},
            {tr("Event"), "←", false, ACTION_STEP, -1}, {tr("Event"), "→", false, ACTION_STEP, 1},
            {tr("Slower"), "[", false, ACTION_SPEED, -1},
            {tr("Faster"), "]", false, ACTION_SPEED, 1},
            {view->link == LINK_FILE ? tr("End") : tr("Live"), "Home", true, ACTION_LIVE, 0},
            {tr("Help"), "F1", false, ACTION_HELP, 0}};
    const struct label control[] = {
            {view->model->state == MODEL_PAUSED         ? tr("Resume")
                    : view->model->state == MODEL_READY ? tr("Start")
                                                        : tr("Pause"),
                    "Space", view->model->state == MODEL_READY, ACTION_PAUSE, 0},
            {tr("Fire"), "Enter", false, ACTION_FIRE, 0},
            {tr("Hold all"), "⇧H", false, ACTION_HOLD_ALL, 0},
            {view->model->frozen ? tr("Thaw board") : tr("Freeze board"), "F", false, ACTION_FREEZE,
                    0},
            {tr("Message"), "M", false, ACTION_MESSAGE, 0},
            {tr("Points"), "P", false, ACTION_ADJUST, 0},
            {tr("Replay"), "R", false, ACTION_REPLAY, 0}, {tr("Help"), "F1", false, ACTION_HELP, 0},
            {tr("End"), "⇧E", false, ACTION_END, 0}, {tr("Note"), "N", false, ACTION_NOTE, 0},
            {tr("Snapshot"), "S", false, ACTION_SAVE, 0}};
    const guint needed = G_N_ELEMENTS(control) - 2;
    const struct label record[] = {{tr("Report"), "W", true, ACTION_REPORT, 0},
            {tr("Replay"), "R", false, ACTION_REPLAY, 0},
            {tr("Labels"), "L", false, ACTION_LABELS, 0},
            {tr("Attacks"), "A", false, ACTION_ATTACKS, 0},
            {tr("Help"), "F1", false, ACTION_HELP, 0}};
    if (is_bare(view)) {
        return;
    }
    if (view->play.on) {
        place_buttons(view, x, right, replay, G_N_ELEMENTS(replay), G_N_ELEMENTS(replay));
    } else if (view_has_controls(view)) {
        place_buttons(view, x, right, control, needed, G_N_ELEMENTS(control));
    } else {
        int first = view->reports && view->mode == MODE_CONTROL ? 0 : 1;
        guint count = G_N_ELEMENTS(record) - (guint)first;
        place_buttons(view, x, right, record + first, count, count);
    }
}

static float alarm_chip(struct view *view, float right)
{
    guint count = view_alarm_count(view);
    g_autofree char *text = count == 0   ? g_strdup(tr("no alarms"))
                            : count == 1 ? g_strdup_printf("⚠ %s", tr("1 alarm"))
                                         : g_strdup_printf(tr("⚠ %u alarms"), count);
    float w = draw_text_width(view->draw, FONT_BOLD, px(view, 14), text) + px(view, 28);
    struct rect r = {right - w, roundf(px(view, 11)), w, roundf(px(view, 30))};
    if (count > 0) {
        draw_rect(view->draw, r, C_DOWN);
    } else {
        draw_frame(view->draw, r, 1, C_EDGE);
    }
    float size = px(view, 14);
    view_text(view,
            (struct text_style){count > 0 ? FONT_BOLD : FONT_TEXT, 14,
                    count > 0 ? C_ON_MARK : C_DIM, CENTRE, 0},
            r.x + r.w / 2, r.y + (r.h - draw_text_height(view->draw, FONT_BOLD, size)) / 2, text);
    view_add_hit(view, PANEL_BAR, r, ACTION_FOCUS, 5);
    return r.x - px(view, 10);
}

/* The engine has gone in good order. */
static bool is_over(const struct view *view)
{
    return view->link == LINK_GONE && view->model->state == MODEL_DOWN;
}

static void source_lines(const struct view *view, char *first, char *second, gsize size)
{
    static const char *const links[] = {[LINK_FILE] = WORD("recorded"),
            [LINK_LIVE] = WORD("live"),
            [LINK_CONNECTING] = WORD("connecting…"),
            [LINK_GONE] = WORD("engine gone")};
    if (view->reading < 100) {
        g_snprintf(first, (gulong)size, tr("reading %d %%"), view->reading);
    } else if (view->lag_ms >= 0 && view->link == LINK_LIVE) {
        g_snprintf(first, (gulong)size, tr("live · lag %d ms"), view->lag_ms);
    } else {
        g_strlcpy(first, is_over(view) ? tr("over") : tr_name(links[view->link]), size);
    }
    if (is_bare(view)) {
        g_strlcpy(second, view->source, size);
    } else if (view->load_percent >= 0) {
        g_snprintf(second, (gulong)size, tr("%s · host %d %%"),
                view->person ? view->person : view->source, view->load_percent);
    } else {
        g_snprintf(second, (gulong)size, "%s%s%s", view->source, *view->model->accel ? " · " : "",
                view->model->accel);
    }
}

/* For people who look on to write down: with it anybody can check later that the ledger still says
 * what it said now. */
static float code_block(const struct view *view, float right)
{
    const char *code = view->model->code;
    if (!*code || !is_bare(view)) {
        return right;
    }
    float low = view_text(
            view, (struct text_style){FONT_DIGIT, 16, C_TEXT, RIGHT, 0}, right, px(view, 24), code);
    float high = view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, RIGHT, 0}, right,
            px(view, 9), tr("ledger code, to write down"));
    return right - MAX(low, high) - px(view, 14);
}

static float source_block(const struct view *view, float right)
{
    bool bad = view->link == LINK_GONE && !is_over(view);
    float w = MIN(px(view, 168), (float)draw_width(view->draw) * 0.11F);
    enum status status = view->link == LINK_LIVE ? STATUS_UP : bad ? STATUS_DOWN : STATUS_UNKNOWN;
    float x = right - w;
    char first[64];
    char second[80];
    source_lines(view, first, second, sizeof first);
    view_shape(view, status, (struct point){x + px(view, 6), px(view, 18)}, px(view, 5));
    view_text(view,
            (struct text_style){FONT_TEXT, 13, bad ? C_DOWN : C_TEXT, LEFT, w - px(view, 18)},
            x + px(view, 17), px(view, 10), first);
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, w}, x, px(view, 28), second);
    return x - px(view, 14);
}

void view_bar(struct view *view, struct rect r)
{
    bool wide = r.w >= 1500 * view->scale;
    float room = is_bare(view) ? 420.0F : wide ? 300.0F : 170.0F;
    draw_rect(view->draw, r, C_PANEL);
    draw_rect(view->draw, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, C_EDGE);
    const char *title = *view->model->title ? view->model->title : "Sandtable";
    float x = px(view, 14);
    x += view_text(view, (struct text_style){FONT_TEXT, 20, C_TEXT, LEFT, px(view, room)}, x,
                 px(view, 14), title) +
         px(view, 20);
    x = freeze_chip(view, state_chip(view, x, r.h), r.h) + px(view, 18);
    x = clock_block(view, x) + px(view, 20);
    float right = source_block(view, r.x + r.w - px(view, 10));
    right = code_block(view, right);
    if (!is_bare(view)) {
        right = alarm_chip(view, right);
    }
    buttons(view, x, right);
}
