/* guest-run.c - runs one command of a machine's set-up: cheaper than the guest agent, which takes a
 * fork of itself and a row of questions for the same.
 */
#include "guest-run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 1024
#define LIMIT_S 60
#define TAIL_BYTES 300

/* The words as an argv; 0: there are none, or too many, or the last has no end. */
static size_t split(char *words, size_t length, char **argv)
{
    size_t n = 0;
    if (length == 0 || words[length - 1]) {
        return 0;
    }
    for (char *word = words; word < words + length && n < WORDS_MAX; word += strlen(word) + 1) {
        argv[n++] = word;
    }
    argv[n] = NULL;
    return n < WORDS_MAX ? n : 0;
}

/* In a process group of its own, its output into that file. An errno, or 0. */
static int start(char **argv, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    int code = posix_spawn_file_actions_init(&files);
    code = code ? code : posix_spawnattr_init(&attributes);
    if (code) {
        return code;
    }
    code = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    code = code ? code : posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    code = code ? code : posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    code = code ? code : posix_spawnattr_setsigmask(&attributes, &none);
    code = code ? code : posix_spawnattr_setpgroup(&attributes, 0);
    code = code ? code
                : posix_spawnattr_setflags(
                          &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    code = code ? code : posix_spawnp(ret_pid, argv[0], &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return code;
}

/* SIGCHLD is blocked. False at the limit: then it is killed, with all of its group. */
static bool await_end(pid_t pid, int *ret_status)
{
    struct timespec now, end;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += LIMIT_S;
    while (waitpid(pid, ret_status, WNOHANG) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec >= end.tv_sec) {
            kill(-pid, SIGKILL);
            waitpid(pid, ret_status, 0);
            return false;
        }
        const struct timespec wait = {.tv_sec = end.tv_sec - now.tv_sec};
        (void)sigtimedwait(&child, NULL, &wait);
    }
    return true;
}

/* The end of what it has said, in one line. */
static void read_tail(int output, char *ret)
{
    off_t size = lseek(output, 0, SEEK_END);
    off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    ssize_t n = pread(output, ret, TAIL_BYTES, from);
    ret[n > 0 ? n : 0] = '\0';
    for (char *at = ret; *at; at++) {
        if ((unsigned char)*at < ' ') {
            *at = ' ';
        }
    }
}

static bool run(char **argv, int output, char *ret, size_t size)
{
    char tail[TAIL_BYTES + 1];
    pid_t pid = 0;
    int status = 0;
    int code = start(argv, output, &pid);
    if (code) {
        (void)snprintf(ret, size, "%.100s: %s", argv[0], strerror(code));
        return false;
    }
    bool ended = await_end(pid, &status);
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    read_tail(output, tail);
    if (!ended) {
        (void)snprintf(ret, size, "%.100s: it did not end within %d s", argv[0], LIMIT_S);
    } else {
        (void)snprintf(ret, size, "%.100s: it exited with %d: %s", argv[0],
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), tail);
    }
    return false;
}

bool run_words(char *words, size_t length, char *ret, size_t size)
{
    static char *argv[WORDS_MAX + 1];
    sigset_t child;
    if (split(words, length, argv) == 0) {
        (void)snprintf(ret, size, "a command without words");
        return false;
    }
    int output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0) {
        (void)snprintf(ret, size, "%.100s: %s", argv[0], strerror(errno));
        return false;
    }
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    bool ok = run(argv, output, ret, size);
    sigprocmask(SIG_UNBLOCK, &child, NULL);
    close(output);
    return ok;
}
