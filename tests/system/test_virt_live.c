/* test_virt_live.c - one real machine from start to crash, as an ordinary user. */
#include "support/host.h"
#include "support/test.h"

#include "base/error.h"
#include "virt/virt.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_LIMIT_S 180 /* TCG on a busy host */
#define LIMIT_S 30

static char *skip_reason; /* why nothing can be tested here */
static char *root;
static struct image *image;
static struct virt *virt;

/* The latest word from the machine and the latest answer to a call. */
static enum machine_state last_state;
static bool agent_seen;
static char last_reason[400];
static struct answer {
    bool done;
    int code; /* of the error, -1: none */
    int status;
    char text[256];
    gsize length;
    bool cut; /* both outputs */
    gint64 file_size;
} answer;

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    (void)data;
    assert_string_equal(domain, "m1");
    last_state = state;
    agent_seen = agent_seen || (state == MACHINE_BOOTED && strcmp(reason, "agent") == 0);
    g_strlcpy(last_reason, reason, sizeof(last_reason));
}

static void take_error(struct answer *to, const GError *error)
{
    to->done = true;
    to->code = error ? error->code : -1;
    if (error) {
        g_strlcpy(to->text, error->message, sizeof(to->text));
    }
}

static void on_done(const GError *error, gpointer data)
{
    take_error(data, error);
}

static void on_exec(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct answer *to = data;
    take_error(to, error);
    if (result) {
        to->status = result->status;
        to->length = result->out_length;
        to->cut = result->out_cut && result->err_cut;
        g_strlcpy(to->text, result->out, sizeof(to->text));
    }
}

static void on_bytes(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    struct answer *to = data;
    take_error(to, error);
    to->length = length;
    to->file_size = file_size;
    if (bytes) {
        g_strlcpy(to->text, bytes, sizeof(to->text));
    }
}

static gboolean set_flag(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

/* Turns the loop until *flag, or the limit fails the test. */
static void wait_for(const bool *flag, guint limit_s, const char *what)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(limit_s, set_flag, &late);
    while (!*flag && !late) {
        g_main_context_iteration(NULL, TRUE);
    }
    if (late) {
        fail_msg("no %s within %u s (last: %s, %s)", what, limit_s, machine_state_name(last_state),
                last_reason);
    }
    g_source_remove(timer);
}

static void wait_for_state(enum machine_state state)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(LIMIT_S, set_flag, &late);
    while (last_state != state && !late) {
        g_main_context_iteration(NULL, TRUE);
    }
    assert_int_equal(last_state, state);
    g_source_remove(timer);
}

static void start_machine(void)
{
    const struct virt_machine machine = {.domain = "m1",
            .kernel = image->kernel,
            .initrd = image->initrd,
            .cmdline = "console=ttyS0 quiet panic=-1 st.name=live",
            .root = image->root,
            .modules = image->modules,
            .memory_mib = MAX(image->memory_mib, 192),
            .vcpus = 1};
    agent_seen = false;
    answer = (struct answer){0};
    virt_start(virt, &machine, on_done, &answer);
    wait_for(&answer.done, LIMIT_S, "start");
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
}

static void run(const char *const *argv, int timeout_ms)
{
    answer = (struct answer){0};
    virt_exec(virt, "m1", argv, timeout_ms, on_exec, &answer);
    wait_for(&answer.done, LIMIT_S, "end of a program");
}

static pid_t qemu_pid(void)
{
    g_autofree char *file = g_strdup_printf("%s/run/qemu/m1.pid", root);
    g_autofree char *text = NULL;
    return g_file_get_contents(file, &text, NULL, NULL) ? (pid_t)g_ascii_strtoll(text, NULL, 10)
                                                        : -1;
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

/* ---- in order: one machine's life ------------------------------------------------------------ */

static void a_machine_boots_and_its_agent_connects(void **state)
{
    (void)state;
    skip_without_host();
    g_autoptr(GError) error = NULL;
    root = test_mkdtemp();
    virt = virt_open(root, NULL, on_state, NULL, &error);
    assert_no_error(error);
    start_machine();
    wait_for(&agent_seen, BOOT_LIMIT_S, "agent");
    assert_int_equal(last_state, MACHINE_BOOTED);

    answer = (struct answer){0};
    virt_ping(virt, "m1", 10000, on_done, &answer);
    wait_for(&answer.done, LIMIT_S, "pong");
    assert_int_equal(answer.code, -1);
}

static void qemu_does_not_run_as_root(void **state)
{
    (void)state;
    skip_without_host();
    g_autofree char *proc = g_strdup_printf("/proc/%d", (int)qemu_pid());
    struct stat st;
    assert_int_equal(stat(proc, &st), 0);
    assert_int_not_equal(st.st_uid, 0);
}

static void a_program_gives_its_output_and_status(void **state)
{
    (void)state;
    skip_without_host();
    const char *const argv[] = {"sh", "-c", "echo \"$0\"; exit 3", "it's $HOME", NULL};
    run(argv, 20000);
    assert_int_equal(answer.code, -1);
    assert_int_equal(answer.status, 3);
    assert_string_equal(answer.text, "it's $HOME\n");
}

static void a_program_that_is_not_there_is_an_error_that_names_it(void **state)
{
    (void)state;
    skip_without_host();
    const char *const argv[] = {"no-such-program", NULL};
    run(argv, 20000);
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_non_null(strstr(answer.text, "no-such-program"));
}

static void print_much(void)
{
    const char *const flood[] = {
            "sh", "-c", "head -c 6000000 /dev/zero | tee /dev/stderr; exit 4", NULL};
    run(flood, 25000);
    if (answer.code != -1) {
        fail_msg("%s", answer.text);
    }
    assert_int_equal(answer.status, 4);
    assert_int_equal(answer.length, VIRT_OUTPUT_MAX);
    assert_true(answer.cut);
}

/* libvirt would take no answer of that size and hear nothing more of the agent. */
static void a_program_may_print_as_much_as_it_likes(void **state)
{
    (void)state;
    skip_without_host();
    const char *const quick[] = {"echo", "still here", NULL};
    print_much();
    run(quick, 20000);
    assert_int_equal(answer.code, -1);
    assert_string_equal(answer.text, "still here\n");
    assert_false(answer.cut);
}

/* As an imported machine with an agent; the others of this file are asked the other way. */
static void a_guest_without_our_program_bounds_output_by_its_shell(void **state)
{
    (void)state;
    skip_without_host();
    const char *const hide[] = {"rm", "/usr/local/bin/guest-identity", NULL};
    const char *const missing[] = {"no-such-program", NULL};
    run(hide, 20000);
    assert_int_equal(answer.status, 0);
    print_much();
    run(missing, 20000);
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_non_null(strstr(answer.text, "no-such-program"));
}

static void a_program_past_its_limit_is_killed_and_keeps_nobody_waiting(void **state)
{
    (void)state;
    skip_without_host();
    struct answer slow = {0};
    const char *const sleeper[] = {"sleep", "7654", NULL};
    const char *const quick[] = {"true", NULL};
    const char *const look[] = {"sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '", NULL};
    virt_exec(virt, "m1", sleeper, 3000, on_exec, &slow);
    run(quick, 20000);
    assert_int_equal(answer.code, -1);
    assert_false(slow.done);
    wait_for(&slow.done, LIMIT_S, "end of the slow program");
    assert_int_equal(slow.code, SANDTABLE_ERROR_TIMEOUT);
    /* it and its parent are being killed by now, not in an instant on a slow guest */
    gint64 limit = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    do {
        run(look, 20000);
        assert_int_equal(answer.status, 0);
    } while (strstr(answer.text, "7654") && g_get_monotonic_time() < limit);
    assert_null(strstr(answer.text, "7654"));
}

static void a_written_file_is_read_back_in_parts(void **state)
{
    (void)state;
    skip_without_host();
    gsize length = 150000;
    g_autofree char *bytes = g_malloc(length);
    for (gsize i = 0; i < length; i++) {
        bytes[i] = (char)('a' + i % 23);
    }
    answer = (struct answer){0};
    virt_write(virt, "m1", "/run/letter", bytes, length, on_done, &answer);
    wait_for(&answer.done, LIMIT_S, "write");
    assert_int_equal(answer.code, -1);

    answer = (struct answer){0};
    virt_read(virt, "m1", "/run/letter", 149990, 100, on_bytes, &answer);
    wait_for(&answer.done, LIMIT_S, "read");
    assert_int_equal(answer.code, -1);
    assert_int_equal(answer.length, 10);
    assert_int_equal(answer.file_size, 150000);
    assert_memory_equal(answer.text, bytes + 149990, 10);
}

static void a_written_file_is_not_for_everybody_to_change(void **state)
{
    (void)state;
    skip_without_host();
    const char *const make[] = {"sh", "-c", "umask 077; : >/run/secret", NULL};
    const char *const modes[] = {"stat", "-c", "%a", "/run/note", "/run/secret", NULL};
    run(make, 20000);
    for (gsize i = 3; i < 5; i++) {
        answer = (struct answer){0};
        virt_write(virt, "m1", modes[i], "x", 1, on_done, &answer);
        wait_for(&answer.done, LIMIT_S, "write");
        assert_int_equal(answer.code, -1);
    }
    run(modes, 20000);
    assert_string_equal(answer.text, "644\n600\n");

    answer = (struct answer){0};
    virt_write(virt, "m1", "/no/such/folder", "x", 1, on_done, &answer);
    wait_for(&answer.done, LIMIT_S, "write");
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_non_null(strstr(answer.text, "/no/such/folder"));
}

static void a_file_that_is_not_there_is_no_error(void **state)
{
    (void)state;
    skip_without_host();
    answer = (struct answer){0};
    virt_read(virt, "m1", "/run/none", 0, 100, on_bytes, &answer);
    wait_for(&answer.done, LIMIT_S, "read");
    assert_int_equal(answer.code, -1);
    assert_int_equal(answer.file_size, -1);
}

static void a_pause_stops_programs_and_their_limits(void **state)
{
    (void)state;
    skip_without_host();
    struct answer slow = {0};
    struct answer paused = {0};
    const char *const sleeper[] = {"sh", "-c", "sleep 2; echo woke", NULL};
    const char *const quick[] = {"true", NULL};
    virt_exec(virt, "m1", sleeper, 15000, on_exec, &slow);
    run(quick, 20000); /* the sleeper was started before it */
    virt_pause(virt, "m1", on_done, &paused);
    wait_for(&paused.done, LIMIT_S, "pause");
    wait_for_state(MACHINE_PAUSED);
    run(quick, 5000);
    assert_int_equal(answer.code, SANDTABLE_ERROR_MACHINE);
    assert_false(slow.done);

    answer = (struct answer){0};
    virt_resume(virt, "m1", on_done, &answer);
    wait_for(&answer.done, LIMIT_S, "resume");
    wait_for_state(MACHINE_BOOTED);
    wait_for(&slow.done, LIMIT_S, "end of the slow program");
    assert_int_equal(slow.code, -1);
    assert_string_equal(slow.text, "woke\n");
}

static void a_new_engine_takes_a_running_machine_over(void **state)
{
    (void)state;
    skip_without_host();
    g_autoptr(GError) error = NULL;
    const char *const quick[] = {"true", NULL};
    pid_t pid = qemu_pid();
    virt_close(virt, false);
    assert_int_equal(kill(pid, 0), 0);
    agent_seen = false;
    virt = virt_open(root, NULL, on_state, NULL, &error);
    assert_no_error(error);
    wait_for(&agent_seen, LIMIT_S, "agent of the machine taken over");
    run(quick, 20000);
    assert_int_equal(answer.code, -1);
}

static void a_dead_qemu_is_a_crash_with_a_reason(void **state)
{
    (void)state;
    skip_without_host();
    assert_int_equal(kill(qemu_pid(), SIGKILL), 0);
    wait_for_state(MACHINE_CRASHED);
    assert_non_null(strstr(last_reason, "died"));
}

static void a_machine_that_shuts_itself_down_is_told_from_one_that_panics(void **state)
{
    (void)state;
    skip_without_host();
    const char *const off[] = {"sh", "-c", "kill -PWR 1", NULL};
    start_machine();
    wait_for(&agent_seen, BOOT_LIMIT_S, "agent");
    virt_exec(virt, "m1", off, 5000, NULL, NULL);
    wait_for_state(MACHINE_CRASHED);
    assert_non_null(strstr(last_reason, "shut itself down"));
    assert_true(virt_has_shut_down(virt, "m1"));

    const char *const panic[] = {
            "sh", "-c", "echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger", NULL};
    agent_seen = false;
    start_machine();
    wait_for(&agent_seen, BOOT_LIMIT_S, "agent");
    virt_exec(virt, "m1", panic, 5000, NULL, NULL);
    wait_for_state(MACHINE_CRASHED);
    assert_non_null(strstr(last_reason, "the guest panicked"));
    assert_false(virt_has_shut_down(virt, "m1"));
}

static void closing_leaves_no_process(void **state)
{
    (void)state;
    skip_without_host();
    answer = (struct answer){0};
    virt_stop(virt, "m1", on_done, &answer); /* what the panic left of it */
    wait_for(&answer.done, LIMIT_S, "stop");
    start_machine();
    pid_t pid = qemu_pid();
    assert_int_equal(kill(pid, 0), 0);
    gint64 from = g_get_monotonic_time();
    virt_close(virt, true);
    assert_true(g_get_monotonic_time() - from < 2 * G_USEC_PER_SEC);
    assert_int_equal(kill(pid, 0), -1);
    test_rmtree(root);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_machine_boots_and_its_agent_connects),
            cmocka_unit_test(qemu_does_not_run_as_root),
            cmocka_unit_test(a_program_gives_its_output_and_status),
            cmocka_unit_test(a_program_that_is_not_there_is_an_error_that_names_it),
            cmocka_unit_test(a_program_may_print_as_much_as_it_likes),
            cmocka_unit_test(a_program_past_its_limit_is_killed_and_keeps_nobody_waiting),
            cmocka_unit_test(a_written_file_is_read_back_in_parts),
            cmocka_unit_test(a_written_file_is_not_for_everybody_to_change),
            cmocka_unit_test(a_file_that_is_not_there_is_no_error),
            cmocka_unit_test(a_pause_stops_programs_and_their_limits),
            cmocka_unit_test(a_guest_without_our_program_bounds_output_by_its_shell),
            cmocka_unit_test(a_new_engine_takes_a_running_machine_over),
            cmocka_unit_test(a_dead_qemu_is_a_crash_with_a_reason),
            cmocka_unit_test(a_machine_that_shuts_itself_down_is_told_from_one_that_panics),
            cmocka_unit_test(closing_leaves_no_process),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
