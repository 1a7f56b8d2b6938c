/*
 * query: one shape made ready for tests against units. For relay/geo only.
 *
 * Rings in integer units, each on the globe's map from -180 to 180 degrees: what reaches beyond is
 * there twice, moved by a full turn. A circle is a ring too, drawn around it, and keeps its centre
 * for distances.
 */
#ifndef CAPRELAY_GEO_QUERY_H
#define CAPRELAY_GEO_QUERY_H

#include "geo/ring.h"

enum {
    /* 8 MiB of CAP hold some 500,000 points; no recorded alert has 40,000. Twice a country's
       outline. */
    GEO_VERTICES_MAX = 65536,
    GEO_RINGS_MAX = 4096,
    /* A few 10 ms; an alert of 200 polygons and 34,000 points needs a twentieth. */
    GEO_WORK_MAX = 20000000
};

struct geo_circle {
    struct geo_point centre;
    double radius_km;
};

struct geo_lines;
/* Accepts NULL. */
void geo_lines_destroy(struct geo_lines *lines);

struct geo_query {
    struct geo_ring *rings;
    size_t ring_count;
    size_t polygon_ring_count; /* the first of them; the others are circles */
    struct geo_circle *circles;
    size_t circle_count;
    struct geo_box box; /* of all rings */
    double area_km2;    /* geo_query_area_km2()'s; negative before the first call */
    bool coarse;        /* some of it is answered by boxes */
    struct geo_work work;
    struct arena *arena;     /* its own */
    struct geo_lines *lines; /* owned; area.c's */
};

/* `margin_km`: how far away from the shape the caller looks (matters at the antimeridian). */
void geo_query_init(struct geo_query *query, const struct geo_shape *shape, double margin_km);
void geo_query_fini(struct geo_query *query);
/* Another shape for a query that was made ready before, in the memory of that one. */
void geo_query_renew(struct geo_query *query, const struct geo_shape *shape, double margin_km);

/* The box of a plain shape, without making a query of it: false where it has circles, crosses the
 * antimeridian or is more than a query holds exactly. */
bool geo_plain_box(const struct geo_shape *shape, struct geo_box *box);
/* Whether the grid alone tells that nothing of the layer is in the box; of that unit of it, where
 * `unit` is not UINT32_MAX. */
bool geo_box_is_clear(const struct geo *geo, struct geo_box box, enum geo_layer layer,
                      uint32_t unit);

/* Sum over the rings, as far as they are the shape's own and not moved by a turn. Computed once,
 * and only where it is asked for: most shapes meet no unit of the other country. */
double geo_query_area_km2(struct geo_query *query);
/* Whether that is no more than `km2`. */
bool geo_query_is_small(struct geo_query *query, double km2);

/* Indices of units of the layer whose box meets a ring grown by that much; rising, each once. In
 * the query's arena. */
struct geo_candidates {
    uint32_t *units;
    size_t count;
};
struct geo_candidates geo_query_candidates(const struct geo *geo, struct geo_query *query,
                                           enum geo_layer layer, double within_km);

/* How a shape lies to a unit. */
struct geo_relation {
    bool crosses;      /* lines meet */
    bool shape_inside; /* a whole ring of the shape lies in the unit */
    bool unit_inside;  /* a whole ring of the unit lies in the shape */
};
struct geo_relation geo_query_relate(const struct geo *geo, struct geo_query *query,
                                     const struct geo_file_unit *unit);
static inline bool geo_relation_meets(struct geo_relation relation)
{
    return relation.crosses || relation.shape_inside || relation.unit_inside;
}

/* Area of shape and unit in common: 64 lines of latitude through each ring, exact along each line.
 * Within 2 % of the smaller of the two for shapes that are not finely toothed. The unit's whole
 * area when the work runs out. */
double geo_query_overlap_km2(const struct geo *geo, struct geo_query *query,
                             const struct geo_file_unit *unit);

/* Whether the shape reaches a place of the unit that is more than `depth_km` from the unit's
 * boundary. */
bool geo_query_is_deep(const struct geo *geo, struct geo_query *query,
                       const struct geo_file_unit *unit, double depth_km);

/* 0 where they meet; exact up to limit_km; HUGE_VAL beyond. Stops as soon as it is under
 * `enough_km`. */
double geo_query_distance_km(const struct geo *geo, struct geo_query *query,
                             const struct geo_file_unit *unit, double limit_km, double enough_km);

/* How far `km` reaches in units: always enough at latitudes up to those of the box. */
struct geo_reach {
    int32_t dx, dy;
};
struct geo_reach geo_reach_of(double km, struct geo_box box);
struct geo_box geo_box_grow(struct geo_box box, struct geo_reach reach);

#endif
