/* fuzz_event.c - lines from clients and recorded files, parsed as events, printed and read again.
 */
#include "base/event.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    auto_event event = event_from_line((const char *)data, size, &error);
    if (!event) {
        if (!error) {
            abort();
        }
        return 0;
    }
    /* what was accepted prints as one line that reads back as the same line */
    g_autofree char *line = event_to_line(event);
    auto_event again = event_from_line(line, strlen(line), &error);
    if (strchr(line, '\n') || !again) {
        abort();
    }
    g_autofree char *second = event_to_line(again);
    if (strcmp(line, second) != 0) {
        abort();
    }
    return 0;
}
