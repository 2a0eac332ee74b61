/* run_evidence.c - what evidence is worth when the attack was cut off: pure.
 *
 * A step is blocked when the world shows that it was prevented. If its commands ran to their end, a
 * line in the defender's log that refuses them will do: there was no more to come. If they were cut
 * off, it shows one refused try, and the next might have got through: an attacker who was merely
 * slow has not been stopped. A counter of dropped packets, a refused connection or a machine that
 * was hardened shows it all the same.
 */
#include "base/json.h"
#include "run/run.h"

/* Refused is what a probe sees now. A line or a file that is missing may only not be there yet. */
static bool no_is_firm(const struct plan_predicate *part)
{
    return part->kind == PLAN_PROBE;
}

bool run_evidence_is_firm(const struct plan_predicate *predicate, const cJSON *evidence)
{
    const cJSON *parts = json_array(evidence, "parts");
    switch (predicate->kind) {
    case PLAN_LOG:
        return false;
    case PLAN_NOT:
        return no_is_firm(g_ptr_array_index(predicate->parts, 0));
    case PLAN_ALL:
    case PLAN_ANY:
        for (guint i = 0; i < predicate->parts->len; i++) {
            const cJSON *part = cJSON_GetArrayItem(parts, (int)i); /* NULL: was not asked */
            if (json_bool(part, "ok", false) &&
                    run_evidence_is_firm(g_ptr_array_index(predicate->parts, i), part)) {
                return true;
            }
        }
        return false;
    case PLAN_FILE:
    case PLAN_EXEC:
    case PLAN_GREW:
    case PLAN_COUNTER:
    case PLAN_PROBE:
        return true;
    }
    return false;
}
