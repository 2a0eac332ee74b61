/* test_cell_spaces.c - many namespaces made at once: each its own, or none at all. */
#include "support/cell.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MANY 70 /* more than one thread makes */

static bool lo_is_up(gpointer data, GError **error)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)error;
    *(bool *)data = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
    close(fd);
    return true;
}

static const char *each_is_its_own(const struct cell_identity *cell)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    int fds[MANY];
    EXPECT_OK(cell_spaces_new(fds, MANY, &error));
    for (int i = 0; i < MANY; i++) {
        struct stat st;
        bool up = false;
        EXPECT(fstat(fds[i], &st) == 0 && st.st_ino != cell->net);
        EXPECT(g_hash_table_add(seen, GSIZE_TO_POINTER(st.st_ino)));
        EXPECT((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0);
        EXPECT_OK(cell_run(fds[i], lo_is_up, &up, &error));
        EXPECT(up);
    }
    for (int i = 0; i < MANY; i++) {
        close(fds[i]);
    }
    EXPECT_OK(cell_spaces_new(NULL, 0, &error));
    return NULL;
}

static void test_many_spaces_are_each_their_own(void **state)
{
    (void)state;
    in_cell(each_is_its_own);
}

static int open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static const char *none_is_left(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    const struct rlimit few = {40, 40};
    int fds[MANY];
    int before = open_files();
    EXPECT(setrlimit(RLIMIT_NOFILE, &few) == 0);
    EXPECT(!cell_spaces_new(fds, MANY, &error) && error);
    for (int i = 0; i < MANY; i++) {
        EXPECT(fds[i] == -1);
    }
    EXPECT(open_files() == before);
    return NULL;
}

static void test_without_room_for_all_none_is_left(void **state)
{
    (void)state;
    in_cell(none_is_left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_many_spaces_are_each_their_own),
            cmocka_unit_test(test_without_room_for_all_none_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
