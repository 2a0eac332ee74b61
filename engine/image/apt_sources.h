/* apt_sources.h - where the host gets its Debian packages, so that local mirrors and proxies serve
 * the images as well. */
#pragma once

#include <glib.h>

#define APT_SUITE "bookworm" /* the Debian that guests are made of */

/* One-line entries ("deb [signed-by=…] URI SUITE COMPONENT…") of the suite, its updates and
 * security, from text in the one-line format (deb822 false) or in deb822 format; "" if there is
 * none. Entries for other suites are left out. The caller frees. */
char *apt_sources_parse(const char *text, gboolean deb822);

/* The same from the host's apt configuration; "" when the host is not of that suite. */
char *apt_sources_host(void);

/* apt options the host's downloads need (proxies, retries, validity), as NAME "VALUE"; g_strfreev.
 */
char **apt_sources_options(void);
