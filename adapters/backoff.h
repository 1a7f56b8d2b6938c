/*
 * backoff: how long a source waits before it asks again.
 *
 * After the n-th failure in a row: a random time between half and the whole of first * 2^(n-1), at
 * most `max`; and never sooner than the far end asked for. Random, so that a hundred relays that
 * lost the same server do not all come back in the same second. Pure: no clock, no entropy of its
 * own; equal seeds give equal pauses.
 */
#ifndef CAPRELAY_ADAPTERS_BACKOFF_H
#define CAPRELAY_ADAPTERS_BACKOFF_H

#include "base/slice.h"

#include <stdint.h>

/* What a Retry-After may ask for; more is taken as this much. */
enum { BACKOFF_ASKED_MAX_S = 3600 };

struct backoff {
    int64_t first_us, max_us;
    unsigned failures; /* in a row */
    uint64_t random;
};

/* 0 < first_us <= max_us. */
void backoff_init(struct backoff *backoff, int64_t first_us, int64_t max_us, uint64_t seed);
/* One more failure: the pause until the next try. `asked_us` is what the far end asked for
 * (Retry-After); 0 or less: nothing. */
int64_t backoff_next(struct backoff *backoff, int64_t asked_us);
/* It worked. */
void backoff_reset(struct backoff *backoff);
/* An interval between polls, up to a tenth longer: never shorter than a server's terms allow. */
int64_t backoff_spread(struct backoff *backoff, int64_t interval_us);

/* For what should differ from relay to relay, source to source and start to start. */
uint64_t backoff_seed(struct slice relay, struct slice source, int64_t now_us);

#endif
