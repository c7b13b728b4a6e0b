#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/certificate.h"
#include "common/openssl.h"

struct name {
    int type;
    const char *text;
    int length; /* 0: up to the NUL */
};

static X509 *certificate_with(const struct name *names, size_t count)
{
    X509 *certificate = X509_new();
    AUTO(general_names) GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();

    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *value = ASN1_IA5STRING_new();

        ASN1_STRING_set(value, names[i].text, names[i].length != 0 ? names[i].length : -1);
        GENERAL_NAME_set0_value(name, names[i].type, value);
        sk_GENERAL_NAME_push(list, name);
    }
    if (count > 0)
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
    return certificate;
}

static void assert_no_identity(const struct name *names, size_t count, const char *part)
{
    AUTO(x509) X509 *certificate = certificate_with(names, count);
    struct identity identity;
    struct error err = {0};

    assert_false(certificate_identity(certificate, &identity, &err));
    assert_int_equal(err.code, ERROR_IDENTITY);
    assert_non_null(strstr(err.message, part));
}

static void the_one_uri_is_the_identity_whatever_names_stand_beside_it(void **state)
{
    (void)state;
    const struct name names[] = {
        {GEN_DNS, "spiffe.example", 0},
        {GEN_URI, "spiffe://shop/operator/admin/ada", 0},
        {GEN_EMAIL, "ada@example.com", 0},
    };
    AUTO(x509) X509 *certificate = certificate_with(names, COUNT_OF(names));
    struct identity identity;
    struct error err = {0};

    assert_true(certificate_identity(certificate, &identity, &err));
    assert_int_equal(identity.role, ROLE_ADMIN);
    assert_string_equal(identity.name, "ada");
}

static void no_uri_or_several_are_no_identity(void **state)
{
    (void)state;
    const struct name two[] = {
        {GEN_URI, "spiffe://shop/agent/a", 0},
        {GEN_URI, "spiffe://shop/agent/b", 0},
    };
    const struct name dns[] = {{GEN_DNS, "spiffe://shop/agent/a", 0}};

    assert_no_identity(two, 2, "exactly one URI");
    assert_no_identity(dns, 1, "exactly one URI");
    assert_no_identity(NULL, 0, "exactly one URI");
}

static void a_nul_does_not_end_an_identity(void **state)
{
    (void)state;
    const struct name nul[] = {{GEN_URI, "spiffe://shop/agent/a\0.example", 30}};
    const struct name last[] = {{GEN_URI, "spiffe://shop/agent/a", 22}};

    assert_no_identity(nul, 1, "NUL");
    assert_no_identity(last, 1, "NUL");
}

static void a_uri_without_end_is_no_identity(void **state)
{
    (void)state;
    char text[400];
    const struct name names[] = {{GEN_URI, text, 0}};

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "spiffe://", 9);
    assert_no_identity(names, 1, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_uri_is_the_identity_whatever_names_stand_beside_it),
        cmocka_unit_test(no_uri_or_several_are_no_identity),
        cmocka_unit_test(a_nul_does_not_end_an_identity),
        cmocka_unit_test(a_uri_without_end_is_no_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
