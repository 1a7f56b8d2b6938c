#include "geo/ring.h"

struct geo_ring geo_ring_at(const struct geo *geo, uint32_t index)
{
    const struct geo_file_ring *ring = &geo->rings[index];
    return (struct geo_ring){.points = geo->points + ring->point_first,
                             .count = ring->point_count,
                             .runs = geo->runs + ring->run_first,
                             .box = ring->box,
                             .hole = ring->hole != 0};
}

uint32_t geo_run_edges(const struct geo_ring *ring, uint32_t run, uint32_t *first)
{
    *first = run * GEO_RUN_EDGES;
    uint32_t left = ring->count - 1 - *first;
    return left < GEO_RUN_EDGES ? left : GEO_RUN_EDGES;
}

/* >0: p lies to the left of a->b. */
static int64_t side_of(struct geo_point a, struct geo_point b, struct geo_point p)
{
    return ((int64_t)b.x - a.x) * ((int64_t)p.y - a.y) -
           ((int64_t)b.y - a.y) * ((int64_t)p.x - a.x);
}

static bool in_span(struct geo_point a, struct geo_point b, struct geo_point p)
{
    return (a.x < b.x ? a.x <= p.x && p.x <= b.x : b.x <= p.x && p.x <= a.x) &&
           (a.y < b.y ? a.y <= p.y && p.y <= b.y : b.y <= p.y && p.y <= a.y);
}

/* The winding of one edge around p; *on is set where p lies on it. */
static int edge_winding(struct geo_point a, struct geo_point b, struct geo_point p, bool *on)
{
    bool up = a.y <= p.y && p.y < b.y;
    bool down = b.y <= p.y && p.y < a.y;
    if (!up && !down && p.y != b.y) {
        return 0;
    }
    int64_t side = side_of(a, b, p);
    if (side == 0 && in_span(a, b, p)) {
        *on = true;
    }
    return (up && side > 0) - (down && side < 0);
}

/* A chain that lies wholly to the right winds as its end points say. */
static int chain_winding(struct geo_point first, struct geo_point last, struct geo_point p)
{
    return (first.y <= p.y && p.y < last.y) - (last.y <= p.y && p.y < first.y);
}

static bool in_box(struct geo_box box, struct geo_point p)
{
    return box.x0 <= p.x && p.x <= box.x1 && box.y0 <= p.y && p.y <= box.y1;
}

enum geo_where geo_ring_locate(const struct geo_ring *ring, struct geo_point p)
{
    if (!in_box(ring->box, p)) {
        return GEO_OUTSIDE;
    }
    int winding = 0;
    bool on = false;
    uint32_t run_count = geo_run_count(ring->count);
    for (uint32_t run = 0; run < run_count; run++) {
        struct geo_box box = ring->runs[run];
        if (p.y < box.y0 || p.y > box.y1 || p.x > box.x1) {
            continue;
        }
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        const struct geo_point *q = ring->points + first;
        if (p.x < box.x0) {
            winding += chain_winding(q[0], q[edges], p);
            continue;
        }
        for (uint32_t i = 0; i < edges; i++) {
            winding += edge_winding(q[i], q[i + 1], p, &on);
        }
    }
    return on ? GEO_ON_EDGE : winding != 0 ? GEO_INSIDE : GEO_OUTSIDE;
}

static bool edges_meet(struct geo_point a, struct geo_point b, struct geo_point c,
                       struct geo_point d)
{
    int64_t abc = side_of(a, b, c);
    int64_t abd = side_of(a, b, d);
    if ((abc > 0 && abd > 0) || (abc < 0 && abd < 0)) {
        return false;
    }
    int64_t cda = side_of(c, d, a);
    int64_t cdb = side_of(c, d, b);
    if ((cda > 0 && cdb > 0) || (cda < 0 && cdb < 0)) {
        return false;
    }
    if (abc == 0 && abd == 0) {
        return in_span(a, b, c) || in_span(a, b, d) || in_span(c, d, a) || in_span(c, d, b);
    }
    return true;
}

static struct geo_box edge_box(struct geo_point a, struct geo_point b)
{
    return (struct geo_box){a.x < b.x ? a.x : b.x, a.y < b.y ? a.y : b.y, a.x < b.x ? b.x : a.x,
                            a.y < b.y ? b.y : a.y};
}

static bool runs_cross(const struct geo_ring *a, uint32_t run_a, const struct geo_ring *b,
                       uint32_t run_b, struct geo_work *work)
{
    uint32_t first_a, first_b;
    uint32_t edges_a = geo_run_edges(a, run_a, &first_a);
    uint32_t edges_b = geo_run_edges(b, run_b, &first_b);
    const struct geo_point *p = a->points + first_a;
    const struct geo_point *q = b->points + first_b;
    for (uint32_t i = 0; i < edges_a; i++) {
        struct geo_box box = edge_box(p[i], p[i + 1]);
        if (!geo_boxes_meet(box, b->runs[run_b])) {
            continue;
        }
        work->left -= edges_b;
        for (uint32_t j = 0; j < edges_b; j++) {
            if (geo_boxes_meet(box, edge_box(q[j], q[j + 1])) &&
                edges_meet(p[i], p[i + 1], q[j], q[j + 1])) {
                return true;
            }
        }
    }
    return false;
}

bool geo_rings_cross(const struct geo_ring *a, const struct geo_ring *b, struct geo_work *work)
{
    uint32_t runs_a = geo_run_count(a->count);
    uint32_t runs_b = geo_run_count(b->count);
    for (uint32_t i = 0; i < runs_a; i++) {
        if (!geo_boxes_meet(a->runs[i], b->box)) {
            continue;
        }
        work->left -= runs_b;
        for (uint32_t j = 0; j < runs_b; j++) {
            if (geo_boxes_meet(a->runs[i], b->runs[j]) && runs_cross(a, i, b, j, work)) {
                return true;
            }
        }
        if (work->left < 0) {
            work->exhausted = true;
            return true;
        }
    }
    return false;
}

double geo_ring_area_km2(const struct geo_ring *ring)
{
    double area = 0, sine = ring->count ? geo_sine_of(ring->points[0]) : 0;
    for (uint32_t i = 0; i + 1 < ring->count; i++) {
        double next = geo_sine_of(ring->points[i + 1]);
        area += geo_strip_area_km2(ring->points[i].x, sine, ring->points[i + 1].x, next);
        sine = next;
    }
    return fabs(area);
}

enum geo_where geo_unit_locate(const struct geo *geo, const struct geo_file_unit *unit,
                               struct geo_point p)
{
    bool inside = false;
    enum geo_cell_state cell = in_box(unit->box, p) ? geo_unit_cell(geo, unit, p) : GEO_CELL_OUT;
    if (cell != GEO_CELL_EDGE) {
        return cell == GEO_CELL_WHOLE ? GEO_INSIDE : GEO_OUTSIDE;
    }
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        const struct geo_file_ring *ring = &geo->rings[unit->ring_first + i];
        if (!in_box(ring->box, p)) {
            continue;
        }
        struct geo_ring view = geo_ring_at(geo, unit->ring_first + i);
        enum geo_where where = geo_ring_locate(&view, p);
        if (where == GEO_ON_EDGE) {
            return GEO_ON_EDGE;
        }
        inside ^= where == GEO_INSIDE;
    }
    return inside ? GEO_INSIDE : GEO_OUTSIDE;
}
