/* foot.c - a machine that stands in networks for the engine: frames between its cards and a port.
 *
 * Where a libvirt daemon owns the networks, the engine's checks reach them through this program. It
 * is the init of a small machine without a disk. Every card's frames go to the virtio port
 * "sandtable.foot" as {card, 0, length (2 bytes, big-endian), frame}, and frames that come from
 * there go out by the card they name. Nothing passes from card to card, and no card has an address.
 *
 * Its kernel command line has st.foot=MAC,MAC,… : the cards in their order. A message {255, 0, 0,
 * 0} says that all of them are up.
 */
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
#define CARDS_MAX 24
#define FRAME_MAX 9216
#define HEAD 4
#define HELLO 255
#define DEVICE_WAIT_MS 20000
#define RETRY_MS 50
#define MAC_TEXT 17

struct card {
    char mac[MAC_TEXT + 1];
    int fd;
};

static struct card cards[CARDS_MAX];
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
    for (char *mac = strtok_r(value, ",", &state); mac && n_cards < CARDS_MAX;
            mac = strtok_r(NULL, ",", &state)) {
        snprintf(cards[n_cards++].mac, sizeof(cards[0].mac), "%s", mac);
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

static void open_card(struct card *card)
{
    unsigned index = wait_for_card(card->mac);
    int on = 1;
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_PROMISC | IFF_NOARP};
    struct packet_mreq all = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll here = {
            .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
    card->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (card->fd < 0 || !if_indextoname(index, request.ifr_name) ||
            setsockopt(card->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
            setsockopt(card->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
            bind(card->fd, (struct sockaddr *)&here, sizeof(here)) != 0 ||
            ioctl(card->fd, SIOCSIFFLAGS, &request) != 0) {
        die(card->mac);
    }
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

static bool write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static bool say_hello(int port)
{
    static const uint8_t hello[HEAD] = {HELLO, 0, 0, 0};
    return write_all(port, hello, sizeof(hello));
}

/* What came from a card; more of it waits for the next turn. */
static bool send_up(int port, int card)
{
    static uint8_t message[HEAD + FRAME_MAX];
    ssize_t n = recv(cards[card].fd, message + HEAD, FRAME_MAX, MSG_TRUNC);
    if (n <= 0 || n > FRAME_MAX) {
        return true; /* nothing, or more than any card should give */
    }
    message[0] = (uint8_t)card;
    message[1] = 0;
    message[2] = (uint8_t)(n >> 8);
    message[3] = (uint8_t)n;
    return write_all(port, message, HEAD + (size_t)n);
}

struct inbox {
    uint8_t bytes[HEAD + FRAME_MAX];
    size_t length;
};

/* Sends every whole frame of the inbox; what is left begins it. False: that is no message of ours.
 */
static bool send_down(struct inbox *inbox)
{
    size_t at = 0;
    while (inbox->length - at >= HEAD) {
        const uint8_t *head = inbox->bytes + at;
        size_t size = (size_t)head[2] << 8 | head[3];
        if (size > FRAME_MAX || head[0] >= n_cards) {
            return false;
        }
        if (inbox->length - at - HEAD < size) {
            break;
        }
        /* a full queue drops a frame, as networks do */
        (void)send(cards[head[0]].fd, head + HEAD, size, 0);
        at += HEAD + size;
    }
    memmove(inbox->bytes, inbox->bytes + at, inbox->length - at);
    inbox->length -= at;
    return true;
}

static bool read_port(int port, struct inbox *inbox)
{
    ssize_t n = read(port, inbox->bytes + inbox->length, sizeof(inbox->bytes) - inbox->length);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
    inbox->length += (size_t)n;
    return send_down(inbox);
}

/* One engine at the other end, until it goes away. */
static void serve(int port)
{
    static struct inbox inbox;
    struct pollfd wait[CARDS_MAX + 1];
    inbox.length = 0;
    bool alive = say_hello(port);
    while (alive) {
        wait[0] = (struct pollfd){.fd = port, .events = POLLIN};
        for (int i = 0; i < n_cards; i++) {
            wait[i + 1] = (struct pollfd){.fd = cards[i].fd, .events = POLLIN};
        }
        if (poll(wait, (nfds_t)n_cards + 1, -1) < 0 && errno != EINTR) {
            return;
        }
        if (wait[0].revents & POLLIN) {
            alive = read_port(port, &inbox);
        } else if (wait[0].revents & (POLLHUP | POLLERR)) {
            return;
        }
        for (int i = 0; alive && i < n_cards; i++) {
            alive = !(wait[i + 1].revents & POLLIN) || send_up(port, i);
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
        open_card(&cards[i]);
    }
    int port = wait_for_port();
    printf("sandtable-foot: stands in %d networks\n", n_cards);
    fflush(stdout);
    for (;;) {
        wait_for_engine(port);
        serve(port);
    }
}
