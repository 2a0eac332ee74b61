/* fuzz_exam.c - rosters, results and events of exams: 'r', 'd' or 'e' first, then the text. */
#include "base/event.h"
#include "base/json.h"
#include "plan/exam.h"
#include "report/exam_result.h"
#include "score/exam.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_roster(const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;
    auto_json roster = plan_exam_roster_parse(text, size, &error);
    if (!roster != (error != NULL) || (roster && plan_exam_roster_size(roster) < 1)) {
        abort();
    }
}

static void try_result(const char *text, size_t size)
{
    struct exam_result result;
    if (exam_result_check(text, size, NULL, &result, NULL)) {
        G_GNUC_UNUSED g_autofree char *page = exam_certificate(&result);
        exam_result_clear(&result);
    }
}

static struct exam *fold(char **lines)
{
    struct exam *exam = exam_new();
    for (char **line = lines; *line; line++) {
        auto_event event = event_from_line(*line, strlen(*line), NULL);
        if (event) {
            exam_apply(exam, event);
        }
    }
    return exam;
}

/* The same events give the same marks, whatever they are. */
static void try_events(const char *text, size_t size)
{
    g_autofree char *copy = g_strndup(text, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", 2000);
    struct exam *exam = fold(lines);
    struct exam *again = fold(lines);
    auto_json one = exam_mark(exam, NULL);
    auto_json two = exam_mark(again, NULL);
    g_autofree char *a = json_text(one);
    g_autofree char *b = json_text(two);
    if (strcmp(a, b) != 0) {
        abort();
    }
    G_GNUC_UNUSED auto_json evidence = exam_evidence(exam);
    G_GNUC_UNUSED auto_json status = exam_status(exam, 1000000);
    exam_free(exam);
    exam_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    if (size < 1) {
        return 0;
    }
    if (data[0] == 'r') {
        try_roster(text, size - 1);
    } else if (data[0] == 'd') {
        try_result(text, size - 1);
    } else {
        try_events(text, size - 1);
    }
    return 0;
}
