/* space.h - work in another network namespace, done by a thread that ends there.
 *
 * setns(2) and unshare(2) change one thread. A short-lived one does it, so that no failure can
 * leave a caller in the wrong namespace.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define SPACE_NEW G_MININT /* a namespace of its own, that lives as long as something holds it */

/* Runs fn(data) in the network namespace of descriptor space and waits for its end. False and error
 * when the namespace cannot be entered, or when fn says so. */
bool space_run(int space, bool (*fn)(gpointer data, GError **error), gpointer data, GError **error);
