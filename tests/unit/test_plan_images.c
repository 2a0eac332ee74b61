/* test_plan_images.c - what imported images say of machines, and what then cannot be. */
#include "support/test.h"

#include "script/script.h"

#include <string.h>

#define SCENARIO                                                                                   \
    "return { title = 'T', duration = '10m', teams = { blue = { role = 'blue' },\n"                \
    "    red = { role = 'red' } },\n"                                                              \
    "  networks = { office = { team = 'blue', cidr = '10.1.0.0/24' } },\n"                         \
    "  machines = {\n"                                                                             \
    "    web = { team = 'blue', image = 'server', nics = { office = '10.1.0.10' } },\n"            \
    "    own = { team = 'blue', image = 'mine', nics = { office = '10.1.0.11' } },\n"              \
    "    attacker = { team = 'red', image = 'server', nics = { office = '10.1.0.66' } } },\n"      \
    "  steps = { s = { attack = { domain = 'ics', version = '18.1', id = 'T0846' },\n"             \
    "    from = 'attacker', to = 'web', act = { { 'nmap', '${to}' } },\n"                          \
    "    effect = { file = { on = 'attacker', path = '/x' } },\n"                                  \
    "    probe = { ping = { on = 'web' } } } } }\n"

static GPtrArray *images_of(struct plan_image **ret_mine)
{
    GPtrArray *images = g_ptr_array_new_with_free_func(plan_image_free);
    g_ptr_array_add(images, plan_image_new("server"));
    struct plan_image *mine = plan_image_new("mine");
    g_ptr_array_add(images, mine);
    mine->memory_mib = 700;
    mine->cpus = 2;
    mine->disk_bytes = (gint64)100 << 20;
    mine->hardware.imported = true;
    mine->hardware.os = g_strdup("linux");
    mine->hardware.firmware = g_strdup("uefi");
    mine->hardware.cards = g_strdup("e1000e");
    mine->hardware.bus = g_strdup("sata");
    mine->hardware.tpm = 1;
    mine->hardware.agent = 0;
    *ret_mine = mine;
    return images;
}

static struct plan *plan_with(const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(SCENARIO, from, -1);
    assert_true(g_strv_length(parts) == 2);
    g_autofree char *text = g_strjoinv(to, parts);
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    script_free(script_load_text(text, strlen(text), "t.lua", NULL, 0, &plan, problems));
    g_autofree char *told = plan_problems_text(problems, "t.lua");
    assert_string_equal(told, "");
    return plan;
}

/* What is said when from in the scenario is replaced by to. */
static char *told(const char *from, const char *to)
{
    auto_plan plan = plan_with(from, to);
    struct plan_image *mine = NULL;
    g_autoptr(GPtrArray) images = images_of(&mine);
    g_autoptr(GPtrArray) problems = plan_problems_new();
    plan_apply_images(plan, images, problems);
    return plan_problems_text(problems, "t.lua");
}

static void what_a_scenario_leaves_open_is_as_its_image_says(void **state)
{
    (void)state;
    auto_plan plan = plan_with("image = 'mine',", "image = 'mine', bus = 'virtio', disk = '1G',");
    struct plan_image *mine = NULL;
    g_autoptr(GPtrArray) images = images_of(&mine);
    g_autoptr(GPtrArray) problems = plan_problems_new();
    plan_apply_images(plan, images, problems);
    assert_int_equal(problems->len, 0);
    const struct plan_host *own = plan_host(plan, "own");
    assert_true(own->hardware.imported);
    assert_int_equal(own->memory_mib, 700);
    assert_int_equal(own->vcpus, 2);
    assert_string_equal(own->hardware.firmware, "uefi");
    assert_string_equal(own->hardware.bus, "virtio"); /* the scenario's */
    assert_int_equal(own->hardware.tpm, 1);
    assert_int_equal(own->hardware.ready.kind, PLAN_READY_PING); /* no agent, nothing said */
    const struct plan_host *web = plan_host(plan, "web");
    assert_false(web->hardware.imported);
    assert_int_equal(web->hardware.agent, 1);
    assert_int_equal(web->memory_mib, 160);
}

static void what_cannot_be_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *line, *says;
    } cases[] = {{"from = 'attacker'", "from = 'own'", "t.lua:9:", "no guest agent"},
            {"file = { on = 'attacker'", "file = { on = 'own'", "t.lua:10:", "no guest agent"},
            {"image = 'mine',", "image = 'mine', disk = '64M',", "t.lua:6:", "100 MiB"},
            {"image = 'mine',", "image = 'mine', bus = 'ide',", "t.lua:6:", "\"bios\" only"},
            {"image = 'mine',", "image = 'mine', files = { ['/x'] = 'y' },", "t.lua:6:", "files"},
            {"image = 'mine',", "image = 'mine', setup = { { 'id' } },", "t.lua:6:", "setup"},
            {"image = 'mine',", "image = 'mine', forward = true,", "t.lua:6:", "forward"},
            {"red', image = 'server'", "red', image = 'mine'", "t.lua:7:", "own team"},
            {"blue', image = 'server',", "blue', image = 'server', tpm = true,",
                    "t.lua:5:", "recipe"},
            {"blue', image = 'server',", "blue', image = 'server', firmware = 'uefi',",
                    "t.lua:5:", "recipe"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = told(cases[i].from, cases[i].to);
        if (!strstr(text, cases[i].line) || !strstr(text, cases[i].says)) {
            fail_msg("%s -> \"%s %s\" is not in: %s", cases[i].to, cases[i].line, cases[i].says,
                    text);
        }
    }
    g_autofree char *nothing = told("image = 'mine',", "image = 'mine', agent = true,");
    assert_string_equal(nothing, "");
}

static void readiness_is_written_as_it_is_read(void **state)
{
    (void)state;
    static const char *const good[] = {"tcp:22", "ping", "agent", "serial:login: "};
    static const char *const bad[] = {"tcp:", "tcp:0", "tcp:65536", "tcp:22x", "serial:", "", "x"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        struct plan_ready ready = {0};
        assert_true(plan_ready_parse(good[i], &ready));
        g_autofree char *text = plan_ready_text(&ready);
        assert_string_equal(text, good[i]);
        g_free(ready.text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct plan_ready ready = {0};
        assert_false(plan_ready_parse(bad[i], &ready));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_a_scenario_leaves_open_is_as_its_image_says),
            cmocka_unit_test(what_cannot_be_is_told_with_its_line),
            cmocka_unit_test(readiness_is_written_as_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
