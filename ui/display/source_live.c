/* source_live.c - events from a running engine: a thread reads the socket into a queue.
 *
 * The thread connects, asks for all events from the first on, and connects again when the engine is
 * gone, from the last event on that it handed over. Is that another event now, another exercise
 * answers, and all is read from its beginning.
 */
#include "source_private.h"
#include "words.h"

#include "base/error.h"
#include "base/json.h"
#include "control/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MS 1000
#define QUEUE_MAX                                                                                  \
    50000 /* events waiting to be drawn; beyond, the engine's own limit holds us back */
#define SUBSCRIBE                                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":\"events\",\"method\":\"subscribe\",\"params\":{\"from\":"        \
    "%" G_GINT64_FORMAT "}}\n"                                                                     \
    "{\"jsonrpc\":\"2.0\",\"id\":\"telemetry\",\"method\":\"telemetry\"}\n"

struct answer {
    char *text;
    bool refused;
};

struct source_live {
    struct source base;
    char *path;
    source_wake_fn wake;
    gpointer data;
    GThread *thread;
    int stop;             /* eventfd */
    GAsyncQueue *events;  /* struct event */
    GAsyncQueue *answers; /* struct answer */
    gint link;            /* atomic enum source_link */
    GMutex lock;          /* of fd: the thread closes it, the user writes to it */
    int fd;
    gint64 last; /* the thread's: seq handed over */
    char last_hash[EVENT_HASH_BYTES];
    bool again;    /* forget, connect, read from the first event on */
    gint64 ponged; /* monotonic, under lock */
};

static void set_link(struct source_live *self, enum source_link link)
{
    if (g_atomic_int_get(&self->link) != (gint)link) {
        g_atomic_int_set(&self->link, (gint)link);
        self->wake(self->data);
    }
}

static void answer_free(gpointer data)
{
    struct answer *answer = data;
    g_free(answer->text);
    g_free(answer);
}

/* True when event was not handed over before. After a break the stream begins with the last one
 * that was: if that is another event now, another exercise answers, and all is read anew. */
static bool is_new(struct source_live *self, const struct event *event)
{
    if (event->seq == self->last) {
        self->again |= memcmp(self->last_hash, event->hash, EVENT_HASH_BYTES) != 0;
        return false;
    }
    if (self->again || event->seq < self->last) {
        return false;
    }
    self->last = event->seq;
    memcpy(self->last_hash, event->hash, EVENT_HASH_BYTES);
    return true;
}

static void take_event(struct source_live *self, const cJSON *params)
{
    g_autofree char *text = json_text(params);
    struct event *event = event_from_line(text, strlen(text), NULL);
    if (event && is_new(self, event)) {
        g_async_queue_push(self->events, event);
        self->wake(self->data);
    } else {
        event_free(event);
    }
}

/* Passed on as an event, in order with the others. */
static void take_telemetry(struct source_live *self, const cJSON *params)
{
    cJSON *body = cJSON_Duplicate(params, true);
    g_async_queue_push(self->events, event_new(SOURCE_TELEMETRY, NULL, NULL, body));
    self->wake(self->data);
}

/* Passed on as an event as well; a machine that shows nothing now is asked again later. */
static void take_screen(struct source_live *self, const char *id, const cJSON *result)
{
    if (result && g_utf8_validate(id, -1, NULL)) {
        struct event *event = event_new(
                SOURCE_SCREEN, NULL, id + strlen(SOURCE_SCREEN ":"), cJSON_Duplicate(result, true));
        g_async_queue_push(self->events, event);
        self->wake(self->data);
    }
}

static void take_answer(struct source_live *self, const cJSON *reply)
{
    const cJSON *error = json_object(reply, "error");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(reply, "id");
    if (!strcmp(json_string(reply, "id", ""), "ping")) { /* a refusal is a sign of life as well */
        g_mutex_lock(&self->lock);
        self->ponged = g_get_monotonic_time();
        g_mutex_unlock(&self->lock);
        self->wake(self->data);
        return;
    }
    if (g_str_has_prefix(json_string(reply, "id", ""), SOURCE_SCREEN ":")) {
        take_screen(self, json_string(reply, "id", ""), json_object(reply, "result"));
        return;
    }
    if (error && !strcmp(json_string(reply, "id", ""), "events") && self->last > 0) {
        self->again = true; /* it has fewer events than we saw: another exercise */
        return;
    }
    if (!error && !cJSON_IsNumber(id)) {
        return; /* to our own requests */
    }
    struct answer *answer = g_new0(struct answer, 1);
    g_autofree char *text = g_utf8_make_valid(json_string(error, "message", "refused"), -1);
    answer->refused = error != NULL;
    gint64 missing = json_int(json_object(reply, "result"), "missing", 0);
    answer->text = error         ? g_strdup_printf(tr("The engine refused: %s"), text)
                   : missing > 0 ? g_strdup_printf(tr("Accepted; %d more must agree"), (int)missing)
                                 : g_strdup(tr("Accepted"));
    g_async_queue_push(self->answers, answer);
    self->wake(self->data);
}

static void take_line(struct source_live *self, const char *line, gsize length)
{
    auto_json message = json_parse(line, length, NULL);
    if (!message) {
        return; /* not ours to judge: the next line may be sound */
    }
    if (!strcmp(json_string(message, "method", ""), "event")) {
        const cJSON *params = json_object(message, "params");
        if (params) {
            take_event(self, params);
        }
    } else if (!strcmp(json_string(message, "method", ""), "telemetry")) {
        take_telemetry(self, json_object(message, "params"));
    } else if (json_object(message, "error") ||
               cJSON_GetObjectItemCaseSensitive(message, "result")) {
        take_answer(self, message);
    }
}

/* Waits for the descriptor (-1: none) or the limit; false when the source is being closed. */
static bool wait_for(struct source_live *self, int fd, int limit_ms)
{
    struct pollfd fds[] = {{self->stop, POLLIN, 0}, {fd, POLLIN, 0}};
    while (poll(fds, fd < 0 ? 1 : 2, limit_ms) < 0 && errno == EINTR) {
    }
    return !(fds[0].revents & POLLIN);
}

/* -1 as well when the engine does not take connections just now: nothing here waits, for the
 * source could be closed meanwhile. What is asked for fits into a fresh socket's buffer. */
static int connect_to(const char *path, gint64 from)
{
    g_autofree char *subscribe = g_strdup_printf(SUBSCRIBE, from);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ssize_t length = (ssize_t)strlen(subscribe);
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
                           send(fd, subscribe, (gsize)length, MSG_NOSIGNAL) != length)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Handles the whole lines in input and removes them. */
static void take_lines(struct source_live *self, GByteArray *input, gsize scanned)
{
    gsize start = 0;
    for (gsize i = scanned; i < input->len; i++) {
        if (input->data[i] == '\n') {
            take_line(self, (const char *)input->data + start, i - start);
            start = i + 1;
        }
    }
    if (start > 0) {
        g_byte_array_remove_range(input, 0, (guint)start);
    }
}

/* Reads lines until the engine or the source closes; true when the source goes on. */
static bool read_lines(struct source_live *self, int fd)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    gsize scanned = 0;
    char chunk[16384];
    for (;;) {
        if (!wait_for(self, fd, -1)) {
            return false;
        }
        ssize_t got = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (got <= 0 || input->len + (gsize)got > (gsize)2 * CONTROL_LINE_MAX) {
            return true;
        }
        g_byte_array_append(input, (const guint8 *)chunk, (guint)got);
        take_lines(self, input, scanned);
        scanned = input->len;
        if (self->again) {
            return true;
        }
        while (g_async_queue_length(self->events) > QUEUE_MAX) {
            if (!wait_for(self, -1, 20)) {
                return false;
            }
        }
    }
}

static void set_fd(struct source_live *self, int fd)
{
    g_mutex_lock(&self->lock);
    if (self->fd >= 0) {
        close(self->fd);
    }
    self->fd = fd;
    g_mutex_unlock(&self->lock);
}

static gpointer reader_thread(gpointer data)
{
    struct source_live *self = data;
    bool go_on = true;
    while (go_on) {
        int fd = connect_to(self->path, MAX(self->last, 1));
        if (fd < 0) {
            go_on = wait_for(self, -1, RETRY_MS);
            continue;
        }
        set_fd(self, fd);
        set_link(self, SOURCE_LIVE);
        go_on = read_lines(self, fd);
        set_fd(self, -1);
        if (self->again) {
            self->again = false;
            self->last = 0;
            continue;
        }
        set_link(self, SOURCE_GONE);
        go_on = go_on && wait_for(self, -1, RETRY_MS);
    }
    return NULL;
}

static int live_next(struct source *source, struct event **ret, GError **error)
{
    (void)error;
    *ret = g_async_queue_try_pop(((struct source_live *)source)->events);
    return *ret != NULL;
}

static enum source_link live_link(struct source *source)
{
    return (enum source_link)g_atomic_int_get(&((struct source_live *)source)->link);
}

static gint64 live_ponged(struct source *source)
{
    struct source_live *self = (struct source_live *)source;
    g_mutex_lock(&self->lock);
    gint64 ponged = self->ponged;
    g_mutex_unlock(&self->lock);
    return ponged;
}

static bool live_request(struct source *source, const char *line, GError **error)
{
    struct source_live *self = (struct source_live *)source;
    gsize length = strlen(line);
    g_mutex_lock(&self->lock);
    ssize_t sent = self->fd < 0 ? -1 : send(self->fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0 && (gsize)sent < length) {
        (void)shutdown(self->fd, SHUT_RDWR); /* half a line is worse than a new connection */
    }
    g_mutex_unlock(&self->lock);
    if (sent != (ssize_t)length) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                tr("the engine does not take requests now; trying to reach it again"));
        return false;
    }
    return true;
}

static char *live_answer(struct source *source, bool *refused)
{
    struct answer *answer = g_async_queue_try_pop(((struct source_live *)source)->answers);
    if (!answer) {
        return NULL;
    }
    char *text = g_steal_pointer(&answer->text);
    *refused = answer->refused;
    answer_free(answer);
    return text;
}

static void live_close(struct source *source)
{
    struct source_live *self = (struct source_live *)source;
    guint64 one = 1;
    while (write(self->stop, &one, sizeof one) < 0 && errno == EINTR) {
    }
    g_thread_join(self->thread);
    close(self->stop);
    g_async_queue_unref(self->events);
    g_async_queue_unref(self->answers);
    g_mutex_clear(&self->lock);
    g_free(self->path);
    g_free(self);
}

static void free_event(gpointer event)
{
    event_free(event);
}

struct source *source_open_live(const char *socket_path, source_wake_fn wake, gpointer data)
{
    struct source_live *self = g_new0(struct source_live, 1);
    self->base = (struct source){.next = live_next,
            .close = live_close,
            .link = live_link,
            .request = live_request,
            .answer = live_answer,
            .ponged = live_ponged,
            .patience_ms = -1};
    self->path = g_strdup(socket_path);
    self->wake = wake;
    self->data = data;
    self->fd = -1;
    self->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->events = g_async_queue_new_full(free_event);
    self->answers = g_async_queue_new_full(answer_free);
    self->link = SOURCE_CONNECTING;
    g_mutex_init(&self->lock);
    self->thread = g_thread_new("display-reader", reader_thread, self);
    return &self->base;
}
