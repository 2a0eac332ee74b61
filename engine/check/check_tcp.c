/* check_tcp.c - TCP: the port accepts and, where asked, greets; SSH: the identification string. */
#include "check/check_internal.h"

#include "base/text.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static char *quote(const unsigned char *bytes, gsize length)
{
    g_autofree char *text = text_clean_tail((const char *)bytes, length, CHECK_BANNER_MAX);
    g_strdelimit(text, "\n\t", ' ');
    g_strstrip(text);
    if (g_utf8_strlen(text, -1) > 80) {
        g_autofree char *head = g_utf8_substring(text, 0, 80);
        return g_strconcat(head, "…", NULL);
    }
    return g_steal_pointer(&text);
}

static void open_stream(struct check *check)
{
    if (check_port(&check->request) < 1 || check_port(&check->request) > 65535) {
        check_finish(check, CHECK_FAULT, 0, g_strdup("no port to connect to"));
    } else if (check_socket(check, SOCK_STREAM, IPPROTO_TCP)) {
        check_watch(check, G_IO_OUT);
    }
}

static void turn_tcp(struct check *check, G_GNUC_UNUSED GIOCondition ready)
{
    const char *wanted = check->request.contains;
    if (!wanted) {
        check_finish(check, CHECK_OK, 0,
                g_strdup_printf("port %d is open", check_port(&check->request)));
        return;
    }
    bool ended = false;
    if (check_receive(check, &ended) < 0) {
        return;
    }
    if (memmem(check->buffer, check->have, wanted, strlen(wanted))) {
        check_finish(check, CHECK_OK, 0, quote(check->buffer, check->have));
    } else if (ended) {
        g_autofree char *seen = quote(check->buffer, check->have);
        check_finish(check, CHECK_MUMBLE, 0,
                g_strdup_printf("greeting \"%s\" lacks \"%s\"", seen, wanted));
    } else {
        check_watch(check, G_IO_IN);
    }
}

/* RFC 4253, 4.2: other lines may come first; the identification starts with "SSH-" and ends with
 * a line feed. 1.99 means 2.0 as well (5.1). */
static const unsigned char *find_ssh_line(const struct check *check, gsize *ret_length)
{
    const unsigned char *line = check->buffer;
    const unsigned char *end = check->buffer + check->have;
    while (line < end) {
        const unsigned char *feed = memchr(line, '\n', (gsize)(end - line));
        if (!feed) {
            return NULL;
        }
        if (feed - line >= 4 && !memcmp(line, "SSH-", 4)) {
            *ret_length = (gsize)(feed - line);
            return line;
        }
        line = feed + 1;
    }
    return NULL;
}

static void judge_ssh(struct check *check, const unsigned char *line, gsize length)
{
    const char *wanted = check->request.contains;
    g_autofree char *seen = quote(line, length);
    if (!g_str_has_prefix(seen, "SSH-2.0-") && !g_str_has_prefix(seen, "SSH-1.99-")) {
        check_finish(check, CHECK_MUMBLE, 0, g_strdup_printf("\"%s\" is not SSH 2.0", seen));
    } else if (wanted && !memmem(line, length, wanted, strlen(wanted))) {
        check_finish(check, CHECK_MUMBLE, 0,
                g_strdup_printf("banner \"%s\" lacks \"%s\"", seen, wanted));
    } else {
        check_finish(check, CHECK_OK, 0, g_steal_pointer(&seen));
    }
}

static void turn_ssh(struct check *check, G_GNUC_UNUSED GIOCondition ready)
{
    bool ended = false;
    if (check_receive(check, &ended) < 0) {
        return;
    }
    gsize length = 0;
    const unsigned char *line = find_ssh_line(check, &length);
    if (line) {
        judge_ssh(check, line, length);
    } else if (ended && check->have == 0) {
        check_finish(check, CHECK_DOWN, 0, g_strdup("connection closed without a banner"));
    } else if (ended) {
        g_autofree char *seen = quote(check->buffer, check->have);
        check_finish(check, CHECK_MUMBLE, 0, g_strdup_printf("\"%s\" is not an SSH banner", seen));
    } else {
        check_watch(check, G_IO_IN);
    }
}

const struct check_family check_family_tcp = {.open = open_stream, .turn = turn_tcp};
const struct check_family check_family_ssh = {.open = open_stream, .turn = turn_ssh};
