/* test_public.c - the public's view is that of a beginning of the ledger: nothing that comes later
 * changes a byte of it. */
#include "support/test.h"

#include "base/json.h"
#include "cli/cli.h"
#include "ledger/ledger.h"
#include "ledger/sign.h"
#include "score/public.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct public_game {
    char *dir, *path;
    struct sign_key key;
};

static int make(void **state)
{
    struct public_game *g = g_new0(struct public_game, 1);
    g->dir = test_mkdtemp();
    g->path = g_build_filename(g->dir, "x.ledger", NULL);
    assert_int_equal(g_chmod(g->dir, 0755), 0); /* as root the verbs step down to an account */
    g_autofree char *key = g_build_filename(g->dir, "key", NULL);
    assert_true(sign_key_open(key, &g->key, NULL));
    *state = g;
    return 0;
}

static int destroy(void **state)
{
    struct public_game *g = *state;
    test_rmtree(g->dir);
    g_free(g->path);
    g_free(g);
    return 0;
}

/* What was appended is signed. */
static void append(struct public_game *g, const char *const *lines, gsize n)
{
    bool is_new = !g_file_test(g->path, G_FILE_TEST_EXISTS);
    g_autoptr(GError) error = NULL;
    struct ledger *ledger = is_new ? ledger_create(g->path, &error) : ledger_open(g->path, &error);
    assert_no_error(error);
    assert_true(ledger_sign(ledger, &g->key, "x", &error));
    for (gsize i = 0; i < n; i++) {
        struct event *event = event_from_line(lines[i], strlen(lines[i]), &error);
        assert_no_error(error);
        ledger_append(ledger, event, NULL, NULL);
    }
    assert_true(ledger_flush(ledger, &error));
    ledger_close(ledger);
    assert_int_equal(g_chmod(g->path, 0644), 0);
}

#define L(at, kind, team, subject, body)                                                           \
    "{\"at_us\":" #at "000000,\"kind\":\"" kind "\",\"team\":\"" team "\",\"subject\":\"" subject  \
    "\",\"body\":" body "}"

static const char *const before[] = {
        L(0, "exercise.created", "", "x",
                "{\"plan\":{\"title\":\"T\",\"teams\":[{\"id\":\"blue1\",\"title\":\"A\",\"group\":"
                "\"blue\",\"role\":\"blue\"},{\"id\":\"blue2\",\"title\":\"B\",\"group\":\"blue\","
                "\"role\":\"blue\"}],\"services\":[{\"name\":\"shop\",\"group\":\"blue\"}],"
                "\"steps\":[{\"name\":\"guess\",\"title\":\"SECRET{13}\",\"attack\":{\"domain\":"
                "\"enterprise\",\"id\":\"T1110\"},\"repair\":\"SECRET{14}\"}],"
                "\"tasks\":[{\"name\":\"easy\",\"points\":500}],\"score\":[{\"model\":\"faust\"},"
                "{\"model\":\"jeopardy\",\"curve\":\"logarithmic\"},"
                "{\"model\":\"custom\",\"weight\":2,\"from\":\"SECRET{16}.lua\",\"answer\":"
                "\"SECRET{15}\",\"code\":\"return { events = { 'task.solved' }, "
                "score = function(e, give) give(e.team, 'custom', 1) end }\"}]}}"),
        L(1, "exercise.state", "", "x", "{\"state\":\"running\"}"),
        L(2, "flag.issued", "blue1", "SECRET{1}", "{\"service\":\"shop\",\"tick\":1}"),
        L(3, "check.ok", "blue1", "shop", "{\"round\":1,\"detail\":\"SECRET{5}\"}"),
        L(4, "flag.captured", "blue2", "SECRET{1}",
                "{\"owner\":\"blue1\",\"service\":\"shop\",\"tick\":1}"),
        L(5, "task.solved", "blue1", "easy", "{}"),
        L(5, "step.state", "blue1", "guess",
                "{\"step\":\"guess\",\"state\":\"running\",\"from\":\"SECRET{7}\"}"),
        L(5, "step.verdict", "blue1", "guess",
                "{\"step\":\"guess\",\"verdict\":\"effect\",\"reason\":\"SECRET{8}\"}"),
        L(5, "report.filed", "blue1", "guess", "{\"text\":\"SECRET{9}\"}"),
        L(5, "operator.action", "", "x", "{\"action\":\"hold\",\"by\":\"SECRET{6}\"}"),
        L(5, "operator.note", "", "x",
                "{\"text\":\"SECRET{17}\",\"about_us\":4000000,\"by\":\"SECRET{18}\"}"),
};
static const char *const freeze[] = {
        L(6, "score.frozen", "", "x", "{\"frozen\":true,\"reason\":\"r\",\"by\":\"SECRET{2}\"}"),
};
/* Each of these changes the real board: values, decays, first bloods, corrections, the end. */
static const char *const after[] = {
        L(7, "check.down", "blue1", "shop", "{\"round\":2}"),
        L(8, "flag.captured", "blue1", "SECRET{3}",
                "{\"owner\":\"blue2\",\"service\":\"shop\",\"tick\":1}"),
        L(9, "task.solved", "blue2", "easy", "{}"),
        L(10, "score.adjusted", "blue1", "x", "{\"points\":-100,\"reason\":\"r\",\"by\":\"w\"}"),
        L(11, "score.voided", "", "x", "{\"reason\":\"r\",\"by\":\"SECRET{10}\",\"seq\":5}"),
        L(11, "step.verdict", "blue2", "guess",
                "{\"step\":\"guess\",\"verdict\":\"blocked\",\"by\":\"SECRET{11}\"}"),
        L(11, "fault.credited", "blue2", "blue2",
                "{\"credit_us\":9000000,\"from_us\":1000000,\"to_us\":10000000,\"whose\":"
                "\"range\",\"reason\":\"SECRET{12}\"}"),
        L(11, "alarm.raised", "blue1", "web", "{\"alarm\":\"machine-crashed\",\"text\":\"t\"}"),
        L(11, "machine.state", "blue1", "web", "{\"state\":\"crashed\"}"),
        L(12, "score.frozen", "", "x", "{\"frozen\":true,\"reason\":\"again\",\"by\":\"w\"}"),
        L(13, "exercise.state", "", "x", "{\"state\":\"ended\"}"),
};
static const char *const thaw[] = {
        L(14, "score.frozen", "", "x", "{\"frozen\":false,\"reason\":\"r\",\"by\":\"w\"}"),
};

/* Runs a verb in a child, for it may change the account; what it printed. option: "--x" or "--x y".
 */
static char *run(const struct public_game *g, const char *verb, const char *option)
{
    g_autofree char *path = g_build_filename(g->dir, "out", NULL);
    pid_t pid = fork();
    if (pid == 0) {
        g_autofree char *line = g_strjoin(" ", verb, g->path, "--public", option, NULL);
        char **argv = g_strsplit(line, " ", -1);
        int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        int code = 99;
        if (dup2(out, STDOUT_FILENO) >= 0) {
            code = cli_main((int)g_strv_length(argv), argv);
        }
        _exit(fflush(stdout) == 0 ? code : 98);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* Every public output there is, one after the other. */
static char *all_outputs(const struct public_game *g)
{
    static const char *const outputs[][2] = {{"score", NULL}, {"score", "--json"},
            {"score", "--explain"}, {"events", NULL}, {"events", "--json"},
            {"events", "--kind check.*"}, {"events", "--follow --json"}, {"report", "--json"},
            {"report", "--out - --lang en"}, {"report", "--out - --lang zh"},
            {"export", "--format csv"}, {"export", "--format ctftime"}, {"export", "--format ccs"}};
    g_autoptr(GString) all = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(outputs); i++) {
        g_autofree char *text = run(g, outputs[i][0], outputs[i][1]);
        assert_true(*text);
        g_string_append(all, text);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

static void nothing_after_the_freeze_is_seen_in_any_public_output(void **state)
{
    struct public_game *g = *state;
    append(g, before, G_N_ELEMENTS(before));
    g_autofree char *open = all_outputs(g);
    append(g, freeze, G_N_ELEMENTS(freeze));
    g_autofree char *frozen = all_outputs(g);
    assert_string_equal(frozen, open);
    for (gsize i = 0; i < G_N_ELEMENTS(after); i++) {
        append(g, after + i, 1);
        g_autofree char *later = all_outputs(g);
        assert_string_equal(later, open);
    }
    append(g, thaw, G_N_ELEMENTS(thaw));
    g_autofree char *thawed = all_outputs(g);
    assert_string_not_equal(thawed, open);
    assert_non_null(strstr(thawed, "ended"));
}

static void no_secret_is_public_even_without_a_freeze(void **state)
{
    struct public_game *g = *state;
    append(g, before, G_N_ELEMENTS(before));
    append(g, freeze, G_N_ELEMENTS(freeze));
    append(g, after, G_N_ELEMENTS(after));
    append(g, thaw, G_N_ELEMENTS(thaw));
    g_autofree char *all = all_outputs(g);
    char *secret = strstr(all, "SECRET");
    if (secret) {
        fail_msg("the public sees %.40s", secret);
    }
    assert_null(strstr(all, "T1110"));
    assert_non_null(strstr(all, "{\"model\":\"custom\",\"weight\":2}"));
    assert_non_null(strstr(all, "flag.captured"));
}

/* The code that the public board shows, "" for none; the text has it as well. */
static char *code_of(const struct public_game *g, const char *more)
{
    g_autofree char *option = g_strdup_printf("--json%s", more);
    g_autofree char *text = run(g, "score", option);
    auto_json score = cJSON_Parse(text);
    const cJSON *checkpoint = json_object(score, "checkpoint");
    char *code = g_strdup(json_string(checkpoint, "code", ""));
    g_autofree char *plain = run(g, "score", *more ? more + 1 : NULL);
    assert_true(!*code || strstr(plain, code));
    assert_true(json_int(checkpoint, "seq", 0) <= json_int(score, "seq", 0));
    return code;
}

static char *last_code(const struct public_game *g)
{
    struct ledger_report report;
    assert_true(ledger_verify(g->path, &report, NULL));
    char *code = g_strdup(report.code);
    ledger_report_clear(&report);
    return code;
}

static void the_public_board_has_the_code_of_the_last_checkpoint_before_the_freeze(void **state)
{
    struct public_game *g = *state;
    append(g, before, G_N_ELEMENTS(before));
    g_autofree char *first = last_code(g);
    g_autofree char *shown = code_of(g, "");
    assert_string_equal(shown, first);
    append(g, freeze, G_N_ELEMENTS(freeze));
    append(g, after, G_N_ELEMENTS(after));
    g_autofree char *second = last_code(g);
    g_autofree char *frozen = code_of(g, "");
    assert_string_not_equal(second, first);
    assert_string_equal(frozen, first);
    append(g, thaw, G_N_ELEMENTS(thaw));
    g_autofree char *last = last_code(g);
    g_autofree char *thawed = code_of(g, "");
    assert_string_equal(thawed, last);
    /* and any moment of the past as it was then */
    g_autofree char *early = code_of(g, " --at 5");
    assert_string_equal(early, "");
    g_autofree char *then = g_strdup_printf(" --at %zu", G_N_ELEMENTS(before) + 3);
    g_autofree char *while_frozen = code_of(g, then);
    assert_string_equal(while_frozen, first);
}

static double total_at(const struct public_game *g, int at)
{
    g_autofree char *option = g_strdup_printf("--json --at %d", at);
    g_autofree char *text = run(g, "score", option);
    auto_json score = cJSON_Parse(text);
    assert_int_equal(json_int(score, "seq", 0), at);
    double sum = 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        sum += fabs(json_number(team, "total", NAN));
    }
    return sum;
}

static void a_board_of_the_past_is_as_it_was(void **state)
{
    struct public_game *g = *state;
    append(g, before, G_N_ELEMENTS(before));
    assert_true(total_at(g, 3) == 0);
    assert_true(total_at(g, 4) > 0); /* check.ok */
    assert_true(total_at(g, 5) > total_at(g, 4));
    assert_true(total_at(g, 6) > total_at(g, 5) + 400); /* task.solved */
}

static void what_nobody_decided_on_is_secret(void **state)
{
    (void)state;
    auto_event unknown = event_new("some.new-kind", "blue1", "x", NULL);
    assert_null(public_event(unknown));
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "status", "ok");
    cJSON_AddStringToObject(body, "new-member", "secret");
    auto_event check = event_new("check.ok", "blue1", "shop", body);
    auto_event shown = public_event(check);
    assert_string_equal(shown->body, "{\"status\":\"ok\"}");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH(nothing_after_the_freeze_is_seen_in_any_public_output),
            WITH(no_secret_is_public_even_without_a_freeze),
            WITH(the_public_board_has_the_code_of_the_last_checkpoint_before_the_freeze),
            WITH(a_board_of_the_past_is_as_it_was),
            WITH(what_nobody_decided_on_is_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
