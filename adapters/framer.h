/*
 * framer: alerts out of bytes without lengths (NAAD's streams, lists of alerts). Pure: bytes in,
 * documents out.
 *
 * A document begins at an XML declaration or at the start tag of an `alert` and ends with its
 * root's end tag; between documents there may be white space and byte order marks. The scan knows
 * comments, CDATA, quoted attributes and depth, so an end tag in a text ends nothing. What breaks
 * off must not swallow what
 * follows: a new XML declaration and an `alert` inside an `alert` end the document before them, and
 * `</alert>` ends an alert at any depth. Linear in the bytes, however they are cut.
 */
#ifndef CAPRELAY_ADAPTERS_FRAMER_H
#define CAPRELAY_ADAPTERS_FRAMER_H

#include "base/slice.h"

#include <stddef.h>

enum frame_kind {
    FRAME_WHOLE,
    FRAME_BROKEN,   /* begins like a document and does not end */
    FRAME_TOO_LONG, /* the first limit + 1 bytes; the rest is passed over in silence */
    FRAME_NOISE,    /* bytes that belong to no document; in pieces if there are many */
    FRAME_CUT       /* what was there when the stream ended: it has not arrived */
};

/* The slice is lent until the call returns. framer_reset() may be called from within: the rest of
 * what was fed is then dropped. */
typedef void (*frame_fn)(void *context, enum frame_kind kind, struct slice bytes);

struct framer;

/* `limit`: the longest document in bytes. */
struct framer *framer_create(size_t limit, frame_fn fn, void *context);
void framer_destroy(struct framer *framer); /* accepts NULL; not from within the callback */
void framer_feed(struct framer *framer, struct slice bytes);
/* The stream has ended: what is there is handed on as cut. */
void framer_end(struct framer *framer);
/* Forgets what is there. */
void framer_reset(struct framer *framer);
/* Bytes of a document that has begun and not ended. */
size_t framer_pending(const struct framer *framer);

#endif
