/* test_checkpoint_tpm.c - a machine with a TPM in a checkpoint: its registers go back with it.
 *
 * The machine is one boot sector. Each round it extends PCR 16 by the same 32 bytes, reads it, and
 * prints how many rounds there were and the register's first bytes. What the register must be after
 * so many rounds is known, so a TPM that was not saved, or not put back, shows at once.
 */
#include "support/host.h"
#include "support/test.h"

#include "virt/virt.h"

#include <string.h>

#define LIMIT_S 60
#define SECTOR 512
#define DISK (1 << 20) /* a firmware takes no smaller one */
#define LINE_CHARS 26  /* "00000003 0123456789abcdef\n" */
#define ROUNDS_MAX 100000
#define UUID "5a6d7ab1-e000-4000-8000-7470006d0001"

/* The TPM's CRB registers are at 0xfed40000 (TCG PC Client Platform TPM Profile 6.5); a real mode
 * segment with the limits of protected mode reaches them. Commands: TPM 2.0 Library, part 3. */
__asm__(".section .rodata\n"
        ".code16\n"
        ".set .Lat, 0x7c00\n"
        "tpm_sector:\n"
        "  cli\n"
        "  xorw %ax, %ax\n"
        "  movw %ax, %ds\n"
        "  movw %ax, %ss\n"
        "  movw $0x7c00, %sp\n"
        "  movw $(.Lstartup - tpm_sector + .Lat), %si\n"
        "  movw $12, %cx\n"
        "  call .Lcommand\n"
        ".Lround:\n"
        "  sti\n" /* some 18 rounds a second */
        "  hlt\n"
        "  cli\n"
        "  incl (.Lcount - tpm_sector + .Lat)\n"
        "  movw $(.Lextend - tpm_sector + .Lat), %si\n"
        "  movw $65, %cx\n"
        "  call .Lcommand\n"
        "  movw $(.Lread - tpm_sector + .Lat), %si\n"
        "  movw $20, %cx\n"
        "  call .Lcommand\n"
        "  movl (.Lcount - tpm_sector + .Lat), %eax\n"
        "  call .Lhex\n"
        "  movb $0x20, %al\n"
        "  call .Lput\n"
        "  movl %fs:0x9e(%edi), %eax\n" /* 0x80 and 30: the first digest */
        "  bswapl %eax\n"
        "  call .Lhex\n"
        "  movl %fs:0xa2(%edi), %eax\n"
        "  bswapl %eax\n"
        "  call .Lhex\n"
        "  movb $10, %al\n"
        "  call .Lput\n"
        "  jmp .Lround\n"
        ".Lcommand:\n" /* cx bytes at si; fs and edi are the TPM's afterwards */
        "  lgdtw (.Ltable - tpm_sector + .Lat)\n"
        "  movl %cr0, %eax\n"
        "  orb $1, %al\n"
        "  movl %eax, %cr0\n"
        "  movw $8, %bx\n"
        "  movw %bx, %fs\n"
        "  andb $0xfe, %al\n"
        "  movl %eax, %cr0\n"
        "  movl $0xfed40000, %edi\n"
        "  movl $1, %fs:0x8(%edi)\n" /* locality 0, please */
        "  movl %edi, %ebx\n"
        "1: lodsb\n"
        "  movb %al, %fs:0x80(%ebx)\n"
        "  incl %ebx\n"
        "  loop 1b\n"
        "  movl $1, %fs:0x4c(%edi)\n" /* start */
        "2: testl $1, %fs:0x4c(%edi)\n"
        "  jnz 2b\n"
        "  ret\n"
        ".Lhex:\n" /* eax */
        "  movw $8, %cx\n"
        "1: roll $4, %eax\n"
        "  pushl %eax\n"
        "  andb $15, %al\n"
        "  cmpb $10, %al\n"
        "  jb 2f\n"
        "  addb $39, %al\n"
        "2: addb $48, %al\n"
        "  call .Lput\n"
        "  popl %eax\n"
        "  loop 1b\n"
        "  ret\n"
        ".Lput:\n" /* al to COM1 */
        "  movb %al, %ah\n"
        "  movw $0x3fd, %dx\n"
        "1: inb %dx, %al\n"
        "  testb $0x20, %al\n"
        "  jz 1b\n"
        "  movb %ah, %al\n"
        "  movw $0x3f8, %dx\n"
        "  outb %al, %dx\n"
        "  ret\n"
        ".Lcount: .long 0\n"
        ".Lstartup: .byte 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0\n"
        ".Lextend: .byte 0x80, 2, 0, 0, 0, 65, 0, 0, 1, 0x82, 0, 0, 0, 16, 0, 0, 0, 9\n"
        "  .byte 0x40, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 11\n"
        "  .fill 32, 1, 0x41\n"
        ".Lread: .byte 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e, 0, 0, 0, 1, 0, 11, 3, 0, 0, 1\n"
        ".Ldescriptors: .quad 0, 0x00cf92000000ffff\n"
        ".Ltable: .word 15\n"
        "  .long .Ldescriptors - tpm_sector + .Lat\n"
        "tpm_sector_end:\n"
        ".code64\n"
        ".previous\n");
extern const guint8 tpm_sector[], tpm_sector_end[];

static char *skip_reason; /* why nothing can be tested here */
static char *root, *folder, *disk;
static struct image *image;
static struct virt *virt;
static bool over; /* of what was asked last */
static char *problem;

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    (void)domain;
    (void)data;
    if (state == MACHINE_CRASHED) {
        problem = g_strdup(reason);
        over = true;
    }
}

static void on_done(const GError *error, gpointer data)
{
    (void)data;
    over = true;
    problem = error ? g_strdup(error->message) : NULL;
}

static void on_cut(gpointer data)
{
    (void)data;
}

static void on_saved(gint64 stood_us, const GError *error, gpointer data)
{
    assert_true(error || stood_us > 0);
    on_done(error, data);
}

static gboolean set_flag(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static gboolean wake(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

static void wait_over(const char *what)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(LIMIT_S, set_flag, &late);
    while (!over && !late) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
    if (late || problem) {
        fail_msg("%s: %s", what, late ? "too late" : problem);
    }
    over = false;
}

/* ---- what it prints --------------------------------------------------------------------------- */

/* PCR 16 after so many rounds: its first eight bytes, in hex. */
static char *expected(guint rounds)
{
    guint8 pcr[64] = {0};
    for (guint i = 0; i < rounds; i++) {
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        gsize length = 32;
        memset(pcr + 32, 0x41, 32);
        g_checksum_update(sum, pcr, sizeof(pcr));
        g_checksum_get_digest(sum, pcr, &length);
    }
    return g_strdup_printf("%02x%02x%02x%02x%02x%02x%02x%02x", pcr[0], pcr[1], pcr[2], pcr[3],
            pcr[4], pcr[5], pcr[6], pcr[7]);
}

/* The rounds of a whole line, whose register is as it must be; 0: it is none. */
static guint rounds_of(const char *line)
{
    guint64 rounds = 0;
    g_autofree char *number = g_strndup(line, 8);
    if (strlen(line) != LINE_CHARS - 1 || line[8] != ' ' ||
            !g_ascii_string_to_unsigned(number, 16, 1, ROUNDS_MAX, &rounds, NULL)) {
        return 0;
    }
    g_autofree char *wanted = expected((guint)rounds);
    assert_string_equal(line + 9, wanted);
    return (guint)rounds;
}

/* The first and the last round in the machine's serial log; 0: none yet. */
static void look(guint *ret_first, guint *ret_last)
{
    g_autofree char *file = virt_serial_file(root, "tpm");
    g_autofree char *text = NULL;
    *ret_first = *ret_last = 0;
    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && lines[i + 1]; i++) { /* the last has no end yet */
        guint rounds = rounds_of(lines[i]);
        *ret_first = *ret_first ? *ret_first : rounds;
        *ret_last = rounds ? rounds : *ret_last;
    }
}

/* Until it has come to that round; the first that its log has. */
static guint await_round(guint round)
{
    bool late = false;
    guint first = 0, last = 0;
    guint timer = g_timeout_add_seconds(LIMIT_S, set_flag, &late);
    guint looks = g_timeout_add(20, wake, NULL);
    for (look(&first, &last); last < round && !late && !problem; look(&first, &last)) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
    g_source_remove(looks);
    if (last < round) {
        fail_msg("round %u did not come: %s", round, problem ? problem : "too late");
    }
    return first;
}

/* ---- in order --------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    g_autofree char *swtpm = g_find_program_in_path("swtpm");
    g_autofree char *setup = g_find_program_in_path("swtpm_setup");
    skip_reason = swtpm && setup ? host_enter("server", &image)
                                 : g_strdup("no swtpm (apt-get install swtpm swtpm-tools)");
    return 0;
}

static void skip_without_host(void)
{
    if (skip_reason) {
        print_message("skipped: %s\n", skip_reason);
        skip();
    }
}

static void a_machine_uses_its_tpm(void **state)
{
    (void)state;
    skip_without_host();
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *bytes = g_malloc0(DISK);
    /* cppcheck-suppress comparePointers ; the assembler puts one behind the other */
    gsize length = (gsize)(tpm_sector_end - tpm_sector);
    assert_true(length <= SECTOR - 2);
    memcpy(bytes, tpm_sector, length);
    bytes[SECTOR - 2] = 0x55;
    bytes[SECTOR - 1] = 0xaa;
    root = test_mkdtemp();
    folder = g_build_filename(root, "saved", NULL);
    disk = g_build_filename(root, "disk.raw", NULL);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    assert_true(g_file_set_contents(disk, (const char *)bytes, DISK, NULL));
    virt = virt_open(root, NULL, on_state, NULL, &error);
    assert_no_error(error);
    const struct virt_disk disks[] = {{.file = disk, .format = "raw", .bus = "virtio", .boot = 1}};
    const struct virt_hardware hardware = {
            .firmware = "bios", .uuid = UUID, .cards = "virtio", .tpm = true};
    const struct virt_machine machine = {.domain = "tpm",
            .memory_mib = 32,
            .vcpus = 1,
            .disks = disks,
            .n_disks = 1,
            .hardware = &hardware};
    virt_start(virt, &machine, on_done, NULL);
    wait_over("start");
    assert_int_equal(await_round(3), 1);
}

static void a_checkpoint_and_a_restore_take_the_tpm_along(void **state)
{
    (void)state;
    skip_without_host();
    static const char *const names[] = {"tpm", NULL};
    guint first = 0, saved = 0;
    virt_checkpoint(virt, names, folder, on_cut, on_saved, NULL);
    wait_over("checkpoint");
    look(&first, &saved);
    (void)await_round(saved + 10); /* it goes on, its TPM as well */
    virt_stop(virt, "tpm", on_done, NULL);
    wait_over("stop");
    virt_restore(virt, "tpm", folder, on_done, NULL);
    wait_over("restore");
    guint again = await_round(saved + 5);
    print_message("saved by round %u, went on from round %u\n", saved, again);
    assert_true(again > 1 && again <= saved + 1);
}

static void closing_leaves_nothing(void **state)
{
    (void)state;
    skip_without_host();
    virt_close(virt, true);
    test_rmtree(root);
    g_free(folder);
    g_free(disk);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_machine_uses_its_tpm),
            cmocka_unit_test(a_checkpoint_and_a_restore_take_the_tpm_along),
            cmocka_unit_test(closing_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
