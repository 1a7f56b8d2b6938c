/*
 * flight: ZeroMQ messages whose bytes are counted until the last subscriber's queue has let go of
 * them.
 *
 * libzmq shares one frame among all subscribers and tells nobody how much it holds. Each frame made
 * here counts from flight_message() until libzmq frees it, on whichever thread, so that the feed
 * can bound what slow subscribers pin. A flight may be destroyed while messages are still out.
 */
#ifndef CAPRELAY_PUBLISH_FLIGHT_H
#define CAPRELAY_PUBLISH_FLIGHT_H

#include "base/slice.h"

#include <zmq.h>

struct flight;

struct flight *flight_create(void);
/* Accepts NULL. The memory goes with the last message. */
void flight_destroy(struct flight *flight);

/* Copies the bytes into an uninitialised message, to be sent or closed by the caller. */
void flight_message(struct flight *flight, struct slice bytes, zmq_msg_t *out);

/* Bytes that libzmq still holds. Safe from any thread. */
size_t flight_bytes(const struct flight *flight);

#endif
