/*
 * geo: what an area touches.
 *
 * Answers come from one packed file of boundaries (docs in relay/geo/format.h; made by
 * boundaries/), which is memory-mapped and read-only, so a `struct geo` may be used from several
 * threads. No clock, no state between calls. Coordinates are WGS 84 degrees; areas may cross the
 * antimeridian (a ring whose neighbouring points are more than 180 degrees of longitude apart goes
 * the short way).
 *
 * Work is bounded: where an alert has more vertices than GEO_VERTICES_MAX the rest is answered
 * conservatively, by boxes (an area counts as touched, a distance as 0), and `coarse` says so.
 */
#ifndef CAPRELAY_GEO_GEO_H
#define CAPRELAY_GEO_GEO_H

#include "alert/alert.h"
#include "base/err.h"

struct geo;

enum geo_layer {
    GEO_NONE = 0,
    GEO_COUNTRY,      /* code "CA", "US": land and territorial sea */
    GEO_CA_PROVINCE,  /* SGC, 2 digits; region letters in `region` */
    GEO_CA_CD,        /* SGC, 4 digits (census division) */
    GEO_CA_CSD,       /* SGC, 7 digits (census subdivision) */
    GEO_CA_CLC,       /* ECCC location code, 6 digits */
    GEO_US_STATE,     /* FIPS, 2 digits; postal letters in `region` */
    GEO_US_COUNTY,    /* SAME, 6 digits PSSCCC with P = 0 */
    GEO_US_SAME_PART, /* SAME, 6 digits: parts of counties, marine areas */
    GEO_US_ZONE       /* UGC, ssZnnn */
};

/* The shape of one alert or one of its areas: a union of rings and circles. */
struct geo_shape {
    const struct cap_polygon *polygons; /* lent */
    size_t polygon_count;
    const struct cap_circle *circles;
    size_t circle_count;
};

struct geo_unit {
    enum geo_layer layer;
    struct slice code;    /* lent from the map */
    struct slice name;    /* lent; may be absent */
    struct slice name_fr; /* lent; may be absent */
    struct slice region;  /* postal letters of state or province */
    double share; /* of the unit's area that the shape overlaps, 0..1; 1 where not computed */
    double share_of_shape; /* of the shape's area that lies in the unit, 0..1 */
};

struct geo_units {
    struct geo_unit *items; /* in the arena, sorted by layer, then code */
    size_t count;
    bool coarse;
};

struct geo_source {
    struct slice name, date, licence, attribution;
};

enum err_code geo_open(const char *path, struct geo **out, struct err *err);
void geo_close(struct geo *geo);

struct slice geo_grade(const struct geo *geo); /* "standard", "full" */
struct digest geo_checksum(const struct geo *geo);
size_t geo_source_count(const struct geo *geo);
struct geo_source geo_source_at(const struct geo *geo, size_t index);
bool geo_has_layer(const struct geo *geo, enum geo_layer layer);

/* Units of that layer that the shape overlaps. A shape that only touches a border within the
 * layers' disagreement (1.2 km) does not overlap: such units are in *slivers (may be NULL), as are
 * those under `least_share` of both, unit and shape. A shape of no more than 6 km2 that falls into
 * a gap between units takes the nearest within 1.2 km, if the country's exact border says that it
 * lies on that side; both its shares are 0. Shares are within 2 % of the smaller of the two; a
 * shape without area (points, lines) has share 0 and share_of_shape 1. */
struct geo_units geo_cover(const struct geo *geo, struct arena *arena,
                           const struct geo_shape *shape, enum geo_layer layer, double least_share,
                           struct geo_units *slivers);

/* The same for several layers of one shape, which is made ready once; the shape is lent until
 * geo_ready_destroy(), which accepts NULL. Not for use by two threads at once. */
struct geo_ready;
struct geo_ready *geo_ready_create(const struct geo_shape *shape);
void geo_ready_destroy(struct geo_ready *ready);
/* The next shape, in the memory of the one before. */
void geo_ready_renew(struct geo_ready *ready, const struct geo_shape *shape);
struct geo_units geo_ready_cover(const struct geo *geo, struct arena *arena,
                                 struct geo_ready *ready, enum geo_layer layer, double least_share,
                                 struct geo_units *slivers);

/* Whether any part of the shape lies in that country (land or territorial sea) or within `km` of
 * it, on the ellipsoid's mean sphere. */
bool geo_within(const struct geo *geo, const struct geo_shape *shape, enum side country, double km);
/* Kilometres to that country, 0 inside; not exact beyond `limit_km`, where any larger number may
 * come. */
double geo_distance_km(const struct geo *geo, const struct geo_shape *shape, enum side country,
                       double limit_km);

/* States or provinces of that side whose land the shape touches or comes within `km` of. Sorted by
 * region letters. */
struct geo_units geo_regions(const struct geo *geo, struct arena *arena,
                             const struct geo_shape *shape, enum side side, double km);

/* The country in which the larger part of the shape lies; SIDE_NONE for neither. */
enum side geo_side_of(const struct geo *geo, const struct geo_shape *shape);

/*
 * The shape of a geocode. `scheme` is the valueName (SAME, UGC, FIPS6, profile:CAP-CP:Location:*,
 * layer:EC-MSC-SMC:1.*:CLC, ...). Polygons are made in the arena. ERR_NOT_FOUND where the scheme or
 * the code is unknown; *coarse is set where a wider unit had to stand in (a province for a census
 * subdivision). "00" (all Canada) and SAME 000000 give the country and set *national.
 */
enum err_code geo_geocode_shape(const struct geo *geo, struct arena *arena, struct slice scheme,
                                struct slice code, struct geo_shape *out, bool *coarse,
                                bool *national, struct err *err);

/* One unit by code, NULL fields where there is none. */
bool geo_unit_find(const struct geo *geo, enum geo_layer layer, struct slice code,
                   struct geo_unit *out);

/* The union's outline is never computed at run time; a shape with too many vertices is simplified
 * outward: every point of the original lies inside the result. At most `vertices_max` points a ring
 * (at least 4). Of a ring that crosses itself a sliver between its points may be lost: part it
 * before (geo_uncrossed_rings). Rings in the arena. */
struct cap_polygon geo_simplify_outward(struct arena *arena, const struct cap_polygon *ring,
                                        size_t vertices_max);

/* The same without a point that is there twice: repeats that follow each other go, and a ring that
 * comes back to one of its points is parted there. Together they hold all that the ring holds; a
 * hole that it goes round from one of its points is a ring too, and so covered. Returns how many,
 * 1 at least: a ring without repeats, or without area, is given as it is, text and all. The array
 * is in the arena. */
size_t geo_simple_rings(struct arena *arena, const struct cap_polygon *ring,
                        struct cap_polygon **out);

/* The same, and parted wherever it crosses or touches itself, so that none of the rings does; to a
 * hair of rounding (1e-13 degrees). Together they hold what the ring goes round, in whatever
 * direction and however often. One that crosses itself beyond measure is given as its convex hull.
 * n log n for what mortals draw. */
size_t geo_uncrossed_rings(struct arena *arena, const struct cap_polygon *ring,
                           struct cap_polygon **out);

#endif
