/* error.h - the one error domain of the engine, and its exit codes.
 *
 * Functions that can fail return bool (or NULL) and fill a GError last; outputs are left alone on
 * failure. The text is for people: it names the place and the remedy, and ends without a full stop.
 */
#pragma once

#include <glib.h>

#define SANDTABLE_ERROR (sandtable_error_quark())

enum sandtable_error {
    SANDTABLE_ERROR_FAILED,    /* the thing asked about is wrong                     exit 1 */
    SANDTABLE_ERROR_SCENARIO,  /* the scenario is not valid                          exit 1 */
    SANDTABLE_ERROR_LEDGER,    /* a ledger is damaged, foreign or too new            exit 1 */
    SANDTABLE_ERROR_NOT_FOUND, /* no exercise, machine, image … of that name         exit 1 */
    SANDTABLE_ERROR_USAGE,     /* the command line is wrong                          exit 2 */
    SANDTABLE_ERROR_HOST,      /* this host lacks what is needed; see doctor         exit 3 */
    SANDTABLE_ERROR_IMAGE,     /* an image is missing or damaged                     exit 3 */
    SANDTABLE_ERROR_MACHINE,   /* a machine failed                                   exit 4 */
    SANDTABLE_ERROR_NETWORK,   /* a network failed                                   exit 4 */
    SANDTABLE_ERROR_TIMEOUT,   /* a limit passed                                     exit 4 */
    SANDTABLE_ERROR_CANCELLED, /* the operation was cancelled                        exit 1 */
    SANDTABLE_ERROR_PROTOCOL,  /* a peer sent what it must not                       exit 1 */
};

GQuark sandtable_error_quark(void);

/* The process exit code for error; 1 for a foreign domain, 0 for NULL. */
int sandtable_exit_code(const GError *error);
