/*
 * dispatch - how fast one no-op request reaches 1,000 agents, next to the handshakes that it needs.
 *
 * In turn, in one run, against the same simulated agents: bare OpenSSL that makes a full mutual TLS
 * 1.3 handshake with each and hangs up (the ceiling), a new dispatcher that sends each an empty
 * status request, and the same dispatcher again over the connections that it kept.
 *
 *   dispatch [AGENTS [RUNS]]      ends with 1 if the goal is missed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "common/memory.h"
#include "orchestrator/authority.h"
#include "orchestrator/dispatcher.h"
#include "simulated_agents.h"

enum { AGENTS = 1000, RUNS = 7, RUNS_MAX = 99, AGENTS_MAX = 10 * 1000, STREAMS = 64 };

static const double goal = 0.70; /* of the ceiling's rate */

static const char fleet[] = "bench";

static _Noreturn void die(const struct error *err)
{
    fprintf(stderr, "dispatch: %s\n", err->message);
    exit(2);
}

static _Noreturn void die_of(const char *what)
{
    struct error err = {0};

    error_set_errno(&err, errno, "%s", what);
    die(&err);
}

/* One handshake of the ceiling under way. */
struct handshake {
    SSL *ssl;
    int fd;
    bool said_goodbye;
};

struct ceiling {
    SSL_CTX *context;
    int epoll_fd;
    const struct simulated_agent *agents;
    size_t count;
    size_t next;
    size_t done;
};

static void start_handshake(struct ceiling *ceiling)
{
    const struct simulated_agent *agent = &ceiling->agents[ceiling->next++];
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)agent->port)};
    struct handshake *handshake = xcalloc(1, sizeof *handshake);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = handshake};
    const int on = 1;

    handshake->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(handshake->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(handshake->fd, (const struct sockaddr *)&name, sizeof name) != 0 &&
        errno != EINPROGRESS)
        die_of("cannot connect to a simulated agent");
    handshake->ssl = SSL_new(ceiling->context);
    SSL_set_fd(handshake->ssl, handshake->fd);
    SSL_set_connect_state(handshake->ssl);
    epoll_ctl(ceiling->epoll_fd, EPOLL_CTL_ADD, handshake->fd, &event);
}

/* Whether the handshake is over on both sides: the agent hangs up when it has read our goodbye,
   which comes after our certificate. */
static bool go_on(struct handshake *handshake)
{
    char byte;

    if (!handshake->said_goodbye) {
        int result = SSL_do_handshake(handshake->ssl);

        if (result != 1) {
            int reason = SSL_get_error(handshake->ssl, result);
            if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
                die_of("a handshake failed");
            return false;
        }
        SSL_shutdown(handshake->ssl);
        handshake->said_goodbye = true;
    }
    int count = SSL_read(handshake->ssl, &byte, 1);
    return SSL_get_error(handshake->ssl, count) != SSL_ERROR_WANT_READ;
}

static void end_handshake(struct ceiling *ceiling, struct handshake *handshake)
{
    SSL_free(handshake->ssl);
    close(handshake->fd);
    free(handshake);
    ceiling->done++;
    if (ceiling->next < ceiling->count)
        start_handshake(ceiling);
}

static void run_ceiling(const struct tls_identity *identity, const struct simulated_agent *agents,
                        size_t count)
{
    struct ceiling ceiling = {.context = SSL_CTX_new(TLS_client_method()),
                              .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                              .agents = agents,
                              .count = count};
    struct epoll_event events[STREAMS];
    struct error err = {0};

    if (!tls_configure_client(identity, ceiling.context, &err))
        die(&err);
    while (ceiling.next < STREAMS && ceiling.next < count)
        start_handshake(&ceiling);
    while (ceiling.done < count) {
        int ready = epoll_wait(ceiling.epoll_fd, events, STREAMS, -1);

        for (int i = 0; i < ready; i++)
            if (go_on(events[i].data.ptr))
                end_handshake(&ceiling, events[i].data.ptr);
    }
    close(ceiling.epoll_fd);
    SSL_CTX_free(ceiling.context);
}

static void count_end(void *context, size_t call, const struct reply *reply)
{
    size_t *ends = context;

    (void)call;
    if (reply->kind == REPLY_ERROR)
        die(&reply->error);
    *ends += reply->kind == REPLY_END;
}

static void run_dispatcher(struct dispatcher *dispatcher, const struct simulated_agent *agents,
                           size_t count)
{
    struct call *calls = xcalloc(count, sizeof *calls);
    struct error err = {0};
    size_t ends = 0;

    for (size_t i = 0; i < count; i++)
        calls[i] = (struct call){
            .kind = CALL_STATUS, .agent = agents[i].name, .address = agents[i].address};
    if (!dispatcher_run(dispatcher, calls, count, count_end, &ends, &err))
        die(&err);
    if (ends != count)
        die_of("some agents did not answer");
    free(calls);
}

enum way { CEILING, DISPATCH, KEPT, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = {"bare handshakes", "dispatcher",
                                                 "dispatcher, kept"};

struct measure {
    double ms[WAY_COUNT][RUNS_MAX];
    double cpu_ms[WAY_COUNT][RUNS_MAX]; /* of the client's side */
};

static void lap(struct measure *measure, enum way way, int run, double *since, double *cpu_since)
{
    double now = now_ms();
    double cpu = cpu_ms();

    measure->ms[way][run] = now - *since;
    measure->cpu_ms[way][run] = cpu - *cpu_since;
    *since = now;
    *cpu_since = cpu;
}

static void measure_run(struct measure *measure, int run, const struct tls_identity *identity,
                        const struct simulated_agent *agents, size_t count)
{
    double since = now_ms();
    double cpu = cpu_ms();

    run_ceiling(identity, agents, count);
    lap(measure, CEILING, run, &since, &cpu);
    AUTO(dispatcher)
    struct dispatcher *dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .identity = identity, .max_streams = STREAMS, .clock = clock_system()});
    run_dispatcher(dispatcher, agents, count);
    lap(measure, DISPATCH, run, &since, &cpu);
    run_dispatcher(dispatcher, agents, count);
    lap(measure, KEPT, run, &since, &cpu);
}

static struct tls_identity *make_operator(const char *directory)
{
    AUTO(text) char *ca = xasprintf("%s/ca", directory);
    AUTO(text) char *ca_cert = xasprintf("%s/ca/ca.crt", directory);
    AUTO(text) char *ca_crl = xasprintf("%s/ca/ca.crl", directory);
    AUTO(text) char *cert = xasprintf("%s/operator.crt", directory);
    AUTO(text) char *key = xasprintf("%s/operator.key", directory);
    const struct authority authority = {ca, clock_system(), random_system()};
    struct certificate_order order = {
        .identity = {.fleet = "bench", .role = ROLE_DEPLOYER, .name = "operator"},
        .days = 2,
        .cert_path = cert,
        .key_path = key};
    struct error err = {0};

    if (!authority_init(&authority, fleet, &err) || !authority_issue(&authority, &order, &err))
        die(&err);
    struct tls_identity *identity =
        tls_identity_load(&(struct tls_files){cert, key, ca_cert, ca_crl}, &err);
    if (identity == NULL)
        die(&err);
    return identity;
}

static bool report(struct measure *measure, size_t count, size_t runs)
{
    double times[WAY_COUNT];

    printf("%zu agents, median of %zu\n", count, runs);
    for (int way = 0; way < WAY_COUNT; way++) {
        times[way] = median(measure->ms[way], runs);
        printf("  %-18s %8.1f ms  %7.0f a second  CPU of this side %6.0f us each\n", way_names[way],
               times[way], (double)count * 1e3 / times[way],
               median(measure->cpu_ms[way], runs) * 1e3 / (double)count);
    }
    double ratio = times[CEILING] / times[DISPATCH];
    printf("  rate of the dispatcher: %.0f %% of bare handshakes, goal %.0f %%: %s\n", ratio * 100,
           goal * 100, ratio >= goal ? "met" : "MISSED");
    return ratio >= goal;
}

static bool measure_all(const char *directory, struct simulated_agent *agents, size_t count,
                        size_t runs)
{
    static struct measure measure;
    AUTO(tls_identity) struct tls_identity *identity = make_operator(directory);
    struct error err = {0};

    for (size_t i = 0; i < count; i++)
        snprintf(agents[i].name, sizeof agents[i].name, "agent-%05zu", i);
    pid_t child = simulated_agents_start(directory, fleet, agents, count, &err);
    if (child < 0)
        die(&err);
    run_ceiling(identity, agents, count); /* so that no run is the first */
    for (size_t run = 0; run < runs; run++)
        measure_run(&measure, (int)run, identity, agents, count);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return report(&measure, count, runs);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : AGENTS;
    size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : RUNS;
    char directory[] = "/tmp/fleet-bench-XXXXXX";

    if (count < 1 || count > AGENTS_MAX || runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: dispatch [AGENTS [RUNS]], at most %d and %d\n", AGENTS_MAX,
                RUNS_MAX);
        return 2;
    }
    raise_descriptor_limit();
    if (mkdtemp(directory) == NULL)
        die_of("cannot make a directory");
    struct simulated_agent *agents = xcalloc(count, sizeof *agents);
    bool is_met = measure_all(directory, agents, count, runs);
    free(agents);
    AUTO(text) char *command = xasprintf("rm -rf '%s'", directory);
    return system(command) == 0 && is_met ? 0 : 1;
}
