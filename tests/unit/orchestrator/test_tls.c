/* The certificate matrix of common/tls.h, with what the built-in authority issues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "certificates.h"
#include "common/openssl.h"
#include "common/tls.h"

static struct tls_files files_of(const char *name, const char *ca, const char *crl)
{
    static char cert[2][64];
    static char key[2][64];
    static int turn;
    int i = turn++ % 2;

    snprintf(cert[i], sizeof cert[i], "%s.crt", name);
    snprintf(key[i], sizeof key[i], "%s.key", name);
    return (struct tls_files){cert[i], key[i], ca, crl};
}

static struct tls_identity *load(const char *name, const char *ca, const char *crl)
{
    struct tls_files files = files_of(name, ca, crl);
    struct error err = {0};
    struct tls_identity *identity = tls_identity_load(&files, &err);

    if (identity == NULL)
        fail_msg("%s", err.message);
    return identity;
}

/* Two ends of a connection in memory. */
struct pair {
    SSL_CTX *contexts[2];
    SSL *server;
    SSL *client;
};

static void pair_open(struct pair *pair, const struct tls_identity *server,
                      const struct tls_identity *client)
{
    struct error err = {0};

    pair->contexts[0] = tls_server_context(server, &err);
    pair->contexts[1] = SSL_CTX_new(TLS_client_method());
    assert_non_null(pair->contexts[0]);
    assert_true(tls_configure_client(client, pair->contexts[1], &err));
}

static void pair_connect(struct pair *pair)
{
    BIO *ends[2];

    pair->server = SSL_new(pair->contexts[0]);
    pair->client = SSL_new(pair->contexts[1]);
    assert_int_equal(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), 1);
    SSL_set_bio(pair->server, ends[0], ends[0]);
    SSL_set_bio(pair->client, ends[1], ends[1]);
    SSL_set_accept_state(pair->server);
    SSL_set_connect_state(pair->client);
}

static void pair_disconnect(struct pair *pair)
{
    SSL_free(pair->server);
    SSL_free(pair->client);
    pair->server = pair->client = NULL;
}

static void pair_close(struct pair *pair)
{
    pair_disconnect(pair);
    SSL_CTX_free(pair->contexts[0]);
    SSL_CTX_free(pair->contexts[1]);
}

/* False once an end has failed for good. */
static bool step(SSL *ssl)
{
    int result = SSL_do_handshake(ssl);
    int reason = SSL_get_error(ssl, result);

    return result == 1 || reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

/* Whether both ends finish; each gets as many turns as a handshake can need. */
static bool handshake(struct pair *pair)
{
    for (int turn = 0; turn < 10; turn++)
        if (!step(pair->client) || !step(pair->server))
            return false;
    return SSL_is_init_finished(pair->client) && SSL_is_init_finished(pair->server);
}

static bool connects(const struct tls_identity *server, const struct tls_identity *client)
{
    struct pair pair = {0};

    pair_open(&pair, server, client);
    pair_connect(&pair);
    bool done = handshake(&pair);
    pair_close(&pair);
    return done;
}

static struct authority shop;

static int set_up(void **state)
{
    int failed = enter_new_directory(state);
    shop = make_authority("pki", "shop");
    issue_pair(&shop, "shop", ROLE_AGENT, "agent");
    issue_pair(&shop, "shop", ROLE_DEPLOYER, "ada");
    return failed;
}

#define CA "pki/ca.crt"
#define CRL "pki/ca.crl"

static void both_ends_know_each_other_after_the_handshake(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    assert_string_equal(tls_identity_self(agent)->name, "agent");
    assert_true(tls_identity_not_after_ms(agent) > clock_system()->wall_ms(clock_system()));
    pair_open(&pair, agent, ada);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    assert_string_equal(SSL_get_version(pair.client), "TLSv1.3");
    assert_true(tls_peer_identity(agent, pair.server, &peer, &err));
    assert_int_equal(peer.role, ROLE_DEPLOYER);
    assert_string_equal(peer.name, "ada");
    assert_true(tls_peer_identity(ada, pair.client, &peer, &err));
    assert_int_equal(peer.role, ROLE_AGENT);
    assert_string_equal(peer.name, "agent");
    pair_close(&pair);
}

static void it_works_without_a_revocation_list(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, NULL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, NULL);

    assert_true(connects(agent, ada));
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
    (void)state;
    struct authority rogue = make_authority("rogue", "shop");
    issue_pair(&rogue, "shop", ROLE_ADMIN, "eve");
    issue_pair(&rogue, "shop", ROLE_AGENT, "fake");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    AUTO(tls_identity) struct tls_identity *eve = load("eve", CA, CRL);
    AUTO(tls_identity) struct tls_identity *fake = load("fake", CA, CRL);

    assert_false(connects(agent, eve));
    assert_false(connects(fake, ada));
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    int days = -31;
    const struct clock past = {.wall_ms = shifted_wall_ms, .context = &days};
    struct authority earlier = authority_at("pki", &past);
    issue_pair(&earlier, "shop", ROLE_DEPLOYER, "old-ada");
    issue_pair(&earlier, "shop", ROLE_AGENT, "old-agent");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    AUTO(tls_identity) struct tls_identity *old_ada = load("old-ada", CA, CRL);
    AUTO(tls_identity) struct tls_identity *old_agent = load("old-agent", CA, CRL);

    assert_false(connects(agent, old_ada));
    assert_false(connects(old_agent, ada));
}

static void a_certificate_of_the_future_is_refused(void **state)
{
    (void)state;
    int days = 2;
    const struct clock future = {.wall_ms = shifted_wall_ms, .context = &days};
    struct authority later = authority_at("pki", &future);
    issue_pair(&later, "shop", ROLE_DEPLOYER, "new-ada");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *new_ada = load("new-ada", CA, CRL);

    assert_false(connects(agent, new_ada));
}

static void a_revoked_certificate_is_refused_by_who_has_the_list(void **state)
{
    (void)state;
    struct error err = {0};
    size_t count;
    issue_pair(&shop, "shop", ROLE_DEPLOYER, "mallory");
    issue_pair(&shop, "shop", ROLE_AGENT, "stolen");
    AUTO(tls_identity) struct tls_identity *mallory = load("mallory", CA, NULL);
    AUTO(tls_identity) struct tls_identity *stolen = load("stolen", CA, NULL);
    AUTO(tls_identity) struct tls_identity *before = load("agent", CA, CRL);

    assert_true(connects(before, mallory));
    assert_true(authority_revoke(&shop, "mallory", &count, &err));
    assert_true(authority_revoke(&shop, "stolen", &count, &err));
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    assert_false(connects(agent, mallory));
    assert_false(connects(stolen, ada));
    assert_true(connects(agent, ada));
}

static void a_connection_from_before_the_revocation_is_found_out(void **state)
{
    (void)state;
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};
    size_t count;
    issue_pair(&shop, "shop", ROLE_DEPLOYER, "leaver");
    AUTO(tls_identity) struct tls_identity *before = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *leaver = load("leaver", CA, CRL);

    pair_open(&pair, before, leaver);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    assert_true(authority_revoke(&shop, "leaver", &count, &err));
    AUTO(tls_identity) struct tls_identity *after = load("agent", CA, CRL);
    assert_true(tls_peer_identity(before, pair.server, &peer, &err));
    assert_false(tls_peer_identity(after, pair.server, &peer, &err));
    assert_int_equal(err.code, ERROR_IDENTITY);
    assert_string_equal(err.message, "the certificate of leaver is revoked");
    pair_close(&pair);
}

static void a_certificate_that_expired_since_the_handshake_is_found_out(void **state)
{
    (void)state;
    int days = -31;
    const struct clock past = {.wall_ms = shifted_wall_ms, .context = &days};
    struct authority earlier = authority_at("pki", &past);
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    issue_pair(&earlier, "shop", ROLE_DEPLOYER, "sleeper");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *sleeper = load("sleeper", CA, CRL);
    pair_open(&pair, agent, sleeper);
    /* The handshake is that of a day on which the certificate was still good. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pair.contexts[0]), X509_V_FLAG_NO_CHECK_TIME);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    assert_false(tls_peer_identity(agent, pair.server, &peer, &err));
    assert_string_equal(err.message, "the certificate of sleeper has expired");
    pair_close(&pair);
}

static void a_peer_whose_chain_did_not_verify_has_no_identity(void **state)
{
    (void)state;
    struct authority rogue = make_authority("unverified", "shop");
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    issue_pair(&rogue, "shop", ROLE_AGENT, "impostor");
    AUTO(tls_identity) struct tls_identity *impostor = load("impostor", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    pair_open(&pair, impostor, ada);
    SSL_CTX_set_verify(pair.contexts[1], SSL_VERIFY_NONE, NULL);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    assert_false(tls_peer_identity(ada, pair.client, &peer, &err));
    assert_int_equal(err.code, ERROR_IDENTITY);
    pair_close(&pair);
}

static void a_certificate_of_the_wrong_usage_is_refused(void **state)
{
    (void)state;
    issue_pair(&shop, "shop", ROLE_AGENT, "agent-2");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *agent_2 = load("agent-2", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);

    assert_false(connects(agent, agent_2));
    assert_false(connects(ada, ada));
}

static void a_client_without_a_certificate_is_refused(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    struct pair pair = {0};

    pair_open(&pair, agent, ada);
    SSL_CTX_free(pair.contexts[1]);
    pair.contexts[1] = SSL_CTX_new(TLS_client_method());
    pair_connect(&pair);
    assert_false(handshake(&pair));
    pair_close(&pair);
}

static void nothing_below_tls_1_3_is_spoken(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);

    for (int old = 0; old < 2; old++) {
        struct pair pair = {0};

        pair_open(&pair, agent, ada);
        SSL_CTX_set_min_proto_version(pair.contexts[old], TLS1_2_VERSION);
        SSL_CTX_set_max_proto_version(pair.contexts[old], TLS1_2_VERSION);
        pair_connect(&pair);
        assert_false(handshake(&pair));
        pair_close(&pair);
    }
}

static void a_peer_of_another_fleet_is_refused_though_the_authority_is_trusted(void **state)
{
    (void)state;
    struct authority other = make_authority("other", "bank");
    issue_pair(&other, "bank", ROLE_ADMIN, "banker");
    AUTO(tls_identity) struct tls_identity *agent = load("agent", "other/ca.crt", NULL);
    AUTO(tls_identity) struct tls_identity *banker = load("banker", CA, NULL);
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    pair_open(&pair, agent, banker);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    assert_false(tls_peer_identity(agent, pair.server, &peer, &err));
    assert_string_equal(err.message, "the peer belongs to the fleet bank, not to shop");
    pair_close(&pair);
}

static void before_a_handshake_there_is_no_peer(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    pair_open(&pair, agent, ada);
    pair_connect(&pair);
    assert_false(tls_peer_identity(agent, pair.server, &peer, &err));
    assert_int_equal(err.code, ERROR_IDENTITY);
    pair_close(&pair);
}

/* Moves a byte from server to client, and with it the ticket for the next session. */
static SSL_SESSION *take_session(struct pair *pair)
{
    char byte = 'x';

    assert_int_equal(SSL_write(pair->server, &byte, 1), 1);
    assert_int_equal(SSL_read(pair->client, &byte, 1), 1);
    return SSL_get1_session(pair->client);
}

static void a_session_resumes_and_still_says_who_the_peer_is(void **state)
{
    (void)state;
    AUTO(tls_identity) struct tls_identity *agent = load("agent", CA, CRL);
    AUTO(tls_identity) struct tls_identity *ada = load("ada", CA, CRL);
    struct pair pair = {0};
    struct identity peer;
    struct error err = {0};

    pair_open(&pair, agent, ada);
    pair_connect(&pair);
    assert_true(handshake(&pair));
    SSL_SESSION *session = take_session(&pair);
    assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), 300);
    /* A connection that just breaks off takes its session with it. */
    SSL_shutdown(pair.client);
    pair_disconnect(&pair);
    pair_connect(&pair);
    assert_int_equal(SSL_set_session(pair.client, session), 1);
    assert_true(handshake(&pair));
    assert_int_equal(SSL_session_reused(pair.server), 1);
    assert_true(tls_peer_identity(agent, pair.server, &peer, &err));
    assert_string_equal(peer.name, "ada");
    SSL_SESSION_free(session);
    pair_close(&pair);
}

static void assert_not_loaded(struct tls_files files, const char *part)
{
    struct error err = {0};

    assert_null(tls_identity_load(&files, &err));
    if (strstr(err.message, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void files_that_do_not_fit_are_named(void **state)
{
    (void)state;
    struct tls_files good = files_of("agent", CA, CRL);
    struct tls_files files = good;

    files.key = "ada.key";
    assert_not_loaded(files, "ada.key is not that of the certificate agent.crt");
    files = good;
    files.cert = "missing.crt";
    assert_not_loaded(files, "missing.crt");
    files = good;
    files.cert = CRL;
    assert_not_loaded(files, "does not hold certificates");
    files = good;
    files.crl = CA;
    assert_not_loaded(files, "does not hold a revocation list");
    files = good;
    files.cert = CA;
    files.key = "pki/ca.key";
    assert_not_loaded(files, "spiffe://shop");
    assert_int_equal(chmod("agent.key", 0644), 0);
    assert_not_loaded(good, "chmod 0600");
    assert_int_equal(chmod("agent.key", 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_know_each_other_after_the_handshake),
        cmocka_unit_test(it_works_without_a_revocation_list),
        cmocka_unit_test(a_certificate_of_another_authority_is_refused),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(a_certificate_of_the_future_is_refused),
        cmocka_unit_test(a_revoked_certificate_is_refused_by_who_has_the_list),
        cmocka_unit_test(a_connection_from_before_the_revocation_is_found_out),
        cmocka_unit_test(a_certificate_that_expired_since_the_handshake_is_found_out),
        cmocka_unit_test(a_peer_whose_chain_did_not_verify_has_no_identity),
        cmocka_unit_test(a_certificate_of_the_wrong_usage_is_refused),
        cmocka_unit_test(a_client_without_a_certificate_is_refused),
        cmocka_unit_test(nothing_below_tls_1_3_is_spoken),
        cmocka_unit_test(a_peer_of_another_fleet_is_refused_though_the_authority_is_trusted),
        cmocka_unit_test(before_a_handshake_there_is_no_peer),
        cmocka_unit_test(a_session_resumes_and_still_says_who_the_peer_is),
        cmocka_unit_test(files_that_do_not_fit_are_named),
    };

    return cmocka_run_group_tests(tests, set_up, leave_and_remove_directory);
}
