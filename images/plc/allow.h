/* allow.h - who may write: /etc/plc/allow, one IPv4 address or CIDR a line, # for remarks. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define ALLOW_MAX 64

struct allow {
    int count; /* 0 with set false: everyone may write */
    bool set;  /* the file has a line: from then on only its lines may */
    struct {
        uint32_t address, mask; /* host order */
    } lines[ALLOW_MAX];
};

/* Reads text; a line that cannot be read admits nobody. The number of such lines is returned. */
int allow_parse(struct allow *allow, const char *text);

bool allow_permits(const struct allow *allow, struct in_addr source);
