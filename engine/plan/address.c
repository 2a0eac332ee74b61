/* address.c - IPv4 addresses, networks and durations as text. */
#include "plan/plan.h"

#include <arpa/inet.h>
#include <string.h>

char *plan_address_text(guint32 address)
{
    return g_strdup_printf(
            "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

bool plan_address_parse(const char *text, guint32 *ret)
{
    struct in_addr in;
    if (inet_pton(AF_INET, text, &in) != 1) {
        return false;
    }
    *ret = ntohl(in.s_addr);
    return true;
}

bool plan_cidr_parse(const char *text, guint32 *ret_address, int *ret_prefix)
{
    const char *slash = strchr(text, '/');
    guint64 prefix = 0;
    if (!slash || !g_ascii_string_to_unsigned(slash + 1, 10, 0, 32, &prefix, NULL)) {
        return false;
    }
    g_autofree char *address = g_strndup(text, (gsize)(slash - text));
    if (!plan_address_parse(address, ret_address)) {
        return false;
    }
    *ret_prefix = (int)prefix;
    return true;
}

/* One part "90", "1.5" and its unit; advances *text. */
static bool duration_part(const char **text, double *ret_seconds, bool *ret_bare)
{
    if (!g_ascii_isdigit(**text)) {
        return false;
    }
    char *end = NULL;
    double value = g_ascii_strtod(*text, &end);
    gsize digits = strspn(*text, "0123456789.");
    if (end != *text + digits) { /* no exponents, no hexadecimal */
        return false;
    }
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
    *ret_bare = *end == '\0';
    *ret_seconds = value;
    for (gsize i = 0; !*ret_bare && i < G_N_ELEMENTS(units); i++) {
        if (g_str_has_prefix(end, units[i].unit)) {
            *ret_seconds = value * units[i].seconds;
            *text = end + strlen(units[i].unit);
            return true;
        }
    }
    *text = end;
    return *ret_bare;
}

bool plan_duration_parse(const char *text, gint64 *ret_us)
{
    const double limit = 366.0 * 24 * 3600;
    double sum = 0;
    bool bare = false;
    for (int parts = 0; parts == 0 || *text; parts++) {
        double seconds = 0;
        if (parts > 3 || !duration_part(&text, &seconds, &bare) || (bare && parts > 0)) {
            return false;
        }
        sum += seconds;
    }
    if (!(sum <= limit)) {
        return false;
    }
    *ret_us = (gint64)(sum * G_USEC_PER_SEC + 0.5);
    return true;
}
