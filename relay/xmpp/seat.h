/*
 * seat: the blocking side of a seat in a room, for its thread. Private to the room.
 */
#ifndef CAPRELAY_XMPP_SEAT_H
#define CAPRELAY_XMPP_SEAT_H

#include "base/err.h"
#include "xmpp/muc.h"

#include <stdbool.h>

struct seat_hooks {
    /* A socket was made. It stays the seat's; who shuts it down ends every wait of the seat. */
    void (*socket)(void *context, int fd);
    void (*joined)(void *context, const char *nick);
    void (*message)(void *context, const struct muc_message *message);
    void (*pong)(void *context);
    void *context;
};

struct seat;

/* All that is given must outlive the seat, which lives and dies on one thread. May block for as
 * long as looking up a name takes. */
enum err_code seat_open(const struct muc_server *server, const struct muc_room *room,
                        const struct seat_hooks *hooks, struct seat **out, struct err *err);
void seat_close(struct seat *seat); /* accepts NULL */
/* Waits for at most that long and does what has come to do. An error says why the seat is lost.
 * May block in the middle of a TLS handshake, until the socket is shut down. */
enum err_code seat_turn(struct seat *seat, unsigned timeout_ms, struct err *err);
/* Whether anything has come from the server since this was last asked. */
bool seat_moved(struct seat *seat);
/* pong() comes, or the next turn fails. Once it has joined. */
void seat_ping(struct seat *seat);

#endif
