/*
 * pending: injections that wait for their commit, and who is to hear of it.
 *
 * The same bytes of the same authority may come again before the first is committed (an injector
 * that got no answer): they wait for the one receipt.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_PENDING_H
#define CAPRELAY_ADAPTERS_INJECT_PENDING_H

#include "base/digest.h"
#include "base/slice.h"

#include <stdint.h>

enum { PENDING_CLIENTS_MAX = 8 };

struct pending_client {
    char *identity; /* as its door names it: ROUTER's routing id, a request's number */
    size_t identity_len;
};

struct pending {
    struct pending *next;
    uint64_t receipt;
    bool dry_run;
    char *authority;
    struct digest digest;
    struct pending_client clients[PENDING_CLIENTS_MAX];
    size_t client_count;
};

struct pending_list {
    struct pending *first;
    size_t count;
    uint64_t last_receipt;
};

/* The one that waits for those bytes, not a dry run; NULL for none. */
struct pending *pending_find(const struct pending_list *list, struct slice authority,
                             const struct digest *digest);
/* How many of that authority wait, dry runs too. */
size_t pending_count_of(const struct pending_list *list, struct slice authority);
struct pending *pending_add(struct pending_list *list, struct slice authority,
                            const struct digest *digest, bool dry_run);
/* One more that is to hear of it; more than a few of the same bytes are not remembered: false. */
bool pending_add_client(struct pending *pending, struct slice identity);
/* Takes it out of the list; the caller frees it. NULL where there is none. */
struct pending *pending_take(struct pending_list *list, uint64_t receipt);
void pending_free(struct pending *pending);

#endif
