/* view.c - the picture as a whole: layout of each view, and which panels must be drawn anew. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define STALE_VEIL 0x50000000U /* dims what may no longer be true */

const float view_speeds[VIEW_SPEEDS] = {0.5F, 1, 2, 5, 20};

void view_init(struct view *view, struct draw *draw, const struct model *model)
{
    *view = (struct view){.draw = draw,
            .model = model,
            .scale = 1,
            .selected = -1,
            .node = -1,
            .labels = true,
            .attacks = true,
            .traffic = true,
            .zoom = 1,
            .moved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
            .thumbs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
            .screens = true,
            .source = "",
            .play = {.speed = 1},
            .load_percent = -1,
            .lag_ms = -1,
            .reading = 100};
    for (int p = 0; p < PANELS; p++) {
        view->places[p].hits = g_array_new(FALSE, TRUE, sizeof(struct hit));
    }
    for (int f = 0; f < FORM_FIELDS; f++) {
        view->form.fields[f].text = g_string_new(NULL);
    }
}

void view_clear(struct view *view)
{
    for (int p = 0; p < PANELS; p++) {
        g_array_unref(view->places[p].hits);
    }
    for (int f = 0; f < FORM_FIELDS; f++) {
        g_string_free(view->form.fields[f].text, TRUE);
        g_free(view->form.fields[f].was);
    }
    g_free(view->compose.text);
    terminal_free(view->terminal);
    g_free(view->console);
    g_free(view->console_note);
    g_free(view->status);
    g_free(view->filter);
    g_free(view->find);
    g_free(view->detail.title);
    g_free(view->detail.text);
    g_hash_table_destroy(view->moved);
    g_hash_table_destroy(view->thumbs);
    *view = (struct view){0};
}

const char *view_mode_name(enum mode mode)
{
    static const char *const names[MODES] = {"control", "wall", "public", "instructor"};
    return names[mode];
}

int view_node(const struct view *view)
{
    const struct model_machine *machine = model_machine_at(view->model, view->node);
    bool open = view->mode == MODE_WALL || view->mode == MODE_PUBLIC;
    return machine && !open && view_shows_team(view, machine->team) ? view->node : -1;
}

bool view_shows_team(const struct view *view, int team)
{
    return view->mode != MODE_INSTRUCTOR || team < 0 || team == view->team;
}

bool view_replays(const struct view *view)
{
    return view->play.on && view->mode != MODE_PUBLIC && !view->frozen_board;
}

bool view_freeze_holds(const struct view *view)
{
    return view->frozen_board || (view->present ? view->present : view->model)->frozen;
}

const GPtrArray *view_notes(const struct view *view)
{
    return (view->present ? view->present : view->model)->notes;
}

enum border { BORDER_NONE, BORDER_PAUSED, BORDER_REPLAY };

static enum border border_of(const struct view *view)
{
    if (view_replays(view)) {
        return BORDER_REPLAY;
    }
    return view->model->state == MODEL_PAUSED ? BORDER_PAUSED : BORDER_NONE;
}

/* ---- layout -------------------------------------------------------------------------------- */

static float scale_for(int w, int h)
{
    float scale = MIN((float)w / 1920.0F, (float)h / 1080.0F);
    return CLAMP(scale, 0.84F, 4.0F); /* below that nobody can read it */
}

struct frame { /* sizes that all views share */
    float w, gap, top, body, left, right, middle;
};

/* What stands in the left column below the scores, and how high. */
static void left_column(const struct view *view, const struct frame *f, struct layout *layout)
{
    float rows = MAX((float)model_ranked(view->model), 1);
    float scores = roundf(px(view, 40) + rows * px(view, rows > 4 ? 50 : 96));
    float steps = view_steps_height(view);
    float messages = view->mode == MODE_WALL || view->mode == MODE_PUBLIC ? 0 : px(view, 190);
    bool both = view->mode != MODE_PUBLIC && view_step_count(view) > 0 &&
                MIN(scores, f->body * 0.55F) + steps + messages + 2 * f->gap <= f->body + 1;
    if (!both) {
        steps = 0;
    }
    float below = messages + steps + (messages > 0 ? f->gap : 0) + (steps > 0 ? f->gap : 0);
    scores = MIN(scores, f->body - below);
    if (messages == 0 && steps == 0) {
        scores = f->body;
    }
    float y = f->top;
    layout->at[PANEL_SCORES] = (struct rect){0, y, f->left, scores};
    y += scores + f->gap;
    if (messages > 0) {
        messages = f->top + f->body - y - (steps > 0 ? steps + f->gap : 0);
        layout->at[PANEL_MESSAGES] = (struct rect){0, y, f->left, messages};
        y += messages + f->gap;
    }
    if (steps > 0) {
        layout->at[PANEL_STEPS] = (struct rect){0, y, f->left, f->top + f->body - y};
    }
}

struct layout view_layout(const struct view *view)
{
    struct layout layout = {0};
    float h = (float)draw_height(view->draw);
    bool bare = view->mode == MODE_WALL || view->mode == MODE_PUBLIC;
    struct frame f = {.w = (float)draw_width(view->draw), .gap = roundf(px(view, 4))};
    float bar = roundf(px(view, 52));
    bool border = border_of(view) != BORDER_NONE;
    float hints = bare ? 0 : roundf(px(view, border ? 27 : 20));
    float line = roundf(px(view, 176));
    f.left = roundf(MIN(px(view, 318), f.w * 0.24F));
    f.right = bare ? 0 : roundf(MIN(px(view, 418), f.w * 0.30F));
    f.top = bar + f.gap;
    f.body = h - f.top - f.gap - line - (bare ? 0 : f.gap) - hints;
    f.middle = f.w - f.left - f.gap - (bare ? 0 : f.right + f.gap);
    float services = MIN(view_services_height(view), f.body * 0.42F);
    float injects = roundf(f.body * 0.48F);
    float x2 = f.left + f.gap;
    float x3 = x2 + f.middle + f.gap;
    layout.at[PANEL_BAR] = (struct rect){0, 0, f.w, bar};
    left_column(view, &f, &layout);
    layout.at[PANEL_TOPOLOGY] = (struct rect){x2, f.top, f.middle, f.body - services - f.gap};
    if (view->terminal && view->mode == MODE_CONTROL) {
        layout.at[PANEL_CONSOLE] = layout.at[PANEL_TOPOLOGY];
        layout.at[PANEL_TOPOLOGY] = (struct rect){0};
    }
    layout.at[PANEL_SERVICES] = (struct rect){x2, f.top + f.body - services, f.middle, services};
    if (!bare) {
        layout.at[PANEL_INJECTS] = (struct rect){x3, f.top, f.right, injects};
        layout.at[PANEL_EVENTS] =
                (struct rect){x3, f.top + injects + f.gap, f.right, f.body - injects - f.gap};
        layout.at[PANEL_HINTS] = (struct rect){0, h - hints, f.w, hints};
    }
    layout.at[PANEL_TIMELINE] = (struct rect){0, f.top + f.body + f.gap, f.w, line};
    return layout;
}

/* ---- borders ------------------------------------------------------------------------------- */

static void side_stripes(const struct view *view, struct rect side, bool flat, colour c)
{
    float t = flat ? side.h : side.w;
    float step = roundf(px(view, 22));
    draw_clip(view->draw, &side);
    draw_rect(view->draw, side, C_BACK);
    int count = (int)((flat ? side.w : side.h) / step) + 1;
    for (int n = -1; n < count; n++) {
        float at = (float)n * step;
        struct point strip[] = {{at, 0}, {at + step / 2, 0}, {at + step / 2 + t, t}, {at + t, t}};
        for (int k = 0; k < 4; k++) {
            struct point p = strip[k];
            strip[k] = flat ? (struct point){side.x + p.x, side.y + p.y}
                            : (struct point){side.x + p.y, side.y + p.x};
        }
        draw_convex(view->draw, strip, 4, c);
    }
}

/* Amber stripes: nobody overlooks that the exercise stands still. Solid: this is the past. */
static void draw_border(const struct view *view)
{
    enum border border = border_of(view);
    float w = (float)draw_width(view->draw);
    float h = (float)draw_height(view->draw);
    float t = roundf(px(view, border == BORDER_REPLAY ? 6 : 5));
    struct rect sides[] = {{0, 0, w, t}, {0, h - t, w, t}, {0, 0, t, h}, {w - t, 0, t, h}};
    for (int i = 0; i < 4 && border != BORDER_NONE; i++) {
        draw_clip(view->draw, NULL);
        if (border == BORDER_REPLAY) {
            draw_rect(view->draw, sides[i], C_REPLAY);
        } else {
            side_stripes(view, sides[i], i < 2, C_AMBER);
        }
    }
    draw_clip(view->draw, NULL);
}

/* ---- what has changed ---------------------------------------------------------------------- */

static guint64 mix(guint64 stamp, guint64 value)
{
    stamp ^= value + 0x9E3779B97F4A7C15ULL + (stamp << 6) + (stamp >> 2);
    return stamp * 0xBF58476D1CE4E5B9ULL;
}

static guint64 mix_float(guint64 stamp, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return mix(stamp, bits);
}

static guint64 mix_text(guint64 stamp, const char *text)
{
    return mix(stamp, text ? g_str_hash(text) + 1U : 0);
}

/* Attacks that fade: how many are still fresh. */
static guint fresh_attacks(const struct view *view)
{
    guint fresh = 0;
    for (guint i = 0; i < view->model->attacks->len; i++) {
        const struct model_attack *attack =
                &g_array_index(view->model->attacks, struct model_attack, i);
        fresh += view->clock_us - attack->since_us < 20 * G_USEC_PER_SEC;
    }
    return fresh;
}

static guint64 general_stamp(const struct view *view)
{
    guint64 stamp = mix(1, view->model->life);
    stamp = mix(stamp, (guint64)(gsize)view->model);
    stamp = mix(stamp, (guint64)(gsize)theme_used());
    stamp = mix(stamp, (guint64)words_used());
    stamp = mix(stamp, (guint64)view->mode << 16 | (guint64)view->link << 8 | (guint64)view->focus);
    stamp = mix(stamp, (guint64)view->team << 32 | (guint64)view->age_s);
    stamp = mix(stamp, (guint64)view->play.on << 1 | view->model->state << 2);
    return mix_float(stamp, view->scale);
}

static guint64 topology_stamp(const struct view *view, guint64 stamp)
{
    stamp = mix(stamp, view->model->rev[PART_TOPOLOGY]);
    stamp = mix(mix(stamp, fresh_attacks(view)), view->moves);
    stamp = mix(mix(stamp, view->shots), view->screens);
    stamp = mix(stamp, (guint64)view->labels | (guint64)view->attacks << 1 |
                               (guint64)view->traffic << 2 | (guint64)(view->node + 1) << 3);
    stamp = mix_float(mix_text(stamp, view->find), view->zoom);
    return mix_float(mix_float(stamp, view->pan_x), view->pan_y);
}

static guint64 bar_stamp(const struct view *view, guint64 stamp)
{
    stamp = mix(stamp, view->model->rev[PART_BAR]);
    stamp = mix(stamp, (guint64)(view->wall_us / G_USEC_PER_SEC));
    stamp = mix(stamp, (guint64)(view->load_percent + 1) << 32 | (guint64)(view->lag_ms + 1));
    stamp = mix(stamp, (guint64)view->reading << 8 | (guint64)view->play.speed);
    stamp = mix(stamp, (guint64)view->play.playing << 1 | (guint64)view->play.fixed);
    stamp = mix(stamp, (guint64)(view->play.live_us / G_USEC_PER_SEC) << 1 | view->frozen_board);
    return mix(stamp, view_freeze_holds(view));
}

static guint64 stamp_of(const struct view *view, enum panel panel)
{
    static const enum model_part parts[PANELS] = {[PANEL_SCORES] = PART_SCORES,
            [PANEL_SERVICES] = PART_SERVICES,
            [PANEL_INJECTS] = PART_INJECTS,
            [PANEL_EVENTS] = PART_EVENTS,
            [PANEL_TIMELINE] = PART_LINE,
            [PANEL_MESSAGES] = PART_MESSAGES,
            [PANEL_STEPS] = PART_STEPS};
    guint64 stamp = general_stamp(view);
    guint64 second = (guint64)(view->clock_us / G_USEC_PER_SEC);
    switch (panel) {
    case PANEL_TOPOLOGY:
        return topology_stamp(view, stamp);
    case PANEL_BAR:
        return bar_stamp(view, mix(stamp, second));
    case PANEL_HINTS:
        stamp = mix(mix(stamp, (guint64)view->confirm), (guint64)view->selected);
        stamp = mix(stamp, (guint64)view->node);
        stamp = mix_text(mix(stamp, view->model->rev[PART_BAR]), view->status);
        return mix(stamp, view->status_bad);
    case PANEL_CONSOLE:
        stamp = mix_text(mix_text(stamp, view->console), view->console_note);
        stamp = mix(mix(stamp, (guint64)view->console_back), view->console_over);
        stamp = mix(mix_text(stamp, view->compose.text), (guint64)view->compose.start);
        stamp = mix(stamp, (guint64)view->compose.length);
        return mix(stamp, view->terminal ? terminal_changes(view->terminal) : 0);
    case PANEL_SCORES:
        stamp = mix(stamp, (guint64)view->first_rank);
        break;
    case PANEL_INJECTS:
        stamp = mix(mix(stamp, (guint64)view->selected), view->model->rev[PART_STEPS]);
        break;
    case PANEL_MESSAGES:
        stamp = mix(mix(stamp, (guint64)view->letters), (guint64)view->pick.letter);
        break;
    case PANEL_EVENTS:
        stamp = mix_text(mix(stamp, (guint64)view->scroll), view->filter);
        stamp = mix(mix(stamp, view->pick.alarm), (guint64)view->pick.line);
        break;
    case PANEL_SERVICES:
        stamp = mix(mix(stamp, view->model->rev[PART_STEPS]), view->steps);
        break;
    case PANEL_TIMELINE:
        stamp = mix(stamp, (guint64)(view->play.live_us / G_USEC_PER_SEC));
        stamp = mix(mix(stamp, view->model->rev[PART_INJECTS]), (guint64)view->pick.note);
        stamp = mix(stamp, view->present ? view->present->rev[PART_LINE] : 0);
        break;
    default:
        break;
    }
    stamp = mix(stamp, view->model->rev[parts[panel]]);
    bool timeless = panel == PANEL_SERVICES || panel == PANEL_STEPS;
    return timeless ? stamp : mix(stamp, second);
}

/* What lies over the panels: when it changes, or is there, all is drawn. */
static guint64 overlay_of(const struct view *view)
{
    guint64 stamp = mix(1, (guint64)border_of(view));
    stamp = mix(stamp, (guint64)(gsize)theme_used());
    return mix(stamp, (guint64)view->mode << 1 | (guint64)view->model->life << 8);
}

static bool same_rect(struct rect a, struct rect b)
{
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

static void draw_panel(struct view *view, enum panel panel, struct rect r)
{
    static void (*const draws[PANELS])(struct view * view, struct rect r) = {
            [PANEL_BAR] = view_bar,
            [PANEL_SCORES] = view_scores,
            [PANEL_TOPOLOGY] = view_topology,
            [PANEL_SERVICES] = view_services,
            [PANEL_INJECTS] = view_injects,
            [PANEL_EVENTS] = view_events,
            [PANEL_TIMELINE] = view_timeline,
            [PANEL_MESSAGES] = view_messages,
            [PANEL_STEPS] = view_steps,
            [PANEL_CONSOLE] = view_console,
            [PANEL_HINTS] = view_hints,
    };
    g_array_set_size(view->places[panel].hits, 0);
    if (r.w > 0) {
        draw_clip(view->draw, &r);
        draws[panel](view, r);
        if (view->age_s > 0 && panel != PANEL_BAR && panel != PANEL_HINTS) {
            draw_rect(view->draw, r, (C_PANEL & 0xFFFFFFU) | STALE_VEIL);
        }
        draw_clip(view->draw, NULL);
        view->damage[view->damages++] = r;
    }
}

void view_draw(struct view *view)
{
    gint64 exact_us = view->clock_us;
    view->clock_us -= exact_us % G_USEC_PER_SEC; /* nothing changes within a second */
    view->scale = scale_for(draw_width(view->draw), draw_height(view->draw));
    struct layout layout = view_layout(view);
    bool covered = view->help || view->form.action != ACTION_NONE || view->detail.text;
    guint64 overlay = overlay_of(view);
    view->whole = covered || overlay != view->overlay;
    for (int p = 0; p < PANELS; p++) {
        view->whole |= !same_rect(layout.at[p], view->places[p].rect);
    }
    view->overlay = covered ? 0 : overlay;
    view->damages = 0;
    if (view->whole) {
        draw_clip(view->draw, NULL);
        draw_clear(view->draw, C_BACK);
    }
    for (int p = 0; p < PANELS; p++) {
        struct place *place = &view->places[p];
        guint64 stamp = stamp_of(view, (enum panel)p);
        if (view->whole || stamp != place->stamp) {
            place->rect = layout.at[p];
            place->stamp = stamp;
            draw_panel(view, (enum panel)p, layout.at[p]);
        }
    }
    draw_border(view);
    if (view->help) {
        view_help(view);
    }
    if (view->detail.text) {
        view_detail(view);
    }
    if (view->form.action != ACTION_NONE) {
        view_form(view);
    }
    view->clock_us = exact_us;
}
