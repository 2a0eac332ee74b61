/* assign.h - the best one-to-one assignment. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* rows × columns of values, [row * columns + column], all ≥ 0: which column each row is given so
 * that the sum is greatest, -1: none (or one of value 0). out: rows numbers. Time grows with the cube
 * of the larger side. The same values give the same assignment. */
void assign_best(const double *values, guint rows, guint columns, int *out);
