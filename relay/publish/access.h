/*
 * access: who may connect to a socket of the relay, and what every such socket is limited to.
 *
 * With CURVE on, each socket is encrypted and every connection is asked about at the ZAP handler
 * (RFC 27), which serves inproc://zeromq.zap.01 on the loop and answers by an allow-list, or lets
 * any key in where the configuration says `any`. libzmq lets every CURVE client in while no handler
 * is bound (measured), so access_create() binds it, and no socket can be given a server key before.
 * Plain sockets are for the loopback only. For the loop's thread; one per ZeroMQ context.
 */
#ifndef CAPRELAY_PUBLISH_ACCESS_H
#define CAPRELAY_PUBLISH_ACCESS_H

#include "base/err.h"
#include "loop/loop.h"
#include "seal/key.h"

#include <stddef.h>
#include <stdint.h>

struct access;

struct access_client {
    uint8_t public_key[KEY_PUBLIC_BYTES]; /* CURVE */
};

struct access_options {
    bool curve; /* false: plain, loopback only */
    const struct key *
        server_key; /* purpose `curve`, with its secret; copied. May be NULL where curve is false */
    bool any;       /* every CURVE key may connect */
    const struct access_client *allowed; /* copied */
    size_t allowed_count;
    int64_t heartbeat_us; /* ZMTP PING; three of them unanswered close a connection */
    int backlog;          /* of listen(2) */
};

enum err_code access_create(struct loop *loop, void *zmq_context,
                            const struct access_options *options, struct access **out,
                            struct err *err);
/* After all sockets it was applied to are closed. Accepts NULL. */
void access_destroy(struct access *access);

/* A new list after a reload; connections that are open stay open. */
void access_set_allowed(struct access *access, bool any, const struct access_client *allowed,
                        size_t count);

/* Before zmq_bind: CURVE server with its key and ZAP domain, ZMQ_MAXMSGSIZE, ZMTP heartbeats,
 * backlog, linger 0. `max_bytes` is what one incoming frame may have. */
enum err_code access_apply(const struct access *access, void *socket, size_t max_bytes,
                           struct err *err);
/* zmq_bind, after checking that a plain socket stays on the loopback. */
enum err_code access_bind(const struct access *access, void *socket, const char *endpoint,
                          struct err *err);

/* What a plain socket may be bound to: tcp on 127.0.0.0/8, [::1] or localhost, ipc, inproc. Pure.
 */
bool access_endpoint_is_local(const char *endpoint);

/* Since the start. */
struct access_counts {
    uint64_t admitted, denied;
};
struct access_counts access_counts(const struct access *access);

#endif
