/* test_seeing.c - packets, traffic, console and screen of real machines, and what of it outlives a
 * kill. One exercise for all of it. */
#include "system/system.h"

#include <pcap/pcap.h>
#include <png.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <utmp.h>

static char name[64], talk[96];
static GPid engine;

static int begin(void **state)
{
    (void)state;
    g_snprintf(name, sizeof(name), "test-see-%d", getpid());
    g_snprintf(talk, sizeof(talk), "/tmp/st-%s.log", name);
    engine = START(talk, "run", TESTS_DIR "/system/seeing", "--name", name, "--accel", "tcg",
            "--boot", "cold");
    wait_state(name, "running", 300, talk);
    return 0;
}

/* The last event of that kind, or NULL. */
static cJSON *last_event(const char *kind)
{
    auto_outcome events = CALL("events", name, "--kind", kind, "--json");
    g_auto(GStrv) lines = g_strsplit(g_strstrip(events.out), "\n", -1);
    guint count = g_strv_length(lines);
    return count && *lines[count - 1] ? cJSON_Parse(lines[count - 1]) : NULL;
}

static cJSON *wait_event(const char *kind)
{
    gint64 limit = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit) {
        cJSON *event = last_event(kind);
        if (event) {
            return event;
        }
        g_usleep(200000); /* between looks */
    }
    fail_msg("no event %s", kind);
    return NULL;
}

/* ---- packets ------------------------------------------------------------------------------- */

struct seen {
    int packets, knocks;
    gint64 first_us, last_us;
};

static struct seen look_into(const char *path)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct seen seen = {0};
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    pcap_t *pcap = pcap_open_offline(path, why);
    assert_string_equal(why, "");
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        gint64 at = (gint64)header->ts.tv_sec * G_USEC_PER_SEC + header->ts.tv_usec;
        seen.first_us = seen.packets++ ? seen.first_us : at;
        seen.last_us = at;
        seen.knocks += memmem(bytes, header->caplen, "GET /knock-knock", 16) != NULL;
    }
    pcap_close(pcap);
    return seen;
}

static void expect_knock(void)
{
    g_autofree char *file = g_strdup_printf("/tmp/st-%s.pcapng", name);
    auto_outcome saved = CALL("capture", name, "save", "--step", "knock", "--team", "blue1",
            "--margin", "1s", "-o", file);
    if (saved.status != 0) {
        fail_msg("%s", saved.err);
    }
    struct seen seen = look_into(file);
    assert_int_equal(seen.knocks, 1);
    auto_json step = last_event("capture.step");
    const cJSON *body = json_object(step, "body");
    assert_true(seen.first_us >= json_int(body, "from_us", 0) - G_USEC_PER_SEC);
    assert_true(seen.last_us <= json_int(body, "to_us", 0) + G_USEC_PER_SEC);
    const cJSON *place = json_array(body, "places")->child;
    assert_string_equal(json_string(place, "network", ""), "blue1/office");
    assert_true(json_int(place, "packets", 0) >= 8); /* a TCP connection with a request */
    assert_true(json_int(place, "packets", 0) <= seen.packets);
    unlink(file);
}

static void the_packets_of_a_step_are_found(void **state)
{
    (void)state;
    G_GNUC_UNUSED auto_json event = wait_event("capture.step");
    expect_knock();
    auto_outcome unknown = CALL("capture", name, "save", "--step", "nock", "-o", "/dev/null");
    assert_int_equal(unknown.status, 1);
    assert_non_null(strstr(unknown.err, "knock@blue1"));
    auto_outcome list = CALL("capture", name);
    assert_non_null(strstr(list.out, "pcapng+"));
}

static void every_card_has_its_traffic(void **state)
{
    (void)state;
    auto_outcome outcome = CALL("links", name, "--json");
    assert_int_equal(outcome.status, 0);
    auto_json links = cJSON_Parse(outcome.out);
    const cJSON *link = NULL;
    int found = 0;
    cJSON_ArrayForEach(link, json_array(links, "links"))
    {
        if (!strcmp(json_string(link, "network", ""), "blue1/office")) {
            found++;
            assert_true(json_bool(link, "up", false));
            assert_true(json_int(link, "rx_bytes", 0) > 500);
            assert_true(json_int(link, "tx_packets", 0) > 5);
        }
    }
    assert_int_equal(found, 2);
}

/* ---- the console --------------------------------------------------------------------------- */

/* Reads the terminal until text has come. */
static void wait_text(int terminal, GString *said, const char *text)
{
    gint64 limit = g_get_monotonic_time() + 40 * G_USEC_PER_SEC;
    while (!strstr(said->str, text)) {
        struct pollfd fd = {.fd = terminal, .events = POLLIN};
        char chunk[1024];
        ssize_t n = poll(&fd, 1, 1000) == 1 ? read(terminal, chunk, sizeof(chunk)) : 0;
        if (n < 0 || g_get_monotonic_time() > limit) {
            fail_msg("\"%s\" did not come; it said: %s", text, said->str);
        }
        g_string_append_len(said, chunk, n);
    }
}

static void type(int terminal, const char *keys)
{
    assert_int_equal(write(terminal, keys, strlen(keys)), strlen(keys));
}

static void a_terminal_reaches_a_shell_and_is_itself_again(void **state)
{
    (void)state;
    int terminal = -1;
    int held = -1;
    struct termios before;
    struct termios after;
    memset(&before, 0, sizeof before); /* what lies between the members is compared too */
    memset(&after, 0, sizeof after);
    assert_int_equal(openpty(&terminal, &held, NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(held, &before), 0);
    pid_t pid = fork();
    if (pid == 0) {
        login_tty(dup(held));
        execl(program(), program(), "console", name, "blue1/web", (char *)NULL);
        _exit(127);
    }
    g_autoptr(GString) said = g_string_new(NULL);
    wait_text(terminal, said, "Ctrl-] leaves it");
    auto_outcome second = CALL("console", name, "blue1/web");
    assert_int_equal(second.status, 1);
    assert_non_null(strstr(second.err, "is at the console of blue1/web"));
    type(terminal, "\r");
    wait_text(terminal, said, "root@web");
    type(terminal, "echo st-$((6*7))-$(hostname)\r");
    wait_text(terminal, said, "st-42-web");
    type(terminal, "\x1d");
    int status = 0;
    wait_text(terminal, said, "blue1/web: left");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(tcgetattr(held, &after), 0);
    assert_memory_equal(&before, &after, sizeof(before));
    close(terminal);
    close(held);
    auto_json closed = wait_event("console.closed");
    assert_string_equal(json_string(closed, "subject", ""), "blue1/web");
    auto_outcome log = CALL("console", name, "blue1/web", "--log");
    assert_int_equal(log.status, 0);
    assert_non_null(strstr(log.out, "sandtable-init: ready"));
    assert_non_null(strstr(log.out, "st-42-web"));
    assert_null(strchr(log.out, '\33'));
}

/* ---- the screen ---------------------------------------------------------------------------- */

static void a_picture_shows_what_the_screen_shows(void **state)
{
    (void)state;
    g_autofree char *file = g_strdup_printf("/tmp/st-%s.png", name);
    auto_outcome taken = CALL("screenshot", name, "blue1/web", "-o", file);
    if (taken.status != 0) {
        fail_msg("%s", taken.err);
    }
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, file));
    assert_true(image.width >= 640 && image.height >= 400);
    image.format = PNG_FORMAT_GRAY;
    g_autofree guint8 *pixels = g_malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    int bright = 0;
    for (gsize i = 0; i < PNG_IMAGE_SIZE(image); i++) {
        bright += pixels[i] > 100;
    }
    assert_true(bright > 100); /* text */
    unlink(file);
    auto_outcome blind = CALL("screenshot", name, "mole", "-o", file);
    assert_int_equal(blind.status, 1);
    assert_non_null(strstr(blind.err, "display = true"));
    unlink(file);
}

static void a_viewer_is_greeted_at_the_screens_socket(void **state)
{
    (void)state;
    auto_outcome vnc = CALL("console", name, "blue1/web", "--vnc");
    assert_int_equal(vnc.status, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, g_strstrip(vnc.out), sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    char greeting[12];
    assert_int_equal(recv(fd, greeting, sizeof(greeting), MSG_WAITALL), sizeof(greeting));
    assert_memory_equal(greeting, "RFB 003.", 8);
    close(fd);
}

static void a_missing_program_ends_as_in_a_shell(void **state)
{
    (void)state;
    auto_outcome missing = CALL("exec", name, "blue1/web", "--", "no-such-program");
    assert_int_equal(missing.status, 127);
    assert_non_null(strstr(missing.err, "no such program on blue1/web: no-such-program"));
    auto_outcome short_name = CALL("exec", name, "web", "--", "true");
    assert_int_equal(short_name.status, 1);
    assert_non_null(strstr(short_name.err, "did you mean \"blue1/web\"?"));
    auto_outcome none = CALL("events", name, "--kind", "no.such");
    assert_int_equal(none.status, 0);
    assert_non_null(strstr(none.err, "no such events"));
}

/* ---- after a kill -------------------------------------------------------------------------- */

static void packets_outlive_a_killed_engine(void **state)
{
    (void)state;
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    g_autofree char *root = g_strdup_printf("/%s.d", name);
    assert_int_equal(processes_with(root), 0);
    auto_outcome outcome = CALL("capture", name, "--json");
    auto_json captures = cJSON_Parse(outcome.out);
    const cJSON *office = json_array(captures, "captures")->child;
    assert_string_equal(json_string(office, "state", ""), "failed");
    const cJSON *file = json_array(office, "files")->child;
    g_autofree char *path = g_build_filename(
            json_string(office, "folder", ""), json_string(file, "file", ""), NULL);
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guint8 *)bytes, length);
    assert_string_equal(sum, json_string(file, "sha256", ""));
    g_free(bytes);
    expect_knock();
    auto_outcome verify = CALL("verify", name);
    assert_int_equal(verify.status, 0);
    test_rmtree(g_strdup(json_string(office, "folder", "")));
}

static int end(void **state)
{
    (void)state;
    CALL("down", name);
    unlink(talk);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_packets_of_a_step_are_found),
            cmocka_unit_test(every_card_has_its_traffic),
            cmocka_unit_test(a_terminal_reaches_a_shell_and_is_itself_again),
            cmocka_unit_test(a_picture_shows_what_the_screen_shows),
            cmocka_unit_test(a_viewer_is_greeted_at_the_screens_socket),
            cmocka_unit_test(a_missing_program_ends_as_in_a_shell),
            cmocka_unit_test(packets_outlive_a_killed_engine),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
