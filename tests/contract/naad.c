/* NAAD's far end: a TCP server on loopback that pushes, as the real one does. */
#include "tests/contract/suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int listener = -1, peer = -1;
static unsigned port;

static void open_server(struct world *world)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    (void)world;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof name) != 0 ||
        listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&name, &size) != 0)
        abort();
    port = ntohs(name.sin_port);
}

static void hang_up(void)
{
    if (peer >= 0)
        close(peer);
    peer = -1;
}

static void close_server(struct world *world)
{
    (void)world;
    hang_up();
    close(listener);
}

/* The source has connected, by now or again. */
static void take_peer(struct world *world)
{
    if (peer >= 0)
        return;
    world_run(world, 2 * SECOND);
    peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0)
        abort();
}

static void start_source(struct world *world)
{
    char text[200];
    hang_up();
    snprintf(text, sizeof text,
             "sources:\n - {name: naad, adapter: naad, streams: ['127.0.0.1:%u']}\n", port);
    world_start(world, text);
    take_peer(world);
}

/* What does not fit into the socket's buffers waits for the source to read. */
static void push(struct world *world, const char *bytes, size_t len)
{
    take_peer(world);
    for (int idle = 0; len > 0 && idle < 1000;) {
        ssize_t count = send(peer, bytes, len, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            abort();
        idle = count > 0 ? 0 : idle + 1;
        bytes += count > 0 ? count : 0;
        len -= count > 0 ? (size_t)count : 0;
        if (count < 0)
            world_run(world, 1000);
    }
    if (len > 0)
        abort();
}

static void offer(struct world *world, int i, const char *text)
{
    (void)i;
    push(world, text, strlen(text));
    world_run(world, 1000);
}

static void offer_oversized(struct world *world)
{
    enum { SIZE = 8 * 1024 * 1024 + 1000 };
    char *text = malloc(SIZE);
    if (!text)
        abort();
    memset(text, 'x', SIZE);
    memcpy(text, "<alert>", 7);
    memcpy(text + SIZE - 8, "</alert>", 8);
    push(world, text, SIZE);
    free(text);
}

/* Then the line is cut. */
static void offer_half(struct world *world)
{
    push(world, "<alert><identifier>DOC9", 23);
    world_run(world, 1000);
    hang_up();
    world_run(world, 3 * SECOND);
}

static const struct contract_driver driver = {
    .name = "naad",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .patience_us = SECOND,
};

int main(void)
{
    return contract_run(&driver);
}
