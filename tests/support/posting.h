/*
 * posting: a client of HTTP as plain bytes on loopback sockets that never block, for servers that
 * run in the same thread.
 */
#ifndef CAPRELAY_TESTS_POSTING_H
#define CAPRELAY_TESTS_POSTING_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct posting {
    int fd;
    char got[65536]; /* all that has come, ended by a NUL */
    size_t len;
    bool ended; /* the server has closed */
};

/* The kernel accepts for the server, so that this never waits. */
static inline void posting_open(struct posting *posting, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *posting = (struct posting){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    if (connect(posting->fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    fcntl(posting->fd, F_SETFL, O_NONBLOCK);
}

static inline void posting_close(struct posting *posting)
{
    if (posting->fd > 0)
        close(posting->fd);
    posting->fd = 0;
}

/* As much as goes; how much that was. */
static inline size_t posting_send(struct posting *posting, const char *bytes, size_t len)
{
    ssize_t n = send(posting->fd, bytes, len, MSG_NOSIGNAL);
    return n > 0 ? (size_t)n : 0;
}

static inline void posting_read(struct posting *posting)
{
    for (;;) {
        ssize_t n = recv(posting->fd, posting->got + posting->len,
                         sizeof posting->got - 1 - posting->len, 0);
        if (n <= 0) {
            posting->ended = posting->ended || n == 0 || errno != EAGAIN;
            return;
        }
        posting->len += (size_t)n;
    }
}

/* The status of the first answer; 0 while there is none. */
static inline int posting_status(struct posting *posting)
{
    posting_read(posting);
    return strncmp(posting->got, "HTTP/1.1 ", 9) == 0 ? atoi(posting->got + 9) : 0;
}

/* Forgets what came, for the next answer on the same connection. */
static inline void posting_forget(struct posting *posting)
{
    memset(posting->got, 0, posting->len);
    posting->len = 0;
}

/* A whole request; `headers` each end with \r\n. Returns its length. */
static inline size_t posting_format(char *out, size_t size, const char *line, const char *headers,
                                    const char *body)
{
    return (size_t)snprintf(out, size,
                            "%s HTTP/1.1\r\nHost: relay\r\n%sContent-Length: %zu\r\n\r\n%s", line,
                            headers, strlen(body), body);
}

#endif
