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
/* Connects, logs in, sees that the exchange is there, and asks for confirmations. */
enum err_code link_open_publisher(const struct amqp_server *server, const char *exchange,
                                  struct link **out, struct err *err);
/* Publishes and waits for the confirmation, keeping the heartbeat going, for as long as `goes_on`
 * says, which is asked several times a second. */
enum err_code link_publish(struct link *link, const char *exchange,
                           const struct amqp_publication *publication,
                           bool (*goes_on)(void *context), void *context,
                           enum amqp_confirm *confirm, struct err *err);
void link_close(struct link *link); /* accepts NULL */
int link_fd(const struct link *link);
enum err_code link_ack(struct link *link, uint64_t tag, struct err *err);
/* Hands on all that is there, and keeps the heartbeat going: to be called at least every second. */
typedef void (*link_fn)(void *context, const struct amqp_message *message);
enum err_code link_take(struct link *link, link_fn fn, void *context, struct err *err);

#endif
