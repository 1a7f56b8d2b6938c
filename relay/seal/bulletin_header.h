/*
 * bulletin_header: the JSON header of a bulletin. For this room only.
 */
#ifndef CAPRELAY_SEAL_BULLETIN_HEADER_H
#define CAPRELAY_SEAL_BULLETIN_HEADER_H

#include "base/arena.h"
#include "seal/bulletin.h"

struct bulletin_digests {
    struct digest derived, original, chain;
    bool original_inline;
};

/* In the arena; absent where it would be larger than any packet. */
struct slice bulletin_header(struct arena *arena, const struct key *key,
                             const struct bulletin_facts *facts,
                             const struct bulletin_number *number,
                             const struct bulletin_digests *digests);

/* CLASS.SIDE.REGION. with that class and side. */
bool bulletin_topic_fits(struct slice topic, struct slice class, struct slice side);

#endif
