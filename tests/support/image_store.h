/* image_store.h - a small images/ folder and an empty store of a test's own. */
#pragma once

#include "support/test.h"

struct test_images {
    char *dir; /* holds data/images, guest, store */
};

static inline void test_images_write(
        const struct test_images *images, const char *path, const char *text)
{
    g_autofree char *whole = g_build_filename(images->dir, path, NULL);
    g_autofree char *parent = g_path_get_dirname(whole);
    assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
    assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static inline int test_images_setup(void **state)
{
    struct test_images *images = g_new0(struct test_images, 1);
    images->dir = test_mkdtemp();
    g_autofree char *data = g_build_filename(images->dir, "data", NULL);
    g_autofree char *guest = g_build_filename(images->dir, "guest", NULL);
    g_autofree char *store = g_build_filename(images->dir, "store", NULL);
    g_setenv("SANDTABLE_DATA", data, TRUE);
    g_setenv("SANDTABLE_GUEST", guest, TRUE);
    g_setenv("XDG_DATA_HOME", store, TRUE);
    test_images_write(images, "guest/guest-init", "init");
    test_images_write(images, "guest/early-init", "early");
    test_images_write(images, "data/images/kernel/recipe",
            "[image]\ndescription=k\npackages=linux\nprograms=early-init\nmodules=virtio_blk\n");
    test_images_write(images, "data/images/kernel/assemble.sh", "true\n");
    test_images_write(images, "data/images/base/recipe",
            "[image]\ndescription=b\nprograms=guest-init\n[services]\nagent=/bin/agent\n");
    test_images_write(images, "data/images/web/recipe",
            "[image]\ndescription=w\npackages=nginx;curl\nmemory=160\n[services]\nnginx=nginx\n");
    test_images_write(images, "data/images/web/files/etc/motd", "hello\n");
    *state = images;
    return 0;
}

static inline int test_images_teardown(void **state)
{
    struct test_images *images = *state;
    test_rmtree(images->dir);
    g_free(images);
    return 0;
}

/* SHA-256, hex; the caller's. */
static inline char *digest_of_file(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
}
