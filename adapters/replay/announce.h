/*
 * announce: what the relay says of its own when an exercise starts and when it has ended
 * (semantics 7). Pure.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_ANNOUNCE_H
#define CAPRELAY_ADAPTERS_REPLAY_ANNOUNCE_H

#include "alert/alert.h"
#include "base/buf.h"

struct announcement {
    bool ended;     /* an Update of the start; else the start itself */
    enum side side; /* whose message it is: the other side's subscribers get it */
    struct slice relay;
    struct slice source; /* the source's name: two sources may play one run */
    struct slice run_id;
    struct slice recording;
    int64_t sent_s;
    int64_t start_sent_s; /* of the start, for the end */
    int64_t end_s;        /* when it should end, for the start */
    size_t alerts;        /* to be played, or played */
};

/* It stays in force so long after the planned end, since a full journal holds a run up. */
enum { ANNOUNCE_MARGIN_S = 3600 };

/* CAP 1.2, appended to `out`. */
void announce_write(struct arena *arena, const struct announcement *announcement, struct buf *out);

#endif
