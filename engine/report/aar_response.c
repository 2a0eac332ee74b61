/* aar_response.c - the after-action report: what followed a step, and how soon.
 *
 * Three things are looked for: the first report of the step by the team that was attacked; the
 * first thing that this team did to its machines or routers after the step began; and the first
 * outage, of a service on the attacked machine, that began while the step ran or within two looks
 * after it. They are facts in order of time; that the one caused the other is for people to say.
 */
#include "report/aar_internal.h"

#include "base/json.h"
#include "score/technique.h"

#include <string.h>

#define ACTS_MAX 20000

/* ---- what teams do and say ----------------------------------------------------------------- */

/* The program and the place, not the whole command: there may be a password in it, and teams read
 * each other's part of the report. The event's number leads to the rest. */
static char *act_text(const struct event *event, const cJSON *body)
{
    const cJSON *program = cJSON_GetArrayItem(json_array(body, "argv"), 0);
    const char *what =
            cJSON_IsString(program) ? program->valuestring : json_string(body, "path", "");
    return g_strdup_printf("%s %s %s", json_string(body, "action", "rules"), what,
            json_string(body, "machine", event->subject));
}

void aar_apply_act(struct aar *aar, const struct event *event, const cJSON *body)
{
    static const char *const acts[] = {"exec", "write", "rule", NULL};
    const char *action = json_string(body, "action", "");
    bool is_rules = !strcmp(event->kind, "router.rules") &&
                    !strcmp(json_string(body, "state", ""), "applied");
    bool asked = !is_rules && !strcmp(json_string(body, "state", ""), "asked");
    if (!*event->team || asked || (!is_rules && !g_strv_contains(acts, action)) ||
            aar->acts_count >= ACTS_MAX) {
        return;
    }
    g_autofree char *text = act_text(event, body);
    cJSON *act = cJSON_CreateObject();
    cJSON_AddStringToObject(act, "team", event->team);
    json_add_int(act, "at_us", event->at_us);
    json_add_int(act, "seq", event->seq);
    cJSON_AddStringToObject(act, "act", text);
    cJSON_AddItemToArray(aar->acts, act);
    aar->acts_count++;
}

void aar_apply_report(struct aar *aar, const struct event *event, const cJSON *body)
{
    if (!*event->team || aar->reports_count >= ACTS_MAX) {
        return;
    }
    cJSON *report = cJSON_CreateObject();
    cJSON_AddStringToObject(report, "team", event->team);
    json_add_int(report, "at_us", event->at_us);
    json_add_int(report, "seq", event->seq);
    cJSON_AddStringToObject(report, "step", event->subject);
    cJSON_AddStringToObject(report, "technique", json_string(body, "what", ""));
    cJSON_AddItemToArray(aar->reports, report);
    aar->reports_count++;
}

/* ---- what belongs to a step ---------------------------------------------------------------- */

static bool is_about(const cJSON *report, const cJSON *run)
{
    return !strcmp(json_string(report, "step", ""), json_string(run, "step", "")) ||
           technique_is_related(json_string(report, "technique", ""),
                   json_string(json_object(run, "attack"), "id", ""));
}

static const cJSON *first_after(const cJSON *list, const cJSON *run, bool about)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(json_string(item, "team", ""), json_string(run, "team", "")) &&
                json_int(item, "seq", 0) > json_int(run, "start_seq", 0) &&
                (!about || is_about(item, run))) {
            return item;
        }
    }
    return NULL;
}

/* Is the service on that machine ("web") of the run's target ("blue1/web")? */
static bool is_on_target(const cJSON *service, const cJSON *run)
{
    const char *to = json_string(run, "to", "");
    const char *name = strrchr(to, '/');
    return !strcmp(json_string(service, "team", ""), json_string(run, "team", "")) &&
           !strcmp(json_string(service, "machine", ""), name ? name + 1 : to);
}

/* The first span of the service that began to be down while the step ran or soon after. */
static const cJSON *outage_of(const cJSON *service, const cJSON *run)
{
    gint64 until_us =
            json_int(run, "ended_us", G_MAXINT64 / 4) + 2 * json_int(service, "every_us", 0);
    const cJSON *span = NULL;
    cJSON_ArrayForEach(span, json_array(service, "spans"))
    {
        gint64 from_us = json_int(span, "from_us", 0);
        if (!strcmp(json_string(span, "status", ""), "down") &&
                from_us >= json_int(run, "started_us", 0) && from_us <= until_us) {
            return span;
        }
    }
    return NULL;
}

static void add_outage(cJSON *response, const cJSON *run, const cJSON *services)
{
    const cJSON *found = NULL;
    const cJSON *of = NULL;
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, services)
    {
        const cJSON *span = is_on_target(service, run) ? outage_of(service, run) : NULL;
        if (span && (!found || json_int(span, "from_seq", 0) < json_int(found, "from_seq", 0))) {
            found = span;
            of = service;
        }
    }
    if (!found) {
        return;
    }
    cJSON *outage = cJSON_AddObjectToObject(response, "outage");
    cJSON_AddStringToObject(outage, "service", json_string(of, "service", ""));
    cJSON_AddStringToObject(outage, "title", json_string(of, "title", ""));
    json_add_int(outage, "from_us", json_int(found, "from_us", 0));
    json_add_int(outage, "to_us", json_int(found, "to_us", 0));
    json_add_int(outage, "from_seq", json_int(found, "from_seq", 0));
    json_add_int(outage, "to_seq", json_int(found, "to_seq", 0));
    cJSON_AddBoolToObject(outage, "over", found->next != NULL);
}

void aar_add_responses(const struct aar *aar, cJSON *steps, const cJSON *services)
{
    cJSON *run = NULL;
    cJSON_ArrayForEach(run, steps)
    {
        cJSON *response = cJSON_AddObjectToObject(run, "response");
        const char *verdict = json_string(run, "verdict", "");
        if (!strcmp(verdict, "skipped")) {
            continue;
        }
        const cJSON *report = first_after(aar->reports, run, true);
        const cJSON *act = first_after(aar->acts, run, false);
        if (report) {
            json_add_int(response, "reported_us", json_int(report, "at_us", 0));
            json_add_int(response, "report_seq", json_int(report, "seq", 0));
        }
        if (act) {
            json_add_int(response, "acted_us", json_int(act, "at_us", 0));
            json_add_int(response, "act_seq", json_int(act, "seq", 0));
            cJSON_AddStringToObject(response, "act", json_string(act, "act", ""));
        }
        if (!strcmp(verdict, "effect")) {
            add_outage(response, run, services);
        }
    }
}
