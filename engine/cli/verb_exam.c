/* verb_exam.c - sandtable exam: candidates' clocks, marks, evidence, signed results. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_output.h"
#include "cli/exam_view.h"
#include "cli/signing.h"
#include "plan/exam.h"
#include "report/exam_result.h"

#include <string.h>
#include <unistd.h>

extern const struct verb verb_exam;

#define TEXT_BYTES 4096 /* of one text, that are shown */

struct request {
    const struct cli_target *target;
    char **words; /* what follows NAME, NULL-terminated */
    int n;
    char *by, *reason, *out, *certificate, *candidate;
    gboolean json;
    struct cli_output output, page;
};

/* Prints json by view, or as it is; consumes it. */
static bool show(const struct request *request, cJSON *json, void (*view)(const cJSON *json))
{
    if (!json) {
        return false;
    }
    if (request->json) {
        cli_print_json(json);
    } else {
        json_clean(json, TEXT_BYTES, view != exam_view_paper); /* an author's, or a stranger's */
        view(json);
        cJSON_Delete(json);
    }
    return true;
}

static bool usage(GError **error)
{
    g_set_error(
            error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "usage: sandtable %s", verb_exam.usage);
    return false;
}

/* ---- examiners' actions -------------------------------------------------------------------- */

static bool parse_amount(const char *action, const char *text, cJSON *params, GError **error)
{
    gint64 us = 0;
    bool less = text[0] == '-';
    if (!strcmp(action, "extend")) {
        if (!plan_duration_parse(text + less, &us) || us == 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "\"%s\" is no time to add, such as 10m", text);
            return false;
        }
        json_add_int(params, "us", less ? -us : us);
        return true;
    }
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 1, G_GUINT64_CONSTANT(1) << 53, &number, error)) {
        return false;
    }
    json_add_int(params, "answer", (gint64)number);
    return true;
}

static void print_action(const struct request *request, const char *action, const cJSON *result)
{
    gint64 seq = json_int(result, "seq", 0);
    if (request->json) {
        cli_print_json(cJSON_Duplicate(result, true));
    } else if (json_bool(result, "pending", false)) {
        cli_say("request %" G_GINT64_FORMAT " waits for a second person: `sandtable exam approve "
                "%s %" G_GINT64_FORMAT " --by WHO`",
                seq, request->target->name, seq);
    } else {
        cli_say("%s: recorded as event %" G_GINT64_FORMAT, action, seq);
    }
}

static bool act(const struct request *request, const char *action, GError **error)
{
    bool amount = !strcmp(action, "extend") || !strcmp(action, "accept");
    auto_json params = cJSON_CreateObject();
    const char *token = g_getenv("SANDTABLE_TOKEN");
    if (request->n != (amount ? 2 : 1)) {
        return usage(error);
    }
    if (amount && !parse_amount(action, request->words[1], params, error)) {
        return false;
    }
    cJSON_AddStringToObject(params, "action", action);
    if (!strcmp(action, "approve")) {
        json_add_int(params, "request", g_ascii_strtoll(request->words[0], NULL, 10));
    } else {
        cJSON_AddStringToObject(params, "candidate", request->words[0]);
    }
    if (request->by) {
        cJSON_AddStringToObject(params, "by", request->by);
    }
    if (request->reason) {
        cJSON_AddStringToObject(params, "reason", request->reason);
    }
    if (token) {
        cJSON_AddStringToObject(params, "token", token);
    }
    auto_json result = cli_call(request->target->name, "exam", g_steal_pointer(&params), error);
    if (result) {
        print_action(request, action, result);
    }
    return result != NULL;
}

static bool run_act(const struct request *request, const char *action, GError **error)
{
    return act(request, action, error);
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool run_status(const struct request *request, const char *action, GError **error)
{
    (void)action;
    gint64 at_us = 0;
    if (request->target->socket) {
        return show(request, cli_call(request->target->name, "exam-status", NULL, error),
                exam_view_status);
    }
    struct exam *exam = exam_view_read(request->target->ledger, &at_us, error);
    bool ok = exam && show(request, exam_status(exam, at_us), exam_view_status);
    exam_free(exam);
    return ok;
}

static bool run_paper(const struct request *request, const char *action, GError **error)
{
    (void)action;
    if (request->n != 1) {
        return usage(error);
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "candidate", request->words[0]);
    return show(
            request, cli_call(request->target->name, "exam-paper", params, error), exam_view_paper);
}

static bool run_mark(const struct request *request, const char *action, GError **error)
{
    gint64 at_us = 0;
    bool evidence = !strcmp(action, "evidence");
    struct exam *exam = exam_view_read(request->target->ledger, &at_us, error);
    bool ok = exam != NULL;
    if (exam && evidence) {
        ok = show(request, exam_evidence(exam), exam_view_evidence);
    } else if (exam) {
        ok = show(request, exam_mark(exam, request->candidate), exam_view_mark);
    }
    exam_free(exam);
    return ok;
}

static void print_owner(const cJSON *secret)
{
    printf("%s, for %s\n", json_string(secret, "owner", ""), json_string(secret, "question", ""));
}

/* Whose secret is this? */
static bool run_whose(const struct request *request, const char *action, GError **error)
{
    (void)action;
    gint64 at_us = 0;
    if (request->n != 1) {
        return usage(error);
    }
    struct exam *exam = exam_view_read(request->target->ledger, &at_us, error);
    if (!exam) {
        return false;
    }
    const char *question = "";
    g_autofree char *secret = plan_exam_normal(PLAN_EXAM_FLAG, request->words[0]);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
    const char *owner = exam_owner(exam, digest, &question);
    if (owner || request->json) {
        cJSON *out = cJSON_CreateObject();
        cJSON_AddStringToObject(out, "owner", owner ? owner : "");
        cJSON_AddStringToObject(out, "question", question);
        (void)show(request, out, print_owner);
    } else {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "nobody's: it was not issued in this exam");
    }
    exam_free(exam);
    return owner || request->json;
}

/* ---- results ------------------------------------------------------------------------------- */

static bool write_to(struct cli_output *output, const char *text, GError **error)
{
    int fd = output->fd >= 0 ? cli_output_begin(output, error) : -1;
    gsize length = strlen(text);
    if (fd < 0) {
        return output->fd < 0;
    }
    FILE *file = fdopen(fd, "w");
    bool ok = file && fwrite(text, 1, length, file) == length;
    ok = file && fclose(file) == 0 && ok;
    if (!ok) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s", output->path);
    }
    return ok;
}

/* The account's key of the ledger's suite. */
static bool key_for(const char *ledger, struct sign_key *ret, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(ledger, error);
    bool ok = reader && signing_key(ledger_reader_suite(reader), ret, error);
    ledger_reader_close(reader);
    return ok;
}

static bool make_result(struct request *request, GError **error)
{
    struct sign_key key;
    struct exam_result result = {0};
    const char *ledger = request->target->ledger;
    g_autofree char *text = key_for(ledger, &key, error)
                                    ? exam_result_make(ledger, request->words[0], &key, error)
                                    : NULL;
    if (!text || !exam_result_check(text, strlen(text), key.public, &result, error)) {
        return false;
    }
    g_autofree char *page = exam_certificate(&result);
    bool ok = write_to(&request->output, text, error) && write_to(&request->page, page, error);
    if (ok && !request->out && !request->certificate) {
        fputs(text, stdout);
    } else if (ok) {
        cli_say("result %s: %s", result.code, json_string(result.payload, "candidate", ""));
    }
    exam_result_clear(&result);
    return ok;
}

static bool run_result(const struct request *request, const char *action, GError **error)
{
    (void)action;
    return request->n == 1 ? make_result((struct request *)request, error) : usage(error);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool (*run)(const struct request *request, const char *action, GError **error);
} actions[] = {
        {"start", run_act},
        {"pause", run_act},
        {"resume", run_act},
        {"hand-in", run_act},
        {"extend", run_act},
        {"accept", run_act},
        {"approve", run_act},
        {"status", run_status},
        {"paper", run_paper},
        {"mark", run_mark},
        {"evidence", run_mark},
        {"whose", run_whose},
        {"result", run_result},
};

static bool dispatch(struct request *request, const char *action, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (!strcmp(action, actions[i].name)) {
            return actions[i].run(request, action, error);
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "exam \"%.40s\": use start, pause, resume, hand-in, extend, accept, approve, status, "
            "paper, mark, evidence, whose or result",
            action);
    return false;
}

static bool open_outputs(struct request *request, GError **error)
{
    request->output.fd = request->page.fd = -1;
    return (!request->out || cli_output_open(request->out, &request->output, error)) &&
           (!request->certificate || cli_output_open(request->certificate, &request->page, error));
}

static void request_clear(struct request *request, bool ok)
{
    cli_output_end(&request->output, ok);
    cli_output_end(&request->page, ok);
    g_free(request->by);
    g_free(request->reason);
    g_free(request->out);
    g_free(request->certificate);
    g_free(request->candidate);
}

static int run(int argc, char **argv, GError **error)
{
    struct request request = {0};
    const GOptionEntry entries[] = {
            {"by", 0, 0, G_OPTION_ARG_STRING, &request.by, "who does it; token in SANDTABLE_TOKEN",
                    "WHO"},
            {"reason", 0, 0, G_OPTION_ARG_STRING, &request.reason, "why", "TEXT"},
            {"candidate", 0, 0, G_OPTION_ARG_STRING, &request.candidate, "mark only this one", "C"},
            {"out", 'o', 0, G_OPTION_ARG_FILENAME, &request.out, "the signed result's file",
                    "FILE"},
            {"certificate", 0, 0, G_OPTION_ARG_FILENAME, &request.certificate,
                    "a page to print, HTML", "FILE"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &request.json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    bool ok = cli_parse(&verb_exam, entries, &argc, &argv, 2, -1, error) &&
              open_outputs(&request, error);
    char *name[] = {argv[0], ok ? argv[2] : NULL, NULL};
    ok = ok && cli_target_account(2, name, error) && cli_target(name[1], &target, error);
    if (ok) {
        request.target = &target;
        request.words = argv + 3;
        request.n = argc - 3;
        ok = dispatch(&request, argv[1], error);
    }
    cli_target_clear(&target);
    request_clear(&request, ok);
    return ok ? 0 : *error ? sandtable_exit_code(*error) : 1;
}

const struct verb verb_exam = {
        .name = "exam",
        .usage = "exam start|pause|resume|hand-in|extend|accept|approve|status|paper|mark|evidence|"
                 "whose|result NAME [CANDIDATE|REQUEST|SECRET] [TIME|ANSWER] [--by WHO] [--reason "
                 "TEXT] [--candidate C] [--out FILE] [--certificate FILE] [--json]",
        .summary = "candidates' clocks, marks, evidence and signed results",
        .order = 40,
        .keeps_root = true,
        .run = run,
};
