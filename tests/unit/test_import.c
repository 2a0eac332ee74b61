/* test_import.c - disks of one's own: formats, hostile files, archives, and the store they go into.
 */
#include "support/image_store.h"

#include "base/json.h"
#include "base/paths.h"
#include "image/disk.h"
#include "image/import.h"
#include "image/import_private.h"
#include "image/tool.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static bool have_qemu_img(void)
{
    g_autofree char *tool = tool_find("qemu-img", "qemu-utils", NULL);
    if (!tool) {
        print_message("skipped: there is no qemu-img (apt-get install qemu-utils)\n");
    }
    return tool != NULL;
}

static char *path_in(void **state, const char *name)
{
    const struct test_images *images = *state;
    return g_build_filename(images->dir, name, NULL);
}

/* A raw disk with the signature of a boot sector. */
static char *raw_disk(void **state, const char *name, gsize bytes)
{
    char *path = path_in(state, name);
    g_autofree char *content = g_malloc0(bytes);
    static const char signature[] = {'\x55', '\xaa'}, text[] = {'h', 'e', 'l', 'l', 'o'};
    memcpy(content + 510, signature, sizeof(signature));
    memcpy(content, text, sizeof(text));
    assert_true(g_file_set_contents(path, content, (gssize)bytes, NULL));
    return path;
}

static void run_tool(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    G_GNUC_UNUSED g_autofree char *output = tool_run(argv, NULL, &error);
    assert_no_error(error);
}
#define QEMU_IMG(...) run_tool((const char *const[]){"/usr/bin/qemu-img", __VA_ARGS__, NULL})

/* Imports file as NAME; the error's text, "" when it went well. */
static char *import_text(struct import_options *options)
{
    g_autoptr(GError) error = NULL;
    bool ok = image_import(options, NULL, NULL, &error);
    assert_true(ok == !error);
    return g_strdup(error ? error->message : "");
}

static struct import_options options_for(const char *name, const char *file)
{
    struct import_options options = {.name = name, .file = file};
    plan_hardware_init(&options.hardware);
    return options;
}

static void assert_refused(void **state, const char *file, const char *format, const char *why)
{
    struct import_options options = options_for("evil", file);
    options.format = format;
    g_autofree char *text = import_text(&options);
    if (!strstr(text, why)) {
        fail_msg("\"%s\" is not in: %s", why, text);
    }
    assert_null(import_find("evil", NULL));
    g_autofree char *folder = path_in(state, "store/sandtable/images/disks");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    assert_null(dir ? g_dir_read_name(dir) : NULL); /* nothing half made is left */
}

/* ---- formats -------------------------------------------------------------------------------- */

static void formats_are_told_by_their_first_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        gsize at, length;
        const char *format, *error;
    } cases[] = {{"QFI\xfb", 0, 4, "qcow2", NULL}, {"KDMV", 0, 4, "vmdk", NULL},
            {"# Disk DescriptorFile", 0, 21, "vmdk", NULL}, {"vhdxfile", 0, 8, "vhdx", NULL},
            {"conectix", 0, 8, "vhd", NULL}, {"\x7f\x10\xda\xbe", 64, 4, "vdi", NULL},
            {"ustar", 257, 5, "ova", NULL}, {"\x55\xaa", 510, 2, "raw", NULL},
            {"EFI PART", 512, 8, "raw", NULL}, {"\x1f\x8b", 0, 2, NULL, "gzip"},
            {"\x28\xb5\x2f\xfd", 0, 4, NULL, "zstd"}, {"root:x:0", 0, 8, NULL, "--format"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 head[IMPORT_HEAD] = {0};
        memcpy(head + cases[i].at, cases[i].bytes, cases[i].length);
        g_autoptr(GError) error = NULL;
        const char *format = import_format_of(head, sizeof(head), NULL, 0, &error);
        if (cases[i].format) {
            assert_string_equal(format, cases[i].format);
        } else {
            assert_null(format);
            assert_non_null(strstr(error->message, cases[i].error));
        }
    }
    guint8 head[512] = {0}, tail[512] = "conectix";
    assert_string_equal(import_format_of(head, 512, tail, 512, NULL), "vhd");
}

static void assert_described(const struct image *image)
{
    assert_null(image->kernel);
    assert_int_equal(image->memory_mib, 700);
    assert_int_equal(image->disk->virtual_bytes, 2 * MIB);
    assert_string_equal(image->disk->hardware.firmware, "uefi");
    assert_string_equal(image->disk->hardware.bus, "virtio");
    assert_int_equal(image->disk->hardware.ready.port, 22);
    assert_int_equal(image->disk->hardware.agent, 0);
    assert_string_equal(image->disk->users[0], "ada");
    struct stat st;
    assert_int_equal(stat(image->disk->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400); /* nobody writes to what all machines stand on */
}

static void what_a_killed_import_left_is_pruned(void **state)
{
    (void)state;
    g_autofree char *disks = paths_images_dir();
    g_autofree char *gone = g_strconcat(disks, "/disks/.import-x-2147483646", NULL);
    g_autofree char *mine = g_strdup_printf("%s/disks/.import-y-%d", disks, (int)getpid());
    assert_true(paths_make(gone, NULL) && paths_make(mine, NULL));
    assert_int_equal(image_prune(NULL), 1);
    assert_false(g_file_test(gone, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(mine, G_FILE_TEST_IS_DIR)); /* under way */
}

static void an_image_is_copied_described_found_and_removed(void **state)
{
    if (!have_qemu_img()) {
        return;
    }
    g_autofree char *raw = raw_disk(state, "disk.raw", 2 * MIB);
    static const char *const users[] = {"ada", NULL};
    struct import_options options = options_for("mine", raw);
    options.hardware.firmware = (char *)"uefi";
    options.hardware.tpm = 1;
    options.hardware.cloud_init = true;
    options.hardware.ready = (struct plan_ready){.kind = PLAN_READY_TCP, .port = 22};
    options.memory_mib = 700;
    options.users = users;
    g_autofree char *text = import_text(&options);
    assert_string_equal(text, "");

    g_autoptr(GError) error = NULL;
    struct image *image = image_find("mine", &error);
    assert_no_error(error);
    assert_described(image);

    auto_json list = image_list(&error);
    const cJSON *entry = cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1);
    assert_string_equal(json_string(entry, "name", ""), "mine");
    const cJSON *source = json_object(json_object(entry, "import"), "source");
    assert_string_equal(json_string(source, "format", ""), "raw");
    assert_int_equal(strlen(json_string(source, "sha256", "")), 64);
    assert_int_equal(image_prune(&error), 0);
    assert_true(image_verify("mine", &error));

    /* the same once more changes nothing; with other settings it is another, which needs --replace
     */
    g_autofree char *first = g_strdup(image->digest);
    g_autofree char *again = import_text(&options);
    assert_string_equal(again, "");
    options.memory_mib = 800;
    g_autofree char *other = import_text(&options);
    assert_non_null(strstr(other, "--replace"));
    options.replace = true;
    g_autofree char *replaced = import_text(&options);
    assert_string_equal(replaced, "");
    image_free(image);
    image = image_find("mine", &error);
    assert_string_not_equal(image->digest, first);

    /* one byte changed on the disk */
    assert_int_equal(chmod(image->disk->file, 0600), 0);
    FILE *file = fopen(image->disk->file, "r+b");
    assert_int_equal(fseek(file, 300, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_false(image_verify("mine", &error));
    assert_non_null(strstr(error->message, "--replace"));
    image_free(image);
    g_clear_error(&error);
    assert_true(image_import_remove("mine", &error));
    assert_false(image_find("mine", &error) != NULL);
}

static void what_is_asked_must_make_sense(void **state)
{
    g_autofree char *raw = raw_disk(state, "disk.raw", MIB);
    struct import_options options = options_for("web", raw);
    g_autofree char *recipe = import_text(&options);
    assert_non_null(strstr(recipe, "name of a recipe"));
    options.name = "../evil";
    g_autofree char *name = import_text(&options);
    assert_non_null(strstr(name, "the name"));
    options.name = "evil";
    options.sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    g_autofree char *sum = import_text(&options);
    assert_non_null(strstr(sum, "not the one given"));
    options.sha256 = NULL;
    options.hardware.bus = (char *)"ide";
    options.hardware.firmware = (char *)"uefi";
    g_autofree char *bus = import_text(&options);
    assert_non_null(strstr(bus, "--bus ide"));
    assert_refused(state, "/dev/zero", NULL, "no regular file");
    assert_refused(state, "/nowhere", NULL, "No such file");
    assert_refused(state, "/etc/passwd", NULL, "--format");
}

/* ---- hostile images ------------------------------------------------------------------------- */

static void references_to_other_files_are_refused_by_name(void **state)
{
    if (!have_qemu_img()) {
        return;
    }
    g_autofree char *base = path_in(state, "base.qcow2"), *over = path_in(state, "over.qcow2");
    g_autofree char *split = path_in(state, "split.qcow2"), *flat = path_in(state, "flat.vmdk");
    QEMU_IMG("create", "-q", "-f", "qcow2", base, "1M");
    QEMU_IMG("create", "-q", "-f", "qcow2", "-u", "-F", "raw", "-b", "/etc/shadow", over, "1M");
    assert_refused(state, over, NULL, "backing file (/etc/shadow)");
    g_autofree char *data = path_in(state, "secret.raw");
    g_autofree char *option = g_strdup_printf("data_file=%s,data_file_raw=on", data);
    QEMU_IMG("create", "-q", "-f", "qcow2", "-o", option, split, "1M");
    assert_refused(state, split, NULL, "external data file");
    QEMU_IMG("create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", flat, "1M");
    assert_refused(state, flat, NULL, "extents are in other files");
    g_autofree char *child = path_in(state, "child.vmdk"), *parent = path_in(state, "parent.vmdk");
    QEMU_IMG("create", "-q", "-f", "vmdk", parent, "1M");
    QEMU_IMG("create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", parent, child);
    assert_refused(state, child, NULL, "difference to another file");
    /* the same lie when the user names another format than the file has */
    assert_refused(state, over, "vmdk", "descriptor");
}

static void a_vmdk_with_extents_elsewhere_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"createType=\"monolithicFlat\"\n",
            "RW 63 FLAT \"/etc/shadow\" 0\n", "RW 63 SPARSE \"a\"\nRW 63 SPARSE \"/dev/sda\"\n",
            "parentCID=12345678\n", "parentFileNameHint=\"/etc/shadow\"\n",
            "createType=\"vmfsRaw\"\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(import_vmdk_is_safe(bad[i], strlen(bad[i]), &error));
        assert_non_null(error);
    }
    static const char good[] = "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n"
                               "createType=\"streamOptimized\"\nRW 2048 SPARSE \"x.vmdk\"\n";
    assert_true(import_vmdk_is_safe(good, strlen(good), NULL));
    guint8 head[1024] = "KDMV"; /* capacity 0: QEMU would read the descriptor as a list of files */
    assert_false(import_head_is_safe("vmdk", head, sizeof(head), NULL, NULL));
    head[12] = 1;
    assert_true(import_head_is_safe("vmdk", head, sizeof(head), NULL, NULL));
    guint8 vhd[512] = "conectix";
    vhd[63] = 4;
    assert_false(import_head_is_safe("vhd", vhd, sizeof(vhd), vhd, NULL));
}

static void what_qemu_says_of_a_file_is_believed_only_if_it_is_alone(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
    } bad[] = {{"{\"virtual-size\":1024,\"backing-filename\":\"/etc/shadow\"}", "/etc/shadow"},
            {"{\"virtual-size\":1024,\"format-specific\":{\"data\":{\"data-file\":\"/x\"}}}", "/x"},
            {"{\"virtual-size\":1024,\"format-specific\":{\"data\":{\"extents\":[{\"filename\":"
             "\"/y\"}]}}}",
                    "/y"},
            {"{\"virtual-size\":1024,\"encrypted\":true}", "encrypted"},
            {"{\"virtual-size\":0}", "GiB"}, {"{\"virtual-size\":1125899906842624}", "GiB"},
            {"[", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_true(import_info_size(bad[i].json, strlen(bad[i].json), "/me", &error) < 0);
        assert_non_null(strstr(error->message, bad[i].why));
    }
    static const char good[] = "{\"virtual-size\":4096,\"format-specific\":{\"data\":{\"extents\":"
                               "[{\"filename\":\"/me\"}]}}}";
    assert_int_equal(import_info_size(good, strlen(good), "/me", NULL), 4096);
}

static void a_file_that_claims_to_be_huge_is_refused(void **state)
{
    if (!have_qemu_img()) {
        return;
    }
    g_autofree char *huge = path_in(state, "huge.qcow2");
    QEMU_IMG("create", "-q", "-f", "qcow2", huge, "1000T");
    assert_refused(state, huge, NULL, "1 to 256 GiB");
}

/* ---- archives ------------------------------------------------------------------------------- */

static const char ovf[] =
        "<?xml version='1.0'?>\n<Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1' "
        "xmlns:ovf='http://schemas.dmtf.org/ovf/envelope/1' "
        "xmlns:rasd='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
        "CIM_ResourceAllocationSettingData'>\n"
        "<References><File ovf:id='f1' ovf:href='HREF'/></References>\n"
        "<DiskSection><Disk ovf:diskId='d1' ovf:fileRef='f1' ovf:capacity='2' "
        "ovf:capacityAllocationUnits='byte * 2^20'/></DiskSection>\n"
        "<VirtualSystem><VirtualHardwareSection>\n"
        "<Item><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2"
        "</rasd:VirtualQuantity></Item>\n"
        "<Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ResourceType>4"
        "</rasd:ResourceType><rasd:VirtualQuantity>768</rasd:VirtualQuantity></Item>\n"
        "<Item><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10"
        "</rasd:ResourceType></Item>\n"
        "<Item><rasd:ResourceType>20</rasd:ResourceType></Item>\n"
        "</VirtualHardwareSection></VirtualSystem></Envelope>\n";

static char *replaced(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    return g_strjoinv(to, parts);
}

static void an_ovf_tells_disk_memory_processors_and_cards(void **state)
{
    (void)state;
    struct ovf out = {0};
    g_autofree char *text = replaced(ovf, "HREF", "disk1.vmdk");
    g_autoptr(GError) error = NULL;
    assert_true(ovf_parse(text, strlen(text), &out, &error));
    assert_no_error(error);
    assert_string_equal(out.disk, "disk1.vmdk");
    assert_int_equal(out.memory_mib, 768);
    assert_int_equal(out.cpus, 2);
    assert_int_equal(out.capacity, 2 * MIB);
    assert_string_equal(out.cards, "e1000e");
    assert_string_equal(out.bus, "sata");
    ovf_clear(&out);
    g_autofree char *odd = replaced(ovf, "VirtualQuantity>2", "VirtualQuantity>nan");
    assert_true(ovf_parse(odd, strlen(odd), &out, &error));
    assert_in_range(out.cpus, 1, 16);
    ovf_clear(&out);
    static const struct {
        const char *from, *to, *why;
    } bad[] = {{"HREF", "../../etc/shadow", "leads out"}, {"HREF", "http://x/y", "leads out"},
            {"HREF", "/etc/shadow", "leads out"}, {"fileRef='f1'", "fileRef='f2'", "not among"},
            {"ovf:fileRef", "ovf:parentRef='d0' ovf:fileRef", "difference"},
            {"ovf:href", "ovf:compression='gzip' ovf:href", "compressed"},
            {"</DiskSection>", "<Disk ovf:fileRef='f1'/></DiskSection>", "several disks"},
            {"</Envelope>", "", "no XML"},
            {"<Envelope", "<!DOCTYPE x [<!ENTITY a 'b'>]><Envelope", ""}, {"768", "&a;", "no XML"}};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *evil = replaced(ovf, bad[i].from, bad[i].to);
        g_autoptr(GError) problem = NULL;
        struct ovf none = {0};
        if (*bad[i].why) {
            assert_false(ovf_parse(evil, strlen(evil), &none, &problem));
            assert_non_null(strstr(problem->message, bad[i].why));
        } else {
            ovf_parse(evil, strlen(evil), &none, NULL);
            ovf_clear(&none);
        }
    }
}

/* Packs the named files of the test's folder with tar. */
static char *pack(void **state, const char *name, const char *const *files)
{
    const struct test_images *images = *state;
    char *archive = path_in(state, name);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    static const char *const tar[] = {"/bin/tar", "--format=ustar", "-P", "-C", NULL};
    g_strv_builder_addv(builder, (const char **)tar);
    g_strv_builder_add(builder, images->dir);
    g_strv_builder_add(builder, "-cf");
    g_strv_builder_add(builder, archive);
    g_strv_builder_addv(builder, (const char **)files);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    run_tool((const char *const *)argv);
    return archive;
}
#define PACK(state, name, ...) pack(state, name, (const char *const[]){__VA_ARGS__, NULL})

static void put(void **state, const char *name, const char *text)
{
    g_autofree char *path = path_in(state, name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void an_ova_is_unpacked_after_its_manifest_was_compared(void **state)
{
    if (!have_qemu_img()) {
        return;
    }
    g_autofree char *vmdk = path_in(state, "disk1.vmdk"),
                    *text = replaced(ovf, "HREF", "disk1.vmdk");
    QEMU_IMG("create", "-q", "-f", "vmdk", "-o", "subformat=streamOptimized", vmdk, "2M");
    put(state, "box.ovf", text);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autofree char *disk_sum = digest_of_file(vmdk);
    g_autofree char *omits = g_strdup_printf("SHA256(box.ovf)= %s\n", sum);
    put(state, "box.mf", omits);
    g_autofree char *unsure = PACK(state, "unsure.ova", "box.ovf", "box.mf", "disk1.vmdk");
    assert_refused(state, unsure, NULL, "its manifest has no digest of \"disk1.vmdk\"");
    g_autofree char *good = g_strdup_printf("%sSHA256(disk1.vmdk)= %s\n", omits, disk_sum);
    put(state, "box.mf", good);
    g_autofree char *ova = PACK(state, "box.ova", "box.ovf", "box.mf", "disk1.vmdk");
    struct import_options options = options_for("appliance", ova);
    g_autofree char *problem = import_text(&options);
    assert_string_equal(problem, "");
    struct image *image = image_find("appliance", NULL);
    assert_int_equal(image->memory_mib, 768);
    assert_int_equal(image->disk->cpus, 2);
    assert_int_equal(image->disk->virtual_bytes, 2 * MIB);
    assert_string_equal(image->disk->hardware.cards, "e1000e");
    assert_string_equal(image->disk->hardware.bus, "sata");
    image_free(image);
    assert_true(image_import_remove("appliance", NULL));

    sum[0] = sum[0] == '0' ? '1' : '0';
    g_autofree char *wrong = g_strdup_printf("SHA256(box.ovf)= %s\n", sum);
    put(state, "box.mf", wrong);
    g_autofree char *forged = PACK(state, "forged.ova", "box.ovf", "box.mf", "disk1.vmdk");
    assert_refused(state, forged, NULL, "the digest in its manifest");
    put(state, "box.mf", "SHA1(gone.vmdk)= da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    g_autofree char *gone = PACK(state, "gone.ova", "box.ovf", "box.mf", "disk1.vmdk");
    assert_refused(state, gone, NULL, "gone.vmdk");
    g_autofree char *half = PACK(state, "half.ova", "box.ovf");
    assert_refused(state, half, NULL, "not in the archive");
}

static void members_that_lead_out_of_an_archive_are_refused(void **state)
{
    put(state, "box.ovf", ovf);
    g_autofree char *link = path_in(state, "link.ovf");
    assert_int_equal(symlink("/etc/shadow", link), 0);
    put(state, "data/up", "x");
    g_autofree char *linked = PACK(state, "linked.ova", "link.ovf", "box.ovf");
    assert_refused(state, linked, NULL, "\"link.ovf\" is no plain file");
    g_autofree char *absolute = PACK(state, "absolute.ova", "box.ovf", "/etc/hostname");
    assert_refused(state, absolute, NULL, "\"/etc/hostname\" leads out");
    g_autofree char *dots = PACK(state, "dots.ova", "box.ovf", "guest/../data/up");
    assert_refused(state, dots, NULL, "leads out");
}

/* ---- overlays ------------------------------------------------------------------------------- */

static void an_overlay_stands_on_its_base_and_leaves_it_alone(void **state)
{
    if (!have_qemu_img()) {
        return;
    }
    g_autofree char *base = path_in(state, "base.qcow2"), *over = path_in(state, "over.qcow2");
    g_autofree char *data = path_in(state, "data.qcow2");
    g_autoptr(GError) error = NULL;
    QEMU_IMG("create", "-q", "-f", "qcow2", base, "1M");
    assert_true(disk_overlay(over, base, 4 * MIB, &error));
    g_autofree char *backing = disk_backing(over, &error);
    assert_string_equal(backing, base);
    assert_true(disk_data(data, 32 * MIB, &error));
    assert_no_error(error);
    assert_int_equal(import_probe_file(data, "qcow2", &error), 32 * MIB);
    g_autofree char *none = disk_backing(data, &error);
    assert_string_equal(none, "");
}

#define WITH_STORE(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, test_images_setup, test_images_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(formats_are_told_by_their_first_bytes),
            WITH_STORE(an_image_is_copied_described_found_and_removed),
            WITH_STORE(what_a_killed_import_left_is_pruned),
            WITH_STORE(what_is_asked_must_make_sense),
            WITH_STORE(references_to_other_files_are_refused_by_name),
            cmocka_unit_test(a_vmdk_with_extents_elsewhere_is_refused),
            cmocka_unit_test(what_qemu_says_of_a_file_is_believed_only_if_it_is_alone),
            WITH_STORE(a_file_that_claims_to_be_huge_is_refused),
            cmocka_unit_test(an_ovf_tells_disk_memory_processors_and_cards),
            WITH_STORE(an_ova_is_unpacked_after_its_manifest_was_compared),
            WITH_STORE(members_that_lead_out_of_an_archive_are_refused),
            WITH_STORE(an_overlay_stands_on_its_base_and_leaves_it_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
