/* app_private.h - the app's inside, shared by its loop, its keys and its replay. */
#pragma once

#include "app.h"
#include "console.h"
#include "history.h"

struct app {
    struct view view;
    struct model *head;  /* all that came in: the present */
    struct model *past;  /* a moment of it, while replaying */
    struct model *board; /* what the public sees while the board is frozen */
    struct history *history;
    struct source *source;
    SDL_Window *window;
    char *name, *ledger, *socket, *team, *person;
    struct console *console; /* of a machine, or NULL */
    struct report *report;   /* being written, or NULL */
    bool still, dirty, leave, dragging, scrubbing;
    int moving; /* the machine that is held by the mouse, -1 none */
    bool moved;
    bool indexed; /* the ledger's index was saved or loaded */
    gint64 until_us;
    gint64 base_mono;      /* when the last event came in, monotonic */
    gint64 play_mono;      /* when the replay's clock was moved last */
    gint64 shown_s;        /* the second the picture shows */
    gint64 status_until;   /* monotonic */
    gint64 pinged, ponged; /* monotonic: asked, answered; 0: never */
    gint64 load_mono;
    gint64 screen_mono; /* when a machine's screen was asked for last */
    int screen_at;      /* whose, and */
    guint screen_turn;  /* how often so far */
    gint64 total;       /* events in the record, 0 unknown */
    double draw_ms;
    gint shots;
};

void app_input(struct app *app, const SDL_Event *event);
void app_say(struct app *app, bool bad, char *text); /* consumes text */
void app_act(struct app *app, enum action action, int arg);
void app_ask(struct app *app, const char *method, cJSON *params); /* params is consumed */
/* The same in a replay as well: it changes nothing in the exercise. */
void app_tell(struct app *app, const char *method, cJSON *params);
void app_set_mode(struct app *app, enum mode mode);
void app_back(struct app *app);         /* from whatever is open, one at a time */
void app_shoot(struct app *app);        /* a screenshot into the current folder */
void app_choose_model(struct app *app); /* which of the models the view shows */
/* Language or colours changed: words already in the feed are made anew. */
void app_refold(struct app *app);

/* ---- app_index.c --------------------------------------------------------------------------- */

void index_use(struct app *app);
void index_keep(struct app *app);

/* ---- app_console.c ------------------------------------------------------------------------- */

void app_console_open(struct app *app, const char *machine);
void app_console_close(struct app *app);
void app_console_take(struct app *app); /* what has come, and whether it may stay open */
void app_console_scroll(struct app *app, int by);
bool app_console_has_keys(const struct app *app);
bool app_console_input(struct app *app, const SDL_Event *event); /* false: not for it */

/* ---- app_ime.c ----------------------------------------------------------------------------- */

bool ime_input(struct app *app, const SDL_Event *event); /* false: not the input method's */
void ime_drop(struct app *app);                          /* what is being composed is forgotten */
void ime_place(const struct app *app);                   /* says where its list belongs */

/* ---- app_form.c ---------------------------------------------------------------------------- */

void form_open(struct app *app, enum action action);
void form_choose_team(struct app *app, int team);         /* in the form that is open; -1: all */
bool form_input(struct app *app, const SDL_Event *event); /* false: not for the form */

/* Away from the question: at once when nothing is written, else asked about first. */
void form_leave(struct app *app);

/* ---- app_detail.c -------------------------------------------------------------------------- */

bool detail_open_picked(struct app *app);                      /* false: nothing is chosen there */
gint64 detail_picked_moment(struct app *app);                  /* … and its moment, -1 */
bool detail_act(struct app *app, enum action action, int arg); /* false: another action */
bool detail_input(struct app *app, const SDL_Event *event);    /* false: not for the sheet */
void detail_close(struct app *app);

/* ---- app_find.c ---------------------------------------------------------------------------- */

bool find_begin(struct app *app, const char *text); /* false: nothing is called that */
bool find_next(struct app *app, int by);            /* the one after, before */

/* ---- app_look.c ---------------------------------------------------------------------------- */

bool look_act(struct app *app, enum action action, int arg); /* false: another action */
void look_wheel(struct app *app, float x, float y, int by);

/* ---- app_inject.c -------------------------------------------------------------------------- */

/* The chosen inject's time and text into the form; a new or changed one asked of the engine. */
void form_fill_edit(struct app *app);
bool form_send_edit(struct app *app); /* false: something is wrong, and was said */
bool form_send_add(struct app *app);

/* ---- app_report.c -------------------------------------------------------------------------- */

void report_begin(struct app *app); /* writes it in a thread, beside the ledger */
void report_take(struct app *app);  /* says what came of it */
void report_end(struct app *app);   /* waits for the thread */

/* ---- app_screens.c ------------------------------------------------------------------------- */

void screens_tick(struct app *app, gint64 now); /* asks for the next, when it is time */
bool screens_take(struct app *app, const struct event *event); /* something is new */

/* ---- app_layout.c -------------------------------------------------------------------------- */

void layout_load(struct app *app);
void layout_save(struct app *app);
void layout_move(struct app *app, int machine, float x, float y); /* to this place of the window */
void layout_forget(struct app *app);                              /* all go back */

/* ---- replay.c ------------------------------------------------------------------------------ */

void replay_at(struct app *app, gint64 at_us); /* enters, stopped */
void replay_leave(struct app *app);
void replay_step(struct app *app, int by);
void replay_jump(struct app *app, gint64 us);
void replay_toggle(struct app *app);
void replay_speed(struct app *app, int by);
bool replay_tick(struct app *app);          /* moves the replay's clock; something changed */
int replay_patience(const struct app *app); /* ms, -1: no need */

/* ---- app_spawn.c --------------------------------------------------------------------------- */

/* The program sandtable that stands beside this one, for PATH could name another; the caller's. */
char *spawn_program(void);
void spawn_console(struct app *app, const char *machine);
