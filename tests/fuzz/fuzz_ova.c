/* fuzz_ova.c - any bytes as an archive's header, an OVF, a manifest's line, a disk's beginning. */
#include <stddef.h>
#include <stdint.h>

#include "image/import_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_manifest(const char *text)
{
    GChecksumType type = G_CHECKSUM_SHA256;
    g_autofree char *name = NULL, *hex = NULL;
    if (ova_manifest_line(text, &type, &name, &hex) && (!name || strlen(hex) < 40)) {
        __builtin_trap();
    }
}

static void try_ovf(const char *text, size_t size)
{
    struct ovf ovf = {0};
    if (ovf_parse(text, size, &ovf, NULL) &&
            (!ovf_name_is_plain(ovf.disk, "", NULL) || ovf.capacity < 0 ||
                    ovf.capacity > IMPORT_BYTES_MAX || ovf.memory_mib < 0 || ovf.cpus > 16)) {
        __builtin_trap(); /* promised: a plain name, bounded numbers */
    }
    ovf_clear(&ovf);
}

static void try_head(const uint8_t *data, size_t size)
{
    const char *const *format = import_formats();
    const uint8_t *tail = size >= 512 ? data + size - 512 : NULL;
    import_format_of(data, size, tail, tail ? 512 : 0, NULL);
    for (; *format; format++) {
        import_head_is_safe(*format, data, MIN(size, IMPORT_HEAD), tail, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_malloc0(size + 1);
    if (size > 0) {
        memcpy(text, data, size);
    }
    if (size >= 512) {
        struct tar_member member = {0};
        if (tar_header(data, &member, NULL) == 1 &&
                (!ovf_name_is_plain(member.name, "", NULL) || member.size < 0)) {
            __builtin_trap();
        }
        g_free(member.name);
    }
    try_manifest(text);
    try_ovf(text, size);
    try_head(data, size);
    import_vmdk_is_safe(text, size, NULL);
    import_info_size(text, size, "/me", NULL);
    return 0;
}
