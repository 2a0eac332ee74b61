/* aar_remarks.c - the after-action report: whatever people must know about the run beside it. */
#include "report/aar_internal.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *kind; /* ends with a point: all that begin so */
    const char *text; /* the member that tells it */
} remarkable[] = {
        {"score.adjusted", "reason"},
        {"score.voided", "reason"},
        {"checkpoint.restored", NULL},
        {"exercise.resumed", NULL},
        {"team.reset", "reason"},
        {"machine.reset", "reason"},
        {"alarm.raised", "text"},
        {"operator.action", "inject"},
        {"operator.exec", NULL},
        {"operator.note", "text"},
        {"score.frozen", "reason"},
        {"fault.", "text"},
        {"exam.outage", "reason"},
        {"exam.requested", "reason"},
        {"exam.approved", "reason"},
};

static int kind_of(const char *kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(remarkable); i++) {
        const char *known = remarkable[i].kind;
        if (g_str_has_suffix(known, ".") ? g_str_has_prefix(kind, known) : !strcmp(kind, known)) {
            return (int)i;
        }
    }
    return -1;
}

/* What the event itself says, else its members in a few words. */
static char *text_of(const struct event *event, const cJSON *body, const char *member)
{
    const char *told = member ? json_string(body, member, "") : "";
    g_auto(GStrv) argv = json_to_strv(json_array(body, "argv"));
    g_autofree char *command = argv ? g_strjoinv(" ", argv) : NULL;
    const char *state = json_string(body, "state", "");
    if (!strcmp(event->kind, "score.adjusted")) {
        return g_strdup_printf("%+.10g: %s", json_number(body, "points", 0), told);
    }
    if (!strcmp(event->kind, "operator.action")) {
        return g_strdup_printf("%s %s%s%s", json_string(body, "action", ""), told,
                json_string(body, "target", ""), json_string(body, "label", ""));
    }
    if (!strcmp(event->kind, "fault.credited")) {
        return g_strdup_printf(
                "+%.1f s %s", json_number(body, "credit_us", 0) / G_USEC_PER_SEC, told);
    }
    if (!strcmp(event->kind, "operator.note")) {
        g_autofree char *about = text_clock(json_int(body, "about_us", event->at_us));
        return g_strdup_printf("%s: %s", about, told);
    }
    if (command || *state) {
        return g_strdup_printf("%s %s", command ? command : state, told);
    }
    return g_strdup(told);
}

/* Each thing once: what only says that it goes on or is over is left out. */
static bool is_again(const struct event *event, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    return (g_str_has_suffix(event->kind, ".reset") && !strcmp(state, "done")) ||
           (!strcmp(event->kind, "operator.exec") && !strcmp(state, "done"));
}

void aar_apply_remark(struct aar *aar, const struct event *event, const cJSON *body)
{
    int kind = kind_of(event->kind);
    if (kind < 0 || is_again(event, body)) {
        return;
    }
    if (cJSON_GetArraySize(aar->remarks) >= AAR_REMARKS) {
        aar->remarks_left++;
        return;
    }
    g_autofree char *text = text_of(event, body, remarkable[kind].text);
    cJSON *remark = cJSON_CreateObject();
    json_add_int(remark, "seq", event->seq);
    json_add_int(remark, "at_us", event->at_us);
    cJSON_AddStringToObject(remark, "kind", event->kind);
    cJSON_AddStringToObject(remark, "team", event->team);
    cJSON_AddStringToObject(remark, "subject", event->subject);
    cJSON_AddStringToObject(remark, "text", g_strstrip(text));
    cJSON_AddStringToObject(remark, "by", json_string(body, "by", ""));
    cJSON_AddItemToArray(aar->remarks, remark);
}
