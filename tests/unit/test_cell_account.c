/* test_cell_account.c - from root to an ordinary account; most of it needs root. */
#include "support/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void skip_unless_root(void)
{
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: only root can become somebody else\n");
        skip();
    }
}

static void test_an_unknown_account_is_refused_with_the_remedy(void **state)
{
    (void)state;
    g_autofree char *name = NULL;
    g_autoptr(GError) error = NULL;
    assert_false(cell_account("no-such-account", &name, &error));
    assert_non_null(strstr(error->message, "no-such-account"));
    assert_non_null(strstr(error->message, "./dev setup"));
    assert_null(name);
}

static void test_root_is_no_account_for_machines(void **state)
{
    (void)state;
    g_autofree char *name = NULL;
    g_autoptr(GError) error = NULL;
    assert_false(cell_account("root", &name, &error));
    assert_non_null(strstr(error->message, "never run as root"));
}

static void test_the_user_named_wins_over_sudo(void **state)
{
    (void)state;
    g_autofree char *name = NULL;
    g_setenv("SUDO_USER", "no-such-account", TRUE);
    assert_true(cell_account("nobody", &name, NULL));
    assert_string_equal(name, "nobody");
    g_setenv("SUDO_USER", "nobody", TRUE);
    g_autofree char *second = NULL;
    assert_true(cell_account(NULL, &second, NULL));
    assert_string_equal(second, "nobody");
    g_unsetenv("SUDO_USER");
}

static void test_an_ordinary_user_stays_who_it_is(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        fprintf(stderr, "skipped: root does change\n");
        skip();
    }
    uid_t before = geteuid();
    assert_true(cell_drop_root("nobody", NULL, NULL));
    assert_int_equal(geteuid(), before);
}

/* Runs fn in a child that is still root. */
static void as_root(const char *(*fn)(const char *dir))
{
    char *dir = test_mkdtemp();
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        const char *problem = fn(dir);
        ssize_t n = problem ? write(ends[1], problem, strlen(problem)) : 0;
        _exit(n < 0 ? 1 : 0);
    }
    close(ends[1]);
    char text[1024] = "";
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    test_rmtree(dir);
    if (n != 0 || status != 0) {
        fail_msg("in the child: %s", text);
    }
}

static const char *dropped(const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_setenv("XDG_STATE_HOME", dir, TRUE); /* root's */
    g_setenv("HOME", dir, TRUE);
    EXPECT_OK(cell_drop_root("nobody", NULL, &error));
    const struct passwd *nobody = getpwnam("nobody");
    EXPECT(nobody && getuid() == nobody->pw_uid && getegid() == nobody->pw_gid);
    EXPECT(setuid(0) != 0 && setgid(0) != 0);
    EXPECT(!g_getenv("XDG_STATE_HOME") && !strcmp(g_getenv("HOME"), nobody->pw_dir));
    struct stat st;
    EXPECT(stat("/proc/self/uid_map", &st) == 0 && st.st_uid == getuid());
    EXPECT_OK(cell_enter(false, NULL, &error));
    return NULL;
}

static void test_root_becomes_the_account_for_good_and_can_enter_a_cell(void **state)
{
    (void)state;
    skip_unless_root();
    as_root(dropped);
}

/* dir/closed (0700) with a folder and a file in it. */
static bool make_closed(const char *dir, char **ret_folder, char **ret_file)
{
    g_autofree char *closed = g_build_filename(dir, "closed", NULL);
    *ret_folder = g_build_filename(closed, "clone", NULL);
    *ret_file = g_build_filename(closed, "clone", "text", NULL);
    return chmod(dir, 0755) == 0 && mkdir(closed, 0700) == 0 && mkdir(*ret_folder, 0755) == 0 &&
           g_file_set_contents(*ret_file, "shown", -1, NULL) && chmod(*ret_file, 0644) == 0;
}

static const char *shown(const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *file = NULL;
    EXPECT(make_closed(dir, &folder, &file));
    EXPECT(chdir(folder) == 0);
    char *paths[] = {g_strdup("."), g_strdup("text"), NULL};
    EXPECT_OK(cell_drop_root("nobody", paths, &error));
    EXPECT(!strcmp(paths[0], folder) && !strcmp(paths[1], file));
    g_autofree char *text = NULL;
    EXPECT(g_file_get_contents(file, &text, NULL, NULL) && !strcmp(text, "shown"));
    g_autofree char *cwd = g_get_current_dir();
    EXPECT(!strcmp(cwd, folder) && access("text", R_OK) == 0);
    EXPECT(access(folder, W_OK) != 0);
    EXPECT_OK(cell_enter(false, NULL, &error));
    EXPECT(access(file, R_OK) == 0);
    g_free(paths[0]);
    g_free(paths[1]);
    return NULL;
}

static void test_a_clone_behind_a_closed_folder_is_shown_at_its_own_place(void **state)
{
    (void)state;
    skip_unless_root();
    g_autofree char *before = NULL;
    assert_true(g_file_get_contents("/proc/self/mounts", &before, NULL, NULL));
    as_root(shown);
    g_autofree char *after = NULL;
    assert_true(g_file_get_contents("/proc/self/mounts", &after, NULL, NULL));
    assert_string_equal(after, before);
}

static const char *closed_file(const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *file = NULL;
    EXPECT(make_closed(dir, &folder, &file) && chmod(file, 0600) == 0);
    char *paths[] = {g_strdup(file), NULL};
    EXPECT(!cell_drop_root("nobody", paths, &error));
    EXPECT(strstr(error->message, file) && strstr(error->message, "chmod"));
    g_free(paths[0]);
    return NULL;
}

static void test_a_file_that_is_closed_itself_is_named_with_the_remedy(void **state)
{
    (void)state;
    skip_unless_root();
    as_root(closed_file);
}

static const char *closed_tun(const char *dir)
{
    (void)dir;
    g_autoptr(GError) error = NULL;
    /* a host on which /dev/net/tun is root's: ours alone, in a mount namespace of our own */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", "/dev/net", "tmpfs", 0, NULL) != 0 ||
            mknod("/dev/net/tun", S_IFCHR | 0600, (10 << 8) | 200) != 0) {
        fprintf(stderr, "skipped: cannot stage a closed /dev/net/tun: %s\n", g_strerror(errno));
        return NULL;
    }
    EXPECT_OK(cell_drop_root("nobody", NULL, &error));
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    EXPECT(fd >= 0);
    close(fd);
    return NULL;
}

static void test_a_closed_tun_device_is_opened_to_the_account_alone(void **state)
{
    (void)state;
    skip_unless_root();
    struct stat before;
    struct stat after;
    bool exists = stat("/dev/net/tun", &before) == 0;
    as_root(closed_tun);
    assert_true(exists == (stat("/dev/net/tun", &after) == 0));
    assert_true(!exists || (before.st_mode == after.st_mode && before.st_ino == after.st_ino));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_an_unknown_account_is_refused_with_the_remedy),
            cmocka_unit_test(test_root_is_no_account_for_machines),
            cmocka_unit_test(test_the_user_named_wins_over_sudo),
            cmocka_unit_test(test_an_ordinary_user_stays_who_it_is),
            cmocka_unit_test(test_root_becomes_the_account_for_good_and_can_enter_a_cell),
            cmocka_unit_test(test_a_clone_behind_a_closed_folder_is_shown_at_its_own_place),
            cmocka_unit_test(test_a_file_that_is_closed_itself_is_named_with_the_remedy),
            cmocka_unit_test(test_a_closed_tun_device_is_opened_to_the_account_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
