/* model_private.h - what the parts of the model share. */
#pragma once

#include "model.h"

#include <cjson/cJSON.h>

/* Counts a change of the parts. */
void model_touch(struct model *model, guint parts);
#define TOUCH(part) (1U << (part))

/* Fills teams, networks, machines, services, steps, injects from the plan. */
/* Back to a model that has seen nothing. */
void model_reset(struct model *model);

void model_plan_read(struct model *model, const cJSON *plan);

void model_say(struct model *model, const struct event *event, enum tone tone, const char *format,
        ...) G_GNUC_PRINTF(4, 5);
void model_mark(struct model *model, gint64 at_us, enum tone tone);

int model_team_index(const struct model *model, const char *id);
int model_machine_index(const struct model *model, const char *id);
int model_service_index(const struct model *model, const char *name);
int model_step_index(const struct model *model, const char *name);
struct model_inject *model_inject_find(const struct model *model, const char *id);
const char *model_team_title(const struct model *model, const char *id); /* id when unknown */

void model_feed_clear(struct model *model);
struct model_message *model_message_add(struct model *model);
struct model_alarm *model_alarm_add(struct model *model);
void model_clean(char **text, glong max); /* fit to draw: valid, short, one line */

/* The handlers of model_white.c. */
void model_on_message(struct model *model, const struct event *event, const cJSON *body);
void model_on_board(struct model *model, const struct event *event, const cJSON *body);
void model_on_alarm(struct model *model, const struct event *event, const cJSON *body);
void model_on_note(struct model *model, const struct event *event, const cJSON *body);
void model_on_impaired(struct model *model, const struct event *event, const cJSON *body);
void model_on_cleared(struct model *model, const struct event *event, const cJSON *body);
void model_on_measured(struct model *model, const struct event *event, const cJSON *body);

/* The handlers of attack.c. */
void model_on_step_state(struct model *model, const struct event *event, const cJSON *body);
void model_on_step_verdict(struct model *model, const struct event *event, const cJSON *body);
