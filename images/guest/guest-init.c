/* guest-init.c - PID 1 of every machine: mounts, identity, network, services that keep running.
 *
 * The kernel's command line says who the machine is (images/README.md has the contract):
 *     st.name=HOST  st.nic=MAC,ADDR/PREFIX[,gw=ADDR][,ns=NAME]  st.forward=1
 * /etc/sandtable/services says what runs: NAME COMMAND ARGUMENT…, one a line, words by blanks. The
 * guest agent starts before the network is set, and the other services when it has its port open
 * (or after AGENT_LEAD_MS): it is what the engine waits for, and an emulated processor does one
 * thing at a time. /run/service/NAME.pid and NAME.down are the interface of /usr/sbin/service;
 * SIGHUP starts what is neither running nor down.
 */
#include "guest-console.h"
#include "guest-file.h"
#include "guest-net.h"
#include "guest-self.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVICES_MAX 24
#define WORDS_MAX 24
#define LINE_MAX_BYTES 512
#define RESPAWN_MS 500 /* a service that ends at once is not started more often than this */
#define STOP_MS 2000   /* what services get between SIGTERM and the end */
#define AGENT "agent"
#define AGENT_LEAD_MS 5000
#define AGENT_LOOK_MS 50

struct service {
    char line[LINE_MAX_BYTES];  /* cut into words */
    char *words[WORDS_MAX + 1]; /* name, command, arguments, NULL */
    pid_t pid;
    long started_ms;
};

static struct service services[SERVICES_MAX];
static int service_count;
static long first_start_ms;
static char command_line[4096];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0) {
        dprintf(STDERR_FILENO, "sandtable-init: %s\n", text);
    }
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_file(const char *path, const char *text)
{
    if (!file_write(path, -1, text, strlen(text))) {
        say("%s: %s", path, strerror(errno));
    }
}

static bool service_is_down(const struct service *service)
{
    char path[LINE_MAX_BYTES + 32];
    snprintf(path, sizeof(path), "/run/service/%s.down", service->words[0]);
    return access(path, F_OK) == 0;
}

static void service_note(const struct service *service)
{
    char path[LINE_MAX_BYTES + 32], text[16];
    snprintf(path, sizeof(path), "/run/service/%s.pid", service->words[0]);
    if (service->pid <= 0) {
        unlink(path);
        return;
    }
    snprintf(text, sizeof(text), "%d\n", (int)service->pid);
    write_file(path, text);
}

static void service_start(struct service *service)
{
    service->started_ms = now_ms();
    service->pid = fork();
    if (service->pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setsid();
        execvp(service->words[1], service->words + 1);
        say("%s: %s: %s", service->words[0], service->words[1], strerror(errno));
        _exit(127);
    }
    service_note(service);
}

static void services_read(const char *path)
{
    FILE *file = fopen(path, "re");
    while (file && service_count < SERVICES_MAX) {
        struct service *service = &services[service_count];
        if (!fgets(service->line, sizeof(service->line), file)) {
            break;
        }
        char *save = NULL;
        int words = 0;
        for (char *word = strtok_r(service->line, " \t\n", &save); word && words < WORDS_MAX;
                word = strtok_r(NULL, " \t\n", &save)) {
            service->words[words++] = word;
        }
        service->words[words] = NULL;
        service_count += words >= 2 && service->words[0][0] != '#';
    }
    if (file) {
        fclose(file);
    }
}

/* Whether the process has a virtio port open. */
static bool has_port(pid_t pid)
{
    char path[64], target[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *files = opendir(path);
    bool found = false;
    for (struct dirent *entry; files && !found && (entry = readdir(files));) {
        ssize_t n = readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        found = !strncmp(target, "/dev/vport", 10);
    }
    if (files) {
        closedir(files);
    }
    return found;
}

/* Whether services besides the agent may start; once yes, always yes. */
static bool agent_has_led(void)
{
    static bool led;
    const struct service *agent = &services[0];
    if (!led) {
        led = service_count == 0 || strcmp(agent->words[0], AGENT) != 0 || service_is_down(agent) ||
              now_ms() - first_start_ms > AGENT_LEAD_MS || (agent->pid > 0 && has_port(agent->pid));
    }
    return led;
}

/* Starts what should run and does not; the milliseconds until the next start is due, or -1. */
static long services_keep(void)
{
    bool led = agent_has_led();
    long wait = led ? -1 : AGENT_LOOK_MS;
    for (int i = 0; i < service_count; i++) {
        struct service *service = &services[i];
        if (service->pid > 0 || service_is_down(service) || (i > 0 && !led)) {
            continue;
        }
        long due = service->started_ms ? service->started_ms + RESPAWN_MS - now_ms() : 0;
        if (due <= 0) {
            service_start(service);
        } else if (wait < 0 || due < wait) {
            wait = due;
        }
    }
    return wait;
}

static void reap(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        consoles_reap(pid);
        for (int i = 0; i < service_count; i++) {
            if (services[i].pid == pid) {
                services[i].pid = 0;
                service_note(&services[i]);
                say("service %s ended (%s %d)", services[i].words[0],
                        WIFSIGNALED(status) ? "signal" : "status",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            }
        }
    }
}

/* /dev/virtio-ports/NAME without udev. */
static void link_virtio_ports(void)
{
    mkdir("/dev/virtio-ports", 0755);
    DIR *ports = opendir("/sys/class/virtio-ports");
    for (struct dirent *entry; ports && (entry = readdir(ports));) {
        char path[512], name[128], target[300], link[256];
        snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (file && fgets(name, sizeof(name), file)) {
            name[strcspn(name, "\n")] = '\0';
            snprintf(target, sizeof(target), "../%s", entry->d_name);
            snprintf(link, sizeof(link), "/dev/virtio-ports/%s", name);
            if (!strchr(name, '/') && symlink(target, link) != 0 && errno != EEXIST) {
                say("%s: %s", link, strerror(errno));
            }
        }
        if (file) {
            fclose(file);
        }
    }
    if (ports) {
        closedir(ports);
    }
}

static void mount_all(void)
{
    static const struct {
        const char *type, *target, *options;
    } mounts[] = {
            {"proc", "/proc", ""},
            {"sysfs", "/sys", ""},
            {"devpts", "/dev/pts", "mode=0620,gid=5,ptmxmode=0666"},
            {"tmpfs", "/dev/shm", "mode=1777"},
            {"tmpfs", "/run", "mode=0755"},
    };
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        mkdir(mounts[i].target, 0755);
        if (mount(mounts[i].type, mounts[i].target, mounts[i].type, MS_NOSUID, mounts[i].options) !=
                0) {
            say("mount %s: %s", mounts[i].target, strerror(errno));
        }
    }
    static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
            {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
            {"/proc/self/fd/2", "/dev/stderr"}};
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (symlink(links[i][0], links[i][1]) != 0 && errno != EEXIST) {
            say("%s: %s", links[i][1], strerror(errno));
        }
    }
    mkdir("/run/service", 0755);
    mkdir("/run/lock", 01777);
}

static void set_name(const char *name)
{
    char hosts[LINE_MAX_BYTES];
    if (!self_set_name(name)) {
        say("name %s: %s", name, strerror(errno));
    }
    snprintf(hosts, sizeof(hosts), "127.0.0.1 localhost\n127.0.1.1 %s\n", name);
    write_file("/etc/hosts", hosts);
}

/* Acts on the words of the command line that are ours; the kernel keeps the rest. */
static void obey_command_line(void)
{
    char *save = NULL;
    net_up("lo");
    for (char *word = strtok_r(command_line, " \n", &save); word;
            word = strtok_r(NULL, " \n", &save)) {
        char problem[160] = "";
        if (!strncmp(word, "st.name=", 8)) {
            set_name(word + 8);
        } else if (!strcmp(word, "st.forward=1")) {
            write_file("/proc/sys/net/ipv4/ip_forward", "1\n");
        } else if (!strncmp(word, "st.nic=", 7)) {
            char whole[256];
            snprintf(whole, sizeof(whole), "%s", word);
            if (!net_configure(word + 7, problem, sizeof(problem))) {
                say("%s: %s", whole, problem);
            }
        }
    }
}

static void read_command_line(void)
{
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, command_line, sizeof(command_line) - 1);
    command_line[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
}

static void shut_down(int how)
{
    say("%s", how == RB_AUTOBOOT ? "reboot" : "power off");
    for (int i = 0; i < service_count; i++) {
        services[i].line[0] = '\0';
    }
    kill(-1, SIGTERM);
    long end = now_ms() + STOP_MS;
    while (now_ms() < end && (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)) {
        struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL);
    }
    kill(-1, SIGKILL);
    sync();
    /* without ACPI there is no power switch; the engine's machines end at a reset as well */
    reboot(access("/sys/firmware/acpi", F_OK) == 0 ? how : RB_AUTOBOOT);
}

/* Waits for what concerns PID 1. Signals: USR1, USR2, PWR and TERM power off, INT reboots
 * (Ctrl-Alt-Del), HUP looks at the services again. */
static void serve(const sigset_t *signals)
{
    for (;;) {
        long wait = services_keep();
        if (wait < 0) {
            consoles_keep(); /* last of all */
        }
        struct timespec limit = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
        int number = wait < 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &limit);
        if (number == SIGCHLD) {
            reap();
        } else if (number == SIGINT) {
            shut_down(RB_AUTOBOOT);
        } else if (number > 0 && number != SIGHUP) {
            shut_down(RB_POWER_OFF);
        } else {
            link_virtio_ports(); /* the agent may have ended because its port was not there yet */
        }
    }
}

int main(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    static const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaddset(&signals, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
    /* a service that is stopped or goes on is no news */
    const struct sigaction ends = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGCHLD, &ends, NULL);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/root", 1);
    mount_all();
    reboot(RB_DISABLE_CAD);
    link_virtio_ports();
    if (!self_set_machine_id(NULL)) {
        say("no randomness for /etc/machine-id");
    }
    services_read("/etc/sandtable/services");
    first_start_ms = now_ms();
    if (service_count > 0 && !strcmp(services[0].words[0], AGENT)) {
        service_start(&services[0]);
    }
    read_command_line();
    obey_command_line();
    say("ready");
    serve(&signals);
}
