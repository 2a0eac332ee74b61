/* main.c - runs every file of the given folders through a fuzz target once. */
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact copy on the heap, so that the address sanitizer sees a read past its end. */
static void run_one(const char *bytes, gsize length)
{
    g_autofree uint8_t *copy = g_malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
}

/* The number of files that were run, or -1. */
static int run_folder(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    if (!dir) {
        fprintf(stderr, "%s\n", error->message);
        return -1;
    }
    int count = 0;
    const char *name = NULL;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length = 0;
        if (!g_file_get_contents(file, &bytes, &length, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return -1;
        }
        fprintf(stderr, "%s (%zu bytes)\n", file, length);
        run_one(bytes, length);
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    run_one("", 0);
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        if (count < 0) {
            return 1;
        }
        total += count;
    }
    if (total == 0) {
        fprintf(stderr, "no corpus: a target without one tests nothing\n");
        return 1;
    }
    printf("%d inputs\n", total);
    return 0;
}
