/* client - a TLS client for tests that sends any bytes, and reads until it has seen a text. */
#ifndef TESTS_UNIT_DAEMON_CLIENT_H
#define TESTS_UNIT_DAEMON_CLIENT_H

#include <stdbool.h>

#include "common/buffer.h"

struct client;

/* Connects to the port on loopback; no handshake yet. */
struct client *client_new(int port) MUST_USE;
void client_free(struct client *client);
AUTO_DEFINE(client)

/* With DIRECTORY/NAME.crt and .key; NULL for no certificate. */
void client_handshake(struct client *client, const char *directory, const char *name);

void client_send(struct client *client, const char *text);
/* False when the server has closed. */
bool client_sends(struct client *client, const char *text);

/* Reads until the text was seen since the last client_forget; false at the connection's end. */
bool client_sees(struct client *client, const char *text);
/* Reads to the end. */
const char *client_rest(struct client *client);
const char *client_seen(const struct client *client);
void client_forget(struct client *client);

#endif
