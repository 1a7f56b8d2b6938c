/*
 * alerts: which alerts an answer brought that are new, on their way or done with. No I/O, no clock.
 *
 * Answers overlap: the same alert comes again until it is older than what is asked for. One that is
 * settled is forgotten once an answer no longer brings it; its mark in the journal remembers it.
 */
#ifndef CAPRELAY_ADAPTERS_IPAWS_COG_ALERTS_H
#define CAPRELAY_ADAPTERS_IPAWS_COG_ALERTS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cog_alert {
    char *id;
    bool settled;
    uint64_t seen; /* the last answer that brought it */
};

struct cog_alerts {
    struct map *by_id;
    uint64_t answer;
};

void cog_alerts_init(struct cog_alerts *alerts);
void cog_alerts_fini(struct cog_alerts *alerts);

/* A new answer begins. */
void cog_alerts_begin(struct cog_alerts *alerts);
/* Notes that it brings that alert; NULL where it is not known yet. */
struct cog_alert *cog_alerts_see(struct cog_alerts *alerts, struct slice id);
/* A new one: on its way, or settled before. It lives until it is settled and no longer brought. */
struct cog_alert *cog_alerts_add(struct cog_alerts *alerts, struct slice id, bool settled);
/* The answer is over, and was whole. */
void cog_alerts_end(struct cog_alerts *alerts);

#endif
