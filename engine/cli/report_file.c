/* report_file.c - an exercise's report read from its ledger, as data, page or file. */
#include "cli/report_file.h"

#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"
#include "report/aar.h"
#include "report/page.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool fold(const struct event *event, gpointer data)
{
    aar_apply(data, event);
    return true;
}

/* A report without its score would look like one of a drill without points. */
static cJSON *whole(cJSON *document, const char *ledger, GError **error)
{
    const char *failure = json_string(json_object(document, "score"), "failure", NULL);
    if (!failure) {
        return document;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
            "%s: there is no score: %s; no report is made without it", ledger, failure);
    cJSON_Delete(document);
    return NULL;
}

static cJSON *read_as(const char *ledger, bool public, GError **error)
{
    if (!cli_read_verified(ledger, "report", error)) {
        return NULL;
    }
    struct aar *aar = public ? aar_new_public() : aar_new();
    bool ok = public ? cli_read_public(ledger, fold, aar, error)
                     : cli_read_ledger(ledger, 1, fold, aar, error);
    cJSON *document = ok ? aar_to_json(aar) : NULL;
    aar_free(aar);
    return document ? whole(document, ledger, error) : NULL;
}

cJSON *report_read(const char *ledger, GError **error)
{
    return read_as(ledger, false, error);
}

cJSON *report_read_public(const char *ledger, GError **error)
{
    return read_as(ledger, true, error);
}

const char *report_usual_lang(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value && *value) {
            return g_str_has_prefix(value, "zh") ? "zh" : "en";
        }
    }
    return "en";
}

bool report_write_all(int fd, const char *path, const char *text, GError **error)
{
    gsize length = strlen(text);
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s: %s", path,
                    g_strerror(errno));
            return false;
        }
        text += written;
        length -= (gsize)written;
    }
    return true;
}

char *report_write_beside(const char *ledger, GError **error)
{
    cJSON *document = report_read(ledger, error);
    if (!document) {
        return NULL;
    }
    gsize length = strlen(ledger) - (g_str_has_suffix(ledger, ".ledger") ? strlen(".ledger") : 0);
    g_autofree char *path = g_strdup_printf("%.*s.html", (int)length, ledger);
    g_autofree char *html = page_html(document, report_usual_lang());
    cJSON_Delete(document);
    if (!g_file_set_contents_full(path, html, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error)) {
        return NULL;
    }
    return g_steal_pointer(&path);
}
