/* exam_seats.c - gives an exam its key, its roster and its seats. */
#include "cli/exam_seats.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE 16
#define ROSTER_MAX (1 << 20)

cJSON *exam_seats_roster(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > ROSTER_MAX ||
            !g_file_get_contents(path, &text, &length, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--roster %s: no readable file of at most 1 MiB", path);
        return NULL;
    }
    return plan_exam_roster_parse(text, length, error);
}

int exam_seats_teams(const struct plan *plan, const cJSON *roster, int asked)
{
    return asked > 0 || !plan->exam ? asked : plan_exam_roster_size(roster);
}

/* 64 hexadecimal digits, readable by the account alone. */
static bool key_open(const char *path, unsigned char *ret, GError **error)
{
    char hex[2 * PLAN_EXAM_KEY + 1] = "";
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        randombytes_buf(ret, PLAN_EXAM_KEY);
        sodium_bin2hex(hex, sizeof hex, ret, PLAN_EXAM_KEY);
        bool ok = write(fd, hex, sizeof hex - 1) == (ssize_t)sizeof hex - 1 && fsync(fd) == 0;
        close(fd);
        if (ok) {
            return true;
        }
        unlink(path);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gsize length = 0;
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && !(st.st_mode & 077) &&
              read(fd, hex, sizeof hex - 1) == (ssize_t)sizeof hex - 1 &&
              sodium_hex2bin(ret, PLAN_EXAM_KEY, hex, sizeof hex - 1, NULL, &length, NULL) == 0 &&
              length == PLAN_EXAM_KEY;
    if (fd >= 0) {
        close(fd);
    }
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "the exam key %s must hold 64 hexadecimal digits and be readable by its owner "
                "alone (chmod 600); without it for a new one",
                path);
    }
    return ok;
}

bool exam_seats_assign(struct plan *plan, const cJSON *roster, const char *nonce, GError **error)
{
    unsigned char key[PLAN_EXAM_KEY] = {0};
    unsigned char random[NONCE];
    char made[2 * NONCE + 1];
    const struct plan_exam_ask ask = {.key = key, .nonce = nonce ? nonce : made, .roster = roster};
    if (!plan->exam) {
        return plan_exam_assign(plan, &ask, error);
    }
    g_autofree char *dir = paths_state_dir();
    g_autofree char *path = g_build_filename(dir, "exam.key", NULL);
    if (sodium_init() < 0 || !paths_make(dir, error) || !key_open(path, key, error)) {
        return false;
    }
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(made, sizeof made, random, sizeof random);
    bool ok = plan_exam_assign(plan, &ask, error);
    sodium_memzero(key, sizeof key);
    return ok;
}
