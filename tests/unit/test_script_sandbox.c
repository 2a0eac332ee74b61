/* test_script_sandbox.c - a scenario cannot get out, nor take the engine down. */
#include "support/test.h"

#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Runs text; the error, or NULL when it ran. */
static char *run_with(const char *text, gsize length, const char *folder, gsize memory)
{
    struct sandbox *sandbox = sandbox_new("s.lua", folder, memory);
    char *error = NULL;
    int line = 0;
    assert_non_null(sandbox);
    sandbox_run(sandbox, text, length, &error, &line);
    lua_settop(sandbox->L, 0);
    sandbox_free(sandbox);
    return error;
}

static void assert_runs(const char *text)
{
    g_autofree char *error = run_with(text, strlen(text), NULL, SANDBOX_MEMORY);
    if (error) {
        fail_msg("%s: %s", text, error);
    }
}

static void assert_refused(const char *text, const char *reason)
{
    clock_t began = clock(); /* processor time: the host may be busy */
    g_autofree char *error = run_with(text, strlen(text), NULL, SANDBOX_MEMORY);
    if (!error || !strstr(error, reason)) {
        fail_msg("%s: wanted \"%s\", got \"%s\"", text, reason, error ? error : "nothing");
    }
    assert_true(clock() - began < (clock_t)20 * CLOCKS_PER_SEC);
}

static void what_reaches_outside_is_absent(void **state)
{
    (void)state;
    const char *const names[] = {"io", "os", "debug", "package", "load", "loadfile", "dofile",
            "collectgarbage", "coroutine", "getmetatable", NULL};
    for (int i = 0; names[i]; i++) {
        g_autofree char *text = g_strdup_printf("return %s", names[i]);
        assert_refused(text, "is not available in scenarios");
        g_autofree char *raw = g_strdup_printf("assert(rawget(_G, '%s') == nil)", names[i]);
        assert_runs(raw);
    }
    assert_runs("assert(string.dump == nil and ('').dump == nil)");
    assert_runs("assert(math.randomseed == nil and warn == nil)");
}

static void what_a_scenario_needs_is_there(void **state)
{
    (void)state;
    assert_runs("local t = {3, 1, 2} table.sort(t) assert(table.concat(t, ',') == '1,2,3')");
    assert_runs("assert(('k = v'):match('(%w+) = (%w+)') == 'k')");
    assert_runs("assert(select('#', string.gsub('aaa', 'a', 'b')) == 2)");
    assert_runs("local n = 0 for line in ('a\\nb\\n'):gmatch('[^\\n]+') do n = n + 1 end "
                "assert(n == 2)");
    assert_runs("local ok, e = xpcall(error, function(e) return e .. '!' end, 'x', 0) "
                "assert(ok == false and e == 'x!')");
    assert_runs("local ok, a, b = xpcall(function(...) return ... end, error, 1, 2) "
                "assert(ok == true and a == 1 and b == 2)");
    assert_runs("table.insert({}, 1, 2) assert(utf8.len('ä') == 1) assert(math.floor(1.5) == 1)");
    assert_runs("local o = setmetatable({}, { __index = { x = 1 } }) assert(o.x == 1)");
    assert_runs("assert(table.unpack(table.move({1, 2}, 1, 2, 2)) == 1)");
}

static void a_loop_ends_with_its_budget(void **state)
{
    (void)state;
    assert_refused("while true do end", "took too long");
    assert_refused("while true do pcall(function() while true do end end) end", "took too long");
    assert_refused("local function f() return f() end f()", "took too long");
    assert_refused("local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) "
                   "return t[1]",
            "");
    assert_refused("return xpcall(function() while true do end end, function() while true do end "
                   "end)",
            "took too long");
}

static void finalisers_cannot_be_armed(void **state)
{
    (void)state;
    assert_refused("setmetatable({}, { __gc = function() end })", "__gc is not available");
    assert_refused("setmetatable({}, { __gc = false })", "__gc is not available");
    assert_runs("local m = {} local t = setmetatable({}, m) m.__gc = function() while true do end "
                "end t = nil for i = 1, 100000 do local x = { i } end");
    assert_refused(
            "local t = setmetatable({}, { __metatable = 1 }) setmetatable(t, {})", "protected");
}

static void memory_is_bounded(void **state)
{
    (void)state;
    assert_refused("return ('a'):rep(1e9)", "memory");
    assert_refused("local t = {} for i = 1, 1e9 do t[i] = i end", "");
    assert_refused("local s = 'x' while true do s = s .. s end", "memory");
    assert_refused("local t = {} for i = 1, 25 do t[i] = ('a'):rep(1e6) end "
                   "return table.concat(t) .. table.concat(t) .. table.concat(t)",
            "memory");
}

static void patterns_cannot_back_track_for_ever(void **state)
{
    (void)state;
    assert_refused("return ('a'):rep(400):find(('.-'):rep(8) .. 'b')", "could take for ever");
    assert_refused("return string.match(('a'):rep(400), ('.-'):rep(8) .. 'b')", "for ever");
    assert_refused("return ('a'):rep(60):gsub(('a?'):rep(60) .. 'b', '')", "for ever");
    assert_refused("for x in (('a'):rep(400)):gmatch(('a*'):rep(9) .. 'b') do end", "for ever");
    assert_refused("return ('a'):rep(70000):find('b', 1, true)", "too long to search");
    assert_runs("assert(('a'):rep(40000):find('b', 1, true) == nil)");
    assert_runs("assert(not ('a'):rep(150):find(('.-'):rep(3) .. 'b'))");
    assert_runs("assert(('x[*+]y'):find('[*+-]+') == 3 and ('a]'):find('[]]') == 2)");
}

static void c_loops_over_invented_lengths_are_refused(void **state)
{
    (void)state;
    assert_refused("table.move({}, 1, 1e15, 2)", "table.move");
    assert_refused("table.insert(setmetatable({}, { __len = function() return 1e15 end }), 1, 1)",
            "__len");
    assert_refused(
            "table.remove(setmetatable({}, { __len = function() return 1e15 end }), 1)", "__len");
    assert_refused("table.sort(setmetatable({}, { __len = function() return 2^30 end }), "
                   "function() return true end)",
            "");
    assert_refused("table.concat(setmetatable({}, { __len = function() return 1e15 end, "
                   "__index = function() return '' end }))",
            "__len");
    assert_refused("return table.unpack({}, 1, 1e8)", "too many results");
    /* the length of a table is any border: elements far apart make one up */
    assert_refused("local t = {1, 2, 3, 4, 5, 6, 7, 8} for k = 3, 61 do t[1 << k] = 1 "
                   "t[(1 << k) + 1] = 1 end assert(#t > 2^60) table.insert(t, 1, 1)",
            "gaps");
    assert_refused("local t = {1, 2, 3, 4, 5, 6, 7, 8} for k = 3, 29 do t[1 << k] = 1 "
                   "t[(1 << k) + 1] = 1 end table.sort(t, pcall)",
            "gaps");
}

static void time_spent_inside_c_functions_counts(void **state)
{
    (void)state;
    assert_refused("local t = {} for i = 1, 2e5 do t[i] = 1 end "
                   "while true do pcall(table.insert, t, 1, 1) end",
            "took too long");
    assert_refused("while true do pcall(string.rep, 'a', 1e7) end", "took too long");
    assert_refused(
            "local s = ('a'):rep(1e7) while true do local t = s .. 'b' end", "took too long");
    assert_refused(
            "local s = ('a'):rep(15000) while true do pcall(function() for _ in s:gmatch('a-b') "
            "do end end) end",
            "took too long");
    assert_runs("local s = ('a line of text\\n'):rep(4000) local n = 0 for i = 1, 5 do "
                "for line in s:gmatch('[^\\n]+') do n = n + 1 end end assert(n == 20000)");
    assert_refused("while true do pcall(table.unpack, {}, 1, 900000) end", "took too long");
}

/* Each of these would go on for seconds to days if only instructions were counted. */
static void slow_instructions_are_paid_for_by_the_time_they_take(void **state)
{
    (void)state;
    static const char *const slow[] = {
            "local function f() return pcall(f) end while true do pcall(f) end",
            "local a, b = ('a'):rep(1e6), ('a'):rep(1e6) while true do local c = a < b end",
            ("local t = {} for i = 1, 1e5 do t[i] = 1 end for i = 1, 1e5 do t[i] = nil end "
             "while true do next(t) end"),
            "local s = ('a'):rep(1e6) while true do utf8.len(s) end",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(slow); i++) {
        struct sandbox *sandbox = sandbox_new("s.lua", NULL, SANDBOX_MEMORY);
        double began = sandbox_cpu_seconds();
        assert_int_equal(luaL_loadstring(sandbox->L, slow[i]), LUA_OK);
        sandbox_budget(sandbox, 4000000); /* a fifth of a second's */
        assert_int_equal(lua_pcall(sandbox->L, 0, 0, 0), LUA_ERRRUN);
        assert_non_null(strstr(lua_tostring(sandbox->L, -1), "ran too long"));
        assert_true(sandbox_cpu_seconds() - began < 10);
        sandbox_free(sandbox);
    }
}

static void bytecode_is_refused(void **state)
{
    (void)state;
    g_autofree char *error = run_with("\x1bLua\x54\x00\x19\x93", 8, NULL, SANDBOX_MEMORY);
    assert_non_null(error);
    assert_non_null(strstr(error, "binary"));
}

static void deep_nesting_is_an_error(void **state)
{
    (void)state;
    GString *text = g_string_new("return ");
    for (int i = 0; i < 5000; i++) {
        g_string_append_c(text, '{');
    }
    g_autofree char *error = run_with(text->str, text->len, NULL, SANDBOX_MEMORY);
    assert_non_null(error);
    g_string_free(text, TRUE);
    assert_refused("return tostring(setmetatable({}, { __tostring = function(t) return "
                   "tostring(t) end }))",
            "");
}

static void require_reads_the_scenarios_folder_and_nothing_else(void **state)
{
    (void)state;
    char *folder = test_mkdtemp();
    g_autofree char *sub = g_build_filename(folder, "in", NULL);
    g_autofree char *module = g_build_filename(sub, "mod.lua", NULL);
    g_autofree char *secret = g_build_filename(folder, "secret.lua", NULL);
    g_autofree char *link = g_build_filename(sub, "link.lua", NULL);
    g_autofree char *binary = g_build_filename(sub, "binary.lua", NULL);
    assert_int_equal(g_mkdir(sub, 0700), 0);
    assert_true(g_file_set_contents(module, "n = (n or 0) + 1 return { x = n }", -1, NULL));
    assert_true(g_file_set_contents(secret, "return 'secret'", -1, NULL));
    assert_true(g_file_set_contents(binary, "\x1bLua", 4, NULL));
    assert_int_equal(symlink(secret, link), 0);
    const struct {
        const char *text, *error;
    } cases[] = {
            {"assert(require('mod').x == 1 and require('mod').x == 1)", NULL},
            {"require('../secret')", "not the name of a module"},
            {"require('..secret')", "not the name of a module"},
            {"require('/etc/passwd')", "not the name of a module"},
            {"require('link')", "no link.lua"},
            {"require('missing')", "no missing.lua"},
            {"require('binary')", "binary"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *error =
                run_with(cases[i].text, strlen(cases[i].text), sub, SANDBOX_MEMORY);
        if (cases[i].error ? !error || !strstr(error, cases[i].error) : !!error) {
            fail_msg("%s: %s", cases[i].text, error ? error : "ran");
        }
    }
    test_rmtree(folder);
}

/* Every allocation of a run fails once: each limit from nothing to enough ends in order. */
static void any_limit_of_memory_ends_in_order(void **state)
{
    (void)state;
    static const char text[] = "local t = {} for i = 1, 50 do t[i] = ('x'):rep(i) .. i end "
                               "return { a = t, f = function() return t end }";
    bool ran = false;
    for (gsize limit = 0; limit < 64 * 1024; limit += 61 * TEST_STRIDE) {
        struct sandbox *sandbox = sandbox_new("s.lua", NULL, limit);
        char *error = NULL;
        int line = 0;
        if (sandbox) {
            ran = sandbox_run(sandbox, text, strlen(text), &error, &line);
            assert_true(sandbox->used <= limit);
            sandbox_free(sandbox);
            g_free(error);
        }
    }
    assert_true(ran);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_reaches_outside_is_absent),
            cmocka_unit_test(what_a_scenario_needs_is_there),
            cmocka_unit_test(a_loop_ends_with_its_budget),
            cmocka_unit_test(slow_instructions_are_paid_for_by_the_time_they_take),
            cmocka_unit_test(finalisers_cannot_be_armed),
            cmocka_unit_test(memory_is_bounded),
            cmocka_unit_test(patterns_cannot_back_track_for_ever),
            cmocka_unit_test(c_loops_over_invented_lengths_are_refused),
            cmocka_unit_test(time_spent_inside_c_functions_counts),
            cmocka_unit_test(bytecode_is_refused),
            cmocka_unit_test(deep_nesting_is_an_error),
            cmocka_unit_test(require_reads_the_scenarios_folder_and_nothing_else),
            cmocka_unit_test(any_limit_of_memory_ends_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
