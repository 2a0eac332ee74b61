/* check_http.c - HTTP by libcurl's multi interface, driven by the checker's main loop.
 *
 * Teams have equal addresses, so a connection is never shared between checks: each gets a fresh
 * socket, made in its own namespace.
 */
#include "check/check_internal.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

struct check_http {
    CURLM *multi;
    GMainContext *context;
    GSource *timer;
};

struct watch { /* one socket of libcurl's */
    struct check_http *http;
    GSource *source;
};

/* A server may answer to a host name or to its number, so the detail names what came. */
static char *describe(const struct check *check, long status, bool whole)
{
    const char *text = check->request.contains;
    return g_strdup_printf("HTTP %ld, %s%u bytes%s%s%s", status, whole ? "" : "more than ",
            check->body->len, text ? ", has \"" : "", text ? text : "", text ? "\"" : "");
}

static void judge(struct check *check, bool whole)
{
    long status = 0;
    curl_easy_getinfo(check->easy, CURLINFO_RESPONSE_CODE, &status);
    int wanted = check->request.status ? check->request.status : 200;
    const char *text = check->request.contains;
    if (status != wanted) {
        check_finish(check, CHECK_MUMBLE, 0, g_strdup_printf("HTTP %ld, not %d", status, wanted));
    } else if (text && !(check->body->len > 0 &&
                               memmem(check->body->data, check->body->len, text, strlen(text)))) {
        check_finish(check, CHECK_MUMBLE, 0,
                g_strdup_printf("HTTP %ld but the page lacks \"%s\"", status, text));
    } else {
        check_finish(check, CHECK_OK, 0, describe(check, status, whole));
    }
}

static void judge_failure(struct check *check, CURLcode code)
{
    long number = 0;
    curl_easy_getinfo(check->easy, CURLINFO_OS_ERRNO, &number);
    switch (code) {
    case CURLE_WRITE_ERROR: /* our own stop: the page or its header is too long */
        if (check->header > CHECK_HEADER_MAX) {
            check_finish(check, CHECK_MUMBLE, 0, g_strdup("the HTTP header never ends"));
        } else {
            judge(check, false);
        }
        break;
    case CURLE_COULDNT_CONNECT:
        if (check->result.detail) { /* no socket: why is noted already */
            check_finish(check, CHECK_FAULT, 0, g_steal_pointer(&check->result.detail));
        } else if (number) {
            check_fail(check, (int)number, true); /* no route: ours */
        } else {
            check_finish(check, CHECK_DOWN, 0, g_strdup("cannot connect"));
        }
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        check_finish(check, CHECK_DOWN, 0, g_strdup("connection closed without an answer"));
        break;
    case CURLE_URL_MALFORMAT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        check_finish(check, CHECK_FAULT, 0, g_strdup(curl_easy_strerror(code)));
        break;
    default:
        check_finish(check, CHECK_MUMBLE, 0,
                g_strdup_printf("not a whole HTTP answer: %s", curl_easy_strerror(code)));
    }
}

static void reap(struct check_http *http)
{
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct check *check = NULL;
        CURLcode code = message->data.result; /* message dies with the handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&check);
        if (code == CURLE_OK) {
            judge(check, true);
        } else {
            judge_failure(check, code);
        }
    }
}

static gboolean on_socket(gint fd, GIOCondition ready, gpointer data)
{
    struct watch *watch = data;
    struct check_http *http = watch->http; /* watch may be gone after the action */
    int running = 0;
    int mask = (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR) ? CURL_CSELECT_IN : 0) |
               (ready & (G_IO_OUT | G_IO_ERR) ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(http->multi, fd, mask, &running);
    reap(http);
    return G_SOURCE_CONTINUE;
}

static void unwatch(struct watch *watch)
{
    g_source_destroy(watch->source);
    g_source_unref(watch->source);
}

/* libcurl wants a socket watched, or no more. */
static int on_want(G_GNUC_UNUSED CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
    struct check_http *http = data;
    struct watch *watch = known;
    if (watch) {
        unwatch(watch);
    }
    if (what == CURL_POLL_REMOVE) {
        g_free(watch);
        curl_multi_assign(http->multi, fd, NULL);
        return 0;
    }
    if (!watch) {
        watch = g_new0(struct watch, 1);
        watch->http = http;
        curl_multi_assign(http->multi, fd, watch);
    }
    GIOCondition condition =
            (what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0);
    watch->source = g_unix_fd_source_new(fd, condition);
    g_source_set_callback(watch->source, G_SOURCE_FUNC(on_socket), watch, NULL);
    g_source_attach(watch->source, http->context);
    return 0;
}

static gboolean on_timer(gpointer data)
{
    struct check_http *http = data;
    int running = 0;
    g_source_unref(http->timer);
    http->timer = NULL;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(http);
    return G_SOURCE_REMOVE;
}

static int on_time(G_GNUC_UNUSED CURLM *multi, long ms, void *data)
{
    struct check_http *http = data;
    if (http->timer) {
        g_source_destroy(http->timer);
        g_source_unref(http->timer);
        http->timer = NULL;
    }
    if (ms >= 0) {
        http->timer = g_timeout_source_new((guint)ms);
        g_source_set_callback(http->timer, on_timer, http, NULL);
        g_source_attach(http->timer, http->context);
    }
    return 0;
}

static curl_socket_t on_open(
        void *data, G_GNUC_UNUSED curlsocktype purpose, struct curl_sockaddr *address)
{
    struct check *check = data;
    g_autoptr(GError) error = NULL;
    int fd = check_space_socket(check->request.space, address->socktype, address->protocol, &error);
    if (fd < 0) {
        g_free(check->result.detail);
        check->result.detail = g_strdup(error->message);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct check *check = data;
    gsize length = size * count;
    gsize room = CHECK_BODY_MAX - check->body->len;
    g_byte_array_append(check->body, (const guint8 *)bytes, (guint)MIN(length, room));
    return length <= room ? length : 0;
}

static size_t on_header(G_GNUC_UNUSED char *bytes, size_t size, size_t count, void *data)
{
    struct check *check = data;
    check->header += size * count;
    return check->header <= CHECK_HEADER_MAX ? size * count : 0;
}

static void set_options(struct check *check, const char *url)
{
    CURL *easy = check->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, check);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sandtable-check");
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, check);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, check);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, check);
}

void check_http_start(struct check_http *http, struct check *check)
{
    const char *path = check->request.path ? check->request.path : "/";
    guint32 a = check->request.address;
    g_autofree char *url = g_strdup_printf("http://%u.%u.%u.%u:%d%s%s", a >> 24, a >> 16 & 255,
            a >> 8 & 255, a & 255, check_port(&check->request), *path == '/' ? "" : "/", path);
    check->easy = curl_easy_init();
    check->body = g_byte_array_new();
    if (check->easy) {
        set_options(check, url);
    }
    if (!check->easy || curl_multi_add_handle(http->multi, check->easy) != CURLM_OK) {
        check_finish(check, CHECK_FAULT, 0, g_strdup("libcurl refuses the check"));
    }
}

void check_http_cancel(struct check_http *http, struct check *check)
{
    curl_multi_remove_handle(http->multi, check->easy);
    curl_easy_cleanup(check->easy);
    check->easy = NULL;
    g_byte_array_unref(check->body);
    check->body = NULL;
}

struct check_http *check_http_new(GMainContext *context)
{
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&once, 1);
    }
    struct check_http *http = g_new0(struct check_http, 1);
    http->context = context;
    http->multi = curl_multi_init();
    if (!http->multi) {
        g_free(http);
        return NULL;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_want);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_time);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    return http;
}

void check_http_free(struct check_http *http)
{
    if (!http) {
        return;
    }
    curl_multi_cleanup(http->multi);
    if (http->timer) {
        g_source_destroy(http->timer);
        g_source_unref(http->timer);
    }
    g_free(http);
}
