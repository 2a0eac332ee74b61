/* virt_console.c - where a machine's serial port and screen can be reached. */
#include "virt/virt.h"

char *virt_serial_socket(const char *root, const char *domain)
{
    return g_strdup_printf("%s/serial/%s.sock", root, domain);
}

char *virt_vnc_socket(const char *root, const char *domain)
{
    return g_strdup_printf("%s/vnc/%s.sock", root, domain);
}
