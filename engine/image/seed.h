/* seed.h - the NoCloud seed by which cloud-init makes an imported machine itself.
 *
 * Source: https://docs.cloud-init.io, datasource NoCloud and network config version 2. The three
 * documents are JSON, which YAML contains, so that no text of a scenario can break out of its
 * place.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct seed_card {
    unsigned char mac[6];
    const char *address; /* "10.20.1.10/24" */
    const char *gateway; /* "10.20.1.1" or NULL */
};

struct seed_file {
    const char *path, *content;
    gsize length;
    int mode;
};

struct seed {
    const char *instance; /* changes when the machine shall set itself up anew */
    const char *hostname;
    const struct seed_card *cards;
    gsize n_cards;
    const struct seed_file *files;
    gsize n_files;
    char *const *const *commands; /* argv each, run once as root at the first boot's end */
    gsize n_commands;
    const char *const *users;    /* NULL or NULL-terminated; each may become root */
    const char *const *ssh_keys; /* of all users */
    bool forward;
};

/* The documents; the caller frees them. */
char *seed_meta_data(const struct seed *seed);
char *seed_network_config(const struct seed *seed);
char *seed_user_data(const struct seed *seed);

/* An ISO 9660 file at path with the three, labelled "cidata", by xorriso. Blocks; any thread. */
bool seed_write(const char *path, const struct seed *seed, GError **error);
