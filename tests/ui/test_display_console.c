/* test_display_console.c - a machine's console in the window: asked for, typed into, given back. */
#include "engine.h"

#include "display/console.h"

/* An engine that has one console, and a machine that answers in capitals. */
struct host {
    char *dir, *control, *port, *log;
    int control_fd, port_fd;
    const char *refusal; /* or NULL */
    gint hung_up;        /* atomic: the client gave the console back */
    gint asked_by_mira;  /* atomic */
    GThread *engine, *machine;
};

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void send_line(int fd, const char *line)
{
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL);
}

static void answer_request(struct host *host, int fd, const char *line)
{
    auto_json request = json_parse(line, strlen(line), NULL);
    assert_non_null(request);
    const char *method = json_string(request, "method", "");
    const cJSON *params = json_object(request, "params");
    g_autofree char *text = NULL;
    if (!strcmp(method, "hello")) {
        g_atomic_int_set(&host->asked_by_mira, !strcmp(json_string(params, "name", ""), "mira"));
        text = g_strdup("{\"jsonrpc\":\"2.0\",\"id\":\"hello\",\"result\":{}}\n");
    } else if (host->refusal) {
        text = g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"error\":{\"code\":-32003,"
                               "\"message\":\"%s\"}}\n",
                method, host->refusal);
    } else {
        assert_string_equal(json_string(params, "machine", ""), "blue1/web");
        text = g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"path\":\"%s\"}}\n",
                method, !strcmp(method, "console") ? host->port : host->log);
    }
    send_line(fd, text);
}

static gpointer be_engine(gpointer data)
{
    struct host *host = data;
    int fd = accept(host->control_fd, NULL, NULL);
    g_autoptr(GString) input = g_string_new(NULL);
    char chunk[4096];
    ssize_t got = 0;
    send_line(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"protocol\":1}}\n");
    while (fd >= 0 && (got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        g_string_append_len(input, chunk, got);
        char *end = NULL;
        while ((end = strchr(input->str, '\n'))) {
            *end = '\0';
            answer_request(host, fd, input->str);
            g_string_erase(input, 0, end - input->str + 1);
        }
    }
    g_atomic_int_set(&host->hung_up, 1);
    close(fd);
    return NULL;
}

static gpointer be_machine(gpointer data)
{
    struct host *host = data;
    int fd = accept(host->port_fd, NULL, NULL);
    char chunk[4096];
    ssize_t got = 0;
    while (fd >= 0 && (got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        if (memchr(chunk, 0x04, (gsize)got)) {
            break; /* Ctrl+D: it goes away */
        }
        for (ssize_t i = 0; i < got; i++) {
            chunk[i] = g_ascii_toupper(chunk[i]);
        }
        (void)send(fd, chunk, (gsize)got, MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void host_open(struct host *host)
{
    host->dir = test_mkdtemp();
    host->control = g_build_filename(host->dir, "c.sock", NULL);
    host->port = g_build_filename(host->dir, "p.sock", NULL);
    host->log = g_build_filename(host->dir, "log", NULL);
    assert_true(g_file_set_contents(host->log, "booted\r\nlogin: ", -1, NULL));
    host->control_fd = listen_at(host->control);
    host->port_fd = listen_at(host->port);
    host->engine = g_thread_new("engine", be_engine, host);
    host->machine = g_thread_new("machine", be_machine, host);
}

static void host_close(struct host *host)
{
    (void)shutdown(host->control_fd, SHUT_RDWR); /* ends a wait for who never came */
    (void)shutdown(host->port_fd, SHUT_RDWR);
    g_clear_pointer(&host->engine, g_thread_join);
    g_thread_join(host->machine);
    close(host->control_fd);
    close(host->port_fd);
    test_rmtree(host->dir);
    g_free(host->control);
    g_free(host->port);
    g_free(host->log);
}

static void no_wake(gpointer data)
{
    (void)data;
}

static bool shows(const struct terminal *terminal, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int row = 0; row < TERMINAL_ROWS; row++) {
        for (int i = 0; i < TERMINAL_COLUMNS; i++) {
            g_string_append_unichar(text, terminal_row(terminal, row)[i].c);
        }
    }
    return strstr(text->str, wanted) != NULL;
}

static void wait_shown(struct console *console, struct terminal *terminal, const char *wanted)
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    while (!shows(terminal, wanted) && g_get_monotonic_time() < end) {
        (void)console_take(console, terminal);
        g_usleep(2000);
    }
    assert_true(shows(terminal, wanted));
}

static char *wait_state(struct console *console, enum console_state wanted)
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    char *why = NULL;
    while (console_state(console, &why) != wanted && g_get_monotonic_time() < end) {
        g_clear_pointer(&why, g_free);
        g_usleep(2000);
    }
    g_free(why);
    assert_int_equal(console_state(console, &why), wanted);
    return why;
}

static void a_console_shows_the_log_and_what_is_typed_and_is_given_back(void **state)
{
    (void)state;
    struct host host = {0};
    host_open(&host);
    struct terminal *terminal = terminal_new();
    struct console *console = console_open(host.control, "blue1/web", "mira", no_wake);
    wait_shown(console, terminal, "login: ");
    g_free(wait_state(console, CONSOLE_OPEN));
    assert_true(console_send(console, "root", 4));
    wait_shown(console, terminal, "login: ROOT");
    console_close(console);
    g_clear_pointer(&host.engine, g_thread_join); /* it saw the end of the connection */
    assert_true(g_atomic_int_get(&host.hung_up));
    assert_true(g_atomic_int_get(&host.asked_by_mira));
    host_close(&host);
    terminal_free(terminal);
}

static void a_machine_that_goes_away_ends_its_console(void **state)
{
    (void)state;
    struct host host = {0};
    host_open(&host);
    struct console *console = console_open(host.control, "blue1/web", NULL, no_wake);
    g_free(wait_state(console, CONSOLE_OPEN));
    assert_true(console_send(console, "\x04", 1));
    g_autofree char *why = wait_state(console, CONSOLE_ENDED);
    assert_non_null(strstr(why, "gone"));
    assert_false(console_send(console, "x", 1));
    console_close(console);
    host_close(&host);
}

static void a_refusal_is_told_in_the_engines_words(void **state)
{
    (void)state;
    struct host host = {.refusal = "somebody else has it"};
    host_open(&host);
    struct console *console = console_open(host.control, "blue1/web", NULL, no_wake);
    g_autofree char *why = wait_state(console, CONSOLE_ENDED);
    assert_string_equal(why, "somebody else has it");
    console_close(console);
    host_close(&host);
}

static void where_nobody_listens_is_no_console(void **state)
{
    (void)state;
    struct console *console = console_open("/nowhere/at/all", "blue1/web", NULL, no_wake);
    g_autofree char *why = wait_state(console, CONSOLE_ENDED);
    assert_non_null(why);
    console_close(console);
}

/* ---- in the window ------------------------------------------------------------------------- */

static void choose_web(struct fixture *fixture)
{
    press_with(SDLK_f, KMOD_CTRL);
    assert_true(turn_until(fixture, form_is_open));
    type("blue1/web");
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, queue_is_taken));
}

static bool console_is_open(struct fixture *fixture)
{
    return app_view(fixture->app)->terminal != NULL;
}

static void keys_go_to_the_console_until_ctrl_bracket_closes_it(void **state)
{
    struct fixture *fixture = *state;
    choose_web(fixture);
    press(SDLK_c);
    assert_true(turn_until(fixture, console_is_open));
    const struct view *view = app_view(fixture->app);
    assert_string_equal(view->console, "blue1/web");
    assert_true(SDL_IsTextInputActive());
    assert_true(view->places[PANEL_CONSOLE].rect.w > 0);
    press(SDLK_f); /* would freeze the board, and Q would leave */
    press(SDLK_q);
    press(SDLK_ESCAPE);
    press_with(SDLK_c, KMOD_CTRL);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_true(console_is_open(fixture));
    assert_int_equal(g_async_queue_length(fixture->requests), 0);
    press_with(SDLK_RIGHTBRACKET, KMOD_CTRL);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_false(console_is_open(fixture));
    assert_false(SDL_IsTextInputActive());
    assert_int_equal(view->places[PANEL_CONSOLE].rect.w, 0);
    press(SDLK_f); /* keys steer the exercise again */
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "freeze");
}

static void a_console_is_seen_neither_on_a_wall_nor_in_the_past(void **state)
{
    struct fixture *fixture = *state;
    choose_web(fixture);
    press(SDLK_c);
    assert_true(turn_until(fixture, console_is_open));
    press(SDLK_F11); /* not the console's */
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(app_view(fixture->app)->mode, MODE_WALL);
    assert_false(console_is_open(fixture));
    press(SDLK_c); /* and cannot be opened there */
    press(SDLK_F11);
    press(SDLK_r);
    press(SDLK_c);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_true(app_view(fixture->app)->play.on);
    assert_false(console_is_open(fixture));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_console_shows_the_log_and_what_is_typed_and_is_given_back),
            cmocka_unit_test(a_machine_that_goes_away_ends_its_console),
            cmocka_unit_test(a_refusal_is_told_in_the_engines_words),
            cmocka_unit_test(where_nobody_listens_is_no_console),
            WITH_ENGINE(keys_go_to_the_console_until_ctrl_bracket_closes_it),
            WITH_ENGINE(a_console_is_seen_neither_on_a_wall_nor_in_the_past),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
