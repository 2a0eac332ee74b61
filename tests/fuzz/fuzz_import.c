/* fuzz_import.c - `ledger import` of any lines: a ledger that verifies and goes out as it came in, or
 * an error and no file. */
#include "ledger/exchange.h"
#include "ledger/ledger.h"

#include <glib/gstdio.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sign_key key;
static char *dir, *one, *two;

static void forget(void)
{
    g_autofree char *lock_one = g_strconcat(one, ".lock", NULL);
    g_autofree char *lock_two = g_strconcat(two, ".lock", NULL);
    const char *const left[] = {one, two, lock_one, lock_two};
    for (gsize i = 0; i < G_N_ELEMENTS(left); i++) {
        (void)g_unlink(left[i]);
    }
    (void)g_rmdir(dir);
}

static void prepare(void)
{
    /* in memory where there is such a folder: nothing of this has to outlive a power cut */
    const char *base = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir();
    dir = g_build_filename(base, "fuzz-import-XXXXXX", NULL);
    g_autofree char *path = g_mkdtemp(dir) ? g_build_filename(dir, "key", NULL) : NULL;
    g_autofree char *public = g_strconcat(path, ".pub", NULL);
    if (!path || !sign_key_open(path, &key, NULL)) {
        abort();
    }
    (void)g_unlink(path);
    (void)g_unlink(public);
    one = g_build_filename(dir, "one.ledger", NULL);
    two = g_build_filename(dir, "two.ledger", NULL);
    (void)atexit(forget);
}

static bool import(const char *path, const void *lines, size_t size)
{
    struct exchange_result result;
    g_autoptr(GError) error = NULL;
    FILE *in = fmemopen((void *)lines, size, "r");
    const struct exchange_import asked = {in, "lines", path, &key, "fuzz"};
    if (!in) {
        abort();
    }
    bool ok = exchange_import(&asked, &result, &error);
    (void)fclose(in);
    if (ok == (error != NULL) || ok != g_file_test(path, G_FILE_TEST_EXISTS)) {
        abort();
    }
    return ok;
}

static char *export(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out || !exchange_export(path, out, NULL) || fclose(out) != 0) {
        abort();
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!dir) {
        prepare();
    }
    if (size == 0 || !import(one, data, size)) {
        return 0;
    }
    struct ledger_report report;
    char *first = export(one);
    if (!ledger_verify(one, &report, NULL) || !import(two, first, strlen(first))) {
        abort();
    }
    ledger_report_clear(&report);
    char *second = export(two);
    if (strcmp(first, second) != 0) {
        abort();
    }
    free(first);
    free(second);
    (void)g_unlink(one);
    (void)g_unlink(two);
    return 0;
}
