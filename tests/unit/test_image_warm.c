/* test_image_warm.c - warm states in the store: keys, damage, locks, pruning. */
#include "support/image_store.h"

#include "base/error.h"
#include "base/json.h"
#include "image/warm.h"
#include "image/warm_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_MIB 4

static struct image web = {.name = (char *)"web",
        .digest = (char *)"0123456789abcdef",
        .kernel = (char *)"/k/vmlinux"};

static struct image_warm_shape shape(void)
{
    return (struct image_warm_shape){.image = &web,
            .memory_mib = MEMORY_MIB,
            .vcpus = 1,
            .cards = 1,
            .layout = "libvirt 9\n<domain/>\n"};
}

static char *key_of(const struct image_warm_shape *wanted)
{
    g_autoptr(GError) error = NULL;
    char *key = image_warm_key(wanted, &error);
    assert_no_error(error);
    return key;
}

static void put(const char *dir, const char *name, off_t at, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
    close(fd);
}

/* A state with a little in a memory that is mostly holes; its key. */
static char *make_state(void)
{
    g_autoptr(GError) error = NULL;
    struct image_warm_shape wanted = shape();
    char *key = key_of(&wanted);
    g_autofree char *work = image_warm_begin(key, MEMORY_MIB, &error);
    assert_no_error(error);
    put(work, "ram", 2 << 20, "what was in the memory");
    put(work, "state", 0, "the devices");
    struct image_warm *warm = image_warm_commit(&wanted, key, work, 4321, &error);
    assert_no_error(error);
    image_warm_free(warm);
    return key;
}

static void state_is_found_as_it_was_committed(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *key = make_state();
    struct image_warm *warm = image_warm_find("web", key, &error);
    assert_no_error(error);
    assert_true(g_file_test(warm->ram, G_FILE_TEST_IS_REGULAR));
    assert_true(g_file_test(warm->state, G_FILE_TEST_IS_REGULAR));
    assert_int_equal(warm->built_ms, 4321);
    image_warm_free(warm);
}

static void key_changes_with_all_that_a_state_stands_on(void **state)
{
    (void)state;
    struct image other = web;
    other.digest = (char *)"fedcba9876543210";
    struct image newer = web;
    newer.kernel = (char *)"/k2/vmlinux";
    struct image_warm_shape shapes[8] = {0};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        shapes[i] = shape();
    }
    shapes[1].image = &other;
    shapes[2].image = &newer;
    shapes[3].memory_mib++;
    shapes[4].vcpus++;
    shapes[5].cards++;
    shapes[6].layout = "libvirt 10\n<domain/>\n";
    shapes[7].layout = "libvirt 9\n<domain type='kvm'/>\n";
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        assert_true(g_hash_table_add(keys, key_of(&shapes[i])));
    }
    struct image_warm_shape again = shape();
    g_autofree char *same = key_of(&again);
    assert_true(g_hash_table_contains(keys, same));
}

static void one_changed_byte_is_refused_by_name(void **state)
{
    const struct test_images *images = *state;
    static const char *const names[] = {"ram", "state", "manifest.json"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *key = make_state();
        g_autofree char *dir =
                g_build_filename(images->dir, "store/sandtable/images/warm", key, NULL);
        put(dir, names[i], 3, "X");
        assert_null(image_warm_find("web", key, &error));
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE));
        assert_non_null(strstr(error->message, "warm state of image \"web\" is damaged"));
        assert_non_null(strstr(error->message, names[i]));
    }
}

static void absent_state_is_not_a_damaged_one(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(image_warm_find("web", "00000000000000000000000000000000", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND));
}

static void digest_is_the_same_with_holes_and_without(void **state)
{
    const struct test_images *images = *state;
    g_autoptr(GError) error = NULL;
    put(images->dir, "holes", 300000, "text");
    g_autofree char *with = g_build_filename(images->dir, "holes", NULL);
    g_autofree char *without = g_build_filename(images->dir, "whole", NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(with, &bytes, &length, NULL));
    assert_true(g_file_set_contents(without, bytes, (gssize)length, NULL));
    g_autofree char *first = warm_file_digest(with, &error);
    g_autofree char *second = warm_file_digest(without, &error);
    assert_no_error(error);
    assert_string_equal(first, second);
    put(images->dir, "whole", 299999, "x");
    g_autofree char *third = warm_file_digest(without, &error);
    assert_string_not_equal(first, third);
}

static void second_builder_waits_until_the_first_lets_go(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    struct image_warm_shape wanted = shape();
    g_autofree char *key = key_of(&wanted);
    int first = image_warm_lock(key, cancel, &error);
    assert_no_error(error);
    pid_t pid = fork();
    if (pid == 0) { /* another engine, without our hold on it */
        close(first);
        int second = image_warm_lock(key, NULL, NULL);
        _exit(second >= 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    close(first);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    int third = image_warm_lock(key, cancel, &error);
    g_cancellable_cancel(cancel);
    assert_int_equal(image_warm_lock(key, cancel, &error), -1);
    assert_non_null(strstr(error->message, "cannot lock"));
    close(third);
}

static void states_of_no_image_are_pruned(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *key = make_state(); /* of a digest that no recipe has */
    auto_json list = image_warm_list(false, &error);
    assert_int_equal(cJSON_GetArraySize(list), 1);
    const cJSON *entry = cJSON_GetArrayItem(list, 0);
    assert_string_equal(json_string(entry, "key", ""), key);
    assert_false(json_bool(entry, "current", true));
    assert_true(json_int(entry, "used", 0) < json_int(entry, "size", 0)); /* holes */
    assert_int_equal(image_warm_prune(&error), 1);
    assert_int_equal(image_warm_prune(&error), 0);
    assert_null(image_warm_find("web", key, &error));
}

static void what_a_killed_build_left_is_pruned(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const char *key = "00000000000000000000000000000000";
    g_autofree char *work = image_warm_begin(key, 64, &error);
    assert_no_error(error);
    int lock = image_warm_lock(key, NULL, &error);
    assert_int_equal(image_warm_prune(&error), 0); /* somebody is at it */
    assert_true(g_file_test(work, G_FILE_TEST_IS_DIR));
    close(lock);
    assert_int_equal(image_warm_prune(&error), 1);
    assert_false(g_file_test(work, G_FILE_TEST_EXISTS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_images_setup, test_images_teardown)
    const struct CMUnitTest tests[] = {
            TEST(state_is_found_as_it_was_committed),
            TEST(key_changes_with_all_that_a_state_stands_on),
            TEST(one_changed_byte_is_refused_by_name),
            TEST(absent_state_is_not_a_damaged_one),
            TEST(digest_is_the_same_with_holes_and_without),
            TEST(second_builder_waits_until_the_first_lets_go),
            TEST(states_of_no_image_are_pruned),
            TEST(what_a_killed_build_left_is_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
