/* console.c - the thread that joins a machine's serial port and the queues of who draws. */
#include "console.h"
#include "words.h"

#include "base/json.h"
#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE_MAX (64 * 1024) /* each way; what a machine says beyond waits in its port */
#define CHUNK 4096
#define TAIL_BYTES 8192 /* of what it said before */
#define ANSWER_MS 20000

struct console {
    char *socket, *machine, *person;
    source_wake_fn wake;
    GThread *thread;
    int kick; /* eventfd: something to do for the thread */
    GMutex lock;
    GByteArray *in, *out; /* from the machine, to it */
    enum console_state state;
    char *why;
    bool closing;
    /* the thread's own */
    int engine, port;
    GByteArray *lines; /* of the engine, the last one incomplete */
};

static bool is_closing(struct console *console)
{
    g_mutex_lock(&console->lock);
    bool closing = console->closing;
    g_mutex_unlock(&console->lock);
    return closing;
}

static void say(struct console *console, enum console_state state, const char *why)
{
    g_mutex_lock(&console->lock);
    console->state = state;
    if (why && !console->why) {
        console->why = g_utf8_make_valid(why, -1);
    }
    g_mutex_unlock(&console->lock);
    console->wake(NULL);
}

static void kick(struct console *console)
{
    guint64 one = 1;
    while (write(console->kick, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* Waits for kick and fd (-1: none); what fd is ready for, 0 at the limit or when kicked. */
static int wait_for(struct console *console, int fd, short events, int limit_ms)
{
    struct pollfd fds[] = {{console->kick, POLLIN, 0}, {fd, events, 0}};
    while (poll(fds, fd < 0 ? 1 : 2, limit_ms) < 0 && errno == EINTR) {
    }
    guint64 count = 0;
    if (fds[0].revents && read(console->kick, &count, sizeof count) < 0) {
        return 0;
    }
    return fd < 0 ? 0 : fds[1].revents;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path ||
            fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* ---- the engine ---------------------------------------------------------------------------- */

static bool ask(struct console *console, const char *method, const char *name, const char *value)
{
    auto_json request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "jsonrpc", "2.0");
    cJSON_AddStringToObject(request, "id", method);
    cJSON_AddStringToObject(request, "method", method);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(request, "params"), name, value);
    g_autofree char *text = json_text(request);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    return send(console->engine, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

/* The next message of the engine, or NULL: it hung up, said nonsense, or the limit passed. */
static cJSON *next_message(struct console *console, gint64 end)
{
    char chunk[CHUNK];
    for (;;) {
        const guint8 *feed = console->lines->len > 0
                                     ? memchr(console->lines->data, '\n', console->lines->len)
                                     : NULL;
        if (feed) {
            guint length = (guint)(feed - console->lines->data);
            cJSON *message = json_parse((const char *)console->lines->data, length, NULL);
            g_byte_array_remove_range(console->lines, 0, length + 1);
            return message;
        }
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0 || is_closing(console) || console->lines->len > CONTROL_LINE_MAX) {
            return NULL;
        }
        int ready = wait_for(console, console->engine, POLLIN, (int)left_ms);
        ssize_t got = ready ? recv(console->engine, chunk, sizeof chunk, MSG_DONTWAIT) : 1;
        if (got <= 0) {
            return NULL;
        }
        if (ready) {
            g_byte_array_append(console->lines, (const guint8 *)chunk, (guint)got);
        }
    }
}

/* The path in the answer to method, the caller's; NULL, and it is told why, when there is none. */
static char *path_of(struct console *console, const char *method)
{
    gint64 end = g_get_monotonic_time() + ANSWER_MS * G_GINT64_CONSTANT(1000);
    for (;;) {
        auto_json message = next_message(console, end);
        if (!message) {
            return NULL;
        }
        if (strcmp(json_string(message, "id", ""), method) != 0) {
            continue; /* the greeting */
        }
        const char *refusal = json_string(json_object(message, "error"), "message", NULL);
        if (refusal && !strcmp(method, "console")) {
            say(console, CONSOLE_ENDED, refusal);
        }
        const char *path = json_string(json_object(message, "result"), "path", NULL);
        return g_strdup(path);
    }
}

/* What the port said before anybody came, from the beginning of a line on. */
static void read_tail(struct console *console, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    char tail[TAIL_BYTES];
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        off_t from = MAX(st.st_size - TAIL_BYTES, 0);
        ssize_t got = pread(fd, tail, sizeof tail, from);
        const char *line = got > 0 && from > 0 ? memchr(tail, '\n', (gsize)got) : NULL;
        gssize skip = line ? line + 1 - tail : 0;
        g_mutex_lock(&console->lock);
        if (got > skip) {
            g_byte_array_append(console->in, (const guint8 *)tail + skip, (guint)(got - skip));
        }
        g_mutex_unlock(&console->lock);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static bool join_port(struct console *console)
{
    console->engine = connect_to(console->socket);
    bool asked = console->engine >= 0 &&
                 (!console->person || ask(console, "hello", "name", console->person)) &&
                 ask(console, "console-log", "machine", console->machine) &&
                 ask(console, "console", "machine", console->machine);
    g_autofree char *log = asked ? path_of(console, "console-log") : NULL;
    if (log) {
        read_tail(console, log);
    }
    g_autofree char *path = asked ? path_of(console, "console") : NULL;
    console->port = path ? connect_to(path) : -1;
    if (console->port < 0) {
        say(console, CONSOLE_ENDED,
                path || !asked ? WORD("nothing answers there") : WORD("no answer"));
    }
    return console->port >= 0;
}

/* ---- the port ------------------------------------------------------------------------------ */

/* False when the machine is gone. */
static bool take_in(struct console *console)
{
    char chunk[CHUNK];
    ssize_t got = recv(console->port, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    g_mutex_lock(&console->lock);
    g_byte_array_append(console->in, (const guint8 *)chunk, (guint)got);
    g_mutex_unlock(&console->lock);
    console->wake(NULL);
    return got > 0;
}

static bool give_out(struct console *console)
{
    g_mutex_lock(&console->lock);
    ssize_t sent = console->out->len == 0 ? 0
                                          : send(console->port, console->out->data,
                                                    console->out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    bool alive = sent >= 0 || errno == EAGAIN || errno == EINTR;
    if (sent > 0) {
        g_byte_array_remove_range(console->out, 0, (guint)sent);
    }
    g_mutex_unlock(&console->lock);
    return alive;
}

/* What the port is waited for now: nothing is read while nobody takes what was. */
static short wanted(struct console *console)
{
    g_mutex_lock(&console->lock);
    short events = console->in->len < QUEUE_MAX ? POLLIN : 0;
    events = (short)(events | (console->out->len > 0 ? POLLOUT : 0));
    g_mutex_unlock(&console->lock);
    return events;
}

/* The engine says nothing more on this connection but good-bye. */
static bool engine_lives(const struct console *console)
{
    char chunk[CHUNK];
    ssize_t got = recv(console->engine, chunk, sizeof chunk, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static gpointer console_thread(gpointer data)
{
    struct console *console = data;
    if (!join_port(console)) {
        return NULL;
    }
    say(console, CONSOLE_OPEN, NULL);
    bool alive = true;
    while (alive && !is_closing(console)) {
        int ready = wait_for(console, console->port, wanted(console), 1000);
        alive = (!(ready & POLLOUT) || give_out(console)) &&
                (!(ready & POLLIN) || take_in(console)) &&
                (ready & (POLLIN | POLLOUT) || !(ready & (POLLHUP | POLLERR))) &&
                engine_lives(console);
    }
    say(console, CONSOLE_ENDED, alive ? NULL : WORD("the machine or the engine is gone"));
    return NULL;
}

/* ---- for who draws ------------------------------------------------------------------------- */

struct console *console_open(
        const char *socket_path, const char *machine, const char *person, source_wake_fn wake)
{
    struct console *console = g_new0(struct console, 1);
    console->socket = g_strdup(socket_path);
    console->machine = g_strdup(machine);
    console->person = g_strdup(person);
    console->wake = wake;
    console->engine = console->port = -1;
    console->in = g_byte_array_new();
    console->out = g_byte_array_new();
    console->lines = g_byte_array_new();
    console->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&console->lock);
    console->thread = g_thread_new("display-console", console_thread, console);
    return console;
}

void console_close(struct console *console)
{
    if (!console) {
        return;
    }
    g_mutex_lock(&console->lock);
    console->closing = true;
    g_mutex_unlock(&console->lock);
    kick(console);
    g_thread_join(console->thread);
    const int fds[] = {console->port, console->engine, console->kick};
    for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    g_mutex_clear(&console->lock);
    g_byte_array_unref(console->in);
    g_byte_array_unref(console->out);
    g_byte_array_unref(console->lines);
    g_free(console->socket);
    g_free(console->machine);
    g_free(console->person);
    g_free(console->why);
    g_free(console);
}

bool console_take(struct console *console, struct terminal *terminal)
{
    g_mutex_lock(&console->lock);
    guint length = console->in->len;
    terminal_feed(terminal, console->in->data, length);
    g_byte_array_set_size(console->in, 0);
    g_mutex_unlock(&console->lock);
    if (length >= QUEUE_MAX) {
        kick(console);
    }
    return length > 0;
}

enum console_state console_state(struct console *console, char **why)
{
    g_mutex_lock(&console->lock);
    enum console_state state = console->state;
    *why = g_strdup(console->why);
    g_mutex_unlock(&console->lock);
    return state;
}

bool console_send(struct console *console, const char *bytes, gsize length)
{
    g_mutex_lock(&console->lock);
    bool room = console->state == CONSOLE_OPEN && console->out->len + length <= QUEUE_MAX;
    if (room) {
        g_byte_array_append(console->out, (const guint8 *)bytes, (guint)length);
    }
    g_mutex_unlock(&console->lock);
    if (room) {
        kick(console);
    }
    return room;
}
