/* run_capture_resume.c - captures that were on when the engine was killed: what they have left goes to
 * the record, and they go on.
 */
#include "run/capture_left.h"
#include "run/run_capture.h"
#include "run/run_work.h"

struct left { /* a capture that was on when the engine was killed */
    struct run_capture *capture;
    char *folder, *stem;
    gint64 since_us;
    cJSON *files;
};

static struct left *left_new(struct run_capture *capture)
{
    struct left *left = g_new0(struct left, 1);
    left->capture = capture;
    left->folder = run_capture_folder(capture->exercise);
    left->stem = world_capture_stem(run_capture_network(capture));
    left->since_us = capture->exercise->resume->created_wall_us;
    return left;
}

/* In a thread, but for an exercise that ends: gigabytes may be hashed. */
static void look_at_left(gpointer data)
{
    struct left *left = data;
    left->files = capture_left_files(left->folder, left->stem, left->since_us);
}

/* Its files are on the record from now on. */
static void record_left(struct left *left)
{
    const struct run_capture *capture = left->capture;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", "resume");
    cJSON_AddStringToObject(body, "folder", left->folder);
    cJSON_AddStringToObject(body, "problem", "the engine was gone");
    cJSON_AddItemToObject(body, "files", g_steal_pointer(&left->files));
    run_capture_record(capture, "capture.stopped", body);
    run_record_then(
            capture->exercise, run_capture_resource(capture, "resource.closed"), NULL, NULL);
}

static void left_free(struct left *left)
{
    cJSON_Delete(left->files);
    g_free(left->folder);
    g_free(left->stem);
    g_free(left);
}

/* Not before: the new capture's files lie beside them. */
static void on_left(struct exercise *exercise, gpointer data)
{
    struct left *left = data;
    if (exercise) {
        struct run_capture *capture = left->capture;
        capture->state = RUN_CAPTURE_OFF;
        record_left(left);
        if (!exercise->ending) {
            run_capture_start(capture, "resume");
        }
        run_captures_settle(exercise);
    }
    left_free(left);
}

bool run_capture_was_on(const struct run_capture *capture)
{
    g_autofree char *subject = g_strdup_printf("capture:%s", run_capture_network(capture)->id);
    return g_hash_table_contains(capture->exercise->resume->open, subject);
}

/* One that was stopped had only this left. */
static bool close_stopped(const struct run_capture *capture)
{
    const struct resume *resume = capture->exercise->resume;
    bool stopped = g_hash_table_contains(resume->stopped, run_capture_network(capture)->id);
    if (stopped) {
        run_record_then(
                capture->exercise, run_capture_resource(capture, "resource.closed"), NULL, NULL);
    }
    return stopped;
}

void run_capture_go_on(struct run_capture *capture)
{
    if (!close_stopped(capture)) {
        capture->state = RUN_CAPTURE_STARTING;
        run_work(capture->exercise, look_at_left, on_left, left_new(capture));
    }
}

/* The exercise ends, and has nothing else to do. */
void run_capture_close_left(struct run_capture *capture)
{
    if (!close_stopped(capture)) {
        struct left *left = left_new(capture);
        look_at_left(left);
        record_left(left);
        left_free(left);
    }
}
