/* guest-self.h - who a machine is: its name and machine id; shared by PID 1 and guest-identity. */
#pragma once

#include <stdbool.h>

#define SELF_NAME_FILE "/etc/hostname"
#define SELF_ID_FILE "/etc/machine-id"

/* The kernel's host name and /etc/hostname; false: errno says why. */
bool self_set_name(const char *name);

/* id is 32 lower-case hex digits; NULL: the machine makes one. */
bool self_set_machine_id(const char *id);
