/* verify_proof.c - sandtable verify for proofs: what a file proves, and by whose key. */
#include "cli/verify_proof.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "ledger/proof.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define PROOF_MAX (4 << 20) /* bytes: a body has half a MiB, escaped it may grow */

cJSON *verify_proof_read(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return NULL;
    }
    int first = fgetc(file);
    (void)fclose(file);
    GStatBuf st;
    g_autofree char *text = NULL;
    gsize length = 0;
    if (first != '{' || g_stat(path, &st) != 0 || st.st_size > PROOF_MAX ||
            !g_file_get_contents(path, &text, &length, NULL)) {
        return NULL;
    }
    cJSON *json = json_parse(text, length, NULL);
    if (!proof_is(json)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static cJSON *answer_json(const char *path, bool ok, const struct proof_seen *seen, const char *why)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "file", path);
    cJSON_AddStringToObject(out, "proof", seen->consistency ? "consistency" : "inclusion");
    cJSON_AddBoolToObject(out, "ok", ok);
    if (ok) {
        g_autofree char *key = sign_public_text(seen->later.key);
        cJSON_AddStringToObject(out, "suite", suite_name(seen->later.suite));
        cJSON_AddStringToObject(out, "key", key);
        cJSON_AddStringToObject(out, "code", seen->later.code);
        json_add_int(out, "signed", seen->later.size);
    }
    if (ok && seen->consistency) {
        cJSON_AddStringToObject(out, "earlier_code", seen->earlier.code);
        json_add_int(out, "earlier_signed", seen->earlier.size);
    }
    if (ok && seen->event) {
        g_autofree char *line = event_to_line(seen->event);
        cJSON_AddItemToObject(out, "event", json_parse(line, strlen(line), NULL));
    }
    if (why) {
        cJSON_AddStringToObject(out, "reason", why);
    } else {
        cJSON_AddNullToObject(out, "reason");
    }
    return out;
}

static void print_answer(const char *path, const struct proof_seen *seen, const char *why)
{
    g_autofree char *name = g_path_get_basename(path);
    if (why) {
        printf("%s: proves nothing: %s\n", name, why);
        return;
    }
    g_autofree char *key = sign_public_text(seen->later.key);
    if (seen->consistency) {
        printf("%s: the ledger of %" G_GINT64_FORMAT " events with the code %s begins with the "
               "%" G_GINT64_FORMAT " events of the code %s, unchanged; both are signed by %.16s…\n",
                name, seen->later.size, seen->later.code, seen->earlier.size, seen->earlier.code,
                key);
        return;
    }
    printf("%s: event %" G_GINT64_FORMAT " stands in the ledger of %" G_GINT64_FORMAT
           " events with the code %s, signed by %.16s…\n  ",
            name, seen->event->seq, seen->later.size, seen->later.code, key);
    cli_event_print(seen->event, false);
}

bool verify_proof(const char *path, const cJSON *proof, const unsigned char *key, const char *code,
        cJSON *list)
{
    struct proof_seen seen;
    const char *why = NULL;
    bool ok = proof_check(proof, key, code, &seen, &why);
    if (list) {
        cJSON_AddItemToArray(list, answer_json(path, ok, &seen, why));
    } else {
        print_answer(path, &seen, why);
    }
    if (ok && !key) {
        cli_say("%s: anybody can make a key; with --key it is the signer's or it fails", path);
    }
    proof_seen_clear(&seen);
    return ok;
}
