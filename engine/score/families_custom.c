/* families_custom.c - the model that an exercise brings itself, as one model among the others.
 *
 * It is given events, not facts: those of the kinds that it names are kept beside the facts, or read
 * again, so that a correction and an explanation can run it again. What is void for other models is not told to it
 * either. Corrections themselves it never sees.
 */
#include "score/families.h"
#include "score/score_internal.h"

#include "base/error.h"
#include "base/event_kinds.h"
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define POINTS_MAX 1e9
#define WHY_MAX 256

static const struct score_custom_runner *runner;

void score_custom_provide(const struct score_custom_runner *provided)
{
    runner = provided;
}

/* ---- an entry of plan.score ---------------------------------------------------------------- */

void score_custom_clear(struct score_custom *custom)
{
    if (custom) {
        g_free(custom->from);
        g_free(custom->code);
        cJSON_Delete(custom->settings);
        g_strfreev(custom->parts);
        g_strfreev(custom->events);
        g_free(custom);
    }
}

static bool refuse(GError **error, const char *text)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, text);
    return false;
}

/* "check.*" is a family of kinds; a family has at least one. */
static bool kind_is_known(const char *kind)
{
    gsize length = strlen(kind);
    if (length < 3 || strcmp(kind + length - 2, ".*") != 0) {
        return event_kind_is_known(kind);
    }
    for (int i = 0; event_kinds[i]; i++) {
        if (!strncmp(event_kinds[i], kind, length - 1)) {
            return true;
        }
    }
    return false;
}

static bool check_kinds(const struct score_custom *custom, GError **error)
{
    for (int i = 0; custom->events[i]; i++) {
        const char *kind = custom->events[i];
        if (!kind_is_known(kind)) {
            g_autofree char *hint = text_did_you_mean(kind, event_kinds);
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                    "%s: there are no events \"%s\"%s; docs/events.md lists them", custom->from,
                    kind, hint);
            return false;
        }
    }
    return true;
}

static struct score_custom_rule rule_of(const struct score_custom *custom)
{
    return (struct score_custom_rule){
            .from = custom->from, .code = custom->code, .settings = custom->settings};
}

static bool look_at(struct score_custom *custom, GError **error)
{
    if (!runner) {
        return refuse(error, "this program cannot run scoring models in Lua");
    }
    struct score_custom_rule rule = rule_of(custom);
    gpointer run = runner->start(&rule, &custom->parts, &custom->events, error);
    if (!run) {
        return false;
    }
    runner->stop(run);
    return check_kinds(custom, error);
}

struct score_custom *score_custom_read(const cJSON *item, GError **error)
{
    static const char *const taken[] = {"model", "weight", "max", "from", "code", NULL};
    const char *from = json_string(item, "from", "");
    const char *code = json_string(item, "code", NULL);
    if (!code || !event_name_is_valid(from) || strlen(code) > SCORE_CUSTOM_CODE_MAX) {
        refuse(error, "the model custom is a file in Lua of at most 64 KiB: from = \"rules.lua\"");
        return NULL;
    }
    struct score_custom *custom = g_new0(struct score_custom, 1);
    custom->from = g_strdup(from);
    custom->code = g_strdup(code);
    custom->settings = cJSON_CreateObject();
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, item)
    {
        bool plain =
                cJSON_IsString(value) || (cJSON_IsNumber(value) && isfinite(value->valuedouble));
        if (plain && !g_strv_contains(taken, value->string)) {
            cJSON_AddItemToObject(custom->settings, value->string, cJSON_Duplicate(value, true));
        }
    }
    if (!look_at(custom, error)) {
        score_custom_clear(custom);
        return NULL;
    }
    return custom;
}

/* ---- events that it reads ------------------------------------------------------------------ */

static bool wants(const struct score_custom *custom, const char *kind)
{
    for (int i = 0; custom->events[i]; i++) {
        const char *wanted = custom->events[i];
        gsize length = strlen(wanted);
        bool family = length > 2 && wanted[length - 1] == '*';
        if (family ? !strncmp(wanted, kind, length - 1) : !strcmp(wanted, kind)) {
            return true;
        }
    }
    return false;
}

bool score_wants(const struct score *score, const struct event *event)
{
    for (guint i = 0; i < score->choices->len; i++) {
        const struct score_custom *custom =
                g_array_index(score->choices, struct score_choice_of_model, i).custom;
        if (custom && wants(custom, event->kind)) {
            return true;
        }
    }
    return false;
}

const struct event *score_kept(const struct score *score, gint64 seq)
{
    guint from = 0;
    guint to = score->kept->len;
    while (from < to) {
        guint middle = from + (to - from) / 2;
        const struct event *event = g_ptr_array_index(score->kept, middle);
        if (event->seq == seq) {
            return event;
        }
        if (event->seq < seq) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

/* When an event that was read happened; false: it was not. */
static bool read_at(const struct score *score, gint64 seq, gint64 *ret_us)
{
    guint from = 0;
    guint to = score->facts->len;
    while (from < to) {
        guint middle = from + (to - from) / 2;
        const struct score_fact *fact = &g_array_index(score->facts, struct score_fact, middle);
        if (fact->seq == seq) {
            *ret_us = fact->at_us;
            return fact->kept;
        }
        if (fact->seq < seq) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    const struct event *first = score_kept(score, seq); /* exercise.created is no fact */
    *ret_us = first ? first->at_us : 0;
    return first != NULL;
}

/* ---- the model ----------------------------------------------------------------------------- */

struct custom {
    gpointer run;
    const struct event *now; /* being read */
    char problem[160];       /* why the last points were refused */
};

static bool refuse_points(struct custom *state, const char **ret_problem, const char *format, ...)
        G_GNUC_PRINTF(3, 4);

static bool refuse_points(struct custom *state, const char **ret_problem, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)g_vsnprintf(state->problem, sizeof(state->problem), format, values);
    va_end(values);
    *ret_problem = state->problem;
    return false;
}

static int part_of(const struct score_model *model, const char *part)
{
    const char *const *parts = score_parts(model->choice);
    for (int i = 0; parts[i]; i++) {
        if (!strcmp(parts[i], part)) {
            return i;
        }
    }
    return -1;
}

static bool give(gpointer data, const char *team, const char *part, double points, gint64 seq,
        const char *why, const char **ret_problem)
{
    struct score_model *model = data;
    struct custom *state = score_state(model);
    int index = score_index(model->score->roster.team_ids, team);
    int column = part_of(model, part);
    struct score_fact fact = {.seq = seq > 0 ? seq : state->now->seq, .at_us = state->now->at_us};
    if (index < 0) {
        return refuse_points(state, ret_problem, "there is no team \"%.64s\"", team);
    }
    if (column < 0) {
        return refuse_points(state, ret_problem, "\"%.64s\" is none of the parts", part);
    }
    if (!(fabs(points) <= POINTS_MAX)) {
        return refuse_points(state, ret_problem, "points must be a number up to 1e9 either way");
    }
    if (fact.seq > state->now->seq ||
            (fact.seq < state->now->seq && !read_at(model->score, fact.seq, &fact.at_us))) {
        return refuse_points(
                state, ret_problem, "no event %" G_GINT64_FORMAT " was read before this one", seq);
    }
    g_autofree char *clean = model->explainer ? text_clean_tail(why, strlen(why), WHY_MAX) : NULL;
    score_give(model, index, column, points, &fact, "%s", clean ? clean : "");
    return true;
}

static void tell(struct score_model *model, const struct event *event)
{
    struct custom *state = score_state(model);
    const struct score_custom_sink sink = {.data = model, .give = give};
    g_autoptr(GError) error = NULL;
    state->now = event;
    if (!runner->event(state->run, event, &sink, &error)) {
        model->failure = g_strdup_printf(
                "%s (event %" G_GINT64_FORMAT ", %s)", error->message, event->seq, event->kind);
    }
    state->now = NULL;
}

/* The first event made the model, so it is told here. */
static void custom_open(struct score_model *model)
{
    struct custom *state = score_state(model);
    struct score_custom_rule rule = rule_of(model->choice->custom);
    g_autoptr(GError) error = NULL;
    state->run = runner->start(&rule, NULL, NULL, &error);
    if (!state->run) {
        model->failure = g_strdup(error->message);
        return;
    }
    const struct event *first =
            model->score->kept->len > 0 ? g_ptr_array_index(model->score->kept, 0) : NULL;
    if (first && !strcmp(first->kind, "exercise.created") &&
            wants(model->choice->custom, first->kind)) {
        tell(model, first);
    }
}

static void custom_fact(struct score_model *model, const struct score_fact *fact)
{
    const struct event *event = model->score->now;
    if (model->failure || !fact->kept) {
        return;
    }
    if (!event) {
        model->failure = g_strdup_printf(
                "event %" G_GINT64_FORMAT " cannot be read a second time", fact->seq);
    } else if (wants(model->choice->custom, event->kind)) {
        tell(model, event);
    }
}

static void custom_close(struct score_model *model)
{
    struct custom *state = score_state(model);
    if (state->run) {
        runner->stop(state->run);
    }
}

static const struct score_family custom = {
        .name = "custom",
        .summary = "a file in Lua of the scenario's own (from = \"rules.lua\"): a function that is "
                   "given every event and gives points; other settings are its own",
        .parts = {"custom"}, /* unless it says otherwise */
        .size = sizeof(struct custom),
        .open = custom_open,
        .fact = custom_fact,
        .close = custom_close,
};

const struct score_family *const families_custom[] = {&custom, NULL};
