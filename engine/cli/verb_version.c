/* verb_version.c - sandtable version: what this program is and what it speaks. */
#include "cli/cli.h"

#include "control/control.h"

#include <stdio.h>

extern const struct verb verb_version;

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_version, entries, &argc, &argv, 0, 0, error)) {
        return 2;
    }
    if (json) {
        cJSON *out = cJSON_CreateObject();
        cJSON_AddStringToObject(out, "version", SANDTABLE_VERSION);
        cJSON_AddNumberToObject(out, "ledger_schema", LEDGER_SCHEMA);
        cJSON_AddNumberToObject(out, "protocol", CONTROL_PROTOCOL);
        cli_print_json(out);
    } else {
        printf("sandtable %s (ledger schema %d, control protocol %d)\n", SANDTABLE_VERSION,
                LEDGER_SCHEMA, CONTROL_PROTOCOL);
    }
    return 0;
}

const struct verb verb_version = {
        .name = "version",
        .usage = "version [--json]",
        .summary = "say what this program is",
        .order = 99,
        .run = run,
};
