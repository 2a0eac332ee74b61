/* guest-net.c - one network card: found by MAC, put in its namespace, addressed, routed. */
#include "guest-net.h"

#include "guest-file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CARDS_LOOK 1024 /* indices; they are given one after the other */

struct nic {
    char name[IFNAMSIZ];
    struct in_addr address, mask, gateway;
    const char *space; /* NULL: the machine's own namespace */
};

/* A socket belongs to the namespace that it was made in, so there is one for each; kept, because
 * opening and closing one is more code than most requests. */
static int control = -1;

static bool request(unsigned long code, void *argument)
{
    if (control < 0) {
        control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    return control >= 0 && ioctl(control, code, argument) == 0;
}

/* A control socket in the namespace that the caller has just come to; the one before, for
 * leave_control(). */
static int enter_control(void)
{
    int before = control;
    control = -1;
    return before;
}

static void leave_control(int before)
{
    if (control >= 0) {
        close(control);
    }
    control = before;
}

static bool is_up(const char *name)
{
    struct ifreq card = {0};
    memcpy(card.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    return request(SIOCGIFFLAGS, &card) && card.ifr_flags & IFF_UP;
}

bool net_up(const char *name)
{
    struct ifreq change = {.ifr_flags = IFF_UP | IFF_RUNNING};
    memcpy(change.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    return request(SIOCSIFFLAGS, &change);
}

static bool set_address(const struct nic *nic, unsigned long code, struct in_addr value)
{
    struct ifreq change = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = value};
    memcpy(change.ifr_name, nic->name, IFNAMSIZ);
    memcpy(&change.ifr_addr, &address, sizeof(address));
    return request(code, &change);
}

static bool set_gateway(struct in_addr gateway)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in via = {.sin_family = AF_INET, .sin_addr = gateway};
    memcpy(&route.rt_dst, &any, sizeof(any));
    memcpy(&route.rt_genmask, &any, sizeof(any));
    memcpy(&route.rt_gateway, &via, sizeof(via));
    return request(SIOCADDRT, &route);
}

/* Six bytes in hexadecimal, with colons. */
static bool read_mac(const char *text, unsigned char *ret)
{
    for (int i = 0; i < 6; i++) {
        char *end = NULL;
        unsigned long byte = strtoul(text, &end, 16);
        if (end == text || byte > 0xff || *end != (i < 5 ? ':' : '\0')) {
            return false;
        }
        ret[i] = (unsigned char)byte;
        text = end + 1;
    }
    return true;
}

/* The card at an index, or the next one behind it; 0: there is none. */
static int next_card(int index, struct ifreq *ret)
{
    for (; index < CARDS_LOOK; index++) {
        *ret = (struct ifreq){.ifr_ifindex = index};
        if (request(SIOCGIFNAME, ret)) {
            return index;
        }
    }
    return 0;
}

static bool find_by_mac(const char *mac, char name[IFNAMSIZ])
{
    unsigned char wanted[6];
    struct ifreq card;
    if (!read_mac(mac, wanted)) {
        return false;
    }
    for (int index = 1; (index = next_card(index, &card)) > 0; index++) {
        if (request(SIOCGIFHWADDR, &card) &&
                !memcmp(card.ifr_hwaddr.sa_data, wanted, sizeof(wanted))) {
            memcpy(name, card.ifr_name, IFNAMSIZ);
            return true;
        }
    }
    return false;
}

bool net_set_mac(const char *was, const char *mac)
{
    struct ifreq change = {0};
    if (!find_by_mac(was, change.ifr_name)) {
        errno = ENODEV;
        return false;
    }
    if (!read_mac(mac, (unsigned char *)change.ifr_hwaddr.sa_data)) {
        errno = EINVAL;
        return false;
    }
    change.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    return request(SIOCSIFHWADDR, &change);
}

/* `ip` knows how named namespaces are kept (/run/netns); only machines of several teams pay for it.
 */
static bool run_ip(const char *const *words)
{
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "ip", NULL, NULL, (char *const *)words, environ) != 0) {
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

static bool enter_space(const struct nic *nic)
{
    char path[96];
    snprintf(path, sizeof(path), "/run/netns/%s", nic->space);
    if (access(path, F_OK) != 0 &&
            !run_ip((const char *const[]){"ip", "netns", "add", nic->space, NULL})) {
        return false;
    }
    if (!run_ip((const char *const[]){"ip", "link", "set", nic->name, "netns", nic->space, NULL})) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool parse(char *spec, struct nic *nic, const char **ret_mac)
{
    char *save = NULL;
    *ret_mac = strtok_r(spec, ",", &save);
    char *address = strtok_r(NULL, ",", &save);
    char *slash = address ? strchr(address, '/') : NULL;
    if (!*ret_mac || !slash) {
        return false;
    }
    *slash = '\0';
    char *end = NULL;
    long prefix = strtol(slash + 1, &end, 10);
    if (inet_pton(AF_INET, address, &nic->address) != 1 || *end || prefix < 1 || prefix > 32) {
        return false;
    }
    nic->mask.s_addr = htonl(0xffffffffU << (32 - prefix));
    for (char *word; (word = strtok_r(NULL, ",", &save));) {
        if (!strncmp(word, "ns=", 3) && word[3] && strlen(word) < 64 && !strchr(word, '/')) {
            nic->space = word + 3;
        } else if (strncmp(word, "gw=", 3) != 0 ||
                   inet_pton(AF_INET, word + 3, &nic->gateway) != 1) {
            return false;
        }
    }
    return true;
}

/* What could not be done, or NULL. */
static const char *address_card(const struct nic *nic)
{
    if (!set_address(nic, SIOCSIFADDR, nic->address) ||
            !set_address(nic, SIOCSIFNETMASK, nic->mask)) {
        return "address";
    }
    if (!is_up(nic->name) && !net_up(nic->name)) {
        return "up";
    }
    return nic->gateway.s_addr && !set_gateway(nic->gateway) ? "default route" : NULL;
}

static const char *address_in_space(const struct nic *nic)
{
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int before = enter_control();
    const char *what = home >= 0 && enter_space(nic) ? NULL : "namespace";
    if (!what) {
        what = net_up("lo") ? address_card(nic) : "loopback";
    }
    int saved = errno;
    leave_control(before);
    if (home >= 0) {
        if (setns(home, CLONE_NEWNET) != 0) {
            what = "the way back";
        }
        close(home);
    }
    errno = what ? saved : 0;
    return what;
}

bool net_configure(char *spec, char *problem, size_t size)
{
    struct nic nic = {0};
    const char *mac = NULL;
    if (!parse(spec, &nic, &mac)) {
        snprintf(problem, size, "expected MAC,ADDR/PREFIX[,gw=ADDR][,ns=NAME]");
        return false;
    }
    if (!find_by_mac(mac, nic.name)) {
        snprintf(problem, size, "no network card %s", mac);
        return false;
    }
    const char *what = nic.space ? address_in_space(&nic) : address_card(&nic);
    if (what) {
        snprintf(problem, size, "%s: %s: %s", nic.name, what, strerror(errno));
    }
    return !what;
}

/* ---- before a machine is frozen -----------------------------------------------------------------
 */

static bool set_ipv6(const char *name, bool on)
{
    char path[96];
    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    return file_write(path, -1, on ? "0\n" : "1\n", 2);
}

/* All cards but the loopback; whether it worked for all. */
static bool each_card(bool (*act)(const char *name))
{
    struct ifreq card;
    bool ok = true;
    for (int index = 1; (index = next_card(index, &card)) > 0; index++) {
        ok = (!strcmp(card.ifr_name, "lo") || act(card.ifr_name)) && ok;
    }
    return ok;
}

static bool raise_mute(const char *name)
{
    return set_ipv6(name, false) && net_up(name);
}

static bool let_speak(const char *name)
{
    return set_ipv6(name, true);
}

bool net_make_ready(void)
{
    return each_card(raise_mute);
}

bool net_settle(void)
{
    return each_card(let_speak);
}
