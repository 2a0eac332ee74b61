/* virt_screen.c - a picture of a machine's screen: libvirt's PNG, or PPM where QEMU is older than
 * 7.1, as PNG.
 *
 * The guest chooses the size of its screen, so the picture is hostile.
 */
#include "virt/virt_private.h"

#include "base/error.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_MAX ((gsize)64 * 1024 * 1024) /* bytes of a PPM */
#define SIDE_MAX 16384
#define COLOURS 3

/* ---- PPM: "P6 WIDTH HEIGHT 255\n", then the rows ------------------------------------------- */

struct picture {
    guint32 width, height;
    const guint8 *rows;
};

/* A number after white space and comments; 0 when there is none or it is too large. */
static guint32 take_number(const guint8 **at, const guint8 *end)
{
    bool comment = false;
    while (*at < end && (comment || g_ascii_isspace(**at) || **at == '#')) {
        comment = **at == '#' || (comment && **at != '\n');
        (*at)++;
    }
    guint32 number = 0;
    for (; *at < end && g_ascii_isdigit(**at) && number <= SIDE_MAX; (*at)++) {
        number = number * 10 + (guint32)(**at - '0');
    }
    return number <= SIDE_MAX ? number : 0;
}

static bool parse_ppm(const guint8 *ppm, gsize length, struct picture *ret)
{
    const guint8 *at = ppm + 2;
    const guint8 *end = ppm + length;
    if (length < 2 || memcmp(ppm, "P6", 2) != 0) {
        return false;
    }
    ret->width = take_number(&at, end);
    ret->height = take_number(&at, end);
    guint32 highest = take_number(&at, end);
    if (!ret->width || !ret->height || highest != 255 || at >= end || !g_ascii_isspace(*at)) {
        return false;
    }
    ret->rows = at + 1;
    return (gsize)(end - ret->rows) >= (gsize)ret->width * ret->height * COLOURS;
}

/* ---- PNG ----------------------------------------------------------------------------------- */

static void append(png_structp png, png_bytep bytes, png_size_t length)
{
    g_byte_array_append(png_get_io_ptr(png), bytes, (guint)length);
}

static void flush(png_structp png)
{
    (void)png;
}

/* libpng leaves by longjmp: nothing that it could leave behind is made in here. */
static bool write_png(const struct picture *picture, GByteArray *out)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_set_write_fn(png, out, append, flush);
    png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB,
            PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (guint32 y = 0; y < picture->height; y++) {
        png_write_row(png, picture->rows + (gsize)y * picture->width * COLOURS);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

GByteArray *virt_ppm_to_png(const guint8 *ppm, gsize length, GError **error)
{
    struct picture picture;
    g_autoptr(GByteArray) out = g_byte_array_new();
    if (!parse_ppm(ppm, length, &picture) || !write_png(&picture, out)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                "its screen's picture is neither PNG nor a PPM that could be read (%zu bytes)",
                length);
        return NULL;
    }
    return g_steal_pointer(&out);
}

/* ---- libvirt ------------------------------------------------------------------------------- */

struct screen_job {
    struct virt_job job;
    GByteArray *png;
};

static int receive(virStreamPtr stream, const char *bytes, size_t length, void *data)
{
    GByteArray *picture = data;
    (void)stream;
    if (picture->len + length > PICTURE_MAX) {
        return -1;
    }
    g_byte_array_append(picture, (const guint8 *)bytes, (guint)length);
    return (int)length;
}

static bool is_png(const GByteArray *picture)
{
    static const guint8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return picture->len > sizeof(signature) && !memcmp(picture->data, signature, sizeof(signature));
}

static GByteArray *to_png(GByteArray *picture, const char *domain, GError **error)
{
    g_autoptr(GError) cause = NULL;
    if (is_png(picture)) {
        return g_byte_array_ref(picture);
    }
    GByteArray *png = virt_ppm_to_png(picture->data, picture->len, &cause);
    if (cause) {
        g_set_error(error, SANDTABLE_ERROR, cause->code, "machine %s: %s", domain, cause->message);
    }
    return png;
}

static void screen_work(struct virt_job *job, virDomainPtr domain)
{
    g_autoptr(GByteArray) picture = g_byte_array_new();
    virStreamPtr stream = virStreamNew(job->virt->connection, 0);
    char *type = stream ? virDomainScreenshot(domain, stream, 0, 0) : NULL;
    if (type && virStreamRecvAll(stream, receive, picture) == 0 && virStreamFinish(stream) == 0) {
        ((struct screen_job *)job)->png = to_png(picture, job->domain, &job->error);
    } else {
        virt_error_take(&job->error, job->domain, "take a picture of its screen");
        if (type) {
            virStreamAbort(stream);
        }
    }
    if (stream) {
        virStreamFree(stream);
    }
    free(type); /* libvirt's allocation */
}

static bool screen_finish(struct virt_job *job)
{
    const GByteArray *png = ((struct screen_job *)job)->png;
    if (job->error || !png) {
        job->fn.bytes(NULL, 0, 0, job->error, job->data);
    } else {
        job->fn.bytes((const char *)png->data, png->len, png->len, NULL, job->data);
    }
    return true;
}

static void screen_free(struct virt_job *job)
{
    g_clear_pointer(&((struct screen_job *)job)->png, g_byte_array_unref);
}

void virt_screenshot(struct virt *virt, const char *domain, virt_bytes_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct screen_job), domain, VIRT_POOL_CONTROL);
    job->work = screen_work;
    job->finish = screen_finish;
    job->free = screen_free;
    job->fn.bytes = done;
    job->data = data;
    virt_job_push(job);
}
