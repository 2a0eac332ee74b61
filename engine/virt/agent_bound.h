/* agent_bound.h - guest programs whose output is bounded in the guest, where it is made.
 *
 * The agent answers guest-exec-status with all that a program has printed (up to 16 MiB of each
 * output, in base64), and libvirt, which takes no answer of more than 10 MB
 * (QEMU_AGENT_MAX_RESPONSE), closes the agent's connection then: until the machine is started anew
 * nothing reaches it.
 */
#pragma once

#include "virt/virt.h"

enum agent_bound {     /* what does it in the guest, from the best downwards */
    AGENT_BOUND_OURS,  /* guest-identity, which all images of this project have */
    AGENT_BOUND_SHELL, /* sh and head: most imported ones with an agent */
    AGENT_BOUND_NONE,  /* neither, as on Windows: there the output is not bounded */
};

/* The command that runs argv and lets one byte more than VIRT_OUTPUT_MAX of each output through, by
 * which it is known that it was cut. Standard input and exit status are the program's. The caller
 * frees it (the array alone: the strings are argv's or constants). */
const char **agent_bound_argv(enum agent_bound how, const char *const *argv);

/* The agent's word for a program that the guest does not have. */
bool agent_bound_is_missing(const GError *error);

/* NULL, or the same as the agent's error when the result says that the guest has no such program;
 * what completes "machine DOMAIN: cannot …". */
GError *agent_bound_error(const struct virt_exec_result *result, const char *program,
        const char *domain, const char *what);
