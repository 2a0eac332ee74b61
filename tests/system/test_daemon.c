/* test_daemon.c - two teams with the same addresses on a libvirt daemon that others use as well.
 *
 * The daemon is a private one (private-libvirtd.sh). One exercise serves all tests, in order; its
 * last one kills the engine.
 */
#include "system/daemon.h"

#include "base/error.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define URI "qemu:///system"
#define DISK_IMAGE "test-daemon-disk" /* as in the scenario */

static GPid engine;

static void make_foreign(void)
{
    /* names as ours have them, but not our mark */
    g_autofree char *command = g_strdup_printf(
            "set -e; cd \"$(mktemp -d /tmp/st-daemon.XXXXXX)\"; "
            "echo '<network><name>sandtable-%s-b9</name><bridge stp=\"off\"/></network>' >n.xml; "
            "echo '<domain type=\"qemu\"><name>sandtable-%s-m9</name><memory unit=\"MiB\">16"
            "</memory><os><type arch=\"x86_64\">hvm</type></os></domain>' >d.xml; "
            "virsh -q -c " URI " net-create n.xml; virsh -q -c " URI " create --paused d.xml; "
            "rm -r \"$PWD\"",
            name, name);
    g_free(shell(command, false));
}

/* A disk without a system: its firmware says so, and that is all it can be waited for. */
static void import_disk(void)
{
    char *folder = test_mkdtemp(); /* test_rmtree() frees it */
    g_autofree char *file = g_build_filename(folder, "disk.img", NULL);
    g_autofree char *bytes = g_malloc0(1 << 20);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_true(g_file_set_contents(file, bytes, 1 << 20, NULL));
    assert_int_equal(chmod(file, 0644), 0);
    auto_outcome imported = CALL("image", "import", DISK_IMAGE, file, "--format", "raw",
            "--firmware", "uefi", "--ready", "serial:BdsDxe", "--memory", "128", "--replace");
    if (imported.status != 0) {
        fail_msg("%s", imported.err);
    }
    test_rmtree(folder);
}

static int tear_down(void **state)
{
    (void)state;
    auto_outcome removed = CALL("image", "remove", DISK_IMAGE);
    assert_int_equal(removed.status, 0);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    name = g_strdup_printf(
            "test-daemon-%u", g_random_int() % 100000); /* its pid is always the same */
    log_file = g_strdup_printf("/tmp/st-%s.log", name);
    make_foreign();
    import_disk();
    engine = START(log_file, "run", TESTS_DIR "/system/daemon", "--name", name, "--accel", "tcg",
            "--connect", URI);
    return 0;
}

static void both_teams_are_checked_at_their_same_address(void **state)
{
    (void)state;
    wait_state(name, "running", 240, log_file);
    wait_event("check.ok", "blue1", 0);
    wait_event("check.ok", "blue2", 0);
    assert_false(saw("check.down", "blue1", 0));
    assert_false(saw("check.fault", "blue1", 0));
}

static void the_host_has_no_address_in_the_networks_and_forwards_nothing(void **state)
{
    (void)state;
    g_autofree char *bridges = shell("ip -o link show type bridge | wc -l", false);
    assert_int_equal(g_ascii_strtoll(bridges, NULL, 10), 4); /* and the other one's */
    g_autofree char *addresses = shell("ip -o addr show | grep -E ' virbr[0-9]+ ' || true", false);
    assert_string_equal(addresses, "");
    g_autofree char *forward = read_all("/proc/sys/net/ipv4/ip_forward");
    assert_string_equal(forward, "0\n");
}

static void dhcp_gives_planned_addresses_and_names_are_known(void **state)
{
    (void)state;
    g_autofree char *lease = on("xena", "cat /run/sandtable-lease; ip -4 -o addr show");
    assert_true(g_str_has_prefix(lease, "10.20.2.11 10.20.2."));
    assert_non_null(strstr(lease, "inet 10.20.2.11/24"));
    g_autofree char *names = on(
            "yoko", "busybox nslookup xena.range $(sed -n 's/^nameserver //p' /etc/resolv.conf)");
    assert_non_null(strstr(names, "10.20.2.11"));
}

static void isolated_machines_reach_the_checker_and_not_each_other(void **state)
{
    (void)state;
    g_autofree char *checker =
            on("xena", "ping -c 1 -W 5 $(sed -n 's/^nameserver //p' /etc/resolv.conf)");
    assert_non_null(strstr(checker, " 0% packet loss"));
    auto_outcome other =
            CALL("exec", name, "xena", "--", "ping", "-c", "2", "-W", "2", "10.20.2.12");
    assert_int_equal(other.status, 1);
    assert_non_null(strstr(other.out, "100% packet loss"));
}

static void a_disk_of_ones_own_runs_by_its_firmware(void **state)
{
    (void)state;
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    bool ready = false;
    cJSON_ArrayForEach(event, events)
    {
        ready = ready ||
                (!strcmp(json_string(event, "subject", ""), "zero") &&
                        !strcmp(json_string(json_object(event, "body"), "reason", ""), "serial"));
    }
    assert_true(ready);
    auto_outcome refused = CALL("exec", name, "zero", "--", "id");
    assert_non_null(strstr(refused.err, "has no guest agent"));
}

static void qemu_is_no_root_and_has_its_seccomp_filter(void **state)
{
    (void)state;
    static const char *const machines[] = {"m1", "m2", "f1"};
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        g_autofree char *file = g_strdup_printf("/proc/%d/status", (int)qemu_of(machines[i]));
        g_autofree char *status = read_all(file);
        assert_null(strstr(status, "\nUid:\t0\t"));
        assert_non_null(strstr(status, "\nUid:"));
        assert_non_null(strstr(status, "\nSeccomp:\t2\n"));
        assert_non_null(strstr(status, "\nCapEff:\t0000000000000000\n"));
    }
}

static void images_keep_their_owner(void **state)
{
    (void)state;
    g_autofree char *command = g_strdup_printf(
            "stat -Lc %%u $(tr '\\0' '\\n' </proc/%d/cmdline | grep -oE '/[^\",]*/(vmlinux|initrd|"
            "[a-z]+\\.squashfs)')",
            (int)qemu_of("m1"));
    g_autofree char *owners = shell(command, false);
    g_autofree char *file = g_strdup_printf("/proc/%d", (int)qemu_of("m1"));
    struct stat qemu;
    assert_int_equal(stat(file, &qemu), 0);
    g_auto(GStrv) lines = g_strsplit(g_strstrip(owners), "\n", -1);
    assert_true(g_strv_length(lines) >= 3); /* kernel, initramfs, image */
    for (char **line = lines; *line; line++) {
        assert_int_equal(g_ascii_strtoll(*line, NULL, 10), qemu.st_uid);
    }
}

/* Its bytes received and sent on its only card; -1 when the card is not listed. */
static gint64 carried_by(const char *machine)
{
    auto_outcome outcome = CALL("links", name, "--json");
    assert_int_equal(outcome.status, 0);
    auto_json json = cJSON_Parse(outcome.out);
    const cJSON *link = NULL;
    cJSON_ArrayForEach(link, json_array(json, "links"))
    {
        if (!strcmp(json_string(link, "machine", ""), machine)) {
            return json_int(link, "rx_bytes", 0) + json_int(link, "tx_bytes", 0);
        }
    }
    return -1;
}

static void the_cards_of_a_daemons_machines_are_counted(void **state)
{
    (void)state;
    gint64 before = carried_by("yoko");
    assert_true(before >= 0);
    g_free(on("yoko", "ping -c 3 -s 1000 $(sed -n 's/^nameserver //p' /etc/resolv.conf)"));
    assert_true(carried_by("yoko") >= before + 6000);
}

/* Twice: the port is free again, and its log went on. */
static void a_console_reaches_a_shell_through_the_daemon(void **state)
{
    (void)state;
    talk("blue2/web", "web", 1);
    talk("blue2/web", "web", 2);
    auto_outcome log = CALL("console", name, "blue2/web", "--log");
    assert_non_null(strstr(log.out, "st-42-1-web"));
    assert_non_null(strstr(log.out, "st-42-2-web"));
}

static void a_screen_speaks_vnc(void **state)
{
    (void)state;
    auto_outcome vnc = CALL("console", name, "xena", "--vnc");
    assert_int_equal(vnc.status, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, g_strstrip(vnc.out), sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    g_autoptr(GString) said = g_string_new(NULL);
    wait_text(fd, said, "RFB 003.");
    close(fd);
}

static void a_picture_of_a_screen_comes_through_the_daemon(void **state)
{
    (void)state;
    g_autofree char *file = g_strdup_printf("/tmp/st-%s.png", name);
    auto_outcome taken = CALL("screenshot", name, "xena", "-o", file);
    if (taken.status != 0) {
        fail_msg("%s", taken.err);
    }
    g_autofree char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(file, &bytes, &length, NULL));
    assert_true(length > 100);
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_memory_equal(bytes + 12, "IHDR", 4);
    assert_true((guint8)bytes[18] * 256 + (guint8)bytes[19] >= 640); /* its width */
    unlink(file);
}

static void what_one_team_breaks_is_not_seen_at_the_other(void **state)
{
    (void)state;
    auto_outcome outcome =
            CALL("exec", name, "blue1/web", "--", "mv", "/var/www/html", "/var/www/gone");
    assert_int_equal(outcome.status, 0);
    gint64 from = last_seq();
    wait_event("check.down", "blue1", from);
    wait_event("check.ok", "blue2", from);
    assert_false(saw("check.down", "blue2", from));
}

/* ---- reset, restart, checkpoint, restore ------------------------------------------------------ */

/* After what_one_team_breaks_is_not_seen_at_the_other: one has no site any more. */
static void a_reset_heals_a_team_and_leaves_the_other_alone(void **state)
{
    (void)state;
    g_free(on("blue2/web", "echo mine >/root/mark"));
    gint64 from = last_seq();
    assert_done(CALL("reset", name, "blue1"));
    wait_event("check.ok", "blue1", from);
    assert_says("blue2/web", "cat /root/mark", "mine\n");
    assert_false(saw("check.down", "blue2", from));
    assert_false(saw("check.fault", "blue2", from));
    talk("blue1/web", "web", 3); /* its new serial port as well */
}

#define FROM_DISK "sync; echo 3 >/proc/sys/vm/drop_caches; "

static void a_restart_through_the_daemon_keeps_the_disk_and_no_memory(void **state)
{
    (void)state;
    g_free(on("yoko", "echo kept >/srv/data/file; touch /ram; sync"));
    gint64 from = last_seq();
    assert_done(CALL("restart", name, "yoko"));
    wait_ready("yoko", from);
    assert_says("yoko", "cat /srv/data/file; ls /ram 2>/dev/null || true", "kept\n");
}

/* One with a disk and one with a screen that sleeps, one without an agent: all in one checkpoint. */
static void a_checkpoint_brings_a_team_back_through_the_daemon(void **state)
{
    (void)state;
    g_free(on("xena", "echo before >/root/mark; (while :; do sleep 1; done) >/dev/null 2>&1 & "
                      "echo $! >/root/worker"));
    assert_done(CALL("checkpoint", name, "calm", "--team", "red"));
    g_free(on("xena", "echo after >/root/mark; kill $(cat /root/worker)"));
    g_free(on("yoko", "echo later >/srv/data/file; sync"));
    g_free(on("blue2/web", "echo later >/root/mark"));
    gint64 from = last_seq();
    assert_done(CALL("restore", name, "calm", "--team", "red"));
    assert_true(saw("checkpoint.restored", "red", from));
    assert_says(
            "xena", "cat /root/mark; kill -0 $(cat /root/worker) && echo works", "before\nworks\n");
    assert_says("yoko", FROM_DISK "cat /srv/data/file", "kept\n");
    assert_says("blue2/web", "cat /root/mark", "later\n");
    talk("xena", "xena", 4);
    assert_done(CALL("checkpoint", name, "calm", "--remove"));
}

static void without_the_foot_nobody_is_to_blame(void **state)
{
    (void)state;
    gint64 from = last_seq();
    gint64 limit = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    while (!saw("check.fault", "blue2", from)) {
        pid_t pid = qemu_of("f1"); /* each new one, too */
        assert_true(pid == 0 || kill(pid, SIGKILL) == 0 || errno == ESRCH);
        assert_true(g_get_monotonic_time() < limit);
    }
    wait_event("check.ok", "blue2", last_seq()); /* one stands again */
    assert_false(saw("check.down", "blue2", from));
}

static void a_dead_machine_tells_its_last_words(void **state)
{
    (void)state;
    gint64 from = last_seq();
    assert_int_equal(kill(qemu_of("m1"), SIGKILL), 0);
    wait_event("machine.state", "blue1", from);
    auto_outcome outcome = CALL("events", name, "--json");
    assert_non_null(strstr(outcome.out, "died; last on its serial port: "));
}

static void after_a_kill_down_removes_what_is_ours_and_nothing_else(void **state)
{
    (void)state;
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    g_autofree char *before = shell("virsh -q -c " URI " list --name --all", false);
    assert_non_null(strstr(before, "-m2")); /* a daemon's machines outlive the engine */
    auto_outcome resume = CALL("run", "--resume", name);
    assert_int_equal(resume.status, 1);
    g_autofree char *remedy = g_strdup_printf("`sandtable down %s`", name);
    assert_non_null(strstr(resume.err, remedy)); /* what can be done instead */
    auto_outcome down = CALL("down", name);
    if (down.status != 0) {
        fail_msg("down: %s", down.err);
    }
    g_autofree char *left = shell("virsh -q -c " URI " list --name --all; "
                                  "virsh -q -c " URI " net-list --name --all",
            false);
    g_autofree char *want = g_strdup_printf("sandtable-%s-m9 sandtable-%s-b9", name, name);
    g_auto(GStrv) words = g_regex_split_simple("\\s+", g_strstrip(left), 0, 0);
    g_autofree char *got = g_strjoinv(" ", words);
    assert_string_equal(got, want);
    auto_outcome verify = CALL("verify", name);
    assert_int_equal(verify.status, 0);
    unlink(log_file);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (!g_getenv("PRIVATE_LIBVIRTD")) {
        execl(TESTS_DIR "/system/private-libvirtd.sh", "private-libvirtd.sh", argv[0], NULL);
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(both_teams_are_checked_at_their_same_address),
            cmocka_unit_test(the_host_has_no_address_in_the_networks_and_forwards_nothing),
            cmocka_unit_test(dhcp_gives_planned_addresses_and_names_are_known),
            cmocka_unit_test(isolated_machines_reach_the_checker_and_not_each_other),
            cmocka_unit_test(a_disk_of_ones_own_runs_by_its_firmware),
            cmocka_unit_test(qemu_is_no_root_and_has_its_seccomp_filter),
            cmocka_unit_test(images_keep_their_owner),
            cmocka_unit_test(the_cards_of_a_daemons_machines_are_counted),
            cmocka_unit_test(a_console_reaches_a_shell_through_the_daemon),
            cmocka_unit_test(a_screen_speaks_vnc),
            cmocka_unit_test(a_picture_of_a_screen_comes_through_the_daemon),
            cmocka_unit_test(what_one_team_breaks_is_not_seen_at_the_other),
            cmocka_unit_test(a_reset_heals_a_team_and_leaves_the_other_alone),
            cmocka_unit_test(a_restart_through_the_daemon_keeps_the_disk_and_no_memory),
            cmocka_unit_test(a_checkpoint_brings_a_team_back_through_the_daemon),
            cmocka_unit_test(without_the_foot_nobody_is_to_blame),
            cmocka_unit_test(a_dead_machine_tells_its_last_words),
            cmocka_unit_test(after_a_kill_down_removes_what_is_ours_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
