#include "geo/geo.h"

#include "base/mem.h"
#include "geo/outline.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Outward only: a reflex corner is filled (its triangle is added), or an edge between two convex
 * corners is taken away by drawing its neighbours on until they meet. The smallest added area goes
 * first; what would run into another part of the ring is left alone. Corners keep their place in
 * the array, so that boxes over fixed runs of them tell quickly what is near.
 */

enum { RUN = 64 };

struct corner {
    struct cap_point p;
    uint32_t before, after, stamp;
    bool gone;
};

struct box {
    double lat0, lon0, lat1, lon1;
};

struct step {
    double cost;
    uint32_t corner, stamp;
};

struct outline {
    struct corner *corners;
    uint32_t count, left;
    struct box bounds; /* no new corner goes beyond: three times as wide and high as the ring */
    struct box *runs;  /* of the corners and of the edges that leave them */
    struct step *heap;
    size_t heap_count, heap_capacity;
};

static void box_add(struct box *box, struct cap_point p)
{
    box->lat0 = fmin(box->lat0, p.lat);
    box->lat1 = fmax(box->lat1, p.lat);
    box->lon0 = fmin(box->lon0, p.lon);
    box->lon1 = fmax(box->lon1, p.lon);
}

static bool boxes_meet(const struct box *a, const struct box *b)
{
    return a->lat0 <= b->lat1 && b->lat0 <= a->lat1 && a->lon0 <= b->lon1 && b->lon0 <= a->lon1;
}

static bool in_box(const struct box *box, struct cap_point p)
{
    return box->lat0 <= p.lat && p.lat <= box->lat1 && box->lon0 <= p.lon && p.lon <= box->lon1;
}

static struct corner *corner_at(struct outline *outline, uint32_t index)
{
    return &outline->corners[index];
}

/* Where a->b and d->c meet when drawn on. */
static bool meeting_point(struct cap_point a, struct cap_point b, struct cap_point c,
                          struct cap_point d, struct cap_point *out)
{
    double ux = b.lon - a.lon;
    double uy = b.lat - a.lat;
    double vx = c.lon - d.lon;
    double vy = c.lat - d.lat;
    double det = ux * vy - uy * vx;
    if (fabs(det) < 1e-14) {
        return false;
    }
    double s = ((c.lon - b.lon) * vy - (c.lat - b.lat) * vx) / det;
    double t = ((c.lon - b.lon) * uy - (c.lat - b.lat) * ux) / det;
    *out = (struct cap_point){b.lat + s * uy, b.lon + s * ux};
    return s >= 0 && t >= 0;
}

/* Added area of the step at this corner; negative where there is none. *meeting is set for an edge
 * that goes. */
static double step_cost(struct outline *outline, uint32_t index, bool *is_edge,
                        struct cap_point *meeting)
{
    const struct corner *b = corner_at(outline, index);
    struct cap_point a = corner_at(outline, b->before)->p;
    const struct corner *c = corner_at(outline, b->after);
    double area = geo_turn(a, b->p, c->p);
    *is_edge = area > 0;
    if (area <= 0) {
        return -area;
    }
    struct cap_point d = corner_at(outline, c->after)->p;
    if (geo_turn(b->p, c->p, d) <= 0 || !meeting_point(a, b->p, c->p, d, meeting) ||
        !in_box(&outline->bounds, *meeting)) {
        return -1;
    }
    return fabs(geo_turn(b->p, *meeting, c->p));
}

static void heap_swap(struct outline *outline, size_t a, size_t b)
{
    struct step step = outline->heap[a];
    outline->heap[a] = outline->heap[b];
    outline->heap[b] = step;
}

static void heap_push(struct outline *outline, struct step step)
{
    outline->heap = mem_grow(outline->heap, outline->heap_count, &outline->heap_capacity,
                             sizeof(*outline->heap));
    size_t at = outline->heap_count++;
    outline->heap[at] = step;
    while (at > 0 && outline->heap[at].cost < outline->heap[(at - 1) / 2].cost) {
        heap_swap(outline, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static struct step heap_pop(struct outline *outline)
{
    struct step top = outline->heap[0];
    outline->heap[0] = outline->heap[--outline->heap_count];
    for (size_t at = 0;;) {
        size_t least = 2 * at + 1;
        if (least >= outline->heap_count) {
            break;
        }
        least += least + 1 < outline->heap_count &&
                 outline->heap[least + 1].cost < outline->heap[least].cost;
        if (outline->heap[at].cost <= outline->heap[least].cost) {
            break;
        }
        heap_swap(outline, at, least);
        at = least;
    }
    return top;
}

static void corner_offer(struct outline *outline, uint32_t index)
{
    bool is_edge;
    struct cap_point meeting;
    double cost = step_cost(outline, index, &is_edge, &meeting);
    uint32_t stamp = ++corner_at(outline, index)->stamp;
    if (cost >= 0) {
        heap_push(outline, (struct step){cost, index, stamp});
    }
}

static void run_cover(struct outline *outline, uint32_t index)
{
    struct corner *corner = corner_at(outline, index);
    box_add(&outline->runs[index / RUN], corner->p);
    box_add(&outline->runs[index / RUN], corner_at(outline, corner->after)->p);
}

static bool in_triangle(struct cap_point p, const struct cap_point t[3])
{
    double a = geo_turn(t[0], t[1], p);
    double b = geo_turn(t[1], t[2], p);
    double c = geo_turn(t[2], t[0], p);
    return (a >= 0 && b >= 0 && c >= 0) || (a <= 0 && b <= 0 && c <= 0);
}

static bool segments_meet(struct cap_point a, struct cap_point b, struct cap_point c,
                          struct cap_point d)
{
    return geo_turn(a, b, c) * geo_turn(a, b, d) <= 0 && geo_turn(c, d, a) * geo_turn(c, d, b) <= 0;
}

/* Whether a corner, or the edge that leaves it, comes into the triangle. */
static bool corner_is_in_way(struct outline *outline, uint32_t index, const struct cap_point t[3],
                             bool with_edges)
{
    struct corner *corner = corner_at(outline, index);
    if (in_triangle(corner->p, t)) {
        return true;
    }
    struct cap_point end = corner_at(outline, corner->after)->p;
    return with_edges &&
           (segments_meet(corner->p, end, t[0], t[1]) || segments_meet(corner->p, end, t[1], t[2]));
}

/* `own`: corners that belong to the step. */
static bool triangle_is_free(struct outline *outline, const struct cap_point t[3],
                             const uint32_t own[3], bool with_edges)
{
    struct box box = {t[0].lat, t[0].lon, t[0].lat, t[0].lon};
    box_add(&box, t[1]);
    box_add(&box, t[2]);
    for (uint32_t first = 0; first < outline->count; first += RUN) {
        if (!boxes_meet(&box, &outline->runs[first / RUN])) {
            continue;
        }
        for (uint32_t i = first; i < outline->count && i < first + RUN; i++) {
            if (!corner_at(outline, i)->gone && i != own[0] && i != own[1] && i != own[2] &&
                corner_is_in_way(outline, i, t, with_edges)) {
                return false;
            }
        }
    }
    return true;
}

static void corner_drop(struct outline *outline, uint32_t index)
{
    struct corner *corner = corner_at(outline, index);
    corner->gone = true;
    corner_at(outline, corner->before)->after = corner->after;
    corner_at(outline, corner->after)->before = corner->before;
    outline->left--;
}

static bool step_take(struct outline *outline, uint32_t index)
{
    bool is_edge;
    struct cap_point meeting = {0, 0};
    step_cost(outline, index, &is_edge, &meeting);
    struct corner *b = corner_at(outline, index);
    uint32_t before = b->before;
    uint32_t after = b->after;
    if (!is_edge) {
        struct cap_point t[3] = {corner_at(outline, before)->p, b->p, corner_at(outline, after)->p};
        uint32_t own[3] = {before, index, after};
        if (!triangle_is_free(outline, t, own, false)) {
            return false;
        }
        corner_drop(outline, index);
    } else {
        struct cap_point t[3] = {b->p, meeting, corner_at(outline, after)->p};
        uint32_t own[3] = {before, index, after};
        if (!triangle_is_free(outline, t, own, true)) {
            return false;
        }
        b->p = meeting;
        corner_drop(outline, after);
        run_cover(outline, index);
    }
    run_cover(outline, before);
    return true;
}

/* What a step changed: up to two corners on each side. */
static void neighbours_offer(struct outline *outline, uint32_t index)
{
    struct corner *corner = corner_at(outline, index);
    if (corner->gone) {
        index = corner->before;
    }
    index = corner_at(outline, corner_at(outline, index)->before)->before;
    for (int i = 0; i < 5; i++) {
        corner_offer(outline, index);
        index = corner_at(outline, index)->after;
    }
}

static void outline_reduce(struct outline *outline, uint32_t wanted)
{
    for (uint32_t i = 0; i < outline->count; i++) {
        corner_offer(outline, i);
    }
    while (outline->left > wanted && outline->left > 3 && outline->heap_count > 0) {
        struct step step = heap_pop(outline);
        struct corner *corner = corner_at(outline, step.corner);
        if (!corner->gone && corner->stamp == step.stamp && step_take(outline, step.corner)) {
            neighbours_offer(outline, step.corner);
        }
    }
}

static void outline_init(struct outline *outline, const struct cap_point *points, uint32_t count)
{
    *outline = (struct outline){.count = count, .left = count};
    outline->corners = mem_alloc_array(count, sizeof(*outline->corners));
    outline->runs = mem_alloc_array(count / RUN + 1, sizeof(*outline->runs));
    for (uint32_t i = 0; i < count; i++) {
        outline->corners[i] = (struct corner){
            .p = points[i], .before = (i + count - 1) % count, .after = (i + 1) % count};
        if (i % RUN == 0) {
            outline->runs[i / RUN] =
                (struct box){points[i].lat, points[i].lon, points[i].lat, points[i].lon};
        }
    }
    struct box box = outline->runs[0];
    for (uint32_t i = 0; i < count; i++) {
        run_cover(outline, i);
        box_add(&box, points[i]);
    }
    double height = box.lat1 - box.lat0;
    double width = box.lon1 - box.lon0;
    outline->bounds = (struct box){fmax(-90, box.lat0 - height), box.lon0 - width,
                                   fmin(90, box.lat1 + height), box.lon1 + width};
}

static void outline_fini(struct outline *outline)
{
    free(outline->corners);
    free(outline->runs);
    free(outline->heap);
}

/* Winding number, with the line itself and a hair beyond it as inside. Each point of the ring is
 * held against each edge, and nearly every edge is neither beside it nor passes its latitude. */
static bool holds(const struct cap_point *ring, size_t count, struct cap_point p)
{
    int winding = 0;
    for (size_t i = 0; i < count; i++) {
        struct cap_point a = ring[i];
        struct cap_point b = ring[i + 1 < count ? i + 1 : 0];
        bool up = a.lat <= p.lat && p.lat < b.lat;
        bool down = b.lat <= p.lat && p.lat < a.lat;
        bool beside =
            (p.lon - a.lon) * (p.lon - b.lon) + (p.lat - a.lat) * (p.lat - b.lat) <= 1e-15;
        if (!up && !down && !beside) {
            continue;
        }
        double side = geo_turn(a, b, p);
        if (beside && fabs(side) <= 1e-9 * hypot(b.lon - a.lon, b.lat - a.lat) + 1e-18) {
            return true;
        }
        winding += (up && side > 0) - (down && side < 0);
    }
    return winding != 0;
}

static bool holds_all(const struct cap_point *ring, size_t count, const struct cap_point *points,
                      size_t point_count)
{
    for (size_t i = 0; i < point_count; i++) {
        if (!holds(ring, count, points[i])) {
            return false;
        }
    }
    return true;
}

/* Reduced to `wanted` corners or fewer; 0 where that cannot be done with every point inside. */
static uint32_t reduced(const struct cap_point *points, uint32_t count, uint32_t wanted,
                        struct cap_point *out)
{
    struct outline outline;
    outline_init(&outline, points, count);
    outline_reduce(&outline, wanted);
    uint32_t made = 0;
    for (uint32_t i = 0; i < count && outline.left <= wanted; i++) {
        if (!outline.corners[i].gone) {
            out[made++] = outline.corners[i].p;
        }
    }
    outline_fini(&outline);
    return made >= 3 && holds_all(out, made, points, count) ? made : 0;
}

/* A box, or the triangle around it; never thinner than a metre. */
static uint32_t frame_make(const struct cap_point *points, uint32_t count, uint32_t wanted,
                           struct cap_point *out)
{
    struct box box = {points[0].lat, points[0].lon, points[0].lat, points[0].lon};
    for (uint32_t i = 1; i < count; i++) {
        box_add(&box, points[i]);
    }
    box_add(&box, (struct cap_point){box.lat0 + 1e-5, box.lon0 + 1e-5});
    if (wanted >= 4) {
        out[0] = (struct cap_point){box.lat0, box.lon0};
        out[1] = (struct cap_point){box.lat0, box.lon1};
        out[2] = (struct cap_point){box.lat1, box.lon1};
        out[3] = (struct cap_point){box.lat1, box.lon0};
        return 4;
    }
    double width = box.lon1 - box.lon0;
    double height = box.lat1 - box.lat0;
    bool up = box.lat1 + height <= 90;
    out[0] = (struct cap_point){up ? box.lat0 : box.lat1, box.lon0 - width / 2};
    out[1] = (struct cap_point){up ? box.lat0 : box.lat1, box.lon1 + width / 2};
    out[2] =
        (struct cap_point){up ? box.lat1 + height : box.lat0 - height, (box.lon0 + box.lon1) / 2};
    return 3;
}

static struct cap_polygon polygon_close(struct arena *arena, const struct cap_point *points,
                                        uint32_t count)
{
    struct cap_polygon polygon = {.points =
                                      arena_alloc_array(arena, count + 1, sizeof(struct cap_point)),
                                  .count = count + 1};
    for (uint32_t i = 0; i < count; i++) {
        polygon.points[i] = points[i];
        polygon.points[i].lon -= 360 * round(points[i].lon / 360);
    }
    polygon.points[count] = polygon.points[0];
    return polygon;
}

struct cap_polygon geo_simplify_outward(struct arena *arena, const struct cap_polygon *ring,
                                        size_t vertices_max)
{
    if (ring->count <= vertices_max || ring->count < 2) {
        return *ring;
    }
    uint32_t wanted = vertices_max < 4 ? 3 : (uint32_t)(vertices_max - 1);
    struct cap_point *points = mem_alloc_array(ring->count, sizeof(*points));
    struct cap_point *hull = mem_alloc_array(2 * ring->count + 4, sizeof(*hull));
    struct cap_point *out = mem_alloc_array(ring->count + 4, sizeof(*out));
    uint32_t count = geo_outline_points(ring, points);
    uint32_t made = count >= 3 ? reduced(points, count, wanted, out) : 0;
    if (made == 0 && count >= 3) {
        uint32_t hull_count = geo_outline_hull(points, count, hull);
        made = hull_count >= 3 ? reduced(hull, hull_count, wanted, out) : 0;
    }
    if (made == 0) {
        made = frame_make(points, count, wanted, out);
    }
    struct cap_polygon polygon = polygon_close(arena, out, made);
    free(points);
    free(hull);
    free(out);
    return polygon;
}
