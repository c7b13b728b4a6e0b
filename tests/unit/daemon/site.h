/* site - a running server with a service, two SQLite targets and certificates, for one test. */
#ifndef TESTS_UNIT_DAEMON_SITE_H
#define TESTS_UNIT_DAEMON_SITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/stat.h>

#include "agents/daemon/server.h"
#include "authority.h"
#include "client.h"
#include "scratch.h"

struct site {
    struct scratch scratch;
    struct authority *authority;
    struct service *service;
    struct server *server;
    struct agent_target targets[2]; /* "open"; "closed", whose password waits for site_release */
    char urls[2][96];
    char command[96];
    pthread_t thread;
    bool running;
    int gate; /* while it is held; else -1 */
};

/* What tests call the site with: small limits, so that they show. */
struct server_settings site_settings(void);

/* cmocka fixtures: a site with site_settings, not yet started. */
int site_set_up(void **state);
int site_tear_down(void **state);

void site_start(struct site *site, const struct server_settings *settings);
/* Waits until a drained server has ended. */
void site_wait(struct site *site);
/* Waits until somebody is about to log in to "closed", and holds him there; site_release lets him
   go on, and waits for him first where that was not done. */
void site_hold(struct site *site);
void site_release(struct site *site);

/* A connection with the certificate of that name, or none if it is NULL. */
struct client *site_call(const struct site *site, const char *name) MUST_USE;
/* The HTTP status of one request; 0 when the connection ends without an answer. */
int site_ask(const struct site *site, const char *name, const char *request);
/* The status in what a client has seen. */
int client_status(const struct client *client);

struct tls_identity *site_identity(const struct site *site, const char *crl) MUST_USE;

#endif
