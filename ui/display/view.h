/* view.h - one picture of the model: what is shown, where, and what a click on it means.
 *
 * view_draw() asks no clock: the picture follows from the model and from struct view alone. A panel
 * whose content has not changed since the last picture is left as it is on the canvas.
 */
#pragma once

#include "draw.h"
#include "model.h"
#include "terminal.h"

enum action { /* what a key or a click asks for */
    ACTION_NONE,
    ACTION_PAUSE,   /* or resume; in a replay: play or stop */
    ACTION_CLOCK,   /* pauses the clock alone, or resumes */
    ACTION_FIRE,    /* asks to confirm, then fires */
    ACTION_APPROVE, /* agrees that the selected inject fires */
    ACTION_EDIT,    /* asks for its time and text */
    ACTION_ADD,     /* asks for a new inject's team, text and time */
    ACTION_HOLD,    /* holds or releases the selected inject */
    ACTION_HOLD_ALL,
    ACTION_SKIP,     /* asks to confirm */
    ACTION_FREEZE,   /* or thaw */
    ACTION_END,      /* asks for the reason */
    ACTION_MESSAGE,  /* asks for whom and what; arg: a team + 1, 0: all */
    ACTION_NOTE,     /* asks for the text; about the moment that is shown */
    ACTION_ADJUST,   /* asks for team, points and reason */
    ACTION_UNDO,     /* the last points by hand; asks to confirm */
    ACTION_ACK,      /* the oldest alarm without an owner, or arg */
    ACTION_RESET,    /* the selected machine; asks to confirm */
    ACTION_SAVE,     /* a checkpoint of all machines */
    ACTION_REPORT,   /* written, and opened */
    ACTION_TERMINAL, /* the selected machine's console, in a terminal of its own */
    ACTION_CONSOLE,  /* … in this window */
    ACTION_FIND,
    ACTION_FILTER,
    ACTION_LABELS,
    ACTION_ATTACKS,
    ACTION_TRAFFIC,
    ACTION_SCREENS,
    ACTION_PLACES, /* machines go back to their places */
    ACTION_STEPS,  /* panel 3: services or attack steps */
    ACTION_HELP,
    ACTION_LANGUAGE,
    ACTION_THEME,
    ACTION_VIEW,
    ACTION_REPLAY, /* enter or leave */
    ACTION_LIVE,
    ACTION_SPEED,  /* arg: +1 or -1 */
    ACTION_DELAY,  /* fixed delay between events */
    ACTION_STEP,   /* arg: +1 or -1 event */
    ACTION_JUMP,   /* arg: seconds */
    ACTION_SCRUB,  /* by the place of the click */
    ACTION_SELECT, /* arg: an inject */
    ACTION_NODE,   /* arg: a machine */
    ACTION_TEAM,   /* arg: a team, of the instructor's view */
    ACTION_FOCUS,  /* arg: a panel */
    ACTION_WHEN,   /* arg: milliseconds: replay of that moment */
    ACTION_LINE,   /* arg: seq of a line of the feed: all of it */
    ACTION_READ,   /* arg: a note of the white cell's own: all of it */
    ACTION_CONSOLE_CLOSE,
    ACTION_FIT,     /* the topology as a whole */
    ACTION_SHOOT,   /* a screenshot */
    ACTION_ARROW,   /* arg: enum way; what it does depends on the panel that has the focus */
    ACTION_LAST,    /* chooses the last inject */
    ACTION_ENTER,   /* opens what is chosen in panels 5 to 7, else fires */
    ACTION_PAGE,    /* arg: lines to scroll, back in time when above 0 */
    ACTION_ZOOM,    /* arg: +1 or -1 */
    ACTION_MOVE,    /* arg: enum way, of the chosen machine */
    ACTION_MACHINE, /* arg: +1 or -1: chooses the next machine */
    ACTION_FOUND,   /* arg: +1 or -1: the next that was found */
    ACTION_PANEL,   /* arg: +1 or -1: the next panel has the focus */
    ACTION_ALARM,   /* arg: an alarm + 1: chooses it */
    ACTION_LETTER,  /* arg: a message: all of it */
    ACTION_BACK,    /* closes what is open, one at a time */
    ACTION_QUIT,
};

enum way { WAY_LEFT, WAY_RIGHT, WAY_UP, WAY_DOWN };

#define CONFIRMED 1 /* arg of an action that was asked about */

struct hit {
    struct rect rect;
    enum action action;
    int arg;
};

enum link {          /* where the events come from */
    LINK_FILE,       /* a ledger or a recorded file */
    LINK_LIVE,       /* an engine that answers */
    LINK_CONNECTING, /* not there yet */
    LINK_GONE,       /* was there */
};

enum mode { MODE_CONTROL, MODE_WALL, MODE_PUBLIC, MODE_INSTRUCTOR, MODES };

enum panel {
    PANEL_BAR,
    PANEL_SCORES,
    PANEL_TOPOLOGY,
    PANEL_SERVICES,
    PANEL_INJECTS,
    PANEL_EVENTS,
    PANEL_TIMELINE,
    PANEL_MESSAGES,
    PANEL_STEPS,
    PANEL_CONSOLE,
    PANEL_HINTS,
    PANELS,
};

#define FORM_FIELDS 3
#define FOCUS_CONSOLE 8 /* the panel's number; it takes the keys */

struct field {
    const char *label; /* English */
    GString *text;
    gsize at, from; /* bytes: where one writes; what is shown begins there */
    char *was;      /* its text when the question was opened, or NULL */
    int team;       /* of a field that chooses: -1 all */
    bool chooses, may_be_all;
};

struct form { /* a question with fields to fill in; open when action is set */
    enum action action;
    const char *title;
    struct field fields[FORM_FIELDS];
    int count, at;
    gint64 about_us;                           /* the moment that was shown when it was opened */
    bool leaving;                              /* "throw it away? y" is being asked */
    struct rect boxes[FORM_FIELDS], ok, leave; /* where they can be clicked */
};

struct detail { /* one event, alarm, note or message, all of it; open when text is set */
    char *title, *text;
    gint64 at_us;                  /* its moment */
    int answer;                    /* the team + 1 that can be answered, or 0 */
    guint64 alarm;                 /* model_alarm_key() of an alarm that is nobody's, or 0 */
    int first, lines, rows;        /* on top; in all and shown, as drawn last */
    struct rect box;               /* … as drawn last, and what can be clicked, w 0: not there */
    struct rect leave, when, does; /* does: answers or acknowledges */
};

struct pick {                  /* what is chosen in the lists of panels 5 to 7; 0: nothing */
    guint64 alarm;             /* model_alarm_key() */
    gint64 line, note, letter; /* seq */
};

struct compose {       /* what an input method has not settled yet */
    char *text;        /* NULL: nothing */
    int start, length; /* characters: the method's caret, and what it has chosen from there on */
    struct rect caret; /* where the text goes, as drawn last: the method's list opens there */
};

struct play { /* a moment of the past is shown, not the present */
    bool on, playing, fixed;
    int speed;       /* index into view_speeds */
    gint64 clock_us; /* what the replay's clock shows */
    gint64 live_us;  /* what the newest event's does */
};
extern const float view_speeds[];
#define VIEW_SPEEDS 5

struct place { /* a panel as it was drawn last */
    struct rect rect;
    guint64 stamp;
    GArray *hits; /* struct hit, later ones on top */
};

struct view {
    struct draw *draw;
    const struct model *model;
    const struct model *present; /* what is known now, while model is the past; NULL: model is */
    enum mode mode;
    float scale;     /* 1 at 1920 x 1080 */
    gint64 clock_us; /* what the exercise clock shows now */
    gint64 wall_us;
    enum link link;
    const char *source;        /* name of the exercise or file */
    const char *person;        /* who sits here, or NULL */
    int focus;                 /* panel 1..6, 7 messages, 8 console, 0 none */
    int selected;              /* inject, -1 none */
    int node;                  /* machine, -1 none */
    int team;                  /* of the instructor's view */
    int scroll;                /* lines of the event feed scrolled back */
    int first_rank;            /* the row on top of the scores, from 0 */
    int letters;               /* messages scrolled back */
    enum action confirm;       /* "fire …? y" is being asked */
    float zoom, pan_x, pan_y;  /* of the topology; 1, 0, 0 fits */
    GHashTable *moved;         /* machine id -> struct point *: dragged there, shares of area */
    guint moves;               /* counts changes of moved */
    GHashTable *thumbs;        /* machine id -> struct thumb *: its screen */
    guint shots;               /* counts changes of thumbs */
    struct rect area;          /* of the whole topology, as drawn last, and */
    struct rect inside;        /* what of it can be seen; w 0: it is not shown */
    struct terminal *terminal; /* of the console that is open, or NULL */
    char *console;             /* whose */
    char *console_note;        /* how it stands */
    int console_back;          /* rows scrolled back */
    bool console_over;         /* nothing comes any more */
    char *status;              /* last answer or error, or NULL */
    char *filter;              /* of the events, or NULL */
    char *find;                /* what was sought last, or NULL */
    struct pick pick;
    struct detail detail;
    struct form form;
    struct compose compose;
    struct play play;
    int load_percent; /* of the host's processors; -1 unknown */
    int lag_ms;       /* until the engine answers; -1 unknown */
    int age_s;        /* of the newest data when it is too old, else 0 */
    int reading;      /* percent of a record that is read; 100: all */
    struct place places[PANELS];
    guint64 overlay;
    struct rect damage[PANELS + 1]; /* what it drew */
    int damages;
    bool help, labels, attacks, traffic, steps, screens;
    bool utc;          /* wall clock in UTC: the same picture on every host */
    bool reports;      /* there is, or will be, a ledger to report on */
    bool status_bad;   /* status is an error */
    bool frozen_board; /* the public view stands still */
    bool whole;        /* the last view_draw() drew everything */
};

struct layout {
    struct rect at[PANELS]; /* w 0: not shown */
};

void view_init(struct view *view, struct draw *draw, const struct model *model);
void view_clear(struct view *view);
void view_draw(struct view *view);
struct layout view_layout(const struct view *view);
struct hit view_hit(const struct view *view, float x, float y);
/* The key of the help sheet there, or that of the line. */
struct hit view_help_hit(const struct view *view, float x, float y);
/* Where the sheet has that row of the table in keys.h; w 0: nowhere. */
struct rect view_help_cap(const struct view *view, guint index);
/* The place in a field's text nearest to x, in bytes. */
gsize view_form_place(const struct view *view, int index, float x);
/* The time on the time line at x; -1: not on it. */
gint64 view_time_at(const struct view *view, float x);
guint view_alarm_count(const struct view *view); /* open ones that concern this view */
int view_event_count(const struct view *view);   /* that the filter lets through */
int view_message_count(const struct view *view); /* that concern this view */
const char *view_mode_name(enum mode mode);      /* control, wall … */
/* Indexes (int) of the injects that concern this view, by time, what is off the list last; the
 * caller's. */
GArray *view_inject_order(const struct view *view);
/* A team of this view, and what the filter lets through: the lists of panels 5 to 7 as they are
 * shown, from the top (time line: the first). Indexes (int) of open alarms, messages, notes; of the
 * feed the lines themselves. The caller's. */
GArray *view_alarm_order(const struct view *view);
GPtrArray *view_line_order(const struct view *view);
GArray *view_letter_order(const struct view *view);
GArray *view_note_order(const struct view *view);
/* Where a machine stands on the screen; false: nowhere. */
bool view_machine_place(const struct view *view, int machine, struct point *ret);
#define VIEW_ZOOM_MIN 0.25F
#define VIEW_ZOOM_MAX 16.0F
/* Moves and zooms the topology so that this machine stands in it with its name. */
void view_show_machine(struct view *view, int machine);
/* A freeze of the public board holds, whatever is shown. */
bool view_freeze_holds(const struct view *view);
/* The chosen machine, -1: none, or it is nothing for this view. */
int view_node(const struct view *view);
/* A team's machines, inject … concern this view. -1: nobody's. */
bool view_shows_team(const struct view *view, int team);
/* The white cell's own notes, those about the past that were written later, too. */
const GPtrArray *view_notes(const struct view *view);
/* The past is on the screen. */
bool view_replays(const struct view *view);
