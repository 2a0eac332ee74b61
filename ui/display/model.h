/* model.h - what the display knows: a fold over events, and nothing else.
 *
 * The engine's socket, a ledger and a recorded file feed the same model_reduce(). Events are
 * hostile input: unknown kinds, names and members are ignored, all tables are bounded. Times are
 * exercise microseconds unless they are called wall_us.
 */
#pragma once

#include "base/event.h"
#include "score/score.h"

#include <glib.h>
#include <stdbool.h>

#define MODEL_MESSAGES_MAX 200
#define MODEL_LINKS_MAX 1024 /* impaired links */
#define MODEL_FEED_MAX 400   /* lines of the event feed that are kept */
#define MODEL_NOTES_MAX 200  /* of the white cell's own notes */
#define MODEL_MARKS_MAX 600  /* marks on the time line */
#define MODEL_NICS_MAX 16
#define MODEL_TRAFFIC_MAX 5 /* levels of a link's traffic: 1 from 1 kB/s, 2 from 10 kB/s … */

enum model_state { /* as exercise.state has them; NONE before the first event */
    MODEL_NONE,
    MODEL_SETUP,
    MODEL_READY,
    MODEL_RUNNING,
    MODEL_PAUSED,
    MODEL_ENDED,
    MODEL_DOWN,
};

enum status { /* the six shapes of the legend */
    STATUS_UNKNOWN,
    STATUS_UP,
    STATUS_DEGRADED,
    STATUS_DOWN,
    STATUS_DEPLOYING,
    STATUS_HELD,
};

enum attack_state {
    ATTACK_RUNNING,
    ATTACK_EFFECT,
    ATTACK_BLOCKED,
    ATTACK_INERT, /* inert, fault or skipped: it moved nothing */
};

enum tone { /* colour and sign of a line in the feed */
    TONE_DIM,
    TONE_PLAIN,
    TONE_GOOD,
    TONE_WARN,
    TONE_BAD,
    TONE_ATTACK,
    TONE_BLOCK,
    TONE_NOTE, /* the white cell's own */
};

struct sample { /* one point of a team's score over time */
    gint64 at_us;
    gint64 total;
};

struct model_team {
    char *id, *title, *role;
    bool ground;       /* it has networks of its own */
    bool reference;    /* it only shows what is up undefended: no row in the standings */
    GArray *history;   /* struct sample */
    gint64 total;      /* rounded */
    char details[160]; /* what it is made of, in words */
    int rank;          /* its row, from 0; -1: none */
    int place;         /* from 1; equal totals share one */
};

struct model_network {
    char *id, *name, *cidr;
    int team; /* -1: shared */
};

struct model_traffic { /* of one card */
    double bytes;      /* both ways, since the network was made */
    gint64 wall_us;
    int level;
};

struct model_machine {
    char *id, *name, *address;
    int team; /* -1: none */
    enum status status;
    bool screen;      /* it has one */
    char state[16];   /* the word: ready, crashed … */
    char struck[24];  /* technique of the last attack that took effect on it, or "" */
    GArray *networks; /* int, indexes */
    struct model_traffic traffic[MODEL_NICS_MAX]; /* for each of networks */
};

struct model_service {
    char *name, *title, *machine, *group;
};

struct model_cell { /* one service of one team */
    bool exists;
    enum status status;
    guint passed, failed;
    guint32 history; /* bit 0 the last check: 1 passed */
    guint checks;    /* how many bits of history count, at most 32 */
    gint64 at_us;
};

struct model_step {
    char *name, *title, *technique;
};

struct model_inject {
    char *id, *title, *state, *by;
    char *step; /* "" for none */
    int team;
    gint64 planned_us, fired_us; /* planned_us -1: off the list; fired_us -1: not yet */
    int approvals, missing;      /* people who must agree; who have not yet */
    bool added;                  /* while it ran */
};

struct model_attack { /* the last run of one step against one team */
    int step;
    int team;
    int from, to; /* machines, -1 unknown */
    enum attack_state state;
    char verdict[16];
    gint64 since_us;
};

struct model_alarm {
    char *alarm, *subject, *text;
    char *owner; /* who acknowledged it, "": nobody */
    gint64 at_us;
};

struct model_line {
    gint64 seq, at_us;
    int team; /* -1: nobody's */
    enum tone tone;
    bool private; /* of the white cell's own: for the control view only */
    char *text;
};

struct model_note { /* of the white cell's own, about a moment */
    gint64 about_us, seq;
    char *text, *by;
};

struct model_message {
    int team; /* with whom; -1: all */
    bool from_team;
    char *text, *by;
    gint64 seq, at_us;
};

struct model_impairment { /* a link that is not left alone */
    int machine, network;
    bool down;
    char asked[64];    /* "40 ms 2 % · in", or "down" */
    char achieved[64]; /* what was measured, or "" */
    char verdict[16];  /* as-asked, drift, busy, unknown, or "" */
};

enum model_part { /* what a panel shows; see model.rev */
    PART_SCORES,
    PART_TOPOLOGY,
    PART_SERVICES,
    PART_INJECTS,
    PART_EVENTS,
    PART_MESSAGES,
    PART_STEPS,
    PART_LINE,
    PART_BAR,
    PARTS,
};

struct model_mark {
    gint64 at_us;
    enum tone tone;
    bool open; /* the public knows it, too */
};

struct model {
    struct score *score; /* NULL: totals come from outside (model_set_total()) */
    char *name, *title, *accel;
    enum model_state state;
    bool clock_only;            /* of a pause: the machines run on */
    gint64 seq, at_us, wall_us; /* of the last event */
    gint64 duration_us;         /* 0: open end */
    char code[12];              /* of the last signed checkpoint, for outsiders to note */
    guint64 round;              /* the highest check round seen */
    GPtrArray *teams, *networks, *machines, *services, *steps, *injects; /* struct model_… */
    struct model_cell *cells;                                            /* [service][team] */
    GPtrArray *alarms;   /* struct model_alarm, open ones, newest last */
    GPtrArray *messages; /* struct model_message, newest last */
    GPtrArray *notes;    /* struct model_note, newest last */
    GArray *impairments; /* struct model_impairment */
    bool frozen;         /* the public board stands still … */
    gint64 frozen_us;    /* … since this time and … */
    gint64 frozen_seq;   /* … this event */
    gint64 adjusted_seq; /* the last points by hand that nobody took back; 0: none */
    int adjusted_team;
    double adjusted_points;
    GArray *attacks;  /* struct model_attack */
    GQueue feed;      /* struct model_line, newest first */
    GArray *marks;    /* struct model_mark */
    bool stale;       /* totals changed since the last sample */
    gint64 sample_us; /* time of the last sample */
    gint64 sample_gap_us;
    guint sampled;    /* rows of history.h's record that were applied */
    guint rev[PARTS]; /* counts changes of what a panel shows */
    guint life;       /* counts beginnings anew, over all models */
};

struct model *model_new(void);
void model_free(struct model *model); /* accepts NULL */

/* Folds one event in. A second exercise.created starts anew. */
void model_reduce(struct model *model, const struct event *event);

/* What the engine's telemetry says (an event of kind "telemetry", in no ledger). True when a link
 * looks different now. */
bool model_traffic(struct model *model, const struct event *telemetry);

/* For a model without a score of its own: what a team has, from a record of totals. Call
 * model_rank() after the last. */
void model_set_total(struct model *model, int index, gint64 at_us, gint64 total);
void model_rank(struct model *model);

/* Brings totals and ranks up to date; call it before drawing. */
void model_settle(struct model *model);

/* Tells open alarms apart, also in another model of the same exercise; never 0. */
guint64 model_alarm_key(const struct model_alarm *alarm);
guint model_ranked(const struct model *model); /* teams with a row in the standings */
int model_team_find(const struct model *model, const char *id); /* -1: none */
int model_machine_find(const struct model *model, const char *id);
int model_team_index_of(const struct model *model, const struct model_team *team);
const struct model_team *model_team_at(const struct model *model, int index); /* NULL: none */
const struct model_machine *model_machine_at(const struct model *model, int index);
const struct model_service *model_service_at(const struct model *model, int index);
const struct model_note *model_note_at(const struct model *model, int index);
const struct model_inject *model_inject_at(const struct model *model, int index);
struct model_cell *model_cell_at(const struct model *model, int service, int team);
const struct model_attack *model_attack_of(const struct model *model, int step, int team);

/* Share of passed checks in percent, -1 when none was made. */
int model_cell_sla(const struct model_cell *cell);
/* True when the last eight checks changed sides three times or more. */
bool model_cell_flaps(const struct model_cell *cell);

/* Total now less the total span_us ago. */
gint64 model_team_change(const struct model *model, const struct model_team *team, gint64 span_us);
