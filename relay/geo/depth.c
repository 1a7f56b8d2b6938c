#include "geo/query.h"

#include <stdlib.h>

enum {
    SAMPLES_MAX = 4096 /* of one shape in one unit; then it counts as deep */
};

/* One run of edges of the unit's boundary. */
struct near_run {
    const struct geo_box *box;
    const struct geo_point *points;
    uint32_t edges;
};

/* Runs that a part of the shape may come near. A smaller part takes its own to the front, so that
 * no list is ever copied: the order within a list means nothing. */
struct near_runs {
    struct near_run *items;
    uint32_t count;
};

struct probe {
    const struct geo *geo;
    const struct geo_file_unit *unit;
    double depth_km;
    int samples_left;
    struct geo_point last; /* the sample before this one */
    struct geo_work *work;
    struct arena *arena;
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

static struct geo_box box_around(struct geo_point a, struct geo_point b)
{
    return (struct geo_box){a.x < b.x ? a.x : b.x, a.y < b.y ? a.y : b.y, a.x < b.x ? b.x : a.x,
                            a.y < b.y ? b.y : a.y};
}

static double half_length_km(struct geo_box box)
{
    double kx = UNIT_KM * cos(box.y0 * GEO_RADIANS_PER_UNIT);
    return hypot(((double)box.x1 - box.x0) * kx, ((double)box.y1 - box.y0) * UNIT_KM) / 2;
}

/* What is looked at around the middle of a piece that is not longer than the box: its surroundings
 * as far as it reaches itself, and the depth. */
static struct geo_box surroundings(const struct probe *probe, struct geo_box box)
{
    double km = fmax(probe->depth_km, half_length_km(box) * 1.2);
    return geo_box_grow(box, geo_reach_of(km, box));
}

/* All runs of the unit that meet the box. */
static struct near_runs runs_list(struct probe *probe, struct geo_box box)
{
    struct near_runs list = {0};
    size_t capacity = 0;
    for (uint32_t i = 0; i < probe->unit->ring_count; i++) {
        struct geo_ring ring = geo_ring_at(probe->geo, probe->unit->ring_first + i);
        uint32_t run_count = geo_boxes_meet(ring.box, box) ? geo_run_count(ring.count) : 0;
        probe->work->left -= run_count;
        for (uint32_t run = 0; run < run_count; run++) {
            if (!geo_boxes_meet(ring.runs[run], box)) {
                continue;
            }
            uint32_t first;
            uint32_t edges = geo_run_edges(&ring, run, &first);
            list.items =
                arena_grow(probe->arena, list.items, list.count, &capacity, sizeof(*list.items));
            list.items[list.count++] =
                (struct near_run){&ring.runs[run], ring.points + first, edges};
        }
    }
    return list;
}

static struct near_runs runs_within(struct probe *probe, struct near_runs all, struct geo_box box)
{
    struct near_runs within = {all.items, 0};
    probe->work->left -= all.count / 8;
    for (uint32_t i = 0; i < all.count; i++) {
        if (geo_boxes_meet(*all.items[i].box, box)) {
            struct near_run run = all.items[i];
            all.items[i] = all.items[within.count];
            all.items[within.count++] = run;
        }
    }
    return within;
}

/* Kilometres from p to the boundary; `far_km` where that is further than it. `runs` has all that is
 * nearer. Stops as soon as it is under `enough_km`. */
static double boundary_km(struct probe *probe, struct near_runs runs, struct geo_point p,
                          double far_km, double enough_km)
{
    double kx = UNIT_KM * cos(p.y * GEO_RADIANS_PER_UNIT);
    double best2 = far_km * far_km, enough2 = enough_km * enough_km;
    for (uint32_t i = 0; i < runs.count && best2 > enough2; i++) {
        const struct near_run *run = &runs.items[i];
        double dx = fmax(0, fmax(run->box->x0 - p.x, p.x - run->box->x1)) * kx * 0.97;
        double dy = fmax(0, fmax(run->box->y0 - p.y, p.y - run->box->y1)) * UNIT_KM;
        if (dx * dx + dy * dy > best2) {
            continue;
        }
        probe->work->left -= run->edges;
        for (uint32_t k = 0; k < run->edges; k++) {
            best2 = fmin(best2, edge_distance2(run->points[k], run->points[k + 1], p, kx));
        }
    }
    return sqrt(best2);
}

static bool place_is_deep(struct probe *probe, struct near_runs runs, struct geo_point p)
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
    return geo_unit_cell(probe->geo, probe->unit, p) != GEO_CELL_OUT &&
           boundary_km(probe, runs, p, probe->depth_km * 1.001, probe->depth_km) >
               probe->depth_km &&
           geo_unit_locate(probe->geo, probe->unit, p) == GEO_INSIDE;
}

/* Whether a piece with that middle goes nowhere deeper than a tenth beyond the depth: the distance
 * to the boundary changes by no more than the way along the piece. *deep: its middle is deep. */
static bool piece_is_shallow(struct probe *probe, struct near_runs runs, struct geo_point middle,
                             double half_km, bool *deep)
{
    double depth_km = probe->depth_km;
    double enough_km = depth_km * 1.1 - half_km;
    double km =
        boundary_km(probe, runs, middle, fmax(depth_km * 1.001, half_km * 1.1), fmax(0, enough_km));
    if (km <= enough_km) {
        return true;
    }
    bool inside = geo_unit_locate(probe->geo, probe->unit, middle) == GEO_INSIDE;
    *deep = inside && km > depth_km;
    return !inside && half_km < 50 && half_km <= km + depth_km;
}

/*
 * Looks at the middle, then at both halves, down to a quarter of the depth: what is missed goes at
 * most a tenth of the depth further.
 */
static bool edge_is_deep(struct probe *probe, struct near_runs runs, struct geo_point a,
                         struct geo_point b)
{
    struct geo_box box = box_around(a, b);
    if (!geo_boxes_meet(box, probe->unit->box)) {
        return false;
    }
    double half_km = half_length_km(box);
    if (half_km < probe->depth_km / 4) {
        return false;
    }
    if (probe->samples_left-- <= 0 || probe->work->left < 0) {
        probe->work->exhausted = true;
        return true;
    }
    runs = runs_within(probe, runs, surroundings(probe, box));
    struct geo_point middle = {(int32_t)(((int64_t)a.x + b.x) / 2),
                               (int32_t)(((int64_t)a.y + b.y) / 2)};
    bool deep = false;
    if (piece_is_shallow(probe, runs, middle, half_km, &deep) || deep) {
        return deep;
    }
    return edge_is_deep(probe, runs, a, middle) || edge_is_deep(probe, runs, middle, b);
}

typedef bool edge_fn(struct probe *probe, struct near_runs runs, struct geo_point a,
                     struct geo_point b);

static bool vertex_is_deep(struct probe *probe, struct near_runs runs, struct geo_point a,
                           struct geo_point b)
{
    (void)b;
    int32_t near = (int32_t)(probe->depth_km / 4 / UNIT_KM);
    bool is_close = abs(a.x - probe->last.x) < near && abs(a.y - probe->last.y) < near;
    return !is_close && place_is_deep(probe, runs, a);
}

static bool any_edge(struct probe *probe, struct near_runs runs, const struct geo_ring *ring,
                     edge_fn *is_deep)
{
    uint32_t run_count = geo_run_count(ring->count);
    for (uint32_t run = 0; run < run_count; run++) {
        if (!geo_boxes_meet(ring->runs[run], probe->unit->box)) {
            continue;
        }
        struct near_runs near = runs_within(probe, runs, surroundings(probe, ring->runs[run]));
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        for (uint32_t i = 0; i < edges; i++) {
            if (is_deep(probe, near, ring->points[first + i], ring->points[first + i + 1])) {
                return true;
            }
        }
    }
    return false;
}

static bool place_of_unit_is_deep(struct probe *probe, struct geo_point p)
{
    struct geo_box place = {p.x, p.y, p.x, p.y};
    return place_is_deep(probe, runs_list(probe, surroundings(probe, place)), p);
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
                          .work = &query->work,
                          .arena = query->arena};
    bool inner_is_deep = place_of_unit_is_deep(&probe, unit->inner);
    for (size_t i = 0; i < query->ring_count; i++) {
        const struct geo_ring *ring = &query->rings[i];
        if (!geo_boxes_meet(ring->box, unit->box)) {
            continue;
        }
        if (inner_is_deep && geo_ring_locate(ring, unit->inner) == GEO_INSIDE) {
            return true;
        }
        struct near_runs runs = runs_list(&probe, surroundings(&probe, ring->box));
        if (any_edge(&probe, runs, ring, vertex_is_deep) ||
            any_edge(&probe, runs, ring, edge_is_deep)) {
            return true;
        }
    }
    return false;
}
