/* warm_template.h - a warm state found in the image store, or made there by booting a template. */
#pragma once

#include "image/warm.h"
#include "net/net.h"
#include "virt/virt.h"

struct warm_template;

struct warm_template_options {
    struct virt *virt;         /* stays the caller's, as do the next two */
    struct net *net;           /* for the template's own bridge and taps */
    const struct image *image; /* of the machines */
    const char *domain;        /* the template's name: short and unique */
    int memory_mib, vcpus, cards;
    enum virt_accel accel;
    bool display;
};

/* files stay the template's; NULL and an error when there is no warm state to use; files and an
 * error: what was there was damaged, and was made anew. fresh: it was made now. Never called from
 * inside the call. */
typedef void (*warm_template_fn)(
        const struct image_warm *files, bool fresh, const GError *error, gpointer data);

struct warm_template *warm_template_new(const struct warm_template_options *options);
/* Accepts NULL. Ends what goes on without an answer; its machine ends with the virt. */
void warm_template_free(struct warm_template *template);

/* Looks for the state; when there is none: waits for whoever builds it, or boots the template,
 * waits for the image's probe, freezes it. A damaged one is removed, and made anew. */
void warm_template_get(struct warm_template *template, warm_template_fn done, gpointer data);

/* What libvirt says of the template's machine. */
void warm_template_on_virt(
        struct warm_template *template, enum machine_state state, const char *reason);
const char *warm_template_domain(const struct warm_template *template);
/* What will exist outside the process while a state is made: bridge and taps; g_strfreev. */
char **warm_template_links(const struct warm_template *template);

/* Under emulation, for a kernel with one processor. Without ACPI's tables it does not find the
 * timer that it checks the processor's counter against; what is left are counted ticks, and a busy
 * host loses some of them: a guest's 75 s were found to be 45. So it is told the timer's port (that of
 * the board's PIIX4: its base as SeaBIOS sets it, and 8). */
#define WARM_NO_ACPI "acpi=off pmtmr=0x608"

/* The kernel's command line of every machine of ours, warm or cold. */
const char *warm_cmdline(enum virt_accel accel, int vcpus, bool display);
