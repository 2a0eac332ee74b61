/* guest-identity.c - makes a machine itself: what the engine tells it over the guest agent.
 *
 * A machine that was cloned from a warm state wakes up as a copy of its template, and one that was
 * booted wakes up as nobody; both are told who they are by one document, so both end up the same.
 * It comes on standard input (from the guest agent), or, for clones, on a virtio port to a resident
 * copy of this program: that costs no process, and no turn of the agent. A document is a row of
 * records, WORD LENGTH, a line feed, LENGTH bytes, a line feed; records are obeyed in order
 * (images/README.md lists them). One process does all of it: under an emulated processor every exec
 * costs milliseconds, on every machine.
 *
 * guest-identity listens PORT… is the cheap probe of an image: it succeeds when something listens
 * at each of these TCP ports.
 */
#include "guest-bound.h"
#include "guest-net.h"
#include "guest-run.h"
#include "guest-self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENT_MAX (8U << 20)
#define SEED_MAX 256
#define SERVE_LOOK_S 60 /* should a signal be lost */
#define HOST_KEY "/etc/ssh/ssh_host_ed25519_key"

static char said[512]; /* why it failed, or "probed" */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said, sizeof(said), format, args);
    va_end(args);
}

static bool fail(const char *what)
{
    say("%s: %s", what, strerror(errno));
    return false;
}

/* Every clone begins with its template's random pool: fresh bytes, and a generator that takes them
 * at once. */
static bool seed(char *bytes, size_t length)
{
    /* a head, and the bytes behind it */
    const struct rand_pool_info head = {.entropy_count = (int)length * 8, .buf_size = (int)length};
    unsigned char pool[sizeof(struct rand_pool_info) + SEED_MAX] = {0};
    if (length > SEED_MAX) {
        errno = EINVAL;
        return fail("random");
    }
    memcpy(pool, &head, sizeof(head));
    memcpy(pool + sizeof(head), bytes, length);
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && ioctl(fd, RNDADDENTROPY, pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
    if (!ok) {
        fail("random");
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool set_clock(char *text, size_t length)
{
    (void)length;
    char *end = NULL;
    long long us = strtoll(text, &end, 10);
    struct timespec now = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (end == text || us <= 0) {
        errno = EINVAL;
        return fail("clock");
    }
    return clock_settime(CLOCK_REALTIME, &now) == 0 || fail("clock");
}

static bool set_name(char *name, size_t length)
{
    (void)length;
    return self_set_name(name) || fail("name");
}

static bool set_machine_id(char *id, size_t length)
{
    (void)length;
    return self_set_machine_id(id) || fail("/etc/machine-id");
}

/* WAS,MAC: before the card is up, so that nobody has seen the template's. */
static bool set_mac(char *text, size_t length)
{
    (void)length;
    char *comma = strchr(text, ',');
    if (comma) {
        *comma = '\0';
    } else {
        errno = EINVAL;
    }
    return (comma && net_set_mac(text, comma + 1)) || fail(text);
}

static bool set_nic(char *spec, size_t length)
{
    char problem[160] = "";
    (void)length;
    if (!net_configure(spec, problem, sizeof(problem))) {
        say("network card: %s", problem);
        return false;
    }
    return true;
}

static bool set_forward(char *text, size_t length)
{
    (void)length;
    char line[4] = {text[0], '\n', 0};
    return self_write("/proc/sys/net/ipv4/ip_forward", line) || fail("ip_forward");
}

static void make_parents(const char *path)
{
    char folder[4096];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) < sizeof(folder)) {
            memcpy(folder, path, (size_t)(slash - path));
            folder[slash - path] = '\0';
            (void)mkdir(folder, 0755); /* what is wrong shows when the file is opened */
        }
    }
}

/* mode -1: 0644 for a new file; one that is there keeps its mode. */
static bool write_file(const char *path, int mode, const char *bytes, size_t length)
{
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
            mode < 0 ? 0644 : (unsigned)mode & 0700U);
    bool ok = fd >= 0;
    for (size_t at = 0; ok && at < length;) {
        ssize_t n = write(fd, bytes + at, length - at);
        ok = n > 0;
        at += ok ? (size_t)n : 0;
    }
    ok = ok && (mode < 0 || fchmod(fd, (mode_t)mode) == 0);
    if (!ok) {
        fail(path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* MODE PATH, a line feed, the content; MODE is octal, or - for whatever it is. */
static bool put_file(char *text, size_t length)
{
    char *path = memchr(text, ' ', length);
    char *end = path ? memchr(path, '\n', length - (size_t)(path - text)) : NULL;
    if (!end || path[1] != '/') {
        errno = EINVAL;
        return fail("file");
    }
    *path++ = *end++ = '\0';
    int mode = text[0] == '-' ? -1 : (int)(strtol(text, NULL, 8) & 07777);
    return write_file(path, mode, end, length - (size_t)(end - text));
}

/* Only where there is a server to use it. It reads its keys for each connection. */
static bool put_host_key(char *text, size_t length)
{
    return access("/usr/sbin/sshd", X_OK) != 0 || write_file(HOST_KEY, 0600, text, length);
}

static bool put_host_key_public(char *text, size_t length)
{
    return access("/usr/sbin/sshd", X_OK) != 0 || write_file(HOST_KEY ".pub", 0644, text, length);
}

/* By looking, not by connecting: sshd would start a process for each visitor, and under emulation
 * that costs more than all the rest. */
static bool table_listens(const char *path, unsigned long wanted)
{
    char line[256];
    bool found = false;
    FILE *table = fopen(path, "re");
    while (table && !found && fgets(line, sizeof(line), table)) {
        unsigned port = 0, state = 0;
        /* sl: address:port address:port state; the kernel wrote it, so nothing overflows */
        // NOLINTNEXTLINE(cert-err34-c)
        int fields = sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &port, &state);
        found = fields == 2 && port == wanted && state == TCP_LISTEN;
    }
    if (table) {
        fclose(table);
    }
    return found;
}

static bool listens(const char *text)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    if (end == text || *end || port < 1 || port > 65535) {
        errno = EINVAL;
        return fail(text);
    }
    if (table_listens("/proc/net/tcp", port) || table_listens("/proc/net/tcp6", port)) {
        return true;
    }
    say("nothing listens at port %lu", port);
    return false;
}

/* PORT PORT …: says "probed" when all of them listen; that they do not is no failure here. */
static bool probe(char *text, size_t length)
{
    char *save = NULL;
    bool ok = true;
    (void)length;
    for (char *port = strtok_r(text, " ", &save); port; port = strtok_r(NULL, " ", &save)) {
        ok = ok && listens(port);
    }
    say("%s", ok ? "probed" : "");
    return true;
}

/* Says "stopped", and by what, when a command fails: that is no failure of the document. Those after
 * it are not run. */
static bool run_command(char *words, size_t length)
{
    char why[sizeof(said) - 16];
    if (strncmp(said, "stopped ", strlen("stopped ")) != 0 &&
            !run_words(words, length, why, sizeof(why))) {
        say("stopped %s", why);
    }
    return true;
}

static bool obey(const char *word, char *bytes, size_t length)
{
    static const struct {
        const char *word;
        bool (*act)(char *bytes, size_t length);
    } words[] = {
            {"random", seed},
            {"clock", set_clock},
            {"name", set_name},
            {"machine-id", set_machine_id},
            {"mac", set_mac},
            {"nic", set_nic},
            {"forward", set_forward},
            {"host-key", put_host_key},
            {"host-key-public", put_host_key_public},
            {"file", put_file},
            {"listens", probe},
            {"run", run_command},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i].word, word)) {
            return words[i].act(bytes, length);
        }
    }
    say("unknown record \"%s\"", word);
    return false;
}

/* At most length bytes, until the end of the file; -1: errno says why. */
static ssize_t read_full(int fd, char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        ssize_t n = read(fd, bytes + at, length - at);
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)at;
}

/* text has room for one byte more than length. */
static bool obey_all(char *text, size_t length)
{
    char *end = text + length;
    *end = '\0';
    while (text < end) {
        char word[32];
        unsigned long size = 0;
        int head = 0;
        // NOLINTNEXTLINE(cert-err34-c): what overflows is larger than what there is
        if (sscanf(text, "%31s %lu%n", word, &size, &head) != 2 || text[head] != '\n' ||
                size >= (size_t)(end - text - head - 1)) {
            errno = EINVAL;
            return fail("a record");
        }
        char *bytes = text + head + 1;
        bytes[size] = '\0'; /* the line feed behind it */
        if (!obey(word, bytes, size)) {
            return false;
        }
        text = bytes + size + 1;
    }
    return true;
}

/* ---- on standard input: by the guest agent -----------------------------------------------------
 */

static int obey_input(void)
{
    char *text = malloc(DOCUMENT_MAX + 1);
    ssize_t length = text ? read_full(STDIN_FILENO, text, DOCUMENT_MAX) : -1;
    bool ok = length >= 0 ? obey_all(text, (size_t)length) : fail("the document");
    free(text);
    if (said[0]) {
        fprintf(ok ? stdout : stderr, "%s\n", said);
    }
    return ok ? 0 : 1;
}

/* ---- on a port of its own: resident, for a machine that wakes -----------------------------------
 */

/* One line without its line feed; false at the end, or when it is too long. */
static bool read_line(int fd, char *line, size_t size)
{
    size_t at = 0;
    while (at + 1 < size && read_full(fd, line + at, 1) == 1) {
        if (line[at] == '\n') {
            line[at] = '\0';
            return true;
        }
        at++;
    }
    return false;
}

/* What there is no room for has to be read nevertheless: behind it stands the next head. */
static bool skip(int fd, size_t length)
{
    char bytes[4096];
    while (length > 0) {
        size_t part = length < sizeof(bytes) ? length : sizeof(bytes);
        if (read_full(fd, bytes, part) != (ssize_t)part) {
            return false;
        }
        length -= part;
    }
    return true;
}

/* LENGTH and a line feed, the document; answered by a line: ok, ok probed, or failed and why. */
static bool serve_one(int fd)
{
    char head[32], reply[sizeof(said) + 16];
    if (!read_line(fd, head, sizeof(head))) {
        return false;
    }
    size_t length = strtoul(head, NULL, 10);
    char *text = length <= DOCUMENT_MAX ? malloc(length + 1) : NULL;
    said[0] = '\0';
    bool read_all = text ? read_full(fd, text, length) == (ssize_t)length : skip(fd, length);
    bool ok = text && read_all && obey_all(text, length);
    if (!text) {
        say("there is no room for a document of %zu bytes", length);
    }
    free(text);
    int n = snprintf(
            reply, sizeof(reply), "%s%s%s\n", ok ? "ok" : "failed", said[0] ? " " : "", said);
    return read_all && write(fd, reply, (size_t)n) == n;
}

/* An end of the file means that nobody holds the other side; the kernel says by SIGIO when somebody
 * does. */
static int serve(const char *port)
{
    const struct timespec limit = {.tv_sec = SERVE_LOOK_S};
    sigset_t io;
    sigemptyset(&io);
    sigaddset(&io, SIGIO);
    sigprocmask(SIG_BLOCK, &io, NULL);
    int fd = open(port, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_SETOWN, getpid()) != 0 ||
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC) != 0) {
        fprintf(stderr, "guest-identity: %s: %s\n", port, strerror(errno));
        return 1;
    }
    for (;;) {
        while (serve_one(fd)) {
        }
        (void)sigtimedwait(&io, NULL, &limit);
    }
}

int main(int argc, char **argv)
{
    if (argc > 3 && !strcmp(argv[1], "bound")) {
        return bound_run(strtoul(argv[2], NULL, 10), argv + 3); /* with the agent's umask */
    }
    umask(022);
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        return serve(argv[2]);
    }
    if (argc > 2 && !strcmp(argv[1], "listens")) {
        bool ok = true;
        for (int i = 2; i < argc; i++) {
            ok = ok && listens(argv[i]);
        }
        if (!ok) {
            fprintf(stderr, "%s\n", said);
        }
        return ok ? 0 : 1;
    }
    if (argc != 1) {
        fprintf(stderr, "usage: guest-identity <DOCUMENT | guest-identity serve PORT | "
                        "guest-identity listens PORT... | guest-identity bound BYTES COMMAND...\n");
        return 2;
    }
    return obey_input();
}
