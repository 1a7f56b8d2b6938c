/*
 * door: what the doors for authorities share, whatever they speak: from a request that is known to
 * be an authority's to its receipt.
 *
 * The same bytes of the same authority get the receipt that the journal stored, whenever and by
 * whichever door they come again; while they wait for their commit, everybody who brings them waits
 * for the one receipt. Clients are names that the door gives them (bytes). For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_DOOR_H
#define CAPRELAY_ADAPTERS_INJECT_DOOR_H

#include "adapters/host.h"
#include "adapters/inject/pending.h"
#include "adapters/inject/refusals.h"
#include "adapters/inject/request.h"
#include "alert/parse.h"

enum {
    DOOR_PENDING_MAX = 256,
    /* One authority has at most as many as are left for others: so many where nobody else waits, a
     * third where another's storm has its third, and always room for one that comes new. */
    DOOR_PENDING_OF_ONE_MAX = DOOR_PENDING_MAX / 2
};

struct door {
    struct host *host;
    /* A receipt for a client that waited. It may be gone. */
    void (*answer)(void *context, struct slice client, struct slice receipt);
    void *context;
    struct parser *parser; /* to count the alerts */
    struct pending_list pending;
    struct refusals refusals;
};

enum err_code door_start(struct door *door, struct err *err);
/* No more requests; what was taken settles. Idempotent. */
void door_stop(struct door *door);
void door_fini(struct door *door);

bool door_has_room(const struct door *door);
bool door_has_room_for(const struct door *door, struct slice authority);

enum door_verdict {
    DOOR_WAITS = 0, /* answer() comes, at once for a dry run, else after the commit */
    DOOR_STORED,    /* here is the receipt of the first time */
    DOOR_REFUSED    /* nothing was taken: the refusal says why */
};
/* The request's authority is known and its bytes are within bounds. `receipt` is in the arena. */
enum door_verdict door_take(struct door *door, struct arena *arena, const struct request *request,
                            struct slice client, struct slice *receipt,
                            struct request_refusal *refusal);
/* To be called by the adapter's settled(). */
void door_settled(struct door *door, const struct adapter_outcome *outcome);

#endif
