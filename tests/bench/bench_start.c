/* bench_start.c - sixteen machines started cold, against loops of plain QEMU, virsh create and
 * virt-install.
 *
 * All start the same kernel and image with the same memory, each the way it does by itself, and a
 * machine is started when its init says "ready" on the serial port. Ours also has a network. The
 * peers are start_peers.sh; those that need a libvirtd get a private one, for which this must be
 * root. Each round asks them all.
 */
#include "bench/bench.h"
#include "bench/range.h"

#include "image/image.h"

#include <glib/gstdio.h>

#define MACHINES 16
#define ROUNDS 3
#define MEMORY_MIB 160
#define TEXT "sandtable-init: ready"

enum way { OURS, QEMU, VIRSH, VIRT_INSTALL, WAYS };
static const char *const way_names[WAYS] = {"ours", "qemu", "virsh", "virt-install"};

static G_NORETURN void die(const char *what)
{
    fprintf(stderr, "bench_start: %s\n", what);
    exit(3);
}

/* ---- ours, in a process and a cell of its own ------------------------------------------------- */

struct place { /* for the guard: where the machines are */
    struct cell_identity cell;
    char *root;
};

static void clean_up(gpointer data)
{
    const struct place *place = data;
    (void)cell_kill(&place->cell, place->root, 10000, NULL);
    bench_remove(place->root);
}

static struct image *become_account(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *user = NULL;
    if (geteuid() == 0 &&
            (!cell_account(NULL, &user, &error) || !cell_drop_root(user, NULL, &error))) {
        die(error->message);
    }
    struct image *image = image_find("server", &error);
    if (!image) {
        die(error->message);
    }
    return image;
}

static void run_ours(int out)
{
    g_autoptr(GError) error = NULL;
    struct place place = {0};
    struct range range = {.until = TEXT};
    image_free(become_account());
    if (!cell_enter(true, &place.cell, &error) ||
            !(place.root = g_dir_make_tmp("st-start-XXXXXX", &error))) {
        die(error->message);
    }
    bench_guard(clean_up, &place);
    double took = range_run(&range, place.root, WORLD_BOOT_COLD, MACHINES);
    if (range.failed) {
        die(range.failed);
    }
    world_free(range.world);
    if (write(out, &took, sizeof(took)) != sizeof(took)) {
        die("no pipe");
    }
}

/* The four files, one a line: only the account may find its images. */
static void run_where(int out)
{
    struct image *image = become_account();
    g_autofree char *text = g_strdup_printf(
            "%s\n%s\n%s\n%s", image->kernel, image->initrd, image->root, image->modules);
    if (write(out, text, strlen(text)) != (ssize_t)strlen(text)) {
        die("no pipe");
    }
    image_free(image);
}

/* What run writes, in a child; its length. */
static gsize run_apart(void (*run)(int out), void *buffer, gsize size)
{
    int ends[2];
    int status = 0;
    pid_t parent = getpid();
    pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0) {
        die("no child");
    }
    if (pid == 0) {
        bench_child(parent);
        run(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], buffer, size);
    close(ends[0]);
    if (n <= 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        die("our side failed");
    }
    return (gsize)n;
}

/* ---- the peers ------------------------------------------------------------------------------- */

/* Copies that any account may read: a daemon's QEMU is of another. */
static char *copy_images(void)
{
    static const char *const names[] = {"kernel", "initrd", "root", "modules"};
    g_autoptr(GError) error = NULL;
    char text[4096] = "";
    gsize length = run_apart(run_where, text, sizeof(text) - 1);
    text[length] = '\0';
    g_auto(GStrv) paths = g_strsplit(text, "\n", -1);
    char *folder = g_dir_make_tmp("st-peers-XXXXXX", &error);
    if (!folder || g_chmod(folder, 0755) != 0 || g_strv_length(paths) != G_N_ELEMENTS(names)) {
        die("no place for the peers' images");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *to = g_build_filename(folder, names[i], NULL);
        const char *const cp[] = {"cp", "--no-preserve=all", "--", paths[i], to, NULL};
        int status = 0;
        if (!g_spawn_sync(NULL, (char **)cp, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                    &status, NULL) ||
                status != 0) {
            die("an image cannot be copied");
        }
    }
    return folder;
}

/* Those that this host has come first, each needs what the one before it does, and more. Says which
 * are missing. */
static int count_ways(void)
{
    static const char *const daemon[] = {"libvirtd", "iptables", "virsh"};
    bool beside = geteuid() == 0;
    for (gsize i = 0; i < G_N_ELEMENTS(daemon); i++) {
        g_autofree char *program = g_find_program_in_path(daemon[i]);
        beside = beside && program;
    }
    g_autofree char *installer = g_find_program_in_path("virt-install");
    if (!beside) {
        fprintf(stderr, "peer missing: virsh create (needs root, libvirtd, iptables and virsh: "
                        "./dev setup test)\n");
    }
    if (!beside || !installer) {
        fprintf(stderr, "peer missing: virt-install (needs all that, and the package virtinst)\n");
    }
    return beside ? installer ? WAYS : VIRT_INSTALL : VIRSH;
}

/* Fills what the peers took. */
static void run_peers(const char *folder, int ways, double *ret_took)
{
    static const char daemon[] = TESTS_DIR "/system/private-libvirtd.sh";
    static const char script[] = TESTS_DIR "/bench/start_peers.sh";
    g_autofree char *machines = g_strdup_printf("%d", MACHINES);
    g_autofree char *memory = g_strdup_printf("%d", MEMORY_MIB);
    const char *const head[] = {daemon, script, folder, machines, memory, TEXT, NULL};
    g_autofree char *out = NULL;
    int status = 0;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_addv(builder, (const char **)(ways > VIRSH ? head : head + 1));
    for (int way = QEMU; way < ways; way++) {
        g_strv_builder_add(builder, way_names[way]);
    }
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, NULL) ||
            status != 0) {
        die("the peers failed");
    }
    for (int way = QEMU; way < WAYS; way++) {
        g_autofree char *word = g_strdup_printf("%s ", way_names[way]);
        g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
        for (char **line = lines; *line; line++) {
            if (g_str_has_prefix(*line, word)) {
                ret_took[way] = g_ascii_strtod(*line + strlen(word), NULL);
            }
        }
    }
}

/* ---- together -------------------------------------------------------------------------------- */

/* bench_start [ROUNDS]: fewer rounds for a short look. */
int main(int argc, char **argv)
{
    gint64 rounds = argc > 1 ? CLAMP(g_ascii_strtoll(argv[1], NULL, 10), 1, ROUNDS) : ROUNDS;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *guest = g_build_filename(self, "../../../bin/guest", NULL);
    g_autofree char *programs = g_canonicalize_filename(guest, NULL);
    double took[WAYS][ROUNDS] = {0};
    g_setenv("SANDTABLE_GUEST", programs, FALSE);
    int ways = count_ways();
    g_autofree char *folder = copy_images();
    bench_guard((void (*)(gpointer))bench_remove, folder);
    for (int i = 0; i < rounds; i++) {
        double round[WAYS] = {0};
        run_apart(run_ours, &round[OURS], sizeof(double));
        run_peers(folder, ways, round);
        for (int way = 0; way < WAYS; way++) {
            took[way][i] = round[way];
        }
        fprintf(stderr,
                "bench_start: round %d: ours %.2f s, QEMU loop %.2f s, virsh create %.2f s, "
                "virt-install %.2f s\n",
                i + 1, round[OURS], round[QEMU], round[VIRSH], round[VIRT_INSTALL]);
    }
    double ours = bench_median(took[OURS], (gsize)rounds);
    bool ok = bench_print("start: 16 machines cold / shell loop of QEMU", ours,
            bench_median(took[QEMU], (gsize)rounds), "s", 1.0, BENCH_AT_MOST);
    static const char *const names[WAYS] = {[VIRSH] = "start: 16 machines by virsh create / ours",
            [VIRT_INSTALL] = "start: 16 machines by virt-install / ours"};
    for (int way = VIRSH; way < ways; way++) {
        double peer = bench_median(took[way], (gsize)rounds);
        ok = bench_print(names[way], peer, ours, "s", 1.5, BENCH_AT_LEAST) && ok;
    }
    return !ok ? 1 : ways < WAYS ? BENCH_PEER_MISSING : 0;
}
