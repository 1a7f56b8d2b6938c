/*
 * seen: what a source that is asked again and again has delivered before, remembered by marks in
 * the journal, so that a restart does not fetch everything anew.
 *
 * A mark for each item there ever was would grow without end. There are 65,536 places for the eight
 * latest items whose digests begin alike: weeks of a nation's alerts. One that was pushed out all
 * the same is fetched again, and is a duplicate then: nothing is ever lost by it.
 *
 * For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_SEEN_H
#define CAPRELAY_ADAPTERS_SEEN_H

#include "adapters/adapter.h"

enum { SEEN_ITEM = 17, SEEN_ITEMS = 8 };

struct seen_mark {
    char key[16];
    char value[SEEN_ITEM * SEEN_ITEMS + 1];
};

/* Whether a document that carried the mark of that item is in the journal. */
bool seen_before(struct host *host, struct slice id);

/* The mark for the item's document: `mark` is lent to host_deliver() by the caller, who puts it
 * into the document by seen_put(). */
void seen_make(struct host *host, struct slice id, struct seen_mark *mark);
void seen_put(const struct seen_mark *mark, struct adapter_document *document);

#endif
