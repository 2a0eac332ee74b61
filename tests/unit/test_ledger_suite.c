/* test_ledger_suite.c - the hashes and signatures of both suites, by published examples. */
#include "support/test.h"

#include "ledger/sm2.h"
#include "ledger/suite.h"

#include <sodium.h>
#include <string.h>

static void unhex(const char *hex, unsigned char *ret, gsize n)
{
    gsize bytes = 0;
    assert_int_equal(sodium_hex2bin(ret, n, hex, strlen(hex), " ", &bytes, NULL), 0);
    assert_int_equal(bytes, n);
}

static void assert_hash(enum suite suite, const char *text, const char *wanted)
{
    unsigned char hash[SUITE_HASH];
    char hex[2 * SUITE_HASH + 1];
    gsize half = strlen(text) / 2;
    const struct suite_part parts[] = {{text, half}, {text + half, strlen(text) - half}};
    suite_hash(suite, parts, G_N_ELEMENTS(parts), hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    assert_string_equal(hex, wanted);
}

static void hashes_are_those_of_the_standards(void **state)
{
    (void)state;
    assert_hash(SUITE_ED25519, "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /* GB/T 32905, examples 1 and 2 */
    assert_hash(
            SUITE_SM, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_hash(SUITE_SM, "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

/* GM/T 0003.5, A.2: "message digest" by the curve that everybody uses. */
static const char secret_hex[] = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
static const char public_hex[] =
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
static const char signature_hex[] =
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

static void a_published_signature_is_good_and_no_other(void **state)
{
    (void)state;
    static const char message[] = "message digest";
    unsigned char secret[SM2_SECRET];
    unsigned char public[SM2_PUBLIC];
    unsigned char derived[SM2_PUBLIC];
    unsigned char signature[SM2_SIGNATURE];
    unhex(secret_hex, secret, sizeof secret);
    unhex(public_hex, public, sizeof public);
    unhex(signature_hex, signature, sizeof signature);
    assert_true(sm2_public(secret, derived));
    assert_memory_equal(derived, public, sizeof public);
    assert_true(sm2_verify(public, message, strlen(message), signature));
    assert_false(sm2_verify(public, message, strlen(message) - 1, signature));
    for (gsize i = 0; i < sizeof signature; i += 7) {
        signature[i] ^= 1;
        assert_false(sm2_verify(public, message, strlen(message), signature));
        signature[i] ^= 1;
    }
    public[40] ^= 1; /* no point of the curve */
    assert_false(sm2_verify(public, message, strlen(message), signature));
    memset(signature, 0, sizeof signature);
    assert_false(sm2_verify(derived, message, strlen(message), signature));
}

static void what_is_signed_is_good_and_no_two_signatures_are_alike(void **state)
{
    (void)state;
    unsigned char secret[SM2_SECRET];
    unsigned char public[SM2_PUBLIC];
    unsigned char one[SM2_SIGNATURE];
    unsigned char two[SM2_SIGNATURE];
    unhex(secret_hex, secret, sizeof secret);
    assert_true(sm2_public(secret, public));
    assert_true(sm2_sign(public, secret, "x", 1, one));
    assert_true(sm2_sign(public, secret, "x", 1, two));
    assert_true(sm2_verify(public, "x", 1, one));
    assert_true(sm2_verify(public, "x", 1, two));
    assert_memory_not_equal(one, two, sizeof one);
}

static void numbers_that_are_no_keys_are_refused(void **state)
{
    (void)state;
    unsigned char secret[SM2_SECRET] = {0};
    unsigned char public[SM2_PUBLIC];
    assert_false(sm2_public(secret, public));
    memset(secret, 0xff, sizeof secret);
    assert_false(sm2_public(secret, public));
}

static void suites_have_names_and_the_error_says_which(void **state)
{
    (void)state;
    enum suite suite;
    g_autoptr(GError) error = NULL;
    assert_true(suite_parse("sm", &suite, NULL));
    assert_int_equal(suite, SUITE_SM);
    assert_string_equal(suite_name(SUITE_ED25519), "ed25519");
    assert_false(suite_parse("rot13", &suite, &error));
    assert_non_null(strstr(error->message, "ed25519"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(hashes_are_those_of_the_standards),
            cmocka_unit_test(a_published_signature_is_good_and_no_other),
            cmocka_unit_test(what_is_signed_is_good_and_no_two_signatures_are_alike),
            cmocka_unit_test(numbers_that_are_no_keys_are_refused),
            cmocka_unit_test(suites_have_names_and_the_error_says_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
