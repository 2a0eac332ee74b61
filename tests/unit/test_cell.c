/* test_cell.c - what holds inside a cell, seen from inside. */
#include "support/cell.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

static ino_t inode(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Runs argv and gives its output; NULL on failure. */
static char *output_of(const char *const *argv)
{
    char *out = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL,
                &status, NULL) ||
            status != 0) {
        g_clear_pointer(&out, g_free);
    }
    return out;
}

static const char *same_user(const struct cell_identity *cell)
{
    EXPECT(geteuid() != 0 && getuid() == geteuid());
    EXPECT(cell->pid == getpid());
    EXPECT(cell->user == inode("/proc/self/ns/user") && cell->net == inode("/proc/self/ns/net"));
    EXPECT(cell->mnt == inode("/proc/self/ns/mnt"));
    g_autofree char *map = NULL;
    EXPECT(g_file_get_contents("/proc/self/uid_map", &map, NULL, NULL));
    unsigned inside = 0;
    unsigned outside = 1;
    unsigned count = 0;
    EXPECT(sscanf(map, "%u %u %u", &inside, &outside, &count) == 3); // NOLINT(cert-err34-c)
    EXPECT(inside == geteuid() && outside == inside && count == 1);
    return NULL;
}

static void test_the_user_is_mapped_to_itself(void **state)
{
    (void)state;
    in_cell(same_user);
}

static const char *powerless_children(const struct cell_identity *cell)
{
    (void)cell;
    static const char *const argv[] = {"cat", "/proc/self/status", NULL};
    g_autofree char *status = output_of(argv);
    EXPECT(status);
    EXPECT(strstr(status, "CapInh:\t0000000000000000"));
    EXPECT(strstr(status, "CapPrm:\t0000000000000000"));
    EXPECT(strstr(status, "CapEff:\t0000000000000000"));
    EXPECT(strstr(status, "CapAmb:\t0000000000000000"));
    EXPECT(strstr(status, "NoNewPrivs:\t1"));
    return NULL;
}

static void test_an_executed_program_has_no_capability(void **state)
{
    (void)state;
    in_cell(powerless_children);
}

static const char *sealed(const struct cell_identity *cell)
{
    (void)cell;
    struct if_nameindex *all = if_nameindex();
    EXPECT(all && all[0].if_index == 1 && !strcmp(all[0].if_name, "lo") && all[1].if_index == 0);
    if_freenameindex(all);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in away = {.sin_family = AF_INET,
            .sin_port = htons(53),
            .sin_addr.s_addr = htonl(0xc0000201)}; /* 192.0.2.1 */
    EXPECT(connect(fd, (struct sockaddr *)&away, sizeof(away)) != 0 && errno == ENETUNREACH);
    struct sockaddr_in home = {.sin_family = AF_INET,
            .sin_port = htons(53),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    EXPECT(connect(fd, (struct sockaddr *)&home, sizeof(home)) == 0);
    close(fd);
    return NULL;
}

static void test_there_is_lo_and_no_way_out(void **state)
{
    (void)state;
    in_cell(sealed);
}

static bool note_namespace(gpointer data, GError **error)
{
    (void)error;
    *(ino_t *)data = inode("/proc/thread-self/ns/net");
    return true;
}

static bool refuse(gpointer data, GError **error)
{
    (void)data;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose");
    return false;
}

static const char *spaces(const struct cell_identity *cell)
{
    g_autoptr(GError) error = NULL;
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    EXPECT((fcntl(space, F_GETFD) & FD_CLOEXEC) != 0);
    struct stat st;
    EXPECT(fstat(space, &st) == 0 && st.st_ino != cell->net);
    ino_t seen = 0;
    EXPECT_OK(cell_run(space, note_namespace, &seen, &error));
    EXPECT(seen == st.st_ino);
    EXPECT(inode("/proc/thread-self/ns/net") == cell->net);
    EXPECT(!cell_run(space, refuse, NULL, &error) && error &&
            !strcmp(error->message, "on purpose"));
    g_clear_error(&error);
    int fd = cell_socket(space, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &error);
    EXPECT_OK(fd >= 0);
    EXPECT((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    EXPECT(cell_socket(space, 12345, SOCK_STREAM, 0, NULL) == -1);
    EXPECT(cell_socket(-1, AF_INET, SOCK_STREAM, 0, &error) == -1 && error);
    g_clear_error(&error);
    EXPECT(cell_socket(fd, AF_INET, SOCK_STREAM, 0, &error) == -1 && error);
    EXPECT(inode("/proc/thread-self/ns/net") == cell->net);
    close(fd);
    close(space);
    return NULL;
}

static void test_only_the_socket_goes_into_a_space(void **state)
{
    (void)state;
    in_cell(spaces);
}

static const char *raw_sockets(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    int fd = cell_socket(space, AF_INET, SOCK_RAW, IPPROTO_ICMP, &error);
    EXPECT_OK(fd >= 0);
    return NULL;
}

static void test_a_check_can_ping_from_a_space(void **state)
{
    (void)state;
    in_cell(raw_sockets);
}

static const char *hidden_kvm(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    if (access("/dev/kvm", F_OK) != 0) {
        return IN_CELL_SKIP "the host has no /dev/kvm to hide";
    }
    EXPECT_OK(cell_enter(true, NULL, &error));
    EXPECT(access("/dev/kvm", F_OK) == 0);
    EXPECT(access("/dev/kvm", R_OK | W_OK) != 0);
    EXPECT(open("/dev/kvm", O_RDWR | O_CLOEXEC) < 0);
    return NULL;
}

static void test_kvm_is_hidden_inside_and_not_outside(void **state)
{
    (void)state;
    struct stat before;
    bool exists = stat("/dev/kvm", &before) == 0;
    in_child(hidden_kvm, false);
    struct stat after;
    assert_int_equal(stat("/dev/kvm", &after) == 0, exists);
    assert_true(!exists || after.st_rdev == before.st_rdev);
}

static gpointer wait_for_end(gpointer data)
{
    char byte = 0;
    return GINT_TO_POINTER((int)read(*(int *)data, &byte, 1));
}

static const char *threaded(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    int ends[2];
    EXPECT(pipe2(ends, O_CLOEXEC) == 0);
    GThread *thread = g_thread_new("other", wait_for_end, &ends[0]);
    bool entered = cell_enter(false, NULL, &error);
    close(ends[1]);
    g_thread_join(thread);
    EXPECT(!entered && error && strstr(error->message, "threads") &&
            strstr(error->message, "remedy"));
    return NULL;
}

static void test_a_process_with_threads_is_refused_with_the_remedy(void **state)
{
    (void)state;
    in_child(threaded, false);
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

/* The limit belongs to a user namespace: it is set in one of our own. */
static const char *limited(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    g_autofree char *map = g_strdup_printf("%u %u 1", geteuid(), geteuid());
    if (unshare(CLONE_NEWUSER) != 0 || !write_text("/proc/self/uid_map", map) ||
            !write_text("/proc/sys/user/max_user_namespaces", "0")) {
        return IN_CELL_SKIP "cannot stage a host without user namespaces";
    }
    EXPECT(!cell_enter(false, NULL, &error));
    EXPECT(strstr(error->message, "switched off"));
    EXPECT(strstr(error->message, "remedy: sysctl -w user.max_user_namespaces="));
    return NULL;
}

static void test_a_host_without_user_namespaces_is_named_with_the_remedy(void **state)
{
    (void)state;
    in_child(limited, false);
}

static bool say_no(gpointer data, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", (const char *)data);
    return false;
}

static const char *trial(const struct cell_identity *none)
{
    (void)none;
    ino_t before = inode("/proc/self/ns/net");
    g_autoptr(GError) error = NULL;
    EXPECT(!cell_try(say_no, (gpointer) "no bridge here", &error));
    EXPECT(!strcmp(error->message, "no bridge here"));
    g_clear_error(&error);
    EXPECT_OK(cell_try(NULL, NULL, &error));
    EXPECT(inode("/proc/self/ns/net") == before);
    return NULL;
}

static void test_a_trial_reports_the_childs_error_and_changes_nothing(void **state)
{
    (void)state;
    in_child(trial, false);
}

static void test_doctor_splits_text_and_remedy(void **state)
{
    (void)state;
    g_autoptr(GError) error =
            g_error_new(G_FILE_ERROR, G_FILE_ERROR_FAILED, "it is shut; remedy: open it");
    struct doctor_check *check = doctor_check_from_error("door", error);
    assert_string_equal(check->text, "it is shut");
    assert_string_equal(check->remedy, "open it");
    assert_int_equal(check->state, DOCTOR_FAIL);
    doctor_check_free(check);
}

static void test_doctor_gives_each_check_a_name_of_its_own(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) checks = doctor_host();
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    assert_true(checks->len >= 8);
    for (guint i = 0; i < checks->len; i++) {
        const struct doctor_check *check = checks->pdata[i];
        assert_true(g_hash_table_add(names, (gpointer)check->name));
        assert_true(check->text && *check->text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_user_is_mapped_to_itself),
            cmocka_unit_test(test_an_executed_program_has_no_capability),
            cmocka_unit_test(test_there_is_lo_and_no_way_out),
            cmocka_unit_test(test_only_the_socket_goes_into_a_space),
            cmocka_unit_test(test_a_check_can_ping_from_a_space),
            cmocka_unit_test(test_kvm_is_hidden_inside_and_not_outside),
            cmocka_unit_test(test_a_process_with_threads_is_refused_with_the_remedy),
            cmocka_unit_test(test_a_host_without_user_namespaces_is_named_with_the_remedy),
            cmocka_unit_test(test_a_trial_reports_the_childs_error_and_changes_nothing),
            cmocka_unit_test(test_doctor_splits_text_and_remedy),
            cmocka_unit_test(test_doctor_gives_each_check_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
