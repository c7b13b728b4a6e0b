/*
 * mysql_address - where a MySQL or MariaDB server is, read from a target's url.
 *
 *   mysql://USER@HOST:PORT/DATABASE?PARAMETER=VALUE&…      mariadb:// means the same
 *
 * Parts are percent-encoded (RFC 3986). Without a host, or with "localhost" and no port, the
 * client's usual socket is taken. Parameters:
 *
 *   socket           path of the server's socket; host and port are not used then
 *   connect-timeout  seconds, 1 to 300; 10 if not given
 *   ssl-mode         disabled | required (encrypted, the server's name is not checked) |
 *                    verify-identity (certificate and host name are checked); when it is not
 *                    given: verify-identity with an ssl-ca, otherwise disabled
 *   ssl-ca, ssl-cert, ssl-key   PEM files
 */
#ifndef FLEET_AGENTS_ENGINES_MYSQL_ADDRESS_H
#define FLEET_AGENTS_ENGINES_MYSQL_ADDRESS_H

#include "common/arena.h"
#include "common/error.h"

/* Not given never leaves mysql_address_parse. */
enum mysql_tls { MYSQL_TLS_NOT_GIVEN, MYSQL_TLS_OFF, MYSQL_TLS_REQUIRED, MYSQL_TLS_VERIFIED };

/* Texts live in the arena; those not given are NULL. */
struct mysql_address {
    const char *user; /* NULL: the name of the user that the process runs as */
    const char *host;
    unsigned port; /* 0: the client's usual one */
    const char *database;
    const char *socket;
    const char *ssl_ca;
    const char *ssl_cert;
    const char *ssl_key;
    enum mysql_tls tls;
    unsigned connect_timeout_s;
    unsigned answer_within_s; /* how long a reply may take; 0: as long as it likes */
};

/* Pure. ERROR_CONFIG says what is wrong; a password in the url is refused and not repeated. */
bool mysql_address_parse(struct arena *arena, const char *url, struct mysql_address *address,
                         struct error *err) MUST_USE;

#endif
