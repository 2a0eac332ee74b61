/* fuzz_exchange.c - lines of other systems, as import reads them: what is taken goes out the same.
 */
#include "ledger/exchange.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool hashed = false;
    const char *why = NULL;
    auto_event event = exchange_parse((const char *)data, size, &hashed, &why);
    if (!event) {
        if (!why) {
            abort();
        }
        return 0;
    }
    g_autofree char *line = exchange_line(event);
    auto_event again = exchange_parse(line, strlen(line), &hashed, &why);
    if (strchr(line, '\n') || !again || strcmp(event->body, again->body) != 0 || !hashed) {
        abort();
    }
    g_autofree char *second = exchange_line(again);
    if (strcmp(line, second) != 0) {
        abort();
    }
    return 0;
}
