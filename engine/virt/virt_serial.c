/* virt_serial.c - the machines' serial logs: first output, last line, a bound on their size. */
#include "virt/virt_private.h"

#include "base/file_tail.h"
#include "base/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define LOOK_MS 200
#define BOUND_S 2
#define TAIL 2048
#define PANIC_TAIL (32 << 10) /* a panic, and the trace it leaves */

char *virt_serial_file(const char *root, const char *domain)
{
    return g_strdup_printf("%s/serial/%s.log", root, domain);
}

char *virt_serial_last_line(const char *root, const char *domain)
{
    g_autofree char *file = virt_serial_file(root, domain);
    gsize length = 0;
    g_autofree char *tail = file_tail(file, TAIL, &length);
    g_autofree char *text = text_clean_tail(tail, length, TAIL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = g_strv_length(lines); i > 0; i--) {
        char *line = g_strstrip(lines[i - 1]);
        if (*line) {
            return text_clean_tail(line, strlen(line), 160);
        }
    }
    return NULL;
}

void virt_serial_forget(const struct virt *virt, const char *domain)
{
    g_autofree char *file = virt_serial_file(virt->root, domain);
    (void)g_unlink(file);
}

bool virt_serial_panicked(const char *root, const char *domain)
{
    gsize length = 0;
    g_autofree char *file = virt_serial_file(root, domain);
    g_autofree char *tail = file_tail(file, PANIC_TAIL, &length);
    return g_strstr_len(tail, (gssize)length, "Kernel panic - not syncing") != NULL;
}

static gboolean look_at_serial(gpointer data)
{
    struct virt *virt = data;
    bool wanted = false;
    GHashTableIter iter;
    struct vm *vm;

    g_autoptr(GPtrArray) said = g_ptr_array_new();
    g_hash_table_iter_init(&iter, virt->machines);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&vm)) {
        if (vm->state != MACHINE_STARTING || vm->said) {
            continue;
        }
        GStatBuf st;
        g_autofree char *file = virt_serial_file(virt->root, vm->domain);
        if (g_stat(file, &st) == 0 && st.st_size > 0) {
            vm->said = true;
            g_ptr_array_add(said, vm);
        } else {
            wanted = true;
        }
    }
    if (!wanted) {
        g_clear_pointer(&virt->serial, g_source_unref);
    }
    for (guint i = 0; i < said->len; i++) { /* callbacks may start machines: not while iterating */
        virt_state_set(virt, said->pdata[i], MACHINE_BOOTED, "serial");
    }
    return wanted ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void virt_serial_watch(struct virt *virt)
{
    if (!virt->serial) {
        virt->serial = g_timeout_source_new(LOOK_MS);
        g_source_set_callback(virt->serial, look_at_serial, virt, NULL);
        g_source_attach(virt->serial, virt->context);
    }
}

/* ---- the bound ------------------------------------------------------------------------------ */

static gboolean trim_all(gpointer data)
{
    struct virt *virt = data;
    GHashTableIter iter;
    struct vm *vm;
    g_hash_table_iter_init(&iter, virt->machines);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&vm)) {
        g_autofree char *file = virt_serial_file(virt->root, vm->domain);
        if (!file_trim(file)) {
            g_debug("%s is not bounded: %s", file, g_strerror(errno));
        }
    }
    return G_SOURCE_CONTINUE;
}

void virt_serial_bound(struct virt *virt)
{
    virt->bound = g_timeout_source_new_seconds(BOUND_S);
    g_source_set_callback(virt->bound, trim_all, virt, NULL);
    g_source_attach(virt->bound, virt->context);
}

static void drop(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

void virt_serial_ignore(struct virt *virt)
{
    drop(&virt->serial);
    drop(&virt->bound);
}
