#include "publish/flight.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct flight {
    atomic_size_t bytes;
    atomic_size_t references; /* the owner's and one for each message */
};

/* What libzmq hands back to flight_release(). */
struct flight_block {
    struct flight *flight;
    size_t len;
    char bytes[];
};

static void flight_unref(struct flight *flight)
{
    if (atomic_fetch_sub(&flight->references, 1) == 1)
        free(flight);
}

/* On ZeroMQ's I/O thread, or the loop's when nobody subscribed. */
static void flight_release(void *data, void *hint)
{
    struct flight_block *block = hint;
    struct flight *flight = block->flight;

    (void)data;
    atomic_fetch_sub(&flight->bytes, block->len);
    free(block);
    flight_unref(flight);
}

struct flight *flight_create(void)
{
    struct flight *flight = mem_alloc(sizeof(*flight));

    atomic_init(&flight->bytes, 0);
    atomic_init(&flight->references, 1);
    return flight;
}

void flight_destroy(struct flight *flight)
{
    if (flight)
        flight_unref(flight);
}

void flight_message(struct flight *flight, struct slice bytes, zmq_msg_t *out)
{
    struct flight_block *block = mem_alloc(sizeof(*block) + bytes.len);

    block->flight = flight;
    block->len = bytes.len;
    if (bytes.len)
        memcpy(block->bytes, bytes.ptr, bytes.len);
    atomic_fetch_add(&flight->references, 1);
    atomic_fetch_add(&flight->bytes, bytes.len);
    /* Fails only where memory does, which mem.h treats as the end of the process everywhere. */
    if (zmq_msg_init_data(out, block->bytes, bytes.len, flight_release, block) != 0)
        abort();
}

size_t flight_bytes(const struct flight *flight)
{
    return atomic_load(&flight->bytes);
}
