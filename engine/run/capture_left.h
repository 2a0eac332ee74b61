/* capture_left.h - the files of a capture whose engine was killed. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

/* [{"file","bytes","last_us","sha256"}] of FOLDER/STEM-0001.pcapng and on that were written since
 * since_us (wall clock), the newest NET_CAPTURE_FILES_MAX, oldest first; the caller's. last_us is
 * not before the last packet. */
cJSON *capture_left_files(const char *folder, const char *stem, gint64 since_us);
