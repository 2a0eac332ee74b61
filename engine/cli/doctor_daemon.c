/* doctor_daemon.c - the doctor's look at a libvirt daemon: what --connect needs of it. */
#include "cli/doctor_checks.h"

#include "virt/virt.h"

#include <string.h>
#include <unistd.h>

static struct doctor_check *check_networks(const char *uri, const struct virt_daemon_facts *facts)
{
    static const char name[] = "daemon-networks";
    if (!facts->networks_why) {
        return doctor_check_new(
                name, DOCTOR_OK, g_strdup("an isolated network was made and removed"), NULL);
    }
    const char *remedy = "systemctl status libvirtd tells more";
    if (strstr(uri, "session")) {
        remedy = "a session's daemon may make no bridges: use qemu:///system";
    } else if (strstr(facts->networks_why, "iptables")) {
        remedy = "apt-get install iptables";
    } else if (strstr(facts->networks_why, "not support")) {
        remedy = "apt-get install libvirt-daemon-system (its network driver is missing)";
    }
    return doctor_check_new(name, DOCTOR_FAIL,
            g_strdup_printf("it makes no networks: %s", facts->networks_why), g_strdup(remedy));
}

/* On a daemon that knows the security model "dac" QEMU runs as whom we say: ourselves. */
static struct doctor_check *check_user(const struct virt_daemon_facts *facts)
{
    static const char name[] = "daemon-user";
    if (geteuid() == 0) {
        return doctor_check_new(name, DOCTOR_FAIL, g_strdup("machines never run as root"),
                g_strdup("run as an ordinary user, or give --user NAME"));
    }
    return doctor_check_new(name, DOCTOR_OK,
            g_strdup_printf("machines run as user %d%s%s", (int)geteuid(),
                    facts->user ? ", others' as " : "", facts->user ? facts->user : ""),
            NULL);
}

static struct doctor_check *check_confinement(const struct virt_daemon_facts *facts)
{
    static const char name[] = "daemon-security";
    if (strstr(facts->secmodels, "selinux") || strstr(facts->secmodels, "apparmor")) {
        return doctor_check_new(name, DOCTOR_WARN,
                g_strdup_printf("%s confines machines: it must allow them to read the images",
                        facts->secmodels),
                g_strdup("if a machine cannot open its image, move the images to a place that "
                         "the profile allows (XDG_DATA_HOME)"));
    }
    return doctor_check_new(name, DOCTOR_OK,
            g_strdup(*facts->secmodels ? facts->secmodels : "no security model"), NULL);
}

void doctor_daemon(GPtrArray *checks, const char *uri)
{
    g_autoptr(GError) error = NULL;
    struct virt_daemon_facts facts = {0};
    if (!virt_daemon_examine(uri, &facts, &error)) {
        g_ptr_array_add(checks, doctor_check_from_error("daemon", error));
        return;
    }
    g_ptr_array_add(checks, doctor_check_new("daemon", DOCTOR_OK,
                                    g_strdup_printf("%s: %s", uri, facts.version), NULL));
    g_ptr_array_add(checks, check_networks(uri, &facts));
    g_ptr_array_add(checks, check_user(&facts));
    g_ptr_array_add(checks, check_confinement(&facts));
    virt_daemon_facts_clear(&facts);
}
