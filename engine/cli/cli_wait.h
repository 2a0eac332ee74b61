/* cli_wait.h - calls whose outcome is an event. */
#pragma once

#include "cli/cli_view.h"

/* Is this event the outcome? Then *failed, when it is not what was asked for. */
typedef bool (*cli_outcome_fn)(
        const struct event *event, const cJSON *body, gpointer data, bool *failed);

/* Calls method (params is consumed) and waits for its outcome: printed as JSON, or left to the
 * caller as its body in *ret (the caller's). The exit code; error when the outcome is a failure. */
int cli_call_and_wait(const char *name, const char *method, cJSON *params, cli_outcome_fn is_it,
        gpointer data, bool json, cJSON **ret, GError **error);
