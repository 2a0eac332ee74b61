/* plan_impair.h - what is asked of a link: delay, loss, rate … for each direction, as plain data.
 *
 * A link is a card of a machine and the network it stands on. Directions are the machine's: "in" is
 * what comes to it, "out" what it sends. Values are those of tc-netem(8): a delay varies evenly
 * between delay - jitter and delay + jitter; a reordered frame is one that is sent without the
 * delay; a corrupted one has a single bit changed; rate counts bits of whole Ethernet frames.
 */
#pragma once

#include "plan/plan.h"

#define PLAN_IMPAIR_DELAY_MAX_US (60 * G_USEC_PER_SEC)
#define PLAN_IMPAIR_RATE_MIN 8000            /* bits a second */
#define PLAN_IMPAIR_RATE_MAX 100000000000ULL /* 100 Gbit/s */

enum plan_direction { PLAN_IN, PLAN_OUT, PLAN_DIRECTIONS };

struct plan_impairment { /* one direction; all 0: nothing is asked */
    gint64 delay_us, jitter_us;
    int loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm; /* of a million frames */
    guint64 rate_bps;                                      /* 0: not limited */
};

struct plan_link_ask { /* all that is asked of a link */
    struct plan_impairment direction[PLAN_DIRECTIONS];
    bool down; /* no carrier */
};

struct plan_impair { /* a wish: an entry of the timeline or of links, an operator's call */
    char *machine;
    char *network;               /* or NULL: the machine's only one; a clear: all */
    struct plan_impairment both; /* what stands beside the names … */
    char *direction;             /* … is meant for "in", "out", or "both" (default) */
    struct plan_impairment *directions[PLAN_DIRECTIONS]; /* what a direction has of its own */
    bool down;
    bool clear;
    bool given; /* values stand there, though perhaps not readable ones */
    int line;
};

struct plan_impair *plan_impair_new(void);
void plan_impair_free(struct plan_impair *impair); /* accepts NULL */

/* "in", "out"; *ret_mask gets the bits of the directions that text names (NULL: both). */
const char *plan_direction_name(enum plan_direction direction);
bool plan_direction_parse(const char *text, guint *ret_mask);

/* The names of the values: delay, jitter, loss, duplicate, reorder, corrupt, rate; NULL ends. */
extern const char *const plan_impairment_keys[];

/* Reads one value: delay = "40ms", loss = "2%", rate = "5mbit". The error says what is expected,
 * and leaves impairment alone. */
bool plan_impairment_set(
        struct plan_impairment *impairment, const char *key, const char *text, GError **error);

/* Whether the values can go together: a jitter of at most the delay, a delay to overtake … */
bool plan_impairment_check(const struct plan_impairment *impairment, GError **error);
bool plan_impairment_is_nothing(const struct plan_impairment *impairment);
bool plan_link_ask_is_nothing(const struct plan_link_ask *ask);
bool plan_link_ask_is_same(const struct plan_link_ask *a, const struct plan_link_ask *b);

/* ask after the wish: directions it does not name stay as they are. */
void plan_impair_apply(const struct plan_impair *impair, struct plan_link_ask *ask);

/* "web office out: delay 40ms", "web: clear": of a wish. The caller frees it. */
char *plan_impair_title(const struct plan_impair *impair);

/* "delay 40ms ± 5ms, loss 2 %, rate 5 Mbit/s", or "nothing". The caller frees it. */
char *plan_impairment_text(const struct plan_impairment *impairment);
char *plan_rate_text(double bps);

/* {"delay_us","jitter_us","loss_ppm","duplicate_ppm","reorder_ppm","corrupt_ppm","rate_bps"}, only
 * what is asked; and back, false when a member is no such number. */
cJSON *plan_impairment_to_json(const struct plan_impairment *impairment);
bool plan_impairment_from_json(const cJSON *json, struct plan_impairment *ret);
/* {"in": …, "out": …, "down": true}; and back. */
cJSON *plan_link_ask_to_json(const struct plan_link_ask *ask);
bool plan_link_ask_from_json(const cJSON *json, struct plan_link_ask *ret);

/* What impairments of this kind need of the kernel. */
#define PLAN_NEEDS_NETEM 1U /* everything but a rate and a link that is down */
#define PLAN_NEEDS_RATE 2U
#define PLAN_NEEDS_OUT 4U /* anything on the way out of a machine */
guint plan_link_ask_needs(const struct plan_link_ask *ask);

/* What the links and the timeline of a scenario need, 0 when they ask for nothing. Functions are
 * not looked into. */
guint plan_impair_needs(const struct plan *plan);

/* The cards (indices) of machine that network means to team: NULL means each; a network's id
 * ("blue1/office") or name. team -1: all of that name. */
GArray *plan_link_cards(const struct plan *plan, int machine, const char *network, int team);

/* "blue1/web:office"; for a machine on copies of a network "attacker:blue1/office". The caller
 * frees it. */
char *plan_link_id(const struct plan *plan, int machine, int card);

/* The machine of that id, or the only one of that name; -1 and an error that names another. */
int plan_link_machine(const struct plan *plan, const char *name, GError **error);

/* The machine's name or id, the network's name or id → machine and the one card; an error names
 * what there is. */
bool plan_link_find(const struct plan *plan, const char *machine, const char *network,
        int *ret_machine, int *ret_card, GError **error);
