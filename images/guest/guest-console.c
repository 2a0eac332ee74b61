/* guest-console.c - a root shell on the serial port, and on the screen if there is one, for who
 * presses a key there. Who reaches them sits in front of the machine: there is no log-in. */
#include "guest-console.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

static struct console {
    const char *path, *term;
    const char *word; /* of the command line of a machine that has it, or NULL */
    pid_t pid;
} consoles[] = {
        {"/dev/ttyS0", "vt220", NULL, 0},
        {"/dev/tty1", "linux", "console=tty0", 0},
};

static void hold(const struct console *console)
{
    int fd = open(console->path, O_RDWR | O_NOCTTY);
    if (fd < 0) {
        pause(); /* no such device: nothing to offer, and no reason to be started again */
        _exit(1);
    }
    struct termios mode;
    struct pollfd key = {.fd = fd, .events = POLLIN};
    bool is_terminal = tcgetattr(fd, &mode) == 0;
    if (is_terminal) {
        mode.c_lflag &= ~(tcflag_t)ECHO; /* the key only wakes it */
        tcsetattr(fd, TCSANOW, &mode);
    }
    while (poll(&key, 1, -1) <= 0) {
    }
    tcflush(fd, TCIFLUSH);
    if (is_terminal) {
        mode.c_lflag |= ECHO | ICANON | ISIG | IEXTEN;
        mode.c_iflag |= ICRNL;
        mode.c_oflag |= OPOST | ONLCR;
        tcsetattr(fd, TCSANOW, &mode);
    }
    ioctl(fd, TIOCSCTTY, 1);
    for (int i = 0; i < 3; i++) {
        dup2(fd, i);
    }
    if (fd > 2) {
        close(fd);
    }
    setenv("TERM", console->term, 1);
    if (chdir("/root") != 0) {
        setenv("HOME", "/", 1);
    }
    execl("/bin/bash", "-bash", (char *)NULL);
    execl("/bin/sh", "-sh", (char *)NULL);
    _exit(127);
}

static int is_there(const struct console *console)
{
    char line[4096];
    if (!console->word) {
        return 1;
    }
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
    line[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
    return strstr(line, console->word) != NULL;
}

void consoles_keep(void)
{
    for (size_t i = 0; i < sizeof(consoles) / sizeof(consoles[0]); i++) {
        struct console *console = &consoles[i];
        if (console->pid > 0 || !is_there(console)) {
            continue;
        }
        console->pid = fork();
        if (console->pid == 0) {
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            setsid();
            hold(console);
        }
    }
}

void consoles_reap(int pid)
{
    for (size_t i = 0; i < sizeof(consoles) / sizeof(consoles[0]); i++) {
        if (consoles[i].pid == pid) {
            consoles[i].pid = 0;
        }
    }
}
