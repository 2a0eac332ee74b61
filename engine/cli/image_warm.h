/* image_warm.h - warm states of images, for `sandtable image`: built ahead, listed, verified. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* Makes the warm state of each named image for machines of that memory (0: what the image
 * recommends) and number of cards, unless it is there. Enters a cell: once a process. */
bool image_warm_build(char **names, int memory_mib, int cards, GError **error);

/* Adds "warm" to each image of image_list(). */
bool image_warm_add(cJSON *images, GError **error);
/* A table below that of the images; nothing when there are none. */
void image_warm_print(const cJSON *images);

/* Reads every byte of the named images' states and says what it found; the first damage is the
 * error. */
bool image_warm_verify(char **names, GError **error);
