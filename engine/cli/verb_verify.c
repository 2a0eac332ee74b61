/* verb_verify.c - sandtable verify: whether ledgers are what their writer wrote. */
#include "cli/cli_view.h"
#include "cli/verify_proof.h"

#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "ledger/ledger.h"
#include "ledger/sign.h"
#include "report/exam_result.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 4096 /* of a file, that are shown */

extern const struct verb verb_verify;

/* The name of an exercise, or a path. A file of such a name in the present folder is ./NAME: what
 * is verified must not depend on where somebody stands. */
static char *find(const char *argument)
{
    g_autofree char *ledger = paths_name_is_valid(argument) ? paths_ledger(argument) : NULL;
    bool is_exercise = ledger && (g_file_test(ledger, G_FILE_TEST_EXISTS) ||
                                         !g_file_test(argument, G_FILE_TEST_IS_REGULAR));
    return is_exercise ? g_steal_pointer(&ledger) : g_strdup(argument);
}

static char *head_text(const struct ledger_report *report)
{
    GString *hex = g_string_new(NULL);
    for (int i = 0; i < EVENT_HASH_BYTES; i++) {
        g_string_append_printf(hex, "%02x", report->head[i]);
    }
    return g_string_free(hex, FALSE);
}

static void print_signatures(const struct ledger_report *report)
{
    if (report->signatures == 0) {
        puts("  nobody has signed it");
        return;
    }
    g_autofree char *key = sign_public_text(report->key);
    printf("  %" G_GINT64_FORMAT
           " signatures by %.16s… are good; the last, %s, covers rows 1 to %" G_GINT64_FORMAT "\n",
            report->signatures, key, report->code, report->signed_size);
    if (report->events > report->signed_size + 1) {
        printf("  rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
               " are signed by nobody: by no engine yet, or forged\n",
                report->signed_size + 2, report->events);
    }
}

static void print_report(const char *path, const struct ledger_report *report)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *head = head_text(report);
    if (!report->reason) {
        printf("%s: %" G_GINT64_FORMAT " events verify, head %s\n", name, report->events, head);
        print_signatures(report);
        return;
    }
    printf("%s: ", name);
    if (report->bad_seq) {
        printf("row %" G_GINT64_FORMAT ": ", report->bad_seq);
    }
    g_autofree char *reason = text_clean_tail(report->reason, strlen(report->reason), TEXT_BYTES);
    printf("%s (%" G_GINT64_FORMAT " events verify before it, head %s)\n", reason, report->events,
            head);
}

static cJSON *report_json(const char *path, const struct ledger_report *report, const GError *error)
{
    cJSON *out = cJSON_CreateObject();
    g_autofree char *head = head_text(report);
    const char *reason = error ? error->message : report->reason;
    cJSON_AddStringToObject(out, "ledger", path);
    cJSON_AddBoolToObject(out, "ok", !reason);
    cJSON_AddStringToObject(out, "suite", suite_name(report->suite));
    json_add_int(out, "events", report->events);
    cJSON_AddStringToObject(out, "head", head);
    json_add_int(out, "bad_seq", report->bad_seq);
    json_add_int(out, "signatures", report->signatures);
    if (report->signatures > 0) {
        g_autofree char *key = sign_public_text(report->key);
        cJSON_AddStringToObject(out, "key", key);
        cJSON_AddStringToObject(out, "code", report->code);
        json_add_int(out, "signed", report->signed_size);
    }
    if (reason) {
        cJSON_AddStringToObject(out, "reason", reason);
    } else {
        cJSON_AddNullToObject(out, "reason");
    }
    return out;
}

struct known { /* from elsewhere; each may be missing */
    bool has_key;
    unsigned char key[SIGN_PUBLIC];
    char *code;
};

/* ---- results of exams ---------------------------------------------------------------------- */

/* A ledger is binary, a result begins with a brace. */
static bool is_result(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file ? fgetc(file) : EOF;
    if (file) {
        fclose(file);
    }
    return first == '{';
}

static cJSON *result_json(const char *path, const struct exam_result *result, const GError *error)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "result", path);
    cJSON_AddBoolToObject(out, "ok", !error);
    if (error) {
        cJSON_AddStringToObject(out, "reason", error->message);
        return out;
    }
    g_autofree char *key = sign_public_text(result->key);
    cJSON_AddStringToObject(out, "key", key);
    cJSON_AddStringToObject(out, "code", result->code);
    cJSON_AddStringToObject(out, "digest", result->digest);
    json_add_int(out, "events", result->events);
    cJSON_AddStringToObject(out, "checkpoint", result->checkpoint.code);
    cJSON_AddItemToObject(out, "mark", cJSON_Duplicate(json_object(result->payload, "mark"), true));
    return out;
}

static void print_result(const char *path, const struct exam_result *result, bool known)
{
    auto_json mark = cJSON_Duplicate(json_object(result->payload, "mark"), true);
    json_clean(mark, TEXT_BYTES, true); /* a stranger's */
    const cJSON *of = cJSON_GetArrayItem(json_array(mark, "candidates"), 0);
    const cJSON *total = json_object(of, "total");
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *key = sign_public_text(result->key);
    printf("%s: candidate %s, %s: %g of %g points (%g %%), %s\n", name,
            json_string(of, "candidate", ""), json_string(mark, "title", ""),
            json_number(total, "points", 0), json_number(total, "of", 0),
            json_number(total, "percent", 0),
            json_bool(of, "passed", false) ? "passed" : "not passed");
    printf("  code %s, signed by %.16s…; its %d events are in the ledger signed as %s and give "
           "this "
           "mark\n",
            result->code, key, result->events, result->checkpoint.code);
    if (!known) {
        puts("  whose key that is, this file cannot say: compare with --key");
    }
}

static bool verify_result(const char *path, const struct known *known, cJSON *list)
{
    struct exam_result result = {0};
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    bool ok = g_file_get_contents(path, &text, &length, &error) &&
              exam_result_check(text, length, known->has_key ? known->key : NULL, &result, &error);
    if (ok && known->code && g_ascii_strcasecmp(known->code, result.code) != 0 &&
            g_ascii_strcasecmp(known->code, result.checkpoint.code) != 0) {
        ok = false;
        g_set_error(&error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "%s has the code %s, not %s",
                path, result.code, known->code);
    }
    if (list) {
        cJSON_AddItemToArray(list, result_json(path, &result, error));
    } else if (!ok) {
        cli_say("%s: %s", path, error->message);
    } else {
        print_result(path, &result, known->has_key);
    }
    exam_result_clear(&result);
    return ok;
}

/* Verifies one; adds to list when there is one, else prints. */
static bool verify_one(const char *argument, const struct known *known, cJSON *list)
{
    g_autofree char *path = find(argument);
    const unsigned char *key = known->has_key ? known->key : NULL;
    auto_json proof = verify_proof_read(path);
    if (proof) {
        return verify_proof(path, proof, key, known->code, list);
    }
    g_autoptr(GError) error = NULL;
    struct ledger_report report;
    if (is_result(path)) {
        return verify_result(path, known, list);
    }
    bool ok = ledger_verify_against(path, key, known->code, &report, &error);
    if (list) {
        cJSON_AddItemToArray(list, report_json(path, &report, error));
    } else if (error) {
        cli_say("%s", error->message);
    } else {
        print_report(path, &report);
    }
    ledger_report_clear(&report);
    return ok;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    g_autofree char *key = NULL;
    g_autofree char *code = NULL;
    struct known known = {0};
    const GOptionEntry entries[] = {
            {"key", 0, 0, G_OPTION_ARG_STRING, &key,
                    "the signer's public key, as sandtable key prints it, or a file of it", "KEY"},
            {"code", 0, 0, G_OPTION_ARG_STRING, &code, "a code that was noted during the exercise",
                    "CODE"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_verify, entries, &argc, &argv, 0, -1, error) ||
            (key && !sign_public_parse(key, known.key, error)) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    known.has_key = key != NULL;
    known.code = code;
    struct cli_target latest = {0};
    char *only[] = {argv[0], NULL, NULL};
    if (argc == 1) {
        if (!cli_target(NULL, &latest, error)) {
            return 1;
        }
        only[1] = latest.ledger;
        argv = only;
        argc = 2;
    }
    cJSON *list = json ? cJSON_CreateArray() : NULL;
    bool ok = true;
    for (int i = 1; i < argc; i++) {
        ok = verify_one(argv[i], &known, list) && ok;
    }
    cli_target_clear(&latest);
    if (list) {
        cJSON *out = cJSON_CreateObject();
        cJSON_AddBoolToObject(out, "ok", ok);
        cJSON_AddItemToObject(out, "ledgers", list);
        cli_print_json(out);
    }
    return ok ? 0 : 1;
}

const struct verb verb_verify = {
        .name = "verify",
        .usage = "verify [LEDGER|NAME|RESULT|PROOF…] [--key KEY] [--code CODE] [--json]",
        .summary = "check ledgers, their signatures, proofs from them, and results of exams",
        .order = 50,
        .keeps_root = true,
        .run = run,
};
