/*
 * row: whole requests that nobody has looked at yet, in the order in which they get their turn.
 *
 * Authorities take turns: with each round one request of each, so that whoever brings hundreds
 * waits for himself, and the others for one of his. For one thread.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_HTTP_ROW_H
#define CAPRELAY_ADAPTERS_INJECT_HTTP_ROW_H

#include "base/digest.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct row_item {
    uint64_t id, round;
    struct digest whose;
};

struct row {
    struct row_item *items; /* by round, then as they came */
    size_t count, capacity;
    uint64_t round; /* the first in which a newcomer may have a turn */
};

/* Zeroed is empty. */
void row_fini(struct row *row);
/* `whose`: an authority's name; empty for strangers. */
void row_put(struct row *row, uint64_t id, struct slice whose);
/* The next one; there must be one. */
uint64_t row_take(struct row *row);

#endif
