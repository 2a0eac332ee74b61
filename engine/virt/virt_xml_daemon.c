/* virt_xml_daemon.c - the parts of a domain's XML that differ on a daemon.
 *
 * Format: https://libvirt.org/formatdomain.html
 */
#include "virt/virt_private.h"

/* Every value goes through GLib's markup escaping. */
G_GNUC_PRINTF(2, 3) static void add(GString *text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *part = g_markup_vprintf_escaped(format, values);
    va_end(values);
    g_string_append(text, part);
}

void virt_xml_network_card(GString *xml, const struct virt_card *card, const char *model)
{
    const unsigned char *m = card->mac;
    add(xml,
            "    <interface type='network'>\n"
            "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n"
            "      <source network='%s'/>\n"
            "      <model type='%s'/>\n",
            m[0], m[1], m[2], m[3], m[4], m[5], card->network, model);
    if (card->isolated) {
        add(xml, "      <port isolated='yes'/>\n");
    }
    if (card->plain) {
        add(xml, "      <driver name='qemu'>\n"
                 "        <guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>\n"
                 "      </driver>\n");
    }
    add(xml, "      <rom enabled='no'/>\n"
             "    </interface>\n");
}

void virt_xml_place(GString *xml, const struct virt_place *place)
{
    if (!place) {
        return;
    }
    g_autofree char *metadata = virt_place_metadata(place);
    g_string_append(xml, metadata);
    if (place->as_user) {
        /* our files are readable by us alone; and a daemon that may not relabel never takes the
         * images' owner away */
        add(xml,
                "  <seclabel type='static' model='dac' relabel='no'>\n"
                "    <label>+%u:+%u</label>\n"
                "  </seclabel>\n",
                place->uid, place->gid);
    }
}

void virt_xml_place_ports(GString *xml, bool agent)
{
    add(xml, "    <serial type='pty'>\n"
             "      <target port='0'/>\n"
             "    </serial>\n");
    if (agent) {
        add(xml, "    <channel type='unix'>\n"
                 "      <target type='virtio' name='" VIRT_AGENT_CHANNEL "'/>\n"
                 "    </channel>\n");
    }
}

void virt_xml_place_devices(GString *xml, const struct virt_machine *machine)
{
    virt_xml_place_ports(xml, true);
    /* nobody calls by the port for its identity here; but the guest's service looks for it */
    add(xml,
            "    <channel type='unix'>\n"
            "      <target type='virtio' name='%s'/>\n"
            "    </channel>\n",
            machine->port ? machine->port : VIRT_IDENTITY_CHANNEL);
    add(xml, "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n"
             "  </devices>\n");
}

char *virt_xml_for_test_driver(const struct virt_machine *machine)
{
    GString *xml = g_string_new(NULL);
    add(xml,
            "<domain type='test'>\n"
            "  <name>%s%s</name>\n"
            "  <memory unit='MiB'>%d</memory>\n"
            "  <vcpu>%d</vcpu>\n"
            "  <os><type>hvm</type></os>\n",
            machine->place->prefix, machine->domain, machine->memory_mib, machine->vcpus);
    g_autofree char *metadata = virt_place_metadata(machine->place);
    g_string_append(xml, metadata);
    add(xml, "  <devices>\n");
    for (gsize i = 0; i < machine->n_cards; i++) {
        if (machine->cards[i].network) {
            virt_xml_network_card(xml, &machine->cards[i], "virtio");
        }
    }
    add(xml, "  </devices>\n"
             "</domain>\n");
    return g_string_free(xml, FALSE);
}
