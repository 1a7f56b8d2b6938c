/*
 * link: the blocking side of a connection, for its thread. Private to the room.
 */
#ifndef CAPRELAY_AMQP_LINK_H
#define CAPRELAY_AMQP_LINK_H

#include "amqp/amqp.h"
#include "base/err.h"

struct link;

/* Connects, logs in, declares, binds, and begins to consume. */
enum err_code link_open(const struct amqp_server *server, const struct amqp_queue *queue,
                        struct link **out, struct err *err);
void link_close(struct link *link); /* accepts NULL */
int link_fd(const struct link *link);
enum err_code link_ack(struct link *link, uint64_t tag, struct err *err);
/* Hands on all that is there, and keeps the heartbeat going: to be called at least every second. */
typedef void (*link_fn)(void *context, const struct amqp_message *message);
enum err_code link_take(struct link *link, link_fn fn, void *context, struct err *err);

#endif
