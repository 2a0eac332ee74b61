/* identity.h - the document that makes a booted or woken machine itself (guest-identity reads it).
 */
#pragma once

#include "plan/plan.h"

#include <glib.h>
#include <stdbool.h>

/* Files beyond this many bytes in all are not in a document: the caller writes them one by one. */
#define IDENTITY_FILES_MAX ((gsize)512 * 1024)

struct identity_options {
    bool woken;         /* its cards have the template's addresses */
    const char **ports; /* of the image's probe by guest-identity, NULL-terminated; or NULL */
};

/* The document for a machine of the plan: fresh random bytes, the time, name, machine id, SSH host
 * key, cards, names of others, files. No two are alike. *ret_files is the number of the plan's
 * files in it, from the first. */
GByteArray *identity_document(const struct plan *plan, int machine,
        const struct identity_options *options, guint *ret_files);

/* The machine's set-up commands, for the same program. */
GByteArray *identity_commands(const struct plan_host *host);
#define IDENTITY_STOPPED "stopped " /* begins its word when one of them failed; why follows */

/* The document for a machine that is about to be frozen: all that its clones would do alike. */
#define IDENTITY_MAKE_READY "make-ready 0\n\n"

/* The address that card number i of every template has. */
void identity_template_mac(guint i, unsigned char ret[6]);

/* One card of a machine as guest-net reads it: MAC,ADDR/PREFIX[,gw=ADDR][,ns=NAME]. */
char *identity_card(const struct plan *plan, const struct plan_card *card);

/* A new Ed25519 key in OpenSSH's own format (PROTOCOL.key in OpenSSH's source), and its public
 * line; comment is its name. The caller frees both; the private one is a secret. */
void identity_host_key(const char *comment, char **ret_private, char **ret_public);
