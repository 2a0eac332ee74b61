/* text.c - text by SDL2_ttf: runs split between two fonts, coverage masks in a bounded cache. */
#include "draw_private.h"
#include "words.h"

#include "base/error.h"

#include <SDL.h>
#include <SDL_ttf.h>
#include <math.h>
#include <string.h>

#define SIZE_MAX_PX 160
#define CACHE_MAX 4096 /* masks; a screen shows a few hundred */
#define CJK_SC 2       /* NotoSansCJK-Regular.ttc: 0 is Japanese, 2 simplified Chinese */

struct mask { /* one run of one font: coverage, one byte a pixel */
    int w, h;
    unsigned char *bytes;
    guint64 used;
};

struct text_cache {
    GHashTable *fonts; /* face << 16 | size -> TTF_Font, NULL for a face that is missing */
    GHashTable *masks; /* "face:size:text" -> struct mask */
    guint64 turn;
};

static const struct face {
    const char *path;
    long index;
} faces[][2] = {
        [FONT_TEXT] = {{"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0}},
        [FONT_BOLD] = {{"/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", 0}},
        [FONT_DIGIT] = {{"/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 0}},
        [FONTS] = {{"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", CJK_SC},
                {"/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0}},
};

static void mask_free(gpointer data)
{
    struct mask *mask = data;
    g_free(mask->bytes);
    g_free(mask);
}

static void font_close(gpointer data)
{
    if (data) {
        TTF_CloseFont(data);
    }
}

static TTF_Font *font_get(struct text_cache *cache, int face, int size)
{
    gpointer key = GINT_TO_POINTER(face << 16 | size);
    gpointer found = NULL;
    if (g_hash_table_lookup_extended(cache->fonts, key, NULL, &found)) {
        return found;
    }
    TTF_Font *font = NULL;
    for (int i = 0; i < 2 && !font; i++) {
        if (faces[face][i].path) {
            font = TTF_OpenFontIndex(faces[face][i].path, size, faces[face][i].index);
        }
    }
    if (font) {
        TTF_SetFontHinting(font, TTF_HINTING_LIGHT);
    }
    g_hash_table_insert(cache->fonts, key, font);
    return font;
}

struct text_cache *text_cache_new(GError **error)
{
    if (TTF_Init() != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, tr("SDL2_ttf does not start: %s"),
                TTF_GetError());
        return NULL;
    }
    struct text_cache *cache = g_new0(struct text_cache, 1);
    cache->fonts = g_hash_table_new_full(NULL, NULL, NULL, font_close);
    cache->masks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, mask_free);
    for (int face = 0; face < FONTS; face++) {
        if (!font_get(cache, face, 14)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                    tr("%s: not there; install the package fonts-dejavu-core"),
                    faces[face][0].path);
            text_cache_free(cache);
            return NULL;
        }
    }
    return cache;
}

void text_cache_free(struct text_cache *cache)
{
    if (cache) {
        g_hash_table_destroy(cache->masks);
        g_hash_table_destroy(cache->fonts);
        g_free(cache);
        TTF_Quit();
    }
}

/* Drops the half of the masks that was not used for longest. */
static void cache_trim(struct text_cache *cache)
{
    if (g_hash_table_size(cache->masks) < CACHE_MAX) {
        return;
    }
    g_autoptr(GArray) ages = g_array_new(FALSE, FALSE, sizeof(guint64));
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, cache->masks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_array_append_val(ages, ((struct mask *)value)->used);
    }
    guint64 *used = (guint64 *)(void *)ages->data;
    guint64 low = used[0];
    guint64 high = used[0];
    for (guint i = 1; i < ages->len; i++) {
        low = MIN(low, used[i]);
        high = MAX(high, used[i]);
    }
    guint64 middle = low + (high - low) / 2;
    g_hash_table_iter_init(&iter, cache->masks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((struct mask *)value)->used <= middle) {
            g_hash_table_iter_remove(&iter);
        }
    }
}

static struct mask *mask_render(TTF_Font *font, const char *run)
{
    struct mask *mask = g_new0(struct mask, 1);
    SDL_Surface *surface = TTF_RenderUTF8_Blended(font, run, (SDL_Color){255, 255, 255, 255});
    if (!surface) { /* nothing to see: zero width */
        return mask;
    }
    mask->w = surface->w;
    mask->h = surface->h;
    mask->bytes = g_malloc((gsize)mask->w * (gsize)mask->h);
    gsize wide = (gsize)mask->w;
    for (gsize y = 0; y < (gsize)mask->h; y++) {
        const unsigned char *line =
                (const unsigned char *)surface->pixels + y * (gsize)surface->pitch;
        for (gsize x = 0; x < wide; x++) {
            uint32_t pixel = 0;
            memcpy(&pixel, line + x * 4, sizeof pixel);
            mask->bytes[y * wide + x] = (unsigned char)(pixel >> 24);
        }
    }
    SDL_FreeSurface(surface);
    return mask;
}

static struct mask *mask_get(struct text_cache *cache, int face, int size, const char *run)
{
    g_autofree char *key = g_strdup_printf("%d:%d:%s", face, size, run);
    struct mask *mask = g_hash_table_lookup(cache->masks, key);
    if (!mask) {
        cache_trim(cache);
        mask = mask_render(font_get(cache, face, size), run);
        g_hash_table_insert(cache->masks, g_steal_pointer(&key), mask);
    }
    mask->used = ++cache->turn;
    return mask;
}

static void mask_blend(struct draw *draw, const struct mask *mask, int x, int y, colour c)
{
    int x0 = MAX(x, draw->x0);
    int x1 = MIN(x + mask->w, draw->x1);
    int y1 = MIN(y + mask->h, draw->y1);
    for (int row = MAX(y, draw->y0); row < y1; row++) {
        const unsigned char *bytes = mask->bytes + (gsize)(row - y) * (gsize)mask->w;
        uint32_t *pixels = draw->pixels + (gsize)row * (gsize)draw->w;
        for (int column = x0; column < x1; column++) {
            if (bytes[column - x]) {
                draw_mix(pixels + column, c, bytes[column - x]);
            }
        }
    }
}

/* The face that has the character at text: the wanted one, or the Chinese one if only that has it.
 */
static int face_of(struct text_cache *cache, int face, int size, gunichar character)
{
    if (character < 0x80 || TTF_GlyphIsProvided32(font_get(cache, face, size), character)) {
        return face;
    }
    TTF_Font *other = font_get(cache, FONTS, size);
    return other && TTF_GlyphIsProvided32(other, character) ? FONTS : face;
}

/* Walks text run by run; draws when draw is not just measuring. */
static float text_walk(struct draw *draw, enum font font, float size, const struct point *at,
        colour c, const char *text)
{
    struct text_cache *cache = draw->text;
    int px = CLAMP((int)lroundf(size), 6, SIZE_MAX_PX);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    int ascent = TTF_FontAscent(font_get(cache, (int)font, px));
    float x = 0;
    for (const char *start = valid; *start;) {
        int face = face_of(cache, (int)font, px, g_utf8_get_char(start));
        const char *end = g_utf8_next_char(start);
        while (*end && face_of(cache, (int)font, px, g_utf8_get_char(end)) == face) {
            end = g_utf8_next_char(end);
        }
        g_autofree char *run = g_strndup(start, (gsize)(end - start));
        const struct mask *mask = mask_get(cache, face, px, run);
        if (at && mask->bytes) {
            int lift = ascent - TTF_FontAscent(font_get(cache, face, px));
            mask_blend(draw, mask, (int)lroundf(at->x + x), (int)lroundf(at->y) + lift, c);
        }
        x += (float)mask->w;
        start = end;
    }
    return x;
}

float draw_text(
        struct draw *draw, enum font font, float size, struct point at, colour c, const char *text)
{
    return text_walk(draw, font, size, &at, c, text);
}

float draw_text_width(struct draw *draw, enum font font, float size, const char *text)
{
    return text_walk(draw, font, size, NULL, 0, text);
}

float draw_text_height(struct draw *draw, enum font font, float size)
{
    int px = CLAMP((int)lroundf(size), 6, SIZE_MAX_PX);
    return (float)TTF_FontHeight(font_get(draw->text, (int)font, px));
}
