#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "certificates.h"
#include "common/certificate.h"
#include "common/file.h"
#include "common/openssl.h"

static unsigned mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void an_authority_is_four_files_and_is_made_once(void **state)
{
    (void)state;
    struct authority authority = make_authority("once/pki", "shop");
    struct error err = {0};

    assert_int_equal(mode_of("once/pki"), 0700);
    assert_int_equal(mode_of("once/pki/ca.key"), 0600);
    assert_int_equal(mode_of("once/pki/index"), 0600);
    assert_int_equal(mode_of("once/pki/ca.crt"), 0644);
    assert_int_equal(mode_of("once/pki/ca.crl"), 0644);
    assert_false(authority_init(&authority, "shop", &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "exists already"));
}

static void making_an_authority_that_was_cut_short_can_be_repeated(void **state)
{
    (void)state;
    struct authority authority = make_authority("cut", "shop");
    struct error err = {0};

    assert_int_equal(unlink("cut/ca.key"), 0);
    assert_true(authority_init(&authority, "shop", &err));
    issue_pair(&authority, "shop", ROLE_AGENT, "cut-agent");
}

static X509 *load_certificate(const char *path)
{
    struct error err = {0};
    STACK_OF(X509) *certificates = certificates_load(path, &err);

    assert_non_null(certificates);
    X509 *first = sk_X509_shift(certificates);
    certificates_free(certificates);
    return first;
}

static void an_agent_s_certificate_says_who_it_is_and_serves_only(void **state)
{
    (void)state;
    struct authority authority = make_authority("agent", "shop");
    struct identity identity;
    struct error err = {0};

    issue_pair(&authority, "shop", ROLE_AGENT, "db-eu-1");
    AUTO(x509) X509 *leaf = load_certificate("db-eu-1.crt");
    assert_true(certificate_identity(leaf, &identity, &err));
    assert_int_equal(identity.role, ROLE_AGENT);
    assert_string_equal(identity.name, "db-eu-1");
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extension_flags(leaf) & EXFLAG_CA, 0);
    assert_int_equal(mode_of("db-eu-1.key"), 0600);
}

static void an_operator_s_certificate_is_for_clients_only(void **state)
{
    (void)state;
    struct authority authority = make_authority("operator", "shop");
    struct identity identity;
    struct error err = {0};

    issue_pair(&authority, "shop", ROLE_DEPLOYER, "ada");
    AUTO(x509) X509 *leaf = load_certificate("ada.crt");
    assert_true(certificate_identity(leaf, &identity, &err));
    assert_int_equal(identity.role, ROLE_DEPLOYER);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
}

static void a_certificate_begins_an_hour_ago_and_never_outlives_its_authority(void **state)
{
    (void)state;
    int days = 3640;
    const struct clock late = {.wall_ms = shifted_wall_ms, .context = &days};
    struct authority authority = make_authority("late", "shop");
    struct authority later = authority_at("late", &late);
    time_t soon = time(NULL) - 55 * 60;
    time_t before = time(NULL) - 65 * 60;

    issue_pair(&authority, "shop", ROLE_AGENT, "early");
    issue_pair(&later, "shop", ROLE_AGENT, "latest");
    AUTO(x509) X509 *early = load_certificate("early.crt");
    AUTO(x509) X509 *latest = load_certificate("latest.crt");
    AUTO(x509) X509 *root = load_certificate("late/ca.crt");
    assert_true(X509_cmp_time(X509_get0_notBefore(early), &soon) < 0);
    assert_true(X509_cmp_time(X509_get0_notBefore(early), &before) > 0);
    assert_true(certificate_not_after_ms(latest) == certificate_not_after_ms(root));
}

static void hosts_become_addresses_or_dns_names(void **state)
{
    (void)state;
    static const char *const hosts[] = {"db.internal", "10.0.0.7", "fd00::7"};
    struct authority authority = make_authority("hosts", "shop");
    const struct certificate_order order = {
        .identity = {"shop", ROLE_AGENT, "hosted"},
        .hosts = hosts,
        .host_count = COUNT_OF(hosts),
        .days = 30,
        .cert_path = "hosted.crt",
        .key_path = "hosted.key",
    };
    struct error err = {0};

    assert_true(authority_issue(&authority, &order, &err));
    AUTO(x509) X509 *leaf = load_certificate("hosted.crt");
    assert_int_equal(X509_check_host(leaf, "db.internal", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "10.0.0.7", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "fd00::7", 0), 1);
}

static void assert_order_refused(const struct authority *authority,
                                 const struct certificate_order *order, enum error_code code)
{
    struct error err = {0};

    assert_false(authority_issue(authority, order, &err));
    assert_int_equal(err.code, code);
    assert_int_not_equal(access("never.crt", F_OK), 0);
    assert_int_not_equal(access("never.key", F_OK), 0);
}

static void an_order_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static const char *const bad_hosts[] = {"a,DNS:b", "*.internal", "-x", "", "a b", "a\nb"};
    struct authority authority = make_authority("bounds", "shop");
    const struct certificate_order good = {
        .identity = {"shop", ROLE_AGENT, "a"},
        .days = 30,
        .cert_path = "never.crt",
        .key_path = "never.key",
    };
    struct certificate_order order = good;

    order.days = 0;
    assert_order_refused(&authority, &order, ERROR_CONFIG);
    order.days = 826;
    assert_order_refused(&authority, &order, ERROR_CONFIG);
    order = good;
    strcpy(order.identity.fleet, "other");
    assert_order_refused(&authority, &order, ERROR_CONFIG);
    order = good;
    strcpy(order.identity.name, "../a");
    assert_order_refused(&authority, &order, ERROR_CONFIG);
    for (size_t i = 0; i < COUNT_OF(bad_hosts); i++) {
        order = good;
        order.hosts = &bad_hosts[i];
        order.host_count = 1;
        assert_order_refused(&authority, &order, ERROR_CONFIG);
    }
}

static void a_new_pair_never_writes_over_another(void **state)
{
    (void)state;
    struct authority authority = make_authority("over", "shop");
    const struct certificate_order order = {
        .identity = {"shop", ROLE_AGENT, "twice"},
        .days = 30,
        .cert_path = "twice.crt",
        .key_path = "twice.key",
    };
    struct error err = {0};

    assert_true(authority_issue(&authority, &order, &err));
    assert_false(authority_issue(&authority, &order, &err));
    assert_string_equal(err.message, "twice.crt exists already");
}

/* A request that asks for a name of its own choice, signed by signer's key. */
static void write_request(const char *path, EVP_PKEY *key, EVP_PKEY *signer)
{
    AUTO(x509_req) X509_REQ *request = X509_REQ_new();
    AUTO(bio) BIO *bio = BIO_new_file(path, "w");

    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC,
                               (const unsigned char *)"../../root", -1, -1, 0);
    X509_REQ_set_pubkey(request, key);
    assert_true(X509_REQ_sign(request, signer, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
}

static void a_request_gives_its_key_and_no_name(void **state)
{
    (void)state;
    struct authority authority = make_authority("request", "shop");
    AUTO(pkey) EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = {
        .identity = {"shop", ROLE_AGENT, "enrolled"},
        .days = 30,
        .request = "enrol.csr",
        .cert_path = "enrolled.crt",
    };
    struct identity identity;
    struct error err = {0};
    char name[64] = "";

    write_request("enrol.csr", key, key);
    assert_true(authority_issue(&authority, &order, &err));
    assert_true(authority_issue(&authority, &order, &err));
    AUTO(x509) X509 *leaf = load_certificate("enrolled.crt");
    assert_int_equal(X509_check_private_key(leaf, key), 1);
    assert_true(certificate_identity(leaf, &identity, &err));
    assert_string_equal(identity.name, "enrolled");
    X509_NAME_get_text_by_NID(X509_get_subject_name(leaf), NID_commonName, name, sizeof name);
    assert_string_equal(name, "enrolled");
}

static void a_request_that_proves_nothing_or_has_a_weak_key_is_refused(void **state)
{
    (void)state;
    struct authority authority = make_authority("weak", "shop");
    AUTO(pkey) EVP_PKEY *key = EVP_EC_gen("P-256");
    AUTO(pkey) EVP_PKEY *other = EVP_EC_gen("P-256");
    AUTO(pkey) EVP_PKEY *weak = EVP_RSA_gen(1024);
    const struct certificate_order order = {
        .identity = {"shop", ROLE_AGENT, "a"},
        .days = 30,
        .request = "bad.csr",
        .cert_path = "never.crt",
        .key_path = "never.key",
    };
    struct error err = {0};

    write_request("bad.csr", key, other);
    assert_order_refused(&authority, &order, ERROR_IDENTITY);
    write_request("bad.csr", weak, weak);
    assert_order_refused(&authority, &order, ERROR_IDENTITY);
    assert_true(file_write("bad.csr", "no request", 10, 0600, &err));
    assert_order_refused(&authority, &order, ERROR_IDENTITY);
}

static void what_was_issued_is_listed_with_its_end_and_revocation(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct authority authority = make_authority("list", "shop");
    const struct issued_certificate *list;
    struct error err = {0};
    size_t count;

    issue_pair(&authority, "shop", ROLE_AGENT, "one");
    issue_pair(&authority, "shop", ROLE_VIEWER, "two");
    assert_true(authority_revoke(&authority, "spiffe://shop/agent/one", &count, &err));
    assert_int_equal(count, 1);
    assert_true(authority_list(&authority, arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].identity.name, "one");
    assert_true(list[0].revoked_ms > 0);
    assert_true(list[1].revoked_ms == 0);
    AUTO(x509) X509 *two = load_certificate("two.crt");
    assert_true(certificate_not_after_ms(two) / 1000 == list[1].not_after_ms / 1000);
    assert_string_not_equal(list[0].serial, list[1].serial);
}

static int64_t list_number(const char *path)
{
    struct error err = {0};
    AUTO(revocations) STACK_OF(X509_CRL) *lists = revocations_load(path, &err);
    ASN1_INTEGER *number =
        X509_CRL_get_ext_d2i(sk_X509_CRL_value(lists, 0), NID_crl_number, NULL, NULL);
    int64_t value = 0;

    assert_int_equal(ASN1_INTEGER_get_int64(&value, number), 1);
    ASN1_INTEGER_free(number);
    return value;
}

static void revoking_goes_by_name_serial_or_identity_and_is_idempotent(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct authority authority = make_authority("revoke", "shop");
    const struct issued_certificate *list;
    struct error err = {0};
    size_t count;

    issue_pair(&authority, "shop", ROLE_AGENT, "r1");
    issue_pair(&authority, "shop", ROLE_AGENT, "r2");
    assert_true(authority_list(&authority, arena, &list, &count, &err));
    assert_true(list_number("revoke/ca.crl") == 1);
    assert_true(authority_revoke(&authority, list[1].serial, &count, &err));
    assert_int_equal(count, 1);
    assert_true(authority_revoke(&authority, "r2", &count, &err));
    assert_int_equal(count, 0);
    assert_true(authority_revoke(&authority, "r1", &count, &err));
    assert_int_equal(count, 1);
    assert_true(list_number("revoke/ca.crl") == 4);
    assert_false(authority_revoke(&authority, "r3", &count, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

static void a_damaged_index_is_named_with_its_line(void **state)
{
    (void)state;
    static const char damaged[] = "4011 yesterday - spiffe://shop/agent/a\n";
    struct authority authority = make_authority("damaged", "shop");
    struct error err = {0};
    size_t count;

    assert_true(file_write("damaged/index", damaged, sizeof damaged - 1, 0600, &err));
    assert_false(authority_revoke(&authority, "a", &count, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.file, "damaged/index");
    assert_int_equal(err.line, 1);
}

static void without_an_authority_the_error_says_how_to_make_one(void **state)
{
    (void)state;
    struct authority authority = authority_at(".", clock_system());
    struct error err = {0};
    size_t count;

    assert_false(authority_revoke(&authority, "a", &count, &err));
    assert_non_null(strstr(err.message, "fleet ca init"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authority_is_four_files_and_is_made_once),
        cmocka_unit_test(making_an_authority_that_was_cut_short_can_be_repeated),
        cmocka_unit_test(an_agent_s_certificate_says_who_it_is_and_serves_only),
        cmocka_unit_test(an_operator_s_certificate_is_for_clients_only),
        cmocka_unit_test(a_certificate_begins_an_hour_ago_and_never_outlives_its_authority),
        cmocka_unit_test(hosts_become_addresses_or_dns_names),
        cmocka_unit_test(an_order_out_of_bounds_is_refused),
        cmocka_unit_test(a_new_pair_never_writes_over_another),
        cmocka_unit_test(a_request_gives_its_key_and_no_name),
        cmocka_unit_test(a_request_that_proves_nothing_or_has_a_weak_key_is_refused),
        cmocka_unit_test(what_was_issued_is_listed_with_its_end_and_revocation),
        cmocka_unit_test(revoking_goes_by_name_serial_or_identity_and_is_idempotent),
        cmocka_unit_test(a_damaged_index_is_named_with_its_line),
        cmocka_unit_test(without_an_authority_the_error_says_how_to_make_one),
    };

    return cmocka_run_group_tests(tests, enter_new_directory, leave_and_remove_directory);
}
