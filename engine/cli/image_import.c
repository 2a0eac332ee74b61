/* image_import.c - sandtable image import NAME FILE, image remove NAME. */
#include "cli/image_import.h"

#include "base/text.h"
#include "cli/cli.h"
#include "image/import.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 16384

static const struct verb verb_import = {
        .name = "image import",
        .usage = "image import NAME FILE [OPTION…]",
        .summary = "a disk of your own (qcow2, raw, OVA, VMDK, VHD) as an image for machines",
};

static const struct verb verb_remove = {
        .name = "image remove",
        .usage = "image remove NAME…",
        .summary = "remove imported images from the store",
};

struct words { /* options as they are typed */
    char *format, *os, *firmware, *cards, *bus, *ready, *sha256, *description;
    char **users, **key_files;
    gboolean tpm, agent, no_agent, cloud_init, replace;
    int memory, cpus;
};

static void words_clear(struct words *words)
{
    char *const texts[] = {words->format, words->os, words->firmware, words->cards, words->bus,
            words->ready, words->sha256, words->description};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    g_strfreev(words->users);
    g_strfreev(words->key_files);
}

static bool take(const char *option, const char *of, char **word, char **member, GError **error)
{
    const char *const *known = plan_hardware_words(of);
    if (*word && !g_strv_contains(known, *word)) {
        g_autofree char *list = g_strjoinv(", ", (char **)known);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s \"%s\": use one of %s",
                option, *word, list);
        return false;
    }
    *member = g_steal_pointer(word);
    return true;
}

static bool read_hardware(struct words *words, struct plan_hardware *hardware, GError **error)
{
    if (words->agent && words->no_agent) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--agent and --no-agent exclude each other");
        return false;
    }
    hardware->agent = words->agent;
    hardware->tpm = words->tpm;
    hardware->cloud_init = words->cloud_init;
    if (words->ready && !plan_ready_parse(words->ready, &hardware->ready)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--ready \"%s\": use tcp:PORT, ping, serial:TEXT or agent", words->ready);
        return false;
    }
    return take("--os", "os", &words->os, &hardware->os, error) &&
           take("--firmware", "firmware", &words->firmware, &hardware->firmware, error) &&
           take("--cards", "cards", &words->cards, &hardware->cards, error) &&
           take("--bus", "bus", &words->bus, &hardware->bus, error);
}

/* The public keys in the files, a line each; NULL when one cannot be read or is private. */
static char **read_keys(char **files, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    for (char **file = files; file && *file; file++) {
        g_autofree char *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(*file, &text, &length, error)) {
            return NULL;
        }
        if (length > KEY_MAX || strstr(text, "PRIVATE KEY") || !g_utf8_validate(text, -1, NULL)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "--ssh-key %s: a file with public keys is wanted (KEY.pub)", *file);
            return NULL;
        }
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
            if (*g_strstrip(*line) && **line != '#') {
                g_ptr_array_add(keys, g_strdup(*line));
            }
        }
    }
    g_ptr_array_add(keys, NULL);
    g_ptr_array_set_free_func(keys, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
}

static void progress(const char *line, gpointer data)
{
    (void)data;
    cli_say("image %s", line);
}

static int import_with(int argc, char **argv, struct words *words, GError **error)
{
    struct import_options options = {
            .name = argv[1],
            .file = argc > 2 ? argv[2] : NULL,
            .format = words->format,
            .sha256 = words->sha256,
            .description = words->description,
            .memory_mib = words->memory,
            .cpus = words->cpus,
            .replace = words->replace,
            .users = (const char *const *)words->users,
    };
    plan_hardware_init(&options.hardware);
    g_auto(GStrv) keys = read_keys(words->key_files, error);
    bool ok = keys && read_hardware(words, &options.hardware, error);
    options.ssh_keys = (const char *const *)keys;
    ok = ok && image_import(&options, progress, NULL, error);
    plan_hardware_clear(&options.hardware);
    if (ok) {
        printf("%s\n", argv[1]);
    }
    return ok ? 0 : 1;
}

int image_import_run(int argc, char **argv, GError **error)
{
    __attribute__((cleanup(words_clear))) struct words words = {0};
    const GOptionEntry entries[] = {
            {"format", 0, 0, G_OPTION_ARG_STRING, &words.format,
                    "auto, qcow2, raw, ova, vmdk, vhd, vhdx or vdi (auto: by its first bytes)",
                    "F"},
            {"os", 0, 0, G_OPTION_ARG_STRING, &words.os, "linux or windows", "OS"},
            {"firmware", 0, 0, G_OPTION_ARG_STRING, &words.firmware, "bios, uefi or uefi-secure",
                    "F"},
            {"tpm", 0, 0, G_OPTION_ARG_NONE, &words.tpm, "with a TPM 2.0 (swtpm)", NULL},
            {"memory", 0, 0, G_OPTION_ARG_INT, &words.memory, "MiB a machine has by default", "M"},
            {"cpus", 0, 0, G_OPTION_ARG_INT, &words.cpus, "virtual processors", "N"},
            {"agent", 0, 0, G_OPTION_ARG_NONE, &words.agent, "qemu-guest-agent runs in it", NULL},
            {"no-agent", 0, 0, G_OPTION_ARG_NONE, &words.no_agent, "it does not (default)", NULL},
            {"ready", 0, 0, G_OPTION_ARG_STRING, &words.ready,
                    "what shows that a machine is up: tcp:PORT, ping, serial:TEXT or agent", "R"},
            {"cloud-init", 0, 0, G_OPTION_ARG_NONE, &words.cloud_init,
                    "it reads a NoCloud seed: name, addresses, files, commands", NULL},
            {"user", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.users,
                    "an account that cloud-init makes; may repeat", "NAME"},
            {"ssh-key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words.key_files,
                    "its public keys; may repeat", "FILE"},
            {"cards", 0, 0, G_OPTION_ARG_STRING, &words.cards, "virtio, e1000e or rtl8139", "M"},
            {"bus", 0, 0, G_OPTION_ARG_STRING, &words.bus, "of its disk: virtio, sata or ide", "B"},
            {"sha256", 0, 0, G_OPTION_ARG_STRING, &words.sha256, "what FILE must be", "HEX"},
            {"description", 0, 0, G_OPTION_ARG_STRING, &words.description, "one line", "TEXT"},
            {"replace", 0, 0, G_OPTION_ARG_NONE, &words.replace, "instead of one of that name",
                    NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_import, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    return import_with(argc, argv, &words, error);
}

int image_remove_run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_remove, NULL, &argc, &argv, 1, -1, error)) {
        return 2;
    }
    g_auto(GStrv) names = import_names();
    for (int i = 1; i < argc; i++) {
        if (!g_strv_contains((const char *const *)names, argv[i])) {
            g_autofree char *hint = text_did_you_mean(argv[i], (const char *const *)names);
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                    "no image \"%s\" was imported%s", argv[i], hint);
            return 1;
        }
        if (!image_import_remove(argv[i], error)) {
            return 1;
        }
    }
    return 0;
}
