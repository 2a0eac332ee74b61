/* virt_end.c - a machine's process ended at once, where nothing of the machine is to stay.
 *
 * virDomainDestroy() asks QEMU to end, and looks only every 200 ms whether it has. A machine without
 * writable disks has nothing to finish, so it is killed first, and libvirt finds it gone. It must not
 * hear of it before, though: at the end of the monitor's socket it begins to look for itself, while
 * the kernel is still at work on the process. So we hold the other end a little longer.
 * libvirt: virProcessKillPainfullyDelay() in src/util/virprocess.c
 */
#include "virt/virt_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GONE_MS 1000
#define LOOK_US 500
#define SOCKETS_MAX 64

bool virt_is_spare(struct virt *virt, const char *domain)
{
    return !virt->place && virt_vm(virt, domain)->spare;
}

/* The process's sockets; none where the kernel does not let us. */
static void hold_sockets(struct virt_end *end)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/fd", (int)end->pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    end->sockets = g_array_new(FALSE, FALSE, sizeof(int));
    for (const char *name;
            dir && end->sockets->len < SOCKETS_MAX && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        guint64 number = 0;
        if (target && g_str_has_prefix(target, "socket:") &&
                g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &number, NULL)) {
            int fd = (int)syscall(SYS_pidfd_getfd, end->fd, (int)number, 0);
            if (fd >= 0) {
                g_array_append_val(end->sockets, fd);
            }
        }
    }
}

static void let_go(struct virt_end *end)
{
    for (guint i = 0; end->sockets && i < end->sockets->len; i++) {
        close(g_array_index(end->sockets, int, i));
    }
    g_clear_pointer(&end->sockets, g_array_unref);
    if (end->fd >= 0) {
        close(end->fd);
        end->fd = -1;
    }
}

void virt_end_begin(const struct virt *virt, const char *domain, struct virt_end *ret)
{
    *ret = (struct virt_end){.pid = virt_pid(virt, domain), .fd = -1};
    ret->fd = ret->pid > 0 ? (int)syscall(SYS_pidfd_open, ret->pid, 0) : -1;
    if (ret->fd < 0) {
        return;
    }
    hold_sockets(ret);
    /* the number may have become another's before the descriptor was there */
    if (virt_pid(virt, domain) != ret->pid ||
            syscall(SYS_pidfd_send_signal, ret->fd, SIGKILL, NULL, 0) != 0) {
        let_go(ret);
    }
}

void virt_end_await(struct virt_end *end)
{
    struct pollfd wait = {.fd = end->fd, .events = POLLIN};
    if (end->fd < 0) {
        return;
    }
    (void)poll(&wait, 1, GONE_MS);
    /* libvirt looks for the number: until somebody has taken its status it is there */
    for (int i = 0; i < GONE_MS * 1000 / LOOK_US && (kill(end->pid, 0) == 0 || errno == EPERM);
            i++) {
        g_usleep(LOOK_US);
    }
    let_go(end);
}
