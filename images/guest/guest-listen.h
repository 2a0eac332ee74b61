/* guest-listen.h - whether something listens at a TCP port of this machine. */
#pragma once

#include <stdbool.h>

/* By looking, not by connecting: sshd would start a process for each visitor, and under emulation
 * that costs more than all the rest. */
bool listen_at(unsigned long port);

/* Opens what is read, and touches the memory that it is read to, before a machine is frozen. */
void listen_make_ready(void);
