/* scene.h - a recorded exercise up to a moment, and what a test adds to it. */
#pragma once

#include "display/model.h"

#define SCENE_DRILL TESTS_DIR "/ui/first-drill.ndjson"

/* The drill as recorded, up to until_us (-1: all of it), settled; the caller's. */
struct model *scene_fold(gint64 until_us);
/* The same, up to event seq. */
struct model *scene_fold_seq(gint64 seq);
/* All of a file with one event a line, folded into the model. */
void scene_add(struct model *model, const char *path);
/* One more event, now. body is JSON. */
void scene_tell(struct model *model, const char *kind, const char *team, const char *subject,
        const char *body);
