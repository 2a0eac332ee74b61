/* test_cli_record.c - a recorded console: asciicast lines, cut characters, the digest. */
#include "support/test.h"

#include "base/json.h"
#include "cli/cli_record.h"

#include <fcntl.h>
#include <string.h>

static void a_recording_has_a_header_lines_with_rising_times_and_its_digest(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.cast", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct cli_record *record = cli_record_new(fd, "seat1/server");
    cli_record_add(record, "login: ", 7);
    cli_record_add(record, "\xe5\xbd", 2); /* 录 in two parts */
    cli_record_add(record, "\x95\r\n", 3);
    cli_record_add(record, "\xff\0x", 3); /* what no terminal says */
    cli_record_add(record, "\xe5", 1);    /* cut for good */
    g_autofree char *sha256 = NULL;
    gint64 bytes = 0;
    assert_true(cli_record_end(record, &sha256, &bytes));
    g_autofree char *text = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &text, &length, NULL));
    assert_int_equal(length, bytes);
    g_autofree char *is = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    assert_string_equal(is, sha256);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    auto_json head = cJSON_Parse(lines[0]);
    assert_int_equal(json_int(head, "version", 0), 2);
    GString *said = g_string_new(NULL);
    double last = 0;
    for (char **line = lines + 1; **line; line++) {
        auto_json event = cJSON_Parse(*line);
        double at = cJSON_GetArrayItem(event, 0)->valuedouble;
        assert_true(at >= last);
        last = at;
        assert_string_equal(cJSON_GetArrayItem(event, 1)->valuestring, "o");
        g_string_append(said, cJSON_GetArrayItem(event, 2)->valuestring);
    }
    assert_string_equal(said->str, "login: 录\r\n\xef\xbf\xbd x\xef\xbf\xbd");
    g_string_free(said, TRUE);
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_recording_has_a_header_lines_with_rising_times_and_its_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
