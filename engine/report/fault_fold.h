/* fault_fold.h - what failed without being a team's fault, folded from the events. */
#pragma once

#include "base/event.h"

struct fault_fold;

struct fault_fold *fault_fold_new(void);
void fault_fold_free(struct fault_fold *fold); /* accepts NULL */
void fault_fold_apply(struct fault_fold *fold, const struct event *event);

/* {"faults": [{"seq","team","service","whose","text","from_us","to_us","checks","open"}],
 *  "credits": [{"seq","team","whose","reason","from_us","to_us","credit_us"}],
 *  "teams": [{"team","credit_us","faults"}]}: in the order of events. A fault that has not ended has
 * "open" true and no to_us. The caller's. */
cJSON *fault_fold_to_json(const struct fault_fold *fold);
