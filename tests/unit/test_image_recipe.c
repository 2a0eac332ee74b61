/* test_image_recipe.c - recipes: what may stand in them, what is refused, what their digest covers.
 */
#include "support/image_store.h"

#include "base/error.h"
#include "image/apt_sources.h"
#include "image/image.h"
#include "image/recipe.h"

#include <string.h>
#include <unistd.h>

static struct recipe *parse(const char *text, GError **error)
{
    return recipe_parse("web", "images/web", text, strlen(text), error);
}

static void a_whole_recipe_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    auto_recipe recipe = parse("# remark\n[image]\ndescription=Web\npackages=nginx-light;curl\n"
                               "programs=plc\nmemory=160\nremove=/etc/ssh/ssh_host_*\n"
                               "probe=sh;-c;true && true\n[services]\nnginx=nginx -g off\n"
                               "ssh=/usr/lib/x\n[modes]\n/etc/key=0600\n",
            &error);
    assert_no_error(error);
    assert_string_equal(recipe->description, "Web");
    assert_string_equal(recipe->packages[1], "curl");
    assert_string_equal(recipe->probe[2], "true && true");
    assert_int_equal(recipe->memory_mib, 160);
    assert_string_equal(recipe->services->pdata[0], "nginx nginx -g off");
    assert_string_equal(recipe->services->pdata[1], "ssh /usr/lib/x");
    assert_string_equal(g_hash_table_lookup(recipe->modes, "/etc/key"), "0600");
}

static void a_wrong_recipe_is_refused_by_file_and_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
            {"[image]\ndescription=x\npakages=a\n",
                    "unknown key \"pakages\" (did you mean \"packages\"?)"},
            {"[image]\ndescription=x\n[servces]\na=b\n",
                    "unknown group [servces] (did you mean \"services\"?)"},
            {"[image]\npackages=a\n", "no description"},
            {"description=x\n", "images/web/recipe"},
            {"", "no group [image]"},
            {"[image]\ndescription=x\nmemory=lots\n", "memory: \"lots\" is not a number of MiB"},
            {"[image]\ndescription=x\nmemory=1\n", "from 48 to 65536"},
            {"[image]\ndescription=x\nmemory=99999999999999999999\n", "from 48 to 65536"},
            {"[image]\ndescription=x\npackages=a;-oDir=/\n", "packages: \"-oDir=/\""},
            {"[image]\ndescription=x\npackages=$(id)\n", "packages: \"$(id)\""},
            {"[image]\ndescription=x\nprograms=../../bin/sh\n", "programs: \"../../bin/sh\""},
            {"[image]\ndescription=x\nremove=etc/passwd\n", "remove: \"etc/passwd\""},
            {"[image]\ndescription=x\nremove=/etc/../..\n", "remove: \"/etc/../..\""},
            {"[image]\ndescription=x\nremove=/a b\n", "remove: \"/a b\""},
            {"[image]\ndescription=x\nremove=/;rm\n", "remove: \"/\""},
            {"[image]\ndescription=x\n[services]\nA=b\n", "service \"A\""},
            {"[image]\ndescription=x\n[services]\na=sh -c 'x'\n", "without quotes"},
            {"[image]\ndescription=x\n[services]\na=\n", "service \"a\""},
            {"[image]\ndescription=x\n[modes]\n/etc/key=rw\n", "\"/etc/key=rw\" is not PATH=OCTAL"},
            {"[image]\ndescription=\xff\n", "UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        auto_recipe recipe = parse(cases[i].text, &error);
        if (recipe || !error || !strstr(error->message, cases[i].message) ||
                !strstr(error->message, "images/web/recipe")) {
            fail_msg("%s: %s", cases[i].message, error ? error->message : "accepted");
        }
    }
}

static void an_unknown_image_names_the_nearest(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(image_find("wep", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND));
    assert_non_null(strstr(error->message, "did you mean \"web\""));
    g_clear_error(&error);
    assert_null(image_find("../web", &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND));
}

static char *digest_of(const char *name)
{
    g_autoptr(GError) error = NULL;
    auto_recipe recipe = recipe_load(name, &error);
    assert_no_error(error);
    char *digest = recipe_digest(recipe, &error);
    assert_no_error(error);
    assert_int_equal(strlen(digest), 16);
    return digest;
}

static void the_same_input_has_the_same_digest(void **state)
{
    struct test_images *images = *state;
    g_autofree char *first = digest_of("web");
    g_autofree char *file = g_build_filename(images->dir, "data/images/web/files/etc/motd", NULL);
    assert_int_equal(g_unlink(file), 0);
    test_images_write(images, "data/images/web/files/etc/motd", "hello\n");
    assert_int_equal(g_chmod(file, 0600), 0); /* a checkout with another umask */
    g_autofree char *second = digest_of("web");
    assert_string_equal(first, second);
}

static void each_change_gives_another_digest(void **state)
{
    struct test_images *images = *state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    assert_true(g_hash_table_add(seen, digest_of("web")));
    static const char *const changes[][2] = {
            {"data/images/web/files/etc/motd", "hellO\n"}, /* a byte */
            {"data/images/web/files/etc/motd2", ""},       /* a name */
            {"data/images/web/recipe", "[image]\ndescription=w\n"},
            {"data/images/base/files/usr/x", "x"},
            {"data/images/base/recipe", "[image]\ndescription=b2\nprograms=guest-init\n"},
            {"data/images/kernel/assemble.sh", "false\n"},
            {"guest/guest-init", "other init"},
            {"guest/early-init", "other early"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        test_images_write(images, changes[i][0], changes[i][1]);
        if (!g_hash_table_add(seen, digest_of("web"))) {
            fail_msg("%s: the same digest as before", changes[i][0]);
        }
    }
    g_autofree char *file = g_build_filename(images->dir, "data/images/web/files/etc/motd", NULL);
    assert_int_equal(g_chmod(file, 0755), 0); /* a mode */
    assert_true(g_hash_table_add(seen, digest_of("web")));
    g_autofree char *moved = g_build_filename(images->dir, "data/images/web/files/etc/mots", NULL);
    assert_int_equal(g_rename(file, moved), 0);
    assert_true(g_hash_table_add(seen, digest_of("web")));
}

static void a_link_among_the_files_is_refused(void **state)
{
    struct test_images *images = *state;
    g_autofree char *link = g_build_filename(images->dir, "data/images/web/files/etc/link", NULL);
    assert_int_equal(symlink("/etc/shadow", link), 0);
    g_autoptr(GError) error = NULL;
    auto_recipe recipe = recipe_load("web", &error);
    assert_no_error(error);
    assert_null(recipe_digest(recipe, &error));
    assert_non_null(strstr(error->message, "files/etc/link"));
}

static void the_list_has_the_kernel_first_and_no_base(void **state)
{
    (void)state;
    g_auto(GStrv) names = image_recipes(NULL);
    assert_int_equal(g_strv_length(names), 2);
    assert_string_equal(names[0], "kernel");
    assert_string_equal(names[1], "web");
}

static void the_recipes_of_the_project_are_valid(void **state)
{
    (void)state;
    g_setenv("SANDTABLE_DATA", SANDTABLE_SOURCE_DIR, TRUE);
    static const char *const names[] = {"kernel", "base", "server", "attacker", "plc"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        auto_recipe recipe = recipe_load(names[i], &error);
        assert_no_error(error);
        assert_non_null(recipe);
    }
}

static void only_the_guests_suite_is_taken_from_the_hosts_sources(void **state)
{
    (void)state;
    g_autofree char *lines =
            apt_sources_parse("# deb http://a/ bookworm main\n"
                              "deb [signed-by=/k arch=amd64]  http://a/ bookworm main contrib\n"
                              "deb-src http://a/ bookworm main\n"
                              "deb http://b/ trixie main\n"
                              "deb http://c/ bookworm-security main\ndeb\ndeb [x\n",
                    FALSE);
    assert_string_equal(lines, "deb [signed-by=/k arch=amd64] http://a/ bookworm main contrib\n"
                               "deb http://c/ bookworm-security main\n");
    g_autofree char *stanzas =
            apt_sources_parse("Types: deb deb-src\n# remark\nURIs: http://a/ http://b/\n"
                              "Suites: bookworm nodistro\n bookworm-updates\n"
                              "Components: main\nSigned-By: /k\n\n"
                              "Types: deb\nEnabled: no\nURIs: http://c/\n"
                              "Suites: bookworm\nComponents: main\n",
                    TRUE);
    assert_string_equal(stanzas, "deb [signed-by=/k] http://a/ bookworm main\n"
                                 "deb [signed-by=/k] http://a/ bookworm-updates main\n"
                                 "deb [signed-by=/k] http://b/ bookworm main\n"
                                 "deb [signed-by=/k] http://b/ bookworm-updates main\n");
}

#define WITH_IMAGES(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_images_setup, test_images_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_whole_recipe_is_read),
            cmocka_unit_test(a_wrong_recipe_is_refused_by_file_and_key),
            cmocka_unit_test(only_the_guests_suite_is_taken_from_the_hosts_sources),
            WITH_IMAGES(an_unknown_image_names_the_nearest),
            WITH_IMAGES(the_same_input_has_the_same_digest),
            WITH_IMAGES(each_change_gives_another_digest),
            WITH_IMAGES(a_link_among_the_files_is_refused),
            WITH_IMAGES(the_list_has_the_kernel_first_and_no_base),
            WITH_IMAGES(the_recipes_of_the_project_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
