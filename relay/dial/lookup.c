#include "dial/lookup.h"

#include "base/mem.h"
#include "loop/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Shared by the loop and its thread; the last to let go frees it. */
struct lookup {
    atomic_int holders;
    struct dial_address address;
    int event; /* a bell */
    struct addrinfo *list;
    int result; /* valid once the event was signalled */
};

static int resolve(const struct dial_address *address, int flags, struct addrinfo **list)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    return getaddrinfo(address->host, port, &hints, list);
}

int lookup_numeric(const struct dial_address *address, struct addrinfo **list)
{
    return resolve(address, AI_NUMERICHOST, list);
}

static void let_go(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->holders, 1) != 1)
        return;
    if (lookup->list)
        freeaddrinfo(lookup->list);
    close(lookup->event);
    free(lookup);
}

static void *look(void *context)
{
    struct lookup *lookup = context;
    lookup->result = resolve(&lookup->address, AI_ADDRCONFIG, &lookup->list);
    thread_bell_ring(lookup->event);
    let_go(lookup);
    return NULL;
}

struct lookup *lookup_start(const struct dial_address *address, int *fd)
{
    struct lookup *lookup = mem_alloc(sizeof *lookup);
    *lookup = (struct lookup){.address = *address, .event = thread_bell_create()};
    atomic_init(&lookup->holders, 2);
    bool started = lookup->event >= 0 && thread_start(look, lookup, 0) == 0;
    if (started) {
        *fd = lookup->event;
        return lookup;
    }
    if (lookup->event >= 0)
        close(lookup->event);
    free(lookup);
    return NULL;
}

int lookup_take(struct lookup *lookup, struct addrinfo **list)
{
    eventfd_t count;
    if (eventfd_read(lookup->event, &count) != 0)
        return EAI_AGAIN; /* asked before it was readable */
    *list = lookup->list;
    lookup->list = NULL;
    return lookup->result;
}

void lookup_drop(struct lookup *lookup)
{
    if (lookup)
        let_go(lookup);
}
