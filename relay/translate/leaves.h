/*
 * leaves: every element of a message that holds a value, by its path, in the order of the document.
 * Only for explain.
 *
 * Paths count from 1: "alert/info[1]/area[2]/geocode[3]". The path of a list ("alert/code") or of
 * what contains others ("alert/info[1]/area[2]") names all leaves below it.
 */
#ifndef CAPRELAY_TRANSLATE_LEAVES_H
#define CAPRELAY_TRANSLATE_LEAVES_H

#include "alert/alert.h"
#include "base/map.h"

struct leaf {
    struct slice path;
    struct slice value;
    struct slice element;           /* "geocode" of the path above */
    struct slice parent;            /* "alert/info[1]/area[2]" */
    const struct cap_polygon *ring; /* of a polygon; else NULL */
};

struct leaf_range {
    size_t first, end; /* [first, end) */
};

struct leaves {
    struct leaf *items;
    size_t count;
    size_t capacity;
    struct map *ranges; /* path to struct leaf_range in the arena */
    bool too_many;      /* more than LEAVES_MAX: the rest was not read */
};

/* Twenty times the largest recorded alert; what has more is meant to be slow. */
enum { LEAVES_MAX = 100000 };

/* The head of `alert` with those infos, which need not be its own. Values lend from them or lie in
 * the arena; leaves_fini() frees the rest. */
void leaves_read(struct leaves *leaves, struct arena *arena, const struct alert *alert,
                 const struct cap_info *const *infos, size_t info_count);
void leaves_fini(struct leaves *leaves);

/* An empty range where no leaf is there or below. */
struct leaf_range leaves_find(const struct leaves *leaves, struct slice path);
/* Whether both say the same: as text, or as the points of a ring. */
bool leaf_same(const struct leaf *a, const struct leaf *b);

#endif
