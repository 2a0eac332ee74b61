/* check_modbus.c - Modbus/TCP: read one coil, input or register and judge its value.
 *
 * Framing after the Modbus Application Protocol 1.1b3 and Messaging on TCP/IP 1.0b: MBAP header
 * (transaction, protocol 0, length, unit), then function and data. libmodbus would block the
 * thread, so the twelve bytes of the request are written here.
 */
#include "check/check_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER 7 /* MBAP with the unit */
#define PDU_MAX 253

static const char *const table_names[] = {"coil", "discrete", "holding", "input"};

/* Functions 1 to 4 in the order of table_names; 0: no such table. */
static int function_of(const char *table)
{
    for (gsize i = 0; table && i < G_N_ELEMENTS(table_names); i++) {
        if (!strcmp(table, table_names[i])) {
            return (int)i + 1;
        }
    }
    return 0;
}

static void open_modbus(struct check *check)
{
    if (!function_of(check->request.table)) {
        check_finish(check, CHECK_FAULT, 0,
                g_strdup("no such Modbus table: coil, discrete, holding or input"));
    } else if (check_socket(check, SOCK_STREAM, IPPROTO_TCP)) {
        check_watch(check, G_IO_OUT);
    }
}

static void put16(unsigned char *to, guint value)
{
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)value;
}

static guint get16(const unsigned char *from)
{
    return (guint)from[0] << 8 | from[1];
}

static void send_request(struct check *check)
{
    unsigned char request[12];
    check->id = (guint16)g_random_int_range(1, 65536);
    put16(request, check->id);
    put16(request + 2, 0);
    put16(request + 4, 6);
    request[6] = (unsigned char)check->request.unit;
    request[7] = (unsigned char)function_of(check->request.table);
    put16(request + 8, (guint)check->request.register_address);
    put16(request + 10, 1);
    /* a fresh connection's buffer takes twelve bytes whole */
    if (send(check->fd, request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request)) {
        check_fail(check, errno, false);
        return;
    }
    check_watch(check, G_IO_IN);
}

static void mumble(struct check *check, char *detail)
{
    check_finish(check, CHECK_MUMBLE, 0, detail);
}

static void judge_value(struct check *check, const unsigned char *pdu, guint length)
{
    int function = function_of(check->request.table);
    guint bytes = function <= 2 ? 1 : 2;
    if (pdu[0] != function || length != 2 + bytes || pdu[1] != bytes) {
        mumble(check, g_strdup("a Modbus answer of the wrong shape"));
        return;
    }
    double value = function <= 2 ? pdu[2] & 1 : get16(pdu + 2);
    bool inside = value >= check->request.min && value <= check->request.max;
    check_finish(check, inside ? CHECK_OK : CHECK_MUMBLE, value,
            g_strdup_printf("value %g %s %g–%g", value, inside ? "in" : "outside",
                    check->request.min, check->request.max));
}

/* True when the check is finished. */
static bool judge(struct check *check)
{
    const unsigned char *frame = check->buffer;
    if (check->have < HEADER + 2) {
        return false;
    }
    guint length = get16(frame + 4); /* unit and PDU */
    if (get16(frame + 2) != 0 || length < 3 || length > PDU_MAX + 1) {
        mumble(check, g_strdup("the answer is not Modbus"));
        return true;
    }
    if (get16(frame) != check->id || frame[6] != (unsigned char)check->request.unit) {
        mumble(check, g_strdup("a Modbus answer to another request"));
        return true;
    }
    if (check->have < HEADER - 1 + length) {
        return false;
    }
    if (frame[7] & 0x80) {
        mumble(check, g_strdup_printf("Modbus exception %u", frame[8]));
        return true;
    }
    judge_value(check, frame + HEADER, length - 1);
    return true;
}

static void turn_modbus(struct check *check, G_GNUC_UNUSED GIOCondition ready)
{
    if (check->id == 0) {
        send_request(check);
        return;
    }
    bool ended = false;
    if (check_receive(check, &ended) < 0 || judge(check) || !ended) {
        return;
    }
    if (check->have == 0) {
        check_finish(check, CHECK_DOWN, 0, g_strdup("connection closed without an answer"));
    } else {
        mumble(check, g_strdup("connection closed within an answer"));
    }
}

const struct check_family check_family_modbus = {.open = open_modbus, .turn = turn_modbus};
