/* registers.h - the Modbus map of the controller, and frames from strangers taken apart.
 *
 * Modbus Application Protocol V1.1b3 (function codes) and Modbus Messaging on TCP/IP V1.0b (MBAP
 * header: transaction, protocol 0, length, unit).
 */
#pragma once

#include "tank.h"

#include <modbus.h>
#include <stdbool.h>
#include <stddef.h>

#define REGISTERS_COILS 1    /* 0 pump */
#define REGISTERS_DISCRETE 2 /* 0 high level, 1 overflow */
#define REGISTERS_HOLDING 3  /* 0 set-point (cm), 1 mode, 2 manual valve (per mille) */
#define REGISTERS_INPUT 4    /* 0 level (cm), 1 valve (per mille), 2 alarms, 3 overflow (litres) */

/* The length of the frame at the head of bytes, 0 while it is not whole, -1 when it can never be
 * one (protocol, length, or counts that do not fit the length). */
int registers_frame(const uint8_t *bytes, size_t used);

/* True for a function that writes, or one that is not a plain read: what then says "hr0=480" and
 * the like, at most size bytes. */
bool registers_is_write(const uint8_t *frame, size_t length, char *what, size_t size);

/* Tank to map, before a reply; map to tank, after a write (out of range values are cut). */
void registers_publish(const struct tank *tank, modbus_mapping_t *map);
void registers_take(struct tank *tank, const modbus_mapping_t *map);
