/*
 * amqp: one connection to an AMQP 0-9-1 broker, that consumes a queue or publishes to an exchange
 * (librabbitmq).
 *
 * One object is one connection: it opens, brings or takes messages, and is lost once, after which
 * its owner closes it and opens another when it likes. Messages that were not acknowledged come
 * again then; what was published and not confirmed may or may not have arrived.
 * All calls and callbacks are for the loop's thread; the connection lives on a thread of its own.
 */
#ifndef CAPRELAY_AMQP_AMQP_H
#define CAPRELAY_AMQP_AMQP_H

#include "base/slice.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are copied when a connection is opened; NULL and 0 take the default. */
struct amqp_server {
    const char *host;
    uint16_t port;       /* 5672, with TLS 5671 */
    bool tls;            /* 1.2 or later; certificate and name are verified */
    const char *ca_file; /* PEM; default: Debian's own, /etc/ssl/certs/ca-certificates.crt */
    const char *vhost;   /* "/" */
    const char *user, *password;
    int64_t connect_timeout_us; /* 10 s; for each of connecting, logging in and setting up */
    unsigned heartbeat_s;       /* 30: a silent broker is lost after two of them */
};

struct amqp_queue {
    const char *name;
    bool durable;       /* outlives the broker's restart */
    int64_t expires_us; /* unused for so long, the broker deletes it; 0: never */
    const char *exchange;
    const char *const *bindings; /* routing keys, with * and # */
    size_t binding_count;
    uint16_t prefetch; /* unacknowledged messages at once; 1 or more */
};

/* Lent until the callback returns. */
struct amqp_message {
    uint64_t tag; /* for amqp_ack(); of this connection alone */
    struct slice routing_key;
    struct slice content_type;
    struct slice body;
    bool redelivered;
};

/* What is published. Copied. */
struct amqp_field {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
};
struct amqp_publication {
    const char *routing_key; /* at most 255 bytes */
    const char *message_id, *content_type, *app_id;
    int64_t timestamp_s;
    const struct amqp_field *fields; /* the message's headers */
    size_t field_count;
    struct slice body;
};

enum amqp_confirm {
    AMQP_TAKEN = 0,  /* the broker answers for it: on disk where the queue is durable */
    AMQP_UNROUTABLE, /* no queue is bound that takes it: nobody would ever read it */
    AMQP_NOT_TAKEN   /* the broker says no: an internal error, or a queue that is full */
};

struct amqp_events {
    void (*open)(void *context); /* the queue is bound and being consumed; the exchange is there */
    void (*message)(void *context, const struct amqp_message *message); /* of a queue */
    void (*confirmed)(void *context, enum amqp_confirm confirm);        /* of amqp_publish() */
    /* Nothing comes any more; `reason` is one line of English that begins with
     * HOST:PORT, lent. */
    void (*lost)(void *context, const char *reason);
    void *context;
};

struct amqp;

/* Never fails by itself and never calls back before it returns. */
struct amqp *amqp_open(struct loop *loop, const struct amqp_server *server,
                       const struct amqp_queue *queue, const struct amqp_events *events);
/* The same for a publisher; the exchange must exist, "" is the default one. */
struct amqp *amqp_open_publisher(struct loop *loop, const struct amqp_server *server,
                                 const char *exchange, const struct amqp_events *events);
/* Persistent and mandatory. One at a time: `confirmed` or `lost` comes for it before the next one.
 * How long a confirmation may take is for the owner to say. */
void amqp_publish(struct amqp *amqp, const struct amqp_publication *publication);
/* The message is done with. Without effect after it was lost. */
void amqp_ack(struct amqp *amqp, uint64_t tag);
/* No more callbacks. What was acknowledged before is still sent, by the thread, as far as the
 * broker takes it. Never waits. Accepts NULL; allowed in a callback. */
void amqp_close(struct amqp *amqp);

#endif
