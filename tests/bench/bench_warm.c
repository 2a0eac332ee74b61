/* bench_warm.c - sixteen servers ready from a warm state, against the same sixteen booted cold, and
 * against the same states restored by nothing but QEMU (bare.h).
 *
 * Both sides are whole machines of the real world: networks, cards, agent, identity, the image's
 * probe. The warm state is made before the clock runs. Memory is what the QEMU processes use (PSS).
 */
#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/range.h"

#define MACHINES 16
#define ROUNDS 5
#define COLD_ROUNDS 2 /* a minute each */

struct figures {
    double ready; /* seconds from the call to the last machine that is ready */
    double pss;   /* MiB, all machines */
    double bare;  /* seconds: the same states restored by QEMU itself; 0: not asked for */
};

static G_NORETURN void die(const char *what)
{
    fprintf(stderr, "bench_warm: %s\n", what);
    exit(3);
}

static double pss_of(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/smaps_rollup", pid);
    g_autofree char *text = NULL;
    const char *pss = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "\nPss:") : NULL;
    return pss ? (double)g_ascii_strtoll(pss + strlen("\nPss:"), NULL, 10) / 1024 : 0;
}

static double pss_of_all(const char *root)
{
    g_autofree char *folder = g_build_filename(root, "run", "qemu", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    double sum = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *pid = NULL;
        if (g_str_has_suffix(name, ".pid") && g_file_get_contents(path, &pid, NULL, NULL)) {
            sum += pss_of(g_strstrip(pid));
        }
    }
    return sum;
}

/* Its sockets' paths are short, as libvirt's root is. */
static double restore_bare(struct bare *machines, int n, const char *folder)
{
    g_autoptr(GError) error = NULL;
    if (n != MACHINES || !bare_links(n, &error)) {
        die(error ? error->message : "not all machines run");
    }
    double took = bare_restore(machines, n, folder);
    if (took < 0) {
        die("the bare restore failed");
    }
    return took;
}

/* In a process and a cell of its own: what it made ends with it. */
static struct figures run_range(enum world_boot boot)
{
    g_autoptr(GError) error = NULL;
    struct cell_identity cell;
    if (!cell_enter(true, &cell, &error)) {
        die(error->message);
    }
    g_autofree char *root = g_dir_make_tmp("st-warm-XXXXXX", &error);
    if (!root) {
        die(error->message);
    }
    struct range range = {0};
    double took = range_run(&range, root, boot, MACHINES);
    if (!range.world) {
        die(range.failed);
    }
    struct figures figures = {
            .ready = took,
            .pss = pss_of_all(root),
    };
    struct bare machines[MACHINES];
    g_autofree char *bare = g_dir_make_tmp("st-bare-XXXXXX", &error);
    int n = boot == WORLD_BOOT_WARM && !range.failed && bare
                    ? bare_learn(root, bare, machines, MACHINES)
                    : 0;
    world_free(range.world);
    bench_remove(root);
    if (n > 0) {
        figures.bare = restore_bare(machines, n, bare);
    }
    bench_remove(bare);
    if (range.failed) {
        die(range.failed);
    }
    return figures;
}

static struct figures run_apart(enum world_boot boot)
{
    struct figures figures = {0};
    int fds[2];
    int status = 0;
    if (pipe(fds) != 0) {
        die("no pipe");
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        bench_child(parent);
        figures = run_range(boot);
        _exit(write(fds[1], &figures, sizeof(figures)) == sizeof(figures) ? 0 : 3);
    }
    close(fds[1]);
    if (pid < 0 || read(fds[0], &figures, sizeof(figures)) != sizeof(figures) ||
            waitpid(pid, &status, 0) != pid || status != 0) {
        die("a round failed");
    }
    close(fds[0]);
    return figures;
}

/* bench_warm [ROUNDS]: fewer rounds for a short look. */
int main(int argc, char **argv)
{
    gint64 rounds = argc > 1 ? CLAMP(g_ascii_strtoll(argv[1], NULL, 10), 1, ROUNDS) : ROUNDS;
    g_autoptr(GError) error = NULL;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *guest = g_build_filename(self, "../../../bin/guest", NULL);
    g_autofree char *programs = g_canonicalize_filename(guest, NULL);
    g_setenv("SANDTABLE_GUEST", programs, FALSE);
    g_autofree char *user = NULL;
    double warm[ROUNDS], cold[ROUNDS], warm_pss[ROUNDS], cold_pss[ROUNDS], bare[ROUNDS];
    gsize colds = 0;
    if (geteuid() == 0 &&
            (!cell_account(NULL, &user, &error) || !cell_drop_root(user, NULL, &error))) {
        die(error->message);
    }
    (void)run_apart(WORLD_BOOT_WARM); /* the state is there afterwards */
    for (int i = 0; i < rounds; i++) {
        struct figures woken = run_apart(WORLD_BOOT_WARM);
        warm[i] = woken.ready;
        warm_pss[i] = woken.pss;
        bare[i] = woken.bare;
        fprintf(stderr, "bench_warm: round %d: warm %.2f s, %.0f MiB; bare restore %.2f s\n", i + 1,
                woken.ready, woken.pss, woken.bare);
        if (i < COLD_ROUNDS) {
            struct figures booted = run_apart(WORLD_BOOT_COLD);
            cold[colds] = booted.ready;
            cold_pss[colds++] = booted.pss;
            fprintf(stderr, "bench_warm: cold %.2f s, %.0f MiB\n", booted.ready, booted.pss);
        }
    }
    bool ok = bench_print("warm: 16 servers booted cold / woken", bench_median(cold, colds),
            bench_median(warm, (gsize)rounds), "s", 10, BENCH_AT_LEAST);
    ok = bench_print("warm: memory of 16 woken / booted cold",
                 bench_median(warm_pss, (gsize)rounds), bench_median(cold_pss, colds), "MiB", 0.35,
                 BENCH_AT_MOST) &&
         ok;
    ok = bench_print("warm: 16 woken, ready / their states restored by bare QEMU",
                 bench_median(warm, (gsize)rounds), bench_median(bare, (gsize)rounds), "s", 1.5,
                 BENCH_AT_MOST) &&
         ok;
    return ok ? 0 : 1;
}
