/* plc.c - the controller: Modbus/TCP on port 502 in front of the tank (images/README.md has the
 * map).
 *
 * libmodbus reads a request only when it is there in full, so bytes are gathered here, per client,
 * and a client that sends half a frame holds up nobody. Each write is logged before its reply.
 * Single-threaded: poll() until the tank's next step is due, counted on its own clock.
 */
#include "allow.h"
#include "registers.h"
#include "tank.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PORT 502
#define CLIENTS_MAX 32
#define LOG_MAX_BYTES                                                                              \
    (1024 * 1024)          /* then the log moves to NAME.1: a machine's disk is its memory */
#define LATE_STEPS_MAX 600 /* a machine that was paused does not run after its minutes */

struct client {
    int fd;
    struct in_addr source;
    size_t used;
    uint8_t bytes[MODBUS_TCP_MAX_ADU_LENGTH];
};

/* -a, -l and -t say other files, -p another port: for tests. */
static const char *allow_path = "/etc/plc/allow";
static const char *log_path = "/var/log/plc.log";
static const char *truth_path = "/var/log/tank.jsonl";
static int port = PORT;
static struct client clients[CLIENTS_MAX];
static struct tank tank;
static struct allow allow;
static modbus_t *modbus;
static modbus_mapping_t *map;
static volatile sig_atomic_t reread, leave;

static void on_signal(int number)
{
    if (number == SIGHUP) {
        reread = 1;
    } else {
        leave = 1;
    }
}

static void append(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line, one write. A log over its size moves aside once. */
static void append(const char *path, const char *format, ...)
{
    char line[320], old[512];
    struct stat st;
    if (stat(path, &st) == 0 && st.st_size > LOG_MAX_BYTES) {
        snprintf(old, sizeof(old), "%s.1", path);
        (void)rename(path, old); /* then the log grows on */
    }
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, strlen(line)) != n) {
        fprintf(stderr, "plc: %s: %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void stamp(char text[32])
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    (void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void read_allow(void)
{
    char text[8192];
    int fd = open(allow_path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
    int bad = allow_parse(&allow, text);
    char when[32];
    stamp(when);
    append(log_path, "%s allow-list read: %s, %d line%s%s\n", when,
            allow.set ? "only these may write" : "everyone may write", allow.count,
            allow.count == 1 ? "" : "s", bad ? ", some not understood" : "");
}

static void drop(struct client *client)
{
    close(client->fd);
    *client = (struct client){.fd = -1};
}

/* Answers the request at the head of the client's bytes; length is that of the whole frame. */
static void answer(struct client *client, int length)
{
    char when[32], what[64], source[INET_ADDRSTRLEN];
    uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
    memcpy(request, client->bytes, (size_t)length);
    modbus_set_socket(modbus, client->fd);
    if (!registers_is_write(request, (size_t)length, what, sizeof(what))) {
        registers_publish(&tank, map);
        modbus_reply(modbus, request, length, map);
        return;
    }
    bool ok = allow_permits(&allow, client->source);
    stamp(when);
    inet_ntop(AF_INET, &client->source, source, sizeof(source));
    append(log_path, "%s write %s from %s %s\n", when, what, source, ok ? "accepted" : "denied");
    if (!ok) {
        modbus_reply_exception(modbus, request, MODBUS_EXCEPTION_ILLEGAL_FUNCTION);
        return;
    }
    registers_publish(&tank, map);
    modbus_reply(modbus, request, length, map);
    registers_take(&tank, map);
}

/* Reads what is there and answers every whole frame in it; false when the client is to go. */
static bool serve(struct client *client)
{
    ssize_t n = recv(client->fd, client->bytes + client->used, sizeof(client->bytes) - client->used,
            MSG_DONTWAIT);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
    client->used += (size_t)n;
    for (int length; (length = registers_frame(client->bytes, client->used)) != 0;) {
        if (length < 0) {
            return false;
        }
        answer(client, length);
        client->used -= (size_t)length;
        memmove(client->bytes, client->bytes + length, client->used);
    }
    return true;
}

static void welcome(int listener)
{
    struct sockaddr_in from = {0};
    socklen_t size = sizeof(from);
    int fd = accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
    /* a client that reads nothing must not hold the controller up */
    struct timeval limit = {.tv_usec = 50000};
    bool is_limited =
            fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
    for (int i = 0; is_limited && i < CLIENTS_MAX; i++) {
        if (clients[i].fd < 0) {
            clients[i] = (struct client){.fd = fd, .source = from.sin_addr};
            return;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line a second of the process, for the engine to read: what is, not what the controller says. */
static void tell_truth(void)
{
    append(truth_path,
            "{\"t\":%.1f,\"level\":%.2f,\"valve\":%d,\"setpoint\":%u,\"overflow\":%lld}\n",
            (double)tank.steps * TANK_STEP_MS / 1000, (double)tank.level_um / 10000, tank.valve,
            tank.setpoint, (long long)(tank.overflow_ml / 1000));
}

/* Steps the tank up to now. start moves only when the machine stood still. */
static void catch_up(int64_t *start)
{
    int64_t due = (now_ms() - *start) / TANK_STEP_MS - (int64_t)tank.steps;
    if (due > LATE_STEPS_MAX) {
        *start += (due - 1) * TANK_STEP_MS;
        due = 1;
    }
    for (; due > 0; due--) {
        tank_step(&tank);
        if (tank.steps % (1000 / TANK_STEP_MS) == 0) {
            tell_truth();
        }
    }
}

static void run(int listener)
{
    int64_t start = now_ms();
    while (!leave) {
        struct pollfd polls[CLIENTS_MAX + 1] = {{.fd = listener, .events = POLLIN}};
        for (int i = 0; i < CLIENTS_MAX; i++) {
            polls[i + 1] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        }
        int64_t next = start + (int64_t)(tank.steps + 1) * TANK_STEP_MS - now_ms();
        int ready = poll(polls, CLIENTS_MAX + 1, next > 0 ? (int)next : 0);
        catch_up(&start);
        if (reread) {
            reread = 0;
            read_allow();
        }
        for (int i = 0; ready > 0 && i < CLIENTS_MAX; i++) {
            if (polls[i + 1].revents && !serve(&clients[i])) {
                drop(&clients[i]);
            }
        }
        if (ready > 0 && polls[0].revents) {
            welcome(listener);
        }
    }
}

static bool read_options(int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "p:a:l:t:")) != -1;) {
        char *end = NULL;
        switch (option) {
        case 'p':
            port = (int)strtol(optarg, &end, 10);
            if (*end || port < 1 || port > 65535) {
                fprintf(stderr, "plc: -p %s: not a port\n", optarg);
                return false;
            }
            break;
        case 'a':
            allow_path = optarg;
            break;
        case 'l':
            log_path = optarg;
            break;
        case 't':
            truth_path = optarg;
            break;
        default:
            fprintf(stderr, "usage: plc [-p PORT] [-a ALLOW] [-l LOG] [-t TANK-LOG]\n");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!read_options(argc, argv)) {
        return 2;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        clients[i].fd = -1;
    }
    tank_init(&tank);
    modbus = modbus_new_tcp("0.0.0.0", port);
    map = modbus_mapping_new(
            REGISTERS_COILS, REGISTERS_DISCRETE, REGISTERS_HOLDING, REGISTERS_INPUT);
    int listener = modbus && map ? modbus_tcp_listen(modbus, CLIENTS_MAX) : -1;
    if (listener < 0) {
        fprintf(stderr, "plc: port %d: %s\n", port, modbus_strerror(errno));
        return 1;
    }
    read_allow();
    run(listener);
    close(listener);
    modbus_mapping_free(map);
    modbus_set_socket(modbus, -1);
    modbus_free(modbus);
    return 0;
}
