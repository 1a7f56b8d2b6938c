/*
 * request: one injection request as it came, read and checked against what is known
 * (docs/protocol.md 5.1). No I/O, no clock: the time is handed in.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_REQUEST_H
#define CAPRELAY_ADAPTERS_INJECT_REQUEST_H

#include "base/arena.h"
#include "base/digest.h"
#include "conf/relay_conf.h"

enum { REQUEST_NONCE_BYTES = 16, REQUEST_TIME_WINDOW_S = 120, REQUEST_CAP_MAX = 8 * 1024 * 1024 };

/* Filled as far as it could be read, so that a refusal can say to whom it is. Texts are in the
 * arena. */
struct request {
    struct slice authority; /* as the request says */
    struct slice key_id;
    bool has_digest;
    struct digest digest;
    int64_t time_us;
    uint8_t nonce[REQUEST_NONCE_BYTES];
    bool dry_run;
    struct slice cap;
    const struct relay_conf_authority *known; /* set once authority, key and signature are good */
};

struct request_refusal {
    const char *reason; /* "inject.signature", ...; NULL: none. Static */
    char text[300];     /* English */
};

/*
 * Reads the frame and checks, in this order: form, authority and key, signature, digest of the
 * bytes, time. false with the refusal set on the first that fails. The nonce is for the caller, who
 * remembers.
 */
bool request_read(struct arena *arena, struct slice frame, const struct relay_conf *conf,
                  int64_t now_us, struct request *out, struct request_refusal *refusal);

#endif
