/* check_probes.c - validation of probes and predicates: machines, ports, Modbus ranges, paths. */
#include "plan/check.h"
#include "plan/router.h"

#include "base/text.h"

#include <string.h>

static void check_modbus(
        const struct checker *check, const char *owner, const struct plan_probe *probe)
{
    const char *const tables[] = {"coil", "discrete", "holding", "input", NULL};
    if (probe->table && !g_strv_contains(tables, probe->table)) {
        g_autofree char *hint = text_did_you_mean(probe->table, tables);
        plan_problem_add(check->problems, plan_line(check->plan, &probe->table, probe->line),
                "%s: unknown Modbus table \"%s\"%s; known are: coil, discrete, holding, input",
                owner, probe->table, hint);
    }
    if (probe->unit < 0 || probe->unit > 255) {
        plan_problem_add(check->problems, plan_line(check->plan, &probe->unit, probe->line),
                "%s: Modbus unit %d is outside 0 to 255", owner, probe->unit);
    }
    if (probe->address < 0 || probe->address > 65535) {
        plan_problem_add(check->problems, plan_line(check->plan, &probe->address, probe->line),
                "%s: Modbus address %d is outside 0 to 65535", owner, probe->address);
    }
    if (!(probe->min <= probe->max) || probe->min < 0 || probe->max > 65535) {
        plan_problem_add(check->problems, plan_line(check->plan, &probe->min, probe->line),
                "%s: a Modbus value cannot lie between %g and %g; min and max go from 0 to 65535, "
                "min first",
                owner, probe->min, probe->max);
    }
}

void check_probe(const struct checker *check, const char *owner, const struct plan_probe *probe)
{
    const struct plan *plan = check->plan;
    if (!probe) {
        return;
    }
    if (check_machine(check, plan_line(plan, &probe->machine, probe->line), owner, "on",
                probe->machine) &&
            plan_host(plan, probe->machine)->nics->len == 0) {
        plan_problem_add(check->problems, plan_line(plan, &probe->machine, probe->line),
                "%s: machine \"%s\" stands on no network, so it cannot be looked at; give it nics",
                owner, probe->machine);
    }
    check_via(check, owner, probe);
    if (probe->port < 0 || probe->port > 65535 ||
            (probe->protocol == PLAN_TCP && probe->port == 0)) {
        plan_problem_add(check->problems, plan_line(plan, &probe->port, probe->line),
                "%s: port %d is outside 1 to 65535", owner, probe->port);
    }
    if (probe->timeout_ms < 10 || probe->timeout_ms > 60000) {
        plan_problem_add(check->problems, plan_line(plan, &probe->timeout_ms, probe->line),
                "%s: a timeout of %d ms is outside 10 ms to 60 s", owner, probe->timeout_ms);
    }
    if (probe->protocol == PLAN_HTTP) {
        if (probe->path && probe->path[0] != '/') {
            plan_problem_add(check->problems, plan_line(plan, &probe->path, probe->line),
                    "%s: HTTP path \"%s\" must begin with \"/\"", owner, probe->path);
        }
        if (probe->status < 100 || probe->status > 599) {
            plan_problem_add(check->problems, plan_line(plan, &probe->status, probe->line),
                    "%s: HTTP status %d is outside 100 to 599", owner, probe->status);
        }
    }
    if (probe->protocol == PLAN_MODBUS) {
        check_modbus(check, owner, probe);
    }
}

/* Every ${…} of a text has a meaning; the same rule as plan_text(). */
static void check_names_in(
        const struct checker *check, int line, const char *owner, const char *text)
{
    for (const char *at = text; at && *at; at++) {
        if (g_str_has_prefix(at, "$${")) {
            at += 2;
            continue;
        }
        const char *end = g_str_has_prefix(at, "${") ? strchr(at, '}') : NULL;
        if (!end) {
            continue;
        }
        g_autofree char *name = g_strndup(at + 2, (gsize)(end - at - 2));
        if (strcmp(name, "to") == 0 || strcmp(name, "team") == 0 || plan_host(check->plan, name)) {
            continue;
        }
        g_autofree char *known = check_known(check->plan->hosts, name);
        plan_problem_add(check->problems, line,
                "%s: ${%s}: unknown machine \"%s\"%s; ${to} is the target, ${team} its team, and "
                "\"$${\" a literal \"${\"",
                owner, name, name, known);
    }
}

void check_argv_names(const struct checker *check, int line, const char *owner, char *const *argv)
{
    for (; argv && *argv; argv++) {
        check_names_in(check, line, owner, *argv);
    }
}

void check_predicate(
        const struct checker *check, const char *owner, const struct plan_predicate *predicate)
{
    const struct plan *plan = check->plan;
    if (!predicate) {
        return;
    }
    if (predicate->kind == PLAN_PROBE) {
        check_probe(check, owner, predicate->probe);
        return;
    }
    for (guint i = 0; i < predicate->parts->len; i++) {
        check_predicate(check, owner, predicate->parts->pdata[i]);
    }
    if (predicate->kind == PLAN_COUNTER) {
        check_counter(check, owner, predicate);
        return;
    }
    if (predicate->kind < PLAN_FILE) {
        return;
    }
    check_machine(check, plan_line(plan, &predicate->machine, predicate->line), owner, "on",
            predicate->machine);
    if (predicate->path && predicate->path[0] != '/') {
        plan_problem_add(check->problems, plan_line(plan, &predicate->path, predicate->line),
                "%s: path \"%s\" must begin with \"/\"", owner, predicate->path);
    }
    check_names_in(
            check, plan_line(plan, &predicate->path, predicate->line), owner, predicate->path);
    check_names_in(check, plan_line(plan, &predicate->contains, predicate->line), owner,
            predicate->contains);
    check_argv(check, predicate->line, owner, predicate->argv);
}
