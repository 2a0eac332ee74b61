/* run_resume_ask.c - questions to the fold: answers of old, what becomes of machines, the plan. */
#include "base/error.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "run/resume.h"

#include <string.h>

struct resume *resume_read(const char *path, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader) {
        return NULL;
    }
    struct resume *resume = resume_new();
    struct event *event = NULL;
    int more = 0;
    while ((more = ledger_reader_next(reader, &event, error)) == 1) {
        resume_apply(resume, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    if (more < 0) {
        resume_free(resume);
        return NULL;
    }
    return resume;
}

/* Where the runs of who that were cut off began: one for each team it plays for. */
static gint64 open_since(const struct resume *resume, const char *who)
{
    gint64 since = G_MAXINT64;
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, resume->tasks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct resume_task *task = value;
        if (resume_task_is_open(task) && !strcmp(task->who, who)) {
            since = MIN(since, task->started_seq);
        }
    }
    return since;
}

char *resume_take_answer(struct resume *resume, const char *who, const char *step, const char *team)
{
    gint64 since = open_since(resume, who);
    for (guint i = 0; i < resume->answers->len; i++) {
        struct resume_answer *answer = resume->answers->pdata[i];
        if (answer->seq > since && !strcmp(answer->who, who) && !strcmp(answer->step, step) &&
                !strcmp(answer->team, team)) {
            char *verdict = g_steal_pointer(&answer->verdict);
            g_ptr_array_remove_index(resume->answers, i);
            return verdict;
        }
    }
    return NULL;
}

void resume_drop_answers(struct resume *resume, const char *who)
{
    for (guint i = resume->answers->len; i-- > 0;) {
        const struct resume_answer *answer = resume->answers->pdata[i];
        if (!strcmp(answer->who, who)) {
            g_ptr_array_remove_index(resume->answers, i);
        }
    }
}

/* A reset that was cut off: to start it anew is what it would have done. */
static bool is_being_reset(const struct resume *resume, const char *machine)
{
    for (guint i = 0; i < resume->requests->len; i++) {
        const struct resume_request *request = resume->requests->pdata[i];
        const cJSON *id = NULL;
        const cJSON *machines = json_array(request->body, "machines");
        if (!strcmp(request->kind, "router.reset")) {
            continue; /* the machines in its body are its team's */
        }
        cJSON_ArrayForEach(id, machines)
        {
            if (cJSON_IsString(id) && !strcmp(id->valuestring, machine)) {
                return true;
            }
        }
    }
    return false;
}

enum world_begin *resume_begin(const struct resume *resume, const struct plan *plan)
{
    enum world_begin *begin = g_new0(enum world_begin, plan->machines->len + 1);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        const struct resume_machine *was = g_hash_table_lookup(resume->machines, machine->id);
        if (is_being_reset(resume, machine->id)) {
            begin[i] = WORLD_FRESH;
        } else if (was && was->gone && resume->began) {
            begin[i] = WORLD_LEAVE;
        } else if (was && was->was_ready) {
            begin[i] = WORLD_ADOPT;
        }
    }
    return begin;
}

static bool differs(const char *what, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
            "the scenario is not the one this exercise was started with (%s): give back the old "
            "one, or `sandtable down` the exercise and start anew",
            what);
    return false;
}

bool resume_plan_fits(const struct resume *resume, const struct plan *plan, GError **error)
{
    const cJSON *old = json_object(resume->created, "plan");
    if (g_strcmp0(json_string(old, "digest", ""), plan->digest) != 0) {
        return differs("its text has changed", error);
    }
    /* through text: numbers compare as the ledger keeps them */
    auto_json json = plan_to_json(plan);
    g_autofree char *text = json_text(json);
    auto_json now = json_parse(text, strlen(text), NULL);
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, old)
    {
        const cJSON *same = cJSON_GetObjectItemCaseSensitive(now, member->string);
        if (!cJSON_Compare(member, same, true)) {
            return differs(member->string, error);
        }
    }
    return true;
}
