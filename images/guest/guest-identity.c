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
#include "guest-file.h"
#include "guest-listen.h"
#include "guest-net.h"
#include "guest-run.h"
#include "guest-self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
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
#define DOCUMENT_USUAL (64U << 10) /* for these there is memory from the start */
#define SERVE_LOOK_S 60            /* should a signal be lost */
#define SETTLE_S 4                 /* after a clone became itself */
#define HOST_KEY "/etc/ssh/ssh_host_ed25519_key"
#define PROBED "probed"

static char said[512]; /* why it failed, or PROBED */

/* A clone wakes with an empty cache of translated code, and under an emulated processor everything
 * that it runs for the first time costs more than all that it does again. So what can be done before
 * the machine is frozen is done there (make_ready), what is left goes the shortest way, and what
 * nobody waits for happens SETTLE_S later. */
static enum { PLAIN, READY, TOLD } stage;
static char usual[DOCUMENT_USUAL + 1];
static int pool = -1; /* /dev/urandom */
static pid_t agent;   /* that is stopped until the machine is itself, or 0 */

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

/* A descriptor that is open for reading for ever; below 0 it could not be had. */
static void open_once(int *fd, const char *path)
{
    if (*fd < 0) {
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    }
}

/* Every clone begins with its template's random pool: fresh bytes, and a generator that takes them
 * at once. */
static bool seed(char *bytes, size_t length)
{
    /* a head, and the bytes behind it */
    const struct rand_pool_info head = {.entropy_count = (int)length * 8, .buf_size = (int)length};
    unsigned char more[sizeof(struct rand_pool_info) + SEED_MAX] = {0};
    if (length > SEED_MAX) {
        errno = EINVAL;
        return fail("random");
    }
    memcpy(more, &head, sizeof(head));
    memcpy(more + sizeof(head), bytes, length);
    open_once(&pool, "/dev/urandom");
    return (ioctl(pool, RNDADDENTROPY, more) == 0 && ioctl(pool, RNDRESEEDCRNG) == 0) ||
           fail("random");
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

/* WAS,MAC: before the card has an address, so that nobody has seen the template's. */
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
    return file_write("/proc/sys/net/ipv4/ip_forward", -1, line, 2) || fail("ip_forward");
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
    return file_write(path, mode, end, length - (size_t)(end - text)) || fail(path);
}

static bool has_sshd(void)
{
    static int found; /* 1: yes */
    found = found ? found : access("/usr/sbin/sshd", X_OK) == 0 ? 1 : -1;
    return found > 0;
}

/* Only where there is a server to use it. It reads its keys for each connection. */
static bool put_host_key(char *text, size_t length)
{
    return !has_sshd() || file_write(HOST_KEY, 0600, text, length) || fail(HOST_KEY);
}

static bool put_host_key_public(char *text, size_t length)
{
    return !has_sshd() || file_write(HOST_KEY ".pub", 0644, text, length) || fail(HOST_KEY ".pub");
}

static bool listens(const char *text)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    if (end == text || *end || port < 1 || port > 65535) {
        errno = EINVAL;
        return fail(text);
    }
    if (listen_at(port)) {
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
    memcpy(said, ok ? PROBED : "", ok ? sizeof(PROBED) : 1);
    return true;
}

/* ---- being frozen, and what can wait ------------------------------------------------------------
 */

/* The host's side of the agent's port closes and opens again when a machine wakes: stopped, the
 * agent need not follow. */
static void stop_agent(void)
{
    char text[16] = "";
    int fd = open("/run/service/agent.pid", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0) {
        agent = (pid_t)strtol(text, NULL, 10);
    }
    if (fd >= 0) {
        close(fd);
    }
    agent = agent > 1 && kill(agent, SIGSTOP) == 0 ? agent : 0;
}

static void continue_agent(void)
{
    if (agent > 0) {
        (void)kill(agent, SIGCONT);
        agent = 0;
    }
}

/* All that every clone will need: memory that is there, files that are open, cards that are up. */
static bool make_ready(char *bytes, size_t length)
{
    (void)bytes;
    (void)length;
    memset(usual, 0, sizeof(usual));
    open_once(&pool, "/dev/urandom");
    listen_make_ready();
    if (!net_make_ready()) {
        return fail("network cards");
    }
    stop_agent();
    stage = READY;
    return (file_make_ready(SELF_NAME_FILE, 0644) && file_make_ready(SELF_ID_FILE, 0644) &&
                   file_make_ready("/etc/hosts", 0644) &&
                   (!has_sshd() || (file_make_ready(HOST_KEY, 0600) &&
                                           file_make_ready(HOST_KEY ".pub", 0644)))) ||
           fail("files");
}

static bool settle(char *bytes, size_t length)
{
    (void)bytes;
    (void)length;
    if (stage != PLAIN && !net_settle()) {
        return fail("IPv6");
    }
    stage = PLAIN;
    return true;
}

/* Says "stopped", and by what, when a command fails: that is no failure of the document. Those after
 * it are not run. */
static bool run_command(char *words, size_t length)
{
    char why[sizeof(said) - 16];
    if (!settle(NULL, 0)) {
        return false;
    }
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
            {"make-ready", make_ready},
            {"settle", settle},
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
        char *blank = strchr(text, ' ');
        char *digits = NULL;
        unsigned long size = blank ? strtoul(blank + 1, &digits, 10) : 0;
        if (!blank || digits == blank + 1 || *digits != '\n' ||
                size >= (size_t)(end - digits - 1)) {
            errno = EINVAL;
            return fail("a record");
        }
        const char *word = text;
        *blank = '\0';
        char *bytes = digits + 1;
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

static bool reply(int fd, bool ok)
{
    char line[sizeof(said) + 16];
    char *at = stpcpy(line, ok ? "ok" : "failed");
    if (said[0]) {
        at = stpcpy(stpcpy(at, " "), said);
    }
    at = stpcpy(at, "\n");
    return write(fd, line, (size_t)(at - line)) == at - line;
}

/* LENGTH and a line feed, the document; answered by a line: ok, ok probed, or failed and why. */
static bool serve_one(int fd)
{
    char head[32];
    if (!read_line(fd, head, sizeof(head))) {
        return false;
    }
    size_t length = strtoul(head, NULL, 10);
    char *more = length > DOCUMENT_USUAL && length <= DOCUMENT_MAX ? malloc(length + 1) : NULL;
    char *text = length <= DOCUMENT_USUAL ? usual : more;
    stage = stage == READY ? TOLD : stage;
    said[0] = '\0';
    bool read_all = text ? read_full(fd, text, length) == (ssize_t)length : skip(fd, length);
    bool ok = text && read_all && obey_all(text, length);
    if (stage != READY) { /* READY: this was the template's last document */
        continue_agent();
    }
    if (text) {
        explicit_bzero(text, length + 1); /* a key, and what a set-up may delete again */
    } else {
        say("there is no room for a document of %zu bytes", length);
    }
    free(more);
    return read_all && reply(fd, ok);
}

/* An end of the file means that nobody holds the other side; the kernel says by SIGIO when somebody
 * does. */
static int serve(const char *port)
{
    static const struct timespec look = {.tv_sec = SERVE_LOOK_S}, soon = {.tv_sec = SETTLE_S};
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
        if (sigtimedwait(&io, NULL, stage == TOLD ? &soon : &look) < 0 && stage == TOLD) {
            (void)settle(NULL, 0);
        }
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
