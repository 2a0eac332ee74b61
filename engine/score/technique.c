/* technique.c - what ids of ATT&CK techniques have to do with each other. */
#include "score/technique.h"

#include <glib.h>
#include <string.h>

bool technique_is_related(const char *one, const char *other)
{
    gsize parent = strcspn(one, ".");
    if (parent == 0 || parent != strcspn(other, ".") || strncmp(one, other, parent) != 0) {
        return false;
    }
    return !one[parent] || !other[parent] || !strcmp(one, other);
}
