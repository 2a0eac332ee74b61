/* run_power.c - restart: a machine is switched off and on; what is on its disks stays. */
#include "base/error.h"
#include "base/text.h"
#include "run/run_restart.h"

struct power {
    char *id;
    int team;
    struct run_restart *restart;
};

static void power_free(gpointer data)
{
    struct power *power = data;
    g_free(power->id);
    g_free(power);
}

static void on_done(struct exercise *exercise, const GError *error, gint64 took_ms, gpointer data)
{
    struct power *power = data;
    (void)took_ms; /* the machine's own events tell */
    if (error) {
        run_alarm(exercise, "restart-failed", power->team, power->id, error->message);
    } else {
        run_machine_back(exercise, power->id);
    }
    power_free(power);
}

static void make(struct exercise *exercise, const GError *refused, gpointer data)
{
    const struct power *power = data;
    struct world *world = exercise->options.world;
    if (refused) {
        run_restart_made(refused, run_restart_made_data(power->restart));
    } else if (!exercise->ending) {
        world->ops->restart(world, power->restart->machines, power->restart->n, run_restart_made,
                run_restart_made_data(power->restart));
    }
}

bool exercise_restart(struct exercise *exercise, const char *id, const char *who, GError **error)
{
    int machine = run_find_machine(exercise, id, error);
    if (machine < 0 || !run_restart_is_possible(exercise, &machine, 1, error)) {
        return false;
    }
    struct power *power = g_new0(struct power, 1);
    power->id = g_strdup(id);
    power->team = run_machine_plan(exercise, machine)->team;
    g_autofree char *what = g_strdup_printf("%s is being restarted", id);
    power->restart = run_restart_new(exercise, &machine, 1, what, on_done, power_free, power);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "restart");
    cJSON_AddStringToObject(body, "by", who);
    cJSON_AddStringToObject(body, "target", id);
    run_record_then(exercise,
            run_event(exercise, "operator.action", power->team, exercise->options.plan->name, body),
            make, power);
    return true;
}
