/* keys.c - the table of keys, in the order of the help sheet. */
#include "keys.h"

#include "words.h"

#define SHIFT KMOD_SHIFT
#define CTRL KMOD_CTRL
#define BOTH ((SDL_Keymod)(KMOD_SHIFT | KMOD_CTRL))

/* clang-format off: one key a line reads best */
const struct key keys_table[] = {
        {SDLK_SPACE, KMOD_NONE, ACTION_PAUSE, 0, "Space",
                WORD("pause or resume; in a replay: play or stop")},
        {SDLK_SPACE, SHIFT, ACTION_CLOCK, 0, "⇧Space",
                WORD("pause the clock alone: the machines run on")},
        {SDLK_UP, KMOD_NONE, ACTION_ARROW, WAY_UP, "↑",
                WORD("choose in panel 1, 5, 6 or 7, else an inject")},
        {SDLK_DOWN, KMOD_NONE, ACTION_ARROW, WAY_DOWN, "↓", NULL},
        {SDLK_END, KMOD_NONE, ACTION_LAST, 0, "End", WORD("choose the last inject")},
        {SDLK_RETURN, KMOD_NONE, ACTION_ENTER, 0, "Enter, y",
                WORD("fire the inject; in panels 5 to 7: read the line")},
        {SDLK_KP_ENTER, KMOD_NONE, ACTION_ENTER, 0, NULL, NULL},
        {SDLK_h, KMOD_NONE, ACTION_HOLD, 0, "H", WORD("hold or release it")},
        {SDLK_h, SHIFT, ACTION_HOLD_ALL, 0, "⇧H", WORD("hold or release all")},
        {SDLK_k, KMOD_NONE, ACTION_SKIP, 0, "K, y", WORD("skip it: it never fires by itself")},
        {SDLK_e, KMOD_NONE, ACTION_EDIT, 0, "E", WORD("change it")},
        {SDLK_i, KMOD_NONE, ACTION_ADD, 0, "I", WORD("make a new one")},
        {SDLK_o, KMOD_NONE, ACTION_APPROVE, 0, "O",
                WORD("agree that it fires, where several must")},
        {SDLK_x, KMOD_NONE, ACTION_ACK, 0, "X", WORD("acknowledge the chosen or oldest alarm")},
        {SDLK_j, KMOD_NONE, ACTION_WHEN, -1, "J",
                WORD("replay of the chosen line or the newest alarm")},
        {SDLK_m, KMOD_NONE, ACTION_MESSAGE, 0, "M", WORD("write to a team or to all")},
        {SDLK_n, KMOD_NONE, ACTION_NOTE, 0, "N", WORD("note this moment, for the white cell only")},
        {SDLK_p, KMOD_NONE, ACTION_ADJUST, 0, "P", WORD("give or take points, with a reason")},
        {SDLK_z, CTRL, ACTION_UNDO, 0, "Ctrl+Z, y", WORD("take the last points by hand back")},
        {SDLK_f, KMOD_NONE, ACTION_FREEZE, 0, "F", WORD("freeze the public board, or thaw it")},
        {SDLK_e, SHIFT, ACTION_END, 0, "⇧E, Enter",
                WORD("end the exercise; its reason may be empty")},
        {SDLK_w, KMOD_NONE, ACTION_REPORT, 0, "W", WORD("write the report of the exercise")},
        {SDLK_r, KMOD_NONE, ACTION_REPLAY, 0, "R", WORD("replay from here; back to the present")},
        {SDLK_HOME, KMOD_NONE, ACTION_LIVE, 0, "Home", NULL},
        {SDLK_LEFT, KMOD_NONE, ACTION_ARROW, WAY_LEFT, "←",
                WORD("one event back or on; panel 2: move it")},
        {SDLK_RIGHT, KMOD_NONE, ACTION_ARROW, WAY_RIGHT, "→", NULL},
        {SDLK_LEFT, SHIFT, ACTION_JUMP, -60, "⇧←", WORD("one minute back or on")},
        {SDLK_RIGHT, SHIFT, ACTION_JUMP, 60, "⇧→", NULL},
        {SDLK_LEFTBRACKET, KMOD_NONE, ACTION_SPEED, -1, "[",
                WORD("speed of the replay; fixed delay")},
        {SDLK_RIGHTBRACKET, KMOD_NONE, ACTION_SPEED, 1, "]", NULL},
        {SDLK_d, KMOD_NONE, ACTION_DELAY, 0, "D", NULL},
        {SDLK_COMMA, KMOD_NONE, ACTION_MACHINE, -1, ",",
                WORD("choose a machine, as a click on it: then")},
        {SDLK_PERIOD, KMOD_NONE, ACTION_MACHINE, 1, ".", NULL},
        {SDLK_c, KMOD_NONE, ACTION_CONSOLE, 0, "C", WORD("… its console here")},
        {SDLK_c, SHIFT, ACTION_TERMINAL, 0, "⇧C", WORD("… its console in a terminal")},
        {SDLK_DELETE, KMOD_NONE, ACTION_RESET, 0, "Delete, y", WORD("… start it anew")},
        {SDLK_LEFT, CTRL, ACTION_MOVE, WAY_LEFT, "Ctrl+←", WORD("… move it, as dragging does")},
        {SDLK_RIGHT, CTRL, ACTION_MOVE, WAY_RIGHT, "→", NULL},
        {SDLK_UP, CTRL, ACTION_MOVE, WAY_UP, "↑", NULL},
        {SDLK_DOWN, CTRL, ACTION_MOVE, WAY_DOWN, "↓", NULL},
        {SDLK_g, KMOD_NONE, ACTION_PLACES, 0, "G", WORD("all machines go back to their places")},
        {SDLK_s, KMOD_NONE, ACTION_SAVE, 0, "S", WORD("checkpoint of all machines")},
        {SDLK_f, CTRL, ACTION_FIND, 0, "Ctrl+F", WORD("find a machine, team or address")},
        {SDLK_g, CTRL, ACTION_FOUND, 1, "Ctrl+G", WORD("the next that was found, the one before")},
        {SDLK_g, BOTH, ACTION_FOUND, -1, "⇧Ctrl+G", NULL},
        {SDLK_SLASH, KMOD_NONE, ACTION_FILTER, 0, "/", WORD("filter the events")},
        {SDLK_PLUS, KMOD_NONE, ACTION_ZOOM, 1, "+",
                WORD("zoom the topology; 0 fits; drag moves it")},
        {SDLK_EQUALS, KMOD_NONE, ACTION_ZOOM, 1, NULL, NULL},
        {SDLK_KP_PLUS, KMOD_NONE, ACTION_ZOOM, 1, NULL, NULL},
        {SDLK_MINUS, KMOD_NONE, ACTION_ZOOM, -1, "−", NULL},
        {SDLK_KP_MINUS, KMOD_NONE, ACTION_ZOOM, -1, NULL, NULL},
        {SDLK_0, KMOD_NONE, ACTION_FIT, 0, "0", NULL},
        {SDLK_KP_0, KMOD_NONE, ACTION_FIT, 0, NULL, NULL},
        {SDLK_l, KMOD_NONE, ACTION_LABELS, 0, "L", WORD("labels on or off")},
        {SDLK_a, KMOD_NONE, ACTION_ATTACKS, 0, "A", WORD("attacks on or off")},
        {SDLK_t, KMOD_NONE, ACTION_TRAFFIC, 0, "T", WORD("traffic on or off")},
        {SDLK_b, KMOD_NONE, ACTION_SCREENS, 0, "B", WORD("machines' screens on or off")},
        {SDLK_v, KMOD_NONE, ACTION_STEPS, 0, "V", WORD("services or attack steps")},
        {SDLK_1, KMOD_NONE, ACTION_FOCUS, 1, "1", WORD("choose a panel")},
        {SDLK_2, KMOD_NONE, ACTION_FOCUS, 2, "2", NULL},
        {SDLK_3, KMOD_NONE, ACTION_FOCUS, 3, "3", NULL},
        {SDLK_4, KMOD_NONE, ACTION_FOCUS, 4, "4", NULL},
        {SDLK_5, KMOD_NONE, ACTION_FOCUS, 5, "5", NULL},
        {SDLK_6, KMOD_NONE, ACTION_FOCUS, 6, "6", NULL},
        {SDLK_7, KMOD_NONE, ACTION_FOCUS, 7, "7", NULL},
        {SDLK_TAB, KMOD_NONE, ACTION_PANEL, 1, "Tab", WORD("the next panel, the one before")},
        {SDLK_TAB, SHIFT, ACTION_PANEL, -1, "⇧Tab", NULL},
        {SDLK_PAGEUP, KMOD_NONE, ACTION_PAGE, 5, "Page up",
                WORD("scroll the events; after 1 or 7 that panel")},
        {SDLK_PAGEDOWN, KMOD_NONE, ACTION_PAGE, -5, "down", NULL},
        {SDLK_F1, KMOD_NONE, ACTION_HELP, 0, "F1", WORD("this sheet")},
        {SDLK_F2, KMOD_NONE, ACTION_LANGUAGE, 0, "F2", WORD("language")},
        {SDLK_F3, KMOD_NONE, ACTION_THEME, 0, "F3", WORD("colours")},
        {SDLK_F11, KMOD_NONE, ACTION_VIEW, 0, "F11", WORD("wall, without controls; again: back")},
        {SDLK_F11, SHIFT, ACTION_VIEW, 1, "⇧F11",
                WORD("next view: control, wall, public, instructor")},
        {SDLK_F12, KMOD_NONE, ACTION_SHOOT, 0, "F12", WORD("write a screenshot here")},
        {SDLK_ESCAPE, KMOD_NONE, ACTION_BACK, 0, "Esc",
                WORD("close, back; as the right mouse button")},
        {SDLK_q, KMOD_NONE, ACTION_QUIT, 0, "Q", WORD("leave the display")},
};
/* clang-format on */

const guint keys_count = G_N_ELEMENTS(keys_table);

static const struct key *exactly(SDL_Keycode key, SDL_Keymod mod)
{
    for (guint i = 0; i < keys_count; i++) {
        if (keys_table[i].key == key && keys_table[i].mod == mod) {
            return &keys_table[i];
        }
    }
    return NULL;
}

const struct key *keys_find(SDL_Keycode key, SDL_Keymod mod)
{
    bool shift = mod & KMOD_SHIFT;
    bool ctrl = mod & KMOD_CTRL;
    const struct key *found = exactly(key, shift && ctrl ? BOTH
                                           : shift       ? SHIFT
                                           : ctrl        ? CTRL
                                                         : KMOD_NONE);
    bool letter = key >= SDLK_a && key <= SDLK_z;
    return found || !shift || ctrl || letter ? found : exactly(key, KMOD_NONE);
}
