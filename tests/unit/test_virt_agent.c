/* test_virt_agent.c - answers of the guest agent, right and hostile. */
#include "support/test.h"

#include "base/error.h"
#include "virt/agent_parse.h"

#include <string.h>

static void refuses_number(const char *reply, const char *member)
{
    g_autoptr(GError) error = NULL;
    gint64 value = 77;
    assert_false(agent_parse_number(reply, member, &value, &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL));
    assert_int_equal(value, 77);
}

static void numbers_are_read_from_return_or_its_member(void **state)
{
    (void)state;
    gint64 value = 0;
    assert_true(agent_parse_number("{\"return\": 1000}", NULL, &value, NULL));
    assert_int_equal(value, 1000);
    assert_true(agent_parse_number("{\"return\":{\"pid\":4711}}", "pid", &value, NULL));
    assert_int_equal(value, 4711);
}

static void numbers_of_another_kind_or_range_are_refused(void **state)
{
    (void)state;
    refuses_number("", NULL);
    refuses_number("null", NULL);
    refuses_number("{\"return\": -1}", NULL);
    refuses_number("{\"return\": \"1\"}", NULL);
    refuses_number("{\"return\": 1e300}", NULL);
    refuses_number("{\"return\": 4.5}", NULL);
    refuses_number("{\"return\": {}}", NULL);
    refuses_number("{\"return\": 5}", "pid");
    refuses_number("{\"return\": {\"pid\": [1]}}", "pid");
    refuses_number("{\"return\": 1} {\"return\": 2}", NULL);
}

static void a_running_program_has_no_result(void **state)
{
    (void)state;
    bool exited = true;
    struct virt_exec_result result = {.status = 77};
    assert_true(agent_parse_status("{\"return\":{\"exited\":false}}", &exited, &result, NULL));
    assert_false(exited);
    assert_int_equal(result.status, 77);
}

static void an_ended_program_gives_status_and_output(void **state)
{
    (void)state;
    bool exited = false;
    struct virt_exec_result result = {0};
    assert_true(agent_parse_status("{\"return\":{\"exited\":true,\"exitcode\":3,"
                                   "\"out-data\":\"aGVsbG8AeA==\"}}",
            &exited, &result, NULL));
    assert_true(exited);
    assert_int_equal(result.status, 3);
    assert_int_equal(result.out_length, 7);
    assert_memory_equal(result.out, "hello\0x", 8);
    assert_int_equal(result.err_length, 0);
    assert_string_equal(result.err, "");
    agent_result_clear(&result);
}

static void a_killed_program_gives_128_and_its_signal(void **state)
{
    (void)state;
    bool exited = false;
    struct virt_exec_result result = {0};
    assert_true(agent_parse_status(
            "{\"return\":{\"exited\":true,\"signal\":9}}", &exited, &result, NULL));
    assert_int_equal(result.status, 137);
    agent_result_clear(&result);
}

static void output_beyond_the_limit_is_cut(void **state)
{
    (void)state;
    g_autofree guchar *zeros = g_malloc0(300000);
    g_autofree char *text = g_base64_encode(zeros, 300000);
    g_autofree char *reply = g_strdup_printf(
            "{\"return\":{\"exited\":true,\"exitcode\":0,\"err-data\":\"%s\"}}", text);
    bool exited = false;
    struct virt_exec_result result = {0};
    assert_true(agent_parse_status(reply, &exited, &result, NULL));
    assert_int_equal(result.err_length, VIRT_OUTPUT_MAX);
    assert_int_equal(result.err[VIRT_OUTPUT_MAX], 0);
    assert_true(result.err_cut);
    assert_false(result.out_cut);
    agent_result_clear(&result);
}

static void refuses_status(const char *reply)
{
    g_autoptr(GError) error = NULL;
    bool exited = false;
    struct virt_exec_result result = {.status = 77};
    assert_false(agent_parse_status(reply, &exited, &result, &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL));
    assert_int_equal(result.status, 77);
    assert_false(exited);
}

static void a_status_of_another_shape_is_refused(void **state)
{
    (void)state;
    refuses_status("[]");
    refuses_status("{\"return\":{}}");
    refuses_status("{\"return\":{\"exited\":1}}");
    refuses_status("{\"return\":{\"exited\":true}}");
    refuses_status("{\"return\":{\"exited\":true,\"exitcode\":4096}}");
    refuses_status("{\"return\":{\"exited\":true,\"signal\":-9}}");
    refuses_status("{\"return\":{\"exited\":true,\"exitcode\":0,\"out-data\":7}}");
    refuses_status("{\"return\":{\"exited\":true,\"exitcode\":0,\"out-data\":\"a\"}}");
    refuses_status("{\"return\":{\"exited\":true,\"exitcode\":0,\"out-data\":\"YQ==\","
                   "\"err-data\":\"&&&&\"}}");
}

static void file_parts_are_appended_up_to_the_limit(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    bool eof = true;
    assert_true(agent_parse_read("{\"return\":{\"count\":3,\"buf-b64\":\"YWJj\",\"eof\":false}}",
            100, bytes, &eof, NULL));
    assert_false(eof);
    assert_true(agent_parse_read(
            "{\"return\":{\"count\":3,\"buf-b64\":\"ZGVm\",\"eof\":true}}", 2, bytes, &eof, NULL));
    assert_true(eof);
    assert_int_equal(bytes->len, 5);
    assert_memory_equal(bytes->data, "abcde", 5);
}

static void a_file_part_of_another_shape_is_refused(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    bool eof = false;
    assert_false(agent_parse_read("{\"return\":{\"eof\":true}}", 9, bytes, &eof, NULL));
    assert_false(agent_parse_read("{\"return\":{\"buf-b64\":\"YWJj\"}}", 9, bytes, &eof, NULL));
    assert_false(agent_parse_read(
            "{\"return\":{\"buf-b64\":\"YW\",\"eof\":true}}", 9, bytes, &eof, NULL));
    assert_int_equal(bytes->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(numbers_are_read_from_return_or_its_member),
            cmocka_unit_test(numbers_of_another_kind_or_range_are_refused),
            cmocka_unit_test(a_running_program_has_no_result),
            cmocka_unit_test(an_ended_program_gives_status_and_output),
            cmocka_unit_test(a_killed_program_gives_128_and_its_signal),
            cmocka_unit_test(output_beyond_the_limit_is_cut),
            cmocka_unit_test(a_status_of_another_shape_is_refused),
            cmocka_unit_test(file_parts_are_appended_up_to_the_limit),
            cmocka_unit_test(a_file_part_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
