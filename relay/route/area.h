/*
 * area: where an alert is, as one shape made once for every later question. Pure.
 *
 * An area is resolved by its polygons and circles and by the shapes of its geocodes, or, where the
 * profile says that shapes outrank geocodes (CAP-CP), by its shapes alone. Language blocks that
 * repeat the areas of another are taken once.
 */
#ifndef CAPRELAY_ROUTE_AREA_H
#define CAPRELAY_ROUTE_AREA_H

#include "geo/geo.h"

/* west, south, east, north in degrees; west > east where it crosses the antimeridian. */
struct route_box {
    bool set;
    double west, south, east, north;
};

struct route_area {
    struct geo_shape shape;       /* all that could be resolved; in the arena */
    bool usable;                  /* the shape has something */
    bool given;                   /* the alert has an area at all */
    bool national;                /* a geocode for a whole country */
    bool unresolved;              /* no area, or an area (or a part of one) without shape */
    struct slice unresolved_desc; /* areaDesc of the first of those */
    struct route_box box;
};

/* `geo` may be NULL: geocodes then have no shape. Texts are lent from the alert, polygons from it
 * or the arena. */
void route_area_of(const struct geo *geo, struct arena *arena, const struct alert *alert,
                   bool shapes_outrank_codes, struct route_area *out);

#endif
