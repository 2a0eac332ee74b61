/* test_net_capture.c - the ring of capture files, picking packets out of it, and a real capture. */
#include "support/cell.h"

#include "base/error.h"
#include "net/net.h"
#include "net/net_capture_ring.h"
#include "net/pcap_select.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>

#define SECOND G_GINT64_CONSTANT(1000000000)
#define OFFICE "blue1/office"

static const guint8 frame[1000] = {0x52, 0x54};

struct fixture {
    char *dir;
    struct capture_ring *ring;
    gint64 at_ns;
};

static struct fixture open_ring(gint64 keep_us, guint64 bytes_max)
{
    struct fixture f = {.dir = test_mkdtemp(), .at_ns = g_get_real_time() * 1000};
    const struct net_capture_options options = {
            .name = OFFICE,
            .folder = f.dir,
            .stem = "blue1-office",
            .keep_us = keep_us,
            .bytes_max = bytes_max,
    };
    g_autoptr(GError) error = NULL;
    f.ring = capture_ring_new(&options, &error);
    assert_no_error(error);
    return f;
}

static void close_ring(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    assert_true(capture_ring_close(f->ring, f->at_ns, &error));
    capture_ring_free(f->ring);
    test_rmtree(f->dir);
}

/* count packets, each after so many nanoseconds. */
static void put(struct fixture *f, int count, gint64 each_ns)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < count; i++) {
        f->at_ns += each_ns;
        const struct pcapng_packet packet = {
                .at_ns = f->at_ns, .bytes = frame, .captured = sizeof(frame), .length = 1000};
        assert_true(capture_ring_packet(f->ring, &packet, &error));
    }
    assert_true(capture_ring_flush(f->ring, f->at_ns, 0, &error));
}

static guint64 bytes_on_disk(const struct fixture *f, guint *ret_files)
{
    g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
    guint64 sum = 0;
    const char *entry;
    *ret_files = 0;
    while ((entry = g_dir_read_name(dir))) {
        GStatBuf st;
        g_autofree char *path = g_build_filename(f->dir, entry, NULL);
        assert_int_equal(g_stat(path, &st), 0);
        sum += (guint64)st.st_size;
        ++*ret_files;
    }
    return sum;
}

static void the_last_five_minutes_are_kept(void **state)
{
    (void)state;
    struct fixture f = open_ring(300 * G_USEC_PER_SEC, 64 << 20);
    put(&f, 1200, SECOND); /* twenty minutes */
    g_autoptr(GPtrArray) files = capture_ring_files(f.ring);
    const struct net_capture_file *oldest = files->pdata[0];
    gint64 age_us = f.at_ns / 1000 - oldest->first_us;
    assert_true(age_us >= 300 * G_USEC_PER_SEC);
    assert_true(age_us <= 400 * G_USEC_PER_SEC);
    guint on_disk;
    (void)bytes_on_disk(&f, &on_disk);
    assert_int_equal(on_disk, files->len);
    struct net_capture_state now = {0};
    capture_ring_look(f.ring, &now);
    assert_int_equal(now.packets, 1200);
    assert_true(now.removed > 20);
    net_capture_state_clear(&now);
    close_ring(&f);
}

static void no_more_than_the_room_is_taken(void **state)
{
    (void)state;
    struct fixture f = open_ring(300 * G_USEC_PER_SEC, 2 << 20);
    for (int i = 0; i < 100; i++) { /* ten times the room, in little time */
        guint files;
        put(&f, 200, 1000);
        assert_true(bytes_on_disk(&f, &files) <= 2 << 20);
    }
    struct net_capture_state now = {0};
    capture_ring_look(f.ring, &now);
    assert_int_equal(now.packets, 20000);
    assert_int_equal(now.held_lost, 0);
    net_capture_state_clear(&now);
    close_ring(&f);
}

static guint held_files(const struct fixture *f)
{
    g_autoptr(GPtrArray) files = capture_ring_files(f->ring);
    guint count = 0;
    for (guint i = 0; i < files->len; i++) {
        count += ((const struct net_capture_file *)files->pdata[i])->held;
    }
    return count;
}

static void packets_of_a_held_time_outlive_the_ring(void **state)
{
    (void)state;
    struct fixture f = open_ring(100 * G_USEC_PER_SEC, 64 << 20);
    put(&f, 10, SECOND);
    capture_ring_hold(f.ring, true);
    put(&f, 20, SECOND);
    capture_ring_hold(f.ring, false);
    guint held = held_files(&f);
    assert_true(held >= 2);
    put(&f, 1000, SECOND);
    assert_int_equal(held_files(&f), held);
    g_autoptr(GPtrArray) files = capture_ring_files(f.ring);
    assert_true(files->len < held + 15);
    close_ring(&f);
}

static void held_packets_go_last_and_are_counted(void **state)
{
    (void)state;
    struct fixture f = open_ring(100 * G_USEC_PER_SEC, 2 << 20);
    capture_ring_hold(f.ring, true);
    put(&f, 500, 1000);
    capture_ring_hold(f.ring, false);
    put(&f, 20000, 1000); /* others go first */
    struct net_capture_state now = {0};
    capture_ring_look(f.ring, &now);
    assert_int_equal(now.held_lost, 0);
    net_capture_state_clear(&now);
    capture_ring_hold(f.ring, true);
    put(&f, 5000, 1000); /* more than there is room for */
    capture_ring_look(f.ring, &now);
    assert_true(now.held_lost > 0);
    net_capture_state_clear(&now);
    guint files;
    assert_true(bytes_on_disk(&f, &files) <= 2 << 20);
    close_ring(&f);
}

static void every_closed_file_has_its_hash(void **state)
{
    (void)state;
    struct fixture f = open_ring(100 * G_USEC_PER_SEC, 2 << 20);
    put(&f, 1000, 1000);
    g_autoptr(GError) error = NULL;
    assert_true(capture_ring_close(f.ring, f.at_ns, &error));
    g_autoptr(GPtrArray) files = capture_ring_files(f.ring);
    assert_true(files->len > 3);
    guint64 packets = 0;
    for (guint i = 0; i < files->len; i++) {
        const struct net_capture_file *file = files->pdata[i];
        g_autofree char *path = g_build_filename(f.dir, file->name, NULL);
        char *bytes = NULL;
        gsize length = 0;
        assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        g_autofree char *sum =
                g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guint8 *)bytes, length);
        assert_string_equal(file->sha256, sum);
        assert_int_equal(file->bytes, length);
        packets += file->packets;
        g_free(bytes);
    }
    assert_int_equal(packets, 1000);
    close_ring(&f);
}

static void a_second_capture_goes_on_with_the_numbers(void **state)
{
    (void)state;
    struct fixture f = open_ring(100 * G_USEC_PER_SEC, 2 << 20);
    const struct net_capture_options options = {.name = OFFICE,
            .folder = f.dir,
            .stem = "blue1-office",
            .keep_us = G_USEC_PER_SEC,
            .bytes_max = 1 << 20};
    g_autoptr(GError) error = NULL;
    struct capture_ring *second = capture_ring_new(&options, &error);
    assert_no_error(error);
    struct net_capture_state now = {0};
    capture_ring_look(second, &now);
    assert_string_equal(now.file, "blue1-office-0002.pcapng");
    net_capture_state_clear(&now);
    capture_ring_free(second);
    close_ring(&f);
}

/* ---- picking packets ----------------------------------------------------------------------- */

static char *write_file(const char *dir, const char *name, const gint64 *times, gsize count)
{
    char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    struct pcapng *file = pcapng_create(path, NULL, &error);
    assert_no_error(error);
    pcapng_interface(file, name, NULL);
    for (gsize i = 0; i < count; i++) {
        const struct pcapng_packet packet = {
                .at_ns = times[i] * SECOND, .bytes = frame, .captured = 60, .length = 60};
        pcapng_packet(file, 0, &packet);
    }
    assert_true(pcapng_close(file, NULL, &error));
    return path;
}

static GArray *times_in(const char *path)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    GArray *times = g_array_new(FALSE, FALSE, sizeof(gint64));
    pcap_t *pcap = pcap_open_offline(path, why);
    assert_non_null(pcap);
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        gint64 at = header->ts.tv_sec;
        g_array_append_val(times, at);
    }
    pcap_close(pcap);
    return times;
}

static void packets_of_a_time_are_merged_in_order(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *a1 = write_file(dir, "a1", (const gint64[]){10, 20}, 2);
    g_autofree char *a2 = write_file(dir, "a2", (const gint64[]){30, 40, 50}, 3);
    g_autofree char *b = write_file(dir, "b", (const gint64[]){5, 25, 35}, 3);
    /* its writer was killed in the middle of the last packet */
    GStatBuf st;
    assert_int_equal(g_stat(a2, &st), 0);
    assert_int_equal(truncate(a2, st.st_size - 30), 0);
    const char *const of_a[] = {a1, a2, NULL};
    const char *const of_b[] = {b, NULL};
    const struct pcap_source sources[] = {
            {"a", NULL, of_a, 15 * G_USEC_PER_SEC, 50 * G_USEC_PER_SEC},
            {"b", NULL, of_b, 15 * G_USEC_PER_SEC, 50 * G_USEC_PER_SEC},
    };
    g_autofree char *path = g_build_filename(dir, "out", NULL);
    g_autoptr(GError) error = NULL;
    struct pcapng *out = pcapng_create(path, NULL, &error);
    guint64 packets = 0;
    assert_true(pcap_select(sources, G_N_ELEMENTS(sources), out, &packets, &error));
    assert_true(pcapng_close(out, NULL, &error));
    assert_int_equal(packets, 5);
    g_autoptr(GArray) times = times_in(path);
    static const gint64 expected[] = {20, 25, 30, 35, 40};
    assert_int_equal(times->len, G_N_ELEMENTS(expected));
    assert_memory_equal(times->data, expected, sizeof(expected));
    test_rmtree(dir);
}

static void what_is_no_capture_is_named(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *junk = g_build_filename(dir, "junk", NULL);
    g_autofree char *path = g_build_filename(dir, "out", NULL);
    assert_true(g_file_set_contents(junk, "\x0a\x0d\x0d\x0a and then nothing sensible", -1, NULL));
    const char *const files[] = {junk, NULL};
    const struct pcap_source source = {"a", NULL, files, 0, G_MAXINT64};
    g_autoptr(GError) error = NULL;
    struct pcapng *out = pcapng_create(path, NULL, &error);
    guint64 packets = 0;
    assert_false(pcap_select(&source, 1, out, &packets, &error));
    assert_non_null(strstr(error->message, junk));
    pcapng_close(out, NULL, NULL);
    test_rmtree(dir);
}

/* ---- a real one ---------------------------------------------------------------------------- */

#define DATAGRAMS 300

struct ended {
    bool is;
};

static void on_ended(gpointer data)
{
    ((struct ended *)data)->is = true;
}

/* Broadcasts on the network: nobody has to be there. */
static const char *send_datagrams(int space)
{
    g_autoptr(GError) error = NULL;
    int fd = cell_socket(space, AF_INET, SOCK_DGRAM, 0, &error);
    EXPECT_OK(fd >= 0);
    const int yes = 1;
    const struct sockaddr_in to = {
            .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a1401ff)};
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) == 0);
    for (int i = 0; i < DATAGRAMS; i++) {
        EXPECT(sendto(fd, "sandtable", 9, 0, (const struct sockaddr *)&to, sizeof(to)) == 9);
    }
    close(fd);
    return NULL;
}

static const char *count_datagrams(const char *dir, int *ret)
{
    g_autofree char *path = g_build_filename(dir, "office-0001.pcapng", NULL);
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_open_offline(path, why);
    EXPECT(pcap != NULL);
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    *ret = 0;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        *ret += header->caplen > 42 && !memcmp(bytes + 42, "sandtable", 9);
    }
    pcap_close(pcap);
    return NULL;
}

static const char *capture_a_bridge(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    g_autofree char *pattern = g_strdup("/tmp/st-capture-XXXXXX");
    char *dir = g_mkdtemp(pattern);
    int space = cell_space_new(&error);
    EXPECT_OK(dir && space >= 0);
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "b1");
    net_batch_veth(batch, "b1-c", "c-b1", "b1", space, 0x0a1401fe, 24);
    EXPECT_OK(net_apply(net, batch, &error));
    const struct net_capture_options options = {.interface = "b1",
            .name = OFFICE,
            .folder = dir,
            .stem = "office",
            .keep_us = 60 * G_USEC_PER_SEC,
            .bytes_max = 8 << 20};
    struct net_capture *capture = net_capture_start(&options, &error);
    EXPECT_OK(capture);
    const char *problem = send_datagrams(space);
    EXPECT(!problem);
    struct ended ended = {false};
    net_capture_stop(capture, on_ended, &ended);
    while (!ended.is) {
        g_main_context_iteration(NULL, TRUE);
    }
    struct net_capture_state state;
    net_capture_look(capture, &state);
    EXPECT(!state.running && !state.problem && state.dropped == 0);
    net_capture_state_clear(&state);
    net_capture_free(capture);
    int count = 0;
    problem = count_datagrams(dir, &count);
    EXPECT(!problem);
    EXPECT(count == DATAGRAMS);
    net_close(net);
    close(space);
    const char *const argv[] = {"rm", "-rf", "--", dir, NULL};
    EXPECT(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    return NULL;
}

static void every_packet_of_a_bridge_is_captured_once(void **state)
{
    (void)state;
    in_cell(capture_a_bridge);
}

/* The network goes while it is captured. */
static const char *lose_a_bridge(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    g_autofree char *pattern = g_strdup("/tmp/st-capture-XXXXXX");
    char *dir = g_mkdtemp(pattern);
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(dir && net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "b1");
    EXPECT_OK(net_apply(net, batch, &error));
    const struct net_capture_options options = {.interface = "b1",
            .name = OFFICE,
            .folder = dir,
            .stem = "office",
            .keep_us = G_USEC_PER_SEC,
            .bytes_max = 1 << 20};
    struct net_capture *capture = net_capture_start(&options, &error);
    EXPECT_OK(capture);
    batch = net_batch_new();
    net_batch_remove(batch, "b1");
    EXPECT_OK(net_apply(net, batch, &error));
    struct net_capture_state state = {.running = true};
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (state.running && g_get_monotonic_time() < limit) {
        net_capture_state_clear(&state);
        net_capture_look(capture, &state);
        g_usleep(10000);
    }
    EXPECT(!state.running && state.problem);
    net_capture_state_clear(&state);
    EXPECT(!net_capture_start(&options, &error) && strstr(error->message, "b1"));
    net_capture_free(capture);
    net_close(net);
    const char *const argv[] = {"rm", "-rf", "--", dir, NULL};
    EXPECT(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    return NULL;
}

static void a_capture_whose_network_goes_says_so(void **state)
{
    (void)state;
    in_cell(lose_a_bridge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_packet_of_a_bridge_is_captured_once),
            cmocka_unit_test(a_capture_whose_network_goes_says_so),
            cmocka_unit_test(the_last_five_minutes_are_kept),
            cmocka_unit_test(no_more_than_the_room_is_taken),
            cmocka_unit_test(packets_of_a_held_time_outlive_the_ring),
            cmocka_unit_test(held_packets_go_last_and_are_counted),
            cmocka_unit_test(every_closed_file_has_its_hash),
            cmocka_unit_test(a_second_capture_goes_on_with_the_numbers),
            cmocka_unit_test(packets_of_a_time_are_merged_in_order),
            cmocka_unit_test(what_is_no_capture_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
