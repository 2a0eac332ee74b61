/* foot.c - a machine that stands in networks for the engine: frames between its cards and a port.
 *
 * Where a libvirt daemon owns the networks, the engine's checks reach them through this program. It
 * is the init of a small machine without a disk. Every card's frames go to the virtio port
 * "sandtable.foot" (base/frames.h has the messages), and frames that come from there go out by the
 * card they name. Nothing passes from card to card, and no card has an address.
 *
 * Its kernel command line has st.foot=MAC,MAC,… : the cards in their order.
 */
#include "base/frames.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PORT_NAME "sandtable.foot"
#define DEVICE_WAIT_MS 20000
#define RETRY_MS 50
#define MAC_TEXT 17

static char macs[FRAMES_CARDS][MAC_TEXT + 1];
static int cards[FRAMES_CARDS]; /* a packet socket each */
static int n_cards;

static void die(const char *what)
{
    fprintf(stderr, "sandtable-foot: %s: %s\n", what, strerror(errno));
    sync();
    reboot(RB_AUTOBOOT); /* without ACPI, power-off would only halt */
    _exit(1);
}

static void load_modules(void)
{
    FILE *list = fopen("/modules.list", "re");
    char path[256];
    while (list && fgets(path, sizeof(path), list)) {
        path[strcspn(path, "\n")] = '\0';
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) {
            die(path);
        }
        close(fd);
        unlink(path); /* gives the memory back */
    }
    if (list) {
        fclose(list);
    }
}

static void mount_all(void)
{
    static const char *const mounts[][2] = {
            {"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}};
    for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
        (void)mkdir(mounts[i][1], 0755);
        if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL) != 0 && errno != EBUSY) {
            die(mounts[i][1]);
        }
    }
    int console = open("/dev/console", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; console >= 0 && fd <= STDERR_FILENO; fd++) {
        dup2(console, fd);
    }
}

/* The first line of a small file. */
static bool read_line(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(text, (int)size, file);
    if (file) {
        fclose(file);
    }
    if (ok) {
        text[strcspn(text, "\n")] = '\0';
    }
    return ok;
}

static void read_command_line(void)
{
    static const char key[] = "st.foot=";
    char line[4096] = "";
    char *state = NULL;
    char *value = read_line("/proc/cmdline", line, sizeof(line)) ? strstr(line, key) : NULL;
    if (value) {
        value += strlen(key);
    } else {
        errno = EINVAL;
        die("st.foot");
    }
    value[strcspn(value, " ")] = '\0';
    for (char *mac = strtok_r(value, ",", &state); mac && n_cards < FRAMES_CARDS;
            mac = strtok_r(NULL, ",", &state)) {
        snprintf(macs[n_cards++], sizeof(macs[0]), "%s", mac);
    }
}

/* The interface with that address, or 0. */
static unsigned find_card(const char *mac)
{
    struct if_nameindex *all = if_nameindex();
    unsigned found = 0;
    for (struct if_nameindex *one = all; one && one->if_index != 0 && !found; one++) {
        char path[64];
        char text[32];
        snprintf(path, sizeof(path), "/sys/class/net/%s/address", one->if_name);
        if (read_line(path, text, sizeof(text)) && !strcmp(text, mac)) {
            found = one->if_index;
        }
    }
    if_freenameindex(all);
    return found;
}

static unsigned wait_for_card(const char *mac)
{
    for (int left = DEVICE_WAIT_MS; left > 0; left -= RETRY_MS) {
        unsigned index = find_card(mac);
        if (index) {
            return index;
        }
        (void)poll(NULL, 0, RETRY_MS);
    }
    errno = ENODEV;
    die(mac);
    return 0;
}

static int open_card(const char *mac)
{
    unsigned index = wait_for_card(mac);
    int on = 1;
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_PROMISC | IFF_NOARP};
    struct packet_mreq all = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll here = {
            .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (fd < 0 || !if_indextoname(index, request.ifr_name) ||
            setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
            setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
            bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 ||
            ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        die(mac);
    }
    return fd;
}

/* No address of its own, not even IPv6's. */
static void no_addresses(void)
{
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "1", 1);
        (void)ignored;
        close(fd);
    }
}

static int find_port(void)
{
    static const char class[] = "/sys/class/virtio-ports";
    DIR *dir = opendir(class);
    int fd = -1;
    for (struct dirent *entry = NULL; fd < 0 && dir && (entry = readdir(dir));) {
        char path[320];
        char name[64];
        snprintf(path, sizeof(path), "%s/%s/name", class, entry->d_name);
        if (entry->d_name[0] != '.' && read_line(path, name, sizeof(name)) &&
                !strcmp(name, PORT_NAME)) {
            snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
            fd = open(path, O_RDWR | O_CLOEXEC);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return fd;
}

static int wait_for_port(void)
{
    int fd = -1;
    for (int left = DEVICE_WAIT_MS; left > 0 && (fd = find_port()) < 0; left -= RETRY_MS) {
        (void)poll(NULL, 0, RETRY_MS);
    }
    if (fd < 0) {
        die(PORT_NAME);
    }
    return fd;
}

/* One engine at the other end, until it goes away. */
static void serve(int port)
{
    static struct frames frames;
    struct pollfd wait[FRAMES_CARDS + 1];
    bool alive = frames_begin(&frames, port, cards, n_cards, true);
    while (alive) {
        frames_await(&frames, wait);
        if (poll(wait, (nfds_t)n_cards + 1, -1) < 0) {
            alive = errno == EINTR;
        } else {
            alive = frames_carry(&frames, wait);
        }
    }
}

/* Nobody listens: until somebody does, there is nothing to read either. */
static void wait_for_engine(int port)
{
    struct pollfd wait = {.fd = port, .events = POLLOUT};
    while (poll(&wait, 1, RETRY_MS) >= 0 && (wait.revents & POLLHUP)) {
        (void)poll(NULL, 0, RETRY_MS);
    }
}

int main(void)
{
    mount_all();
    load_modules();
    read_command_line();
    no_addresses();
    for (int i = 0; i < n_cards; i++) {
        cards[i] = open_card(macs[i]);
    }
    int port = wait_for_port();
    printf("sandtable-foot: stands in %d networks\n", n_cards);
    fflush(stdout);
    for (;;) {
        wait_for_engine(port);
        serve(port);
    }
}
