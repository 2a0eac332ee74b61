/* test_checkpoint_virt.c - two real machines saved at one moment, and one of them started again. */
#include "support/host.h"
#include "support/test.h"

#include "base/error.h"
#include "virt/virt.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_LIMIT_S 180 /* TCG on a busy host */
#define LIMIT_S 60
#define MACHINES 2

static char *skip_reason; /* why nothing can be tested here */
static char *root, *folder;
static struct image *image;
static struct virt *virt;
static const char *const names[] = {"m1", "m2", NULL};

static struct seen {
    enum machine_state state;
    char reason[300];
    int agents, pauses, stops, crashes;
} seen[MACHINES];

static struct answer {
    bool done;
    int code; /* of the error, -1: none */
    int status;
    gint64 stood_us;
    int cuts;
    char text[400];
} answer;

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    (void)data;
    struct seen *one = &seen[strcmp(domain, "m1") ? 1 : 0];
    one->state = state;
    one->agents += state == MACHINE_BOOTED && !strcmp(reason, "agent");
    one->pauses += state == MACHINE_PAUSED;
    one->stops += state == MACHINE_STOPPED;
    one->crashes += state == MACHINE_CRASHED;
    g_strlcpy(one->reason, reason, sizeof(one->reason));
}

static void take_error(const GError *error)
{
    answer.done = true;
    answer.code = error ? error->code : -1;
    if (error) {
        g_strlcpy(answer.text, error->message, sizeof(answer.text));
    }
}

static void on_done(const GError *error, gpointer data)
{
    (void)data;
    take_error(error);
}

static void on_cut(gpointer data)
{
    (void)data;
    assert_false(answer.done);
    answer.cuts++;
}

static void on_saved(gint64 stood_us, const GError *error, gpointer data)
{
    (void)data;
    take_error(error);
    answer.stood_us = stood_us;
}

static void on_exec(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    (void)data;
    take_error(error);
    if (result) {
        answer.status = result->status;
        g_strlcpy(answer.text, result->out, sizeof(answer.text));
    }
}

static gboolean set_flag(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static void wait_answer(guint limit_s, const char *what)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(limit_s, set_flag, &late);
    while (!answer.done && !late) {
        g_main_context_iteration(NULL, TRUE);
    }
    if (late) {
        fail_msg("no %s within %u s", what, limit_s);
    }
    g_source_remove(timer);
}

static void wait_agents(int m, int count)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(BOOT_LIMIT_S, set_flag, &late);
    while (seen[m].agents < count && !late) {
        g_main_context_iteration(NULL, TRUE);
    }
    if (late) {
        fail_msg("%s: no agent (%s, %s)", names[m], machine_state_name(seen[m].state),
                seen[m].reason);
    }
    g_source_remove(timer);
}

static const char *shell(const char *domain, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    answer = (struct answer){0};
    virt_exec(virt, domain, argv, 30000, on_exec, NULL);
    wait_answer(LIMIT_S, "end of a program");
    if (answer.code != -1) {
        fail_msg("%s: %s", script, answer.text);
    }
    return answer.text;
}

static int set_up(void **state)
{
    (void)state;
    skip_reason = host_enter("server", &image);
    return 0;
}

static void skip_without_host(void)
{
    if (skip_reason) {
        print_message("skipped: %s\n", skip_reason);
        skip();
    }
}

static gint64 size_of(const char *domain)
{
    g_autofree char *path = virt_checkpoint_file(folder, domain, "ram");
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* ---- in order -------------------------------------------------------------------------------- */

static void two_machines_boot(void **state)
{
    (void)state;
    skip_without_host();
    g_autoptr(GError) error = NULL;
    root = test_mkdtemp();
    folder = g_build_filename(root, "saved", NULL);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    virt = virt_open(root, NULL, on_state, NULL, &error);
    assert_no_error(error);
    for (int m = 0; m < MACHINES; m++) {
        const struct virt_machine machine = {.domain = names[m],
                .kernel = image->kernel,
                .initrd = image->initrd,
                .cmdline = "console=ttyS0 quiet st.name=saved acpi=off",
                .root = image->root,
                .modules = image->modules,
                .memory_mib = MAX(image->memory_mib, 192),
                .vcpus = 1};
        answer = (struct answer){0};
        virt_start(virt, &machine, on_done, NULL);
        wait_answer(LIMIT_S, "start");
    }
    wait_agents(0, 1);
    wait_agents(1, 1);
}

static void a_checkpoint_leaves_both_running_after_a_short_standstill(void **state)
{
    (void)state;
    skip_without_host();
    (void)shell("m1", "echo before >/run/mark; (while :; do date +%s%N >>/run/ticks; done) "
                      ">/dev/null 2>&1 & echo $! >/run/worker");
    answer = (struct answer){0};
    gint64 from = g_get_monotonic_time();
    virt_checkpoint(virt, names, folder, on_cut, on_saved, NULL);
    wait_answer(LIMIT_S, "checkpoint");
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
    print_message("checkpoint %.2f s, stood %.3f s, %.1f + %.1f MB\n",
            (double)(g_get_monotonic_time() - from) / 1e6, (double)answer.stood_us / 1e6,
            (double)size_of("m1") / 1e6, (double)size_of("m2") / 1e6);
    assert_true(answer.stood_us > 0);
    assert_int_equal(answer.cuts, 1);
    assert_true(size_of("m1") > 1000000 && size_of("m2") > 1000000);
    assert_string_equal(shell("m1", "cat /run/mark; kill -0 $(cat /run/worker) && echo works"),
            "before\nworks\n");
    assert_string_equal(shell("m2", "echo well"), "well\n");
    assert_int_equal(seen[0].pauses + seen[1].pauses, 0); /* nobody paused them */
}

static void a_restored_machine_is_as_it_was_and_the_other_is_not_touched(void **state)
{
    (void)state;
    skip_without_host();
    (void)shell("m1", "echo after >/run/mark");
    (void)shell("m2", "echo after >/run/mark");
    answer = (struct answer){0};
    virt_stop(virt, "m1", on_done, NULL);
    wait_answer(LIMIT_S, "stop");
    int agents = seen[0].agents;
    answer = (struct answer){0};
    gint64 from = g_get_monotonic_time();
    virt_restore(virt, "m1", folder, on_done, NULL);
    wait_answer(LIMIT_S, "restore");
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
    wait_agents(0, agents + 1);
    print_message("restore %.2f s to its agent\n", (double)(g_get_monotonic_time() - from) / 1e6);
    assert_string_equal(shell("m1", "cat /run/mark; kill -0 $(cat /run/worker) && echo works"),
            "before\nworks\n");
    assert_string_equal(shell("m2", "cat /run/mark"), "after\n");
    assert_int_equal(seen[0].stops, 1);
    assert_int_equal(seen[0].crashes + seen[1].stops + seen[1].crashes, 0);
}

static void a_file_that_cannot_be_written_leaves_both_running(void **state)
{
    (void)state;
    skip_without_host();
    answer = (struct answer){0};
    virt_checkpoint(virt, names, folder, on_cut, on_saved, NULL); /* its files are there already */
    wait_answer(LIMIT_S, "refusal");
    assert_int_equal(answer.code, SANDTABLE_ERROR_HOST);
    assert_non_null(strstr(answer.text, "m1.ram"));
    assert_string_equal(shell("m1", "echo well"), "well\n");
    assert_string_equal(shell("m2", "echo well"), "well\n");
}

static void a_full_disk_is_named_and_leaves_both_running(void **state)
{
    (void)state;
    skip_without_host();
    g_autofree char *small = g_build_filename(root, "small", NULL);
    assert_int_equal(g_mkdir(small, 0700), 0);
    if (mount("none", small, "tmpfs", MS_NOSUID | MS_NODEV, "size=20m,mode=0700") != 0) {
        print_message("skipped: no file system of 20 MB can be mounted here\n");
        skip();
    }
    answer = (struct answer){0};
    virt_checkpoint(virt, names, small, on_cut, on_saved, NULL);
    wait_answer(LIMIT_S, "failure");
    print_message("%s\n", answer.text);
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_non_null(strstr(answer.text, "cannot be saved"));
    assert_string_equal(shell("m1", "cat /run/mark"), "before\n");
    assert_string_equal(shell("m2", "echo well"), "well\n");
    assert_int_equal(umount(small), 0);
}

static void a_checkpoint_after_a_failed_one_works(void **state)
{
    (void)state;
    skip_without_host();
    g_autofree char *again = g_build_filename(root, "again", NULL);
    assert_int_equal(g_mkdir(again, 0700), 0);
    answer = (struct answer){0};
    virt_checkpoint(virt, names, again, on_cut, on_saved, NULL);
    wait_answer(LIMIT_S, "checkpoint");
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
    assert_string_equal(shell("m2", "echo well"), "well\n");

    /* also of a machine that was itself started from a saved state */
    int agents = seen[0].agents;
    (void)shell("m1", "echo later >/run/mark");
    answer = (struct answer){0};
    virt_stop(virt, "m1", on_done, NULL);
    wait_answer(LIMIT_S, "stop");
    answer = (struct answer){0};
    virt_restore(virt, "m1", again, on_done, NULL);
    wait_answer(LIMIT_S, "restore");
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
    wait_agents(0, agents + 1);
    assert_string_equal(shell("m1", "cat /run/mark"), "before\n");
}

static void a_cut_off_file_is_an_error_and_the_machine_is_down(void **state)
{
    (void)state;
    skip_without_host();
    g_autofree char *file = virt_checkpoint_file(folder, "m1", "ram");
    assert_int_equal(truncate(file, 2000000), 0);
    answer = (struct answer){0};
    virt_stop(virt, "m1", on_done, NULL);
    wait_answer(LIMIT_S, "stop");
    answer = (struct answer){0};
    virt_restore(virt, "m1", folder, on_done, NULL);
    wait_answer(LIMIT_S, "failure");
    print_message("%s\n", answer.text);
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_non_null(strstr(answer.text, "saved state is damaged"));
    assert_int_equal(seen[0].state, MACHINE_CRASHED);
    assert_string_equal(shell("m2", "echo well"), "well\n");
}

static void closing_leaves_nothing(void **state)
{
    (void)state;
    skip_without_host();
    virt_close(virt, true);
    test_rmtree(root);
    g_free(folder);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(two_machines_boot),
            cmocka_unit_test(a_checkpoint_leaves_both_running_after_a_short_standstill),
            cmocka_unit_test(a_restored_machine_is_as_it_was_and_the_other_is_not_touched),
            cmocka_unit_test(a_file_that_cannot_be_written_leaves_both_running),
            cmocka_unit_test(a_full_disk_is_named_and_leaves_both_running),
            cmocka_unit_test(a_checkpoint_after_a_failed_one_works),
            cmocka_unit_test(a_cut_off_file_is_an_error_and_the_machine_is_down),
            cmocka_unit_test(closing_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
