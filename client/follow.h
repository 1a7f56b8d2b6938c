/*
 * follow: where a client stands in the numbers, and what the next one means (docs/protocol.md 6).
 *
 * Pure: no socket, no clock. Topics are lent.
 */
#ifndef CAPRELAY_CLIENT_FOLLOW_H
#define CAPRELAY_CLIENT_FOLLOW_H

#include "seal/verify.h"

struct follow_topic {
    struct slice name;
    uint64_t last;
    bool known; /* false: started from a number alone; the first `prev` at or below it is taken */
};

struct follow {
    uint64_t position; /* everything on the topics up to here was handed out */
    struct follow_topic *topics;
    size_t topic_count;
    bool whole; /* takes everything of the class: numbers have no gaps and the chain is checked */
    bool chain_known;
    struct digest chain;
    uint64_t *ahead; /* numbers above the position that were handed out already */
    size_t ahead_count, ahead_capacity;
};

enum follow_verdict { FOLLOW_NEXT = 0, FOLLOW_REPEAT, FOLLOW_GAP, FOLLOW_CONTRADICTION };

void follow_init(struct follow *follow, const struct slice *topics, size_t topic_count, bool whole);
void follow_fini(struct follow *follow);

/* From a number alone. */
void follow_start(struct follow *follow, uint64_t position);
/* From an answer: its head and as-of numbers. Drops what was ahead and is now passed. */
void follow_settle(struct follow *follow, const struct verified_answer *answer);

enum follow_verdict follow_judge(const struct follow *follow,
                                 const struct verified_bulletin *bulletin);
/* Out of an answer: after FOLLOW_NEXT, or to pass over what could not be compared. */
void follow_take(struct follow *follow, const struct verified_bulletin *bulletin);

/*
 * After FOLLOW_NEXT on the feed. A bulletin shows what is missing on its own topics, not on the
 * others: who takes several topics, but not everything, only moves the position by beats and
 * answers, and remembers the number.
 */
void follow_take_live(struct follow *follow, const struct verified_bulletin *bulletin);
/* Before asking from the position on: the numbers above it are no measure for the answer. */
void follow_rewind(struct follow *follow);

bool follow_was_ahead(const struct follow *follow, uint64_t seq);
void follow_take_ahead(struct follow *follow, uint64_t seq);

/* Whether a beat counts more than was received; if not, the position moves up to its head. */
bool follow_beat(struct follow *follow, const struct verified_beat *beat);
/* Whether an answer's numbers lie below what was received: the relay lost its journal. */
bool follow_gone_back(const struct follow *follow, const struct verified_answer *answer);
/* Whether what was received reaches the as-of numbers of an answer without `more`. */
bool follow_complete(const struct follow *follow, const struct verified_answer *answer);

#endif
