/* error.c - the error domain and the exit codes of the program. */
#include "base/error.h"

G_DEFINE_QUARK(sandtable - error - quark, sandtable_error)

int sandtable_exit_code(const GError *error)
{
    if (!error) {
        return 0;
    }
    if (error->domain == G_OPTION_ERROR) {
        return 2;
    }
    if (error->domain != SANDTABLE_ERROR) {
        return 1;
    }
    switch ((enum sandtable_error)error->code) {
    case SANDTABLE_ERROR_USAGE:
        return 2;
    case SANDTABLE_ERROR_HOST:
    case SANDTABLE_ERROR_IMAGE:
        return 3;
    case SANDTABLE_ERROR_MACHINE:
    case SANDTABLE_ERROR_NETWORK:
    case SANDTABLE_ERROR_TIMEOUT:
        return 4;
    case SANDTABLE_ERROR_FAILED:
    case SANDTABLE_ERROR_SCENARIO:
    case SANDTABLE_ERROR_LEDGER:
    case SANDTABLE_ERROR_NOT_FOUND:
    case SANDTABLE_ERROR_CANCELLED:
    case SANDTABLE_ERROR_PROTOCOL:
        break;
    }
    return 1;
}
