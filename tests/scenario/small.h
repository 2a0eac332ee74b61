/* small.h - one team, one attacker and a simulated world that does as a test says. */
#pragma once

#include "scenario/rehearsal.h"

struct small {
    struct rehearsal r;
    bool opens, closes, dead, tool_is_missing, hangs, pause_at_probe;
    bool pause_at_act, clock_only, count_is_lost, shouts;
    const char *log_line; /* what the attack leaves in the defender's log, or NULL */
    int counter, counts;  /* now; what the attack adds */
};

G_GNUC_UNUSED static int web(const struct small *s)
{
    return plan_machine_index(s->r.plan, "blue1/web");
}

G_GNUC_UNUSED static int attacker(const struct small *s)
{
    return plan_machine_index(s->r.plan, "attacker");
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct small *s = data;
    (void)machine;
    if (!strcmp(argv[0], "counter") && s->count_is_lost) {
        s->count_is_lost = false; /* once */
        return -1;
    }
    if (!strcmp(argv[0], "counter")) {
        *out = g_strdup_printf("packets %d\n", s->counter);
        return 0;
    }
    assert_string_equal(argv[0], "ip"); /* ip netns exec blue1 COMMAND … */
    const char *command = argv[4];
    if (s->tool_is_missing) {
        *err = g_strdup("\33[31mexec of \"open\" failed: No such file or directory\n");
        return 255;
    }
    if (s->pause_at_act) {
        s->pause_at_act = false;
        assert_true(exercise_pause(s->r.exercise, "test", NULL));
    }
    if (!strcmp(command, "open") && s->opens) {
        world_sim_write(s->r.world, machine, "/root/open", "yes\n");
    } else if (!strcmp(command, "close") && s->closes) {
        s->r.world->ops->write(s->r.world, machine, "/root/open", "no\n", 3, rehearsal_ignore, s);
    } else if (!strcmp(command, "log") && s->log_line) {
        world_sim_write(s->r.world, web(s), "/var/log/auth.log", s->log_line);
    } else if (!strcmp(command, "count")) {
        s->counter += s->counts;
    }
    if (s->shouts) {
        *out = g_strnfill(20000000, 'x');
        *err = g_strnfill(VIRT_OUTPUT_MAX, 'y');
    }
    return s->hangs ? -1 : 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    struct small *s = data;
    (void)team;
    (void)value;
    if (probe->protocol != PLAN_TCP) {
        return WORLD_OK;
    }
    if (s->pause_at_probe) {
        s->pause_at_probe = false;
        assert_true(s->clock_only ? exercise_pause_clock(s->r.exercise, "test", NULL)
                                  : exercise_pause(s->r.exercise, "test", NULL));
        return WORLD_DOWN; /* it is suspended under the probe's hands */
    }
    *detail = g_strdup("\33]0;owned\a simulated");
    return s->dead ? WORLD_DOWN : WORLD_OK;
}

static void begin(struct small *s)
{
    const struct world_sim_hooks hooks = {.data = s, .exec = on_exec, .probe = on_probe};
    rehearsal_start(&s->r, SANDTABLE_SOURCE_DIR "/tests/scenario/small", &hooks);
}

/* Runs until exercise time at_s. */
static void go(struct small *s, int at_s)
{
    if (!s->r.exercise) {
        begin(s);
        rehearsal_settle(&s->r);
    }
    rehearsal_advance(&s->r, at_s * G_USEC_PER_SEC - clock_now(s->r.clock));
}

/* The last such event's body (the caller's), in which the member name is as wanted. */
G_GNUC_UNUSED static cJSON *expect(const struct small *s, const char *kind, const char *subject,
        const char *name, const char *wanted)
{
    cJSON *body = rehearsal_last(&s->r, kind, NULL, subject);
    if (strcmp(json_string(body, name, "none"), wanted) != 0) {
        g_autofree char *text = json_text(body);
        fail_msg("%s %s: wanted %s, got %s", kind, subject, wanted, text);
    }
    return body;
}
