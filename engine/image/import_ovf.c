/* import_ovf.c - the few things of an OVF envelope that a machine of ours can have.
 *
 * Format: DMTF DSP0243 (OVF 1 and 2), CIM_ResourceAllocationSettingData. GLib's parser knows no
 * entities and no document types, so nothing can expand or be fetched.
 */
#include "image/import_private.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define OVF_MAX (1 << 20)
#define FILES_MAX 64
#define TEXT_MAX 256

struct parse {
    struct ovf *out;
    GHashTable *files; /* id → href */
    char *file_ref;    /* of the one disk */
    int disks, systems;
    bool in_item, in_os;
    GString *text; /* of the element that is open */
    int type;      /* of the item */
    double quantity;
    char *units, *subtype;
};

static bool fail(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "ova: its OVF %s", what);
    return false;
}

bool ovf_name_is_plain(const char *name, const char *what, GError **error)
{
    if (*name && name[0] != '.' && !strpbrk(name, "/\\:") && g_utf8_validate(name, -1, NULL)) {
        return true;
    }
    g_autofree char *shown = text_clean_tail(name, strlen(name), 100);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "%s \"%s\" leads out of the archive; only plain file names are taken", what, shown);
    return false;
}

void ovf_clear(struct ovf *ovf)
{
    g_free(ovf->disk);
    *ovf = (struct ovf){0};
}

/* Names come with any prefix: ovf:File, File, rasd:ResourceType. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char *const *names, const char *const *values, const char *name)
{
    for (gsize i = 0; names[i]; i++) {
        if (strcmp(local(names[i]), name) == 0) {
            return values[i];
        }
    }
    return NULL;
}

static void start_file(
        struct parse *parse, const char *const *names, const char *const *values, GError **error)
{
    const char *id = attribute(names, values, "id");
    const char *href = attribute(names, values, "href");
    const char *compression = attribute(names, values, "compression");
    if (!id || !href) {
        fail(error, "has a file without id or href");
    } else if (compression && strcmp(compression, "identity") != 0) {
        fail(error, "has a compressed file; unpack it and import the disk itself");
    } else if (attribute(names, values, "chunkSize")) {
        fail(error, "has a file in chunks; put them together and import the disk itself");
    } else if (g_hash_table_size(parse->files) >= FILES_MAX) {
        fail(error, "names too many files");
    } else if (ovf_name_is_plain(href, "ova: its OVF's file", error)) {
        g_hash_table_insert(parse->files, g_strdup(id), g_strdup(href));
    }
}

/* "byte * 2^30" → 2^30; what is unknown counts as bytes. */
static double unit_of(const char *text)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"2^40", 0x1p40}, {"2^30", 0x1p30}, {"2^20", 0x1p20}, {"2^10", 0x1p10},
            {"GigaBytes", 0x1p30}, {"MegaBytes", 0x1p20}, {"KiloBytes", 0x1p10}};
    for (gsize i = 0; text && i < G_N_ELEMENTS(units); i++) {
        if (strstr(text, units[i].name)) {
            return units[i].bytes;
        }
    }
    return 1;
}

static void start_disk(
        struct parse *parse, const char *const *names, const char *const *values, GError **error)
{
    const char *file = attribute(names, values, "fileRef");
    const char *capacity = attribute(names, values, "capacity");
    if (attribute(names, values, "parentRef")) {
        fail(error, "has a disk that is only the difference to another");
    } else if (++parse->disks > 1) {
        fail(error, "has several disks; one is possible");
    } else if (!file) {
        fail(error, "has a disk without a file");
    } else {
        parse->file_ref = g_strdup(file);
        double bytes = g_ascii_strtod(capacity ? capacity : "0", NULL) *
                       unit_of(attribute(names, values, "capacityAllocationUnits"));
        parse->out->capacity = bytes > 0 && bytes <= (double)IMPORT_BYTES_MAX ? (gint64)bytes : 0;
    }
}

static void on_start(GMarkupParseContext *context, const char *element, const char **names,
        const char **values, gpointer data, GError **error)
{
    struct parse *parse = data;
    const char *const *n = (const char *const *)names, *const *v = (const char *const *)values;
    const char *name = local(element);
    (void)context;
    g_string_truncate(parse->text, 0);
    if (strcmp(name, "File") == 0) {
        start_file(parse, n, v, error);
    } else if (strcmp(name, "Disk") == 0) {
        start_disk(parse, n, v, error);
    } else if (strcmp(name, "VirtualSystem") == 0 && ++parse->systems > 1) {
        fail(error, "has several machines; one is possible");
    } else if (strcmp(name, "OperatingSystemSection") == 0) {
        parse->in_os = true;
    } else if (strcmp(name, "Config") == 0) { /* VMware's */
        const char *key = attribute(n, v, "key"), *value = attribute(n, v, "value");
        if (!g_strcmp0(key, "firmware") && !g_strcmp0(value, "efi")) {
            parse->out->firmware = "uefi";
        }
    } else if (strcmp(name, "Item") == 0) {
        parse->in_item = true;
        parse->type = 0;
        parse->quantity = 0;
        g_clear_pointer(&parse->units, g_free);
        g_clear_pointer(&parse->subtype, g_free);
    }
}

/* Resource types of CIM_ResourceAllocationSettingData. */
static void end_item(struct parse *parse)
{
    struct ovf *out = parse->out;
    double mib = 0;
    switch (parse->type) {
    case 3:
        out->cpus = (int)CLAMP(parse->quantity, 1, 16);
        break;
    case 4:
        mib = parse->quantity * unit_of(parse->units ? parse->units : "2^20") / 0x1p20;
        out->memory_mib = (int)CLAMP(mib, 0, 65536);
        break;
    case 5:
        out->bus = out->bus ? out->bus : "ide";
        break;
    case 6: /* no SCSI controller of other makers here: what knows those knows SATA */
    case 20:
        out->bus = "sata";
        break;
    case 10:
        out->cards = parse->subtype && strstr(parse->subtype, "PCNet") ? "rtl8139" : "e1000e";
        break;
    default:
        break;
    }
}

static void end_value(struct parse *parse, const char *name)
{
    const char *text = parse->text->str;
    if (strcmp(name, "ResourceType") == 0) {
        parse->type = (int)CLAMP(g_ascii_strtoll(text, NULL, 10), 0, 1000);
    } else if (strcmp(name, "VirtualQuantity") == 0) {
        double quantity = g_ascii_strtod(text, NULL);
        parse->quantity = quantity > 0 ? MIN(quantity, 1e12) : 0; /* "nan" is 0 as well */
    } else if (strcmp(name, "AllocationUnits") == 0) {
        g_free(parse->units);
        parse->units = g_strdup(text);
    } else if (strcmp(name, "ResourceSubType") == 0) {
        g_free(parse->subtype);
        parse->subtype = g_strdup(text);
    }
}

static void on_end(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
    struct parse *parse = data;
    const char *name = local(element);
    (void)context;
    (void)error;
    if (strcmp(name, "Item") == 0) {
        end_item(parse);
        parse->in_item = false;
    } else if (strcmp(name, "OperatingSystemSection") == 0) {
        parse->in_os = false;
    } else if (parse->in_os && strcmp(name, "Description") == 0 &&
               strstr(parse->text->str, "Windows")) {
        parse->out->os = "windows";
    } else if (parse->in_item) {
        end_value(parse, name);
    }
    g_string_truncate(parse->text, 0);
}

static void on_text(
        GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
    struct parse *parse = data;
    (void)context;
    (void)error;
    g_string_append_len(
            parse->text, text, (gssize)MIN(length, TEXT_MAX - MIN(parse->text->len, TEXT_MAX)));
}

/* The parsed whole: one disk, whose file is named. */
static bool finish(struct parse *parse, GError **error)
{
    const char *href = parse->file_ref ? g_hash_table_lookup(parse->files, parse->file_ref) : NULL;
    if (parse->disks == 0) {
        return fail(error, "has no disk");
    }
    if (!href) {
        return fail(error, "names a file for its disk that is not among its files");
    }
    parse->out->disk = g_strdup(href);
    return true;
}

bool ovf_parse(const char *text, gsize length, struct ovf *ret, GError **error)
{
    static const GMarkupParser parser = {
            .start_element = on_start, .end_element = on_end, .text = on_text};
    struct ovf out = {0};
    if (length > OVF_MAX) {
        return fail(error, "is larger than 1 MiB");
    }
    struct parse parse = {
            .out = &out,
            .files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
            .text = g_string_new(NULL),
    };
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &parse, NULL);
    g_autoptr(GError) problem = NULL;
    bool ok = g_markup_parse_context_parse(context, text, (gssize)length, &problem) &&
              g_markup_parse_context_end_parse(context, &problem) && finish(&parse, &problem);
    g_markup_parse_context_free(context);
    g_hash_table_unref(parse.files);
    g_string_free(parse.text, TRUE);
    g_free(parse.file_ref);
    g_free(parse.units);
    g_free(parse.subtype);
    if (!ok) {
        ovf_clear(&out);
        bool ours = g_error_matches(problem, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s%s",
                ours ? "" : "ova: its OVF is no XML of an OVF: ", problem->message);
        return false;
    }
    *ret = out;
    return true;
}
