/* bench_display.c - the operator display at its size: frames, rebuilds, seeks, memory, idle time.
 *
 * The peer of each measure is the limit of the drill itself, so a ratio is a share of it.
 */
#include "bench/bench.h"

#include "display/app_private.h"
#include "display/history.h"
#include "display/view.h"
#include "ledger/ledger.h"
#include "ui/crowd.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define FRAMES 60
#define W 1920
#define H 1080

static const struct crowd thousand = {.teams = 40,
        .machines = 25,
        .services = 10,
        .links = 2,
        .events = 6000,
        .duration_us = 7200 * (gint64)G_USEC_PER_SEC};
static const struct crowd three_thousand = {.teams = 100,
        .machines = 30,
        .services = 10,
        .links = 2,
        .events = 12000,
        .duration_us = 7200 * (gint64)G_USEC_PER_SEC};

static double now_ms(void)
{
    return (double)g_get_monotonic_time() / 1000.0;
}

static struct model *fold(const struct crowd *crowd)
{
    struct model *model = model_new();
    struct event *event = crowd_created(crowd);
    for (int i = 0; i <= crowd->events; i++) {
        model_reduce(model, event);
        event_free(event);
        event = crowd_later(crowd, i);
    }
    event_free(event);
    model_settle(model);
    return model;
}

/* One event folded, the picture drawn: what a second of a busy exercise does many times. */
static double rebuild_ms(const struct crowd *crowd, struct view *view, struct model *model)
{
    double times[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "state", i % 4 < 2 ? "crashed" : "ready");
        auto_event event =
                event_new("machine.state", NULL, i % 2 ? "blue1/m01" : "blue2/m02", body);
        event->at_us = crowd->duration_us;
        event->seq = model->seq + 1;
        double begin = now_ms();
        model_reduce(model, event);
        model_settle(model);
        view_draw(view);
        times[i] = now_ms() - begin;
    }
    return bench_median(times, FRAMES);
}

/* The clock moves on, nothing else. */
static double steady_ms(struct view *view)
{
    double times[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        view->clock_us += G_USEC_PER_SEC;
        view->wall_us += G_USEC_PER_SEC;
        double begin = now_ms();
        view_draw(view);
        times[i] = now_ms() - begin;
    }
    return bench_median(times, FRAMES);
}

static double pan_ms(struct view *view)
{
    double times[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        view->pan_x += 3;
        double begin = now_ms();
        view_draw(view);
        times[i] = now_ms() - begin;
    }
    view->pan_x = 0;
    return bench_median(times, FRAMES);
}

static bool frames(const struct crowd *crowd, const char *what, double least)
{
    GError *error = NULL;
    struct draw *draw = draw_new(W, H, &error);
    if (!draw) {
        fprintf(stderr, "bench: %s\n", error->message);
        return false;
    }
    struct model *model = fold(crowd);
    struct view view;
    view_init(&view, draw, model);
    view.clock_us = crowd->duration_us;
    view_draw(&view);
    g_autofree char *steady = g_strdup_printf("display: frames, %s / goal", what);
    g_autofree char *pan = g_strdup_printf("display: frames while panning, %s / goal", what);
    g_autofree char *rebuild = g_strdup_printf("display: rebuild after a change, %s / goal", what);
    bool ok = bench_print(steady, 1000 / steady_ms(&view), least, "frames/s", 1, BENCH_AT_LEAST);
    ok &= bench_print(pan, 1000 / pan_ms(&view), 30, "frames/s", 1, BENCH_AT_LEAST);
    ok &= bench_print(rebuild, rebuild_ms(crowd, &view, model), 33, "ms", 1, BENCH_AT_MOST);
    view_clear(&view);
    model_free(model);
    draw_free(draw);
    return ok;
}

/* ---- a ledger of a million events ---------------------------------------------------------- */

static const struct crowd million = {.teams = 40,
        .machines = 25,
        .services = 10,
        .links = 2,
        .events = 1000000,
        .duration_us = 24 * 3600 * (gint64)G_USEC_PER_SEC};

static bool write_million(const char *path)
{
    GError *error = NULL;
    struct ledger *ledger = ledger_create(path, &error);
    if (!ledger) {
        fprintf(stderr, "bench: %s\n", error->message);
        return false;
    }
    ledger_append(ledger, crowd_created(&million), NULL, NULL);
    for (int i = 0; i < million.events - 2; i++) {
        ledger_append(ledger, crowd_later(&million, i), NULL, NULL);
        if (i % 20000 == 0) {
            (void)ledger_flush(ledger, NULL); /* the queue must not grow beyond memory */
        }
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", "down");
    struct event *end = event_new("exercise.state", NULL, "locked-harbour", body);
    end->at_us = million.duration_us;
    ledger_append(ledger, end, NULL, NULL);
    ledger_close(ledger);
    return true;
}

/* Up to the first picture, in *ms; writing it as PNG is not part of it. */
static struct app *open_ledger(const char *path, double *ms)
{
    GError *error = NULL;
    double begin = now_ms();
    struct app_options options = {.source = source_open_ledger(path, &error),
            .name = "million",
            .w = W,
            .h = H,
            .still = true,
            .until_us = -1,
            .ledger = path};
    struct app *app = options.source ? app_new(&options, &error) : NULL;
    bool done = app && app_drain(app, &error);
    *ms = now_ms() - begin;
    if (!done || !app_screenshot(app, "/dev/null", &error)) {
        fprintf(stderr, "bench: %s\n", error->message);
        exit(3);
    }
    *ms += app_draw_ms(app);
    return app;
}

static bool seeks(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "million.ledger", NULL);
    if (!write_million(path)) {
        return false;
    }
    double ms = 0;
    app_free(open_ledger(path, &ms));
    fprintf(stderr, "display: the index of a million events took %.1f s, once\n", ms / 1000);
    struct app *app = open_ledger(path, &ms);
    bool ok = bench_print(
            "display: opening a million events / goal", ms / 1000, 0.5, "s", 1, BENCH_AT_MOST);
    double worst = 0;
    for (int i = 0; i < 40; i++) {
        gint64 at_us = million.duration_us / 41 * ((i * 17) % 40 + 1);
        double begin = now_ms();
        replay_at(app, at_us);
        worst = MAX(worst, now_ms() - begin);
    }
    ok &= bench_print("display: worst of 40 seeks in a million events / goal", worst / 1000, 0.5,
            "s", 1, BENCH_AT_MOST);
    app_free(app);
    return ok;
}

/* ---- memory and idle time ------------------------------------------------------------------ */

static double cpu_ms(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static double peak_mib(void)
{
    g_autofree char *status = NULL;
    const char *line = g_file_get_contents("/proc/self/status", &status, NULL, NULL)
                               ? strstr(status, "VmHWM:")
                               : NULL;
    return line ? g_ascii_strtod(line + strlen("VmHWM:"), NULL) / 1024 : 0;
}

/* Of a core, while nothing happens. */
static double idle_share(struct app *app)
{
    for (int i = 0; i < 200; i++) {
        (void)app_turn(app, 1);
    }
    double begin = now_ms();
    double used = cpu_ms();
    while (now_ms() - begin < 3000) {
        (void)app_turn(app, 250);
    }
    return (cpu_ms() - used) / (now_ms() - begin) * 100;
}

static struct app *open_idle(struct app_options options, GError **error)
{
    options.name = "idle";
    options.w = W;
    options.h = H;
    options.until_us = -1;
    return options.source ? app_new(&options, error) : NULL;
}

static bool no_app(GError *error)
{
    fprintf(stderr, "bench: %s\n", error ? error->message : "no display");
    return false;
}

/* A file of events, which is all there ever is of it. */
static bool idle_file(const char *dir)
{
    GError *error = NULL;
    g_autofree char *path = g_build_filename(dir, "crowd.ndjson", NULL);
    g_autoptr(GPtrArray) events = crowd_events(&thousand);
    crowd_write(events, path);
    g_ptr_array_set_size(events, 0);
    struct app *app =
            open_idle((struct app_options){.source = source_open_file(path, &error)}, &error);
    if (!app) {
        return no_app(error);
    }
    bool ok = bench_print(
            "display: idle, of a core / goal", idle_share(app), 3, "%", 1, BENCH_AT_MOST);
    ok &= bench_print(
            "display: memory, 1,000 machines / goal", peak_mib(), 150, "MiB", 1, BENCH_AT_MOST);
    app_free(app);
    return ok;
}

/* A ledger that may still grow, the past of it on the screen, the replay stopped. */
static bool idle_replay(const char *dir)
{
    GError *error = NULL;
    g_autofree char *path = g_build_filename(dir, "idle.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    if (!ledger) {
        return no_app(error);
    }
    ledger_append(ledger, crowd_created(&thousand), NULL, NULL);
    for (int i = 0; i < thousand.events; i++) {
        ledger_append(ledger, crowd_later(&thousand, i), NULL, NULL);
    }
    ledger_close(ledger);
    struct app *app = open_idle(
            (struct app_options){.source = source_open_ledger(path, &error), .ledger = path},
            &error);
    if (!app || !app_drain(app, &error)) {
        return no_app(error);
    }
    replay_at(app, thousand.duration_us / 2);
    bool ok = bench_print("display: idle, a replay stopped, of a core / goal", idle_share(app), 3,
            "%", 1, BENCH_AT_MOST);
    ok &= app_view(app)->play.on && app_view(app)->link == LINK_FILE;
    app_free(app);
    return ok;
}

/* An engine to which nothing happens: it has told its events, and says that it is there. */
static int serve_idle(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "idle.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
            listen(listener, 1) != 0) {
        return 3;
    }
    int fd = accept(listener, NULL, NULL);
    FILE *in = fdopen(fd, "r");
    FILE *client = fdopen(dup(fd), "w");
    char line[4096];
    while (in && client && fgets(line, sizeof line, in)) {
        if (strstr(line, "\"subscribe\"")) {
            struct event *event = crowd_created(&thousand);
            for (int i = 0; i <= thousand.events; i++) {
                g_autofree char *text = event_to_line(event);
                fprintf(client, "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":%s}\n", text);
                event_free(event);
                event = crowd_later(&thousand, i);
            }
            event_free(event);
        } else if (strstr(line, "\"ping\"")) {
            fprintf(client, "{\"jsonrpc\":\"2.0\",\"id\":\"ping\",\"result\":{}}\n");
        }
        fflush(client);
    }
    return 0;
}

/* The clock runs, pings are answered, nothing else comes. */
static bool idle_live(const char *dir)
{
    GError *error = NULL;
    g_autofree char *path = g_build_filename(dir, "idle.sock", NULL);
    const char *const argv[] = {"/proc/self/exe", "engine", dir, NULL};
    GPid engine = 0;
    if (!g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &engine,
                &error)) {
        return no_app(error);
    }
    struct app *app =
            open_idle((struct app_options){.source = source_open_live(path, app_wake(), NULL),
                              .socket = path},
                    &error);
    if (!app) {
        return no_app(error);
    }
    double begin = now_ms();
    while (app_model(app)->seq <= thousand.events && now_ms() - begin < 30000) {
        (void)app_turn(app, 20);
    }
    bool ok = bench_print(
            "display: idle, live, of a core / goal", idle_share(app), 3, "%", 1, BENCH_AT_MOST);
    ok &= app_model(app)->seq > thousand.events && app_view(app)->link == LINK_LIVE &&
          app_view(app)->lag_ms >= 0;
    app_free(app); /* hangs up: the engine ends */
    (void)waitpid(engine, NULL, 0);
    return ok;
}

/* A process for each, so that memory and caches are its own. */
static int part(const char *self, const char *which, const char *dir)
{
    const char *const argv[] = {self, which, dir, NULL};
    int status = 0;
    bool ran = g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
            NULL, NULL, &status, NULL);
    return ran && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int run_part(const char *which, const char *dir)
{
    static const struct {
        const char *name;
        bool (*run)(const char *dir);
    } idles[] = {{"idle", idle_file}, {"replay", idle_replay}, {"live", idle_live}};
    for (guint i = 0; i < G_N_ELEMENTS(idles); i++) {
        if (!strcmp(which, idles[i].name)) {
            return idles[i].run(dir) ? 0 : 1;
        }
    }
    if (!strcmp(which, "seeks")) {
        return seeks(dir) ? 0 : 1;
    }
    bool ok = frames(&thousand, "1,000 machines", 60);
    return frames(&three_thousand, "3,000 machines", 30) && ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"frames", "idle", "replay", "live", "seeks"};
    GError *error = NULL;
    if (argc == 3 && !strcmp(argv[1], "engine")) {
        return serve_idle(argv[2]);
    }
    if (argc == 3) {
        (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
        if (!app_sdl_start(&error)) {
            fprintf(stderr, "bench: %s\n", error->message);
            return 3;
        }
        return run_part(argv[1], argv[2]);
    }
    g_autofree char *dir = g_dir_make_tmp("sandtable-bench-XXXXXX", &error);
    (void)g_setenv("XDG_CACHE_HOME", dir, TRUE);
    int worst = dir ? 0 : 3;
    for (guint i = 0; dir && i < G_N_ELEMENTS(parts); i++) {
        int code = part("/proc/self/exe", parts[i], dir); /* MAX() would run it twice */
        worst = MAX(worst, code);
    }
    const char *const clean[] = {"rm", "-rf", dir, NULL};
    (void)g_spawn_sync(
            NULL, (char **)clean, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    return worst;
}
