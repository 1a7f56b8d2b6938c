/*
 * amqp: one connection to an AMQP 0-9-1 broker that consumes a queue (librabbitmq).
 *
 * One object is one connection: it opens, brings messages, and is lost once, after which its owner
 * closes it and opens another when it likes. Messages that were not acknowledged come again then.
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

struct amqp_events {
    void (*open)(void *context); /* the queue is bound and being consumed */
    void (*message)(void *context, const struct amqp_message *message);
    /* Nothing comes any more; `reason` is one line of English, lent. */
    void (*lost)(void *context, const char *reason);
    void *context;
};

struct amqp;

/* Never fails by itself and never calls back before it returns. */
struct amqp *amqp_open(struct loop *loop, const struct amqp_server *server,
                       const struct amqp_queue *queue, const struct amqp_events *events);
/* The message is done with. Without effect after it was lost. */
void amqp_ack(struct amqp *amqp, uint64_t tag);
/* No more callbacks. What was acknowledged before is still sent, by the thread, as far as the
 * broker takes it. Never waits. Accepts NULL; allowed in a callback. */
void amqp_close(struct amqp *amqp);

#endif
