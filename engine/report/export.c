/* export.c - the formats by name, and the times and ids that they share. */
#include "report/export_internal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

const char *const export_formats[] = {
        "csv", "navigator", "stix", "ctftime", "ccs", "ecs", "ocsf", NULL};

char *export_text(const cJSON *document, const char *format, GError **error)
{
    static const struct {
        const char *name;
        char *(*write)(const cJSON *document);
    } writers[] = {
            {"csv", export_csv},
            {"navigator", export_navigator},
            {"stix", export_stix},
            {"ctftime", export_ctftime},
            {"ccs", export_ccs},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(writers); i++) {
        if (!strcmp(writers[i].name, format)) {
            return writers[i].write(document);
        }
    }
    g_autofree char *hint = text_did_you_mean(format, export_formats);
    g_autofree char *all = g_strjoinv(", ", (char **)export_formats);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "no format \"%s\"%s: use one of %s",
            format, hint, all);
    return NULL;
}

char *export_time(gint64 wall_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(wall_us / G_USEC_PER_SEC);
    g_autofree char *seconds = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;
    int ms = (int)((wall_us % G_USEC_PER_SEC) / 1000);
    return seconds ? g_strdup_printf("%s.%03dZ", seconds, MAX(ms, 0))
                   : g_strdup("1970-01-01T00:00:00.000Z");
}

char *export_contest_time(gint64 us)
{
    gint64 ms = MAX(us, 0) / 1000;
    return g_strdup_printf("%" G_GINT64_FORMAT ":%02d:%02d.%03d", ms / 3600000,
            (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* Known exactly for the start of each step; in between what was paused since shifts it. */
gint64 export_wall_us(const cJSON *document, gint64 at_us)
{
    gint64 wall_us = json_int(json_object(document, "exercise"), "started_us", 0) + at_us;
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        gint64 started_us = json_int(run, "started_us", 0);
        if (started_us <= at_us) {
            wall_us = MAX(wall_us, json_int(run, "wall_us", 0) + at_us - started_us);
        }
    }
    return wall_us;
}

/* RFC 9562, 5.5, over SHA-1. The name space is a UUID of our own, made once. */
char *export_uuid(const char *text)
{
    static const guint8 space[16] = {0x5a, 0x2d, 0x7a, 0xb1, 0xe0, 0x31, 0x4c, 0x6e, 0x9f, 0x0d,
            0x1b, 0x84, 0x27, 0xc5, 0x93, 0x60};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 id[20];
    gsize length = sizeof(id);
    g_checksum_update(sum, space, sizeof(space));
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(sum, id, &length);
    id[6] = (guint8)((id[6] & 0x0f) | 0x50);
    id[8] = (guint8)((id[8] & 0x3f) | 0x80);
    GString *out = g_string_new(NULL);
    for (int i = 0; i < 16; i++) {
        g_string_append_printf(
                out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
    }
    return g_string_free(out, FALSE);
}
