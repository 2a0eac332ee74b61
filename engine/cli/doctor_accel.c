/* doctor_accel.c - the doctor's trial boot: does a guest really run under KVM here? */
#include "cli/doctor_checks.h"

#include "cli/accel.h"

struct doctor_check *doctor_accelerator(void)
{
    static const char name[] = "accelerator";
    g_autoptr(GError) error = NULL;
    struct image *image = image_find("server", &error);
    if (!image) {
        return doctor_check_new(name, DOCTOR_WARN,
                g_strdup("not yet known: no image is built that could be booted"),
                g_strdup("sandtable image build"));
    }
    char *why = NULL;
    enum virt_accel accel = accel_probe(image, &why);
    image_free(image);
    g_autofree char *reason = why;
    if (accel == VIRT_ACCEL_KVM) {
        return doctor_check_new(
                name, DOCTOR_OK, g_strdup_printf("kvm: %s", reason ? reason : ""), NULL);
    }
    return doctor_check_new(name, DOCTOR_WARN,
            g_strdup_printf("tcg, slower but sound: %s", reason ? reason : "no reason given"),
            NULL);
}
