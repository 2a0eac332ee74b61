/* guest-net.c - one network card: found by MAC, put in its namespace, addressed, routed. */
#include "guest-net.h"

#include <arpa/inet.h>
#include <dirent.h>
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

struct nic {
    char name[IFNAMSIZ];
    struct in_addr address, mask, gateway;
    const char *space; /* NULL: the machine's own namespace */
};

static bool request(unsigned long code, void *argument)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && ioctl(fd, code, argument) == 0;
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return ok;
}

bool net_up(const char *name)
{
    struct ifreq change = {.ifr_flags = IFF_UP | IFF_RUNNING};
    snprintf(change.ifr_name, sizeof(change.ifr_name), "%s", name);
    return request(SIOCSIFFLAGS, &change);
}

static bool set_address(const struct nic *nic, unsigned long code, struct in_addr value)
{
    struct ifreq change = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = value};
    snprintf(change.ifr_name, sizeof(change.ifr_name), "%s", nic->name);
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

static bool find_by_mac(const char *mac, char name[IFNAMSIZ])
{
    bool found = false;
    DIR *cards = opendir("/sys/class/net");
    for (struct dirent *entry; cards && !found && (entry = readdir(cards));) {
        char path[512], text[32] = "";
        if (strlen(entry->d_name) >= IFNAMSIZ) {
            continue;
        }
        snprintf(path, sizeof(path), "/sys/class/net/%s/address", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && fgets(text, sizeof(text), file)) {
            text[strcspn(text, "\n")] = '\0';
            found = !strcasecmp(text, mac);
        }
        if (file) {
            fclose(file);
        }
        if (found) {
            memcpy(name, entry->d_name, strlen(entry->d_name) + 1); /* shorter than IFNAMSIZ */
        }
    }
    if (cards) {
        closedir(cards);
    }
    return found;
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

bool net_set_mac(const char *was, const char *mac)
{
    struct ifreq change = {0};
    unsigned char *to = (unsigned char *)change.ifr_hwaddr.sa_data;
    if (!read_mac(mac, to)) {
        errno = EINVAL;
        return false;
    }
    if (!find_by_mac(was, change.ifr_name)) {
        errno = ENODEV;
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
    return ok && net_up("lo");
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

static bool apply(const struct nic *nic, char *problem, size_t size)
{
    const char *what = NULL;
    if (nic->space && !enter_space(nic)) {
        what = "namespace";
    } else if (!set_address(nic, SIOCSIFADDR, nic->address) ||
               !set_address(nic, SIOCSIFNETMASK, nic->mask)) {
        what = "address";
    } else if (!net_up(nic->name)) {
        what = "up";
    } else if (nic->gateway.s_addr && !set_gateway(nic->gateway)) {
        what = "default route";
    }
    if (what) {
        snprintf(problem, size, "%s: %s: %s", nic->name, what, strerror(errno));
    }
    return !what;
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
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    bool ok = apply(&nic, problem, size);
    if (home >= 0) {
        if (nic.space && setns(home, CLONE_NEWNET) != 0) {
            snprintf(problem, size, "cannot leave namespace %s: %s", nic.space, strerror(errno));
            ok = false;
        }
        close(home);
    }
    return ok;
}
