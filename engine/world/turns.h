/* turns.h - who may begin when only so many may be at it: a pure module. */
#pragma once

#include <stdbool.h>

enum turn {
    TURN_NONE,
    TURN_WAITS,
    TURN_TAKEN,
    TURN_LOST, /* given up while it waited: who asked is still to be told */
};

struct turns {
    int room;  /* how many may be at it */
    int taken; /* how many are */
};

enum turn_next { TURN_STAYS, TURN_BEGINS, TURN_TELL };

/* Asks for a turn; one that has or had one starts over. True: it has it, and begins now. */
bool turn_ask(struct turns *turns, enum turn *turn);

/* It is done, or never will be, or is not to begin. True: all others are to be looked at with
 * turn_settle(), but later: not from within. */
bool turn_over(struct turns *turns, enum turn *turn);

/* TURN_BEGINS: it has the turn now. TURN_TELL: it has lost it, and is told so this once. */
enum turn_next turn_settle(struct turns *turns, enum turn *turn);
