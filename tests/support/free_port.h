/*
 * free_port: where a test's server may listen.
 *
 * Below the ports that the kernel gives to outgoing connections (from 32768): one of those could
 * be taken while a server is away, and a client that calls there meanwhile can meet itself.
 */
#ifndef CAPRELAY_TESTS_FREE_PORT_H
#define CAPRELAY_TESTS_FREE_PORT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FREE_PORT_FIRST = 10000, FREE_PORT_END = 32768 };

/* A port of 127.0.0.1 that was free a moment ago. */
static inline uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    bool bound = false;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int tries = 0; tries < 1000 && !bound; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        uint32_t port = FREE_PORT_FIRST + arc4random_uniform(FREE_PORT_END - FREE_PORT_FIRST);
        address.sin_port = htons((uint16_t)port);
        bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
    }
    if (!bound)
        abort();
    return ntohs(address.sin_port);
}

#endif
