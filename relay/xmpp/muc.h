/*
 * muc: one seat in an XMPP multi-user chat room (XEP-0045, libstrophe).
 *
 * One object is one connection: it logs in over TLS, joins, hands on what is said, first what was
 * said since a given time as far as the room keeps it, and is lost once, after which its owner
 * leaves it and joins again when it likes. Whether the seat is still there is asked by a ping to
 * itself (XEP-0410).
 * All calls and callbacks are for the loop's thread; the connection lives on a thread of its own.
 * The program must ignore SIGPIPE.
 */
#ifndef CAPRELAY_XMPP_MUC_H
#define CAPRELAY_XMPP_MUC_H

#include "base/slice.h"
#include "loop/loop.h"

#include <stddef.h>
#include <stdint.h>

/* Texts are copied by muc_join(); NULL and 0 take the default. */
struct muc_server {
    const char *host;
    uint16_t port;        /* 5222 */
    const char *ca_file;  /* PEM; default: Debian's own, /etc/ssl/certs/ca-certificates.crt */
    const char *jid;      /* user@domain; the certificate must be the domain's */
    const char *resource; /* NULL: the server chooses. Another session with the same one is ended */
    const char *password;
    int64_t join_timeout_us; /* 60 s: for connecting, logging in and joining together */
    int64_t ping_us;         /* 60 s: between pings */
    int64_t ping_timeout_us; /* 30 s: for the answer, while nothing else comes either */
};

struct muc_room {
    const char *jid;  /* room@service */
    const char *nick; /* a number is put behind where it is taken */
    int64_t since_us; /* what was said from then on (of the time of day) is wanted; 0: nothing */
    const char *payload_ns; /* namespace of the extension that is handed on with each message */
};

struct muc_field {
    struct slice name, value;
};

/* Lent until the callback returns. Texts are as XML hands them over: each line end is one LF. */
struct muc_message {
    struct slice nick; /* who says it; empty: the room itself */
    int64_t said_us;   /* of what was said before the seat was taken; 0: now */
    struct slice body;
    struct slice payload;           /* the text in the extension; absent: there is no extension */
    const struct muc_field *fields; /* the extension's attributes */
    size_t field_count;
};

struct muc_events {
    void (*joined)(void *context, struct slice nick);
    void (*message)(void *context, const struct muc_message *message);
    /* Whatever was said before that time (of the time of day) has been handed on by now. Comes
     * soon after the joining, when the history has come, and with each answered ping. */
    void (*abreast)(void *context, int64_t until_us);
    /* Nothing comes any more; `reason` is one line of English, lent. */
    void (*lost)(void *context, const char *reason);
    void *context;
};

struct muc;

/* Never fails by itself and never calls back before it returns. */
struct muc *muc_join(struct loop *loop, const struct muc_server *server,
                     const struct muc_room *room, const struct muc_events *events);
/* No callbacks until it is released, as soon as this returns; the server has to wait, and ends the
 * session where that takes too long. */
void muc_hold(struct muc *muc);
void muc_release(struct muc *muc);
/* No more callbacks. Never waits. Accepts NULL; allowed in a callback. */
void muc_leave(struct muc *muc);

#endif
