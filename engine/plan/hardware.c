/* hardware.c - words and defaults of machines' hardware. */
#include "plan/hardware.h"

#include <string.h>

void plan_hardware_init(struct plan_hardware *hardware)
{
    *hardware = (struct plan_hardware){.tpm = PLAN_UNSAID, .agent = PLAN_UNSAID};
}

void plan_hardware_clear(struct plan_hardware *hardware)
{
    g_free(hardware->disk_mount);
    g_free(hardware->os);
    g_free(hardware->firmware);
    g_free(hardware->cards);
    g_free(hardware->bus);
    g_free(hardware->ready.text);
    plan_hardware_init(hardware);
}

struct plan_image *plan_image_new(const char *name)
{
    struct plan_image *image = g_new0(struct plan_image, 1);
    image->name = g_strdup(name);
    plan_hardware_init(&image->hardware);
    return image;
}

void plan_image_free(gpointer data)
{
    struct plan_image *image = data;
    if (image) {
        plan_hardware_clear(&image->hardware);
        g_free(image->name);
        g_free(image);
    }
}

const char *const *plan_hardware_words(const char *of)
{
    static const char *const firmware[] = {"bios", "uefi", "uefi-secure", NULL};
    static const char *const cards[] = {"virtio", "e1000e", "rtl8139", NULL};
    static const char *const bus[] = {"virtio", "sata", "ide", NULL};
    static const char *const os[] = {"linux", "windows", NULL};
    static const char *const none[] = {NULL};
    return !strcmp(of, "firmware") ? firmware
           : !strcmp(of, "cards")  ? cards
           : !strcmp(of, "bus")    ? bus
           : !strcmp(of, "os")     ? os
                                   : none;
}

const char *plan_ready_name(enum plan_ready_kind kind)
{
    static const char *const names[] = {"", "agent", "tcp", "ping", "serial"};
    return names[kind];
}

bool plan_ready_parse(const char *text, struct plan_ready *ret)
{
    guint64 port = 0;
    struct plan_ready ready = {0};
    if (g_str_has_prefix(text, "tcp:") &&
            g_ascii_string_to_unsigned(text + 4, 10, 1, 65535, &port, NULL)) {
        ready.kind = PLAN_READY_TCP;
        ready.port = (int)port;
    } else if (!strcmp(text, "ping")) {
        ready.kind = PLAN_READY_PING;
    } else if (!strcmp(text, "agent")) {
        ready.kind = PLAN_READY_AGENT;
    } else if (g_str_has_prefix(text, "serial:") && text[7] && strlen(text) < 200) {
        ready.kind = PLAN_READY_SERIAL;
        ready.text = g_strdup(text + 7);
    } else {
        return false;
    }
    *ret = ready;
    return true;
}

char *plan_ready_text(const struct plan_ready *ready)
{
    const char *name = plan_ready_name(ready->kind);
    if (ready->kind == PLAN_READY_TCP) {
        return g_strdup_printf("%s:%d", name, ready->port);
    }
    return ready->kind == PLAN_READY_SERIAL ? g_strdup_printf("%s:%s", name, ready->text)
                                            : g_strdup(name);
}
