#include "geo/geo.h"

#include "base/mem.h"
#include "geo/outline.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Where two edges meet, the point is put into both. A ring that has each of its crossings as a
 * point is parted there by geo_simple_rings(), and what is left does not cross itself.
 */

/* Work is bounded: coastlines of 50,000 points need some ten million looks and cross nowhere;
 * beyond that the hull holds the ring too. */
enum { LOOKS_MAX = 50000000, CUTS_MAX = 20000 };

struct edge {
    struct cap_point a, b;
    uint32_t index; /* in the ring */
};

/* A point to be put into an edge. */
struct cut {
    uint32_t edge;
    double along; /* of the edge's start, in squared degrees */
    struct cap_point p;
};

struct crossings {
    struct edge *edges;
    uint32_t count;
    struct cut *cuts;
    size_t cut_count, cut_capacity;
};

static bool same_point(struct cap_point p, struct cap_point q)
{
    return p.lat == q.lat && p.lon == q.lon;
}

static double south(const struct edge *edge)
{
    return fmin(edge->a.lat, edge->b.lat);
}

static int south_cmp(const void *a, const void *b)
{
    const struct edge *p = a;
    const struct edge *q = b;
    double difference = south(p) - south(q);
    if (difference != 0) {
        return difference < 0 ? -1 : 1;
    }
    return (p->index > q->index) - (p->index < q->index);
}

static int cut_cmp(const void *a, const void *b)
{
    const struct cut *p = a;
    const struct cut *q = b;
    if (p->edge != q->edge) {
        return p->edge < q->edge ? -1 : 1;
    }
    return (p->along > q->along) - (p->along < q->along);
}

static void cut_add(struct crossings *crossings, const struct edge *edge, struct cap_point p)
{
    if (same_point(p, edge->a) || same_point(p, edge->b)) {
        return;
    }
    double up = p.lat - edge->a.lat;
    double right = p.lon - edge->a.lon;
    crossings->cuts = mem_grow(crossings->cuts, crossings->cut_count, &crossings->cut_capacity,
                               sizeof(*crossings->cuts));
    crossings->cuts[crossings->cut_count++] = (struct cut){edge->index, up * up + right * right, p};
}

static bool between(double a, double value, double b)
{
    return fmin(a, b) <= value && value <= fmax(a, b);
}

/* The end of one edge lies on the other. */
static void end_touch(struct crossings *crossings, const struct edge *edge, struct cap_point end)
{
    if (geo_turn(edge->a, edge->b, end) == 0 && between(edge->a.lat, end.lat, edge->b.lat) &&
        between(edge->a.lon, end.lon, edge->b.lon)) {
        cut_add(crossings, edge, end);
    }
}

static void edges_meet(struct crossings *crossings, const struct edge *one, const struct edge *two)
{
    double a = geo_turn(two->a, two->b, one->a);
    double b = geo_turn(two->a, two->b, one->b);
    double c = geo_turn(one->a, one->b, two->a);
    double d = geo_turn(one->a, one->b, two->b);
    if (a * b > 0 || c * d > 0) {
        return;
    }
    if (a == 0 || b == 0 || c == 0 || d == 0) {
        end_touch(crossings, two, one->a);
        end_touch(crossings, two, one->b);
        end_touch(crossings, one, two->a);
        end_touch(crossings, one, two->b);
        return;
    }
    double share = a / (a - b);
    struct cap_point p = {one->a.lat + share * (one->b.lat - one->a.lat),
                          one->a.lon + share * (one->b.lon - one->a.lon)};
    cut_add(crossings, one, p);
    cut_add(crossings, two, p);
}

/* False where that would be too much work. */
static bool crossings_find(struct crossings *crossings)
{
    size_t looks = 0;
    qsort(crossings->edges, crossings->count, sizeof(*crossings->edges), south_cmp);
    for (uint32_t i = 0; i < crossings->count; i++) {
        const struct edge *one = &crossings->edges[i];
        double north = fmax(one->a.lat, one->b.lat);
        double west = fmin(one->a.lon, one->b.lon);
        double east = fmax(one->a.lon, one->b.lon);
        for (uint32_t j = i + 1; j < crossings->count; j++) {
            const struct edge *two = &crossings->edges[j];
            if (south(two) > north) {
                break;
            }
            looks++;
            if (fmin(two->a.lon, two->b.lon) <= east && fmax(two->a.lon, two->b.lon) >= west) {
                edges_meet(crossings, one, two);
            }
        }
        if (looks > LOOKS_MAX || crossings->cut_count > CUTS_MAX) {
            return false;
        }
    }
    return true;
}

/* Closed; longitudes go on over the antimeridian, as they do in edges. */
static struct cap_polygon ring_with_cuts(struct arena *arena, struct crossings *crossings,
                                         const struct cap_point *points)
{
    struct cap_polygon ring = {0};
    size_t next = 0;
    ring.points =
        arena_alloc_array(arena, crossings->count + crossings->cut_count + 1, sizeof(*ring.points));
    qsort(crossings->cuts, crossings->cut_count, sizeof(*crossings->cuts), cut_cmp);
    for (uint32_t i = 0; i < crossings->count; i++) {
        ring.points[ring.count++] = points[i];
        for (; next < crossings->cut_count && crossings->cuts[next].edge == i; next++) {
            if (!same_point(ring.points[ring.count - 1], crossings->cuts[next].p)) {
                ring.points[ring.count++] = crossings->cuts[next].p;
            }
        }
    }
    ring.points[ring.count++] = points[0];
    return ring;
}

static void longitudes_wrap(struct cap_polygon *rings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < rings[i].count; k++) {
            rings[i].points[k].lon -= 360 * round(rings[i].points[k].lon / 360);
        }
    }
}

static size_t one_ring(struct arena *arena, struct cap_polygon ring, struct cap_polygon **out)
{
    *out = arena_alloc_array(arena, 1, sizeof(**out));
    **out = ring;
    return 1;
}

static struct cap_polygon hull(struct arena *arena, struct cap_point *points, uint32_t count)
{
    struct cap_polygon ring = {0};
    ring.points = arena_alloc_array(arena, 2 * (size_t)count + 2, sizeof(*ring.points));
    ring.count = geo_outline_hull(points, count, ring.points);
    ring.points[ring.count++] = ring.points[0];
    longitudes_wrap(&ring, 1);
    return ring;
}

size_t geo_uncrossed_rings(struct arena *arena, const struct cap_polygon *ring,
                           struct cap_polygon **out)
{
    struct cap_point *points = mem_alloc_array(ring->count + 1, sizeof(*points));
    struct crossings crossings = {.count = geo_outline_points(ring, points)};
    crossings.edges = mem_alloc_array(crossings.count + 1, sizeof(*crossings.edges));
    for (uint32_t i = 0; i < crossings.count; i++) {
        crossings.edges[i] = (struct edge){points[i], points[(i + 1) % crossings.count], i};
    }
    size_t made;
    if (!crossings_find(&crossings)) {
        made = one_ring(arena, hull(arena, points, crossings.count), out);
    } else if (crossings.cut_count == 0) {
        made = one_ring(arena, *ring, out);
    } else {
        struct cap_polygon cut = ring_with_cuts(arena, &crossings, points);
        made = geo_simple_rings(arena, &cut, out);
        longitudes_wrap(*out, made);
    }
    free(points);
    free(crossings.edges);
    free(crossings.cuts);
    return made;
}
