/* check.h - what the parts of plan_check() share. */
#pragma once

#include "plan/plan.h"

struct checker {
    const struct plan *plan;
    GPtrArray *problems;
};

/* " (did you mean …)" and what there is: for messages about an unknown name. items' elements begin
 * with their name. The caller frees it. */
char *check_known(const GPtrArray *items, const char *wrong);

/* Reports a name that breaks the rules; what is "machine", "step" … */
void check_name(const struct checker *check, int line, const char *what, const char *name);

/* A machine of that name must exist; owner is 'step "recon"'. False when reported or NULL. */
bool check_machine(const struct checker *check, int line, const char *owner, const char *member,
        const char *machine);

/* Every ${…} of a command has a meaning. */
void check_argv_names(const struct checker *check, int line, const char *owner, char *const *argv);

/* No literal IPv4 address in the commands of a step, and no unknown ${…}. */
void check_argv(const struct checker *check, int line, const char *owner, char *const *argv);

void check_subnets(const struct checker *check);
void check_hosts(const struct checker *check);
void check_logs(const struct checker *check, const struct plan_host *host);
void check_hardware(const struct checker *check);
void check_probe(const struct checker *check, const char *owner, const struct plan_probe *probe);
void check_predicate(
        const struct checker *check, const char *owner, const struct plan_predicate *predicate);
void check_services(const struct checker *check);
void check_steps(const struct checker *check);
void check_players(const struct checker *check);
void check_timeline(const struct checker *check);
void check_links(const struct checker *check);
void check_exam(const struct checker *check);
/* A wish for a link; owner is "timeline[2].impair" or "links[1]". */
void check_impair(const struct checker *check, const char *owner, const struct plan_impair *impair);
