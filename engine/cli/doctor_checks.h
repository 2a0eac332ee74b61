/* doctor_checks.h - the doctor's checks that need networks or a machine. */
#pragma once

#include "cell/cell.h"

/* A bridge, a veth pair and a tap, really made in a cell. */
struct doctor_check *doctor_networks(void);

/* A guest that really boots under KVM, or why it is TCG. */
struct doctor_check *doctor_accelerator(void);

/* What a libvirt daemon can do for `run --connect URI`; appends. */
void doctor_daemon(GPtrArray *checks, const char *uri);
