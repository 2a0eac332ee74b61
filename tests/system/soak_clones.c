/* soak_clones.c - two hundred clones of one warm state, sixteen at a time: no two have the machine
 * id, the host key, the boot id or the first random bytes in common: ./dev soak clones.
 *
 * Some minutes, so no part of ./dev test, where two clones are compared (test_warm.c) and the
 * documents of two hundred (test_world_identity.c). SANDTABLE_SOAK_CLONES asks for another number.
 */
#include "system/system.h"

#define CLONES 200
#define BATCH 16 /* teams of the scenario */
#define READY_LIMIT_S 240

static const char *const what[] = {"machine id", "host key", "boot id", "first random bytes"};

/* The lines of what, in that order. */
static const char script[] =
        "cat /etc/machine-id; cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub; "
        "cat /proc/sys/kernel/random/boot_id; cat /run/first";

static void take(GHashTable *seen, const char *kind, const char *value, const char *whose)
{
    char *key = g_strdup_printf("%s %s", kind, value);
    const char *other = g_hash_table_lookup(seen, key);
    assert_true(strlen(value) >= 32);
    if (other) {
        fail_msg("%s and %s have the same %s: %s", other, whose, kind, value);
    }
    g_hash_table_insert(seen, key, g_strdup(whose));
}

static void ask_clone(GHashTable *seen, const char *name, int team)
{
    g_autofree char *machine = g_strdup_printf("blue%d/web", team);
    g_autofree char *whose = g_strdup_printf("%s of %s", machine, name);
    auto_outcome outcome = CALL("exec", name, machine, "--", "sh", "-c", script);
    if (outcome.status != 0) {
        fail_msg("%s: %s", whose, outcome.err);
    }
    g_auto(GStrv) lines = g_strsplit(g_strchomp(outcome.out), "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(what));
    for (gsize i = 0; i < G_N_ELEMENTS(what); i++) {
        take(seen, what[i], lines[i], whose);
    }
}

/* All of them woke: a machine that booted by itself proves nothing here. */
static void assert_woken(const char *name)
{
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    int woken = 0;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        woken += !strcmp(json_string(event, "kind", ""), "machine.state") &&
                 !strcmp(json_string(body, "state", ""), "ready") &&
                 !strcmp(json_string(body, "way", ""), "warm");
    }
    assert_int_equal(woken, BATCH);
}

static void wake_batch(GHashTable *seen, int number)
{
    g_autofree char *name = g_strdup_printf("soak-clones-%d-%d", getpid(), number);
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    GPid pid = START(log, "run", TESTS_DIR "/system/clones", "--name", name, "--accel", "tcg",
            "--boot", "warm");
    wait_state(name, "running", READY_LIMIT_S, log);
    assert_woken(name);
    for (int team = 1; team <= BATCH; team++) {
        ask_clone(seen, name, team);
    }
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    finish(pid, 60, log);
    unlink(log);
}

static void no_two_of_two_hundred_clones_share_what_makes_them_one(void **state)
{
    (void)state;
    const char *asked = g_getenv("SANDTABLE_SOAK_CLONES");
    gint64 wanted = asked ? g_ascii_strtoll(asked, NULL, 10) : CLONES;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    int batches = 0;
    while (batches * BATCH < wanted) {
        wake_batch(seen, ++batches);
        print_message("%d clones\n", batches * BATCH);
    }
    assert_int_equal(g_hash_table_size(seen), (guint)batches * BATCH * G_N_ELEMENTS(what));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(no_two_of_two_hundred_clones_share_what_makes_them_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
