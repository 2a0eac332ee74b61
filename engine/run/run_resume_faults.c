/* run_resume_faults.c - faults that were open when the engine was interrupted go on, and are credited.
 *
 * A fault is open from fault.found to fault.cleared; a team's time is lost from the first that is
 * found while none was to fault.credited. Exercise time stands still in the gap, so what is credited
 * in the end is what was lost before it and after it. Where the interruption fell between the last
 * fault.cleared and its credit, the credit is made good at once.
 */
#include "base/json.h"
#include "run/resume.h"
#include "run/run.h"

#include <string.h>

struct open_fault { /* of a service of a team, or (subject "") of the team */
    char *whose, *text;
    gint64 from_us;
    int checks;
};

static void fault_free(gpointer data)
{
    struct open_fault *fault = data;
    g_free(fault->whose);
    g_free(fault->text);
    g_free(fault);
}

static char *key_of(const char *team, const char *service)
{
    return g_strconcat(team, "\n", service, NULL);
}

static struct open_fault *open_one(
        GHashTable *faults, const char *team, const char *service, const struct event *event)
{
    g_autofree char *key = key_of(team, service);
    struct open_fault *fault = g_hash_table_lookup(faults, key);
    if (!fault && event) {
        auto_json body = json_parse(event->body, strlen(event->body), NULL);
        fault = g_new0(struct open_fault, 1);
        fault->whose = g_strdup(json_string(body, "whose", ""));
        fault->text = g_strdup(json_string(body, "text", ""));
        fault->from_us = event->at_us;
        g_hash_table_insert(faults, g_steal_pointer(&key), fault);
    }
    return fault;
}

static void close_one(GHashTable *faults, const char *team, const char *service)
{
    g_autofree char *key = key_of(team, service);
    g_hash_table_remove(faults, key);
}

void resume_apply_fault(struct resume *resume, const struct event *event)
{
    if (!resume->faults) {
        resume->faults = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, fault_free);
    }
    GHashTable *faults = resume->faults;
    if (!strcmp(event->kind, "fault.found")) {
        /* the look that found it stands before it */
        open_one(faults, event->team, event->subject, event)->checks = 1;
        open_one(faults, event->team, "", event)->checks++;
    } else if (!strcmp(event->kind, "fault.cleared")) {
        close_one(faults, event->team, event->subject);
    } else if (!strcmp(event->kind, "fault.credited")) {
        close_one(faults, event->team, "");
    } else if (!strcmp(event->kind, "check.fault")) {
        struct open_fault *own = open_one(faults, event->team, event->subject, NULL);
        struct open_fault *all = own ? open_one(faults, event->team, "", NULL) : NULL;
        if (own && all) {
            own->checks++;
            all->checks++;
        }
    }
}

static enum run_whose whose_of(const char *name)
{
    for (int whose = WHOSE_TEAM; whose <= WHOSE_NETWORK; whose++) {
        if (!strcmp(run_whose_name((enum run_whose)whose), name)) {
            return (enum run_whose)whose;
        }
    }
    return WHOSE_RANGE;
}

static struct run_fault fault_of(const struct open_fault *was)
{
    return (struct run_fault){
            .whose = whose_of(was->whose),
            .from_us = was->from_us,
            .checks = was->checks,
            .text = g_strdup(was->text),
    };
}

void run_faults_take(struct exercise *exercise)
{
    GHashTable *faults = exercise->resume->faults;
    for (guint i = 0; faults && i < exercise->checks->len; i++) {
        struct run_check *check = g_ptr_array_index(exercise->checks, i);
        const struct open_fault *was =
                open_one(faults, run_team_id(exercise, check->team), check->service->name, NULL);
        if (was) {
            check->fault = fault_of(was);
            exercise->teams[check->team].faults++;
        }
    }
    for (guint i = 0; faults && i < exercise->options.plan->teams->len; i++) {
        const struct open_fault *was = open_one(faults, run_team_id(exercise, (int)i), "", NULL);
        if (was) {
            exercise->teams[i].fault = fault_of(was);
        }
    }
}

void run_faults_go_on(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->teams->len; i++) {
        const struct run_team *team = &exercise->teams[i];
        if (team->fault.whose != WHOSE_NOBODY && team->faults == 0) {
            run_fault_credit(exercise, (int)i);
        }
    }
}
