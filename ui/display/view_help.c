/* view_help.c - the line of hints, the question before a step that cannot be undone, the help
 * sheet. */
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
    case ACTION_END:
        return g_strdup(tr("End the exercise for everybody?"));
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

static const char *keys(const struct view *view)
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
    view_text(view, style, r.x + px(view, 10), y, text ? text : keys(view));
    const char *code = view->model->code;
    g_autofree char *count = grouped(view->model->seq);
    g_autofree char *position =
            *code ? g_strdup_printf(tr("ledger: %s events   signed %s"), count, code)
                  : g_strdup_printf(tr("ledger: %s events"), count);
    view_text(view, (struct text_style){FONT_TEXT, 12, asked ? style.c : C_DIM, RIGHT, 0},
            r.x + r.w - px(view, 10), y, position);
}

/* What is done by a key is done by a click on its line as well. */
static const struct line {
    const char *key, *text;
    enum action action;
    int arg;
} sheet[] = {{"Space", WORD("pause or resume; in a replay: play or stop"), ACTION_PAUSE, 0},
        {"⇧Space", WORD("pause the clock alone: the machines run on"), ACTION_CLOCK, 0},
        {"↑ ↓ End", WORD("choose an inject; the last"), ACTION_FOCUS, 4},
        {"Enter, y", WORD("fire the chosen inject now"), ACTION_FIRE, 0},
        {"H", WORD("hold or release it"), ACTION_HOLD, 0},
        {"⇧H", WORD("hold or release all"), ACTION_HOLD_ALL, 0},
        {"K, y", WORD("skip it: it never fires by itself"), ACTION_SKIP, 0},
        {"E", WORD("change it"), ACTION_EDIT, 0}, {"I", WORD("make a new one"), ACTION_ADD, 0},
        {"O", WORD("agree that it fires, where several must"), ACTION_APPROVE, 0},
        {"W", WORD("write the report of the exercise"), ACTION_REPORT, 0},
        {"X", WORD("acknowledge the oldest alarm"), ACTION_ACK, 0},
        {"J", WORD("replay of the newest alarm's moment"), ACTION_WHEN, -1},
        {"M", WORD("write to a team or to all"), ACTION_MESSAGE, 0},
        {"N", WORD("note this moment, for the white cell only"), ACTION_NOTE, 0},
        {"P", WORD("give or take points, with a reason"), ACTION_ADJUST, 0},
        {"Ctrl+Z, y", WORD("take the last points by hand back"), ACTION_UNDO, 0},
        {"F", WORD("freeze the public board, or thaw it"), ACTION_FREEZE, 0},
        {"⇧E, y", WORD("end the exercise"), ACTION_END, 0},
        {"R   Home", WORD("replay from here; back to the present"), ACTION_REPLAY, 0},
        {"← →", WORD("one event back or on"), ACTION_STEP, -1},
        {"⇧← ⇧→", WORD("one minute back or on"), ACTION_JUMP, -60},
        {"[ ]   D", WORD("speed of the replay; fixed delay"), ACTION_DELAY, 0},
        {"click a machine", WORD("choose it: then"), ACTION_FOCUS, 2},
        {"C", WORD("… its console here"), ACTION_CONSOLE, 0},
        {"⇧C", WORD("… its console in a terminal"), ACTION_TERMINAL, 0},
        {"Delete, y", WORD("… start it anew"), ACTION_RESET, 0},
        {"S", WORD("checkpoint of all machines"), ACTION_SAVE, 0},
        {"Ctrl+F", WORD("find a machine, team or address"), ACTION_FIND, 0},
        {"/", WORD("filter the events"), ACTION_FILTER, 0},
        {"+ − 0, drag", WORD("zoom and move the topology; 0 fits"), ACTION_FIT, 0},
        {"L", WORD("labels on or off"), ACTION_LABELS, 0},
        {"A", WORD("attacks on or off"), ACTION_ATTACKS, 0},
        {"T", WORD("traffic on or off"), ACTION_TRAFFIC, 0},
        {"B", WORD("machines' screens on or off"), ACTION_SCREENS, 0},
        {"drag it   G", WORD("move a machine; all go back"), ACTION_PLACES, 0},
        {"V", WORD("services or attack steps"), ACTION_STEPS, 0},
        {"1 … 7, Tab", WORD("choose a panel"), ACTION_FOCUS, 1},
        {"Page up, down", WORD("scroll the events; after 1 or 7 that panel"), ACTION_FOCUS, 5},
        {"1, ↑ ↓", WORD("instructor's view: the team before, after"), ACTION_FOCUS, 1},
        {"F2", WORD("language"), ACTION_LANGUAGE, 0}, {"F3", WORD("colours"), ACTION_THEME, 0},
        {"F11", WORD("wall, without controls; again: back"), ACTION_VIEW, 0},
        {"⇧F11", WORD("next view: control, wall, public, instructor"), ACTION_VIEW, 1},
        {"F12", WORD("write a screenshot here"), ACTION_SHOOT, 0},
        {"Esc, Q", WORD("close, back; quit"), ACTION_NONE, 0}};

static guint half(void)
{
    return (G_N_ELEMENTS(sheet) + 1) / 2;
}

static struct rect sheet_rect(const struct view *view)
{
    float w = px(view, 1060);
    float h = px(view, 66 + 24 * (float)half());
    return (struct rect){roundf(((float)draw_width(view->draw) - w) / 2),
            roundf(((float)draw_height(view->draw) - h) / 2), w, h};
}

static struct rect line_rect(const struct view *view, guint index)
{
    struct rect r = sheet_rect(view);
    float x = r.x + px(view, index < half() ? 20 : 540);
    float y = r.y + px(view, 52 + 24 * (float)(index % half()));
    return (struct rect){x, y, px(view, 506), px(view, 24)};
}

struct hit view_help_hit(const struct view *view, float x, float y)
{
    for (guint i = 0; i < G_N_ELEMENTS(sheet); i++) {
        struct rect r = line_rect(view, i);
        if (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h) {
            return (struct hit){r, sheet[i].action, sheet[i].arg};
        }
    }
    return (struct hit){.action = ACTION_NONE};
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
            r.x + r.w - px(view, 20), r.y + px(view, 18), tr("a click on a line does the same"));
    for (guint i = 0; i < G_N_ELEMENTS(sheet); i++) {
        struct rect line = line_rect(view, i);
        view_text(view, (struct text_style){FONT_BOLD, 14, C_UP, LEFT, px(view, 150)}, line.x,
                line.y, sheet[i].key);
        view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, px(view, 350)},
                line.x + px(view, 156), line.y, tr_name(sheet[i].text));
    }
}
