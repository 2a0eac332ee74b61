/* world_real_guest.c - what a machine's own network still needs once its agent answers: IPv6, DHCP,
 * and whom to ask for names.
 *
 * The kernel's command line gives a card its IPv4 address (images/README.md). The rest is told
 * through the agent, so that any image with a shell and iproute2 will do. Values come as arguments;
 * the script's text is always the same.
 */
#include "world/world_real.h"

#include "net/net_dns.h"

#include <string.h>

/* $1 MAC, $2 IPv6 address or "", $3 IPv6 router or "", $4 "forward" or "", $5 "dhcp" or "" */
static const char script[] =
        "set -e\n"
        "for card in /sys/class/net/*; do\n"
        "  if [ \"$(cat \"$card/address\")\" = \"$1\" ]; then dev=${card##*/}; fi\n"
        "done\n"
        "[ -n \"$dev\" ] || { echo \"no network card $1\" >&2; exit 1; }\n"
        "if [ -n \"$4\" ]; then echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; fi\n"
        "if [ -n \"$2\" ]; then ip -6 addr replace \"$2/64\" dev \"$dev\" nodad; fi\n"
        "if [ -n \"$3\" ]; then ip -6 route replace default via \"$3\" dev \"$dev\"; fi\n"
        "[ -n \"$5\" ] || exit 0\n"
        "cat > /run/sandtable-dhcp <<'END'\n"
        "#!/bin/sh\n"
        "case $1 in\n"
        "bound|renew)\n"
        "  ip addr flush dev \"$interface\" scope global -4 2>/dev/null || true\n"
        "  ip -4 addr replace \"$ip/$mask\" dev \"$interface\"\n"
        "  for r in $router; do ip route replace default via \"$r\" dev \"$interface\"; done\n"
        "  echo \"$ip $serverid\" > /run/sandtable-lease;;\n"
        "esac\n"
        "END\n"
        "chmod 755 /run/sandtable-dhcp\n"
        "ip -4 addr flush dev \"$dev\"\n"
        "busybox udhcpc -i \"$dev\" -s /run/sandtable-dhcp -t 20 -T 1 -n -S "
        "</dev/null >/run/sandtable-dhcp.log 2>&1 ||\n"
        "  { tail -n 1 /run/sandtable-dhcp.log >&2; exit 1; }\n";

/* The names' servers on the networks of team, at most three (resolv.conf(5)); NULL when none. */
static char *resolv_text(const struct real_machine *machine, int team)
{
    const struct plan *plan = machine->world->head.plan;
    GString *text = g_string_new("search " NET_DNS_DOMAIN "\n");
    int servers = 0;
    for (guint i = 0; i < machine->plan->cards->len && servers < 3; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->plan->cards, i);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        if (network->team == team && network->subnet->dns) {
            g_autofree char *address = plan_address_text(network->subnet->checker);
            g_string_append_printf(text, "nameserver %s\n", address);
            servers++;
        }
    }
    return g_string_free(text, servers == 0);
}

/* Writes resolv.conf for the machine itself (place 0) or for the space of a card; false when there
 * is nothing to write. */
static bool write_resolv(struct real_machine *machine, guint place, world_done_fn done)
{
    const struct plan *plan = machine->world->head.plan;
    g_autofree char *path = g_strdup("/etc/resolv.conf");
    int team = machine->plan->team;
    if (place > 0) {
        const struct plan_card *card = g_ptr_array_index(machine->plan->cards, place - 1);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        if (!card->space) {
            return false;
        }
        team = network->team;
        g_free(path);
        path = g_strdup_printf("/etc/netns/%s/resolv.conf", card->space);
    }
    g_autofree char *text = resolv_text(machine, team);
    if (text) {
        virt_write(machine->world->virt, machine->plan->domain, path, text, strlen(text), done,
                machine);
    }
    return text != NULL;
}

static bool set_card(struct real_machine *machine, guint index, virt_exec_fn done)
{
    const struct plan_card *card = g_ptr_array_index(machine->plan->cards, index);
    bool six = plan_has6(&card->address6);
    if (!six && !card->nic->dhcp) {
        return false;
    }
    const unsigned char *m = card->mac;
    g_autofree char *mac =
            g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    g_autofree char *address = six ? plan_address6_text(&card->address6) : g_strdup("");
    g_autofree char *gateway =
            plan_has6(&card->gateway6) ? plan_address6_text(&card->gateway6) : g_strdup("");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const inside[] = {"ip", "netns", "exec", card->space};
    for (gsize i = 0; card->space && i < G_N_ELEMENTS(inside); i++) {
        g_ptr_array_add(argv, (gpointer)inside[i]);
    }
    const char *const words[] = {"sh", "-c", script, "sh", mac, address, gateway,
            six && machine->plan->host->forward ? "forward" : "", card->nic->dhcp ? "dhcp" : "",
            NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_ptr_array_add(argv, (gpointer)words[i]);
    }
    virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)argv->pdata,
            REAL_GUEST_TIMEOUT_MS, done, machine);
    return true;
}

bool real_guest_next(struct real_machine *machine, world_done_fn written, virt_exec_fn set)
{
    guint cards = machine->plan->cards->len;
    while (machine->next_network <= 2 * cards) {
        guint place = machine->next_network++;
        if (place <= cards ? write_resolv(machine, place, written)
                           : set_card(machine, place - cards - 1, set)) {
            return true;
        }
    }
    return false;
}
