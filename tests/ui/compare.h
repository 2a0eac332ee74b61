/* compare.h - two pictures: equal, near enough, or different. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Near enough: root mean square error of at most 0.004 and less than 0.5 % of the pixels off by
 * more than 24 of 255 in a channel; other versions of the fonts' rasteriser stay within. */
enum compare_result { COMPARE_EQUAL, COMPARE_NEAR, COMPARE_DIFFERENT, COMPARE_UNREADABLE };

/* Compares two PNG files. When they are not equal and diff is not NULL, writes a picture there that
 * is dark where they agree and bright where they do not. */
enum compare_result compare_png(const char *expected, const char *got, const char *diff);

/* Fails the test when what draw() writes is not the golden picture of that name, near enough;
 * SANDTABLE_UPDATE_GOLDEN=1 makes it that. */
void compare_golden(
        const char *name, void (*draw)(const char *path, gconstpointer data), gconstpointer data);
