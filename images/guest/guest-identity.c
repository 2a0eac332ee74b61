/* guest-identity.c - makes a machine itself: what the engine tells it over the guest agent.
 *
 * A machine that was cloned from a warm state wakes up as a copy of its template, and one that was
 * booted wakes up as nobody; both are told who they are by one document on standard input, so both
 * end up the same. A document is a row of records, WORD LENGTH, a line feed, LENGTH bytes, a line
 * feed; records are obeyed in order (images/README.md lists them). One process does all of it:
 * under an emulated processor every exec costs milliseconds, on every machine.
 *
 * guest-identity listens PORT… is the cheap probe of an image: it succeeds when something listens
 * at each of these TCP ports.
 */
#include "guest-net.h"
#include "guest-self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENT_MAX (8U << 20)
#define SEED_MAX 256
#define HOST_KEY "/etc/ssh/ssh_host_ed25519_key"

static bool fail(const char *what)
{
    fprintf(stderr, "guest-identity: %s: %s\n", what, strerror(errno));
    return false;
}

/* Every clone begins with its template's random pool: fresh bytes, and a generator that takes them
 * at once. */
static bool seed(char *bytes, size_t length)
{
    struct {
        struct rand_pool_info head;
        char bytes[SEED_MAX];
    } pool = {0};
    if (length > SEED_MAX) {
        errno = EINVAL;
        return fail("random");
    }
    pool.head.entropy_count = (int)length * 8;
    pool.head.buf_size = (int)length;
    memcpy(pool.bytes, bytes, length);
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
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
        fprintf(stderr, "guest-identity: network card: %s\n", problem);
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

static bool listens(const char *text)
{
    char *end = NULL;
    long port = strtol(text, &end, 10);
    struct sockaddr_in address = {
            .sin_family = AF_INET,
            .sin_port = htons((unsigned short)port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (end == text || *end || port < 1 || port > 65535) {
        errno = EINVAL;
        return fail(text);
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (!ok) {
        fail(text);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
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
    if (ok) {
        puts("probed");
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
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i].word, word)) {
            return words[i].act(bytes, length);
        }
    }
    fprintf(stderr, "guest-identity: unknown record \"%s\"\n", word);
    return false;
}

/* The whole of standard input with a NUL behind it, or NULL. */
static char *read_document(size_t *ret_length)
{
    size_t size = 1U << 16, length = 0;
    char *text = malloc(size);
    while (text) {
        ssize_t n = read(STDIN_FILENO, text + length, size - length - 1);
        if (n == 0) {
            text[length] = '\0';
            *ret_length = length;
            return text;
        }
        if (n < 0 && errno != EINTR) {
            break;
        }
        length += n > 0 ? (size_t)n : 0;
        if (length + 1 == size) {
            char *more = size < DOCUMENT_MAX ? realloc(text, size *= 2) : NULL;
            if (!more) {
                errno = EFBIG;
                break;
            }
            text = more;
        }
    }
    fail("the document");
    free(text);
    return NULL;
}

static bool obey_all(char *text, size_t length)
{
    char *end = text + length;
    while (text < end) {
        char word[32];
        unsigned long size = 0;
        int head = 0;
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

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "listens")) {
        bool ok = true;
        for (int i = 2; i < argc; i++) {
            ok = ok && listens(argv[i]);
        }
        return ok ? 0 : 1;
    }
    size_t length = 0;
    char *text = argc == 1 ? read_document(&length) : NULL;
    if (!text) {
        fprintf(stderr, "usage: guest-identity <DOCUMENT | guest-identity listens PORT...\n");
        return 2;
    }
    bool ok = obey_all(text, length);
    free(text);
    return ok ? 0 : 1;
}
