#include "site.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
    const char *name;
    const char *uri;
    int days;
} certificates[] = {
    {"server", "spiffe://shop/agent/db-1", 2},
    {"agent", "spiffe://shop/agent/db-2", 2},
    {"viewer", "spiffe://shop/operator/viewer/vera", 2},
    {"deployer", "spiffe://shop/operator/deployer/dora", 2},
    {"admin", "spiffe://shop/operator/admin/ada", 2},
    {"expired", "spiffe://shop/operator/admin/old", -1},
    {"stranger", "spiffe://bank/operator/admin/ada", 2},
};

struct server_settings site_settings(void)
{
    struct server_settings settings = server_settings_default();

    settings.agent = "db-1";
    settings.host = "127.0.0.1";
    settings.port = 0;
    settings.target_count = 2;
    settings.clock = clock_system();
    settings.max_request_bytes = 32 * 1024;
    settings.heartbeat_ms = 20;
    return settings;
}

static void make_targets(struct site *site)
{
    static const char *const names[] = {"open", "closed"};

    for (size_t i = 0; i < 2; i++) {
        snprintf(site->urls[i], sizeof site->urls[i], "sqlite:%s/%s.db", site->scratch.path,
                 names[i]);
        site->targets[i] =
            (struct agent_target){.name = names[i], .engine = ENGINE_SQLITE, .url = site->urls[i]};
    }
    AUTO(text) char *gate = xasprintf("%s/gate", site->scratch.path);

    assert_int_equal(mkfifo(gate, 0600), 0);
    snprintf(site->command, sizeof site->command, "cat '%s'", gate);
    site->targets[1].password.command = site->command;
}

static void make_service(struct site *site)
{
    const struct service_settings settings = {
        .fleet = "shop",
        .agent = "db-1",
        .targets = site->targets,
        .target_count = 2,
        .workers = 2,
        .kept_sessions = 2,
        .keep_ms = 1000,
        .clock = clock_system(),
        .random = random_system(),
    };
    struct error err = {0};

    site->service = service_new(&settings, &err);
    assert_non_null(site->service);
}

int site_set_up(void **state)
{
    struct site *site = xcalloc(1, sizeof *site);

    signal(SIGPIPE, SIG_IGN);
    *state = site;
    site->gate = -1;
    site->scratch = scratch_begin();
    site->authority = authority_new(site->scratch.path, "ca");
    for (size_t i = 0; i < COUNT_OF(certificates); i++)
        authority_issue(site->authority, certificates[i].name, certificates[i].uri,
                        certificates[i].days);
    make_targets(site);
    make_service(site);
    return 0;
}

struct tls_identity *site_identity(const struct site *site, const char *crl)
{
    const char *directory = site->scratch.path;
    AUTO(text) char *cert = xasprintf("%s/server.crt", directory);
    AUTO(text) char *key = xasprintf("%s/server.key", directory);
    AUTO(text) char *ca = xasprintf("%s/ca.crt", directory);
    AUTO(text) char *list = xasprintf("%s/%s.crl", directory, crl != NULL ? crl : "");
    const struct tls_files files = {cert, key, ca, crl != NULL ? list : NULL};
    struct error err = {0};
    struct tls_identity *identity = tls_identity_load(&files, &err);

    if (identity == NULL)
        fail_msg("%s", err.message);
    return identity;
}

static void *run(void *context)
{
    server_run(context);
    return NULL;
}

void site_start(struct site *site, const struct server_settings *settings)
{
    struct server_settings own = *settings;
    struct error err = {0};

    own.service = site->service;
    site->server = server_new(&own, site_identity(site, NULL), &err);
    if (site->server == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(pthread_create(&site->thread, NULL, run, site->server), 0);
    site->running = true;
}

void site_wait(struct site *site)
{
    pthread_join(site->thread, NULL);
    site->running = false;
}

int site_tear_down(void **state)
{
    struct site *site = *state;

    if (site->running) {
        server_drain(site->server);
        site_wait(site);
    }
    server_free(site->server);
    service_free(site->service);
    authority_free(site->authority);
    scratch_end(&site->scratch);
    free(site);
    return 0;
}

void site_hold(struct site *site)
{
    AUTO(text) char *gate = xasprintf("%s/gate", site->scratch.path);

    site->gate = open(gate, O_WRONLY | O_CLOEXEC);
    assert_true(site->gate >= 0);
}

void site_release(struct site *site)
{
    if (site->gate < 0)
        site_hold(site);
    close(site->gate);
    site->gate = -1;
}

struct client *site_call(const struct site *site, const char *name)
{
    struct client *client = client_new(server_port(site->server));

    assert_non_null(client);
    client_handshake(client, site->scratch.path, name);
    return client;
}

int client_status(const struct client *client)
{
    int status = 0;

    (void)sscanf(client_seen(client), "HTTP/1.1 %d", &status);
    return status;
}

int site_ask(const struct site *site, const char *name, const char *request)
{
    AUTO(client) struct client *client = site_call(site, name);

    client_send(client, request);
    client_rest(client);
    return client_status(client);
}
