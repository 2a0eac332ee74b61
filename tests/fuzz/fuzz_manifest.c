/* fuzz_manifest.c - manifests of any bytes: refused or usable, never a crash. */
#include "base/json.h"
#include "image/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    auto_json manifest = manifest_parse(text, size, NULL);
    if (manifest) {
        manifest_check(manifest, "/nonexistent", false, NULL);
    }
    return 0;
}
