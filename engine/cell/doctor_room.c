/* doctor_room.c - checks of memory, disk and the length of paths. */
#include "cell/doctor.h"

#include "base/paths.h"

#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB (G_GINT64_CONSTANT(1) << 20)
#define MEMORY_WANTED 1536 /* MiB: seven machines of 160 to 256 and the engine */
#define MEMORY_NEEDED 512
#define STATE_WANTED 200 /* MiB: ledgers */
#define STATE_NEEDED 20
#define IMAGES_WANTED 3000 /* MiB: three images and the trees they are built from */
#define ROOT_MAX 64        /* bytes of a libvirt root: sockets below it must fit into 107 */
#define NAME_MAX_BYTES 31  /* of an exercise: paths_name_is_valid() */
#define NAME_MIN_BYTES 8

gint64 doctor_memory_available(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL)) {
        return -1;
    }
    static const char label[] = "MemAvailable:";
    const char *line = strstr(text, label);
    return line ? g_ascii_strtoll(line + strlen(label), NULL, 10) / 1024 : -1;
}

struct doctor_check *doctor_memory(void)
{
    gint64 mib = doctor_memory_available();
    if (mib < 0) {
        return doctor_check_new(
                "memory", DOCTOR_WARN, g_strdup("/proc/meminfo says nothing"), NULL);
    }
    char *text = g_strdup_printf(
            "%d MiB available; the first drill takes about %d", (int)mib, MEMORY_WANTED);
    if (mib >= MEMORY_WANTED) {
        return doctor_check_new("memory", DOCTOR_OK, text, NULL);
    }
    return doctor_check_new("memory", mib < MEMORY_NEEDED ? DOCTOR_FAIL : DOCTOR_WARN, text,
            g_strdup("end other programs, or run with fewer machines"));
}

/* The nearest folder above dir (or dir) that exists; the caller frees it. */
static char *existing_folder(const char *dir)
{
    char *folder = g_strdup(dir);
    while (!g_file_test(folder, G_FILE_TEST_IS_DIR) && strcmp(folder, "/") != 0 &&
            strcmp(folder, ".") != 0) {
        char *above = g_path_get_dirname(folder);
        g_free(folder);
        folder = above;
    }
    return folder;
}

static bool look_at(const char *dir, struct statvfs *ret)
{
    g_autofree char *folder = existing_folder(dir);
    return statvfs(folder, ret) == 0;
}

gint64 doctor_disk_available(const char *dir)
{
    struct statvfs fs;
    return look_at(dir, &fs) ? (gint64)fs.f_bavail * (gint64)fs.f_frsize / MIB : -1;
}

bool doctor_disk_is_one(const char *dir, const char *other)
{
    struct statvfs one;
    struct statvfs two;
    /* not by their ids: subvolumes have one each and share what is free. Two that are equally large
     * are taken for one, which asks for too much at worst. */
    return look_at(dir, &one) && look_at(other, &two) && one.f_frsize == two.f_frsize &&
           one.f_blocks == two.f_blocks;
}

struct room {
    const char *name;
    const char *variable;  /* that moves it elsewhere */
    gint64 wanted, needed; /* MiB: less than that warns, fails */
};

static struct doctor_check *check_room(const struct room *room, const char *dir)
{
    g_autofree char *folder = existing_folder(dir);
    struct statvfs fs;
    if (access(folder, W_OK | X_OK) != 0 || statvfs(folder, &fs) != 0) {
        return doctor_check_new(room->name, DOCTOR_FAIL,
                g_strdup_printf("%s cannot be written: %s is not yours", dir, folder),
                g_strdup_printf("set %s or HOME to a folder of yours", room->variable));
    }
    gint64 mib = (gint64)fs.f_bavail * (gint64)fs.f_frsize / MIB;
    char *text = g_strdup_printf("%" G_GINT64_FORMAT " MiB free for %s", mib, dir);
    if (mib >= room->wanted) {
        return doctor_check_new(room->name, DOCTOR_OK, text, NULL);
    }
    return doctor_check_new(room->name, mib < room->needed ? DOCTOR_FAIL : DOCTOR_WARN, text,
            g_strdup_printf("free %d MiB there or set %s", (int)room->wanted, room->variable));
}

struct doctor_check *doctor_disk_state(void)
{
    static const struct room room = {"disk-state", "XDG_STATE_HOME", STATE_WANTED, STATE_NEEDED};
    g_autofree char *dir = paths_state_dir();
    return check_room(&room, dir);
}

struct doctor_check *doctor_disk_images(void)
{
    static const struct room room = {"disk-images", "XDG_DATA_HOME", IMAGES_WANTED, 0};
    g_autofree char *dir = paths_images_dir();
    return check_room(&room, dir);
}

struct doctor_check *doctor_runtime(void)
{
    static const char name[] = "runtime-folder";
    g_autofree char *dir = paths_runtime_dir();
    g_autofree char *folder = existing_folder(dir);
    if (access(folder, W_OK | X_OK) != 0) {
        return doctor_check_new(name, DOCTOR_FAIL,
                g_strdup_printf("%s cannot be made: %s is not yours", dir, folder),
                g_strdup("set XDG_RUNTIME_DIR to a folder of yours with a short name"));
    }
    /* dir/NAME.d is libvirt's root */
    int longest = ROOT_MAX - (int)strlen(dir) - (int)strlen("/.d");
    if (longest >= NAME_MAX_BYTES) {
        return doctor_check_new(name, DOCTOR_OK, g_strdup(dir), NULL);
    }
    return doctor_check_new(name, longest < NAME_MIN_BYTES ? DOCTOR_FAIL : DOCTOR_WARN,
            g_strdup_printf(
                    "%s is so long that names of exercises end at %d bytes", dir, MAX(longest, 0)),
            g_strdup("set XDG_RUNTIME_DIR to a folder of yours with a shorter name"));
}
