/* png.c - the canvas as a PNG file. */
#include "draw.h"
#include "words.h"

#include "base/error.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* libpng leaves by longjmp: no automatic variable may change between set-up and jump. */
static bool write_rows(const struct draw *draw, FILE *file)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    unsigned char *volatile row = g_malloc((gsize)draw_width(draw) * 3);
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        g_free(row);
        return false;
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)draw_width(draw), (png_uint_32)draw_height(draw), 8,
            PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
            PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, 0, PNG_FILTER_NONE);
    png_set_compression_level(png, 6); /* 9 takes three times as long for 5 % */
    png_write_info(png, info);
    for (int y = 0; y < draw_height(draw); y++) {
        const uint32_t *pixels = draw_pixels(draw) + (gsize)y * (gsize)draw_width(draw);
        for (gsize x = 0; x < (gsize)draw_width(draw); x++) {
            row[x * 3] = (unsigned char)(pixels[x] >> 16);
            row[x * 3 + 1] = (unsigned char)(pixels[x] >> 8);
            row[x * 3 + 2] = (unsigned char)pixels[x];
        }
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    g_free(row);
    return true;
}

bool draw_save_png(const struct draw *draw, const char *path, GError **error)
{
    FILE *file = !strcmp(path, "-") ? fdopen(dup(STDOUT_FILENO), "wb") : fopen(path, "wbe");
    bool done = file && write_rows(draw, file);
    int why = errno;
    if (file && fclose(file) != 0) {
        done = false;
        why = errno;
    }
    if (!done) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                tr("%s: cannot write the picture: %s"), path, g_strerror(why));
    }
    return done;
}
