/* test_virt_xml.c - the domain XML against golden files. */
#include "support/test.h"

#include "virt/virt_private.h"

#define ROOT "/run/user/1000/sandtable/drill.d"

static void compare(const char *name, const struct virt_machine *machine)
{
    g_autofree char *xml = virt_domain_xml(machine, ROOT);
    g_autofree char *file = g_strdup_printf("%s/golden/virt/%s.xml", TESTS_DIR, name);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(file, xml, -1, NULL));
        return;
    }
    g_autofree char *golden = NULL;
    assert_true(g_file_get_contents(file, &golden, NULL, NULL));
    assert_string_equal(xml, golden);
}

static const struct virt_card cards[] = {
        {.tap = "t1", .mac = {0x52, 0x54, 0x00, 0xab, 0x01, 0x02}},
        {.tap = "t2", .mac = {0x52, 0x54, 0x00, 0xab, 0x01, 0x03}},
};

static const struct virt_machine plain = {.domain = "m1",
        .kernel = "/images/kernel-00/vmlinux",
        .initrd = "/images/kernel-00/initrd",
        .cmdline = "console=ttyS0 quiet st.name=web",
        .root = "/images/server-00/root.squashfs",
        .modules = "/images/kernel-00/modules.squashfs",
        .memory_mib = 192,
        .vcpus = 1};

static void emulated_machine_without_cards_has_golden_xml(void **state)
{
    (void)state;
    compare("tcg", &plain);
}

static void accelerated_machine_with_two_cards_has_golden_xml(void **state)
{
    (void)state;
    struct virt_machine machine = plain;
    machine.accel = VIRT_ACCEL_KVM;
    machine.cards = cards;
    machine.n_cards = G_N_ELEMENTS(cards);
    machine.memory_mib = 512;
    machine.vcpus = 2;
    compare("kvm-cards", &machine);
}

static void template_shares_its_memory_and_its_clone_does_not(void **state)
{
    (void)state;
    struct virt_machine machine = plain;
    machine.cards = cards;
    machine.n_cards = 1;
    machine.ram = "/images/warm/a,b/ram";
    compare("template", &machine);
    machine.state = "/images/warm/a,b/state";
    compare("clone", &machine);
}

static void layout_speaks_of_no_place_and_of_all_else(void **state)
{
    (void)state;
    struct virt_machine machine = plain;
    g_autofree char *first = virt_warm_layout(&machine);
    g_autofree char *again = virt_warm_layout(&machine);
    machine.vcpus = 2;
    g_autofree char *other = virt_warm_layout(&machine);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_null(strstr(first, ROOT));
    assert_non_null(strstr(first, "libvirt "));
}

static void strings_from_outside_cannot_break_out_of_their_place(void **state)
{
    (void)state;
    struct virt_machine machine = plain;
    const struct virt_card card = {.tap = "t'/><evil a='"};
    machine.cmdline = "st.name=a&b <c> \"d\" 'e' </cmdline>";
    machine.root = "/images/it's <here>/root.squashfs";
    machine.cards = &card;
    machine.n_cards = 1;
    compare("escaped", &machine);
}

static void an_isolated_card_of_a_daemon_says_so_and_no_other(void **state)
{
    (void)state;
    struct virt_card card = {.network = "sandtable-x-b0", .isolated = true};
    GString *xml = g_string_new(NULL);
    virt_xml_network_card(xml, &card);
    assert_non_null(strstr(xml->str, "<port isolated='yes'/>"));
    g_string_truncate(xml, 0);
    card.isolated = false;
    virt_xml_network_card(xml, &card);
    assert_null(strstr(xml->str, "isolated"));
    g_string_free(xml, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(emulated_machine_without_cards_has_golden_xml),
            cmocka_unit_test(accelerated_machine_with_two_cards_has_golden_xml),
            cmocka_unit_test(template_shares_its_memory_and_its_clone_does_not),
            cmocka_unit_test(layout_speaks_of_no_place_and_of_all_else),
            cmocka_unit_test(an_isolated_card_of_a_daemon_says_so_and_no_other),
            cmocka_unit_test(strings_from_outside_cannot_break_out_of_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
