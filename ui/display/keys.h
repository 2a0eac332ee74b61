/* keys.h - all that is done by a key, in one table: the keys, the help sheet and the clicks on it. */
#pragma once

#include "view.h"

#include <SDL_keyboard.h>

struct key {
    SDL_Keycode key;
    SDL_Keymod mod; /* KMOD_NONE, or of KMOD_SHIFT and KMOD_CTRL */
    enum action action;
    int arg;
    const char *cap;  /* as it is written on the sheet; NULL: one more key for another row */
    const char *text; /* what it does, in English; NULL: in the line of the row before */
};

extern const struct key keys_table[];
extern const guint keys_count;

/* What a key does, or NULL. A key that is no letter does the same with Shift as without, unless the
 * table says otherwise. */
const struct key *keys_find(SDL_Keycode key, SDL_Keymod mod);
