/* virt_xml.c - the domain XML of a machine: pure, and chosen for a fast boot.
 *
 * What is left out is left out on purpose: USB, balloon and video (but for machines that ask for
 * it) cost boot time and make virDomainDestroy() wait; a card's option ROM is iPXE, which nobody
 * boots from. Format: https://libvirt.org/formatdomain.html
 */
#include "virt/virt.h"
#include "virt/virt_private.h"

/* Every value goes through GLib's markup escaping. */
#define ADD(text, ...) virt_xml_add(text, __VA_ARGS__)
void virt_xml_add(GString *text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *part = g_markup_vprintf_escaped(format, values);
    va_end(values);
    g_string_append(text, part);
}

static void add_cpu(GString *xml, const struct virt_machine *machine)
{
    if (machine->accel == VIRT_ACCEL_KVM) {
        ADD(xml, "  <features><acpi/><apic/></features>\n"
                 "  <cpu mode='host-passthrough' migratable='off'/>\n");
        return;
    }
    /* in a few boots of a Debian guest on one host: 6.1 to 7.5 s of CPU to ready with 16 MiB, 4.9
     * to 5.1 s with 64 or more, for 36 MB of memory. A fixed model, so that QEMU need not be asked
     * what it could not give (see the end) */
    ADD(xml, "  <features>\n"
             "    <acpi/>\n"
             "    <apic/>\n"
             "    <tcg><tb-cache unit='MiB'>64</tb-cache></tcg>\n"
             "  </features>\n"
             "  <cpu mode='custom' match='exact' check='none'>\n"
             "    <model fallback='forbid'>qemu64</model>\n"
             "  </cpu>\n");
}

static void add_disk(GString *xml, const char *file, const char *name)
{
    if (!file) {
        return;
    }
    ADD(xml,
            "    <disk type='file' device='disk'>\n"
            "      <driver name='qemu' type='raw'/>\n"
            "      <source file='%s'/>\n"
            "      <target dev='%s' bus='virtio'/>\n"
            "      <readonly/>\n"
            "    </disk>\n",
            file, name);
}

static void add_card(GString *xml, const struct virt_card *card)
{
    if (card->network) {
        virt_xml_network_card(xml, card, "virtio");
        return;
    }
    const unsigned char *m = card->mac;
    ADD(xml,
            "    <interface type='ethernet'>\n"
            "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n"
            "      <target dev='%s' managed='no'/>\n"
            "      <model type='virtio'/>\n"
            "      <rom enabled='no'/>\n"
            "    </interface>\n",
            m[0], m[1], m[2], m[3], m[4], m[5], card->tap);
}

void virt_xml_display(GString *xml, const struct virt_machine *machine, const char *root)
{
    if (!machine->display) {
        ADD(xml, "    <video><model type='none'/></video>\n");
        return;
    }
    g_autofree char *vnc = virt_vnc_socket(root, machine->domain);
    ADD(xml,
            "    <video><model type='vga' vram='16384'/></video>\n"
            "    <graphics type='vnc' socket='%s'/>\n",
            vnc);
}

static void add_devices(GString *xml, const struct virt_machine *machine, const char *root)
{
    g_autofree char *serial = virt_serial_socket(root, machine->domain);
    g_autofree char *log = virt_serial_file(root, machine->domain);
    g_autofree char *agent = virt_agent_socket(root, machine->domain);
    g_autofree char *identity = virt_identity_socket(root, machine->domain);

    ADD(xml, "  <devices>\n"
             "    <controller type='usb' model='none'/>\n"
             "    <memballoon model='none'/>\n");
    virt_xml_display(xml, machine, root);
    add_disk(xml, machine->root, "vda");
    add_disk(xml, machine->modules, "vdb");
    virt_xml_disks(xml, machine);
    for (gsize i = 0; i < machine->n_cards; i++) {
        add_card(xml, &machine->cards[i]);
    }
    if (machine->place) {
        virt_xml_place_devices(xml, machine);
        return;
    }
    ADD(xml,
            "    <serial type='unix'>\n"
            "      <source mode='bind' path='%s'/>\n"
            "      <log file='%s' append='off'/>\n"
            "      <target port='0'/>\n"
            "    </serial>\n"
            "    <channel type='unix'>\n"
            "      <source mode='bind' path='%s'/>\n"
            "      <target type='virtio' name='" VIRT_AGENT_CHANNEL "'/>\n"
            "    </channel>\n"
            "    <channel type='unix'>\n"
            "      <source mode='bind' path='%s'/>\n"
            "      <target type='virtio' name='" VIRT_IDENTITY_CHANNEL "'/>\n"
            "    </channel>\n"
            "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n"
            "  </devices>\n",
            serial, log, agent, identity);
}

/* QEMU before 9.0 forgets, for memory whose length is a multiple of 64 pages, to have an emulated
 * processor note again what it writes once a checkpoint has looked: so ours is no multiple. See
 * cpu_physical_memory_sync_dirty_bitmap() in QEMU's include/exec/ram_addr.h, and virt_checkpoint.c. */
gint64 virt_memory_bytes(const struct virt_machine *machine)
{
    gint64 odd = machine->accel == VIRT_ACCEL_TCG ? 2 * 4096 : 0;
    return ((gint64)machine->memory_mib << 20) + odd;
}

/* Memory in a file, and that of odd length, is what libvirt has no words for where each machine names
 * its own. */
static void add_memory(GString *xml, const struct virt_machine *machine)
{
    bool odd = machine->accel == VIRT_ACCEL_TCG && !machine->place;
    gint64 kib = virt_memory_bytes(machine) / 1024;
    if (!machine->ram && !odd) {
        return;
    }
    g_auto(GStrv) parts = g_strsplit(machine->ram ? machine->ram : "", ",", -1);
    g_autofree char *path = g_strjoinv(",,", parts); /* QEMU's way to write one */
    ADD(xml, "  <qemu:commandline>\n"
             "    <qemu:arg value='-object'/>\n");
    if (machine->ram) {
        ADD(xml,
                "    <qemu:arg value='memory-backend-file,id=ram0,size=%" G_GINT64_FORMAT
                "k,mem-path=%s,share=%s'/>\n",
                kib, path, machine->state ? "off" : "on");
    } else {
        ADD(xml, "    <qemu:arg value='memory-backend-ram,id=ram0,size=%" G_GINT64_FORMAT "k'/>\n",
                kib);
    }
    ADD(xml,
            "    <qemu:arg value='-machine'/>\n"
            "    <qemu:arg value='" VIRT_OWN_MEMORY "'/>\n"
            "    <qemu:arg value='-m'/>\n"
            "    <qemu:arg value='size=%" G_GINT64_FORMAT "k'/>\n",
            kib);
    if (machine->state) {
        ADD(xml, "    <qemu:arg value='-incoming'/>\n"
                 "    <qemu:arg value='defer'/>\n");
    }
    ADD(xml, "  </qemu:commandline>\n");
}

char *virt_domain_xml(const struct virt_machine *machine, const char *root)
{
    if (machine->place && machine->place->test) {
        return virt_xml_for_test_driver(machine);
    }
    if (machine->hardware) {
        return virt_xml_hardware(machine, root);
    }
    GString *xml = g_string_new(NULL);
    bool tcg = machine->accel == VIRT_ACCEL_TCG;
    ADD(xml,
            "<domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
            "  <name>%s%s</name>\n"
            "  <memory unit='MiB' dumpCore='off'>%d</memory>\n"
            "  <vcpu>%d</vcpu>\n"
            "  <os>\n"
            "    <type arch='x86_64' machine='pc'>hvm</type>\n"
            "    <kernel>%s</kernel>\n"
            "    <initrd>%s</initrd>\n"
            "    <cmdline>%s</cmdline>\n"
            "  </os>\n",
            tcg ? "qemu" : "kvm", machine->place ? machine->place->prefix : "", machine->domain,
            machine->memory_mib, machine->vcpus, machine->kernel, machine->initrd,
            machine->cmdline);
    add_cpu(xml, machine);
    virt_xml_place(xml, machine->place);
    ADD(xml, "  <clock offset='utc'/>\n"
             "  <on_poweroff>destroy</on_poweroff>\n"
             "  <on_reboot>destroy</on_reboot>\n"
             "  <on_crash>destroy</on_crash>\n");
    add_devices(xml, machine, root);
    add_memory(xml, machine);
    if (tcg) {
        /* that question after the start costs 0.3 s of CPU a machine under TCG */
        ADD(xml, "  <qemu:capabilities>\n"
                 "    <qemu:del capability='cpu-unavailable-features'/>\n"
                 "  </qemu:capabilities>\n");
    }
    ADD(xml, "</domain>\n");
    return g_string_free(xml, FALSE);
}
