/* virt_xml_disk.c - the domain XML of machines with disks: firmware, TPM, what Windows wants.
 *
 * Format: https://libvirt.org/formatdomain.html. Everything a guest may lack a driver for has a
 * model that it knows. BIOS machines are i440FX, because only that has IDE; UEFI ones are Q35,
 * because only that has the SMM that secure boot stands on.
 */
#include "virt/virt.h"
#include "virt/virt_private.h"

#include "base/error.h"

#include <string.h>

#define ADD(text, ...) virt_xml_add(text, __VA_ARGS__)

/* ---- firmware ------------------------------------------------------------------------------- */

bool virt_firmware_find(
        const char *firmware, const char **ret_code, const char **ret_vars, GError **error)
{
    static const struct {
        const char *code, *vars;
        bool secure;
    } known[] = {
            {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd", false},
            {"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", true},
            {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd", false},
            {"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd",
                    "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd", true},
            {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd", false},
    };
    bool secure = strcmp(firmware, "uefi-secure") == 0;
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].secure == secure && g_file_test(known[i].code, G_FILE_TEST_EXISTS) &&
                g_file_test(known[i].vars, G_FILE_TEST_EXISTS)) {
            *ret_code = known[i].code;
            *ret_vars = known[i].vars;
            return true;
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "there is no firmware for \"%s\" on this host; remedy: apt-get install ovmf", firmware);
    return false;
}

static void add_os(GString *xml, const struct virt_hardware *hardware)
{
    bool uefi = strcmp(hardware->firmware, "bios") != 0;
    bool secure = strcmp(hardware->firmware, "uefi-secure") == 0;
    ADD(xml,
            "  <os>\n"
            "    <type arch='x86_64' machine='%s'>hvm</type>\n",
            uefi ? "q35" : "pc");
    if (uefi) {
        ADD(xml,
                "    <loader readonly='yes' secure='%s' type='pflash'>%s</loader>\n"
                "    <nvram template='%s'>%s</nvram>\n",
                secure ? "yes" : "no", hardware->code, hardware->vars, hardware->nvram);
    }
    ADD(xml, "  </os>\n");
}

/* ---- processor, clock ----------------------------------------------------------------------- */

static void add_features(GString *xml, const struct virt_machine *machine)
{
    const struct virt_hardware *hardware = machine->hardware;
    ADD(xml, "  <features>\n"
             "    <acpi/>\n"
             "    <apic/>\n");
    if (hardware->windows && machine->accel == VIRT_ACCEL_KVM) {
        /* those that every Windows since 7 knows; without them it polls its timers */
        ADD(xml, "    <hyperv mode='custom'>\n"
                 "      <relaxed state='on'/>\n"
                 "      <vapic state='on'/>\n"
                 "      <spinlocks state='on' retries='8191'/>\n"
                 "      <vpindex state='on'/>\n"
                 "      <synic state='on'/>\n"
                 "      <stimer state='on'/>\n"
                 "      <frequencies state='on'/>\n"
                 "    </hyperv>\n");
    }
    if (strcmp(hardware->firmware, "uefi-secure") == 0) {
        ADD(xml, "    <smm state='on'/>\n");
    }
    if (machine->accel == VIRT_ACCEL_TCG) {
        ADD(xml, "    <tcg><tb-cache unit='MiB'>128</tb-cache></tcg>\n");
    }
    ADD(xml, "  </features>\n");
}

static void add_cpu(GString *xml, const struct virt_machine *machine)
{
    if (machine->accel == VIRT_ACCEL_KVM) {
        ADD(xml, "  <cpu mode='host-passthrough' migratable='off'/>\n");
    } else if (machine->hardware->windows) {
        /* newer ones want instructions that the old model lacks */
        ADD(xml, "  <cpu mode='maximum' check='none'/>\n");
    } else {
        ADD(xml, "  <cpu mode='custom' match='exact' check='none'>\n"
                 "    <model fallback='forbid'>qemu64</model>\n"
                 "  </cpu>\n");
    }
}

static void add_clock(GString *xml, const struct virt_machine *machine)
{
    if (!machine->hardware->windows) {
        ADD(xml, "  <clock offset='utc'/>\n");
        return;
    }
    ADD(xml, "  <clock offset='localtime'>\n"
             "    <timer name='rtc' tickpolicy='catchup'/>\n"
             "    <timer name='pit' tickpolicy='delay'/>\n"
             "    <timer name='hpet' present='no'/>\n");
    if (machine->accel == VIRT_ACCEL_KVM) {
        ADD(xml, "    <timer name='hypervclock' present='yes'/>\n");
    }
    ADD(xml, "  </clock>\n");
}

/* ---- devices -------------------------------------------------------------------------------- */

static void add_disk(GString *xml, const struct virt_disk *disk, const char *target)
{
    bool is_virtio = strcmp(disk->bus, "virtio") == 0;
    ADD(xml,
            "    <disk type='file' device='%s'>\n"
            "      <driver name='qemu' type='%s'/>\n"
            "      <source file='%s'/>\n"
            "      <target dev='%s' bus='%s'/>\n",
            disk->cdrom && !is_virtio ? "cdrom" : "disk", disk->format, disk->file, target,
            disk->bus);
    if (disk->readonly) {
        ADD(xml, "      <readonly/>\n");
    }
    if (disk->boot) {
        ADD(xml, "      <boot order='%d'/>\n", disk->boot);
    }
    ADD(xml, "    </disk>\n");
}

void virt_xml_disks(GString *xml, const struct virt_machine *machine)
{
    int virtio = machine->root ? 2 : 0; /* vda and vdb are the image and its modules */
    int sata = 0, ide = 0;
    for (gsize i = 0; i < machine->n_disks; i++) {
        const struct virt_disk *disk = &machine->disks[i];
        int *next = !strcmp(disk->bus, "virtio") ? &virtio
                    : !strcmp(disk->bus, "sata") ? &sata
                                                 : &ide;
        const char *prefix = next == &virtio ? "vd" : next == &sata ? "sd" : "hd";
        g_autofree char *target = g_strdup_printf("%s%c", prefix, 'a' + *next);
        ++*next;
        add_disk(xml, disk, target);
    }
}

static void add_card(GString *xml, const struct virt_card *card, const char *model)
{
    const unsigned char *m = card->mac;
    if (card->network) {
        virt_xml_network_card(xml, card, model);
        return;
    }
    ADD(xml,
            "    <interface type='ethernet'>\n"
            "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n"
            "      <target dev='%s' managed='no'/>\n"
            "      <model type='%s'/>\n"
            "      <rom enabled='no'/>\n"
            "    </interface>\n",
            m[0], m[1], m[2], m[3], m[4], m[5], card->tap, model);
}

static void add_screen(GString *xml, const struct virt_machine *machine, const char *root)
{
    if (machine->hardware->windows) {
        ADD(xml, "    <controller type='usb' model='qemu-xhci'/>\n"
                 "    <input type='tablet' bus='usb'/>\n");
    } else {
        ADD(xml, "    <controller type='usb' model='none'/>\n");
    }
    virt_xml_display(xml, machine, root);
}

static void add_ports(GString *xml, const struct virt_machine *machine, const char *root)
{
    g_autofree char *serial = virt_serial_socket(root, machine->domain);
    g_autofree char *log = virt_serial_file(root, machine->domain);
    g_autofree char *agent = virt_agent_socket(root, machine->domain);
    ADD(xml,
            "    <serial type='unix'>\n"
            "      <source mode='bind' path='%s'/>\n"
            "      <log file='%s' append='off'/>\n"
            "      <target port='0'/>\n"
            "    </serial>\n",
            serial, log);
    if (machine->hardware->agent) {
        ADD(xml,
                "    <channel type='unix'>\n"
                "      <source mode='bind' path='%s'/>\n"
                "      <target type='virtio' name='" VIRT_AGENT_CHANNEL "'/>\n"
                "    </channel>\n",
                agent);
    }
}

static void add_devices(GString *xml, const struct virt_machine *machine, const char *root)
{
    const struct virt_hardware *hardware = machine->hardware;
    ADD(xml, "  <devices>\n"
             "    <memballoon model='none'/>\n");
    add_screen(xml, machine, root);
    virt_xml_disks(xml, machine);
    for (gsize i = 0; i < machine->n_cards; i++) {
        add_card(xml, &machine->cards[i], hardware->cards);
    }
    if (machine->place) {
        virt_xml_place_ports(xml, hardware->agent);
    } else {
        add_ports(xml, machine, root);
    }
    if (hardware->tpm) {
        ADD(xml, "    <tpm model='tpm-crb'>\n"
                 "      <backend type='emulator' version='2.0' persistent_state='yes'/>\n"
                 "    </tpm>\n");
    }
    if (!hardware->windows) {
        ADD(xml, "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n");
    }
    ADD(xml, "  </devices>\n");
}

char *virt_xml_hardware(const struct virt_machine *machine, const char *root)
{
    GString *xml = g_string_new(NULL);
    const struct virt_hardware *hardware = machine->hardware;
    bool tcg = machine->accel == VIRT_ACCEL_TCG;
    ADD(xml,
            "<domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
            "  <name>%s%s</name>\n"
            "  <uuid>%s</uuid>\n"
            "  <memory unit='MiB' dumpCore='off'>%d</memory>\n"
            "  <vcpu>%d</vcpu>\n",
            tcg ? "qemu" : "kvm", machine->place ? machine->place->prefix : "", machine->domain,
            hardware->uuid, machine->memory_mib, machine->vcpus);
    add_os(xml, hardware);
    add_features(xml, machine);
    add_cpu(xml, machine);
    virt_xml_place(xml, machine->place);
    add_clock(xml, machine);
    /* a guest of one's own may restart itself, and many do after their set-up */
    ADD(xml, "  <on_poweroff>destroy</on_poweroff>\n"
             "  <on_reboot>restart</on_reboot>\n"
             "  <on_crash>destroy</on_crash>\n");
    add_devices(xml, machine, root);
    if (tcg) {
        ADD(xml, "  <qemu:capabilities>\n"
                 "    <qemu:del capability='cpu-unavailable-features'/>\n"
                 "  </qemu:capabilities>\n");
    }
    ADD(xml, "</domain>\n");
    return g_string_free(xml, FALSE);
}
