#include "agents/daemon/agent.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agents/daemon/notify.h"
#include "agents/daemon/server.h"
#include "agents/daemon/thrift.h"
#include "agents/journal/journal.h"
#include "agents/service.h"
#include "agents/unconfirmed/unconfirmed.h"
#include "common/text.h"

struct agent {
    const struct agent_configuration *configuration;
    struct service *service;
    struct server *server;
    int signals;
};

static bool check_identity(const struct agent_configuration *configuration,
                           const struct tls_identity *identity, struct error *err)
{
    const struct identity *self = tls_identity_self(identity);

    if (self->role == ROLE_AGENT && strcmp(self->name, configuration->name) == 0 &&
        strcmp(self->fleet, configuration->fleet) == 0)
        return true;
    char uri[IDENTITY_URI_SIZE];

    identity_format(self, uri);
    return error_set(
        err, ERROR_IDENTITY, "%s is the certificate of %s, not of spiffe://%s/agent/%s as %s says",
        configuration->cert, uri, configuration->fleet, configuration->name, configuration->file);
}

static struct tls_identity *load_identity(const struct agent_configuration *configuration,
                                          struct error *err)
{
    const struct tls_files files = {configuration->cert, configuration->key, configuration->ca,
                                    configuration->crl};
    AUTO(tls_identity) struct tls_identity *identity = tls_identity_load(&files, err);

    if (identity == NULL || !check_identity(configuration, identity, err))
        return NULL;
    return TAKE(identity);
}

static struct journal *open_journal(const struct agent_configuration *configuration,
                                    struct error *err)
{
    struct journal_opening opening;
    const struct journal_settings settings = {.directory = configuration->state,
                                              .clock = clock_system()};
    struct journal *journal = journal_open(&settings, &opening, err);

    if (journal != NULL && opening.dropped > 0)
        log_event(LOG_LEVEL_WARNING, NULL,
                  "%zu bytes at the end of the journal were not whole and are dropped",
                  opening.dropped);
    if (journal != NULL && opening.unfinished > 0)
        log_event(LOG_LEVEL_WARNING, NULL,
                  "the agent was ended while %zu jobs were under way: what came of them is unknown "
                  "until they are applied again",
                  opening.unfinished);
    return journal;
}

static struct service *make_service(const struct agent_configuration *configuration,
                                    struct journal *journal, struct unconfirmed *unconfirmed,
                                    struct error *err)
{
    const struct service_settings settings = {
        .fleet = configuration->fleet,
        .agent = configuration->name,
        .targets = configuration->targets,
        .target_count = configuration->target_count,
        .keys = configuration->keys,
        .key_count = configuration->key_count,
        .workers = configuration->workers,
        .kept_sessions = configuration->keep_sessions,
        .keep_ms = configuration->keep_for_ms,
        .lock_timeout_ms = configuration->lock_timeout_ms,
        .lock_budget_ms = configuration->lock_budget_ms,
        .max_blocking_ms = configuration->max_blocking_ms,
        .statement_timeout_ms = configuration->statement_timeout_ms,
        .long_transaction_ms = configuration->long_transaction_ms,
        .any_transaction = configuration->long_transaction_ms == 0,
        .any_space = configuration->any_space,
        .journal = journal,
        .unconfirmed = unconfirmed,
        .clock = clock_system(),
        .random = random_system(),
    };

    return service_new(&settings, err);
}

static struct server *make_server(const struct agent_configuration *configuration,
                                  struct service *service, struct error *err)
{
    struct server_settings settings = server_settings_default();
    struct tls_identity *identity = load_identity(configuration, err);

    if (identity == NULL)
        return NULL;
    settings.agent = configuration->name;
    settings.host = configuration->listen_host;
    settings.port = configuration->listen_port;
    settings.service = service;
    settings.target_count = configuration->target_count;
    settings.clock = clock_system();
    settings.max_connections = configuration->max_connections;
    settings.max_request_bytes = configuration->max_request_bytes;
    settings.request_timeout_ms = configuration->request_timeout_ms;
    settings.drain_timeout_ms = configuration->drain_timeout_ms;
    settings.tidy_after_ms = configuration->keep_for_ms + 1000;
    return server_new(&settings, identity, err);
}

static void log_faults(const struct diagnostics *faults)
{
    for (size_t i = 0; i < diagnostics_count(faults); i++) {
        AUTO_BUFFER struct buffer text = {0};

        error_describe(diagnostics_at(faults, i), &text);
        log_event(LOG_LEVEL_ERROR, NULL, "%s", buffer_text(&text));
    }
}

/* Certificates and trusted keys anew; the rest of the file counts at the next start. */
static bool reload(struct agent *agent)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(agent_configuration)
    const struct agent_configuration *fresh =
        agent_configuration_load(agent->configuration->file, faults);
    struct error err = {0};

    if (fresh == NULL) {
        log_faults(faults);
        return false;
    }
    struct tls_identity *identity = load_identity(fresh, &err);
    if (identity == NULL) {
        log_event(LOG_LEVEL_ERROR, NULL, "%s", err.message);
        return false;
    }
    service_trust(agent->service, fresh->keys, fresh->key_count);
    server_reload(agent->server, identity);
    return true;
}

static void on_hangup(struct agent *agent)
{
    notify_reloading(clock_system());
    if (!reload(agent))
        log_event(LOG_LEVEL_ERROR, NULL, "nothing was reloaded; what was read before stays");
    notify_ready();
}

static void on_signal(void *context)
{
    struct agent *agent = context;
    struct signalfd_siginfo info;

    while (read(agent->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            on_hangup(agent);
        } else {
            notify_stopping();
            server_drain(agent->server);
        }
    }
}

/* Signals are blocked in every thread and read by the loop. */
static int open_signals(struct error *err)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        error_set_errno(err, errno, "cannot watch signals");
    return fd;
}

/* Each connection and each session is a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void log_libevent(int severity, const char *message)
{
    if (severity >= EVENT_LOG_WARN)
        log_event(severity == EVENT_LOG_WARN ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, NULL,
                  "libevent: %s", message);
}

static bool serve(struct agent *agent, struct error *err)
{
    const struct agent_configuration *configuration = agent->configuration;

    if (!server_watch(agent->server, agent->signals, on_signal, agent, err))
        return false;
    log_event(LOG_LEVEL_INFO, NULL, "agent %s %s serves %zu targets on port %d",
              configuration->name, FLEET_VERSION, configuration->target_count,
              server_port(agent->server));
    notify_ready();
    thrift_let_go();
    server_run(agent->server);
    log_event(LOG_LEVEL_INFO, NULL, "agent %s has ended its work", configuration->name);
    return true;
}

bool agent_run(const struct agent_configuration *configuration, struct error *err)
{
    struct agent agent = {.configuration = configuration, .signals = open_signals(err)};

    if (agent.signals < 0)
        return false;
    raise_descriptor_limit();
    event_set_log_callback(log_libevent);
    AUTO(journal) struct journal *journal = open_journal(configuration, err);
    AUTO(unconfirmed)
    struct unconfirmed *unconfirmed =
        journal != NULL
            ? unconfirmed_open(configuration->state, clock_system(), random_system(), err)
            : NULL;
    AUTO(service)
    struct service *service =
        unconfirmed != NULL ? make_service(configuration, journal, unconfirmed, err) : NULL;
    AUTO(server)
    struct server *server = service != NULL ? make_server(configuration, service, err) : NULL;

    agent.service = service;
    agent.server = server;
    bool served = server != NULL && serve(&agent, err);
    close(agent.signals);
    return served;
}

/* What agent_check heard. */
struct check {
    int failures;
    struct error first;
};

static void print_status(void *context, const struct reply *reply)
{
    struct check *check = context;
    const struct target_status *status = &reply->status;

    if (reply->kind != REPLY_TARGET)
        return;
    AUTO_BUFFER struct buffer text = {0};
    const char *said = status->error != NULL ? status->error->message : status->server;

    text_append_escaped(&text, said, strlen(said), false);
    printf("%s: %s\n", status->target, buffer_text(&text));
    if (status->error != NULL && check->failures++ == 0)
        check->first = *status->error;
}

bool agent_check(const struct agent_configuration *configuration, struct error *err)
{
    AUTO(tls_identity) struct tls_identity *identity = load_identity(configuration, err);

    if (identity == NULL)
        return false;
    AUTO(service) struct service *service = make_service(configuration, NULL, NULL, err);
    if (service == NULL)
        return false;
    char until[TIMESTAMP_SIZE];
    struct check check = {0};

    timestamp_format(tls_identity_not_after_ms(identity), until);
    printf("agent %s of fleet %s: %zu targets, %zu trusted keys, certificate until %s\n",
           configuration->name, configuration->fleet, configuration->target_count,
           configuration->key_count, until);
    service_status(service, &(struct status_request){0}, print_status, &check);
    if (check.failures == 0)
        return true;
    *err = check.first;
    return error_wrap(err, "%d of %zu targets cannot be used; the first is %s", check.failures,
                      configuration->target_count, check.first.target);
}
