/* view_help.c - the line of hints, the question before a step that cannot be undone, the help
 * sheet. */
#include "view_private.h"

#include <math.h>

static char *question(const struct view *view)
{
    const struct model_inject *inject = model_inject_at(view->model, view->selected);
    const struct model_machine *machine = model_machine_at(view->model, view->node);
    switch (view->confirm) {
    case ACTION_FIRE:
        return g_strdup_printf(tr("Fire %s now?"), inject ? inject->id : "?");
    case ACTION_SKIP:
        return g_strdup_printf(tr("Take %s off the time line?"), inject ? inject->id : "?");
    case ACTION_RESET:
        return g_strdup_printf(
                tr("Start %s anew, as at the beginning?"), machine ? machine->id : "?");
    case ACTION_END:
        return g_strdup(tr("End the exercise for everybody?"));
    default:
        return NULL;
    }
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
    char count[32];
    g_snprintf(count, sizeof count, "%" G_GINT64_FORMAT, view->model->seq);
    g_autofree char *position =
            *code ? g_strdup_printf(tr("ledger: %s events   signed %s"), count, code)
                  : g_strdup_printf(tr("ledger: %s events"), count);
    view_text(view, (struct text_style){FONT_TEXT, 12, asked ? style.c : C_DIM, RIGHT, 0},
            r.x + r.w - px(view, 10), y, position);
}

static const char *const sheet[][2] = {
        {"Space", WORD("pause or resume; in a replay: play or stop")},
        {"↑ ↓ End", WORD("choose an inject; the last")},
        {"Enter, y", WORD("fire the chosen inject now")},
        {"H   ⇧H", WORD("hold or release it; all of them")},
        {"K, y", WORD("skip it: it never fires by itself")},
        {"E   I", WORD("change it; make a new one")},
        {"O", WORD("agree that it fires, where several must")},
        {"W", WORD("write the report of the exercise")},
        {"X", WORD("acknowledge the oldest alarm")}, {"M", WORD("write to a team or to all")},
        {"P", WORD("give or take points, with a reason")},
        {"F", WORD("freeze the public board, or thaw it")}, {"⇧E, y", WORD("end the exercise")},
        {"R   Home", WORD("replay from here; back to the present")},
        {"← →", WORD("one event back or on")}, {"⇧← ⇧→", WORD("one minute back or on")},
        {"[ ]   D", WORD("speed of the replay; fixed delay")},
        {"click a machine", WORD("choose it: then")}, {"C", WORD("… its console in a terminal")},
        {"Delete, y", WORD("… start it anew")}, {"S", WORD("checkpoint of all machines")},
        {"Ctrl+F", WORD("find a machine, team or address")}, {"/", WORD("filter the events")},
        {"+ − 0, drag", WORD("zoom and move the topology; 0 fits")},
        {"L A T B", WORD("labels, attacks, traffic, screens on or off")},
        {"drag it   G", WORD("move a machine; all go back")},
        {"V", WORD("services or attack steps")}, {"1 … 6, Tab", WORD("choose a panel")},
        {"Page up, down", WORD("scroll the events; with 1 the scores")},
        {"F2 F3", WORD("language; colours")}, {"F11", WORD("wall, without controls; again: back")},
        {"⇧F11", WORD("next view: control, wall, public, instructor")},
        {"F12", WORD("write a screenshot here")}, {"Esc, Q", WORD("close, back; quit")}};

void view_help(struct view *view)
{
    guint half = (G_N_ELEMENTS(sheet) + 1) / 2;
    float w = px(view, 1060);
    float h = px(view, 66 + 26 * (float)half);
    float wide = (float)draw_width(view->draw);
    float high = (float)draw_height(view->draw);
    struct rect r = {roundf((wide - w) / 2), roundf((high - h) / 2), w, h};
    draw_rect(view->draw, (struct rect){0, 0, wide, high}, 0xA0000000U);
    draw_rect(view->draw, r, C_PANEL);
    draw_frame(view->draw, r, px(view, 2), C_DIM);
    view_text(view, (struct text_style){FONT_BOLD, 18, C_TEXT, LEFT, 0}, r.x + px(view, 20),
            r.y + px(view, 16), tr("Keys"));
    for (guint i = 0; i < G_N_ELEMENTS(sheet); i++) {
        float x = r.x + px(view, i < half ? 20 : 540);
        float y = r.y + px(view, 52 + 26 * (float)(i % half));
        view_text(view, (struct text_style){FONT_BOLD, 14, C_UP, LEFT, px(view, 150)}, x, y,
                sheet[i][0]);
        view_text(view, (struct text_style){FONT_TEXT, 14, C_TEXT, LEFT, px(view, 350)},
                x + px(view, 156), y, tr_name(sheet[i][1]));
    }
}
