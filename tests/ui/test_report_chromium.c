/* test_report_chromium.c - report and certificate in a real browser: nothing leaves them, they can
 * be seen and printed.
 *
 * Chromium gets a proxy that is ours: whatever it asks for over the network, by name or address, it
 * asks there. A page that does ask for something proves that the proxy would notice.
 */
#include "support/report.h"

#include "ledger/ledger.h"
#include "report/exam_result.h"
#include "report/page.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#define LIMIT_MS 90000

/* ---- the proxy ----------------------------------------------------------------------------- */

struct proxy {
    GMutex lock;
    GString *asked; /* first lines of requests, one a line */
    GSocketService *service;
    guint16 port;
};

/* The browser calls home of its own accord, whatever page it shows, even when told not to. It
 * reaches this proxy instead, and is not counted. */
static bool is_browsers_own(const char *line)
{
    return g_regex_match_simple(
            "^[A-Z]+ (http://)?[a-z0-9.-]+\\.(google|googleapis|gstatic)\\.com[:/]", line, 0, 0);
}

/* In a thread of its own: reads what is asked, answers nothing. */
static gboolean on_request(GThreadedSocketService *service, GSocketConnection *connection,
        GObject *source, gpointer data)
{
    struct proxy *proxy = data;
    (void)service;
    (void)source;
    g_autoptr(GDataInputStream) in =
            g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    g_autofree char *line = g_data_input_stream_read_line(in, NULL, NULL, NULL);
    if (line && !is_browsers_own(line)) {
        g_mutex_lock(&proxy->lock);
        g_string_append_printf(proxy->asked, "%s\n", line);
        g_mutex_unlock(&proxy->lock);
    }
    return TRUE;
}

struct waiting {
    GMainLoop *loop;
    bool ok;
};

static void on_end(GObject *source, GAsyncResult *result, gpointer data)
{
    struct waiting *waiting = data;
    waiting->ok = g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, NULL);
    g_main_loop_quit(waiting->loop);
}

static gboolean on_limit(gpointer data)
{
    g_subprocess_force_exit(data);
    return G_SOURCE_REMOVE;
}

/* Runs chromium with these last arguments; what it asked of the network, the caller's. */
static char *browse(const char *dir, const char *const *last)
{
    g_autoptr(GError) error = NULL;
    struct proxy proxy = {.asked = g_string_new(NULL)};
    g_mutex_init(&proxy.lock);
    proxy.service = g_threaded_socket_service_new(4);
    proxy.port =
            g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(proxy.service), NULL, &error);
    assert_no_error(error);
    g_signal_connect(proxy.service, "run", G_CALLBACK(on_request), &proxy);
    g_autofree char *server =
            g_strdup_printf("--proxy-server=http://127.0.0.1:%u", (unsigned)proxy.port);
    g_autofree char *profile = g_strdup_printf("--user-data-dir=%s/profile", dir);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const first[] = {"chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-background-networking", "--no-first-run", "--disable-sync",
            "--disable-component-update", "--disable-default-apps", "--disable-extensions",
            "--hide-scrollbars", "--virtual-time-budget=2000", "--proxy-bypass-list=<-loopback>",
            server, profile, NULL};
    for (int i = 0; first[i]; i++) {
        g_ptr_array_add(argv, (gpointer)first[i]);
    }
    for (int i = 0; last[i]; i++) {
        g_ptr_array_add(argv, (gpointer)last[i]);
    }
    g_ptr_array_add(argv, NULL);
    g_autoptr(GSubprocess) process = g_subprocess_newv((const char *const *)argv->pdata,
            G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
    assert_no_error(error);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    struct waiting waiting = {.loop = loop};
    guint limit = g_timeout_add(LIMIT_MS, on_limit, process);
    g_subprocess_wait_check_async(process, NULL, on_end, &waiting);
    g_main_loop_run(loop);
    assert_true(waiting.ok); /* else the limit has passed, and its source is gone */
    g_source_remove(limit);
    g_socket_service_stop(proxy.service);
    g_socket_listener_close(G_SOCKET_LISTENER(proxy.service));
    g_object_unref(proxy.service);
    g_mutex_lock(&proxy.lock);
    char *asked = g_string_free(proxy.asked, FALSE);
    g_mutex_unlock(&proxy.lock);
    return asked;
}

/* ---- pages --------------------------------------------------------------------------------- */

static bool is_missing(void)
{
    g_autofree char *program = g_find_program_in_path("chromium");
    bool missing = program == NULL;
#ifdef __SANITIZE_ADDRESS__
    missing = true; /* the browser is no more ours in that build than in this one */
#endif
    if (missing) {
        fprintf(stderr,
                "skipped: no chromium here (./dev setup test), or a build with sanitizers\n");
    }
    return missing;
}

static char *write_page(const char *dir, const char *name, const char *html)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, html, -1, NULL));
    return g_strconcat("file://", path, NULL);
}

static char *page_of(const char *events_text, const char *lang)
{
    g_autoptr(GPtrArray) events = report_events(events_text);
    auto_json document = report_fold(events);
    return page_html(document, lang);
}

/* A picture of the page, of so many pixels; how many bytes it has. */
static gsize picture(
        const char *dir, const char *url, const char *size, unsigned width, unsigned height)
{
    g_autofree char *path = g_build_filename(dir, "page.png", NULL);
    g_autofree char *shot = g_strdup_printf("--screenshot=%s", path);
    g_autofree char *window = g_strdup_printf("--window-size=%s", size);
    const char *const last[] = {window, shot, url, NULL};
    g_autofree char *asked = browse(dir, last);
    assert_string_equal(asked, "");
    g_autofree char *png = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &png, &length, NULL));
    assert_true(length > 24);
    assert_memory_equal(png, "\211PNG\r\n\032\n", 8);
    guint32 found[2];
    memcpy(found, png + 16, sizeof(found)); /* IHDR */
    assert_int_equal(GUINT32_FROM_BE(found[0]), width);
    assert_int_equal(GUINT32_FROM_BE(found[1]), height);
    return length;
}

static void the_proxy_sees_what_a_page_asks_for(void **state)
{
    (void)state;
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *url = write_page(dir, "leaky.html",
            "<!DOCTYPE html><title>leaky</title><img src=\"http://leak.invalid/x.png\">");
    const char *const last[] = {"--dump-dom", url, NULL};
    g_autofree char *asked = browse(dir, last);
    assert_non_null(strstr(asked, "leak.invalid"));
    test_rmtree(dir);
}

static void no_request_leaves_the_report_of_the_first_drill(void **state)
{
    (void)state;
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *text = report_file(REPORT_DRILL);
    g_autofree char *en = page_of(text, "en");
    g_autofree char *zh = page_of(text, "zh");
    g_autofree char *en_url = write_page(dir, "en.html", en);
    g_autofree char *zh_url = write_page(dir, "zh.html", zh);
    assert_true(picture(dir, en_url, "1200,1600", 1200, 1600) > 60000);
    assert_true(picture(dir, zh_url, "500,1600", 500, 1600) > 40000); /* empty: some 5000 */
    test_rmtree(dir);
}

static void no_request_leaves_the_report_of_an_exam(void **state)
{
    (void)state;
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *text = report_file(REPORT_EXAM);
    g_autofree char *html = page_of(text, "zh");
    g_autofree char *url = write_page(dir, "exam.html", html);
    assert_true(picture(dir, url, "1200,1600", 1200, 1600) > 60000);
    test_rmtree(dir);
}

static void no_request_leaves_a_report_full_of_hostile_names(void **state)
{
    (void)state;
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *text = report_hostile();
    g_autofree char *html = page_of(text, "en");
    g_autofree char *url = write_page(dir, "hostile.html", html);
    assert_true(picture(dir, url, "1200,1600", 1200, 1600) > 60000);
    test_rmtree(dir);
}

/* How many pages of A4 it prints on. */
static int pages_of(const char *dir, const char *url)
{
    g_autofree char *path = g_build_filename(dir, "page.pdf", NULL);
    g_autofree char *print = g_strdup_printf("--print-to-pdf=%s", path);
    const char *const last[] = {"--no-pdf-header-footer", print, url, NULL};
    g_autofree char *asked = browse(dir, last);
    assert_string_equal(asked, "");
    g_autofree char *pdf = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &pdf, &length, NULL));
    assert_memory_equal(pdf, "%PDF-", 5);
    int pages = 0;
    static const char mark[] = "/Type /Page\n";
    for (gsize i = 0; i + sizeof(mark) < length; i++) {
        pages += !memcmp(pdf + i, mark, sizeof(mark) - 1);
    }
    static const char paper[] = "/MediaBox [0 0 594.9"; /* A4 */
    assert_non_null(memmem(pdf, length, paper, sizeof(paper) - 1));
    return pages;
}

static void the_report_prints_on_some_pages_of_a4(void **state)
{
    (void)state;
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    g_autofree char *text = report_file(REPORT_DRILL);
    g_autofree char *html = page_of(text, "en");
    g_autofree char *url = write_page(dir, "en.html", html);
    assert_in_range(pages_of(dir, url), 4, 14);
    test_rmtree(dir);
}

/* ---- the certificate ----------------------------------------------------------------------- */

/* An exam of so many skills, each with a question; name is repeated in its titles. */
static char *exam_plan(int skills, const char *name)
{
    g_autoptr(GString) plan = g_string_new(NULL);
    g_string_printf(plan,
            "{\"plan\":{\"name\":\"final\",\"title\":\"%s\",\"version\":\"2\",\"digest\":\"ab\","
            "\"exam\":{\"duration_us\":600000000,\"pass\":50,\"prefix\":\"EXAM\",\"skills\":[",
            name);
    for (int i = 0; i < skills; i++) {
        g_string_append_printf(plan, "%s{\"name\":\"s%d\",\"title\":\"%d %s\",\"pass\":40}",
                i ? "," : "", i, i, name);
    }
    g_string_append(plan, "],\"questions\":[");
    for (int i = 0; i < skills; i++) {
        g_string_append_printf(plan,
                "%s{\"name\":\"q%d\",\"skill\":\"s%d\",\"kind\":\"value\",\"points\":10,"
                "\"attempts\":3}",
                i ? "," : "", i, i);
    }
    g_string_append(plan, "],\"candidates\":[{\"id\":\"c-1\",\"team\":\"seat1\"}]}}}");
    return g_string_free(g_steal_pointer(&plan), FALSE);
}

static void append(struct ledger *ledger, const char *kind, const char *subject, const char *body)
{
    struct event *event = event_new(kind, *subject == 'f' ? "" : "seat1", subject, NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    ledger_append(ledger, event, NULL, NULL);
}

/* Of a result as a third party gets it, verified. */
static char *certificate_of(const char *dir, int skills, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "final.ledger", NULL);
    g_autofree char *key_path = g_build_filename(dir, "key", NULL);
    g_autofree char *plan = exam_plan(skills, name);
    struct sign_key key;
    struct exam_result result;
    assert_true(sign_key_open(key_path, &key, &error));
    struct ledger *ledger = ledger_create(path, &error);
    assert_true(ledger_sign(ledger, &key, "final", &error));
    append(ledger, "exercise.created", "final", plan);
    append(ledger, "exam.started", "c-1", "{\"by\":\"lin\"}");
    append(ledger, "exam.answered", "q0", "{\"ok\":true,\"digest\":\"bb\"}");
    ledger_close(ledger); /* signs */
    g_autofree char *text = exam_result_make(path, "c-1", &key, &error);
    assert_no_error(error);
    exam_result_check(text, strlen(text), key.public, &result, &error);
    assert_no_error(error);
    char *page = exam_certificate(&result);
    exam_result_clear(&result);
    assert_int_equal(g_unlink(path), 0);
    return page;
}

static void the_certificate_is_one_page_of_a4_however_much_is_on_it(void **state)
{
    (void)state;
    static const struct {
        int skills;
        const char *name;
    } exams[] = {
            {1, "Foundations"},
            {13, "Hardening of services that are reached from other networks 加固对外服务"},
            {40, "A title that somebody made far too long, with every word that came to mind, and "
                 "then once more: a title that somebody made far too long 一个太长的标题"},
    };
    if (is_missing()) {
        skip();
    }
    char *dir = test_mkdtemp();
    for (gsize i = 0; i < G_N_ELEMENTS(exams); i++) {
        g_autofree char *html = certificate_of(dir, exams[i].skills, exams[i].name);
        g_autofree char *url = write_page(dir, "certificate.html", html);
        assert_int_equal(pages_of(dir, url), 1);
    }
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_proxy_sees_what_a_page_asks_for),
            cmocka_unit_test(no_request_leaves_the_report_of_the_first_drill),
            cmocka_unit_test(no_request_leaves_the_report_of_an_exam),
            cmocka_unit_test(no_request_leaves_a_report_full_of_hostile_names),
            cmocka_unit_test(the_report_prints_on_some_pages_of_a4),
            cmocka_unit_test(the_certificate_is_one_page_of_a4_however_much_is_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
