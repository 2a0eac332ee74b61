/* exam_view.c - tables of an exam for people. */
#include "cli/exam_view.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "score/exam.h"

#include <string.h>

struct folding {
    struct exam *exam;
    gint64 at_us;
};

static bool fold(const struct event *event, gpointer data)
{
    struct folding *folding = data;
    exam_apply(folding->exam, event);
    folding->at_us = event->at_us;
    return true;
}

struct exam *exam_view_read(const char *ledger, gint64 *ret_at_us, GError **error)
{
    if (!cli_read_verified(ledger, "mark", error)) {
        return NULL;
    }
    struct folding folding = {.exam = exam_new()};
    bool ok = cli_read_ledger(ledger, 1, fold, &folding, error);
    if (ok && !exam_is_one(folding.exam)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s is the ledger of no exam: its scenario has no exam = { … }", ledger);
        ok = false;
    }
    if (!ok) {
        exam_free(folding.exam);
        return NULL;
    }
    *ret_at_us = folding.at_us;
    return folding.exam;
}

static char *time_text(const cJSON *item, const char *name)
{
    gint64 us = json_int(item, name, 0);
    g_autofree char *text = text_clock(ABS(us));
    return g_strconcat(us < 0 ? "-" : "", text + 2, NULL);
}

static char *points_text(const cJSON *item)
{
    return g_strdup_printf("%g / %g", json_number(item, "points", 0), json_number(item, "of", 0));
}

void exam_view_status(const cJSON *status)
{
    const char *const heads[] = {"CANDIDATE", "TEAM", "CLOCK", "ELAPSED", "ALLOWED", "LEFT",
            "STOOD", "ANSWERS", "POINTS"};
    struct cli_table *table = cli_table_new("lllrrrrrr", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "candidates"))
    {
        g_autofree char *elapsed = time_text(item, "elapsed_us");
        g_autofree char *allowed = time_text(item, "allowed_us");
        g_autofree char *left = time_text(item, "left_us");
        g_autofree char *stood = time_text(item, "stood_us");
        g_autofree char *answers = g_strdup_printf("%d", (int)json_int(item, "answers", 0));
        g_autofree char *points = points_text(item);
        const char *const cells[] = {json_string(item, "candidate", ""),
                json_string(item, "team", ""), json_string(item, "state", ""), elapsed, allowed,
                left, stood, answers, points};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
    cJSON_ArrayForEach(item, json_array(status, "pending"))
    {
        g_autofree char *us = time_text(item, "us");
        printf("request %" G_GINT64_FORMAT ": %s %s %s, asked for by %s (%s); another person "
               "approves it\n",
                json_int(item, "request", 0), json_string(item, "action", ""),
                json_string(item, "candidate", ""),
                !strcmp(json_string(item, "action", ""), "extend") ? us : "an answer",
                json_string(item, "by", ""), json_string(item, "reason", ""));
    }
}

void exam_view_paper(const cJSON *paper)
{
    const cJSON *checkpoint = json_object(paper, "checkpoint");
    const cJSON *question = NULL;
    int n = 0;
    printf("%s\ncandidate %s, machines of %s; %d %% passes\n", json_string(paper, "title", ""),
            json_string(paper, "candidate", ""), json_string(paper, "team", ""),
            (int)json_int(paper, "pass", 0));
    printf("%s\n%s\n", json_string(paper, "notice", ""), json_string(paper, "notice_zh", ""));
    if (checkpoint) {
        printf("checkpoint %s of event %" G_GINT64_FORMAT "; note it\n",
                json_string(checkpoint, "code", ""), json_int(checkpoint, "seq", 0));
    }
    cJSON_ArrayForEach(question, json_array(paper, "questions"))
    {
        const cJSON *choice = NULL;
        int k = 0;
        gint64 attempts = json_int(question, "attempts", 0);
        g_autofree char *limit = attempts ? g_strdup_printf("%" G_GINT64_FORMAT, attempts)
                                          : g_strdup("any number of");
        printf("\n%d. %s  (%s, %g points, %s attempts)\n   %s\n", ++n,
                json_string(question, "title", ""), json_string(question, "question", ""),
                json_number(question, "points", 0), limit, json_string(question, "ask", ""));
        cJSON_ArrayForEach(choice, json_array(question, "choices"))
        {
            printf("   %d) %s\n", ++k, cJSON_GetStringValue(choice));
        }
    }
}

static void print_answers(const cJSON *question)
{
    const cJSON *answer = NULL;
    cJSON_ArrayForEach(answer, json_array(question, "answers"))
    {
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(answer, "ok");
        g_autofree char *at = time_text(answer, "elapsed_us");
        const char *why = json_string(answer, "why", NULL);
        printf("    %-12s event %" G_GINT64_FORMAT " at %s: %s%s%s%s\n",
                json_string(question, "question", ""), json_int(answer, "seq", 0), at,
                cJSON_IsNull(ok)   ? "not looked at"
                : cJSON_IsTrue(ok) ? "right"
                                   : "wrong",
                json_bool(answer, "last", false) ? ", looked at when it ended" : "",
                why ? ", does not count: " : "", why ? why : "");
    }
}

void exam_view_mark(const cJSON *mark)
{
    const cJSON *candidate = NULL;
    cJSON_ArrayForEach(candidate, json_array(mark, "candidates"))
    {
        const cJSON *total = json_object(candidate, "total");
        const cJSON *item = NULL;
        g_autofree char *points = points_text(total);
        printf("%s (%s): %s points, %g %%, %s\n", json_string(candidate, "candidate", ""),
                json_string(candidate, "team", ""), points, json_number(total, "percent", 0),
                json_bool(candidate, "passed", false) ? "passed" : "not passed");
        cJSON_ArrayForEach(item, json_array(candidate, "skills"))
        {
            g_autofree char *sum = points_text(item);
            printf("  %-28s %9s  %g %% of %d %% needed: %s\n", json_string(item, "title", ""), sum,
                    json_number(item, "percent", 0), (int)json_int(item, "pass", 0),
                    json_bool(item, "passed", false) ? "reached" : "missed");
        }
        cJSON_ArrayForEach(item, json_array(candidate, "questions"))
        {
            print_answers(item);
        }
    }
}

void exam_view_evidence(const cJSON *evidence)
{
    const cJSON *finding = NULL;
    printf("%s\n", json_string(evidence, "note", ""));
    cJSON_ArrayForEach(finding, json_array(evidence, "findings"))
    {
        g_autofree char *at = time_text(finding, "at_us");
        const char *other = json_string(finding, "other", NULL);
        const cJSON *innocent = NULL;
        g_autofree char *seqs = cJSON_PrintUnformatted(json_array(finding, "seqs"));
        printf("\n%s, %s: %s%s%s\n  T+%s, events %s: %s\n", json_string(finding, "what", ""),
                json_string(finding, "question", ""), json_string(finding, "candidate", ""),
                other ? " and " : "", other ? other : "", at, seqs,
                json_string(finding, "why", ""));
        cJSON_ArrayForEach(innocent, json_array(finding, "innocent"))
        {
            printf("  perhaps: %s\n", cJSON_GetStringValue(innocent));
        }
    }
    if (cJSON_GetArraySize(json_array(evidence, "findings")) == 0) {
        puts("nothing was found");
    }
}
