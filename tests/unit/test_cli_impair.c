/* test_cli_impair.c - `sandtable impair` and the control methods under it, on a fake exercise. */
#include "support/fake_exercise.h"
#include "support/test.h"

#include "cli/cli.h"
#include "control/control.h"

#include <string.h>
