/*
 * peer: a scripted TCP server on loopback for faults that no good server shows.
 *
 * Each connection has a thread, which reads one request and hands it to the script; the script
 * writes what it likes to the descriptor, which is closed when it returns. peer_close() makes every
 * script's peer_wait() return and joins them all.
 */
#ifndef CAPRELAY_TESTS_PEER_H
#define CAPRELAY_TESTS_PEER_H

#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_CONNECTIONS_MAX = 4096, PEER_REQUEST_MAX = 65536 };

struct peer;
/* `request`: the head, and the body behind it where a Content-Length said so. */
typedef void (*peer_fn)(struct peer *peer, int fd, const char *request);

struct peer {
    peer_fn script;
    void *context;
    int listener, port;
    pthread_t acceptor;
    pthread_t threads[PEER_CONNECTIONS_MAX];
    size_t count; /* the acceptor's */
    atomic_bool stop;
    atomic_int requests;
};

struct peer_connection {
    struct peer *peer;
    int fd;
};

/* False once the test is over. */
static inline bool peer_wait(struct peer *peer, int milliseconds)
{
    for (; milliseconds > 0 && !atomic_load(&peer->stop); milliseconds -= 5)
        usleep(5000);
    return !atomic_load(&peer->stop);
}

/* Whoever is gone does not hear it. */
static inline bool peer_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

__attribute__((format(printf, 2, 3))) static inline bool peer_say(int fd, const char *format, ...)
{
    char text[16384];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return len >= 0 && (size_t)len < sizeof text && peer_send(fd, text, (size_t)len);
}

/* A whole answer. */
static inline bool peer_answer(int fd, const char *status, const char *headers, const char *body)
{
    return peer_say(fd, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status,
                    strlen(body), headers) &&
           peer_send(fd, body, strlen(body));
}

static inline bool peer_asks(const char *request, const char *path)
{
    const char *at = strchr(request, ' ');
    size_t len = strlen(path);
    return at && strncmp(at + 1, path, len) == 0 && strchr(" ?", at[1 + len]);
}

static inline size_t peer_body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? (size_t)strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

static inline bool peer_read(struct peer *peer, int fd, char *request)
{
    size_t len = 0;
    while (len + 1 < PEER_REQUEST_MAX && !atomic_load(&peer->stop)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        ssize_t got = recv(fd, request + len, PEER_REQUEST_MAX - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        request[len] = '\0';
        if (request[0] == 0x16) /* a TLS handshake, which never gets to a blank line */
            return true;
        const char *end = strstr(request, "\r\n\r\n");
        if (end && len >= (size_t)(end + 4 - request) + peer_body_length(request))
            return true;
    }
    return false;
}

static inline void *peer_serve(void *context)
{
    struct peer_connection *connection = context;
    struct peer *peer = connection->peer;
    char *request = calloc(1, PEER_REQUEST_MAX);
    if (peer_read(peer, connection->fd, request)) {
        atomic_fetch_add(&peer->requests, 1);
        peer->script(peer, connection->fd, request);
    }
    close(connection->fd);
    free(request);
    free(connection);
    return NULL;
}

static inline void *peer_accept(void *context)
{
    struct peer *peer = context;
    while (!atomic_load(&peer->stop)) {
        struct pollfd p = {.fd = peer->listener, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            continue;
        if (peer->count >= PEER_CONNECTIONS_MAX)
            abort(); /* the test asks for more than it should */
        struct peer_connection *connection = calloc(1, sizeof *connection);
        *connection = (struct peer_connection){peer, fd};
        if (pthread_create(&peer->threads[peer->count++], NULL, peer_serve, connection) != 0)
            abort();
    }
    return NULL;
}

/* On a port of its own, or on `port` (to come back after an outage). */
static inline void peer_open_at(struct peer *peer, int port, peer_fn script, void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port ? (uint16_t)port : free_port())};
    socklen_t size = sizeof address;
    int yes = 1;
    memset(peer, 0, sizeof *peer);
    peer->script = script;
    peer->context = context;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(peer->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(peer->listener, 64) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&peer->acceptor, NULL, peer_accept, peer) != 0)
        abort();
    peer->port = ntohs(address.sin_port);
}

static inline void peer_open(struct peer *peer, peer_fn script, void *context)
{
    peer_open_at(peer, 0, script, context);
}

/* A second call does nothing. */
static inline void peer_close(struct peer *peer)
{
    if (!peer->script || atomic_exchange(&peer->stop, true))
        return;
    pthread_join(peer->acceptor, NULL);
    for (size_t i = 0; i < peer->count; i++)
        pthread_join(peer->threads[i], NULL);
    close(peer->listener);
}

#endif
