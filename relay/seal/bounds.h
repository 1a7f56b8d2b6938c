/*
 * bounds: texts of unlimited length in a header of limited length (docs/protocol.md 3.2). For this
 * room only. CAP limits none of its texts; nothing of an alert may keep it from being sealed.
 */
#ifndef CAPRELAY_SEAL_BOUNDS_H
#define CAPRELAY_SEAL_BOUNDS_H

#include "base/arena.h"
#include "base/slice.h"

enum {
    BOUNDS_TEXT_BYTES = 1000,  /* of a text that is there to be read or filtered by */
    BOUNDS_WHERE_BYTES = 200,  /* of the path in a note */
    BOUNDS_NAME_BYTES = 4096,  /* of a sender or identifier that is there to be compared */
    BOUNDS_CODE_BYTES = 32,    /* of a geocode; a longer one is none */
    BOUNDS_CODES_MAX = 5000,   /* geocodes in a header */
    BOUNDS_LIST_BYTES = 65536, /* of the texts of a list; what is left of it is counted */
};

/* Itself, or its beginning with `…` behind, in the arena. Absent stays absent. */
struct slice bounds_text(struct arena *arena, struct slice text, size_t max_bytes);
/* Itself, or `blake2b:` and the digest of it: as good for a comparison, but not to be read. */
struct slice bounds_name(struct arena *arena, struct slice name);

#endif
