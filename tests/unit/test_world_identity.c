/* test_world_identity.c - documents that make machines themselves, and the key in each of them. */
#include "support/test.h"

#include "base/json.h"
#include "script/script.h"
#include "world/identity.h"

#include <glib/gstdio.h>
#include <string.h>

#define CLONES 200

static struct plan *two_machines(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct plan *plan = NULL;
    struct script *script = script_load(TESTS_DIR "/system/two-machines", &plan, problems, &error);
    assert_no_error(error);
    assert_non_null(script);
    script_free(script);
    assert_true(plan_expand(plan, 0, &error));
    return plan;
}

/* The content of the first record of that word, or NULL; a NUL stands as 'z', so it is text. */
static char *record(const GByteArray *document, const char *word)
{
    for (guint at = 0; at < document->len;) {
        const char *head = (const char *)document->data + at;
        const char *end = memchr(head, '\n', document->len - at);
        assert_non_null(end);
        g_autofree char *line = g_strndup(head, (gsize)(end - head));
        char *space = strchr(line, ' ');
        if (!space) {
            fail_msg("a record without a length: %s", line);
            return NULL;
        }
        *space = '\0';
        guint length = (guint)g_ascii_strtoull(space + 1, NULL, 10);
        guint from = at + (guint)(end - head) + 1;
        assert_true(from + length < document->len);
        assert_int_equal(document->data[from + length], '\n');
        if (!strcmp(line, word)) {
            char *text = g_memdup2(document->data + from, length + 1);
            for (guint i = 0; i < length; i++) {
                if (!text[i]) {
                    text[i] = 'z';
                }
            }
            text[length] = '\0';
            return text;
        }
        at = from + length + 1;
    }
    return NULL;
}

static void no_two_documents_share_anything_secret_or_unique(void **state)
{
    (void)state;
    static const char *const words[] = {"random", "machine-id", "host-key", "host-key-public"};
    struct plan *plan = two_machines();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const struct identity_options options = {.woken = true};
    for (int i = 0; i < CLONES; i++) {
        guint files = 0;
        g_autoptr(GByteArray) document = identity_document(plan, i % 2, &options, &files);
        for (gsize k = 0; k < G_N_ELEMENTS(words); k++) {
            char *value = record(document, words[k]);
            assert_non_null(value);
            assert_true(g_hash_table_add(seen, value));
        }
    }
    assert_int_equal(g_hash_table_size(seen), CLONES * G_N_ELEMENTS(words));
    plan_free(plan);
}

static void randomness_comes_before_anything_else(void **state)
{
    (void)state;
    struct plan *plan = two_machines();
    guint files = 0;
    const struct identity_options options = {0};
    g_autoptr(GByteArray) document = identity_document(plan, 0, &options, &files);
    assert_memory_equal(document->data, "random 64\n", strlen("random 64\n"));
    plan_free(plan);
}

static void only_a_woken_machine_changes_addresses_of_cards(void **state)
{
    (void)state;
    struct plan *plan = two_machines();
    guint files = 0;
    const char *ports[] = {"80", "22", NULL};
    const struct identity_options cold = {.ports = ports};
    const struct identity_options warm = {.woken = true};
    g_autoptr(GByteArray) booted = identity_document(plan, 0, &cold, &files);
    g_autoptr(GByteArray) woken = identity_document(plan, 0, &warm, &files);
    g_autofree char *none = record(booted, "mac");
    g_autofree char *mac = record(woken, "mac");
    g_autofree char *nic = record(booted, "nic");
    g_autofree char *same = record(woken, "nic");
    g_autofree char *listens = record(booted, "listens");
    assert_null(none);
    assert_non_null(mac);
    assert_string_equal(nic, same);
    assert_memory_equal(mac, "52:54:00:57:00:00,", 18);
    assert_memory_equal(mac + 18, nic, 17); /* becomes the plan's */
    assert_string_equal(listens, "80 22");
    plan_free(plan);
}

static void set_up_commands_keep_their_words(void **state)
{
    (void)state;
    const char *const words[] = {"sh", "-c", "echo \"$1\"\n", "", NULL};
    g_autoptr(GPtrArray) setup = g_ptr_array_new();
    g_ptr_array_add(setup, (gpointer)words);
    const struct plan_host host = {.setup = setup};
    g_autoptr(GByteArray) document = identity_commands(&host);
    g_autofree char *run = record(document, "run");
    assert_string_equal(run, "shz-czecho \"$1\"\nzz");
}

static void host_key_is_one_that_openssh_reads(void **state)
{
    (void)state;
    g_autofree char *program = g_find_program_in_path("ssh-keygen");
    if (!program) {
        print_message("skipped: ssh-keygen is not installed\n");
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *file = g_build_filename(dir, "key", NULL);
    g_autofree char *private = NULL, *public = NULL, *out = NULL;
    g_autoptr(GError) error = NULL;
    identity_host_key("web", &private, &public);
    assert_true(g_file_set_contents_full(file, private, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    const char *const argv[] = {program, "-y", "-f", file, NULL};
    int status = -1;
    assert_true(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error));
    assert_no_error(error);
    assert_int_equal(status, 0);
    assert_string_equal(out, public);
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(no_two_documents_share_anything_secret_or_unique),
            cmocka_unit_test(randomness_comes_before_anything_else),
            cmocka_unit_test(only_a_woken_machine_changes_addresses_of_cards),
            cmocka_unit_test(set_up_commands_keep_their_words),
            cmocka_unit_test(host_key_is_one_that_openssh_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
