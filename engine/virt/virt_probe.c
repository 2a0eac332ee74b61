/* virt_probe.c - does KVM really boot a guest here? Only a guest that speaks proves it.
 *
 * /dev/kvm can be there, open and make machines that spin for ever at early boot (a nested,
 * paravirtual KVM). So QEMU boots the project's own kernel, and its first line on the serial port
 * decides.
 */
#include "virt/virt.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define QEMU "qemu-system-x86_64"
#define PROBE_LIMIT_S 6
#define SERIAL_MAX ((gsize)64 * 1024)

/* ---- the boot ------------------------------------------------------------------------------- */

struct probe {
    GMainLoop *loop;
    GCancellable *stop;
    GString *text;
    char buffer[1024];
    bool booted, timed_out;
};

static bool guest_spoke(const GString *text)
{
    return strstr(
            text->str, "sandtable-boot"); /* its first process; a kernel that hangs speaks too */
}

static void on_serial(GObject *object, GAsyncResult *result, gpointer data)
{
    struct probe *probe = data;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(object), result, NULL);
    if (n > 0) {
        for (gssize i = 0; i < n; i++) { /* a NUL would hide what follows it */
            g_string_append_c(probe->text, probe->buffer[i] ? probe->buffer[i] : ' ');
        }
        probe->booted = guest_spoke(probe->text);
    }
    if (n <= 0 || probe->booted || probe->text->len > SERIAL_MAX) {
        g_main_loop_quit(probe->loop);
        return;
    }
    g_input_stream_read_async(G_INPUT_STREAM(object), probe->buffer, sizeof(probe->buffer),
            G_PRIORITY_DEFAULT, probe->stop, on_serial, probe);
}

static gboolean on_limit(gpointer data)
{
    struct probe *probe = data;
    probe->timed_out = true;
    g_cancellable_cancel(probe->stop); /* ends the read, which ends the loop */
    return G_SOURCE_REMOVE;
}

static GSubprocess *start_qemu(const char *kernel, const char *initrd, GError **error)
{
    const char *const argv[] = {QEMU, "-accel", "kvm", "-cpu", "host", "-machine", "pc", "-m",
            "192", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel",
            kernel, "-initrd", initrd, "-append", "console=ttyS0", "-serial", "stdio", "-sandbox",
            "on,spawn=deny", NULL};
    return g_subprocess_newv(
            argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
}

/* Boots; what was found in words, NULL when the guest spoke. */
static char *boot_under_kvm(const char *kernel, const char *initrd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    g_autoptr(GSubprocess) qemu = start_qemu(kernel, initrd, &error);
    char *why = NULL;
    if (!qemu) {
        g_main_context_pop_thread_default(context);
        return g_strdup_printf("QEMU does not start: %s", error->message);
    }

    struct probe probe = {.loop = g_main_loop_new(context, FALSE),
            .stop = g_cancellable_new(),
            .text = g_string_new(NULL)};
    g_autoptr(GSource) limit = g_timeout_source_new_seconds(PROBE_LIMIT_S);
    g_source_set_callback(limit, on_limit, &probe, NULL);
    g_source_attach(limit, context);
    g_input_stream_read_async(g_subprocess_get_stdout_pipe(qemu), probe.buffer,
            sizeof(probe.buffer), G_PRIORITY_DEFAULT, probe.stop, on_serial, &probe);
    g_main_loop_run(probe.loop);
    g_source_destroy(limit);

    g_subprocess_force_exit(qemu);
    if (!probe.booted && probe.timed_out) {
        why = g_strdup_printf("/dev/kvm opens, but a guest did not boot within %d s (nested or "
                              "restricted virtualisation)",
                PROBE_LIMIT_S);
    } else if (!probe.booted) {
        char said[256] = "";
        gsize n = 0;
        g_input_stream_read_all(
                g_subprocess_get_stderr_pipe(qemu), said, sizeof(said) - 1, &n, NULL, NULL);
        said[n] = '\0';
        why = g_strdup_printf(
                "QEMU ended under KVM: %s", *said ? g_strstrip(said) : "no reason given");
    }
    g_subprocess_wait(qemu, NULL, NULL);
    g_main_loop_unref(probe.loop);
    g_object_unref(probe.stop);
    g_string_free(probe.text, TRUE);
    g_main_context_pop_thread_default(context);
    return why;
}

/* ---- the cache ------------------------------------------------------------------------------ */

/* What the verdict depends on, in words; NULL when QEMU or the kernel is not there. */
static char *verdict_key(const char *kernel)
{
    struct utsname host;
    GStatBuf boot;
    GStatBuf qemu;
    g_autofree char *program = g_find_program_in_path(QEMU);
    if (!program || g_stat(program, &qemu) != 0 || g_stat(kernel, &boot) != 0 ||
            uname(&host) != 0) {
        return NULL;
    }
    /* the program's time and size stand for its version, without a run of 50 ms */
    return g_strdup_printf("host %s %s, qemu %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                           ", kernel %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
            host.release, host.version, (gint64)qemu.st_mtime, (gint64)qemu.st_size,
            (gint64)boot.st_mtime, (gint64)boot.st_size);
}

static bool read_verdict(const char *file, const char *key, enum virt_accel *ret, char **why)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(file, &text, &length, NULL)) {
        return false;
    }
    auto_json json = json_parse(text, length, NULL);
    if (!json || g_strcmp0(json_string(json, "key", NULL), key) != 0) {
        return false;
    }
    *ret = json_bool(json, "kvm", false) ? VIRT_ACCEL_KVM : VIRT_ACCEL_TCG;
    *why = g_strdup(json_string(json, "why", ""));
    return true;
}

static void write_verdict(const char *file, const char *key, enum virt_accel accel, const char *why)
{
    auto_json json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "key", key);
    cJSON_AddBoolToObject(json, "kvm", accel == VIRT_ACCEL_KVM);
    cJSON_AddStringToObject(json, "why", why);
    g_autofree char *text = json_text(json);
    g_autofree char *dir = g_path_get_dirname(file);
    g_autoptr(GError) error = NULL;
    if (!paths_make(dir, &error) || !g_file_set_contents(file, text, -1, &error)) {
        g_debug("the accelerator's verdict is not kept: %s", error->message);
    }
}

/* Why KVM cannot even be tried, or NULL. */
static char *kvm_is_missing(void)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return NULL;
    }
    if (errno == ENOENT) {
        return g_strdup("this host has no /dev/kvm");
    }
    return g_strdup_printf(
            "/dev/kvm does not open (%s); the group kvm may use it", g_strerror(errno));
}

/* True with the verdict when it needs no boot; else *ret_key is what it is to be kept under. */
static bool is_known(const char *kernel, const char *cache_file, enum virt_accel *ret, char **why,
        char **ret_key)
{
    *ret = VIRT_ACCEL_TCG;
    *ret_key = NULL;
    *why = kvm_is_missing();
    if (*why) {
        return true;
    }
    *ret_key = verdict_key(kernel);
    if (!*ret_key) {
        *why = g_strdup_printf("not tried: " QEMU " or %s is missing", kernel);
        return true;
    }
    return read_verdict(cache_file, *ret_key, ret, why);
}

enum virt_accel virt_known_accel(const char *kernel, const char *cache_file, char **why)
{
    enum virt_accel accel;
    g_autofree char *key = NULL;
    (void)is_known(kernel, cache_file, &accel, why, &key);
    return accel;
}

enum virt_accel virt_probe_accel(
        const char *kernel, const char *initrd, const char *cache_file, char **why)
{
    enum virt_accel accel;
    g_autofree char *key = NULL;
    if (is_known(kernel, cache_file, &accel, why, &key)) {
        return accel;
    }
    *why = boot_under_kvm(kernel, initrd);
    if (!*why) {
        accel = VIRT_ACCEL_KVM;
        *why = g_strdup("a guest booted under KVM");
    }
    write_verdict(cache_file, key, accel, *why);
    return accel;
}
