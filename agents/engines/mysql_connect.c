#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include "agents/engines/mysql_session.h"

/* A peer that vanished without a word is noticed after about a minute. */
enum { KEEPALIVE_IDLE_S = 30, KEEPALIVE_INTERVAL_S = 10, KEEPALIVE_PROBES = 3 };

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;

static void leave_thread(void *entered)
{
    (void)entered;
    mysql_thread_end();
}

static void start_library(void)
{
    (void)mysql_library_init(0, NULL, NULL);
    (void)pthread_key_create(&thread_key, leave_thread);
}

void mysql_enter_thread(void)
{
    static const char entered = 1;

    pthread_once(&library_once, start_library);
    if (pthread_getspecific(thread_key) != NULL)
        return;
    mysql_thread_init();
    pthread_setspecific(thread_key, &entered);
}

int mysql_socket_of(MYSQL *db)
{
#ifdef MARIADB_PACKAGE_VERSION
    return mysql_get_socket(db);
#else
    return db->net.fd;
#endif
}

/* No effect on a UNIX socket, which knows at once. */
static void keep_alive(MYSQL *db)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
    };

    for (size_t i = 0; i < COUNT_OF(options); i++)
        (void)setsockopt(mysql_socket_of(db), options[i].level, options[i].name, &options[i].value,
                         sizeof options[i].value);
}

static void set_file(MYSQL *db, enum mysql_option option, const char *path)
{
    if (path != NULL)
        mysql_options(db, option, path);
}

static void set_tls(MYSQL *db, const struct mysql_address *address)
{
#ifdef MARIADB_PACKAGE_VERSION
    bool enforce = address->tls != MYSQL_TLS_OFF;
    bool verify = address->tls == MYSQL_TLS_VERIFIED;

    mysql_options(db, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(db, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    static const enum mysql_ssl_mode modes[] = {
        [MYSQL_TLS_OFF] = SSL_MODE_DISABLED,
        [MYSQL_TLS_REQUIRED] = SSL_MODE_REQUIRED,
        [MYSQL_TLS_VERIFIED] = SSL_MODE_VERIFY_IDENTITY,
    };

    mysql_options(db, MYSQL_OPT_SSL_MODE, &modes[address->tls]);
#endif
    if (address->tls == MYSQL_TLS_OFF)
        return;
    set_file(db, MYSQL_OPT_SSL_CA, address->ssl_ca);
    set_file(db, MYSQL_OPT_SSL_CERT, address->ssl_cert);
    set_file(db, MYSQL_OPT_SSL_KEY, address->ssl_key);
}

/* The client library takes "localhost" for the socket even when a port is named; we do not. */
static void set_protocol(MYSQL *db, const struct mysql_address *address)
{
    unsigned protocol = MYSQL_PROTOCOL_TCP;

    if (address->socket != NULL)
        protocol = MYSQL_PROTOCOL_SOCKET;
    else if (address->port == 0)
        return;
    mysql_options(db, MYSQL_OPT_PROTOCOL, &protocol);
}

/* Reconnecting by itself would lose locks and settings unseen; both libraries leave it off. */
static void set_options(MYSQL *db, const struct mysql_address *address)
{
    unsigned refused = 0;

    mysql_options(db, MYSQL_OPT_LOCAL_INFILE, &refused);
    mysql_options(db, MYSQL_OPT_CONNECT_TIMEOUT, &address->connect_timeout_s);
    if (address->answer_within_s != 0)
        mysql_options(db, MYSQL_OPT_READ_TIMEOUT, &address->answer_within_s);
    mysql_options(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(db, MYSQL_OPT_CONNECT_ATTR_RESET, NULL);
    mysql_options4(db, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "fleet");
    set_tls(db, address);
    set_protocol(db, address);
}

MYSQL *mysql_dial(const struct mysql_address *address, const char *password, struct error *err)
{
    mysql_enter_thread();
    MYSQL *db = mysql_init(NULL);

    if (db == NULL) {
        error_set(err, ERROR_INTERNAL, "the MySQL client library does not start");
        return NULL;
    }
    set_options(db, address);
    if (mysql_real_connect(db, address->host, address->user, password, address->database,
                           address->port, address->socket, CLIENT_MULTI_RESULTS) == NULL) {
        mysql_fail_with(mysql_errno(db), mysql_sqlstate(db), mysql_error(db), err);
        if (err->code == ERROR_SQL)
            err->code = ERROR_CONNECT;
        mysql_close(db);
        return NULL;
    }
    keep_alive(db);
    return db;
}

MYSQL *mysql_dial_aside(const struct mysql_session *session, struct error *err)
{
    enum { ANSWER_WITHIN_S = 5 };
    struct mysql_address address = session->address;

    /* A script may have dropped the database. */
    address.database = NULL;
    address.answer_within_s = ANSWER_WITHIN_S;
    if (address.connect_timeout_s > ANSWER_WITHIN_S)
        address.connect_timeout_s = ANSWER_WITHIN_S;
    return mysql_dial(&address, session->password, err);
}

bool mysql_kill_query(struct mysql_session *session, struct error *err)
{
    char sql[64];
    MYSQL *db = mysql_dial_aside(session, err);

    if (db == NULL)
        return false;
    int length = snprintf(sql, sizeof sql, "KILL QUERY %lu", session->id);
    bool ok = mysql_real_query(db, sql, (unsigned long)length) == 0;
    if (!ok)
        mysql_fail_with(mysql_errno(db), mysql_sqlstate(db), mysql_error(db), err);
    mysql_close(db);
    return ok;
}
