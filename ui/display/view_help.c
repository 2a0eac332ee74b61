/* view_help.c - the line of hints, the question before a step that cannot be undone, the help
 * sheet. */
#include "keys.h"
#include "view_private.h"

#include <math.h>
#include <string.h>

static char *question(const struct view *view)
{
    const struct model_inject *inject = model_inject_at(view->model, view->selected);
    const struct model_machine *machine = model_machine_at(view->model, view->node);
    const struct model_team *whose = model_team_at(view->model, view->model->adjusted_team);
    switch (view->confirm) {
    case ACTION_FIRE:
        return g_strdup_printf(
                inject && inject->fired_us >= 0 ? tr("Fire %s again?") : tr("Fire %s now?"),
                inject ? inject->id : "?");
    case ACTION_SKIP:
        return g_strdup_printf(tr("Take %s off the time line?"), inject ? inject->id : "?");
    case ACTION_RESET:
        return g_strdup_printf(
                tr("Start %s anew, as at the beginning?"), machine ? machine->id : "?");
    case ACTION_UNDO:
        return g_strdup_printf(tr("Take back %+g points by hand of %s?"),
                view->model->adjusted_points, whose ? whose->title : "?");
    default:
        return NULL;
    }
}

/* 1 204 881: in groups, as a reader of a wall needs it. */
static char *grouped(gint64 number)
{
    char digits[32];
    g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, number);
    GString *text = g_string_new(NULL);
    for (gsize left = strlen(digits), i = 0; left > 0; left--, i++) {
        g_string_append_c(text, digits[i]);
        if (left % 3 == 1 && left > 1) {
            g_string_append(text, "\u202F"); /* a narrow space that does not break */
        }
    }
    return g_string_free(text, FALSE);
}

static const char *hints(const struct view *view)
{
    if (view->play.on) {
        return tr("REPLAY · Space play · ← → event · ⇧← ⇧→ minute · [ ] speed · D fixed delay · "
                  "click the time line · Home back");
    }
    return view_has_controls(view)
                   ? tr("F1 help · Space pause · ↑↓ inject, Enter fire · H hold · K skip · X ack · "
                        "M message · P points · F freeze · R replay · Ctrl+F find · F11 wall")
                   : tr("F1 help · Tab next panel · R replay · / filter · Ctrl+F find · L labels · "
                        "A attacks · + − 0 zoom · V steps · F2 中文 · F3 colours · F11 wall");
}

void view_hints(struct view *view, struct rect r)
{
    g_autofree char *asked = question(view);
    g_autofree char *text = NULL;
    struct text_style style = {FONT_TEXT, 12, C_DIM, LEFT, r.w * 0.8F};
    draw_rect(view->draw, r, C_BACK);
    if (asked) {
        text = g_strdup_printf(tr("%s   y  yes    any other key  no"), asked);
        draw_rect(view->draw, r, C_DEGRADED);
        style.c = C_ON_MARK;
        style.font = FONT_BOLD;
        struct rect yes = {r.x, r.y, r.w * 0.5F, r.h};
        view_add_hit(view, PANEL_HINTS, yes, view->confirm, CONFIRMED);
    } else if (view->status) {
        text = g_strdup(view->status);
        style.c = view->status_bad ? C_DOWN : C_TEXT;
    }
    float y = r.y + px(view, 2);
    view_text(view, style, r.x + px(view, 10), y, text ? text : hints(view));
    const char *code = view->model->code;
    g_autofree char *count = grouped(view->model->seq);
    g_autofree char *position =
            *code ? g_strdup_printf(tr("ledger: %s events   signed %s"), count, code)
                  : g_strdup_printf(tr("ledger: %s events"), count);
    view_text(view, (struct text_style){FONT_TEXT, 12, asked ? style.c : C_DIM, RIGHT, 0},
            r.x + r.w - px(view, 10), y, position);
}

/* ---- the help sheet: keys.h as lines, each key a place to click ------------------------------ */

#define LINE_HIGH 24.0F

/* The row of the table that begins the line of row index. */
static guint line_begin(guint index)
{
    while (index > 0 && !keys_table[index].text) {
        index--;
    }
    return index;
}

/* How many lines begin before row index. */
static guint line_number(guint index)
{
    guint number = 0;
    for (guint i = 0; i < index; i++) {
        number += keys_table[i].text != NULL;
    }
    return number;
}

static guint half(void)
{
    return MAX((line_number(keys_count) + 1) / 2, 1);
}

static struct rect sheet_rect(const struct view *view)
{
    float w = px(view, 1060);
    float h = px(view, 66 + LINE_HIGH * (float)half());
    return (struct rect){roundf(((float)draw_width(view->draw) - w) / 2),
            roundf(((float)draw_height(view->draw) - h) / 2), w, h};
}

static struct rect line_rect(const struct view *view, guint index)
{
    guint number = line_number(line_begin(index));
    struct rect r = sheet_rect(view);
    float x = r.x + px(view, number < half() ? 20 : 540);
    float y = r.y + px(view, 52 + LINE_HIGH * (float)(number % half()));
    return (struct rect){x, y, px(view, 506), px(view, LINE_HIGH)};
}

struct rect view_help_cap(const struct view *view, guint index)
{
    const char *cap = keys_table[index].cap;
    struct rect r = line_rect(view, index);
    if (!cap) {
        return (struct rect){0};
    }
    for (guint i = line_begin(index); i < index; i++) {
        const char *before = keys_table[i].cap;
        r.x += before ? draw_text_width(view->draw, FONT_BOLD, px(view, 14), before) + px(view, 9)
                      : 0;
    }
    r.w = draw_text_width(view->draw, FONT_BOLD, px(view, 14), cap);
    return r;
}

static bool holds(struct rect r, float x, float y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

struct hit view_help_hit(const struct view *view, float x, float y)
{
    struct hit hit = {.action = ACTION_NONE};
    for (guint i = 0; i < keys_count; i++) {
        const struct key *key = &keys_table[i];
        struct rect line = line_rect(view, i);
        struct rect cap = view_help_cap(view, i);
        bool here = key->text && holds(line, x, y); /* the line is its first key */
        if (here || holds(cap, x, y)) {
            hit = (struct hit){here ? line : cap, key->action, key->arg};
        }
    }
    return hit;
}

void view_help(struct view *view)
{
    struct rect r = sheet_rect(view);
    struct rect all = {0, 0, (float)draw_width(view->draw), (float)draw_height(view->draw)};
    draw_rect(view->draw, all, 0xA0000000U);
    draw_rect(view->draw, r, C_PANEL);
    draw_frame(view->draw, r, px(view, 2), C_DIM);
    view_text(view, (struct text_style){FONT_BOLD, 18, C_TEXT, LEFT, 0}, r.x + px(view, 20),
            r.y + px(view, 14), tr("Keys"));
    view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, px(view, 600)},
            r.x + r.w - px(view, 20), r.y + px(view, 18), tr("a click on a key does the same"));
    for (guint i = 0; i < keys_count; i++) {
        const struct key *key = &keys_table[i];
        if (key->cap) {
            struct rect cap = view_help_cap(view, i);
            view_text(view, (struct text_style){FONT_BOLD, 14, C_UP, LEFT, 0}, cap.x, cap.y,
                    key->cap);
        }
        if (key->text) {
            struct rect line = line_rect(view, i);
            view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, px(view, 350)},
                    line.x + px(view, 156), line.y, tr_name(key->text));
        }
    }
}
