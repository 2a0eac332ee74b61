/* test_pcapng.c - capture files against a golden file and against independent readers. */
#include "support/test.h"

#include "base/error.h"
#include "net/pcapng.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <string.h>

#define AT_NS G_GINT64_CONSTANT(1700000000123456789)

static const guint8 frame[61] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 1, 2, 3, 0x08,
        0x06, 'h', 'e', 'l', 'l', 'o'};

/* One file with everything a file can have. */
static void write_sample(const char *path, char **ret_sha256)
{
    g_autoptr(GError) error = NULL;
    struct pcapng *file = pcapng_create(path, "exercise drill", &error);
    assert_no_error(error);
    const struct pcapng_name names[] = {{0x0a140110, "web"}, {0x0a140142, "attacker"}};
    pcapng_interface(file, "blue1/office", "10.20.1.0/24");
    pcapng_interface(file, "blue1/plant", NULL);
    pcapng_names(file, names, G_N_ELEMENTS(names));
    struct pcapng_packet packet = {
            .at_ns = AT_NS, .bytes = frame, .captured = sizeof(frame), .length = sizeof(frame)};
    pcapng_packet(file, 0, &packet);
    packet.at_ns += 5;
    packet.captured = 20;
    packet.comment = "cut";
    pcapng_packet(file, 1, &packet);
    const struct pcapng_counts counts = {
            .from_ns = AT_NS, .to_ns = AT_NS + 1000, .received = 2, .dropped = 7};
    pcapng_counts(file, 0, &counts);
    guint64 size = pcapng_size(file);
    assert_true(pcapng_close(file, ret_sha256, &error));
    GStatBuf st;
    assert_int_equal(g_stat(path, &st), 0);
    assert_int_equal(st.st_size, size);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static char *hex_of(const char *path)
{
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    GString *hex = g_string_new(NULL);
    for (gsize i = 0; i < length; i++) {
        g_string_append_printf(
                hex, "%02x%c", (guint8)bytes[i], i % 16 == 15 || i + 1 == length ? '\n' : ' ');
    }
    g_free(bytes);
    return g_string_free(hex, FALSE);
}

static void a_file_has_golden_bytes(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.pcapng", NULL);
    write_sample(path, NULL);
    g_autofree char *hex = hex_of(path);
    const char *golden_file = TESTS_DIR "/golden/net/pcapng.hex";
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(golden_file, hex, -1, NULL));
    }
    g_autofree char *golden = NULL;
    assert_true(g_file_get_contents(golden_file, &golden, NULL, NULL));
    assert_string_equal(hex, golden);
    test_rmtree(dir);
}

static void libpcap_reads_the_packets_back(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.pcapng", NULL);
    write_sample(path, NULL);
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
    assert_string_equal(why, "");
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
    assert_int_equal(header->ts.tv_sec, 1700000000);
    assert_int_equal(header->ts.tv_usec, 123456789);
    assert_int_equal(header->caplen, sizeof(frame));
    assert_memory_equal(bytes, frame, sizeof(frame));
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
    assert_int_equal(header->ts.tv_usec, 123456794);
    assert_int_equal(header->caplen, 20);
    assert_int_equal(header->len, sizeof(frame));
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(pcap);
    test_rmtree(dir);
}

static char *output_of(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, &out, NULL, &status, &error)) {
        print_message("skipped: %s\n", error->message);
        skip();
    }
    assert_int_equal(status, 0);
    return out;
}

static void tshark_reads_names_comments_and_counts(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.pcapng", NULL);
    write_sample(path, NULL);
    g_autofree char *info = output_of((const char *const[]){"capinfos", "-M", path, NULL});
    assert_non_null(strstr(info, "Number of packets:   2"));
    assert_non_null(strstr(info, "Capture comment:     exercise drill"));
    assert_non_null(strstr(info, "Name = blue1/office"));
    assert_non_null(strstr(info, "Name = blue1/plant"));
    assert_non_null(strstr(info, "Number of resolved IPv4 addresses in file: 2"));
    assert_non_null(strstr(info, "Number of stat entries = 1"));
    g_autofree char *fields = output_of((const char *const[]){"tshark", "-r", path, "-T", "fields",
            "-e", "frame.time_epoch", "-e", "frame.interface_name", "-e", "frame.comment", NULL});
    assert_string_equal(fields, "1700000000.123456789\tblue1/office\t\n"
                                "1700000000.123456794\tblue1/plant\tcut\n");
    test_rmtree(dir);
}

static void the_hash_is_that_of_the_file(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.pcapng", NULL);
    g_autofree char *sha256 = NULL;
    write_sample(path, &sha256);
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_autofree char *expected =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guint8 *)bytes, length);
    assert_string_equal(sha256, expected);
    g_free(bytes);
    test_rmtree(dir);
}

static void a_file_that_is_there_is_not_touched(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.pcapng", NULL);
    assert_true(g_file_set_contents(path, "evidence", -1, NULL));
    g_autoptr(GError) error = NULL;
    assert_null(pcapng_create(path, NULL, &error));
    assert_int_equal(error->code, SANDTABLE_ERROR_HOST);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "evidence");
    test_rmtree(dir);
}

static void a_full_disk_is_an_error_that_stays(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct pcapng *file = pcapng_new(fd, "/dev/full", NULL);
    g_autoptr(GError) error = NULL;
    assert_false(pcapng_flush(file, &error));
    assert_non_null(strstr(error->message, "/dev/full: No space left"));
    g_clear_error(&error);
    const struct pcapng_packet packet = {.bytes = frame, .captured = 4, .length = 4};
    for (int i = 0; i < 100000; i++) { /* and takes no memory */
        pcapng_packet(file, 0, &packet);
    }
    assert_true(pcapng_size(file) < 100000);
    g_autofree char *sha256 = NULL;
    assert_false(pcapng_close(file, &sha256, &error));
    assert_null(sha256);
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_file_has_golden_bytes),
            cmocka_unit_test(libpcap_reads_the_packets_back),
            cmocka_unit_test(tshark_reads_names_comments_and_counts),
            cmocka_unit_test(the_hash_is_that_of_the_file),
            cmocka_unit_test(a_file_that_is_there_is_not_touched),
            cmocka_unit_test(a_full_disk_is_an_error_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
