/* exam_seats.h - gives an exam its key, its roster and its seats. */
#pragma once

#include "plan/exam.h"

#include <glib.h>
#include <stdbool.h>

/* Reads --roster (NULL: none) as whoever called, before the account changes. NULL with error. */
cJSON *exam_seats_roster(const char *path, GError **error);

/* The number of teams to make: as asked for, else as many as the roster has candidates. */
int exam_seats_teams(const struct plan *plan, const cJSON *roster, int asked);

/* plan_exam_assign() with the account's exam key (state/exam.key, made at first use). nonce NULL: a
 * new one. */
bool exam_seats_assign(struct plan *plan, const cJSON *roster, const char *nonce, GError **error);
