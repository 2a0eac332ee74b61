/* paths.h - where things lie: state, runtime, images, shared data. All strings are the caller's.
 *
 * state    $XDG_STATE_HOME/sandtable (~/.local/state/sandtable)      NAME.ledger, NAME.scenario/
 * runtime  $XDG_RUNTIME_DIR/sandtable, else /tmp/sandtable-UID       NAME.sock, NAME.d/ (libvirt
 * root) images   $XDG_DATA_HOME/sandtable/images (~/.local/share/…) data     the folder with lua/,
 * images/ and scenarios/: $SANDTABLE_DATA, else beside the program's build tree, else the installed
 * share/sandtable
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

char *paths_state_dir(void);
char *paths_runtime_dir(void);
char *paths_images_dir(void);
char *paths_data_dir(void);
char *paths_ledger(const char *name);   /* state/NAME.ledger */
char *paths_socket(const char *name);   /* runtime/NAME.sock */
char *paths_run_root(const char *name); /* runtime/NAME.d */
char *paths_scenario(const char *name); /* state/NAME.scenario: a copy, for a resume */
/* state/NAME.checkpoints, beside the ledger */
char *paths_checkpoints(const char *ledger_path);

/* mkdir -p with mode 0700; refuses a folder that belongs to another user. */
bool paths_make(const char *dir, GError **error);

/* rm -rf: does not follow links, does not leave the file system; absent counts as removed. */
bool paths_remove_tree(const char *dir, GError **error);

/* Names of exercises, networks, machines, teams: [a-z][a-z0-9-]{0,30}. */
bool paths_name_is_valid(const char *name);
