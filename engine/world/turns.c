/* turns.c - who may begin when only so many may be at it. */
#include "world/turns.h"

static void take(struct turns *turns, enum turn *turn)
{
    *turn = TURN_TAKEN;
    turns->taken++;
}

bool turn_ask(struct turns *turns, enum turn *turn)
{
    if (*turn == TURN_TAKEN) {
        turns->taken--;
    }
    *turn = TURN_WAITS;
    if (turns->taken >= turns->room) {
        return false;
    }
    take(turns, turn);
    return true;
}

bool turn_over(struct turns *turns, enum turn *turn)
{
    if (*turn == TURN_TAKEN) {
        turns->taken--;
        *turn = TURN_NONE;
        return true;
    }
    if (*turn == TURN_WAITS) {
        *turn = TURN_LOST;
        return true;
    }
    return false;
}

enum turn_next turn_settle(struct turns *turns, enum turn *turn)
{
    if (*turn == TURN_LOST) {
        *turn = TURN_NONE;
        return TURN_TELL;
    }
    if (*turn == TURN_WAITS && turns->taken < turns->room) {
        take(turns, turn);
        return TURN_BEGINS;
    }
    return TURN_STAYS;
}
