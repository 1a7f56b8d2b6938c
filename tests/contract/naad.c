/* NAAD's far end: a TCP server on loopback that pushes, as the real one does. */
#include "tests/contract/suite.h"
#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static struct contract_driver driver;
static int listener = -1, peer = -1, dialled;
static uint16_t port;
static enum contract_fault trouble;
static bool by_name;

/* The system's own, counted. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    dialled++;
    return (int)syscall(SYS_connect, fd, address.__sockaddr__, size);
}

/* The system's resolver is asked for nothing but addresses; names are this one's. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static struct sockaddr_in name;
    static struct addrinfo found;
    (void)node;
    (void)hints;
    if (__atomic_load_n(&trouble, __ATOMIC_SEQ_CST) == CONTRACT_DNS)
        return EAI_AGAIN;
    name = (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(service)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    found = (struct addrinfo){.ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM,
                              .ai_addrlen = sizeof name,
                              .ai_addr = (struct sockaddr *)&name};
    *list = &found;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

/* On the port that it had before. */
static void open_listener(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(port ? port : free_port()),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int yes = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 100) != 0 ||
        getsockname(listener, (struct sockaddr *)&name, &size) != 0)
        abort();
    port = ntohs(name.sin_port);
}

static void open_server(struct world *world)
{
    (void)world;
    port = 0;
    trouble = CONTRACT_WELL;
    by_name = driver.threads = false;
    open_listener();
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
    if (listener >= 0)
        close(listener);
    listener = -1;
}

static bool peer_is_there(void)
{
    char byte;
    return peer >= 0 && recv(peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* The source has connected, by now or again: its last connection. */
static void take_peer(void)
{
    for (int s = 0; !peer_is_there() && s < 100; s++) {
        hang_up();
        peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer < 0)
            contract_wait(2 * SECOND);
    }
    if (peer < 0)
        abort();
}

static void start_source(struct world *world)
{
    char text[200];
    hang_up();
    snprintf(text, sizeof text, "sources:\n - {name: naad, adapter: naad, streams: ['%s:%u']}\n",
             by_name ? "naad.example" : "127.0.0.1", port);
    world_start(world, text);
    if (trouble == CONTRACT_WELL)
        take_peer();
}

/* What does not fit into the socket's buffers waits for the source to read. */
static void push(struct world *world, const char *bytes, size_t len)
{
    take_peer();
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

static void push_pieces(struct world *world, const char *text, int64_t pause_us)
{
    for (size_t at = 0, len = strlen(text); at < len;) {
        size_t piece = contract_piece(len - at);
        push(world, text + at, piece);
        at += piece;
        world_run(world, pause_us);
    }
}

static void offer(struct world *world, int i, const char *text)
{
    (void)i;
    if (trouble == CONTRACT_SLOW)
        push_pieces(world, text, 5 * SECOND);
    else
        push(world, text, strlen(text));
    world_run(world, 1000);
}

static void offer_split(struct world *world, int i, const char *text)
{
    (void)i;
    push_pieces(world, text, 1000);
}

/* Then the line is cut. */
static void offer_half(struct world *world)
{
    push(world, "<alert><identifier>DOC9", 23);
    world_run(world, 1000);
    hang_up();
    world_run(world, 3 * SECOND);
}

static void fault(struct world *world, enum contract_fault what)
{
    (void)world;
    __atomic_store_n(&trouble, what, __ATOMIC_SEQ_CST);
    if (what == CONTRACT_DNS)
        by_name = driver.threads = true;
    if (what == CONTRACT_REFUSED || what == CONTRACT_DNS)
        close_server(world);
    else if (listener < 0)
        open_listener();
}

static int attempts(struct world *world)
{
    (void)world;
    return dialled;
}

static struct contract_driver driver = {
    .name = "naad",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .patience_us = SECOND,
    .fault = fault,
    .senseless = {[CONTRACT_TLS] = "NAAD speaks TCP in clear"},
    .offer_split = offer_split,
    .attempts = attempts,
    .withhold_senseless = "a stream brings the alerts themselves; its archive is in unit.adapters",
};

int main(void)
{
    return contract_run(&driver);
}
