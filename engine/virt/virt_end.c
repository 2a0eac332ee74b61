/* virt_end.c - a machine's process ended at once, where nothing of the machine is to stay.
 *
 * virDomainDestroy() asks QEMU to end, and looks only every 200 ms whether it has. A machine without
 * writable disks has nothing to finish, so it is killed first, and libvirt finds it gone.
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

bool virt_is_spare(struct virt *virt, const char *domain)
{
    return !virt->place && virt_vm(virt, domain)->spare;
}

int virt_end_begin(const struct virt *virt, const char *domain, pid_t *ret_pid)
{
    *ret_pid = virt_pid(virt, domain);
    int fd = *ret_pid > 0 ? (int)syscall(SYS_pidfd_open, *ret_pid, 0) : -1;
    /* the number may have become another's before the descriptor was there */
    if (fd >= 0 && (virt_pid(virt, domain) != *ret_pid ||
                           syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void virt_end_await(int fd, pid_t pid)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (fd < 0) {
        return;
    }
    (void)poll(&wait, 1, GONE_MS);
    close(fd);
    /* libvirt looks for the number: until somebody has taken its status it is there */
    for (int i = 0; i < GONE_MS * 1000 / LOOK_US && (kill(pid, 0) == 0 || errno == EPERM); i++) {
        g_usleep(LOOK_US);
    }
}
