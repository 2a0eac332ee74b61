/* test_cell_doctor.c - sandtable doctor: its lines, its document, its exit code. */
#include "base/json.h"
#include "cli/cli.h"
#include "support/cell.h"

/* Runs the verb with stdout in a file of its own; its exit code and what it printed. */
static int run_doctor(const char *const *argv, char **ret_out)
{
    int argc = (int)g_strv_length((char **)argv);
    g_autofree char **copy = g_memdup2(argv, sizeof(*argv) * (gsize)(argc + 1));
    FILE *file = tmpfile();
    if (!file || dup2(fileno(file), STDOUT_FILENO) < 0) {
        return -1;
    }
    int code = cli_main(argc, copy);
    (void)fflush(stdout);
    GString *out = g_string_new(NULL);
    char part[512];
    gsize n = 0;
    rewind(file);
    while ((n = fread(part, 1, sizeof(part), file)) > 0) {
        g_string_append_len(out, part, (gssize)n);
    }
    (void)fclose(file);
    *ret_out = g_string_free(out, FALSE);
    return code;
}

/* Nowhere to write, so that something is wrong on every host, and no image to be booted. */
static void leave_home(void)
{
    g_setenv("HOME", "/nonexistent", TRUE);
    g_unsetenv("XDG_STATE_HOME");
    g_unsetenv("XDG_DATA_HOME");
}

static const char *document(const struct cell_identity *none)
{
    (void)none;
    leave_home();
    static const char *const argv[] = {"doctor", "--json", NULL};
    g_autofree char *out = NULL;
    EXPECT(run_doctor(argv, &out) == 3);
    auto_json json = json_parse(out, strlen(out), NULL);
    EXPECT(json && !json_bool(json, "ok", true));
    bool found = false;
    const cJSON *check = NULL;
    cJSON_ArrayForEach(check, json_array(json, "checks"))
    {
        const char *state = json_string(check, "state", "");
        EXPECT(!strcmp(state, "ok") || !strcmp(state, "warn") || !strcmp(state, "fail"));
        EXPECT(*json_string(check, "text", "") && *json_string(check, "name", ""));
        EXPECT(cJSON_HasObjectItem(check, "remedy"));
        if (!strcmp(json_string(check, "name", ""), "disk-state")) {
            found = !strcmp(state, "fail") && strstr(json_string(check, "remedy", ""), "HOME");
        }
    }
    EXPECT(found);
    return NULL;
}

static void test_the_document_says_what_is_wrong_and_the_code_is_3(void **state)
{
    (void)state;
    in_child(document, false);
}

static const char *lines(const struct cell_identity *none)
{
    (void)none;
    leave_home();
    static const char *const argv[] = {"doctor", NULL};
    g_autofree char *out = NULL;
    EXPECT(run_doctor(argv, &out) == 3);
    EXPECT(strstr(out, "FAIL disk-state "));
    EXPECT(strstr(out, "; remedy: set XDG_STATE_HOME or HOME"));
    EXPECT(strstr(out, "accelerator "));
    EXPECT(!strchr(out, '\033')); /* no terminal, no colours */
    return NULL;
}

static void test_a_line_names_the_check_and_the_remedy(void **state)
{
    (void)state;
    in_child(lines, false);
}

static void test_root_without_an_account_is_told_how_to_make_one(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: only root needs another account\n");
        skip();
    }
    static const char *const argv[] = {"doctor", "--user", "no-such-account", NULL};
    int saved = dup(STDOUT_FILENO);
    g_autofree char *out = NULL;
    int code = run_doctor(argv, &out);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    assert_int_equal(code, 3);
    assert_true(out && g_str_has_prefix(out, "FAIL account "));
    assert_true(out && strstr(out, "./dev setup"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_document_says_what_is_wrong_and_the_code_is_3),
            cmocka_unit_test(test_a_line_names_the_check_and_the_remedy),
            cmocka_unit_test(test_root_without_an_account_is_told_how_to_make_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
