/* use.c - measures and remembers what machines of an image take. */
#include "image/use.h"

#include "base/json.h"

#include <string.h>
#include <unistd.h>

#define MEMORY_MAX (1 << 24) /* MiB: more is no measurement */
#define CPU_MAX 1e6

static char *use_file(const struct image *image, const char *accel)
{
    g_autofree char *name = g_strdup_printf("use-%s.json", accel);
    return g_build_filename(image->dir, name, NULL);
}

bool image_use_read(const struct image *image, const char *accel, struct image_use *ret)
{
    g_autofree char *file = use_file(image, accel);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(file, &text, &length, NULL)) {
        return false;
    }
    auto_json use = json_parse(text, length, NULL);
    const cJSON *cpu = use ? cJSON_GetObjectItemCaseSensitive(use, "boot_cpu_s") : NULL;
    gint64 memory = json_int(use, "memory_mib", 0);
    gint64 pss = json_int(use, "pss_mib", 0);
    if (!cpu || !cJSON_IsNumber(cpu) || memory <= 0 || memory > MEMORY_MAX || pss <= 0 ||
            pss > MEMORY_MAX || !(cpu->valuedouble >= 0) || cpu->valuedouble > CPU_MAX) {
        return false;
    }
    *ret = (struct image_use){(int)memory, (int)pss, cpu->valuedouble};
    return true;
}

void image_use_note(const struct image *image, const char *accel, const struct image_use *use)
{
    struct image_use known = {0};
    bool any = image_use_read(image, accel, &known);
    if (any && known.pss_mib >= use->pss_mib && known.boot_cpu_s >= use->boot_cpu_s) {
        return;
    }
    auto_json out = cJSON_CreateObject();
    json_add_int(out, "memory_mib", MAX(known.memory_mib, use->memory_mib));
    json_add_int(out, "pss_mib", MAX(known.pss_mib, use->pss_mib));
    cJSON_AddNumberToObject(out, "boot_cpu_s", MAX(known.boot_cpu_s, use->boot_cpu_s));
    g_autofree char *text = json_text(out);
    g_autofree char *file = use_file(image, accel);
    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents(file, text, -1, &error)) {
        g_debug("use is not remembered: %s", error->message);
    }
}

static char *read_proc(pid_t pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

bool image_use_of_process(pid_t pid, struct image_use *ret)
{
    g_autofree char *rollup = pid > 0 ? read_proc(pid, "smaps_rollup") : NULL;
    g_autofree char *stat = rollup ? read_proc(pid, "stat") : NULL;
    const char *pss = rollup ? strstr(rollup, "\nPss:") : NULL;
    const char *rest = stat ? strrchr(stat, ')') : NULL; /* the name may hold anything */
    g_auto(GStrv) fields = rest && pss ? g_strsplit(rest + 2, " ", 14) : NULL;
    if (!fields || g_strv_length(fields) < 13) {
        return false;
    }
    gint64 kib = g_ascii_strtoll(pss + strlen("\nPss:"), NULL, 10);
    gint64 ticks = g_ascii_strtoll(fields[11], NULL, 10) + g_ascii_strtoll(fields[12], NULL, 10);
    ret->pss_mib = (int)(kib / 1024);
    ret->boot_cpu_s = (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return ret->pss_mib > 0;
}
