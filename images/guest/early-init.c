/* early-init.c - /init of the initramfs: load modules, put the RAM overlay on the disk, hand over.
 *
 * Static, no shell: under an emulated processor every fork of the boot is paid in milliseconds, on
 * every machine of the exercise. /modules.list has the modules in the order that depmod computed;
 * vda is the image's squashfs, vdb the kernel's modules (squashfs, may be absent).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DISK_WAIT_MS 20000

static void say(const char *text)
{
    ssize_t ignored = write(STDOUT_FILENO, text, strlen(text));
    (void)ignored;
}

/* A machine that cannot boot resets, which ends it: the engine sees the end and not a silence. */
static void die(const char *what)
{
    int saved = errno;
    say("sandtable-init: ");
    say(what);
    say(": ");
    say(strerror(saved));
    say("\n");
    sync();
    reboot(RB_AUTOBOOT); /* without ACPI, power-off would only halt */
    _exit(1);
}

static void load_modules(void)
{
    FILE *list = fopen("/modules.list", "re");
    char path[256];
    while (list && fgets(path, sizeof(path), list)) {
        path[strcspn(path, "\n")] = '\0';
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) {
            say("sandtable-init: module ");
            die(path);
        }
        close(fd);
        unlink(path); /* gives the memory back */
    }
    if (list) {
        fclose(list);
    }
}

static void wait_for(const char *device)
{
    for (int waited = 0; access(device, F_OK) != 0; waited += 5) {
        if (waited >= DISK_WAIT_MS) {
            die(device);
        }
        poll(NULL, 0, 5);
    }
}

static void mount_root(void)
{
    wait_for("/dev/vda");
    mkdir("/ro", 0755);
    mkdir("/rw", 0755);
    mkdir("/root", 0755);
    if (mount("/dev/vda", "/ro", "squashfs", MS_RDONLY, NULL) != 0) {
        die("mount /dev/vda (the image's root.squashfs)");
    }
    if (mount("tmpfs", "/rw", "tmpfs", 0, "mode=0755,size=75%") != 0 ||
            mkdir("/rw/upper", 0755) != 0 || mkdir("/rw/work", 0755) != 0 ||
            mount("overlay", "/root", "overlay", 0,
                    "lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work") != 0) {
        die("mount the overlay");
    }
    if (access("/dev/vdb", F_OK) == 0 &&
            mount("/dev/vdb", "/root/lib/modules", "squashfs", MS_RDONLY, NULL) != 0) {
        say("sandtable-init: /dev/vdb does not mount: the guest has no kernel modules\n");
    }
}

int main(void)
{
    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
    int console = open("/dev/console", O_RDWR);
    if (console >= 0) {
        dup2(console, STDIN_FILENO);
        dup2(console, STDOUT_FILENO);
        dup2(console, STDERR_FILENO);
    }
    say("sandtable-boot\n");
    load_modules();
    mount_root();
    if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) != 0 || chdir("/root") != 0) {
        die("move /dev");
    }
    unlink("/init");
    unlink("/modules.list");
    if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
        die("change root");
    }
    execl("/sbin/init", "init", (char *)NULL);
    die("/sbin/init");
}
