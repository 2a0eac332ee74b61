/* control_client.c - the other end of the control socket: blocking calls with limits. */
#include "control/control_internal.h"

#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define HELLO_MS 5000
#define REPLY_MAX (64 << 20) /* one line of the engine's */

struct control_client {
    int fd;
    gint64 last_id;
    GByteArray *input;
    gsize begin;   /* of input: taken already */
    gsize scanned; /* of input: no newline between begin and here */
    GQueue events; /* struct event *: came while something else was waited for */
    cJSON *hello;
};

static const char event_head[] = "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":";

static void set_lost(GError **error)
{
    g_set_error(
            error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "the exercise closed the connection");
}

static void set_timeout(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT, "%s in time", what);
}

/* Until when; -1: for ever. */
static gint64 deadline_in(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
}

/* 1: ready, 0: the deadline passed, -1: error. */
static int wait_until(int fd, short events, gint64 deadline)
{
    for (;;) {
        gint64 left = deadline < 0 ? -1 : MAX(deadline - g_get_monotonic_time(), 0);
        struct pollfd item = {.fd = fd, .events = events};
        int n = poll(&item, 1, left < 0 ? -1 : (int)((left + 999) / 1000));
        if (n >= 0 || errno != EINTR) {
            return n;
        }
    }
}

/* The next line in the buffer, or NULL; valid until the next read. */
static const char *take_line(struct control_client *client, gsize *length)
{
    const char *text = (const char *)client->input->data;
    gsize from = MAX(client->begin, client->scanned);
    const char *feed =
            from < client->input->len ? memchr(text + from, '\n', client->input->len - from) : NULL;
    if (!feed) {
        client->scanned = client->input->len;
        return NULL;
    }
    const char *line = text + client->begin;
    *length = (gsize)(feed - line);
    client->begin = (gsize)(feed - text) + 1;
    return line;
}

static int read_more(struct control_client *client, GError **error)
{
    char chunk[64 * 1024];
    if (client->begin > 0) {
        g_byte_array_remove_range(client->input, 0, (guint)client->begin);
        client->scanned -= MIN(client->scanned, client->begin);
        client->begin = 0;
    }
    if (client->input->len > REPLY_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "the exercise sent a line of more than %d bytes", REPLY_MAX);
        return -1;
    }
    ssize_t n = recv(client->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (n > 0) {
        g_byte_array_append(client->input, (const guint8 *)chunk, (guint)n);
        return 1;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 1;
    }
    return 0; /* closed, or reset, which for us is the same */
}

/* 1 with a line, 0 closed, -1 error or deadline. */
static int next_line(struct control_client *client, gint64 deadline, const char **line,
        gsize *length, GError **error)
{
    while (!(*line = take_line(client, length))) {
        int ready = wait_until(client->fd, POLLIN, deadline);
        if (ready <= 0) {
            set_timeout(error, "no answer from the exercise");
            return -1;
        }
        int more = read_more(client, error);
        if (more <= 0) {
            return more;
        }
    }
    return 1;
}

/* The event of a notification's line in our own server's form, without parsing it twice; NULL with
 * *other set when it is something else. */
static struct event *line_to_event(const char *line, gsize length, cJSON **other, GError **error)
{
    gsize head = sizeof(event_head) - 1;
    *other = NULL;
    if (length > head + 1 && !memcmp(line, event_head, head) && line[length - 1] == '}') {
        return event_from_line(line + head, length - head - 1, error);
    }
    auto_json json = json_parse(line, length, error);
    if (json && !strcmp(json_string(json, "method", ""), "event")) {
        g_autofree char *text = json_text(json_object(json, "params"));
        return event_from_line(text, strlen(text), error);
    }
    *other = g_steal_pointer(&json);
    return NULL;
}

static int code_to_error(gint64 code)
{
    if (code == CONTROL_INVALID_PARAMS) {
        return SANDTABLE_ERROR_USAGE;
    }
    gint64 own = CONTROL_ERROR_BASE - code;
    return own >= 0 && own <= SANDTABLE_ERROR_PROTOCOL ? (int)own : SANDTABLE_ERROR_PROTOCOL;
}

static bool set_rpc_error(const cJSON *reply, GError **error)
{
    const cJSON *failure = json_object(reply, "error");
    if (failure) {
        g_set_error_literal(error, SANDTABLE_ERROR, code_to_error(json_int(failure, "code", 0)),
                json_string(failure, "message", "the exercise refuses"));
    }
    return failure != NULL;
}

/* The next message that is no event (those are kept), or NULL with error. */
static cJSON *next_message(struct control_client *client, gint64 deadline, GError **error)
{
    for (;;) {
        const char *line;
        gsize length;
        int got = next_line(client, deadline, &line, &length, error);
        if (got <= 0) {
            if (got == 0) {
                set_lost(error);
            }
            return NULL;
        }
        cJSON *other;
        g_autoptr(GError) wrong = NULL;
        struct event *event = line_to_event(line, length, &other, &wrong);
        if (event) {
            g_queue_push_tail(&client->events, event);
        } else if (other) {
            return other;
        } else {
            g_propagate_error(error, g_steal_pointer(&wrong));
            return NULL;
        }
    }
}

static bool greet(struct control_client *client, GError **error)
{
    client->hello = next_message(client, deadline_in(HELLO_MS), error);
    if (!client->hello || set_rpc_error(client->hello, error)) {
        return false;
    }
    gint64 protocol = json_int(json_object(client->hello, "params"), "protocol", 0);
    if (strcmp(json_string(client->hello, "method", ""), "hello") != 0 ||
            protocol != CONTROL_PROTOCOL) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "the exercise speaks protocol %d, this program %d: use its version of sandtable",
                (int)protocol, CONTROL_PROTOCOL);
        return false;
    }
    return true;
}

struct control_client *control_client_open(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = HELLO_MS / 1000};
    if (strlen(path) >= sizeof(address.sun_path)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "a socket's path has at most %zu bytes: %s", sizeof(address.sun_path) - 1, path);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* a full backlog makes connect wait */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
            connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "nothing answers at %s: %s",
                path, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    struct control_client *client = g_new0(struct control_client, 1);
    client->fd = fd;
    client->input = g_byte_array_new();
    g_queue_init(&client->events);
    if (!greet(client, error)) {
        control_client_close(client);
        return NULL;
    }
    return client;
}

void control_client_close(struct control_client *client)
{
    if (!client) {
        return;
    }
    close(client->fd);
    cJSON_Delete(client->hello);
    g_byte_array_unref(client->input);
    g_queue_clear_full(&client->events, (GDestroyNotify)event_free);
    g_free(client);
}

const cJSON *control_client_hello(const struct control_client *client)
{
    return json_object(client->hello, "params");
}

static bool send_all(
        struct control_client *client, const char *text, gint64 deadline, GError **error)
{
    gsize length = strlen(text);
    while (length > 0) {
        if (wait_until(client->fd, POLLOUT, deadline) <= 0) {
            set_timeout(error, "the exercise did not take the request");
            return false;
        }
        ssize_t n = send(client->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            set_lost(error);
            return false;
        }
        text += MAX(n, 0);
        length -= (gsize)MAX(n, 0);
    }
    return true;
}

cJSON *control_client_call(struct control_client *client, const char *method, cJSON *params,
        int timeout_ms, GError **error)
{
    gint64 deadline = deadline_in(timeout_ms);
    auto_json request = control_rpc_notice(method, params ? params : cJSON_CreateObject());
    json_add_int(request, "id", ++client->last_id);
    g_autofree char *text = json_text(request);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    if (!send_all(client, line, deadline, error)) {
        return NULL;
    }
    for (;;) {
        auto_json reply = next_message(client, deadline, error);
        if (!reply) {
            return NULL;
        }
        gint64 id = json_int(reply, "id", -1);
        if (id != client->last_id && id != -1) {
            continue; /* the late reply to a call that was given up */
        }
        if (set_rpc_error(reply, error)) {
            return NULL;
        }
        if (id == client->last_id) {
            return cJSON_DetachItemFromObjectCaseSensitive(reply, "result");
        }
    }
}

int control_client_next_event(
        struct control_client *client, int timeout_ms, struct event **ret, GError **error)
{
    gint64 deadline = deadline_in(timeout_ms);
    while (g_queue_is_empty(&client->events)) {
        const char *line;
        gsize length;
        int got = next_line(client, deadline, &line, &length, error);
        if (got <= 0) {
            return got;
        }
        cJSON *other;
        g_autoptr(GError) wrong = NULL;
        struct event *event = line_to_event(line, length, &other, &wrong);
        auto_json message = other;
        if (event) {
            g_queue_push_tail(&client->events, event);
        } else if (wrong || set_rpc_error(message, error)) {
            if (wrong) {
                g_propagate_error(error, g_steal_pointer(&wrong));
            }
            return -1;
        }
    }
    *ret = g_queue_pop_head(&client->events);
    return 1;
}

int control_client_fd(const struct control_client *client)
{
    return client->fd;
}
