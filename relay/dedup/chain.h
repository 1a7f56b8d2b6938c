/*
 * chain: what a message references, directly or through others: where it went, and what of it ends.
 *
 * The walk is bounded by CHAIN_MESSAGES_MAX; `cut` says that it stopped there. For the loop's
 * thread.
 */
#ifndef CAPRELAY_DEDUP_CHAIN_H
#define CAPRELAY_DEDUP_CHAIN_H

#include "dedup/known.h"

enum { CHAIN_MESSAGES_MAX = 256 };

struct chain_side {
    bool went;
    struct slice *regions; /* sorted, without repeats */
    size_t region_count;
    size_t region_capacity;
};

struct chain {
    struct chain_side sides[SIDE_US + 1]; /* by enum side */
    int64_t *ends;                        /* arrivals that are no longer in force */
    size_t ends_count;
    size_t ends_capacity;
    struct known_message *direct; /* what is known of the direct references, newest first */
    size_t direct_count;
    size_t direct_capacity;
    size_t unknown_count; /* direct references that were never seen */
    struct identity unknown;
    size_t foreign_count; /* direct references that this message may not end */
    struct identity foreign;
    bool cut;
};

/* Whether the message may end that one: the same sender, or an authority with a grant for its area.
 */
typedef bool (*chain_may_end_fn)(void *context, struct known_message *target);

void chain_follow(struct known *known, struct arena *arena, const struct identity *self,
                  const struct identity *references, size_t reference_count,
                  chain_may_end_fn may_end, void *context, struct chain *out);

#endif
