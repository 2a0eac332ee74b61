/* plan.h - a small scenario, read and expanded, for tests of plans. */
#pragma once

#include "support/test.h"

#include "script/script.h"

#include <string.h>

/* Two teams with an office and a plant behind a gate, an attacker in the office, a timeline. SEED
 * is replaced by a number. */
#define TWO_TEAMS                                                                                  \
    "return { title = 'Two', duration = '10m', seed = SEED,\n"                                     \
    "  teams = { blue = { role = 'blue', count = 2, titles = { 'North' } },\n"                     \
    "            red = { role = 'red' } },\n"                                                      \
    "  networks = { office = { team = 'blue', cidr = '10.1.0.0/24', gateway = 'gate' },\n"         \
    "               plant = { team = 'blue', cidr = '10.2.0.0/24', gateway = 'gate' } },\n"        \
    "  machines = {\n"                                                                             \
    "    web = { team = 'blue', image = 'server',\n"                                               \
    "            nics = { office = '10.1.0.10', plant = '10.2.0.11' } },\n"                        \
    "    gate = { team = 'blue', image = 'server', forward = true,\n"                              \
    "             nics = { office = '10.1.0.1', plant = '10.2.0.1' } },\n"                         \
    "    plc = { team = 'blue', image = 'plc', nics = { plant = '10.2.0.10' } },\n"                \
    "    attacker = { team = 'red', image = 'attacker', memory = '192M',\n"                        \
    "                 nics = { office = '10.1.0.66' } } },\n"                                      \
    "  steps = { scan = { attack = { domain = 'ics', version = '18.1', id = 'T0846' },\n"          \
    "    from = 'attacker', to = 'web', act = { { 'nmap', '${to}' } }, undo = { { 'id' } },\n"     \
    "    effect = { ping = { on = 'web' } }, probe = { ping = { on = 'web' } } } },\n"             \
    "  timeline = {\n"                                                                             \
    "    { at = '2m', step = 'scan' }, { at = '1m', note = 'first' },\n"                           \
    "    { at = '2m', step = 'scan', team = 'blue2' },\n"                                          \
    "    { at = '1m', run = function() end }, { at = '1m', note = 'for north', team = 'blue1' "    \
    "},\n"                                                                                         \
    "    { at = '3m', step = 'scan', undo = true }, { at = 0, run = function() end } } }\n"

static inline struct plan *plan_with_seed(const char *text, int teams, const char *seed)
{
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) parts = g_strsplit(text, "SEED", -1);
    g_autofree char *whole = g_strjoinv(seed, parts);
    struct script *script =
            script_load_text(whole, strlen(whole), "two.lua", NULL, 0, &plan, problems);
    if (problems->len > 0) {
        g_autofree char *told = plan_problems_text(problems, "two.lua");
        fail_msg("%s", told);
    }
    script_free(script);
    assert_true(plan_expand(plan, teams, &error));
    assert_no_error(error);
    return plan;
}

/* The expanded plan with so many blue teams (0: as written), seed 7. */
static inline struct plan *plan_of(const char *text, int teams)
{
    return plan_with_seed(text, teams, "7");
}
