/* soak_import_machines.c - imported images as machines: Debian by BIOS and by UEFI, one without an
 * agent, one with a TPM, and what survives a restart.
 *
 * The Debian disk takes one to three minutes to make and is kept in the account's cache folder,
 * under a name that depends on the script that makes it.
 */
#include "system/system.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#define READY_LIMIT_S 280
#define EXERCISE "test-disks"

static char *name, *log_file, *folder;
static GPid engine;

/* ---- what is imported ----------------------------------------------------------------------- */

/* Prints on COM1 and halts. */
static const guint8 boot_sector[] = "\x31\xc0\x8e\xd8\xbe\x15\x7c\xac\x84\xc0\x74\x06\xba\xf8\x03"
                                    "\xee\xeb\xf5\xf4\xeb\xfd"
                                    "brick: ready\r\n";

static char *write_disk(const char *file, bool boots)
{
    g_autofree guint8 *bytes = g_malloc0(1 << 20);
    char *path = g_build_filename(folder, file, NULL);
    if (boots) {
        memcpy(bytes, boot_sector, sizeof(boot_sector));
        bytes[510] = 0x55;
        bytes[511] = 0xaa;
    }
    assert_true(g_file_set_contents(path, (char *)bytes, 1 << 20, NULL));
    assert_int_equal(chmod(path, 0644), 0);
    return path;
}

static bool has_program(const char *program)
{
    g_autofree char *found = g_find_program_in_path(program);
    g_autofree char *sbin = g_build_filename("/usr/sbin", program, NULL);
    return found || g_file_test(sbin, G_FILE_TEST_EXISTS);
}

static const char *what_is_missing(void)
{
    static const char *const programs[] = {
            "qemu-img", "xorriso", "swtpm", "swtpm_setup", "mmdebstrap", "sfdisk", NULL};
    for (const char *const *program = programs; *program; program++) {
        if (!has_program(*program)) {
            return *program;
        }
    }
    return g_file_test("/usr/share/OVMF/OVMF_CODE_4M.fd", G_FILE_TEST_EXISTS) ? NULL : "ovmf";
}

/* Runs argv as the account that exercises run as; its output goes to the test's. */
static int run_as_account(const char *const *argv, const struct passwd *account)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (geteuid() == 0) {
        g_autofree char *user = g_strdup_printf("--reuid=%d", (int)account->pw_uid);
        g_autofree char *group = g_strdup_printf("--regid=%d", (int)account->pw_gid);
        g_autofree char *home = g_strdup_printf("HOME=%s", account->pw_dir);
        g_strv_builder_add(builder, "setpriv");
        g_strv_builder_add(builder, user);
        g_strv_builder_add(builder, group);
        g_strv_builder_add(builder, "--init-groups");
        g_strv_builder_add(builder, "env");
        g_strv_builder_add(builder, home);
    }
    g_strv_builder_addv(builder, (const char **)argv);
    g_auto(GStrv) all = g_strv_builder_end(builder);
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_spawn_sync("/", all, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
    assert_no_error(error);
    return status;
}

/* The Debian disk, made unless it is in the cache. The script is copied: an account may not be able
 * to read this clone. */
static char *debian_disk(void)
{
    const struct passwd *account = geteuid() == 0 ? getpwnam("sandtable") : getpwuid(geteuid());
    g_autofree char *script = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(TESTS_DIR "/system/debian-disk.sh", &script, &length, NULL));
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)script, length);
    g_autofree char *file = g_strdup_printf("test-disk-%.12s.qcow2", sum);
    char *path = g_build_filename(account->pw_dir, ".cache", "sandtable", file, NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return path;
    }
    g_autofree char *copy = g_build_filename(folder, "debian-disk.sh", NULL);
    assert_true(g_file_set_contents(copy, script, (gssize)length, NULL));
    assert_int_equal(chmod(copy, 0755), 0);
    g_autofree char *parent = g_path_get_dirname(path);
    gint64 began = g_get_monotonic_time();
    const char *const make[] = {"mkdir", "-p", parent, NULL};
    const char *const build[] = {copy, path, NULL};
    assert_int_equal(run_as_account(make, account), 0);
    assert_int_equal(run_as_account(build, account), 0);
    print_message("the disk took %d s to make\n",
            (int)((g_get_monotonic_time() - began) / G_USEC_PER_SEC));
    return path;
}

#define IMPORT(...)                                                                                \
    do {                                                                                           \
        auto_outcome imported = CALL("image", "import", __VA_ARGS__, "--replace");                 \
        if (imported.status != 0) {                                                                \
            fail_msg("%s", imported.err);                                                          \
        }                                                                                          \
    } while (0)

static void import_all(void)
{
    g_autofree char *debian = debian_disk();
    g_autofree char *brick = write_disk("brick.img", true);
    g_autofree char *glass = write_disk("glass.img", false);
    IMPORT("disks-debian", debian, "--agent", "--cloud-init", "--memory", "384", "--user",
            "tester");
    IMPORT("disks-brick", brick, "--ready", "serial:brick: ready", "--memory", "32", "--bus", "ide",
            "--cards", "rtl8139");
    IMPORT("disks-glass", glass, "--format", "raw", "--os", "windows", "--firmware", "uefi",
            "--tpm", "--ready", "serial:BdsDxe", "--memory", "256");
}

static int setup(void **state)
{
    (void)state;
    folder = test_mkdtemp();
    assert_int_equal(chmod(folder, 0755), 0);
    import_all();
    name = g_strdup_printf(EXERCISE "-%d", getpid());
    log_file = g_strdup_printf("/tmp/st-%s.log", name);
    engine = START(log_file, "run", TESTS_DIR "/system/disks", "--name", name, "--accel", "tcg");
    wait_state(name, "running", READY_LIMIT_S, log_file);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (engine > 0) {
        G_GNUC_UNUSED auto_outcome down = CALL("down", name);
        waitpid(engine, NULL, 0);
        unlink(log_file);
    }
    if (folder) {
        test_rmtree(folder);
    }
    g_free(name);
    g_free(log_file);
    return 0;
}

/* ---- questions ------------------------------------------------------------------------------ */

/* What the shell script prints on the machine; fails the test when it fails there. */
static char *on(const char *machine, const char *script)
{
    auto_outcome outcome = CALL("exec", name, machine, "--", "sh", "-c", script);
    if (outcome.status != 0) {
        fail_msg("%s: %s: %s", machine, script, outcome.err);
    }
    return g_strchomp(g_steal_pointer(&outcome.out));
}

static void assert_says(const char *machine, const char *script, const char *wanted)
{
    g_autofree char *said = on(machine, script);
    assert_string_equal(said, wanted);
}

/* The reason of the machine's last state of that name in the ledger, "" when there is none. */
static char *last_reason(const char *machine, const char *wanted)
{
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    char *reason = g_strdup("");
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        if (!strcmp(json_string(event, "kind", ""), "machine.state") &&
                !strcmp(json_string(event, "subject", ""), machine) &&
                !strcmp(json_string(body, "state", ""), wanted)) {
            g_free(reason);
            reason = g_strdup(json_string(body, "reason", ""));
        }
    }
    return reason;
}

static int count_events(const char *kind, const char *subject, const char *contains)
{
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    int n = 0;
    cJSON_ArrayForEach(event, events)
    {
        g_autofree char *body = json_text(json_object(event, "body"));
        n += !strcmp(json_string(event, "kind", ""), kind) &&
             !strcmp(json_string(event, "subject", ""), subject) && strstr(body, contains);
    }
    return n;
}

static void wait_count(const char *kind, const char *subject, const char *contains, int wanted)
{
    gint64 limit = g_get_monotonic_time() + (gint64)READY_LIMIT_S * G_USEC_PER_SEC;
    while (count_events(kind, subject, contains) < wanted) {
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(log_file);
            fail_msg("not %d of %s %s %s:\n%s", wanted, kind, subject, contains, text);
        }
        g_usleep(300000); /* between looks */
    }
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void cloud_init_makes_an_imported_machine_itself(void **state)
{
    (void)state;
    assert_says("blue1/box", "hostname", "box");
    assert_says("blue1/box", "ip -4 -o addr show | grep -c '10.20.1.10/24'", "1");
    assert_says("blue1/box", "id -un tester", "tester");
    assert_says("blue1/box", "cat /srv/set-up", "from the plan");
    assert_says("blue1/box", "grep -c plain /etc/hosts", "1");
    g_autofree char *reason = last_reason("blue1/box", "ready");
    assert_string_equal(reason, "tcp");
    wait_count("check.ok", "site", "", 1);
}

static void machines_without_an_agent_are_ready_by_what_they_show(void **state)
{
    (void)state;
    static const char *const machines[] = {"blue1/efi", "blue1/brick", "blue1/glass"};
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        g_autofree char *reason = last_reason(machines[i], "ready");
        assert_string_equal(reason, "serial"); /* GRUB's EFI platform, a boot sector, OVMF */
        auto_outcome refused = CALL("exec", name, machines[i], "--", "id");
        assert_int_equal(refused.status, 1);
        assert_non_null(strstr(refused.err, "has no guest agent"));
    }
}

static void a_machine_with_a_tpm_has_its_emulator(void **state)
{
    (void)state;
    g_autofree char *root = g_strdup_printf("/%s.d/", name);
    int emulators = 0;
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    for (const char *entry; (entry = g_dir_read_name(proc));) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", entry);
        g_autofree char *line = NULL;
        gsize length = 0;
        emulators += g_ascii_isdigit(*entry) && g_file_get_contents(path, &line, &length, NULL) &&
                     memmem(line, length, "swtpm", 5) && memmem(line, length, root, strlen(root));
    }
    assert_true(emulators >= 1);
}

static void disks_survive_a_restart_and_memory_does_not(void **state)
{
    (void)state;
    G_GNUC_UNUSED g_autofree char *boxed = on("blue1/box", "echo kept > /srv/keep; sync");
    G_GNUC_UNUSED g_autofree char *plain =
            on("blue1/plain", "echo kept > /srv/kept/file; touch /ram; sync");
    auto_outcome one = CALL("restart", name, "blue1/box");
    assert_int_equal(one.status, 0);
    auto_outcome two = CALL("restart", name, "blue1/plain");
    assert_int_equal(two.status, 0);
    auto_outcome wrong = CALL("restart", name, "blue1/bax");
    assert_int_equal(wrong.status, 1);
    assert_non_null(strstr(wrong.err, "did you mean \"blue1/box\""));
    wait_count("machine.state", "blue1/plain", "\"ready\"", 2);
    assert_says("blue1/plain", "cat /srv/kept/file; ls /ram 2>/dev/null || true", "kept");
    wait_count("machine.state", "blue1/box", "\"ready\"", 2);
    assert_says("blue1/box", "cat /srv/keep", "kept");
    assert_int_equal(count_events("machine.state", "blue1/efi", "\"ready\""), 1);
    assert_int_equal(count_events("operator.action", name, "\"restart\""), 2);
    wait_count("check.ok", "site", "", 2);
}

static void down_takes_the_disks_and_the_image_is_as_it_was(void **state)
{
    (void)state;
    auto_json status = status_of(name);
    g_autofree char *ledger = g_strdup(json_string(status, "ledger", ""));
    assert_true(g_str_has_suffix(ledger, ".ledger"));
    g_autofree char *stem = g_strndup(ledger, strlen(ledger) - strlen(".ledger"));
    g_autofree char *disks = g_strconcat(stem, ".disks", NULL);
    assert_true(g_file_test(disks, G_FILE_TEST_IS_DIR));
    kill(engine, SIGKILL); /* nothing is tidied up on the way out */
    waitpid(engine, NULL, 0);
    engine = 0;
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    assert_false(g_file_test(disks, G_FILE_TEST_EXISTS));
    g_autofree char *root = g_strdup_printf("/%s.d/", name);
    assert_int_equal(processes_with(root), 0); /* no QEMU, no swtpm */
    auto_outcome verify = CALL("image", "verify", "disks-debian");
    assert_int_equal(verify.status, 0);
    unlink(log_file);
}

int main(void)
{
    const char *missing = what_is_missing();
    if (missing) {
        fprintf(stderr, "skipped: %s is not installed (./dev setup test)\n", missing);
        return 77;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(cloud_init_makes_an_imported_machine_itself),
            cmocka_unit_test(machines_without_an_agent_are_ready_by_what_they_show),
            cmocka_unit_test(a_machine_with_a_tpm_has_its_emulator),
            cmocka_unit_test(disks_survive_a_restart_and_memory_does_not),
            cmocka_unit_test(down_takes_the_disks_and_the_image_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
