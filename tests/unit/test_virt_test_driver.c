/* test_virt_test_driver.c - the life of machines and networks by libvirt's own test driver: the
 * daemon's path without a daemon, a process or a privilege.
 */
#include "support/test.h"

#include "base/error.h"
#include "virt/virt.h"
#include "virt/virt_private.h"

#include <string.h>

#define LIMIT_S 10
#define URI "test:///default"

struct seen {
    GString *states; /* "m1 booted, m1 stopped, " */
    int answers;
    char *error;
};

static gboolean on_limit(gpointer data)
{
    (void)data;
    fail_msg("nothing happened in %d s", LIMIT_S);
    return G_SOURCE_REMOVE;
}

/* Runs the loop until *what is at least n. */
static void wait_for(const int *what, int n)
{
    guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);
    while (*what < n) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(limit);
}

static void wait_for_text(const struct seen *seen, const char *text)
{
    guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);
    while (!strstr(seen->states->str, text)) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(limit);
}

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    struct seen *seen = data;
    (void)reason;
    g_string_append_printf(seen->states, "%s %s, ", domain, machine_state_name(state));
}

static void on_done(const GError *error, gpointer data)
{
    struct seen *seen = data;
    if (error && !seen->error) {
        seen->error = g_strdup(error->message);
    }
    seen->answers++;
}

struct fixture {
    char *root;
    struct seen seen;
    struct virt *virt;
};

static const struct virt_daemon daemon_a = {URI, "drill", "0123-a"};

static struct virt *open_as(const struct virt_daemon *daemon, struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    struct virt *virt =
            virt_open_daemon(daemon, fixture->root, NULL, on_state, &fixture->seen, &error);
    assert_no_error(error);
    return virt;
}

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->root = test_mkdtemp();
    fixture->seen.states = g_string_new(NULL);
    fixture->virt = open_as(&daemon_a, fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    virt_close(fixture->virt, true);
    test_rmtree(fixture->root);
    g_string_free(fixture->seen.states, TRUE);
    g_free(fixture->seen.error);
    g_free(fixture);
    return 0;
}

static void start(struct fixture *fixture, const char *domain, const char *network)
{
    const struct virt_card card = {.network = network, .mac = {0x52, 0x54, 0, 1, 2, 3}};
    const struct virt_machine machine = {.domain = domain,
            .memory_mib = 64,
            .vcpus = 1,
            .cards = &card,
            .n_cards = network ? 1 : 0};
    int before = fixture->seen.answers;
    virt_start(fixture->virt, &machine, on_done, &fixture->seen);
    wait_for(&fixture->seen.answers, before + 1);
}

static void network_op(struct fixture *fixture, const char *network, bool start)
{
    int before = fixture->seen.answers;
    if (start) {
        virt_network_start(fixture->virt, network, on_done, &fixture->seen);
    } else {
        virt_network_stop(fixture->virt, network, on_done, &fixture->seen);
    }
    wait_for(&fixture->seen.answers, before + 1);
}

static bool exists(const struct fixture *fixture, const char *domain)
{
    virDomainPtr found = virDomainLookupByName(fixture->virt->connection, domain);
    if (found) {
        virDomainFree(found);
    }
    return found != NULL;
}

static bool network_exists(const struct fixture *fixture, const char *name)
{
    virNetworkPtr found = virNetworkLookupByName(fixture->virt->connection, name);
    if (found) {
        virNetworkFree(found);
    }
    return found != NULL;
}

static void a_machine_is_started_paused_resumed_and_stopped(void **state)
{
    struct fixture *fixture = *state;
    network_op(fixture, "b0", true);
    start(fixture, "m1", "sandtable-drill-b0");
    assert_null(fixture->seen.error);
    assert_true(exists(fixture, "sandtable-drill-m1"));

    virt_pause(fixture->virt, "m1", on_done, &fixture->seen);
    wait_for_text(&fixture->seen, "m1 paused, ");
    virt_resume(fixture->virt, "m1", on_done, &fixture->seen);
    wait_for_text(&fixture->seen, "m1 paused, m1 starting, ");
    virt_stop(fixture->virt, "m1", on_done, &fixture->seen);
    wait_for_text(&fixture->seen, "m1 stopped, ");
    wait_for(&fixture->seen.answers, 5); /* network, start, pause, resume, stop */
    assert_null(fixture->seen.error);
    assert_false(exists(fixture, "sandtable-drill-m1"));
    network_op(fixture, "b0", false);
    assert_false(network_exists(fixture, "sandtable-drill-b0"));
}

static void a_machine_that_somebody_else_destroys_has_crashed(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "m1", NULL);
    virDomainPtr domain = virDomainLookupByName(fixture->virt->connection, "sandtable-drill-m1");
    assert_non_null(domain);
    assert_int_equal(virDomainDestroy(domain), 0);
    virDomainFree(domain);
    wait_for_text(&fixture->seen, "m1 crashed, ");
}

static void a_network_has_no_address_of_the_host_and_no_forwarding(void **state)
{
    struct fixture *fixture = *state;
    network_op(fixture, "b0", true);
    assert_null(fixture->seen.error);
    virNetworkPtr network = virNetworkLookupByName(fixture->virt->connection, "sandtable-drill-b0");
    assert_non_null(network);
    char *xml = virNetworkGetXMLDesc(network, 0);
    virNetworkFree(network);
    assert_null(strstr(xml, "<ip"));
    assert_null(strstr(xml, "<forward"));
    assert_null(strstr(xml, "<dhcp"));
    assert_non_null(strstr(xml, "0123-a"));
    free(xml);
}

static void a_name_that_is_taken_is_an_error_that_says_so(void **state)
{
    struct fixture *fixture = *state;
    network_op(fixture, "b0", true);
    network_op(fixture, "b0", true);
    assert_non_null(fixture->seen.error);
    assert_non_null(strstr(fixture->seen.error, "sandtable-drill-b0"));
    assert_non_null(strstr(fixture->seen.error, "--name"));
}

/* The test driver's own machine "test" and network "default" stand for those of other people. */
static void what_others_have_is_never_touched(void **state)
{
    struct fixture *fixture = *state;
    const struct virt_daemon other = {URI, "drill-b", "4567-b"};
    struct fixture theirs = {.root = fixture->root};
    theirs.seen.states = g_string_new(NULL);
    theirs.virt = open_as(&other, &theirs);
    start(&theirs, "m1", NULL);
    network_op(&theirs, "b0", true);
    start(fixture, "m1", NULL);
    network_op(fixture, "b0", true);

    g_autoptr(GError) error = NULL;
    assert_int_equal(virt_daemon_undo(&daemon_a, &error), 2);
    assert_no_error(error);
    assert_int_equal(virt_daemon_undo(&daemon_a, &error), 0);
    wait_for_text(&fixture->seen, "m1 crashed, "); /* not by the engine's hand */
    assert_false(exists(fixture, "sandtable-drill-m1"));
    assert_false(network_exists(fixture, "sandtable-drill-b0"));
    assert_true(exists(fixture, "sandtable-drill-b-m1"));
    assert_true(network_exists(fixture, "sandtable-drill-b-b0"));
    assert_true(exists(fixture, "test"));
    assert_true(network_exists(fixture, "default"));
    /* the exercise "drill" hears nothing of "drill-b" */
    assert_null(strstr(fixture->seen.states->str, "b-m1"));

    virt_close(theirs.virt, true);
    assert_false(exists(fixture, "sandtable-drill-b-m1"));
    assert_true(exists(fixture, "test"));
    virt_daemon_undo(&other, NULL);
    g_string_free(theirs.seen.states, TRUE);
}

static void an_undo_without_an_id_removes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct virt_daemon nobody = {URI, "drill", ""};
    start(fixture, "m1", NULL);
    assert_int_equal(virt_daemon_undo(&nobody, NULL), 0);
    assert_true(exists(fixture, "sandtable-drill-m1"));
}

static void another_engine_takes_only_its_own_machines_over(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "m1", NULL);
    struct fixture next = {.root = fixture->root};
    next.seen.states = g_string_new(NULL);
    next.virt = open_as(&daemon_a, &next);
    assert_non_null(g_hash_table_lookup(next.virt->machines, "m1"));
    assert_int_equal(g_hash_table_size(next.virt->machines), 1);
    virt_close(next.virt, false);
    g_string_free(next.seen.states, TRUE);
    assert_true(exists(fixture, "sandtable-drill-m1"));
}

static void only_daemons_of_this_host_are_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {"qemu:///system", "qemu:///session",
            "qemu+unix:///system?socket=/run/a", "test:///default"};
    static const char *const bad[] = {"", "qemu:///systemx", "qemu+ssh://host/system",
            "qemu+tcp://host/system", "qemu:///embed?root=/", "xen:///system", "lxc:///"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        assert_true(virt_daemon_uri_check(good[i], NULL));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(virt_daemon_uri_check(bad[i], &error));
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE));
    }
}

static void on_saved(gint64 stood_us, const GError *error, gpointer data)
{
    (void)stood_us;
    on_done(error, data);
}

static bool described(const char *folder, const char *domain)
{
    g_autofree char *path = virt_checkpoint_file(folder, domain, "xml");
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* "test" is a machine of other people's, and ours is called otherwise over there. */
static void a_checkpoint_is_of_our_machines_only(void **state)
{
    struct fixture *fixture = *state;
    const char *const theirs[] = {"test", NULL};
    const char *const ours[] = {"m1", NULL};
    start(fixture, "m1", NULL);
    assert_null(fixture->seen.error);
    virt_checkpoint(fixture->virt, theirs, fixture->root, NULL, on_saved, &fixture->seen);
    wait_for(&fixture->seen.answers, 2);
    assert_non_null(strstr(fixture->seen.error, "machine test: it does not run"));
    assert_false(described(fixture->root, "test"));
    /* this one is found; the test driver has no monitor to save it by */
    virt_checkpoint(fixture->virt, ours, fixture->root, NULL, on_saved, &fixture->seen);
    wait_for(&fixture->seen.answers, 3);
    assert_true(described(fixture->root, "m1"));
}

static void on_traffic(
        const struct virt_traffic *cards, gsize n, const GError *error, gpointer data)
{
    struct seen *seen = data;
    assert_null(error);
    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(seen->states, "card %d, ", cards[i].there);
        assert_true(cards[i].there || cards[i].rx_bytes == 0);
    }
    seen->answers++;
}

/* The test driver makes the numbers up, for cards that are there. */
static void cards_are_counted_by_their_addresses_while_the_machine_runs(void **state)
{
    struct fixture *fixture = *state;
    const struct virt_traffic cards[] = {
            {.mac = {0x52, 0x54, 0, 1, 2, 3}}, {.mac = {0x52, 0x54, 0, 9, 9, 9}}};
    network_op(fixture, "b0", true);
    start(fixture, "m1", "sandtable-drill-b0");
    virt_traffic(fixture->virt, "m1", cards, G_N_ELEMENTS(cards), on_traffic, &fixture->seen);
    wait_for_text(&fixture->seen, "card 1, card 0, ");
    virt_traffic(fixture->virt, "m2", cards, 1, on_traffic, &fixture->seen);
    wait_for_text(&fixture->seen, "card 1, card 0, card 0, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(
                    a_machine_is_started_paused_resumed_and_stopped, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    a_machine_that_somebody_else_destroys_has_crashed, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    a_checkpoint_is_of_our_machines_only, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    a_network_has_no_address_of_the_host_and_no_forwarding, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    a_name_that_is_taken_is_an_error_that_says_so, set_up, tear_down),
            cmocka_unit_test_setup_teardown(what_others_have_is_never_touched, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    an_undo_without_an_id_removes_nothing, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    another_engine_takes_only_its_own_machines_over, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    cards_are_counted_by_their_addresses_while_the_machine_runs, set_up, tear_down),
            cmocka_unit_test(only_daemons_of_this_host_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
