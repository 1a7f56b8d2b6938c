/*
 * dial: a TCP connection by name, without blocking.
 *
 * The name is looked up by the system's resolver on a thread of its own (a numeric address needs
 * none); its addresses are tried in the resolver's order, each with its part of the time that is
 * left. For the loop's thread.
 */
#ifndef CAPRELAY_DIAL_DIAL_H
#define CAPRELAY_DIAL_DIAL_H

#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"

#include <stdint.h>

enum { DIAL_HOST_MAX = 256 };

struct dial_address {
    char host[DIAL_HOST_MAX];
    uint16_t port;
};

/* "streaming1.example.org:8080", "192.0.2.1:80", "[2001:db8::1]:80". */
enum err_code dial_address_parse(struct slice text, struct dial_address *out, struct err *err);

struct dial;

/* `fd` is connected, non-blocking, close-on-exec, with keep-alive, and the callee's from then on;
 * or it is -1 and `error` says why in one line of English ("no address for NAME: ..."), lent. */
typedef void (*dial_fn)(void *context, int fd, const char *error);

/* Never fails by itself and never calls back before it returns. The handle is valid until the call
 * begins. */
struct dial *dial_start(struct loop *loop, const struct dial_address *address, int64_t timeout_us,
                        dial_fn fn, void *context);
/* `fn` will not be called. Accepts NULL. */
void dial_cancel(struct dial *dial);

#endif
