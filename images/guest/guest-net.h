/* guest-net.h - network cards of a guest, by ioctl and `ip`; no library, no daemon. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Sets the interface up in the current namespace. */
bool net_up(const char *name);

/* spec is MAC,ADDR/PREFIX[,gw=ADDR][,ns=NAME] (cut up on the way): finds the card, moves it to the
 * named network namespace if there is one, sets its address, up, default route. False and a text of
 * at most size bytes in problem otherwise. */
bool net_configure(char *spec, char *problem, size_t size);

/* Gives the card whose address is was another one; false: errno says why. */
bool net_set_mac(const char *was, const char *mac);

/* For a machine that is about to be frozen: all cards are up, without addresses and silent, for IPv6
 * is off. net_settle() turns it on; a card that has gone to another namespace has it on by itself.
 * False when a card could not. */
bool net_make_ready(void);
bool net_settle(void);
