/* thumb.h - a small picture of a machine's screen. */
#pragma once

#include <glib.h>
#include <stdint.h>

#define THUMB_W 176
#define THUMB_H 110

struct thumb {
    int w, h; /* at most THUMB_W x THUMB_H */
    gint64 wall_us;
    uint32_t pixels[THUMB_W * THUMB_H]; /* XRGB8888, w to a row */
};

/* From a PNG in base64, which is hostile; NULL when it is none, or larger than a screen. g_free. */
struct thumb *thumb_decode(const char *base64, gint64 wall_us);
