/*
 * cut: the parts of an XML element as the bytes that were received. Internal to the room.
 *
 * What is signed, and what a reader is to see as it came, must not pass through a writer. Only for
 * bytes that libxml2 has read as a whole and whose markup is plain ASCII (scan.h): this finds where
 * elements begin and end, and judges nothing. (A signed alert in a wrapper is given from the tree,
 * whatever the encoding: detach.h.)
 */
#ifndef CAPRELAY_ALERT_CUT_H
#define CAPRELAY_ALERT_CUT_H

#include "base/arena.h"

#include <stdbool.h>

/* All lent from the bytes. */
struct cut {
    struct slice before;    /* up to the element: declaration, comments */
    struct slice start_tag; /* the whole element where it is empty (<a/>) */
    struct slice *children; /* the elements in it, in order; in the arena */
    size_t count;
    struct slice end_tag; /* absent where it is empty */
};

/* The first element in `bytes`, and its children. False where there is none, where it has no end,
 * or where there is a DOCTYPE. */
bool cut_element(struct arena *arena, struct slice bytes, struct cut *out);

#endif
