/* test_image_build.c - the store: built whole or not at all, cached, damage named, locks, pruning.
 *
 * A small script stands in for mmdebstrap (found first in PATH); all else is the real builder.
 */
#include "support/image_store.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/build_tree.h"
#include "image/image.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 20000

bool __wrap_build_check_host(GError **error); /* the linker's --wrap asks for the name */

bool __wrap_build_check_host(GError **error)
{
    (void)error;
    return true;
}

/* Makes what mmdebstrap would; waits for ever where the test wants to interrupt it. */
static const char stand_in[] =
        "#!/bin/sh\n"
        "echo \"I: downloading packages with apt...\" >&2\n"
        "echo run >> \"$TEST_DIR/runs\"\n"
        "if [ -e \"$TEST_DIR/block\" ]; then\n"
        "    echo half > root.tar\n"
        "    echo $$ > \"$TEST_DIR/pid.new\"\n"
        "    mv \"$TEST_DIR/pid.new\" \"$TEST_DIR/pid\"\n"
        "    exec sleep 600\n"
        "fi\n"
        "if [ -e \"$TEST_DIR/fail\" ]; then echo 'E: no mirror' >&2; exit 3; fi\n"
        "echo 'nginx 1.0' > packages\n"
        "case \"$*\" in\n"
        "    *variant=extract*) for f in vmlinux initrd modules.squashfs; do echo $f > $f; done "
        ";;\n"
        "    *) cp files.tar root.tar ;;\n"
        "esac\n";

static int setup(void **state)
{
    test_images_setup(state);
    const struct test_images *images = *state;
    test_images_write(images, "bin/mmdebstrap", stand_in);
    g_autofree char *tool = g_build_filename(images->dir, "bin/mmdebstrap", NULL);
    g_autofree char *bin = g_build_filename(images->dir, "bin", NULL);
    g_autofree char *path = g_strconcat(bin, ":", "/usr/sbin:/usr/bin:/sbin:/bin", NULL);
    g_setenv("PATH", path, TRUE);
    g_setenv("TEST_DIR", images->dir, TRUE);
    return g_chmod(tool, 0755);
}

static int runs(const struct test_images *images)
{
    g_autofree char *path = g_build_filename(images->dir, "runs", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    return g_file_get_contents(path, &text, &length, NULL) ? (int)(length / 4) : 0;
}

static void build(const char *name, bool cached)
{
    g_autoptr(GError) error = NULL;
    bool was_cached = !cached;
    image_build(name, NULL, NULL, &was_cached, &error);
    assert_no_error(error);
    assert_int_equal(was_cached, cached);
}

/* Entries of the store but the locks. */
static int store_entries(void)
{
    g_autofree char *store = paths_images_dir();
    g_autoptr(GDir) dir = g_dir_open(store, 0, NULL);
    int n = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        n += !g_str_has_prefix(name, ".lock-");
    }
    return n;
}

static void a_second_build_is_cached(void **state)
{
    build("web", false);
    assert_int_equal(runs(*state), 2); /* kernel and web */
    build("web", true);
    build("kernel", true);
    assert_int_equal(runs(*state), 2);
    g_autoptr(GError) error = NULL;
    struct image *image = image_find("web", &error);
    assert_no_error(error);
    assert_true(g_file_test(image->root, G_FILE_TEST_IS_REGULAR));
    assert_true(g_file_test(image->kernel, G_FILE_TEST_IS_REGULAR));
    assert_int_equal(image->memory_mib, 160);
    image_free(image);
    assert_true(image_verify("web", &error));
    assert_int_equal(store_entries(), 2);
}

static void the_overlay_has_files_programs_and_services(void **state)
{
    (void)state;
    build("web", false);
    struct image *image = image_find("web", NULL);
    assert_non_null(image);
    g_autofree char *out = NULL;
    const char *argv[] = {"unsquashfs", "-lln", image->root, NULL};
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, NULL, NULL));
    assert_non_null(strstr(out, "-rwxr-xr-x 0/0"));
    assert_non_null(strstr(out, "squashfs-root/usr/sbin/init"));
    assert_non_null(strstr(out, "squashfs-root/etc/motd"));
    assert_non_null(strstr(out, "squashfs-root/etc/sandtable/services"));
    image_free(image);
}

static void a_missing_build_says_how_to_make_it(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(image_find("web", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND));
    assert_non_null(strstr(error->message, "sandtable image build web"));
}

static void damage(const char *file, void (*how)(const char *path))
{
    struct image *image = image_find("web", NULL);
    assert_non_null(image);
    g_autofree char *path = g_build_filename(image->dir, file, NULL);
    how(path);
    image_free(image);
}

static void flip_a_byte(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    bytes[length / 2] ^= 1;
    assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
}

static void cut_short(const char *path)
{
    assert_int_equal(truncate(path, 10), 0);
}

static void remove_it(const char *path)
{
    assert_int_equal(g_unlink(path), 0);
}

static void a_flipped_byte_is_found_by_verify_and_named(void **state)
{
    (void)state;
    build("web", false);
    damage("root.squashfs", flip_a_byte);
    g_autoptr(GError) error = NULL;
    assert_false(image_verify("web", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE));
    assert_non_null(strstr(error->message, "image \"web\" is damaged"));
    assert_non_null(strstr(error->message, "root.squashfs"));
}

static void a_damaged_image_is_refused_by_name_and_built_anew(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        void (*how)(const char *path);
    } cases[] = {{"root.squashfs", cut_short}, {"root.squashfs", remove_it},
            {"manifest.json", cut_short}, {"manifest.json", remove_it}};
    build("web", false);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        damage(cases[i].file, cases[i].how);
        g_autoptr(GError) error = NULL;
        assert_null(image_find("web", &error));
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE));
        assert_non_null(strstr(error->message, "image \"web\" is damaged"));
        build("web", false);
        assert_true(image_verify("web", NULL));
    }
}

static void a_failed_build_says_why_and_leaves_nothing(void **state)
{
    test_images_write(*state, "fail", "");
    g_autoptr(GError) error = NULL;
    bool cached = false;
    assert_false(image_build("kernel", NULL, NULL, &cached, &error));
    assert_non_null(strstr(error->message, "image \"kernel\""));
    assert_non_null(strstr(error->message, "E: no mirror"));
    assert_int_equal(store_entries(), 0);
}

/* Waits until path is there; the test fails at the limit. */
static void await_file(const char *path)
{
    for (int waited = 0; !g_file_test(path, G_FILE_TEST_EXISTS); waited += 10) {
        assert_true(waited < LIMIT_MS);
        g_usleep(10 * 1000);
    }
}

static void await_end(pid_t pid)
{
    for (int waited = 0; kill(pid, 0) == 0; waited += 10) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
        g_autofree char *stat = NULL;
        if (!g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z ")) {
            return; /* a zombie waits for init */
        }
        assert_true(waited < LIMIT_MS);
        g_usleep(10 * 1000);
    }
}

static void a_killed_builder_leaves_no_image_and_the_next_one_clears_up(void **state)
{
    const struct test_images *images = *state;
    build("kernel", false);
    test_images_write(images, "block", "");
    GPid pid = 0; /* a program of its own: a fork would lack GLib's threads */
    const char *argv[] = {"/proc/self/exe", "--build-web", NULL};
    assert_true(g_spawn_async(NULL, (char **)argv, NULL,
            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &pid, NULL));
    g_autofree char *pid_path = g_build_filename(images->dir, "pid", NULL);
    g_autofree char *text = NULL;
    await_file(pid_path);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(g_file_get_contents(pid_path, &text, NULL, NULL));
    await_end((int)g_ascii_strtoll(text, NULL, 10)); /* the tool ends with its builder */

    g_autoptr(GError) error = NULL;
    assert_null(image_find("web", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND));
    g_autofree char *block = g_build_filename(images->dir, "block", NULL);
    assert_int_equal(g_unlink(block), 0);
    build("web", false);
    assert_int_equal(store_entries(), 2); /* kernel and web, no debris */
    assert_true(image_verify("web", NULL));
}

static gpointer build_in_thread(gpointer data)
{
    bool *cached = data;
    return GINT_TO_POINTER(image_build("web", NULL, NULL, cached, NULL));
}

static void two_builds_of_one_image_build_it_once(void **state)
{
    bool cached[2] = {false, false};
    GThread *one = g_thread_new("one", build_in_thread, &cached[0]);
    GThread *two = g_thread_new("two", build_in_thread, &cached[1]);
    assert_true(GPOINTER_TO_INT(g_thread_join(one)));
    assert_true(GPOINTER_TO_INT(g_thread_join(two)));
    assert_int_equal(cached[0] + cached[1], 1);
    assert_int_equal(runs(*state), 2);
}

static void pruning_removes_what_no_recipe_asks_for(void **state)
{
    const struct test_images *images = *state;
    build("web", false);
    assert_int_equal(image_prune(NULL), 0);
    test_images_write(images, "data/images/web/files/etc/motd", "changed\n");
    build("web", false);
    assert_int_equal(store_entries(), 3);
    assert_int_equal(image_prune(NULL), 1);
    assert_int_equal(store_entries(), 2);
    assert_true(image_verify("web", NULL));
}

static void the_list_tells_built_damaged_and_missing(void **state)
{
    (void)state;
    build("web", false);
    damage("root.squashfs", cut_short);
    auto_json list = image_list(NULL);
    assert_int_equal(cJSON_GetArraySize(list), 2);
    const cJSON *kernel = cJSON_GetArrayItem(list, 0), *web = cJSON_GetArrayItem(list, 1);
    assert_true(json_bool(kernel, "built", false));
    assert_int_equal(json_int(kernel, "packages", 0), 1);
    assert_false(json_bool(web, "built", true));
    assert_non_null(strstr(json_string(web, "damaged", ""), "root.squashfs"));
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, test_images_teardown)

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--build-web")) {
        return image_build("web", NULL, NULL, NULL, NULL) ? 0 : 1;
    }
    const struct CMUnitTest tests[] = {
            STORE_TEST(a_second_build_is_cached),
            STORE_TEST(the_overlay_has_files_programs_and_services),
            STORE_TEST(a_missing_build_says_how_to_make_it),
            STORE_TEST(a_flipped_byte_is_found_by_verify_and_named),
            STORE_TEST(a_damaged_image_is_refused_by_name_and_built_anew),
            STORE_TEST(a_failed_build_says_why_and_leaves_nothing),
            STORE_TEST(a_killed_builder_leaves_no_image_and_the_next_one_clears_up),
            STORE_TEST(two_builds_of_one_image_build_it_once),
            STORE_TEST(pruning_removes_what_no_recipe_asks_for),
            STORE_TEST(the_list_tells_built_damaged_and_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
