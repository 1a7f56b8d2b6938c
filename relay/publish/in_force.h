/*
 * in_force: what is in force, as a count and a digest, kept until something changed.
 *
 * A beat tells it every few seconds; reading each frame for that would be waste, so the answer is
 * kept for as long as no message was committed and no expiry has come. For the loop's thread.
 */
#ifndef CAPRELAY_PUBLISH_IN_FORCE_H
#define CAPRELAY_PUBLISH_IN_FORCE_H

#include "journal/journal.h"

struct in_force {
    bool known;
    int64_t arrivals; /* the journal's when it was made */
    int64_t made_s;
    int64_t next_expiry_s; /* 0: none */
    uint64_t count;
    struct digest digest; /* over the numbers, ascending, each as u64 (big endian) */
};

/* Makes it anew where it is no longer true. Zeroed before the first call. */
enum err_code in_force_refresh(struct in_force *set, struct journal *journal,
                               enum alert_class class, int64_t now_s, struct err *err);

#endif
