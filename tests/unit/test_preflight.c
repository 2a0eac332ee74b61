/* test_preflight.c - what a plan may come to take of a host's disks, on a host that is made up. */
#include "support/plan.h"

#include "base/json.h"
#include "cli/preflight.h"
#include "image/import.h"
#include "image/use.h"
#include "image/warm.h"

#include <sys/statvfs.h>

/* ---- the host -------------------------------------------------------------------------------- */

#define MIB (1 << 20)

static struct {
    fsblkcnt_t size_mib[2], free_mib[2]; /* where the state is, and the images */
    const char *warm;                    /* states that are there, or NULL */
} fake;

int __wrap_statvfs(const char *path, struct statvfs *ret);
struct image *__wrap_image_find(const char *name, GError **error);
bool __wrap_image_use_read(const struct image *image, const char *accel, struct image_use *ret);
cJSON *__wrap_image_warm_list(bool whole, GError **error);

int __wrap_statvfs(const char *path, struct statvfs *ret)
{
    int which = strstr(path, "/state") ? 0 : 1;
    *ret = (struct statvfs){.f_bsize = MIB,
            .f_frsize = MIB,
            .f_blocks = fake.size_mib[which],
            .f_bfree = fake.free_mib[which],
            .f_bavail = fake.free_mib[which]};
    return 0;
}

struct image *__wrap_image_find(const char *name, GError **error)
{
    (void)error;
    struct image *image = g_new0(struct image, 1);
    image->name = g_strdup(name);
    if (!strcmp(name, "imported")) {
        image->disk = g_new0(struct image_disk, 1);
        image->disk->virtual_bytes = (gint64)1000 * MIB;
    } else {
        image->kernel = g_strdup("vmlinux");
    }
    return image;
}

bool __wrap_image_use_read(const struct image *image, const char *accel, struct image_use *ret)
{
    (void)image;
    (void)accel;
    (void)ret;
    return false;
}

cJSON *__wrap_image_warm_list(bool whole, GError **error)
{
    (void)whole;
    (void)error;
    return fake.warm ? cJSON_Parse(fake.warm) : cJSON_CreateArray();
}

static char *home;

static int set_up(void **state)
{
    (void)state;
    home = test_mkdtemp();
    g_autofree char *states = g_build_filename(home, "state", NULL);
    g_autofree char *data = g_build_filename(home, "data", NULL);
    assert_int_equal(g_mkdir(states, 0700), 0);
    assert_int_equal(g_mkdir(data, 0700), 0);
    g_setenv("XDG_STATE_HOME", states, TRUE);
    g_setenv("XDG_DATA_HOME", data, TRUE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_rmtree(home);
    return 0;
}

/* ---- the plan -------------------------------------------------------------------------------- */

#define ROOM                                                                                       \
    "return { title = 'Room', duration = '10m', seed = SEED,\n"                                    \
    "  teams = { blue = { role = 'blue', count = 2 }, red = { role = 'red' } },\n"                 \
    "  networks = { office = { team = 'blue', cidr = '10.1.0.0/24',\n"                             \
    "                          capture = { size = '32M' } } },\n"                                  \
    "  machines = {\n"                                                                             \
    "    web = { team = 'blue', image = 'server', memory = '160M',\n"                              \
    "            nics = { office = '10.1.0.10' } },\n"                                             \
    "    db = { team = 'blue', image = 'server', memory = '256M', disk = '64M',\n"                 \
    "           nics = { office = '10.1.0.11' } },\n"                                              \
    "    old = { team = 'red', image = 'imported', memory = '512M' },\n"                           \
    "    attacker = { team = 'red', image = 'server', memory = '160M',\n"                          \
    "                 nics = { office = '10.1.0.66' } } } }\n"

/* Each machine's part of the ledger and its serial log, its memory, twice its disk; the capture. */
#define TEAM (4 + 160 + 4 + 256 + 2 * 64 + 32)
#define RED (4 + 512 + 2 * 1000 + 4 + 160)
/* A state for each shape: "attacker" has a card in each team's network. */
#define WARM (160 + 160)

static struct capacity look(void)
{
    auto_plan plan = plan_of(ROOM, 0);
    struct capacity_host host;
    struct capacity capacity;
    preflight(plan, VIRT_ACCEL_TCG, 0, &host, &capacity);
    assert_true(capacity_check(plan, &capacity, NULL) == capacity.fits);
    return capacity;
}

static void expect(double got, int wanted)
{
    assert_int_equal((int)got, wanted);
}

static void disks_captures_and_a_checkpoint_are_counted_where_they_lie(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fake.size_mib[0] = 100000;
    fake.size_mib[1] = 50000;
    fake.free_mib[0] = RED + 2 * TEAM;
    fake.free_mib[1] = WARM;
    struct capacity fits = look();
    expect(fits.need[CAPACITY_DISK], 6 * 4);
    expect(fits.need[CAPACITY_GROWTH], RED + 2 * TEAM);
    expect(fits.have[CAPACITY_GROWTH], RED + 2 * TEAM);
    expect(fits.need[CAPACITY_IMAGES], WARM);
    expect(fits.have[CAPACITY_IMAGES], WARM);
    assert_false(fits.tight);
    assert_int_equal(fits.teams[CAPACITY_GROWTH], 2);
    assert_int_equal(fits.largest <= 2, true);
    fake.free_mib[0]--;
    struct capacity less = look();
    assert_true(less.tight && less.fits); /* said, not refused: it need not come to that */
    assert_int_equal(less.teams[CAPACITY_GROWTH], 1);
    fake.free_mib[0] = 10;
    assert_false(look().fits);
}

static void warm_states_that_are_there_are_not_made_again(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fake.size_mib[0] = 100000;
    fake.size_mib[1] = 50000;
    fake.free_mib[0] = 90000;
    fake.free_mib[1] = WARM - 1;
    assert_true(look().tight);
    fake.warm = "[{\"image\":\"server\",\"memory_mib\":160,\"vcpus\":1,\"cards\":1,"
                "\"current\":true},{\"image\":\"server\",\"memory_mib\":160,\"vcpus\":1,"
                "\"cards\":2,\"current\":false}]";
    struct capacity one = look();
    expect(one.need[CAPACITY_IMAGES], 160);
    assert_false(one.tight);
}

static void where_both_are_on_one_file_system_they_are_added(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fake.size_mib[0] = fake.size_mib[1] = 100000;
    fake.free_mib[0] = fake.free_mib[1] = RED + 2 * TEAM + WARM - 1;
    struct capacity got = look();
    expect(got.need[CAPACITY_GROWTH], RED + 2 * TEAM + WARM);
    assert_true(got.tight);
    assert_int_equal(got.teams[CAPACITY_GROWTH], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(disks_captures_and_a_checkpoint_are_counted_where_they_lie),
            cmocka_unit_test(warm_states_that_are_there_are_not_made_again),
            cmocka_unit_test(where_both_are_on_one_file_system_they_are_added),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
