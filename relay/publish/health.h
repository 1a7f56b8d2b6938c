/*
 * health: whether the relay can do its work, as beats, `status` and the watchdog say it. Pure.
 *
 * Degraded means that an alert could be missing or late: the journal does not take, a source does
 * not deliver, the feed cannot send. A clock that is not disciplined is told beside it and does not
 * degrade: the relay goes on, only nothing is called expired.
 */
#ifndef CAPRELAY_PUBLISH_HEALTH_H
#define CAPRELAY_PUBLISH_HEALTH_H

#include "base/slice.h"
#include "journal/journal.h"

enum { HEALTH_REASONS_MAX = 16, HEALTH_REASON_BYTES = 260 };

/* The writer gives no sign for this long with work waiting: it hangs. */
#define HEALTH_STALL_US (30 * INT64_C(1000000))
/* The writer says why it cannot commit (disk full): a restart would cure nothing and lose what is
 * queued in memory, so the watchdog waits longer. */
#define HEALTH_STUCK_US (600 * INT64_C(1000000))

struct health {
    char reasons[HEALTH_REASONS_MAX][HEALTH_REASON_BYTES]; /* "journal-stuck: disk is full" */
    size_t reason_count;                                   /* 0: ok */
    bool hung;                                             /* the watchdog is not to be fed */
};

/* Adds what the journal's state means. */
void health_add_journal(struct health *health, const struct journal_state *state, int64_t now_us);
/* A source that is down or degraded; other states add nothing. */
void health_add_source(struct health *health, struct slice name, const char *state,
                       struct slice reason);
/* Bytes that slow subscribers pin have stopped the feed. */
void health_add_feed(struct health *health, bool blocked, size_t in_flight_bytes);

/* A signing key that the key list no longer covers: clients refuse what it signs. 0: no end. */
void health_add_key(struct health *health, const char *purpose, int64_t not_after_us,
                    int64_t now_us);

#endif
