/* model_private.h - what the parts of the model share. */
#pragma once

#include "model.h"

#include <cjson/cJSON.h>

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

/* The handlers of attack.c. */
void model_on_step_state(struct model *model, const struct event *event, const cJSON *body);
void model_on_step_verdict(struct model *model, const struct event *event, const cJSON *body);
