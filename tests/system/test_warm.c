/* test_warm.c - machines that woke from a warm state: each is itself, and a bad state is no harm.
 */
#include "system/system.h"

#include "image/warm_file.h"

#include <fcntl.h>

#define SCENARIO TESTS_DIR "/system/two-machines"
#define LIMIT_S 240

/* Nobody's before: a process's number comes again. */
static char *exercise_name(const char *stem)
{
    return g_strdup_printf("%s-%08x", stem, g_random_int());
}

/* The machines' machine.state events of that state, with what they say of the way; how many. */
static int count_ready(const cJSON *events, const char *way)
{
    int n = 0;
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        n += !strcmp(json_string(event, "kind", ""), "machine.state") &&
             !strcmp(json_string(body, "state", ""), "ready") &&
             !strcmp(json_string(body, "way", ""), way);
    }
    return n;
}

static bool has_alarm(const cJSON *events, const char *alarm, const char *part)
{
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        if (!strcmp(json_string(event, "kind", ""), "alarm.raised") &&
                !strcmp(json_string(body, "alarm", ""), alarm) &&
                strstr(json_string(body, "text", ""), part)) {
            return true;
        }
    }
    return false;
}

static char *ask(const char *name, const char *machine, const char *command)
{
    auto_outcome outcome = CALL("exec", name, machine, "--", "sh", "-c", command);
    assert_int_equal(outcome.status, 0);
    return g_steal_pointer(&outcome.out);
}

static void end(const char *name, GPid pid, const char *log)
{
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    finish(pid, 60, log);
}

static void two_clones_share_nothing_that_names_or_guards_them(void **state)
{
    (void)state;
    static const char *const different[] = {"cat /etc/machine-id",
            "head -c 16 /dev/urandom | od -An -tx1", "cat /proc/sys/kernel/random/boot_id",
            "cat /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2",
            "cat /sys/class/net/eth0/address"};
    static const char *const same[] = {"hostname", "ip -4 -br address show eth0 | tr -s ' '",
            "nc -w 3 127.0.0.1 22 </dev/null | head -c 7"};
    g_autofree char *name = exercise_name("warm-test");
    g_autofree char *log = g_strdup_printf("/tmp/%s.log", name);
    GPid pid = START(log, "run", SCENARIO, "--name", name, "--boot", "warm");
    wait_state(name, "running", LIMIT_S, log);
    auto_json events = events_of(name);
    assert_int_equal(count_ready(events, "warm"), 2);
    for (gsize i = 0; i < G_N_ELEMENTS(different); i++) {
        g_autofree char *first = ask(name, "blue1/web", different[i]);
        g_autofree char *second = ask(name, "blue2/web", different[i]);
        assert_true(strlen(first) > 8);
        assert_string_not_equal(first, second);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *first = ask(name, "blue1/web", same[i]);
        g_autofree char *second = ask(name, "blue2/web", same[i]);
        assert_true(strlen(first) > 2);
        assert_string_equal(first, second);
    }
    /* the clock is the host's, not the template's */
    g_autofree char *now = ask(name, "blue1/web", "date +%s");
    gint64 off = g_ascii_strtoll(now, NULL, 10) - g_get_real_time() / G_USEC_PER_SEC;
    assert_in_range(off + 30, 0, 60);
    /* what sshd shows a visitor is the key in the file, not the template's */
    g_autofree char *shown =
            ask(name, "blue1/web", "ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d' ' -f3");
    g_autofree char *file = ask(name, "blue1/web", different[3]);
    assert_string_equal(shown, file);
    end(name, pid, log);
    unlink(log);
}

/* ---- states that are no good ----------------------------------------------------------------- */

struct file { /* of the store, and what it held */
    char *path;
    char *bytes;
    gsize length;
};

/* In place: it keeps its owner. */
static void put(const char *path, const char *bytes, gsize length)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static char *keep(GArray *kept, const char *folder, const char *name)
{
    struct file file = {.path = g_build_filename(folder, name, NULL)};
    assert_true(g_file_get_contents(file.path, &file.bytes, &file.length, NULL));
    g_array_append_val(kept, file);
    return file.path;
}

static void put_all_back(GArray *kept)
{
    for (guint i = 0; i < kept->len; i++) {
        struct file *file = &g_array_index(kept, struct file, i);
        put(file->path, file->bytes, file->length);
        g_free(file->path);
        g_free(file->bytes);
    }
    g_array_unref(kept);
}

/* The folders of the server's warm states. */
static GPtrArray *state_folders(void)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    auto_outcome list = CALL("image", "list", "--json");
    auto_json images = cJSON_Parse(list.out);
    const cJSON *image = NULL;
    cJSON_ArrayForEach(image, images)
    {
        const cJSON *state = NULL;
        g_autofree char *store = g_path_get_dirname(json_string(image, "path", "/"));
        bool wanted = !strcmp(json_string(image, "name", ""), "server");
        cJSON_ArrayForEach(state, json_array(image, "warm"))
        {
            if (wanted) {
                g_ptr_array_add(folders,
                        g_build_filename(store, "warm", json_string(state, "key", "?"), NULL));
            }
        }
    }
    return folders;
}

/* The devices' state ends half way, and the manifest says that this is right. */
static void halve_state(GArray *kept, const char *folder)
{
    const char *state = keep(kept, folder, "state");
    gsize half = g_array_index(kept, struct file, kept->len - 1).length / 2;
    put(state, g_array_index(kept, struct file, kept->len - 1).bytes, half);
    const char *path = keep(kept, folder, "manifest.json");
    auto_json manifest = cJSON_Parse(g_array_index(kept, struct file, kept->len - 1).bytes);
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(manifest, "files"))
    {
        if (!strcmp(json_string(entry, "name", ""), "state")) {
            g_autofree char *digest = warm_file_digest(state, NULL);
            assert_true(cJSON_ReplaceItemInObject(entry, "size", cJSON_CreateNumber((double)half)));
            assert_true(cJSON_ReplaceItemInObject(entry, "blake2b", cJSON_CreateString(digest)));
        }
    }
    g_autofree char *text = json_text(manifest);
    put(path, text, strlen(text));
}

static void machine_that_does_not_wake_is_an_alarm_and_boots(void **state)
{
    (void)state;
    g_autofree char *name = exercise_name("warm-half");
    g_autofree char *log = g_strdup_printf("/tmp/%s.log", name);
    g_autoptr(GPtrArray) folders = state_folders();
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(struct file));
    assert_true(folders->len > 0);
    for (guint i = 0; i < folders->len; i++) {
        halve_state(kept, folders->pdata[i]);
    }
    GPid pid = START(log, "run", SCENARIO, "--name", name, "--teams", "1");
    wait_state(name, "running", LIMIT_S, log);
    put_all_back(kept);
    auto_json events = events_of(name);
    assert_int_equal(count_ready(events, "warm"), 0);
    assert_int_equal(count_ready(events, "cold"), 1);
    assert_true(has_alarm(events, "warm-start-failed",
            "blue1/web did not wake from the warm state of image \"server\": "));
    assert_false(has_alarm(events, "no-warm-state", ""));
    end(name, pid, log);
    unlink(log);
}

/* Some bytes of what machines wake from; false when there is no state to damage. */
static bool damage_states(void)
{
    g_autoptr(GPtrArray) folders = state_folders();
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *file = g_build_filename(folders->pdata[i], "state", NULL);
        int fd = open(file, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "damage", 6, 1000), 6);
        close(fd);
    }
    return folders->len > 0;
}

static void damaged_state_is_refused_by_name_and_made_anew(void **state)
{
    (void)state;
    g_autofree char *name = exercise_name("warm-bad");
    g_autofree char *log = g_strdup_printf("/tmp/%s.log", name);
    assert_true(damage_states());
    auto_outcome verify = CALL("image", "verify", "server");
    assert_int_equal(verify.status, 3);
    assert_non_null(strstr(verify.out, "BLAKE2b differs"));
    GPid pid = START(log, "run", SCENARIO, "--name", name, "--teams", "1");
    wait_state(name, "running", LIMIT_S, log);
    auto_json events = events_of(name);
    assert_int_equal(count_ready(events, "warm"), 1);
    assert_true(has_alarm(events, "no-warm-state", "image \"server\" is damaged"));
    end(name, pid, log);
    unlink(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(two_clones_share_nothing_that_names_or_guards_them),
            cmocka_unit_test(machine_that_does_not_wake_is_an_alarm_and_boots),
            cmocka_unit_test(damaged_state_is_refused_by_name_and_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
