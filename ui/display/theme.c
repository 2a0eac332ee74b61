/* theme.c - the three themes as data, and themes from files. */
#include "theme.h"

#include "base/error.h"

#include <string.h>

static const struct ink_row {
    const char *name;
    uint32_t dark, light, contrast; /* 0xRRGGBB */
} rows[INKS] = {
        [INK_BACK] = {"back", 0x0F141B, 0xE6EAEF, 0x000000},
        [INK_PANEL] = {"panel", 0x161D27, 0xFFFFFF, 0x000000},
        [INK_EDGE] = {"edge", 0x2A3442, 0xB9C2CD, 0xB8C0CA},
        [INK_TEXT] = {"text", 0xE8EDF3, 0x10161E, 0xFFFFFF},
        [INK_DIM] = {"dim", 0x9AA7B6, 0x4E5A68, 0xD5DBE2},
        [INK_CELL] = {"cell", 0x1B2531, 0xEEF2F6, 0x0D0D0D},
        [INK_SELECT] = {"select", 0x1E2A3D, 0xD6E6F8, 0x10305A},
        [INK_TINT] = {"tint", 0x3A1C12, 0xFBDDD2, 0x3D1400},
        [INK_BUTTON] = {"button", 0x1A222D, 0xF2F5F8, 0x101010},
        [INK_FOCUS] = {"focus", 0xFFFFFF, 0x000000, 0xFFFFFF},
        [INK_AMBER] = {"amber", 0xFFB000, 0xC77700, 0xFFC400},
        [INK_UP] = {"up", 0x4FB3E8, 0x0A86D1, 0x38B6FF},
        [INK_DEGRADED] = {"degraded", 0xFFE14D, 0xA87E00, 0xFFE600},
        [INK_DOWN] = {"down", 0xE8590C, 0xA62B00, 0xFF5A0A},
        [INK_UNKNOWN] = {"unknown", 0x6E7A88, 0x808C9A, 0x7D8794},
        [INK_DEPLOYING] = {"deploying", 0xF7F9FB, 0x10161E, 0xFFFFFF},
        [INK_HELD] = {"held", 0x306BD2, 0x2138A8, 0x3D6CFF},
        [INK_ATTACK] = {"attack", 0xE667B8, 0xB8188A, 0xFF7AD0},
        [INK_RULE] = {"rule", 0x222B37, 0xDCE2E8, 0x4A4A4A},
        [INK_GROUND] = {"ground", 0x121923, 0xF7F9FB, 0x000000},
        [INK_CORE] = {"core", 0x141A23, 0xF1F4F8, 0x000000},
        [INK_LINK] = {"link", 0x566870, 0x7E948F, 0x66747A},
        [INK_BUSY] = {"busy", 0x90E0B8, 0x0A5A3C, 0xA0FFC8},
        [INK_WIRE] = {"wire", 0x6B7C90, 0x8694A1, 0xC4CDD6},
        [INK_PAST] = {"past", 0x2F6D8F, 0x8CC4EA, 0x2B8FD0},
        [INK_GRID] = {"grid", 0x1E2732, 0xE4E9EE, 0x333333},
        [INK_WARM] = {"warm", 0xFF8A4C, 0x8A2400, 0xFFB489},
        [INK_ON_MARK] = {"on-mark", 0x0B1017, 0xFFFFFF, 0x000000},
        [INK_REPLAY] = {"replay", 0xE667B8, 0xC0208A, 0xFF7AD0},
        [INK_GREEN] = {"green", 0x6CC36C, 0x2E7D32, 0x5CE65C},
};

#define THEMES 3
#define OPAQUE 0xFF000000U

static struct theme themes[THEMES] = {{.name = "dark"}, {.name = "light"}, {.name = "contrast"}};
static const struct theme *used;

static void fill(void)
{
    if (themes[0].inks[0] == 0) {
        for (int i = 0; i < INKS; i++) {
            themes[0].inks[i] = OPAQUE | rows[i].dark;
            themes[1].inks[i] = OPAQUE | rows[i].light;
            themes[2].inks[i] = OPAQUE | rows[i].contrast;
        }
        used = used ? used : &themes[0];
    }
}

const struct theme *theme_at(int index)
{
    fill();
    return index >= 0 && index < THEMES ? &themes[index] : NULL;
}

const struct theme *theme_find(const char *name)
{
    for (int i = 0; i < THEMES; i++) {
        if (!strcmp(themes[i].name, name)) {
            return theme_at(i);
        }
    }
    return NULL;
}

const char *theme_ink_name(enum ink ink)
{
    return rows[ink].name;
}

void theme_use(const struct theme *theme)
{
    used = theme;
}

const struct theme *theme_used(void)
{
    fill();
    return used;
}

colour theme_ink(enum ink ink)
{
    return theme_used()->inks[ink];
}

static int ink_index(const char *name)
{
    for (int i = 0; i < INKS; i++) {
        if (!strcmp(rows[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static bool read_colour(const char *text, colour *ret)
{
    guint64 value = 0;
    if (text[0] != '#' || strlen(text) != 7 ||
            !g_ascii_string_to_unsigned(text + 1, 16, 0, 0xFFFFFF, &value, NULL)) {
        return false;
    }
    *ret = OPAQUE | (colour)value;
    return true;
}

static bool read_inks(GKeyFile *file, const char *path, struct theme *theme, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, "theme", NULL, NULL);
    if (!keys) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s: has no group [theme]", path);
        return false;
    }
    for (int i = 0; keys[i]; i++) {
        g_autofree char *value = g_key_file_get_string(file, "theme", keys[i], NULL);
        int ink = ink_index(keys[i]);
        if (!strcmp(keys[i], "base")) {
            continue;
        }
        if (ink < 0 || !value || !read_colour(g_strstrip(value), &theme->inks[ink])) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s: %s: %s", path, keys[i],
                    ink < 0 ? "no colour of the display has this name; docs/display.md lists them"
                            : "wants a colour such as #4FB3E8");
            return false;
        }
    }
    return true;
}

struct theme *theme_load(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) why = NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &why)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s: %s", path, why->message);
        return NULL;
    }
    g_autofree char *base = g_key_file_get_string(file, "theme", "base", NULL);
    const struct theme *from = theme_find(base ? base : "dark");
    if (!from) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%s: base: wants dark, light or contrast", path);
        return NULL;
    }
    g_autofree struct theme *theme = g_memdup2(from, sizeof *from);
    g_strlcpy(theme->name, "file", sizeof theme->name);
    if (!read_inks(file, path, theme, error)) {
        return NULL;
    }
    return g_steal_pointer(&theme);
}
