/* test_net_build.c - the bytes of every netlink message against recorded ones. */
#include "net/net_build.h"
#include "support/test.h"

/* Sixteen bytes a line, as xxd -g1 writes them without its text. */
static char *dump(struct nl_msg *msg)
{
    const guint8 *bytes = (const guint8 *)nlmsg_hdr(msg);
    guint32 length = nlmsg_hdr(msg)->nlmsg_len;
    GString *text = g_string_new(NULL);
    for (guint32 i = 0; i < length; i++) {
        g_string_append_printf(
                text, "%02x%c", bytes[i], i % 16 == 15 || i == length - 1 ? '\n' : ' ');
    }
    nlmsg_free(msg);
    return g_string_free(text, FALSE);
}

/* Consumes msg. */
static void assert_golden(const char *name, struct nl_msg *msg)
{
    g_autofree char *file = g_strconcat(name, ".hex", NULL);
    g_autofree char *path = g_build_filename(TESTS_DIR, "golden", "net", file, NULL);
    g_autofree char *got = dump(msg);
    g_autoptr(GError) error = NULL;
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        g_file_set_contents(path, got, -1, &error);
        assert_no_error(error);
    }
    g_autofree char *want = NULL;
    g_file_get_contents(path, &want, NULL, &error);
    assert_no_error(error);
    assert_string_equal(got, want);
}

static void test_a_bridge_neither_learns_trees_nor_delays_nor_snoops(void **state)
{
    (void)state;
    assert_golden("bridge", net_build_bridge("office", 65536));
}

static void test_a_veth_pair_ends_in_the_other_namespace(void **state)
{
    (void)state;
    assert_golden("veth", net_build_veth("office-c", 65537, "check", 65538, 9, 0x0a0000fa));
}

static void test_quiet_is_asked_by_index_or_by_name(void **state)
{
    (void)state;
    assert_golden("quiet-index", net_build_quiet("office", 65536));
    assert_golden("quiet-name", net_build_quiet("tap0", 0));
}

static void test_set_brings_up_or_down_and_joins_a_bridge(void **state)
{
    (void)state;
    assert_golden("set-up-joined", net_build_set("tap0", 0, 65536, true));
    assert_golden("set-up", net_build_set("office", 65536, 0, true));
    assert_golden("set-down", net_build_set("office", 65536, 0, false));
}

static void test_an_address_has_its_broadcast_unless_the_subnet_is_too_small(void **state)
{
    (void)state;
    assert_golden("address-24", net_build_address(65538, 0x0a0000fa, 24));
    assert_golden("address-32", net_build_address(65538, 0x0a0000fa, 32));
}

static void test_removal_is_by_name(void **state)
{
    (void)state;
    assert_golden("remove", net_build_remove("tap0"));
}

static void test_a_dump_asks_for_all(void **state)
{
    (void)state;
    assert_golden("dump", net_build_dump());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_bridge_neither_learns_trees_nor_delays_nor_snoops),
            cmocka_unit_test(test_a_veth_pair_ends_in_the_other_namespace),
            cmocka_unit_test(test_quiet_is_asked_by_index_or_by_name),
            cmocka_unit_test(test_set_brings_up_or_down_and_joins_a_bridge),
            cmocka_unit_test(test_an_address_has_its_broadcast_unless_the_subnet_is_too_small),
            cmocka_unit_test(test_removal_is_by_name),
            cmocka_unit_test(test_a_dump_asks_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
