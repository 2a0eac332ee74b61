/* drill.h - an exercise of two teams that are reset, saved and put back, on the simulated world. */
#pragma once

#include "scenario/rehearsal.h"

#include "base/paths.h"

#include <sys/stat.h>

#define WAIT_S 20 /* files are read and written in a thread: real time */

struct drill {
    struct rehearsal r;
    bool defended; /* attacks find nothing */
    bool sick;     /* probes of blue1 fail while it is not being restarted */
};

G_GNUC_UNUSED static int machine(const struct drill *d, const char *id)
{
    int index = plan_machine_index(d->r.plan, id);
    assert_true(index >= 0);
    return index;
}

G_GNUC_UNUSED static int on_exec(
        gpointer data, int index, const char *const *argv, char **out, char **err)
{
    struct drill *d = data;
    (void)index;
    (void)out;
    (void)err;
    assert_string_equal(argv[0], "ip"); /* ip netns exec blue1 COMMAND … */
    g_autofree char *target = g_strdup_printf("%s/web", argv[3]);
    g_autofree char *path = g_strdup_printf("/root/%s", argv[4]);
    if (!d->defended) {
        world_sim_write(d->r.world, machine(d, target), path, "yes\n");
    }
    return 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    const struct drill *d = data;
    (void)probe;
    (void)detail;
    (void)value;
    return d->sick && team == plan_team_index(d->r.plan, "blue1") ? WORLD_DOWN : WORLD_OK;
}

G_GNUC_UNUSED static void begin(struct drill *d)
{
    const struct world_sim_hooks hooks = {.data = d, .exec = on_exec, .probe = on_probe};
    rehearsal_open(&d->r, SANDTABLE_SOURCE_DIR "/tests/scenario/checkpoint", &hooks);
}

G_GNUC_UNUSED static void go(struct drill *d, int at_s)
{
    rehearsal_advance(&d->r, at_s * G_USEC_PER_SEC - clock_now(d->r.clock));
}

/* The exercise stands still at this moment until there are so many such events. */
G_GNUC_UNUSED static void wait_for(struct drill *d, const char *kind, int count)
{
    gint64 limit = g_get_monotonic_time() + WAIT_S * G_USEC_PER_SEC;
    while (rehearsal_count(&d->r, kind, NULL) < count) {
        if (g_get_monotonic_time() > limit) {
            fail_msg("no %s number %d", kind, count);
        }
        g_usleep(1000); /* between looks */
        rehearsal_settle(&d->r);
    }
    rehearsal_settle(&d->r);
}

G_GNUC_UNUSED static void checkpoint(struct drill *d, const char *label, const char *team)
{
    g_autoptr(GError) error = NULL;
    int before = rehearsal_count(&d->r, "checkpoint.taken", NULL);
    exercise_checkpoint(d->r.exercise, label, team, "test", &error);
    assert_no_error(error);
    wait_for(d, "checkpoint.taken", before + 1);
}

G_GNUC_UNUSED static void restore(struct drill *d, const char *label, const char *team)
{
    g_autoptr(GError) error = NULL;
    int before = rehearsal_count(&d->r, "checkpoint.restored", NULL);
    exercise_restore(d->r.exercise, label, team, "test", &error);
    assert_no_error(error);
    wait_for(d, "checkpoint.restored", before + 1);
}

G_GNUC_UNUSED static void reset(struct drill *d, const char *target)
{
    g_autoptr(GError) error = NULL;
    exercise_reset(d->r.exercise, target, "test", &error);
    assert_no_error(error);
    rehearsal_settle(&d->r);
}

G_GNUC_UNUSED static gint64 number_of(const struct drill *d, const char *team, const char *member)
{
    auto_json score = exercise_score(d->r.exercise, false);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(score, "teams"))
    {
        if (!strcmp(json_string(item, "team", ""), team)) {
            const cJSON *columns = json_object(item, "columns");
            return json_int(strcmp(member, "total") ? columns : item, member, G_MININT64);
        }
    }
    fail_msg("no team %s", team);
    return 0;
}

/* The sum of the terms is the total, for every team, in the engine's fold and in one of the ledger.
 */
G_GNUC_UNUSED static void assert_explained(const struct drill *d)
{
    struct score *again = score_new();
    struct ledger_reader *reader = ledger_reader_open(d->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        score_apply(again, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    auto_json score = exercise_score(d->r.exercise, true);
    auto_json other = score_to_json(again, true);
    score_free(again);
    g_autofree char *a = json_text(score);
    g_autofree char *b = json_text(other);
    assert_string_equal(a, b);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(score, "teams"))
    {
        gint64 sum = 0;
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, json_array(item, "explain"))
        {
            sum += json_int(term, "points", 0);
        }
        assert_int_equal(sum, json_int(item, "total", -1));
    }
}

struct heard {
    char *text;
    bool done;
};

G_GNUC_UNUSED static void on_read(
        const char *bytes, gsize length, gint64 size, const GError *error, gpointer data)
{
    struct heard *heard = data;
    heard->text = error || size < 0 ? g_strdup("") : g_strndup(bytes, length);
    heard->done = true;
}

/* "" when it is not there. */
G_GNUC_UNUSED static char *file_of(struct drill *d, const char *id, const char *path)
{
    struct heard heard = {0};
    d->r.world->ops->read(d->r.world, machine(d, id), path, 0, 1000, on_read, &heard);
    rehearsal_settle(&d->r);
    assert_true(heard.done);
    return heard.text;
}

G_GNUC_UNUSED static void assert_file(
        struct drill *d, const char *id, const char *path, const char *wanted)
{
    g_autofree char *text = file_of(d, id, path);
    assert_string_equal(text, wanted);
}

G_GNUC_UNUSED static void assert_last(const struct drill *d, const char *kind, const char *team,
        const char *subject, const char *name, const char *wanted)
{
    auto_json body = rehearsal_last(&d->r, kind, team, subject);
    assert_string_equal(json_string(body, name, "none"), wanted);
}
