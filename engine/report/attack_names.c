/* attack_names.c - names of ATT&CK 18.1's techniques that scenarios use, for people. */
#include "report/aar.h"

#include <string.h>

struct technique {
    const char *id, *name;
};

static const struct technique enterprise[] = {
        {"T1003.008", "/etc/passwd and /etc/shadow"},
        {"T1005", "Data from Local System"},
        {"T1018", "Remote System Discovery"},
        {"T1021.004", "Remote Services: SSH"},
        {"T1039", "Data from Network Shared Drive"},
        {"T1040", "Network Sniffing"},
        {"T1041", "Exfiltration Over C2 Channel"},
        {"T1046", "Network Service Discovery"},
        {"T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol"},
        {"T1053.003", "Scheduled Task/Job: Cron"},
        {"T1059.004", "Unix Shell"},
        {"T1070.002", "Clear Linux or Mac System Logs"},
        {"T1071.004", "Application Layer Protocol: DNS"},
        {"T1078", "Valid Accounts"},
        {"T1083", "File and Directory Discovery"},
        {"T1098.004", "SSH Authorized Keys"},
        {"T1110", "Brute Force"},
        {"T1110.001", "Brute Force: Password Guessing"},
        {"T1110.003", "Brute Force: Password Spraying"},
        {"T1136.001", "Create Account: Local Account"},
        {"T1190", "Exploit Public-Facing Application"},
        {"T1204.002", "User Execution: Malicious File"},
        {"T1485", "Data Destruction"},
        {"T1486", "Data Encrypted for Impact"},
        {"T1489", "Service Stop"},
        {"T1490", "Inhibit System Recovery"},
        {"T1491", "Defacement"},
        {"T1491.001", "Internal Defacement"},
        {"T1491.002", "External Defacement"},
        {"T1498.001", "Direct Network Flood"},
        {"T1499.002", "Service Exhaustion Flood"},
        {"T1505.003", "Server Software Component: Web Shell"},
        {"T1543.002", "Systemd Service"},
        {"T1548.001", "Setuid and Setgid"},
        {"T1548.003", "Sudo and Sudo Caching"},
        {"T1552.001", "Credentials In Files"},
        {"T1557.002", "ARP Cache Poisoning"},
        {"T1560.001", "Archive via Utility"},
        {"T1562.001", "Disable or Modify Tools"},
        {"T1562.004", "Disable or Modify System Firewall"},
        {"T1565.001", "Stored Data Manipulation"},
        {"T1565.002", "Transmitted Data Manipulation"},
        {"T1566.001", "Phishing: Spearphishing Attachment"},
        {"T1572", "Protocol Tunneling"},
        {"T1595.002", "Active Scanning: Vulnerability Scanning"},
};

static const struct technique ics[] = {
        {"T0801", "Monitor Process State"},
        {"T0806", "Brute Force I/O"},
        {"T0809", "Data Destruction"},
        {"T0812", "Default Credentials"},
        {"T0814", "Denial of Service"},
        {"T0816", "Device Restart/Shutdown"},
        {"T0819", "Exploit Public-Facing Application"},
        {"T0830", "Adversary-in-the-Middle"},
        {"T0831", "Manipulation of Control"},
        {"T0832", "Manipulation of View"},
        {"T0836", "Modify Parameter"},
        {"T0838", "Modify Alarm Settings"},
        {"T0840", "Network Connection Enumeration"},
        {"T0842", "Network Sniffing"},
        {"T0843", "Program Download"},
        {"T0846", "Remote System Discovery"},
        {"T0848", "Rogue Master"},
        {"T0855", "Unauthorized Command Message"},
        {"T0856", "Spoof Reporting Message"},
        {"T0857", "System Firmware"},
        {"T0858", "Change Operating Mode"},
        {"T0859", "Valid Accounts"},
        {"T0861", "Point & Tag Identification"},
        {"T0865", "Spearphishing Attachment"},
        {"T0872", "Indicator Removal on Host"},
        {"T0878", "Alarm Suppression"},
        {"T0886", "Remote Services"},
        {"T0888", "Remote System Information Discovery"},
        {"T0889", "Modify Program"},
        {"T0891", "Hardcoded Credentials"},
};

static const char *name_in(const struct technique *list, gsize count, const char *id)
{
    for (gsize i = 0; i < count; i++) {
        if (!strcmp(list[i].id, id)) {
            return list[i].name;
        }
    }
    return NULL;
}

const char *aar_attack_name(const char *domain, const char *id)
{
    if (!strcmp(domain, "ics")) {
        return name_in(ics, G_N_ELEMENTS(ics), id);
    }
    return !strcmp(domain, "enterprise") ? name_in(enterprise, G_N_ELEMENTS(enterprise), id) : NULL;
}
