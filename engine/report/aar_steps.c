/* aar_steps.c - the after-action report: each run of an attack step, its verdict and evidence. */
#include "report/aar_internal.h"

#include "base/json.h"

#include <string.h>

#define COMMANDS_MAX 8
#define OUTPUT_MAX 600 /* bytes of a command's output */

static void copy_text(cJSON *to, const char *name, const cJSON *from)
{
    cJSON_AddStringToObject(to, name, json_string(from, name, ""));
}

static cJSON *attack_json(const cJSON *attack)
{
    cJSON *out = cJSON_CreateObject();
    const char *id = json_string(attack, "id", "");
    const char *domain = json_string(attack, "domain", "");
    const char *name = aar_attack_name(domain, id);
    cJSON_AddStringToObject(out, "domain", domain);
    copy_text(out, "version", attack);
    cJSON_AddStringToObject(out, "id", id);
    cJSON_AddStringToObject(out, "name", name ? name : "");
    return out;
}

/* The run of that step against that team that was added last, open or not. */
static cJSON *last_run(const struct aar *aar, const char *team, const char *step)
{
    cJSON *found = NULL;
    cJSON *run = NULL;
    cJSON_ArrayForEach(run, aar->steps)
    {
        if (!strcmp(json_string(run, "step", ""), step) &&
                !strcmp(json_string(run, "team", ""), team)) {
            found = run;
        }
    }
    return found;
}

static cJSON *begin_run(struct aar *aar, const struct event *event, const cJSON *body)
{
    const char *name = json_string(body, "step", event->subject);
    const cJSON *plan = aar_find(json_array(aar->plan, "steps"), "name", name);
    const cJSON *attack = json_object(body, "attack");
    cJSON *run = cJSON_CreateObject();
    cJSON_AddStringToObject(run, "step", name);
    cJSON_AddStringToObject(
            run, "title", json_string(body, "title", json_string(plan, "title", name)));
    cJSON_AddStringToObject(run, "team", event->team);
    cJSON_AddStringToObject(
            run, "attacker", json_string(body, "attacker", json_string(plan, "attacker", "")));
    copy_text(run, "from", body);
    copy_text(run, "to", body);
    cJSON_AddItemToObject(
            run, "attack", attack_json(attack ? attack : json_object(plan, "attack")));
    json_add_int(run, "started_us", event->at_us);
    json_add_int(run, "wall_us", event->wall_us);
    json_add_int(run, "start_seq", event->seq);
    copy_text(run, "repair", plan);
    copy_text(run, "repair_zh", plan);
    cJSON_AddItemToArray(aar->steps, run);
    return run;
}

/* ---- evidence ------------------------------------------------------------------------------ */

static void add_look(cJSON *list, const cJSON *evidence, const char *what)
{
    const cJSON *look = json_object(evidence, what);
    if (!look) {
        return;
    }
    cJSON *out = cJSON_CreateObject();
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(look, "ok");
    cJSON_AddStringToObject(out, "what", what);
    cJSON_AddItemToObject(
            out, "ok", cJSON_IsBool(ok) ? cJSON_CreateBool(cJSON_IsTrue(ok)) : cJSON_CreateNull());
    copy_text(out, "why", look);
    json_add_int(out, "seen_us", json_int(look, "seen_at_us", 0));
    cJSON_AddItemToArray(list, out);
}

static char *tail_of(const char *text)
{
    gsize length = strlen(text);
    const char *from = text + (length > OUTPUT_MAX ? length - OUTPUT_MAX : 0);
    while (from > text && ((unsigned char)*from & 0xc0) == 0x80) {
        from--;
    }
    return g_strdup(from);
}

static cJSON *commands_json(const cJSON *evidence)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *command = NULL;
    int count = 0;
    cJSON_ArrayForEach(command, json_array(evidence, "commands"))
    {
        g_auto(GStrv) argv = json_to_strv(json_array(command, "argv"));
        g_autofree char *line = argv ? g_strjoinv(" ", argv) : g_strdup("");
        const char *out = json_string(command, "out", "");
        const char *err = json_string(command, "err", "");
        g_autofree char *said = tail_of(*out ? out : err);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "argv", line);
        const char *problem = json_string(command, "error", NULL);
        if (problem) {
            cJSON_AddStringToObject(item, "error", problem);
        } else {
            json_add_int(item, "status", json_int(command, "status", 0));
        }
        cJSON_AddStringToObject(item, "out", said);
        cJSON_AddItemToArray(list, item);
        if (++count == COMMANDS_MAX) {
            break;
        }
    }
    return list;
}

/* ---- events -------------------------------------------------------------------------------- */

static void end_run(struct aar *aar, const struct event *event, const cJSON *body)
{
    static const char *const looks[] = {"effect", "blocked_by", "probe", "needs"};
    const cJSON *evidence = json_object(body, "evidence");
    cJSON *run = last_run(aar, event->team, json_string(body, "step", event->subject));
    if (!run || json_string(run, "verdict", NULL)) { /* skipped: it never ran */
        run = begin_run(aar, event, body);
    }
    json_add_int(run, "ended_us", event->at_us);
    json_add_int(run, "seq", event->seq);
    copy_text(run, "verdict", body);
    copy_text(run, "reason", body);
    cJSON_AddBoolToObject(run, "void", json_bool(body, "void", false));
    cJSON *list = cJSON_AddArrayToObject(run, "evidence");
    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        add_look(list, evidence, looks[i]);
    }
    cJSON_AddItemToObject(run, "commands", commands_json(evidence));
}

void aar_apply_step(struct aar *aar, const struct event *event, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    if (!strcmp(event->kind, "step.verdict")) {
        end_run(aar, event, body);
    } else if (!strcmp(state, "running")) {
        begin_run(aar, event, body);
    } else if (!strcmp(state, "undone")) {
        cJSON *run = last_run(aar, event->team, json_string(body, "step", event->subject));
        if (run && !cJSON_HasObjectItem(run, "undone_us")) {
            json_add_int(run, "undone_us", event->at_us);
        }
    }
}

/* ---- restores ------------------------------------------------------------------------------ */

/* As score_correct.c reads it: a later restore of the team takes the place of an earlier one. */
void aar_apply_restored(struct aar *aar, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, json_object(body, "counts"))
    {
        cJSON *spans = cJSON_IsArray(list) ? cJSON_Duplicate(list, true) : NULL;
        if (spans) {
            double rest[] = {(double)event->seq, (double)G_MAXINT64};
            cJSON_AddItemToArray(spans, cJSON_CreateDoubleArray(rest, G_N_ELEMENTS(rest)));
            cJSON_DeleteItemFromObjectCaseSensitive(aar->restored, list->string);
            cJSON_AddItemToObject(aar->restored, list->string, spans);
        }
    }
}

static bool is_within(const cJSON *spans, double seq)
{
    const cJSON *span = NULL;
    cJSON_ArrayForEach(span, spans)
    {
        const cJSON *from = cJSON_GetArrayItem(span, 0);
        const cJSON *to = cJSON_GetArrayItem(span, 1);
        if (cJSON_IsNumber(from) && cJSON_IsNumber(to) && seq >= from->valuedouble &&
                seq <= to->valuedouble) {
            return true;
        }
    }
    return false;
}

void aar_void_undone(const struct aar *aar, cJSON *steps)
{
    cJSON *run = NULL;
    cJSON_ArrayForEach(run, steps)
    {
        const cJSON *spans = json_array(aar->restored, json_string(run, "team", ""));
        gint64 seq = json_int(run, "seq", json_int(run, "start_seq", 0)); /* the verdict's */
        if (spans && !is_within(spans, (double)seq)) {
            cJSON_DeleteItemFromObjectCaseSensitive(run, "void");
            cJSON_AddTrueToObject(run, "void");
        }
    }
}

/* ---- coverage ------------------------------------------------------------------------------ */

static cJSON *technique_of(cJSON *coverage, const cJSON *attack)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, coverage)
    {
        if (!strcmp(json_string(item, "id", ""), json_string(attack, "id", "")) &&
                !strcmp(json_string(item, "domain", ""), json_string(attack, "domain", ""))) {
            return item;
        }
    }
    cJSON *technique = cJSON_Duplicate(attack, true);
    cJSON_AddArrayToObject(technique, "teams");
    cJSON_AddItemToArray(coverage, technique);
    return technique;
}

static const char *const counted[] = {
        "executed", "effect", "blocked", "inert", "fault", "skipped", "detected"};

static cJSON *counts_of(cJSON *technique, const char *team)
{
    cJSON *teams = cJSON_GetObjectItemCaseSensitive(technique, "teams");
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, teams)
    {
        if (!strcmp(json_string(item, "team", ""), team)) {
            return item;
        }
    }
    cJSON *counts = cJSON_CreateObject();
    cJSON_AddStringToObject(counts, "team", team);
    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++) {
        json_add_int(counts, counted[i], 0);
    }
    cJSON_AddItemToArray(teams, counts);
    return counts;
}

static void count(cJSON *counts, const char *what)
{
    cJSON *number = cJSON_GetObjectItemCaseSensitive(counts, what);
    if (number && cJSON_IsNumber(number)) { /* a verdict of that name, not "team" */
        cJSON_SetNumberValue(number, number->valuedouble + 1);
    }
}

cJSON *aar_coverage_json(const cJSON *steps)
{
    cJSON *coverage = cJSON_CreateArray();
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, steps)
    {
        const char *verdict = json_string(run, "verdict", "");
        if (json_bool(run, "void", false)) {
            continue;
        }
        cJSON *counts = counts_of(
                technique_of(coverage, json_object(run, "attack")), json_string(run, "team", ""));
        if (strcmp(verdict, "skipped") != 0) {
            count(counts, "executed");
        }
        if (strcmp(verdict, "executed") != 0 && strcmp(verdict, "detected") != 0) {
            count(counts, verdict);
        }
        if (cJSON_HasObjectItem(json_object(run, "response"), "reported_us")) {
            count(counts, "detected");
        }
    }
    return coverage;
}
