/* allow.c - the list of those who may write to the controller. */
#include "allow.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static bool parse_line(char *line, uint32_t *address, uint32_t *mask)
{
    struct in_addr parsed;
    long prefix = 32;
    char *slash = strchr(line, '/');
    if (slash) {
        char *end = NULL;
        *slash = '\0';
        prefix = strtol(slash + 1, &end, 10);
        if (end == slash + 1 || *end) {
            return false;
        }
    }
    if (inet_pton(AF_INET, line, &parsed) != 1 || prefix < 0 || prefix > 32) {
        return false;
    }
    *mask = prefix == 0 ? 0 : 0xffffffffU << (32 - prefix);
    *address = ntohl(parsed.s_addr) & *mask;
    return true;
}

int allow_parse(struct allow *allow, const char *text)
{
    int bad = 0;
    *allow = (struct allow){0};
    while (*text) {
        char line[64];
        size_t length = strcspn(text, "\n");
        size_t start = strspn(text, " \t");
        size_t n = start < length ? strcspn(text + start, " \t\r\n#") : 0;
        if (n > 0) {
            allow->set = true;
            bool ok = n < sizeof(line) && allow->count < ALLOW_MAX;
            if (ok) {
                memcpy(line, text + start, n);
                line[n] = '\0';
                ok = parse_line(line, &allow->lines[allow->count].address,
                        &allow->lines[allow->count].mask);
            }
            allow->count += ok;
            bad += !ok;
        }
        text += length + (text[length] == '\n');
    }
    return bad;
}

bool allow_permits(const struct allow *allow, struct in_addr source)
{
    uint32_t address = ntohl(source.s_addr);
    for (int i = 0; i < allow->count; i++) {
        if ((address & allow->lines[i].mask) == allow->lines[i].address) {
            return true;
        }
    }
    return !allow->set;
}
