#include "geo/query.h"

#include <stdlib.h>

enum {
    SAMPLES_MAX = 4096 /* of one shape in one unit; then it counts as deep */
};

struct probe {
    const struct geo *geo;
    const struct geo_file_unit *unit;
    double depth_km;
    int samples_left;
    struct geo_point last; /* the sample before this one */
    struct geo_work *work;
};

#define UNIT_KM (GEO_RADIANS_PER_UNIT * GEO_EARTH_RADIUS_KM)

/* Squared distance in km2 on a plane that is true at p. */
static double edge_distance2(struct geo_point a, struct geo_point b, struct geo_point p, double kx)
{
    double ax = (a.x - p.x) * kx;
    double ay = (a.y - p.y) * UNIT_KM;
    double dx = (b.x - a.x) * kx;
    double dy = (b.y - a.y) * UNIT_KM;
    double length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? -(ax * dx + ay * dy) / length2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    double x = ax + t * dx;
    double y = ay + t * dy;
    return x * x + y * y;
}

static bool ring_is_near(const struct geo_ring *ring, struct geo_point p, struct geo_box near,
                         double km, struct geo_work *work)
{
    double kx = UNIT_KM * cos(p.y * GEO_RADIANS_PER_UNIT);
    uint32_t run_count = geo_run_count(ring->count);
    work->left -= run_count;
    for (uint32_t run = 0; run < run_count; run++) {
        if (!geo_boxes_meet(ring->runs[run], near)) {
            continue;
        }
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        const struct geo_point *q = ring->points + first;
        work->left -= edges;
        for (uint32_t i = 0; i < edges; i++) {
            if (edge_distance2(q[i], q[i + 1], p, kx) <= km * km) {
                return true;
            }
        }
    }
    return false;
}

static bool place_is_near(struct probe *probe, struct geo_point p, double km)
{
    struct geo_box near = {p.x, p.y, p.x, p.y};
    near = geo_box_grow(near, geo_reach_of(km, near));
    for (uint32_t i = 0; i < probe->unit->ring_count; i++) {
        uint32_t index = probe->unit->ring_first + i;
        if (geo_boxes_meet(probe->geo->rings[index].box, near)) {
            struct geo_ring ring = geo_ring_at(probe->geo, index);
            if (ring_is_near(&ring, p, near, km, probe->work)) {
                return true;
            }
        }
    }
    return false;
}

static bool place_is_deep(struct probe *probe, struct geo_point p)
{
    struct geo_box place = {p.x, p.y, p.x, p.y};
    if (!geo_boxes_meet(place, probe->unit->box)) {
        return false;
    }
    if (probe->samples_left-- <= 0 || probe->work->left < 0) {
        probe->work->exhausted = true;
        return true;
    }
    probe->last = p;
    return !place_is_near(probe, p, probe->depth_km) &&
           geo_unit_locate(probe->geo, probe->unit, p) == GEO_INSIDE;
}

/*
 * Looks at the middle, then at both halves, down to a quarter of the depth: what is missed goes at
 * most a tenth of the depth further. A piece whose surroundings are free of the boundary is wholly
 * outside when its middle is.
 */
static bool edge_is_deep(struct probe *probe, struct geo_point a, struct geo_point b)
{
    struct geo_box box = {a.x < b.x ? a.x : b.x, a.y < b.y ? a.y : b.y, a.x < b.x ? b.x : a.x,
                          a.y < b.y ? b.y : a.y};
    if (!geo_boxes_meet(box, probe->unit->box)) {
        return false;
    }
    double kx = UNIT_KM * cos(a.y * GEO_RADIANS_PER_UNIT);
    double half_km = hypot((b.x - a.x) * kx, (b.y - a.y) * UNIT_KM) / 2;
    if (half_km < probe->depth_km / 4) {
        return false;
    }
    struct geo_point middle = {(int32_t)(((int64_t)a.x + b.x) / 2),
                               (int32_t)(((int64_t)a.y + b.y) / 2)};
    if (place_is_deep(probe, middle)) {
        return true;
    }
    if (half_km < 50 && !place_is_near(probe, middle, half_km * 1.1) &&
        geo_unit_locate(probe->geo, probe->unit, middle) == GEO_OUTSIDE) {
        return false;
    }
    return edge_is_deep(probe, a, middle) || edge_is_deep(probe, middle, b);
}

typedef bool edge_fn(struct probe *probe, struct geo_point a, struct geo_point b);

static bool vertex_is_deep(struct probe *probe, struct geo_point a, struct geo_point b)
{
    (void)b;
    int32_t near = (int32_t)(probe->depth_km / 4 / UNIT_KM);
    bool is_close = abs(a.x - probe->last.x) < near && abs(a.y - probe->last.y) < near;
    return !is_close && place_is_deep(probe, a);
}

static bool any_edge(struct probe *probe, const struct geo_ring *ring, edge_fn *is_deep)
{
    uint32_t run_count = geo_run_count(ring->count);
    for (uint32_t run = 0; run < run_count; run++) {
        if (!geo_boxes_meet(ring->runs[run], probe->unit->box)) {
            continue;
        }
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        for (uint32_t i = 0; i < edges; i++) {
            if (is_deep(probe, ring->points[first + i], ring->points[first + i + 1])) {
                return true;
            }
        }
    }
    return false;
}

/* If no line of the shape comes deep into the unit, its deep part is all in the shape or all
 * outside: one place tells. */
bool geo_query_is_deep(const struct geo *geo, struct geo_query *query,
                       const struct geo_file_unit *unit, double depth_km)
{
    struct probe probe = {.geo = geo,
                          .unit = unit,
                          .depth_km = depth_km,
                          .samples_left = SAMPLES_MAX,
                          .work = &query->work};
    bool inner_is_deep = place_is_deep(&probe, unit->inner);
    for (size_t i = 0; i < query->ring_count; i++) {
        const struct geo_ring *ring = &query->rings[i];
        if (!geo_boxes_meet(ring->box, unit->box)) {
            continue;
        }
        if ((inner_is_deep && geo_ring_locate(ring, unit->inner) == GEO_INSIDE) ||
            any_edge(&probe, ring, vertex_is_deep) || any_edge(&probe, ring, edge_is_deep)) {
            return true;
        }
    }
    return false;
}
