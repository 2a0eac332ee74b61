/* virt_tell.c - a machine is told who it is, over a port of its own; guest-identity listens there.
 *
 * Request: LENGTH, a line feed, the document. Answer: one line, "ok", "ok WORD" or "failed WHY".
 */
#include "virt/virt_private.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX 1024

struct tell_job {
    struct virt_job job;
    GByteArray *document;
    int timeout_ms;
    char reply[REPLY_MAX];
};

static int connect_port(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    errno = ENAMETOOLONG;
    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

/* Until fd can be read or written; false at the limit. */
static bool wait_for(int fd, short events, gint64 end_us)
{
    struct pollfd wait = {.fd = fd, .events = events};
    for (;;) {
        gint64 left_ms = (end_us - g_get_monotonic_time()) / 1000;
        int n = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
        if (n > 0) {
            return true;
        }
        if (n == 0 || errno != EINTR) {
            errno = n == 0 ? ETIMEDOUT : errno;
            return false;
        }
    }
}

static bool send_all(int fd, const guint8 *bytes, gsize length, gint64 end_us)
{
    for (gsize at = 0; at < length;) {
        ssize_t n = send(fd, bytes + at, length - at, MSG_NOSIGNAL);
        if (n < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT, end_us))) {
            return false;
        }
        at += n > 0 ? (gsize)n : 0;
    }
    return true;
}

/* One line, without its line feed. */
static bool read_reply(int fd, char *reply, gint64 end_us)
{
    for (gsize at = 0; at + 1 < REPLY_MAX && wait_for(fd, POLLIN, end_us);) {
        ssize_t n = read(fd, reply + at, REPLY_MAX - 1 - at);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            errno = n == 0 ? ECONNRESET : errno;
            return false;
        }
        at += n > 0 ? (gsize)n : 0;
        char *end = memchr(reply, '\n', at);
        if (end) {
            *end = '\0';
            return true;
        }
        errno = EMSGSIZE; /* in case it never ends its line */
    }
    return false;
}

static void judge(struct tell_job *tell)
{
    bool ok = g_str_has_prefix(tell->reply, "ok"); /* its words are the guest's */
    if (!ok) {
        g_autofree char *clean = text_clean_tail(tell->reply, strlen(tell->reply), 300);
        g_set_error(&tell->job.error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                "machine %s: it did not become itself: %s", tell->job.domain, clean);
    }
}

static void tell_work(struct virt_job *job, virDomainPtr domain)
{
    struct tell_job *tell = (struct tell_job *)job;
    (void)domain;
    gint64 end_us = g_get_monotonic_time() + (gint64)tell->timeout_ms * 1000;
    g_autofree char *path = virt_identity_socket(job->virt->root, job->domain);
    g_autofree char *head = g_strdup_printf("%u\n", tell->document->len);
    int fd = connect_port(path);
    bool ok = fd >= 0 && send_all(fd, (const guint8 *)head, strlen(head), end_us) &&
              send_all(fd, tell->document->data, tell->document->len, end_us) &&
              read_reply(fd, tell->reply, end_us);
    if (ok) {
        judge(tell);
    } else {
        g_set_error(&job->error, SANDTABLE_ERROR,
                errno == ETIMEDOUT ? SANDTABLE_ERROR_TIMEOUT : SANDTABLE_ERROR_MACHINE,
                "machine %s: cannot tell it who it is: %s", job->domain, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

static bool tell_finish(struct virt_job *job)
{
    const struct tell_job *tell = (struct tell_job *)job;
    const char *word = job->error ? NULL : tell->reply + strlen("ok");
    word = word && *word == ' ' ? word + 1 : word;
    if (job->fn.bytes) {
        job->fn.bytes(word, word ? strlen(word) : 0, -1, job->error, job->data);
    }
    return true;
}

static void tell_free(struct virt_job *job)
{
    struct tell_job *tell = (struct tell_job *)job;
    /* it holds a secret key */
    memset(tell->document->data, 0, tell->document->len);
    g_byte_array_unref(tell->document);
}

void virt_tell(struct virt *virt, const char *domain, const char *document, gsize length,
        int timeout_ms, virt_bytes_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct tell_job), domain, VIRT_POOL_TELL);
    struct tell_job *tell = (struct tell_job *)job;
    tell->document = g_byte_array_sized_new((guint)length + 1);
    g_byte_array_append(tell->document, (const guint8 *)document, (guint)length);
    tell->timeout_ms = timeout_ms;
    job->work = tell_work;
    job->finish = tell_finish;
    job->free = tell_free;
    job->fn.bytes = done;
    job->data = data;
    virt_job_push(job);
}
