/* virt_warm.c - warm states: a running machine frozen into a file, and clones woken from it.
 *
 * A template's memory is a shared file. Frozen, only its devices' state moves (x-ignore-shared),
 * some 500 KB through a unix socket; what the file holds then is its memory for ever. A clone maps
 * that file copy-on-write and gets the devices' state the same way, so waking costs no copy.
 * Migration: https://www.qemu.org/docs/master/devel/migration.html
 */
#include "virt/virt_private.h"
#include "virt/virt_qmp.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STATE_MAX (64U << 20) /* bytes of devices' state; more is none */
#define MOVE_LIMIT_MS 20000

static bool failed(GError **error, const char *domain, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s: cannot %s: %s",
            domain, what, g_strerror(errno));
    return false;
}

/* ---- the socket ------------------------------------------------------------------------------ */

static char *socket_path(const struct virt *virt, const char *domain)
{
    return g_strdup_printf("%s/agent/%s.warm", virt->root, domain);
}

static bool socket_address(const char *path, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    errno = ENAMETOOLONG;
    return g_strlcpy(ret->sun_path, path, sizeof(ret->sun_path)) < sizeof(ret->sun_path);
}

static int socket_listen(const char *path)
{
    struct sockaddr_un address;
    int fd = socket_address(path, &address) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    (void)g_unlink(path);
    if (fd >= 0 &&
            (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool can_read(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int n = 0;
    while ((n = poll(&wait, 1, MOVE_LIMIT_MS)) < 0 && errno == EINTR) {
    }
    if (n == 0) {
        errno = ETIMEDOUT;
    }
    return n == 1;
}

/* All that comes until the other end closes. */
static bool read_state(int listener, GByteArray *state)
{
    guint8 buffer[1 << 16];
    ssize_t n = -1;
    int fd = can_read(listener) ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    while (fd >= 0 && state->len <= STATE_MAX && can_read(fd) &&
            (n = read(fd, buffer, sizeof(buffer))) > 0) {
        g_byte_array_append(state, buffer, (guint)n);
        n = -1; /* for a wait that fails */
    }
    if (fd >= 0) {
        close(fd);
    }
    if (state->len > STATE_MAX) {
        errno = EFBIG;
    }
    return n == 0 && state->len <= STATE_MAX;
}

static bool send_state(const char *path, const char *bytes, gsize length)
{
    struct sockaddr_un address;
    const struct timeval limit = {.tv_sec = MOVE_LIMIT_MS / 1000};
    int fd = socket_address(path, &address) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
              connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    for (gsize at = 0; ok && at < length;) {
        ssize_t n = send(fd, bytes + at, length - at, MSG_NOSIGNAL);
        ok = n > 0;
        at += ok ? (gsize)n : 0;
    }
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return ok;
}

/* ---- both sides ------------------------------------------------------------------------------ */

/* Memory in a shared file stays where it is. */
static bool leave_memory(virDomainPtr domain, GError **error)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(arguments, "capabilities");
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "capability", "x-ignore-shared");
    cJSON_AddTrueToObject(one, "state");
    cJSON_AddItemToArray(list, one);
    return virt_qmp_do(domain, "migrate-set-capabilities", arguments, error);
}

/* QEMU would tell the network, and have the guest tell it, that the template's address moved here. */
static bool say_nothing(virDomainPtr domain, GError **error)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddNumberToObject(arguments, "announce-rounds", 0);
    return virt_qmp_do(domain, "migrate-set-parameters", arguments, error);
}

static cJSON *uri_arguments(const char *path)
{
    cJSON *arguments = cJSON_CreateObject();
    g_autofree char *uri = g_strdup_printf("unix:%s", path);
    cJSON_AddStringToObject(arguments, "uri", uri);
    return arguments;
}

bool virt_warm_wake(struct virt *virt, virDomainPtr domain, const char *state, GError **error)
{
    const char *name = virDomainGetName(domain);
    g_autofree char *path = socket_path(virt, name);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    (void)g_unlink(path);
    bool ok = g_file_get_contents(state, &bytes, &length, error) && leave_memory(domain, error) &&
              say_nothing(domain, error) &&
              virt_qmp_do(domain, "migrate-incoming", uri_arguments(path), error);
    /* it runs by itself once all is there: the template ran, and libvirt has told it to */
    if (ok && !send_state(path, bytes, length)) {
        ok = failed(error, name, "hand its warm state over");
    }
    (void)g_unlink(path);
    return ok;
}

/* ---- freezing -------------------------------------------------------------------------------- */

struct freeze_job {
    struct virt_job job;
    char *file;
};

static bool take_state(const char *name, virDomainPtr domain, int listener, const char *path,
        const char *file, GError **error)
{
    static const char *const completed[] = {"completed", NULL};
    g_autoptr(GByteArray) state = g_byte_array_new();
    if (!leave_memory(domain, error) ||
            !virt_qmp_do(domain, "migrate", uri_arguments(path), error)) {
        return false;
    }
    if (!read_state(listener, state)) {
        return failed(error, name, "take its warm state");
    }
    return virt_qmp_await_migration(domain, completed, MOVE_LIMIT_MS, error) &&
           g_file_set_contents(file, (const char *)state->data, (gssize)state->len, error);
}

static void freeze_work(struct virt_job *job, virDomainPtr domain)
{
    struct freeze_job *freeze = (struct freeze_job *)job;
    g_autofree char *path = socket_path(job->virt, job->domain);
    int listener = socket_listen(path);
    if (listener < 0) {
        failed(&job->error, job->domain, "listen for its warm state");
        return;
    }
    take_state(job->domain, domain, listener, path, freeze->file, &job->error);
    close(listener);
    (void)g_unlink(path);
    if (virDomainDestroy(domain) != 0 && !job->error) {
        virt_error_take(&job->error, job->domain, "end it after it was frozen");
    }
}

static void freeze_free(struct virt_job *job)
{
    g_free(((struct freeze_job *)job)->file);
}

void virt_freeze(
        struct virt *virt, const char *domain, const char *file, virt_done_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct freeze_job), domain, VIRT_POOL_CONTROL);
    ((struct freeze_job *)job)->file = g_strdup(file);
    virt_vm(virt, domain)->stopping = true;
    job->work = freeze_work;
    job->free = freeze_free;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}

/* ---- what a warm state is bound to ------------------------------------------------------------
 */

char *virt_warm_layout(const struct virt_machine *machine)
{
    unsigned long version = 0;
    g_autofree char *xml = virt_domain_xml(machine, "/");
    (void)virGetVersion(&version, NULL, NULL);
    return g_strdup_printf("libvirt %lu\n%s", version, xml);
}
