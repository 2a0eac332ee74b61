/* cli_capture.h - what the command line knows of an exercise's captures. */
#pragma once

#include "cli/cli_view.h"

/* As capture_fold_to_json(); of a running exercise with the files and counts of this moment. The
 * caller's. */
cJSON *cli_captures_read(const struct cli_target *target, GError **error);

struct cli_capture_wish { /* which packets */
    const char *step;     /* of this step, or NULL */
    const char *team;     /* of this team, or NULL */
    const char *network;  /* of this network only, or NULL */
    gint64 last_us;       /* of the last so many microseconds; 0: all */
    gint64 margin_us;     /* before and after a step */
};

struct cli_capture_saved {
    guint64 packets;
    gint64 from_us, to_us; /* wall clock */
    guint networks;
};

/* Writes them to fd, which is taken over. path is for messages. */
bool cli_capture_save(const cJSON *captures, const struct cli_capture_wish *wish, int fd,
        const char *path, struct cli_capture_saved *ret, GError **error);
