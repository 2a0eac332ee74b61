/* fuzz_scenario.c - any text as a scenario: it loads or gives problems, and nothing else happens.
 */
#include "script/script.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script = script_load_text(
            (const char *)data, size, "fuzz.lua", NULL, 8 * 1024 * 1024, &plan, problems);
    g_assert(!script == !plan && !script == (problems->len > 0));
    if (plan && plan_expand(plan, 0, NULL)) {
        cJSON_Delete(plan_to_json(plan));
    }
    script_free(script);
    plan_free(plan);
    return 0;
}
