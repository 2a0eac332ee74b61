/* routed.h - two teams with the same addresses, a router each, a backbone: for tests of routers. */
#pragma once

#include "support/plan.h"

#include "plan/router.h"

#define ROUTED                                                                                     \
    "return { title = 'Routed', duration = '10m', seed = SEED,\n"                                  \
    "  teams = { blue = { role = 'blue', count = 2 }, red = { role = 'red' } },\n"                 \
    "  networks = {\n"                                                                             \
    "    office = { team = 'blue', cidr = '10.20.1.0/24', cidr6 = 'fd00:20:1::/64',\n"             \
    "               gateway = 'fw', dns = true,\n"                                                 \
    "               dhcp = { from = '10.20.1.100', to = '10.20.1.150' } },\n"                      \
    "    plant = { team = 'blue', cidr = '10.20.2.0/24', gateway = 'fw' },\n"                      \
    "    backbone = { team = 'red', cidr = '10.200.0.0/16', dns = true } },\n"                     \
    "  routers = { fw = { team = 'blue', policy = 'drop',\n"                                       \
    "    nics = { office = '10.20.1.1', plant = '10.20.2.1', backbone = '10.200.0.{n}' },\n"       \
    "    zones = { inside = { 'office', 'plant' }, outside = { 'backbone' }, none = {} },\n"       \
    "    rules = {\n"                                                                              \
    "      { name = 'web', action = 'accept', from = 'outside', dest = 'web', proto = 'tcp',\n"    \
    "        port = { 80, '8000-8010' } },\n"                                                      \
    "      { name = 'ping', action = 'accept', from = 'outside', proto = 'icmp' },\n"              \
    "      { name = 'out', action = 'accept', from = 'inside', to = 'outside' },\n"                \
    "      { name = 'no-red', action = 'reject', source = 'attacker', dest = 'plant' },\n"         \
    "      { name = 'never', action = 'drop', from = 'none' },\n"                                  \
    "      { name = 'block', action = 'drop', source = '10.200.255.0/24' } },\n"                   \
    "    nat = { { masquerade = 'outside', source = 'plant' },\n"                                  \
    "            { snat = '10.200.0.{n}', zone = 'outside', source = 'plant' },\n"                 \
    "            { dnat = 'plc', zone = 'outside', proto = 'tcp', port = 502, to_port = 5020 } "   \
    "},\n"                                                                                         \
    "    one_to_one = { office = '10.200.{n}.0/24' } } },\n"                                       \
    "  machines = {\n"                                                                             \
    "    web = { team = 'blue', image = 'server', nics = { office = '10.20.1.10' } },\n"           \
    "    pc = { team = 'blue', image = 'server',\n"                                                \
    "           nics = { office = { address = '10.20.1.20', dhcp = true,\n"                        \
    "                               address6 = 'fd00:20:1::20' } } },\n"                           \
    "    plc = { team = 'blue', image = 'plc', nics = { plant = '10.20.2.10' } },\n"               \
    "    attacker = { team = 'red', image = 'attacker', nics = { backbone = '10.200.255.66' } "    \
    "} } }\n"
