/*
 * ring: exact tests on rings of integer points. For relay/geo only. Pure.
 *
 * Coordinates stay under 2^26 in size, so that every cross product fits 64 bits and no test rounds.
 */
#ifndef CAPRELAY_GEO_RING_H
#define CAPRELAY_GEO_RING_H

#include "geo/index.h"

/* Closed: the last point repeats the first. A single place is two equal points. Everything is lent.
 */
struct geo_ring {
    const struct geo_point *points;
    uint32_t count;
    const struct geo_box *runs; /* geo_run_count(count) */
    struct geo_box box;
    bool hole;
    bool is_turned; /* the same ring is there a turn away */
};

enum geo_where { GEO_OUTSIDE = -1, GEO_ON_EDGE = 0, GEO_INSIDE = 1 };

/* What one query may still do. When it runs out, tests answer as if the rings met. */
struct geo_work {
    int64_t left; /* edge tests */
    bool exhausted;
};

struct geo_ring geo_ring_at(const struct geo *geo, uint32_t ring);

static inline bool geo_boxes_meet(struct geo_box a, struct geo_box b)
{
    return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

static inline struct geo_box geo_box_join(struct geo_box a, struct geo_box b)
{
    return (struct geo_box){a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0,
                            a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1};
}

/* Points of run `run`: first index and how many edges follow. */
uint32_t geo_run_edges(const struct geo_ring *ring, uint32_t run, uint32_t *first);

/* By winding number: a place that a ring goes around is inside, however often. */
enum geo_where geo_ring_locate(const struct geo_ring *ring, struct geo_point p);
/* Whether two rings have a point of their lines in common. */
bool geo_rings_cross(const struct geo_ring *a, const struct geo_ring *b, struct geo_work *work);
/* Always positive; sphere. */
double geo_ring_area_km2(const struct geo_ring *ring);

enum geo_where geo_unit_locate(const struct geo *geo, const struct geo_file_unit *unit,
                               struct geo_point p);

#endif
