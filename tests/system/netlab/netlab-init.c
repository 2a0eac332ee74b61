/* netlab-init.c - PID 1 of a netlab guest, and its modprobe: see netlab.sh.
 *
 * As init it mounts what a program expects, runs /netlab/run with the arguments of /netlab/argv
 * (one a line) and the environment of /netlab/env, says "netlab-exit: STATUS" on the console and
 * resets the machine. Under the name modprobe it does what the kernel asks of that program: finds a
 * module by name or alias (modules.dep(5), modules.alias) and loads it after what it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES_MAX 256
#define LINE_MAX_BYTES 4096

static char folder[256]; /* /lib/modules/VERSION */

/* ---- modprobe ------------------------------------------------------------------------------ */

static void same_letters(char *name)
{
    for (; *name; name++) {
        *name = (char)(*name == '-' ? '_' : *name);
    }
}

static bool insert(const char *path)
{
    char whole[LINE_MAX_BYTES];
    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    int fd = open(whole, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && (syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* The module's line of modules.dep is "path: path path": what it needs, the deepest last. */
static bool load_line(char *line)
{
    char *paths[LINES_MAX];
    int count = 0;
    char *save = NULL;
    for (char *word = strtok_r(line, ": \n", &save); word && count < LINES_MAX;
            word = strtok_r(NULL, ": \n", &save)) {
        paths[count++] = word;
    }
    bool ok = count > 0;
    while (ok && count-- > 0) {
        ok = insert(paths[count]);
    }
    return ok;
}

static bool load_module(const char *wanted)
{
    char path[320], line[LINE_MAX_BYTES], name[256];
    snprintf(path, sizeof(path), "%s/modules.dep", folder);
    FILE *file = fopen(path, "re");
    bool ok = false;
    while (file && !ok && fgets(line, sizeof(line), file)) {
        char copy[LINE_MAX_BYTES];
        snprintf(copy, sizeof(copy), "%s", line);
        copy[strcspn(copy, ":")] = '\0';
        snprintf(name, sizeof(name), "%s", basename(copy));
        name[strcspn(name, ".")] = '\0';
        same_letters(name);
        ok = !strcmp(name, wanted) && load_line(line);
    }
    if (file) {
        fclose(file);
    }
    return ok;
}

static bool load_alias(const char *wanted)
{
    char path[320], line[LINE_MAX_BYTES], pattern[1024], module[256];
    snprintf(path, sizeof(path), "%s/modules.alias", folder);
    FILE *file = fopen(path, "re");
    bool ok = false;
    while (file && !ok && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "alias %1023s %255s", pattern, module) == 2) {
            same_letters(pattern);
            same_letters(module);
            ok = fnmatch(pattern, wanted, 0) == 0 && load_module(module);
        }
    }
    if (file) {
        fclose(file);
    }
    return ok;
}

static int modprobe(const char *name)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "%s", name);
    same_letters(wanted);
    return load_module(wanted) || load_alias(wanted) ? 0 : 1;
}

/* ---- init ---------------------------------------------------------------------------------- */

static void mount_all(void)
{
    static const struct {
        const char *type, *target;
    } mounts[] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}, {"tmpfs", "/tmp"},
            {"devpts", "/dev/pts"}};
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        mkdir(mounts[i].target, 0755);
        if (mount(mounts[i].type, mounts[i].target, mounts[i].type, MS_NOSUID, NULL) != 0) {
            printf("netlab: mount %s: %s\n", mounts[i].target, strerror(errno));
        }
    }
    chmod("/tmp", 01777);
    symlink("/proc/self/fd", "/dev/fd");
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        printf("netlab: lo: %s\n", strerror(errno));
    }
}

/* The lines of a file as a list that ends with NULL; first is put before them. */
static char **read_lines(const char *path, char *first)
{
    static char *lists[2][LINES_MAX + 2];
    static int used;
    char **list = lists[used++];
    int count = 0;
    if (first) {
        list[count++] = first;
    }
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    while (file && count <= LINES_MAX && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        list[count++] = strdup(line);
    }
    if (file) {
        fclose(file);
    }
    return list;
}

static int run(void)
{
    static char program[] = "/netlab/run";
    char **argv = read_lines("/netlab/argv", program);
    char **environment = read_lines("/netlab/env", NULL);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        chdir("/tmp");
        execve(program, argv, environment);
        printf("netlab: %s: %s\n", program, strerror(errno));
        _exit(127);
    }
    int status = 0;
    for (pid_t pid = 0; pid != child;) {
        int one = 0;
        pid = wait(&one); /* orphans too */
        status = pid == child ? one : status;
        if (pid < 0 && errno == ECHILD) {
            return 126;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    struct utsname names;
    uname(&names);
    snprintf(folder, sizeof(folder), "/lib/modules/%s", names.release);
    if (getpid() != 1) {
        return argc > 1 ? modprobe(argv[argc - 1]) : 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    mount_all();
    int status = run();
    printf("\nnetlab-exit: %d\n", status);
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
    return 0;
}
