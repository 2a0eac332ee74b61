/* fuzz_score.c - scoring models' parameters and what they are told: a line of models, then events. */
#include "base/event.h"
#include "base/json.h"
#include "score/public.h"
#include "score/score.h"
#include "script/score_rules.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *board(const cJSON *models, char **lines)
{
    struct score *score = score_new();
    if (models) {
        score_use(score, models, NULL);
    }
    gint64 seq = 0;
    for (char **line = lines; *line; line++) {
        auto_event event = event_from_line(*line, strlen(*line), NULL);
        if (event) {
            event->seq = ++seq;
            score_apply(score, event);
            auto_event shown = public_event(event);
            (void)shown;
        }
    }
    cJSON *json = score_to_json(score, true);
    char *text = json_text(json);
    cJSON_Delete(json);
    score_free(score);
    return text;
}

/* The same models and events give the same board, whatever they are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script_provide_score_rules();
    g_autofree char *copy = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", 500);
    auto_json models = lines[0] ? json_parse(lines[0], strlen(lines[0]), NULL) : NULL;
    g_autoptr(GError) error = NULL;
    bool usable = models && score_check(models, &error);
    if (models && usable == (error != NULL)) {
        abort();
    }
    char **events = lines[0] ? lines + 1 : lines;
    g_autofree char *one = board(usable ? models : NULL, events);
    g_autofree char *two = board(usable ? models : NULL, events);
    if (strcmp(one, two) != 0) {
        abort();
    }
    return 0;
}
