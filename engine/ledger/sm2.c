/* sm2.c - SM2 signatures with SM3, by OpenSSL. */
#include "ledger/sm2.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#define NUMBER 32 /* bytes of r, s, and of a coordinate */
#define DER_MAX 128

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_clear_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_GROUP, EC_GROUP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_POINT, EC_POINT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

bool sm2_public(const unsigned char *secret, unsigned char *ret)
{
    g_autoptr(EC_GROUP) group = EC_GROUP_new_by_curve_name(NID_sm2);
    g_autoptr(EC_POINT) point = group ? EC_POINT_new(group) : NULL;
    g_autoptr(BIGNUM) number = BN_bin2bn(secret, SM2_SECRET, NULL);
    g_autoptr(BIGNUM) most = BN_new();
    /* 1 ≤ d ≤ n − 2 */
    return point && number && most && EC_GROUP_get_order(group, most, NULL) == 1 &&
           BN_sub_word(most, 1) == 1 && !BN_is_zero(number) && BN_cmp(number, most) < 0 &&
           EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
           EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret, SM2_PUBLIC, NULL) ==
                   SM2_PUBLIC;
}

/* secret may be NULL. */
static EVP_PKEY *key_of(const unsigned char *public, const unsigned char *secret)
{
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    g_autoptr(BIGNUM) number = secret ? BN_bin2bn(secret, SM2_SECRET, NULL) : NULL;
    if (!build || !context || (secret && !number) ||
            OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) != 1 ||
            OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public, SM2_PUBLIC) !=
                    1 ||
            (number && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) != 1)) {
        return NULL;
    }
    g_autoptr(OSSL_PARAM) params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *key = NULL;
    if (params && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(
                context, &key, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    }
    return key;
}

/* After the context was begun, before any data: the identity is hashed first. (OpenSSL 3.0 refuses
 * it among the parameters of the beginning.) */
static bool identify(EVP_PKEY_CTX *context)
{
    static const char id[] = "1234567812345678";
    return context && EVP_PKEY_CTX_set1_id(context, id, sizeof id - 1) == 1;
}

bool sm2_sign(const unsigned char *public, const unsigned char *secret, const void *data,
        gsize length, unsigned char *ret)
{
    unsigned char der[DER_MAX];
    size_t der_length = sizeof der;
    EVP_PKEY_CTX *inner = NULL; /* the context's */
    g_autoptr(EVP_PKEY) key = key_of(public, secret);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    if (!key || !context ||
            EVP_DigestSignInit_ex(context, &inner, "SM3", NULL, NULL, key, NULL) != 1 ||
            !identify(inner) || EVP_DigestSign(context, der, &der_length, data, length) != 1) {
        return false;
    }
    const unsigned char *at = der;
    g_autoptr(ECDSA_SIG) pair = d2i_ECDSA_SIG(NULL, &at, (long)der_length);
    return pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret, NUMBER) == NUMBER &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret + NUMBER, NUMBER) == NUMBER;
}

/* r ‖ s as OpenSSL wants it; 0 when that cannot be. */
static int to_der(const unsigned char *signature, unsigned char *ret)
{
    g_autoptr(ECDSA_SIG) pair = ECDSA_SIG_new();
    g_autoptr(BIGNUM) r = BN_bin2bn(signature, NUMBER, NULL);
    g_autoptr(BIGNUM) s = BN_bin2bn(signature + NUMBER, NUMBER, NULL);
    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
        return 0;
    }
    r = NULL; /* the pair's now */
    s = NULL;
    unsigned char *at = ret;
    return i2d_ECDSA_SIG(pair, &at);
}

bool sm2_verify(
        const unsigned char *public, const void *data, gsize length, const unsigned char *signature)
{
    unsigned char der[DER_MAX];
    EVP_PKEY_CTX *inner = NULL; /* the context's */
    int der_length = to_der(signature, der);
    g_autoptr(EVP_PKEY) key = key_of(public, NULL);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    return der_length > 0 && key && context &&
           EVP_DigestVerifyInit_ex(context, &inner, "SM3", NULL, NULL, key, NULL) == 1 &&
           identify(inner) && EVP_DigestVerify(context, der, (size_t)der_length, data, length) == 1;
}
