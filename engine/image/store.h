/* store.h - the folders of the store; for the files of image/ only. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* STORE/NAME-DIGEST; the caller frees. */
char *store_dir(const char *name, const char *digest);

/* Removes dir and what is below it. */
bool store_remove(const char *dir, GError **error);
