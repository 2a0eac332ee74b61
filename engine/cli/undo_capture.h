/* undo_capture.h - what is to be said of a capture whose engine was killed. */
#pragma once

#include "base/event.h"

/* opened: the resource.opening of a capture. The event capture.stopped with the files that were
 * left, their sizes and hashes; NULL when opened is no capture's. */
struct event *undo_capture(const struct event *opened);
