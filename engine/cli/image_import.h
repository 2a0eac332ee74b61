/* image_import.h - sandtable image import and remove: a part of verb_image.c. */
#pragma once

#include <glib.h>

/* argv[0] is "import" or "remove"; what a verb's run returns. */
int image_import_run(int argc, char **argv, GError **error);
int image_remove_run(int argc, char **argv, GError **error);
