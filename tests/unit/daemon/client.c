#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/memory.h"

struct client {
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    struct buffer seen;
};

struct client *client_new(int port)
{
    struct client *client = xcalloc(1, sizeof *client);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client->fd >= 0);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        client_free(client);
        return NULL;
    }
    return client;
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
    buffer_free(&client->seen);
    free(client);
}

void client_handshake(struct client *client, const char *directory, const char *name)
{
    client->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(client->context);
    if (name != NULL) {
        AUTO(text) char *certificate = xasprintf("%s/%s.crt", directory, name);
        AUTO(text) char *key = xasprintf("%s/%s.key", directory, name);

        assert_int_equal(SSL_CTX_use_certificate_chain_file(client->context, certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(client->context, key, SSL_FILETYPE_PEM), 1);
    }
    client->ssl = SSL_new(client->context);
    SSL_set_fd(client->ssl, client->fd);
    /* In TLS 1.3 the client is done before its certificate is judged: a refusal shows on reading.
     */
    assert_int_equal(SSL_connect(client->ssl), 1);
}

bool client_sends(struct client *client, const char *text)
{
    bool sent = SSL_write(client->ssl, text, (int)strlen(text)) > 0;

    ERR_clear_error();
    return sent;
}

/* A server that has turned the client away may have closed already: that shows on reading. */
void client_send(struct client *client, const char *text)
{
    if (text[0] != '\0')
        (void)client_sends(client, text);
}

/* False at the end. */
static bool read_more(struct client *client)
{
    char block[4096];
    ssize_t got = client->ssl != NULL ? SSL_read(client->ssl, block, sizeof block)
                                      : recv(client->fd, block, sizeof block, 0);

    ERR_clear_error();
    if (got <= 0)
        return false;
    buffer_append(&client->seen, block, (size_t)got);
    return true;
}

bool client_sees(struct client *client, const char *text)
{
    while (strstr(buffer_text(&client->seen), text) == NULL)
        if (!read_more(client))
            return false;
    return true;
}

const char *client_rest(struct client *client)
{
    while (read_more(client))
        continue;
    return client_seen(client);
}

const char *client_seen(const struct client *client)
{
    return buffer_text(&client->seen);
}

void client_forget(struct client *client)
{
    buffer_clear(&client->seen);
}
