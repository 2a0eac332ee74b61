/* model_private.h - what the parts of the model share. */
#pragma once

#include "model.h"

#include <cjson/cJSON.h>

/* Counts a change of the parts. */
void model_touch(struct model *model, guint parts);
#define TOUCH(part) (1U << (part))

/* Back to a model that has seen nothing. */
void model_reset(struct model *model);

/* A string member fit to draw: valid UTF-8 (cJSON does not check), short, one line; the caller's. */
char *model_label(const cJSON *object, const char *member, const char *fallback);

/* Fills teams, networks, machines, services, steps, injects from the plan. */
void model_plan_read(struct model *model, const cJSON *plan);

void model_say(struct model *model, const struct event *event, enum tone tone, const char *format,
        ...) G_GNUC_PRINTF(4, 5);
/* open: of an event that the public is given, too. */
void model_mark(struct model *model, gint64 at_us, enum tone tone, bool open);

int model_team_index(const struct model *model, const char *id);
int model_machine_index(const struct model *model, const char *id);
int model_service_index(const struct model *model, const char *name);
int model_step_index(const struct model *model, const char *name);
struct model_inject *model_inject_find(const struct model *model, const char *id);
const char *model_team_title(const struct model *model, const char *id); /* id when unknown */

void model_feed_clear(struct model *model);
struct model_message *model_message_add(struct model *model);
struct model_note *model_note_add(struct model *model);
void model_note_free(gpointer data);
struct model_alarm *model_alarm_add(struct model *model);
void model_clean(char **text, glong max); /* fit to draw: valid, short, one line */

/* ---- model_inject.c ------------------------------------------------------------------------ */

#define MODEL_INJECTS_MAX 2048
void model_read_injects(struct model *model, const cJSON *plan);
struct model_inject *model_inject_add(struct model *model); /* empty, the last */
void model_inject_free(gpointer data);
void model_on_inject(struct model *model, const struct event *event, const cJSON *body);
void model_on_inject_change(struct model *model, const struct event *event, const cJSON *body);

/* The handlers of model_white.c. */
void model_on_message(struct model *model, const struct event *event, const cJSON *body);
void model_on_board(struct model *model, const struct event *event, const cJSON *body);
void model_on_alarm(struct model *model, const struct event *event, const cJSON *body);
void model_on_private(struct model *model, const struct event *event, const cJSON *body);
void model_on_note(struct model *model, const struct event *event, const cJSON *body);
void model_on_impaired(struct model *model, const struct event *event, const cJSON *body);
void model_on_cleared(struct model *model, const struct event *event, const cJSON *body);
void model_on_measured(struct model *model, const struct event *event, const cJSON *body);

void model_on_restored(struct model *model, const struct event *event, const cJSON *body);

/* Of the teams that are back (by index), only the verdicts that body lists still hold. */
void model_attacks_restore(struct model *model, const bool *back, const cJSON *body);

/* The handlers of model_attack.c. */
void model_attacks_end(struct model *model); /* what still runs has no verdict any more */
void model_on_step_state(struct model *model, const struct event *event, const cJSON *body);
void model_on_step_verdict(struct model *model, const struct event *event, const cJSON *body);
