/*
 * httpd: HTTP requests to the relay, on the loop (libmicrohttpd and GnuTLS; nobody else includes
 * them).
 *
 * Everything happens in the loop's turns, handshakes too. TLS 1.2 or later, HTTP/1.1. A client that
 * is slow, silent or gone costs a place and nothing else: each phase of a request has its time, and
 * when all places are taken the newest connection gets that of the oldest that has not yet shown
 * that it is anybody. A request with more than one length is answered 400 here, and nothing behind
 * it is read. For the loop's thread.
 */
#ifndef CAPRELAY_HTTPD_HTTPD_H
#define CAPRELAY_HTTPD_HTTPD_H

#include "base/err.h"
#include "base/sha256.h"
#include "base/slice.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTPD_HEAD_S = 15,   /* from the connection, or the last answer, to the end of a head */
    HTTPD_BODY_S = 60,   /* from there to the end of the body */
    HTTPD_WAIT_S = 60,   /* from there to the answer */
    HTTPD_ANSWER_S = 30, /* from there to its last byte */
    HTTPD_URL_MAX = 2048
};

struct httpd;
struct httpd_request;

/* What the callback is told. On each the request may be answered. */
enum httpd_event {
    HTTPD_HEAD = 0,  /* the head has come: what is answered now is not read further */
    HTTPD_WHOLE,     /* the body too: answer now or later */
    HTTPD_TOO_LARGE, /* the body is larger than body_max: must be answered */
    HTTPD_NO_ROOM,   /* all bodies together are larger than bodies_max: must be answered */
    HTTPD_OVERDUE    /* it waits for its answer since HTTPD_WAIT_S: must be answered */
};
typedef void (*httpd_fn)(void *context, struct httpd_request *request, enum httpd_event event);

struct httpd_options {
    const char *address;           /* numeric */
    bool ipv6;                     /* which `address` is; "::" takes IPv4 too */
    uint16_t port;                 /* 0: one that is free */
    const char *certificate, *key; /* PEM files; NULL: in clear */
    unsigned connections_max;
    unsigned per_address_max; /* 0: no bound */
    /* New connections that one address may begin each second, and as many as that without a pause;
     * what comes sooner is closed before its handshake. 0: no bound. */
    unsigned per_second, per_second_at_once;
    size_t body_max;   /* of one request */
    size_t bodies_max; /* of all that are being read or wait */
    httpd_fn fn;
    /* A line of the libraries, for debugging; may be NULL. */
    void (*log)(void *context, const char *line);
    void *context;
};

/* Listens when it returns. Texts are copied. Certificates are read here: it blocks for the disk. */
enum err_code httpd_create(struct loop *loop, const struct httpd_options *options,
                           struct httpd **out, struct err *err);
/* Ends every connection, answered or not. Not from its own callback. Accepts NULL. */
void httpd_destroy(struct httpd *httpd);
uint16_t httpd_port(const struct httpd *httpd);
/* How many connections were closed since the last call because their address began too many. */
uint64_t httpd_turned_away(struct httpd *httpd);

/* Whether httpd_create() could read and use these files. An err names them. */
enum err_code httpd_check_files(const char *certificate, const char *key, struct err *err);

/* Takes certificate and key anew if their files have changed, for the connections to come. On
 * failure those before stay, and the next call tries again. */
enum err_code httpd_renew(struct httpd *httpd, struct err *err);
/* The end of the certificate in use, seconds since 1970; 0 without TLS. */
int64_t httpd_certificate_ends_s(const struct httpd *httpd);

/* --- a request: valid in the callback, and from httpd_find() until the loop goes on --- */

/* A number that no other request of this process has. */
uint64_t httpd_id(const struct httpd_request *request);
/* NULL where it was answered or its client is gone. */
struct httpd_request *httpd_find(const struct httpd *httpd, uint64_t id);

struct slice httpd_method(const struct httpd_request *request);
/* As it was sent: nothing is unescaped. */
struct slice httpd_path(const struct httpd_request *request);
/* Behind the question mark; absent without one. */
struct slice httpd_query(const struct httpd_request *request);
/* The first header of that name, absent for none; and how many there are. */
struct slice httpd_header(const struct httpd_request *request, const char *name);
size_t httpd_header_count(const struct httpd_request *request, const char *name);
/* Whole once HTTPD_WHOLE has come. */
struct slice httpd_body(const struct httpd_request *request);
/* Whose request it is, once that is known. One owner has at most as many places as are left for the
 * others, and so it is with the bytes of bodies (HTTPD_NO_ROOM), of which whoever has no other
 * request may take what there is. False: its places are taken, and the request must be answered. */
bool httpd_own(struct httpd_request *request, struct slice owner);
/* It is not needed any longer, though the answer waits: leaves room for others. */
void httpd_forget_body(struct httpd_request *request);
/* Numeric, without port. */
const char *httpd_peer(const struct httpd_request *request);

/* The certificate that the client showed and whose private key it has. Nobody else has vouched for
 * it: compare it with what is known. */
struct httpd_certificate {
    uint8_t sha256[SHA256_BYTES]; /* of the certificate as it is (DER) */
    int64_t not_before_s, not_after_s;
};
/* False where it showed none. */
bool httpd_client_certificate(const struct httpd_request *request, struct httpd_certificate *out);

struct httpd_answer {
    int status;
    const char *content_type;
    struct slice body;
    const char *const *headers; /* name, value, name, value... */
    size_t header_count;        /* of pairs */
};
/* Everything is copied. Once for each request. */
void httpd_answer(struct httpd_request *request, const struct httpd_answer *answer);

#endif
