/* undo_capture.c - what is to be said of a capture whose engine was killed. */
#include "cli/undo_capture.h"

#include "base/json.h"
#include "run/capture_left.h"

#include <string.h>

struct event *undo_capture(const struct event *opened)
{
    auto_json body = json_parse(opened->body, strlen(opened->body), NULL);
    const char *name = json_string(body, "name", "");
    if (!g_str_has_prefix(opened->subject, "capture:") || !*name) {
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(name);
    g_autofree char *stem = g_path_get_basename(name);
    cJSON *stopped = cJSON_CreateObject();
    cJSON_AddStringToObject(stopped, "by", "down");
    cJSON_AddStringToObject(stopped, "folder", folder);
    cJSON_AddStringToObject(stopped, "problem", "the engine was gone");
    cJSON_AddItemToObject(stopped, "files", capture_left_files(folder, stem, opened->wall_us));
    return event_new(
            "capture.stopped", opened->team, opened->subject + strlen("capture:"), stopped);
}
