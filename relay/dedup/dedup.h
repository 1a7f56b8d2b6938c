/*
 * dedup: whether a message is a copy of one that was relayed, contradicts one, or is new.
 *
 * Identity first; then the secondary keys of re-wrapped alerts, which merge only what says the
 * same. A copy of a message that went nowhere is new: it is judged again, since its source may be
 * treated differently. For the loop's thread.
 */
#ifndef CAPRELAY_DEDUP_DEDUP_H
#define CAPRELAY_DEDUP_DEDUP_H

#include "dedup/known.h"

enum dedup_kind { DEDUP_NEW = 0, DEDUP_DUPLICATE, DEDUP_CONFLICT };

struct dedup_question {
    const struct alert *alert;
    const struct identity *identity;
    const struct digest *content;
    struct slice secondary_key; /* absent for none */
    const struct identity *references;
    size_t reference_count;
};

struct dedup_answer {
    enum dedup_kind kind;
    bool by_secondary_key;
    struct known_message
        first;        /* duplicate: the first of its kind; conflict: what it contradicts */
    bool has_similar; /* another message may be about the same event */
    struct known_message similar;
};

void dedup_judge(struct known *known, struct arena *arena, const struct dedup_question *question,
                 struct dedup_answer *out);

#endif
