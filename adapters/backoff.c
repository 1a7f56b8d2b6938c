#include "adapters/backoff.h"

#include "base/digest.h"

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do. */
static uint64_t next_random(struct backoff *backoff)
{
    uint64_t z = backoff->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to `span`, both included. */
static int64_t random_up_to(struct backoff *backoff, int64_t span)
{
    return (int64_t)(next_random(backoff) % ((uint64_t)span + 1));
}

void backoff_init(struct backoff *backoff, int64_t first_us, int64_t max_us, uint64_t seed)
{
    *backoff = (struct backoff){.first_us = first_us, .max_us = max_us, .random = seed};
}

int64_t backoff_next(struct backoff *backoff, int64_t asked_us)
{
    const int64_t asked_max_us = (int64_t)BACKOFF_ASKED_MAX_S * 1000000;
    int64_t whole_us = backoff->first_us;
    for (unsigned i = 0; i < backoff->failures && whole_us < backoff->max_us; i++)
        whole_us = whole_us > backoff->max_us / 2 ? backoff->max_us : whole_us * 2;
    backoff->failures++;
    int64_t pause_us = whole_us - random_up_to(backoff, whole_us / 2);
    if (asked_us > asked_max_us)
        asked_us = asked_max_us;
    return asked_us > pause_us ? backoff_spread(backoff, asked_us) : pause_us;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}

int64_t backoff_spread(struct backoff *backoff, int64_t interval_us)
{
    return interval_us + random_up_to(backoff, interval_us / 10);
}

uint64_t backoff_seed(struct slice relay, struct slice source, int64_t now_us)
{
    struct digest_state state;
    uint64_t seed = 0;
    digest_begin(&state);
    digest_add_sized(&state, relay);
    digest_add_sized(&state, source);
    digest_add_u64be(&state, (uint64_t)now_us);
    struct digest digest = digest_end(&state);
    for (int i = 0; i < 8; i++)
        seed = seed << 8 | digest.bytes[i];
    return seed;
}
