#include "geo/query.h"

enum {
    SAMPLES_MAX = 2048, /* of one shape in one unit; then it counts as deep */
};

struct probe {
    const struct geo *geo;
    const struct geo_file_unit *unit;
    double depth_km;
    int samples_left;
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
                         double km)
{
    double kx = UNIT_KM * cos(p.y * GEO_RADIANS_PER_UNIT);
    uint32_t run_count = geo_run_count(ring->count);
    for (uint32_t run = 0; run < run_count; run++) {
        if (!geo_boxes_meet(ring->runs[run], near)) {
            continue;
        }
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        const struct geo_point *q = ring->points + first;
        for (uint32_t i = 0; i < edges; i++) {
            if (edge_distance2(q[i], q[i + 1], p, kx) <= km * km) {
                return true;
            }
        }
    }
    return false;
}

static bool place_is_deep(struct probe *probe, struct geo_point p)
{
    struct geo_box near = {p.x, p.y, p.x, p.y};
    if (!geo_boxes_meet(near, probe->unit->box)) {
        return false;
    }
    if (probe->samples_left-- <= 0) {
        return true;
    }
    near = geo_box_grow(near, geo_reach_of(probe->depth_km, near));
    for (uint32_t i = 0; i < probe->unit->ring_count; i++) {
        uint32_t index = probe->unit->ring_first + i;
        if (geo_boxes_meet(probe->geo->rings[index].box, near)) {
            struct geo_ring ring = geo_ring_at(probe->geo, index);
            if (ring_is_near(&ring, p, near, probe->depth_km)) {
                return false;
            }
        }
    }
    return geo_unit_locate(probe->geo, probe->unit, p) == GEO_INSIDE;
}

static struct geo_point between(struct geo_point a, struct geo_point b, double t)
{
    return (struct geo_point){(int32_t)lround(a.x + t * ((double)b.x - a.x)),
                              (int32_t)lround(a.y + t * ((double)b.y - a.y))};
}

/* A place every half depth: what is missed goes at most a tenth of the depth further. */
static bool edge_is_deep(struct probe *probe, struct geo_point a, struct geo_point b)
{
    struct geo_box box = {a.x < b.x ? a.x : b.x, a.y < b.y ? a.y : b.y, a.x < b.x ? b.x : a.x,
                          a.y < b.y ? b.y : a.y};
    if (!geo_boxes_meet(box, probe->unit->box)) {
        return false;
    }
    double kx = UNIT_KM * cos(a.y * GEO_RADIANS_PER_UNIT);
    double length = hypot((b.x - a.x) * kx, (b.y - a.y) * UNIT_KM);
    int steps = (int)fmin(length / (probe->depth_km / 2), SAMPLES_MAX);
    for (int i = 1; i <= steps; i++) {
        if (place_is_deep(probe, between(a, b, i / (steps + 1.0)))) {
            return true;
        }
    }
    return false;
}

typedef bool edge_fn(struct probe *probe, struct geo_point a, struct geo_point b);

static bool vertex_is_deep(struct probe *probe, struct geo_point a, struct geo_point b)
{
    (void)b;
    return place_is_deep(probe, a);
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
    struct probe probe = {geo, unit, depth_km, SAMPLES_MAX};
    bool inner_is_deep = place_is_deep(&probe, unit->inner);
    for (size_t i = 0; i < query->ring_count; i++) {
        const struct geo_ring *ring = &query->rings[i];
        if (!geo_boxes_meet(ring->box, unit->box)) {
            continue;
        }
        if ((inner_is_deep && geo_ring_locate(ring, unit->inner) == GEO_INSIDE) ||
            any_edge(&probe, ring, vertex_is_deep) || any_edge(&probe, ring, edge_is_deep)) {
            query->coarse = query->coarse || probe.samples_left < 0;
            return true;
        }
    }
    return false;
}
