/* exam.h - an exam in a scenario: questions, skills, candidates, secrets of their own.
 *
 * exam = { … } is declared; plan_exam_assign() gives each team of the candidates' group a seat: a
 * pseudonymous id and extra time (from a roster), one variant of every question, secrets. Variant
 * and secret come from HMAC-SHA256 with the exam's key, so who has the key can tell them again and
 * nobody else can. "@{QUESTION.NAME}" in files and set-up commands of the candidates' machines is
 * replaced by the variant's value, "@{QUESTION.secret}" by the secret, "@{candidate}" by the id.
 */
#pragma once

#include "plan/plan.h"

#define PLAN_EXAM_KEY 32
#define PLAN_EXAM_SECRET 16 /* letters of base32 after the prefix: 80 bits */
#define PLAN_EXAM_QUESTIONS_MAX 200
#define PLAN_EXAM_FILE_MAX (512 << 10)

enum plan_exam_kind {
    PLAN_EXAM_CHOICE, /* one of several texts */
    PLAN_EXAM_VALUE,  /* a number, within a tolerance */
    PLAN_EXAM_FLAG,   /* the candidate's own secret, found on a machine */
    PLAN_EXAM_FILE,   /* a file: its SHA-256, or a pattern in it */
    PLAN_EXAM_EFFECT, /* something that holds on the candidate's machines */
    PLAN_EXAM_NONE,
};

struct plan_exam_value { /* values = { port = "2222" } */
    char *key, *text;
};

struct plan_exam_form { /* one variant of a question */
    char *ask;
    GPtrArray *choices;      /* char * */
    char *answer;            /* one of them */
    double value, tolerance; /* NAN: not given */
    bool secret;
    char *sha256, *pattern; /* FILE: one of both; pattern is a regular expression (PCRE) */
    struct plan_predicate *effect;
    GPtrArray *values; /* struct plan_exam_value * */
    int line;
};

struct plan_exam_question {
    char *name, *title, *skill;
    int points, attempts;      /* attempts 0: any number */
    gint64 from_us, to_us;     /* on the candidate's clock; to 0: to the end */
    struct plan_exam_form own; /* what all variants share, or the only one */
    GPtrArray *forms;          /* struct plan_exam_form *; filled in by plan_exam_finish() */
    int line;
};

struct plan_exam_skill {
    char *name, *title;
    int pass; /* per cent; 0: none of its own */
    int line;
};

struct plan_exam_seat {
    char *id; /* pseudonymous */
    int team;
    gint64 factor_milli, extra_us; /* of the duration; beside it */
    GArray *forms;                 /* int: the variant of each question */
    GPtrArray *secrets;            /* char *, of each question; NULL: it has none */
};

struct plan_exam_examiner {
    char *id, *token_sha256; /* token may be NULL: nothing proves who it is */
};

struct plan_exam {
    char *candidates; /* the group */
    gint64 duration_us;
    int pass, attempts; /* per cent; default of the questions */
    bool two_persons, feedback;
    char *prefix;
    GPtrArray *skills, *questions;
    int line;
    /* assigned */
    char *nonce, *key_id;
    GPtrArray *seats, *examiners;
    GPtrArray *hosts; /* struct plan_host *: copies with what is the candidate's own */
};

struct plan_exam *plan_exam_new(void);
void plan_exam_free(struct plan_exam *exam); /* accepts NULL */
struct plan_exam_form *plan_exam_form_new(void);
struct plan_exam_question *plan_exam_question_new(void);
void plan_exam_skill_free(gpointer data);

/* Once read: variants inherit, questions get the defaults. */
void plan_exam_finish(struct plan_exam *exam);
enum plan_exam_kind plan_exam_form_kind(
        const struct plan_exam_form *form); /* NONE: several, none */
enum plan_exam_kind plan_exam_kind_of(const struct plan_exam_question *question);
const char *plan_exam_kind_name(enum plan_exam_kind kind);
int plan_exam_points(const struct plan_exam *exam);
int plan_exam_question_index(const struct plan_exam *exam, const char *name);
/* By id or by the team's id; NULL when there is none. */
const struct plan_exam_seat *plan_exam_seat(const struct plan *plan, const char *name);
const struct plan_exam_form *plan_exam_form_of(
        const struct plan_exam *exam, const struct plan_exam_seat *seat, int question);

/* The choices as the seat sees them, in an order of its own: char *, not owned; unref. */
GPtrArray *plan_exam_choices(
        const struct plan *plan, const struct plan_exam_seat *seat, int question);

/* {"candidates":[{"id","seat","factor","extra"}],"examiners":[{"id","token_sha256"}]}; the error
 * names the place. Hostile input. */
cJSON *plan_exam_roster_parse(const char *text, gsize length, GError **error);
int plan_exam_roster_size(const cJSON *roster); /* candidates; 0 for NULL */

struct plan_exam_ask {
    const unsigned char *key; /* PLAN_EXAM_KEY bytes; kept only as long as the plan */
    const char *nonce;        /* makes the secrets this exercise's own; in the ledger */
    const cJSON *roster;      /* NULL: ids of teams, no extra time */
};
/* After plan_expand(), once; does nothing in a plan without exam. */
bool plan_exam_assign(struct plan *plan, const struct plan_exam_ask *ask, GError **error);

/* As plan.exam in docs/events.md: no answers, no secrets but their digests. */
cJSON *plan_exam_json(const struct plan *plan);

/* PREFIX-XXXXXXXXXXXXXXXX? */
bool plan_exam_is_secret(const char *prefix, const char *text);
/* text as it is compared: no space around, secrets in capitals. The caller's. */
char *plan_exam_normal(enum plan_exam_kind kind, const char *text);
