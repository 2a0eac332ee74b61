/* check_ping.c - ICMP echo (RFC 792) on a raw socket; one packet a second until one comes back. */
#include "check/check_internal.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define PERIOD_MS 1000
#define ECHO_BYTES (8 + 16) /* header and token */

/* The Internet checksum, RFC 1071. */
static guint16 checksum(const unsigned char *bytes, gsize length)
{
    guint32 sum = 0;
    for (gsize i = 0; i + 1 < length; i += 2) {
        sum += (guint32)bytes[i] << 8 | bytes[i + 1];
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (guint16)~sum;
}

static gboolean send_echo(gpointer data)
{
    struct check *check = data;
    unsigned char packet[ECHO_BYTES] = {ICMP_ECHO};
    check->id++;
    packet[4] = check->token[0];
    packet[5] = check->token[1];
    packet[6] = (unsigned char)(check->id >> 8);
    packet[7] = (unsigned char)check->id;
    memcpy(packet + 8, check->token, sizeof(check->token));
    guint16 sum = checksum(packet, sizeof(packet));
    packet[2] = (unsigned char)(sum >> 8);
    packet[3] = (unsigned char)sum;
    if (send(check->fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
            errno != EINTR && errno != ENOBUFS) {
        check_fail(check, errno, check->id == 1);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void open_ping(struct check *check)
{
    if (!check_socket(check, SOCK_RAW, IPPROTO_ICMP)) {
        return;
    }
    /* a raw socket sees every ICMP packet of its namespace: let the kernel drop the rest */
    struct icmp_filter filter = {~(1U << ICMP_ECHOREPLY)};
    if (setsockopt(check->fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)) != 0) {
        check_fail(check, errno, true);
        return;
    }
    for (gsize i = 0; i < sizeof(check->token); i += 4) {
        guint32 random = g_random_int();
        memcpy(check->token + i, &random, sizeof(random));
    }
    check->connected = true;
    check->again = check_timer(check->checker, PERIOD_MS, send_echo, check);
    check_watch(check, G_IO_IN);
    (void)send_echo(check);
}

static bool is_ours(const struct check *check, const unsigned char *packet, gsize length)
{
    if (length < 20) {
        return false;
    }
    gsize header = (gsize)(packet[0] & 15) * 4;
    if (header < 20 || length != header + ECHO_BYTES) {
        return false;
    }
    const unsigned char *echo = packet + header;
    guint sequence = (guint)echo[6] << 8 | echo[7];
    return echo[0] == ICMP_ECHOREPLY && !memcmp(echo + 4, check->token, 2) && sequence >= 1 &&
           sequence <= check->id && checksum(echo, ECHO_BYTES) == 0 &&
           !memcmp(echo + 8, check->token, sizeof(check->token));
}

static void turn_ping(struct check *check, G_GNUC_UNUSED GIOCondition ready)
{
    unsigned char packet[256];
    ssize_t n = recv(check->fd, packet, sizeof(packet), MSG_TRUNC);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            check_fail(check, errno, false);
        }
        return;
    }
    if ((gsize)n <= sizeof(packet) && is_ours(check, packet, (gsize)n)) {
        check_finish(check, CHECK_OK, 0, g_strdup("answers ping"));
    }
}

const struct check_family check_family_ping = {.open = open_ping, .turn = turn_ping};
