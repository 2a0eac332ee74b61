/* test_import_seed.c - the documents by which cloud-init makes a machine itself. */
#include "support/test.h"

#include "base/json.h"
#include "image/seed.h"
#include "image/tool.h"

#include <string.h>

static char *const command[] = {(char *)"sh", (char *)"-c", (char *)"echo \"'\n: - #", NULL};
static char *const *const commands[] = {command};
static const struct seed_card cards[] = {
        {{0x52, 0x54, 0, 1, 2, 3}, "10.20.1.10/24", "10.20.1.1"},
        {{0x52, 0x54, 0, 1, 2, 4}, "10.20.2.10/24", NULL},
};
static const struct seed_file files[] = {{"/etc/x: y", "a\0b", 3, 0640}};
static const char *const users[] = {"ada", NULL};
static const char *const keys[] = {"ssh-ed25519 AAAA ada@home", NULL};
static const struct seed seed = {.instance = "drill-m3",
        .hostname = "web",
        .cards = cards,
        .n_cards = 2,
        .files = files,
        .n_files = 1,
        .commands = commands,
        .n_commands = 1,
        .users = users,
        .ssh_keys = keys,
        .forward = true};

static cJSON *parse(char *text)
{
    g_autofree char *owned = text;
    g_autoptr(GError) error = NULL;
    const char *from = g_str_has_prefix(owned, "#cloud-config\n") ? strchr(owned, '\n') + 1 : owned;
    cJSON *json = json_parse(from, strlen(from), &error);
    assert_no_error(error);
    return json;
}

static void addresses_and_routes_are_those_of_the_plan(void **state)
{
    (void)state;
    auto_json config = parse(seed_network_config(&seed));
    assert_int_equal(json_int(config, "version", 0), 2);
    const cJSON *cards_json = json_object(config, "ethernets");
    const cJSON *first = json_object(cards_json, "card0");
    assert_string_equal(
            json_string(json_object(first, "match"), "macaddress", ""), "52:54:00:01:02:03");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(json_array(first, "addresses"), 0)),
            "10.20.1.10/24");
    assert_string_equal(json_string(cJSON_GetArrayItem(json_array(first, "routes"), 0), "via", ""),
            "10.20.1.1");
    assert_null(json_array(json_object(cards_json, "card1"), "routes"));
}

static void texts_cannot_break_out_of_their_place(void **state)
{
    (void)state;
    g_autofree char *text = seed_user_data(&seed);
    assert_true(g_str_has_prefix(text, "#cloud-config\n{"));
    assert_int_equal(strchr(strchr(text, '\n') + 1, '\n') - text, strlen(text) - 1); /* two lines */
    auto_json config = parse(g_steal_pointer(&text));
    const cJSON *file = cJSON_GetArrayItem(json_array(config, "write_files"), 0);
    assert_string_equal(json_string(file, "path", ""), "/etc/x: y");
    assert_string_equal(json_string(file, "permissions", ""), "0640");
    assert_string_equal(json_string(file, "content", ""), "YQBi");
    const cJSON *run = json_array(config, "runcmd");
    assert_int_equal(cJSON_GetArraySize(run), 2); /* forwarding, then the scenario's */
    const cJSON *argv = cJSON_GetArrayItem(run, 1);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(argv, 2)), command[2]);
    const cJSON *user = cJSON_GetArrayItem(json_array(config, "users"), 0);
    assert_string_equal(json_string(user, "name", ""), "ada");
    assert_true(json_bool(user, "lock_passwd", false));
    assert_string_equal(
            cJSON_GetStringValue(cJSON_GetArrayItem(json_array(user, "ssh_authorized_keys"), 0)),
            keys[0]);
    auto_json meta = parse(seed_meta_data(&seed));
    assert_string_equal(json_string(meta, "instance-id", ""), "drill-m3");
    assert_string_equal(json_string(meta, "local-hostname", ""), "web");
}

/* ISO 9660 6.4: the volume descriptor is sector 16, the label stands at byte 40 of it. */
static void the_seed_is_an_iso_that_cloud_init_finds_by_its_label(void **state)
{
    (void)state;
    g_autofree char *tool = tool_find("xorriso", "xorriso", NULL);
    if (!tool) {
        print_message("skipped: there is no xorriso (apt-get install xorriso)\n");
        return;
    }
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "seed.iso", NULL);
    g_autoptr(GError) error = NULL;
    assert_true(seed_write(path, &seed, &error));
    assert_no_error(error);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    assert_true(length > 17 * 2048);
    assert_memory_equal(bytes + 16 * 2048 + 1, "CD001", 5);
    assert_memory_equal(bytes + 16 * 2048 + 40, "cidata ", 7);
    assert_non_null(memmem(bytes, length, "#cloud-config", 13));
    g_autofree char *rest = g_strconcat(path, ".d", NULL);
    assert_false(g_file_test(rest, G_FILE_TEST_EXISTS));
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(addresses_and_routes_are_those_of_the_plan),
            cmocka_unit_test(texts_cannot_break_out_of_their_place),
            cmocka_unit_test(the_seed_is_an_iso_that_cloud_init_finds_by_its_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
