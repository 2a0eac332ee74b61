/* virt_disks.c - the files that a machine writes to (disks, NVRAM): found in its XML, copied. */
#include "virt/virt_private.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which ---------------------------------------------------------------------------------- */

struct reading { /* of a domain's XML */
    GPtrArray *files;
    char *source; /* of the disk that is being read */
    bool in_disk, readonly, in_nvram;
};

static void on_start(GMarkupParseContext *context, const char *element, const char **names,
        const char **values, gpointer data, GError **error)
{
    struct reading *reading = data;
    const GSList *stack = g_markup_parse_context_get_element_stack(context);
    const char *parent = stack && stack->next ? stack->next->data : "";
    (void)error;
    if (!strcmp(element, "disk")) {
        reading->in_disk = true;
        reading->readonly = false;
        g_clear_pointer(&reading->source, g_free);
    } else if (reading->in_disk && !strcmp(parent, "disk") && !strcmp(element, "readonly")) {
        reading->readonly = true;
    } else if (reading->in_disk && !strcmp(parent, "disk") && !strcmp(element, "source")) {
        for (gsize i = 0; names[i]; i++) {
            if (!strcmp(names[i], "file")) {
                g_free(reading->source);
                reading->source = g_strdup(values[i]);
            }
        }
    } else if (!strcmp(element, "nvram")) {
        reading->in_nvram = true;
    }
}

static void on_end(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
    struct reading *reading = data;
    (void)context;
    (void)error;
    if (!strcmp(element, "disk")) {
        if (reading->source && !reading->readonly) {
            g_ptr_array_add(reading->files, g_steal_pointer(&reading->source));
        }
        reading->in_disk = false;
    } else if (!strcmp(element, "nvram")) {
        reading->in_nvram = false;
    }
}

static void on_text(
        GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
    struct reading *reading = data;
    (void)context;
    (void)error;
    if (reading->in_nvram && length > 0 && text[0] == '/') {
        g_ptr_array_add(reading->files, g_strndup(text, length));
    }
}

GPtrArray *virt_disks_of(const char *xml, GError **error)
{
    static const GMarkupParser parser = {
            .start_element = on_start, .end_element = on_end, .text = on_text};
    struct reading reading = {.files = g_ptr_array_new_with_free_func(g_free)};
    GMarkupParseContext *context =
            g_markup_parse_context_new(&parser, G_MARKUP_DEFAULT_FLAGS, &reading, NULL);
    bool ok = g_markup_parse_context_parse(context, xml, -1, error) &&
              g_markup_parse_context_end_parse(context, error);
    g_markup_parse_context_free(context);
    g_free(reading.source);
    if (!ok) {
        g_ptr_array_unref(reading.files);
        return NULL;
    }
    return reading.files;
}

/* ---- copying -------------------------------------------------------------------------------- */

static bool set_copy_error(GError **error, const char *from, const char *to)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot copy %s to %s: %s", from, to,
            g_strerror(errno));
    return false;
}

/* One stretch of data; holes stay holes. */
static bool copy_stretch(int in, int out, off_t at, off_t end)
{
    while (at < end) {
        off_t to = at;
        ssize_t n = copy_file_range(in, &at, out, &to, (size_t)(end - at), 0);
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return false;
        }
    }
    return true;
}

static bool copy_data(int in, int out, off_t size)
{
    if (ioctl(out, FICLONE, in) == 0) {
        return true; /* the file system shares the blocks: at once */
    }
    for (off_t at = 0; at < size;) {
        off_t from = lseek(in, at, SEEK_DATA);
        if (from < 0) {
            return errno == ENXIO; /* only a hole is left */
        }
        off_t end = lseek(in, from, SEEK_HOLE);
        if (end < 0 || !copy_stretch(in, out, from, end)) {
            return false;
        }
        at = end;
    }
    return true;
}

bool virt_disk_copy(const char *from, const char *to, GError **error)
{
    struct stat st;
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = in >= 0 && out >= 0 && fstat(in, &st) == 0 && ftruncate(out, st.st_size) == 0 &&
              copy_data(in, out, st.st_size);
    ok = ok || set_copy_error(error, from, to);
    if (in >= 0) {
        close(in);
    }
    if (out >= 0 && close(out) != 0 && ok) {
        ok = set_copy_error(error, from, to);
    }
    return ok;
}

static char *saved_name(const char *folder, const char *domain, guint index)
{
    g_autofree char *suffix = g_strdup_printf("disk%u", index);
    return virt_checkpoint_file(folder, domain, suffix);
}

bool virt_disks_save(const char *xml, const char *folder, const char *domain, GError **error)
{
    g_autoptr(GPtrArray) files = virt_disks_of(xml, error);
    for (guint i = 0; files && i < files->len; i++) {
        g_autofree char *to = saved_name(folder, domain, i);
        if (!virt_disk_copy(g_ptr_array_index(files, i), to, error)) {
            return false;
        }
    }
    return files != NULL;
}

bool virt_disks_put_back(const char *xml, const char *folder, const char *domain, GError **error)
{
    g_autoptr(GPtrArray) files = virt_disks_of(xml, error);
    for (guint i = 0; files && i < files->len; i++) {
        g_autofree char *from = saved_name(folder, domain, i);
        if (!virt_disk_copy(from, g_ptr_array_index(files, i), error)) {
            return false;
        }
    }
    return files != NULL;
}
