/* exam_request.c - folds what of an exam needs two persons: time asked for, late answers accepted. */
#include "score/exam_internal.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static void grant(struct exam *exam, struct exam_request *request, const struct event *event)
{
    struct exam_candidate *candidate = exam_find(exam, request->candidate);
    request->approved = true;
    if (!candidate) {
        return;
    }
    if (!strcmp(request->action, "extend")) {
        candidate->extended_us += request->us;
        exam_note_credit(candidate, event, "extended", request->us, request->reason);
        return;
    }
    for (guint i = 0; !strcmp(request->action, "accept") && i < candidate->answers->len; i++) {
        struct exam_answer *answer = candidate->answers->pdata[i];
        if (answer->seq == request->answer) {
            answer->accepted = true;
            exam_note_credit(candidate, event, "accepted", 0, request->reason);
        }
    }
}

void exam_apply_request(struct exam *exam, const struct event *event, const cJSON *body)
{
    if (exam->requests->len >= EXAM_LIST_MAX) {
        return;
    }
    struct exam_request *request = g_new0(struct exam_request, 1);
    request->seq = event->seq;
    request->us = exam_span(body, "us", 0);
    request->answer = json_int(body, "answer", 0);
    request->action = g_strdup(json_string(body, "action", ""));
    request->candidate = g_strdup(json_string(body, "candidate", ""));
    request->by = g_strdup(json_string(body, "by", ""));
    request->reason = g_strdup(json_string(body, "reason", ""));
    g_ptr_array_add(exam->requests, request);
    if (!exam->two_persons) {
        grant(exam, request, event);
    }
}

static struct exam_request *find_request(const struct exam *exam, gint64 seq)
{
    for (guint i = 0; i < exam->requests->len; i++) {
        struct exam_request *request = exam->requests->pdata[i];
        if (request->seq == seq) {
            return request;
        }
    }
    return NULL;
}

bool exam_can_approve(const struct exam *exam, gint64 seq, const char *by, GError **error)
{
    const struct exam_request *request = find_request(exam, seq);
    if (!request || request->approved) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no request %" G_GINT64_FORMAT
                " waits for approval; `sandtable exam status` lists them",
                seq);
        return false;
    }
    if (!*by || !strcmp(request->by, by)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "request %" G_GINT64_FORMAT " is %s's own: another person must approve it", seq,
                request->by);
        return false;
    }
    return true;
}

const char *exam_request_candidate(const struct exam *exam, gint64 seq)
{
    const struct exam_request *request = find_request(exam, seq);
    return request ? request->candidate : NULL;
}

void exam_apply_approval(struct exam *exam, const struct event *event, const cJSON *body)
{
    gint64 seq = json_int(body, "request", 0);
    if (exam_can_approve(exam, seq, json_string(body, "by", ""), NULL)) {
        grant(exam, find_request(exam, seq), event);
    }
}
