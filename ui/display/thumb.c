/* thumb.c - a machine's screen as it comes from the engine, made small. */
#include "thumb.h"

#include <png.h>
#include <string.h>

#define SIDE_MAX 4096
#define BASE64_MAX (4 << 20)

/* The mean of the pixels that fall into each of the small ones. */
static void shrink(struct thumb *thumb, const png_byte *rgb, int w, int h)
{
    for (int y = 0; y < thumb->h; y++) {
        for (int x = 0; x < thumb->w; x++) {
            guint32 sum[3] = {0};
            int bottom = MAX((y + 1) * h / thumb->h, y * h / thumb->h + 1);
            int right = MAX((x + 1) * w / thumb->w, x * w / thumb->w + 1);
            for (int v = y * h / thumb->h; v < bottom; v++) {
                for (int u = x * w / thumb->w; u < right; u++) {
                    const png_byte *pixel = rgb + ((gsize)v * (gsize)w + (gsize)u) * 3;
                    sum[0] += pixel[0];
                    sum[1] += pixel[1];
                    sum[2] += pixel[2];
                }
            }
            guint32 count = (guint32)((bottom - y * h / thumb->h) * (right - x * w / thumb->w));
            count = MAX(count, 1);
            thumb->pixels[y * thumb->w + x] =
                    sum[0] / count << 16 | sum[1] / count << 8 | sum[2] / count;
        }
    }
}

static struct thumb *thumb_of(png_image *image)
{
    if (image->width == 0 || image->height == 0 || image->width > SIDE_MAX ||
            image->height > SIDE_MAX) {
        return NULL;
    }
    int w = (int)image->width;
    int h = (int)image->height;
    image->format = PNG_FORMAT_RGB;
    g_autofree png_byte *rgb = g_malloc(PNG_IMAGE_SIZE(*image));
    const png_color black = {0, 0, 0};
    if (!png_image_finish_read(image, &black, rgb, 0, NULL)) {
        return NULL;
    }
    double scale = MIN(1.0, MIN((double)THUMB_W / w, (double)THUMB_H / h));
    struct thumb *thumb = g_new0(struct thumb, 1);
    thumb->w = CLAMP((int)(w * scale), 1, THUMB_W);
    thumb->h = CLAMP((int)(h * scale), 1, THUMB_H);
    shrink(thumb, rgb, w, h);
    return thumb;
}

struct thumb *thumb_decode(const char *base64, gint64 wall_us)
{
    gsize length = 0;
    if (strlen(base64) > BASE64_MAX) {
        return NULL;
    }
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    png_image image = {.version = PNG_IMAGE_VERSION};
    struct thumb *thumb = NULL;
    if (length > 0 && png_image_begin_read_from_memory(&image, bytes, length)) {
        thumb = thumb_of(&image);
    }
    png_image_free(&image);
    if (thumb) {
        thumb->wall_us = wall_us;
    }
    return thumb;
}
