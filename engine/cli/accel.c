/* accel.c - the verdict on KVM, kept beside the images: doctor, check, run and image share it. */
#include "cli/accel.h"

#include "base/paths.h"

static char *cache_file(void)
{
    g_autofree char *images = paths_images_dir();
    return g_build_filename(images, "accel", NULL);
}

enum virt_accel accel_probe(const struct image *image, char **why)
{
    g_autofree char *cache = cache_file();
    return virt_probe_accel(image->kernel, image->initrd, cache, why);
}

enum virt_accel accel_known(const struct image *image, char **why)
{
    g_autofree char *cache = cache_file();
    return virt_known_accel(image->kernel, cache, why);
}
