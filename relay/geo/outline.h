/*
 * outline: a ring as the plain points that drawing works on, in degrees. Internal to the room.
 */
#ifndef CAPRELAY_GEO_OUTLINE_H
#define CAPRELAY_GEO_OUTLINE_H

#include "alert/alert.h"

#include <stdint.h>

/* Twice the area of a, b, c; positive where they turn left. */
static inline double geo_turn(struct cap_point a, struct cap_point b, struct cap_point c)
{
    return (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
}

/* Without repeats that follow each other and without the closing point, counter-clockwise,
 * longitudes going on over the antimeridian. `out` has ring->count places. Returns how many. */
uint32_t geo_outline_points(const struct cap_polygon *ring, struct cap_point *out);

/* The convex hull, counter-clockwise; sorts `points`. `out` has 2 * count + 1 places. Returns how
 * many. */
uint32_t geo_outline_hull(struct cap_point *points, uint32_t count, struct cap_point *out);

#endif
