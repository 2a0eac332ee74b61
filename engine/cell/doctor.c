/* doctor.c - what this host can do for a cell, and the remedy for what it cannot. */
#include "cell/doctor.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct doctor_check *doctor_check_new(
        const char *name, enum doctor_state state, char *text, char *remedy)
{
    struct doctor_check *check = g_new0(struct doctor_check, 1);
    check->name = name;
    check->state = state;
    check->text = text;
    check->remedy = remedy;
    return check;
}

void doctor_check_free(struct doctor_check *check)
{
    if (check) {
        g_free(check->text);
        g_free(check->remedy);
        g_free(check);
    }
}

struct doctor_check *doctor_check_from_error(const char *name, const GError *error)
{
    static const char mark[] = "; remedy: ";
    const char *remedy = strstr(error->message, mark);
    if (!remedy) {
        return doctor_check_new(name, DOCTOR_FAIL, g_strdup(error->message), NULL);
    }
    return doctor_check_new(name, DOCTOR_FAIL,
            g_strndup(error->message, (gsize)(remedy - error->message)),
            g_strdup(remedy + strlen(mark)));
}

/* The child's part: its error, if any, goes into the pipe; the exit code says the rest. */
static void try_in_child(int to, bool (*fn)(gpointer data, GError **error), gpointer data)
{
    g_autoptr(GError) error = NULL;
    bool ok = cell_enter(false, NULL, &error) && (!fn || fn(data, &error));
    if (!ok) {
        const char *text = error ? error->message : "no reason given";
        ok = write(to, text, strlen(text)) < 0;
    }
    _exit(ok ? 0 : 1);
}

bool cell_try(bool (*fn)(gpointer data, GError **error), gpointer data, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no pipe: %s", g_strerror(errno));
        return false;
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        try_in_child(ends[1], fn, data);
    }
    close(ends[1]);
    char text[1024] = "";
    gsize length = 0;
    ssize_t n = 0;
    while (length < sizeof(text) - 1 &&
            (n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0) {
        length += (gsize)n;
    }
    close(ends[0]);
    int status = 1;
    bool ok = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s",
                pid < 0  ? "cannot fork"
                : length ? text
                         : "the trial process died");
    }
    return ok;
}

static struct doctor_check *check_namespaces(void)
{
    static const char name[] = "user-namespaces";
    g_autoptr(GError) error = NULL;
    if (!cell_try(NULL, NULL, &error)) {
        return doctor_check_from_error(name, error);
    }
    return doctor_check_new(name, DOCTOR_OK,
            g_strdup_printf("user %d can enter a cell of its own", (int)geteuid()), NULL);
}

static struct doctor_check *check_tun(void)
{
    static const char name[] = "tun";
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return doctor_check_new(name, DOCTOR_OK, g_strdup("/dev/net/tun can be opened"), NULL);
    }
    return doctor_check_new(name, DOCTOR_FAIL,
            g_strdup_printf("/dev/net/tun: %s", g_strerror(errno)),
            g_strdup(errno == EACCES ? "chmod 666 /dev/net/tun" : "modprobe tun"));
}

GPtrArray *doctor_host(void)
{
    GPtrArray *checks = g_ptr_array_new_with_free_func((GDestroyNotify)doctor_check_free);
    static struct doctor_check *(*const all[])(void) = {check_namespaces, check_tun, doctor_qemu,
            doctor_libvirt, doctor_image_tools, doctor_disk_tools, doctor_subids, doctor_memory,
            doctor_disk_state, doctor_disk_images, doctor_runtime, doctor_shares};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_ptr_array_add(checks, all[i]());
    }
    return checks;
}
