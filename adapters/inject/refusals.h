/*
 * refusals: requests that end at the door, in the log and as signed receipts.
 *
 * Whoever reaches the port can be refused as often as he likes, so only so many lines a minute are
 * written of one authority and one reason; the others are counted, and the count is written when
 * the minute is over. All strangers are counted as one (what they call themselves is not proven),
 * so that there are no more counts than authorities and reasons: neither a stranger nor another
 * authority can hide what befalls an authority. For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_REFUSALS_H
#define CAPRELAY_ADAPTERS_INJECT_REFUSALS_H

#include "adapters/host.h"
#include "adapters/inject/request.h"
#include "base/map.h"

enum { REFUSALS_LINES_PER_MINUTE = 5, REFUSALS_RECEIPT_MAX = 2 * 1024 * 1024 };

struct refusals {
    struct host *host;
    struct loop_timer *minute;
    struct map *counts; /* of this minute, by "REASON AUTHORITY", of strangers "REASON" */
};

/* `host` must have a loop: at the start, not in init. */
void refusals_start(struct refusals *refusals, struct host *host);
/* Writes the counts that are still owed. Idempotent; accepts one that was never started. */
void refusals_stop(struct refusals *refusals);

/* Its line in the log. `request` is filled as far as it could be read. */
void refusals_log(struct refusals *refusals, const struct request *request, const char *reason,
                  const char *text);
/* The receipt for a request that did not come as far as the journal, appended to `frame`; false
 * with a line in the log where none can be made. */
bool refusals_seal(const struct refusals *refusals, const struct request *request,
                   const char *reason, const char *text, struct buf *frame);

#endif
