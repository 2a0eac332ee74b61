/* fuzz_display.c - a stream of events into the display's model, and a picture's layout of it. */
#include "display/model.h"
#include "display/topo.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model *model = model_new();
    const uint8_t *end = data + size;
    while (data < end) {
        const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));
        stop = stop ? stop : end;
        auto_event event = event_from_line((const char *)data, (size_t)(stop - data), NULL);
        if (event) {
            model_reduce(model, event);
        }
        data = stop + (stop < end);
    }
    model_settle(model);
    if (model->feed.length > MODEL_FEED_MAX || model->marks->len > MODEL_MARKS_MAX) {
        abort();
    }
    struct topo *topo = topo_new(model, (struct rect){0, 0, 1000, 600}, 1);
    topo_free(topo);
    model_free(model);
    return 0;
}
