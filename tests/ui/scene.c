/* scene.c - folding the recorded drill, and more, into a model. */
#include "support/test.h"

#include "scene.h"

#include "base/json.h"
#include "display/source.h"

#include <string.h>

static void fold(struct model *model, const char *path, gint64 until_us, gint64 until_seq)
{
    g_autoptr(GError) error = NULL;
    struct source *source = source_open_file(path, &error);
    assert_no_error(error);
    struct event *event = NULL;
    int got = 0;
    while ((got = source_next(source, &event, &error)) > 0) {
        if (event->at_us <= until_us && event->seq <= until_seq) {
            if (!strcmp(event->kind, SOURCE_TELEMETRY)) {
                (void)model_traffic(model, event);
            } else {
                model_reduce(model, event);
            }
        }
        event_free(event);
    }
    assert_no_error(error);
    assert_int_equal(got, 0);
    source_close(source);
    model_settle(model);
}

struct model *scene_fold(gint64 until_us)
{
    struct model *model = model_new();
    fold(model, SCENE_DRILL, until_us < 0 ? G_MAXINT64 : until_us, G_MAXINT64);
    return model;
}

struct model *scene_fold_seq(gint64 seq)
{
    struct model *model = model_new();
    fold(model, SCENE_DRILL, G_MAXINT64, seq);
    return model;
}

void scene_add(struct model *model, const char *path)
{
    fold(model, path, G_MAXINT64, G_MAXINT64);
}

void scene_tell(struct model *model, const char *kind, const char *team, const char *subject,
        const char *body)
{
    auto_event event = event_new(kind, team, subject, json_parse(body, strlen(body), NULL));
    event->seq = model->seq + 1;
    event->at_us = model->at_us;
    event->wall_us = model->wall_us;
    model_reduce(model, event);
    model_settle(model);
}
