/* test_resume.c - an engine killed at every event of an exercise: the next one brings it to the end
 * that it would have had, on the simulated world.
 *
 * A child runs the exercise and is killed as event N is handed over; a second child gets the ledger
 * cut after N, the range as the first left it (or none: a power cut), and goes on. The parent only
 * reads. Every N is tried; of pairs, a resume that is killed too, all
 * with SANDTABLE_SOAK, else a sample.
 */
#include "scenario/rehearsal.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCENARIO SANDTABLE_SOURCE_DIR "/tests/scenario/resumed"
#define END_US (75 * (gint64)G_USEC_PER_SEC)

enum { OPEN, LOOK, CLOSE, SECOND, LOG, EARLY, MINE, ERRAND, COMMANDS };
static const char *const commands[] = {
        "open", "look", "close", "second", "log", "early", "mine", "errand", NULL};

struct outside { /* what outlives an engine; shared by all processes of the test */
    int run[COMMANDS];
    bool exists[COMMANDS]; /* the file that the command leaves on the attacker */
    bool denied;           /* the defender's log */
    bool web_paused, attacker_paused;
};

static struct outside *outside;

struct life { /* one engine's */
    struct rehearsal r;
    gint64 kill_at; /* seq, 0: never */
    int actions;    /* of the operator, that are in the ledger */
};
static struct life *current;

/* ---- the range ----------------------------------------------------------------------------- */

static int attacker(void)
{
    return plan_machine_index(current->r.plan, "attacker");
}

static int web(void)
{
    return plan_machine_index(current->r.plan, "blue1/web");
}

static void leave_file(int command, bool exists)
{
    g_autofree char *path = g_strdup_printf("/root/%s", commands[command]);
    struct world *world = current->r.world;
    outside->exists[command] = exists;
    world->ops->write(world, attacker(), path, exists ? "yes\n" : "no\n", exists ? 4 : 3,
            rehearsal_ignore, NULL);
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    (void)data;
    (void)machine;
    (void)out;
    (void)err;
    const char *name = strcmp(argv[0], "ip") != 0 ? argv[0] : argv[4];
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i], name) != 0) {
            continue;
        }
        outside->run[i]++;
        if (i == CLOSE) {
            leave_file(OPEN, false);
        } else if (i == LOG) {
            outside->denied = true;
            world_sim_write(current->r.world, web(), "/var/log/deny", "denied\n");
        } else if (i != LOOK) {
            leave_file(i, true);
        }
    }
    return 0;
}

/* The site is down for three rounds: one penalty, and one failure that counts towards the next. */
static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    (void)data;
    (void)team;
    (void)value;
    gint64 now = clock_now(current->r.clock);
    bool down =
            probe->protocol == PLAN_HTTP && now > 25 * G_USEC_PER_SEC && now < 55 * G_USEC_PER_SEC;
    *detail = g_strdup(down ? "no answer" : "simulated");
    return down ? WORLD_DOWN : WORLD_OK;
}

static void restore_range(struct life *life, const enum world_begin *begin)
{
    life->r.world->begin = begin;
    for (int i = 0; i < COMMANDS; i++) {
        if (outside->exists[i]) {
            g_autofree char *path = g_strdup_printf("/root/%s", commands[i]);
            world_sim_write(life->r.world, attacker(), path, "yes\n");
        }
    }
    if (outside->denied) {
        world_sim_write(life->r.world, web(), "/var/log/deny", "denied\n");
    }
    world_sim_survive(life->r.world, web(), outside->web_paused);
    world_sim_survive(life->r.world, attacker(), outside->attacker_paused);
}

/* ---- one engine ------------------------------------------------------------------------------ */

static void on_event(const struct event *event)
{
    current->actions += !strcmp(event->kind, "operator.action");
    if (event->seq == current->kill_at) {
        kill(getpid(), SIGKILL);
    }
}

static void make_life(struct life *life, const char *path, const struct resume *resume)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct rehearsal *r = &life->r;
    const struct world_sim_hooks hooks = {.exec = on_exec, .probe = on_probe};
    current = life;
    r->script = script_load(SCENARIO, &r->plan, problems, &error);
    g_autofree char *text = plan_problems_text(problems, "scenario.lua");
    if (!r->script || !plan_expand(r->plan, 0, &error)) {
        g_error("%s %s", text, error ? error->message : "");
    }
    r->ledger_path = g_strdup(path);
    r->ledger = resume ? ledger_open(path, &error) : ledger_create(path, &error);
    g_assert_no_error(error);
    r->clock = clock_new_virtual();
    r->world = world_sim_new(r->plan, &hooks);
    const struct exercise_options options = {
            .plan = r->plan,
            .script = r->script,
            .world = r->world,
            .clock = r->clock,
            .ledger = r->ledger,
            .ledger_path = r->ledger_path,
            .accel = "simulated",
            .on_event = on_event,
    };
    r->exercise = exercise_new(&options);
}

/* What the operator does, each once; a life goes on where the ledger ends. */
static const struct {
    int at_s;
    const char *action, *inject;
} operator[] = {
        {8, "hold", "log@blue1"},
        {38, "pause", NULL},
        {38, "resume", NULL},
        {40, "release", "log@blue1"},
        {48, "fire", "early@blue1"},
};

static void act(struct life *life)
{
    struct exercise *exercise = life->r.exercise;
    const char *action = operator[life->actions].action;
    const char *inject = operator[life->actions].inject;
    bool ok = false;
    if (!strcmp(action, "pause")) {
        ok = exercise_pause(exercise, "test", NULL);
    } else if (!strcmp(action, "resume")) {
        ok = exercise_resume(exercise, "test", NULL);
    } else if (!strcmp(action, "fire")) {
        ok = exercise_fire(exercise, inject, "test", NULL);
    } else {
        ok = exercise_hold(exercise, inject, *action == 'h', "test", NULL);
    }
    if (!ok) {
        g_error("cannot %s at %" G_GINT64_FORMAT, action, clock_now(life->r.clock));
    }
    rehearsal_settle(&life->r);
    const struct sim_states {
        bool paused;
    } now = {!strcmp(action, "pause")};
    outside->web_paused = outside->attacker_paused = now.paused;
}

/* From timer to timer, and to what the operator does in between, to the end. */
static void live(struct life *life)
{
    struct rehearsal *r = &life->r;
    rehearsal_settle(r);
    while (!r->ended) {
        gint64 now = clock_now(r->clock);
        bool more = life->actions < (int)G_N_ELEMENTS(operator);
        gint64 next_act = more ? operator[life->actions].at_s *(gint64) G_USEC_PER_SEC : G_MAXINT64;
        if (next_act <= now) {
            act(life);
            continue;
        }
        gint64 next = clock_next(r->clock);
        clock_advance(r->clock, MAX(0, MIN(next < 0 ? now : next, next_act) - now));
        rehearsal_settle(r);
    }
}

static void end_life(struct life *life, const char *score_path)
{
    auto_json score = exercise_score(life->r.exercise, true);
    g_autofree char *text = json_text(score);
    g_assert_true(g_file_set_contents(score_path, text, -1, NULL));
    g_assert_null(life->r.failure);
    world_free(life->r.world);
    exercise_free(life->r.exercise);
    script_free(life->r.script);
    ledger_close(life->r.ledger);
    clock_free(life->r.clock);
    plan_free(life->r.plan);
    g_free(life->r.ledger_path);
}

static void first_life(const char *path, const char *score_path, gint64 kill_at)
{
    struct life life = {.kill_at = kill_at};
    make_life(&life, path, NULL);
    exercise_start(life.r.exercise, rehearsal_on_end, &life.r);
    live(&life);
    end_life(&life, score_path);
}

/* The same events up to seq last, as if the disk had had no more. */
static void cut_ledger(const char *from, const char *to, gint64 last)
{
    struct ledger_reader *reader = ledger_reader_open(from, NULL);
    struct ledger *ledger = ledger_create(to, NULL);
    struct event *event = NULL;
    g_assert_nonnull(reader);
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        if (event->seq <= last) {
            ledger_append(ledger, event, NULL, NULL);
        } else {
            event_free(event);
        }
    }
    ledger_reader_close(reader);
    g_assert_true(ledger_flush(ledger, NULL));
    ledger_close(ledger);
}

static void second_life(const char *path, const char *score_path, gint64 kill_at, bool power_cut)
{
    struct life life = {.kill_at = kill_at};
    struct resume *resume = resume_read(path, NULL);
    g_assert_nonnull(resume);
    make_life(&life, path, resume);
    g_autoptr(GError) error = NULL;
    if (!resume_plan_fits(resume, life.r.plan, &error)) {
        g_error("%s", error->message);
    }
    auto_json score = score_to_json(resume->score, false);
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        life.actions += !strcmp(event->kind, "operator.action");
        event_free(event);
    }
    ledger_reader_close(reader);
    g_autofree enum world_begin *begin = resume_begin(resume, life.r.plan);
    for (guint i = 0; power_cut && i < life.r.plan->machines->len; i++) {
        begin[i] = begin[i] == WORLD_ADOPT ? WORLD_FRESH : begin[i];
    }
    life.r.world->begin = begin;
    if (!power_cut) {
        restore_range(&life, begin);
    }
    exercise_recover(life.r.exercise, resume, rehearsal_on_end, &life.r);
    live(&life);
    end_life(&life, score_path);
}

/* ---- what must be true afterwards ------------------------------------------------------------ */

struct tale {           /* what a ledger tells */
    GHashTable *counts; /* "inject ID fired", "note TEXT", "round SERVICE N STATUS" … → count */
    GHashTable *verdicts; /* step → verdict */
    gint64 events, last_at_us;
    int interrupted; /* verdicts that are fault */
    gint64 points;   /* of verdicts */
};

static int count(const struct tale *tale, const char *key)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(tale->counts, key));
}

static void add(struct tale *tale, char *key)
{
    g_hash_table_insert(tale->counts, key, GINT_TO_POINTER(count(tale, key) + 1));
}

static void tell(struct tale *tale, const struct event *event)
{
    auto_json body = cJSON_Parse(event->body);
    const char *state = json_string(body, "state", "");
    if (event->at_us < tale->last_at_us) {
        fail_msg("event %d: the clock went back", (int)event->seq);
    }
    tale->events++;
    tale->last_at_us = event->at_us;
    if (!strcmp(event->kind, "inject.state")) {
        add(tale, g_strdup_printf("inject %s %s", event->subject, state));
    } else if (!strcmp(event->kind, "step.verdict")) {
        const char *verdict = json_string(body, "verdict", "");
        add(tale, g_strdup_printf("verdict %s", event->subject));
        g_hash_table_insert(tale->verdicts, g_strdup(event->subject), g_strdup(verdict));
        tale->interrupted += strstr(json_string(body, "reason", ""), "interrupted") != NULL;
        tale->points += !strcmp(verdict, "effect") ? 10 : !strcmp(verdict, "blocked") ? 7 : 0;
    } else if (!strcmp(event->kind, "note")) {
        add(tale, g_strdup_printf("note %s", json_string(body, "text", "")));
    } else if (g_str_has_prefix(event->kind, "check.")) {
        add(tale, g_strdup_printf("round %s %d %s", event->subject, (int)json_int(body, "round", 0),
                          event->kind));
    } else if (!strcmp(event->kind, "operator.action")) {
        add(tale, g_strdup_printf("action %s", json_string(body, "action", "")));
    } else if (g_str_has_prefix(event->kind, "resource.")) {
        add(tale, g_strdup_printf("%s %s", event->kind, event->subject));
    } else if (!strcmp(event->kind, "player.action")) {
        add(tale, g_strdup_printf("player %s %s", event->subject, json_string(body, "action", "")));
    } else if (!strcmp(event->kind, "exercise.state")) {
        add(tale, g_strdup_printf("state %s", state));
    }
}

static struct tale read_tale(const char *path)
{
    struct tale tale = {
            .counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
            .verdicts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    assert_non_null(reader);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        tell(&tale, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    return tale;
}

static void tale_clear(struct tale *tale)
{
    g_hash_table_unref(tale->counts);
    g_hash_table_unref(tale->verdicts);
}

/* Where and what, in a message of its own for each N. */
#define AGREE(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            g_autofree char *what = g_strdup_printf(__VA_ARGS__);                                  \
            fail_msg("killed at event %d%s: %s", (int)n, power_cut ? ", power cut" : "", what);    \
        }                                                                                          \
    } while (0)

/* Each of these as often as in the exercise that nobody killed. */
static void compare_counts(const struct tale *was, const struct tale *is, gint64 n, bool power_cut)
{
    static const char *const exact[] = {"inject", "verdict", "round", "action", NULL};
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;
    const struct tale *const both[] = {was, is};
    for (int i = 0; i < 2; i++) {
        g_hash_table_iter_init(&iter, both[i]->counts);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
            g_auto(GStrv) words = g_strsplit(key, " ", 2);
            bool end = g_str_has_suffix(key, " done") || g_str_has_suffix(key, " skipped");
            bool timeline = !strcmp(key, "note it begins") || !strcmp(key, "note soon over");
            if ((g_strv_contains(exact, words[0]) && !end) || timeline) {
                AGREE(count(was, key) == count(is, key), "%s: %d times, not %d", (char *)key,
                        count(is, key), count(was, key));
            }
        }
    }
}

/* Every inject has come to an end, once. */
static void compare_ends(const struct tale *was, const struct tale *is, gint64 n, bool power_cut)
{
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, was->counts);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (g_str_has_prefix(key, "inject ") && g_str_has_suffix(key, " fired")) {
            g_autofree char *stem = g_strndup(key, strlen(key) - strlen("fired"));
            g_autofree char *done = g_strconcat(stem, "done", NULL);
            g_autofree char *skipped = g_strconcat(stem, "skipped", NULL);
            AGREE(count(is, done) + count(is, skipped) == 1, "%send: %d done, %d skipped", stem,
                    count(is, done), count(is, skipped));
        }
        if (g_str_has_prefix(key, "resource.opening ")) {
            g_autofree char *closed = g_strconcat(
                    "resource.closed ", (char *)key + strlen("resource.opening "), NULL);
            AGREE(count(is, key) == 1 && count(is, closed) == 1, "%s %d, closed %d", (char *)key,
                    count(is, key), count(is, closed));
        }
    }
}

static gint64 number_of(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    auto_json score = cJSON_Parse(text);
    gint64 sum = 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        sum += json_int(team, name, 0);
    }
    return sum;
}

/* The engine's own standings are those that the ledger gives. */
static void compare_fold(const char *ledger, const char *score_path, gint64 n, bool power_cut)
{
    struct resume *fold = resume_read(ledger, NULL);
    assert_non_null(fold);
    auto_json score = score_to_json(fold->score, true);
    g_autofree char *text = json_text(score);
    g_autofree char *live = NULL;
    assert_true(g_file_get_contents(score_path, &live, NULL, NULL));
    AGREE(!strcmp(text, live), "the score is not the ledger's:\n%s\n%s", live, text);
    AGREE(fold->down && g_hash_table_size(fold->open) == 0, "it is not down");
    resume_free(fold);
    struct ledger_report report = {0};
    AGREE(ledger_verify(ledger, &report, NULL), "%s", report.reason);
    ledger_report_clear(&report);
}

/* ---- processes ------------------------------------------------------------------------------- */

struct place {
    char *dir, *whole, *whole_score; /* of the exercise that nobody kills */
    char *first, *cut, *second_score;
    struct tale reference;
    int run[COMMANDS];
};

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void remove_ledger(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *name = g_strconcat(path, ends[i], NULL);
        unlink(name);
    }
}

static void kill_and_resume(const struct place *place, gint64 n, gint64 again_after, bool power_cut)
{
    memset(outside, 0, sizeof(*outside));
    remove_ledger(place->first);
    remove_ledger(place->cut);
    pid_t pid = fork();
    if (pid == 0) {
        first_life(place->first, place->second_score, n);
        _exit(0);
    }
    int status = wait_for(pid);
    AGREE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %d", status);
    if (again_after) {
        pid = fork();
        if (pid == 0) {
            cut_ledger(place->first, place->cut, n);
            second_life(place->cut, place->second_score, n + again_after, power_cut);
            _exit(0);
        }
        status = wait_for(pid);
        AGREE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "again: it ended with %d",
                status);
    }
    pid = fork();
    if (pid == 0) {
        if (!again_after) {
            cut_ledger(place->first, place->cut, n);
        }
        second_life(place->cut, place->second_score, 0, power_cut);
        _exit(0);
    }
    status = wait_for(pid);
    AGREE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the resume ended with %d", status);
}

static void judge(const struct place *place, gint64 n, int kills, bool power_cut)
{
    struct tale is = read_tale(place->cut);
    const struct tale *was = &place->reference;
    compare_counts(was, &is, n, power_cut);
    compare_ends(was, &is, n, power_cut);
    compare_fold(place->cut, place->second_score, n, power_cut);
    AGREE(is.last_at_us == END_US, "it ends at %d ms", (int)(is.last_at_us / 1000));
    const char *const same[] = {"uptime", "penalty"};
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        gint64 wanted = number_of(place->whole_score, same[i]);
        gint64 got = number_of(place->second_score, same[i]);
        AGREE(wanted == got, "%s is %d, not %d", same[i], (int)got, (int)wanted);
    }
    gint64 steps =
            number_of(place->second_score, "effect") + number_of(place->second_score, "blocked");
    AGREE(steps == is.points, "steps gave %d, their verdicts %d", (int)steps, (int)is.points);
    AGREE(is.interrupted <= 2, "%d steps were interrupted", is.interrupted);
    for (int i = 0; i < COMMANDS; i++) {
        int again = i == CLOSE ? kills : 0; /* an undo may be done again */
        AGREE(outside->run[i] <= place->run[i] + again, "%s was run %d times", commands[i],
                outside->run[i]);
    }
    if (is.interrupted == 0 && !power_cut) {
        AGREE(is.points == was->points, "steps gave %d, not %d", (int)is.points, (int)was->points);
    }
    tale_clear(&is);
}

static struct place make_place(void)
{
    struct place place = {0};
    g_autofree char *pattern = g_strdup(
            access("/dev/shm", W_OK) == 0 ? "/dev/shm/st-test-XXXXXX" : "/tmp/st-test-XXXXXX");
    place.dir = g_strdup(g_mkdtemp(pattern));
    assert_non_null(place.dir);
    place.whole = g_build_filename(place.dir, "whole.ledger", NULL);
    place.whole_score = g_build_filename(place.dir, "whole.score", NULL);
    place.first = g_build_filename(place.dir, "first.ledger", NULL);
    place.cut = g_build_filename(place.dir, "cut.ledger", NULL);
    place.second_score = g_build_filename(place.dir, "second.score", NULL);
    memset(outside, 0, sizeof(*outside));
    pid_t pid = fork();
    if (pid == 0) {
        first_life(place.whole, place.whole_score, 0);
        _exit(0);
    }
    int status = wait_for(pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    memcpy(place.run, outside->run, sizeof(place.run));
    place.reference = read_tale(place.whole);
    return place;
}

static void place_clear(struct place *place)
{
    tale_clear(&place->reference);
    g_free(place->whole);
    g_free(place->whole_score);
    g_free(place->first);
    g_free(place->cut);
    g_free(place->second_score);
    test_rmtree(place->dir);
}

static gint64 step_between(void)
{
    return g_getenv("SANDTABLE_SOAK") ? 1 : 7;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* What the others compare with must be worth it. */
static void the_exercise_has_all_that_a_resume_must_bring_back(void **state)
{
    (void)state;
    struct place place = make_place();
    const struct tale *was = &place.reference;
    assert_true(was->events > 100);
    assert_int_equal(was->last_at_us, END_US);
    assert_int_equal(count(was, "inject log@blue1 held"), 1);
    assert_int_equal(count(was, "inject early@blue1 fired"), 1);
    assert_int_equal(count(was, "inject undo-open@blue1 done"), 1);
    assert_int_equal(count(was, "state paused"), 1);
    assert_int_equal(count(was, "player harden ended"), 1);
    assert_int_equal(count(was, "player run-1@blue1 ended"), 1);
    assert_int_equal(count(was, "round site 4 check.down"), 1);
    assert_string_equal(g_hash_table_lookup(was->verdicts, "open"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "second"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "mine"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "errand"), "effect");
    assert_string_equal(g_hash_table_lookup(was->verdicts, "log"), "blocked");
    assert_true(number_of(place.whole_score, "penalty") < 0);
    place_clear(&place);
}

static void an_engine_killed_at_any_event_is_resumed_to_the_same_end(void **state)
{
    (void)state;
    struct place place = make_place();
    /* "down" is the last event: after it there is nothing to resume */
    for (gint64 n = 1; n < place.reference.events; n++) {
        kill_and_resume(&place, n, 0, false);
        judge(&place, n, 1, false);
    }
    place_clear(&place);
}

static void after_a_power_cut_it_comes_to_the_same_end_with_new_machines(void **state)
{
    (void)state;
    struct place place = make_place();
    for (gint64 n = 1; n < place.reference.events; n++) {
        kill_and_resume(&place, n, 0, true);
        judge(&place, n, 1, true);
    }
    place_clear(&place);
}

static void a_resume_may_be_killed_as_well(void **state)
{
    (void)state;
    struct place place = make_place();
    for (gint64 n = 5; n < place.reference.events - 25; n += 2 * step_between() + 1) {
        for (gint64 after = 1; after < 20; after += 3 * step_between()) {
            kill_and_resume(&place, n, after, after % 2 == 0);
            judge(&place, n, 2, after % 2 == 0);
        }
    }
    place_clear(&place);
}

int main(void)
{
    outside =
            mmap(NULL, sizeof(*outside), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outside == MAP_FAILED) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_exercise_has_all_that_a_resume_must_bring_back),
            cmocka_unit_test(an_engine_killed_at_any_event_is_resumed_to_the_same_end),
            cmocka_unit_test(after_a_power_cut_it_comes_to_the_same_end_with_new_machines),
            cmocka_unit_test(a_resume_may_be_killed_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
