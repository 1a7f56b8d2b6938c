#include "geo/query.h"

/* The search for the shortest distance between a shape and a unit. */
struct search {
    double best_km;
    double enough_km;
    struct geo_reach reach; /* of best_km */
    struct geo_box box;     /* of what is searched from */
    struct geo_work *work;
};

static void search_improve(struct search *search, double km)
{
    if (km < search->best_km) {
        search->best_km = km;
        search->reach = geo_reach_of(km, search->box);
    }
}

static bool search_is_done(const struct search *search)
{
    return search->best_km <= search->enough_km || search->work->exhausted;
}

static double sphere_km(struct geo_point a, double bx, double by)
{
    double lat_a = a.y * GEO_RADIANS_PER_UNIT;
    double lat_b = by * GEO_RADIANS_PER_UNIT;
    double sy = sin((lat_b - lat_a) / 2);
    double sx = sin((bx - a.x) * GEO_RADIANS_PER_UNIT / 2);
    double h = sy * sy + cos(lat_a) * cos(lat_b) * sx * sx;
    return 2 * GEO_EARTH_RADIUS_KM * asin(fmin(1, sqrt(h)));
}

/* Nearest place of the edge on a plane that is true between p and the edge; the distance to it on
 * the sphere. */
static double edge_km(struct geo_point a, struct geo_point b, struct geo_point p, double cosine)
{
    double ax = (a.x - (double)p.x) * cosine;
    double ay = a.y - (double)p.y;
    double dx = (b.x - (double)a.x) * cosine;
    double dy = b.y - (double)a.y;
    double length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? -(ax * dx + ay * dy) / length2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return sphere_km(p, a.x + t * ((double)b.x - a.x), a.y + t * dy);
}

static bool edge_may_be_near(struct geo_point a, struct geo_point b, struct geo_box near)
{
    return (a.y <= near.y1 || b.y <= near.y1) && (a.y >= near.y0 || b.y >= near.y0) &&
           (a.x <= near.x1 || b.x <= near.x1) && (a.x >= near.x0 || b.x >= near.x0);
}

/* From one point to the edges of one run. */
static void point_search(struct search *search, struct geo_point p, const struct geo_ring *ring,
                         uint32_t run)
{
    struct geo_box place = {p.x, p.y, p.x, p.y};
    struct geo_box near = geo_box_grow(place, search->reach);
    if (!geo_boxes_meet(near, ring->runs[run])) {
        return;
    }
    uint32_t first;
    uint32_t edges = geo_run_edges(ring, run, &first);
    const struct geo_point *q = ring->points + first;
    double cosine = cos(p.y * GEO_RADIANS_PER_UNIT);
    search->work->left -= edges;
    for (uint32_t i = 0; i < edges; i++) {
        if (edge_may_be_near(q[i], q[i + 1], near)) {
            search_improve(search, edge_km(q[i], q[i + 1], p, cosine));
        }
    }
}

/* Points of one run against the edges of the other. */
static void run_search(struct search *search, const struct geo_ring *from, uint32_t from_run,
                       const struct geo_ring *to, uint32_t to_run)
{
    uint32_t first;
    uint32_t edges = geo_run_edges(from, from_run, &first);
    for (uint32_t i = 0; i <= edges && !search_is_done(search); i++) {
        point_search(search, from->points[first + i], to, to_run);
    }
}

static void rings_search(struct search *search, const struct geo_ring *a, const struct geo_ring *b)
{
    uint32_t runs_a = geo_run_count(a->count);
    uint32_t runs_b = geo_run_count(b->count);
    for (uint32_t j = 0; j < runs_b; j++) {
        if (!geo_boxes_meet(geo_box_grow(b->runs[j], search->reach), a->box)) {
            continue;
        }
        search->work->left -= runs_a;
        for (uint32_t i = 0; i < runs_a && !search_is_done(search); i++) {
            if (geo_boxes_meet(geo_box_grow(b->runs[j], search->reach), a->runs[i])) {
                run_search(search, a, i, b, j);
                run_search(search, b, j, a, i);
            }
        }
        if (search->work->left < 0) {
            search->work->exhausted = true;
        }
    }
}

static void unit_search(const struct geo *geo, struct search *search, const struct geo_ring *from,
                        const struct geo_file_unit *unit)
{
    for (uint32_t i = 0; i < unit->ring_count && !search_is_done(search); i++) {
        uint32_t index = unit->ring_first + i;
        if (geo_boxes_meet(geo_box_grow(geo->rings[index].box, search->reach), from->box)) {
            struct geo_ring ring = geo_ring_at(geo, index);
            rings_search(search, from, &ring);
        }
    }
}

/* Reach is taken at the far side of what is looked at, so that it holds for both ends of a
 * distance. */
static struct geo_box search_box(struct geo_box box, double km)
{
    return geo_box_grow(box, (struct geo_reach){0, geo_reach_of(km, box).dy});
}

static double polygons_km(const struct geo *geo, struct geo_query *query,
                          const struct geo_file_unit *unit, double limit_km, double enough_km)
{
    double best_km = limit_km;
    for (size_t i = 0; i < query->polygon_ring_count; i++) {
        const struct geo_ring *ring = &query->rings[i];
        struct search search = {.best_km = best_km, .enough_km = enough_km, .work = &query->work};
        search.box = search_box(ring->box, best_km);
        search.reach = geo_reach_of(best_km, search.box);
        unit_search(geo, &search, ring, unit);
        best_km = search.best_km;
        if (search_is_done(&search)) {
            break;
        }
    }
    return best_km;
}

/* Exact for circles: from the centre, less the radius. */
static double circle_km(const struct geo *geo, struct geo_query *query,
                        const struct geo_circle *circle, const struct geo_file_unit *unit,
                        double limit_km, double enough_km)
{
    double best_km = limit_km + circle->radius_km;
    for (int turn = -1; turn <= 1; turn++) {
        struct geo_point centre = circle->centre;
        centre.x += turn * 2 * GEO_HALF_TURN;
        struct geo_point points[2] = {centre, centre};
        struct geo_box box = {centre.x, centre.y, centre.x, centre.y};
        struct geo_ring ring = {.points = points, .count = 2, .runs = &box, .box = box};
        if (geo_unit_locate(geo, unit, centre) != GEO_OUTSIDE) {
            return 0;
        }
        struct search search = {
            .best_km = best_km, .enough_km = enough_km + circle->radius_km, .work = &query->work};
        search.box = search_box(box, best_km);
        search.reach = geo_reach_of(best_km, search.box);
        unit_search(geo, &search, &ring, unit);
        best_km = search.best_km;
    }
    return fmax(0, best_km - circle->radius_km);
}

static bool polygons_meet(const struct geo *geo, struct geo_query *query,
                          const struct geo_file_unit *unit)
{
    /* The circles' rings are a little too large; their own distance is exact. */
    size_t all = query->ring_count;
    query->ring_count = query->polygon_ring_count;
    bool meets = geo_relation_meets(geo_query_relate(geo, query, unit));
    query->ring_count = all;
    return meets;
}

double geo_query_distance_km(const struct geo *geo, struct geo_query *query,
                             const struct geo_file_unit *unit, double limit_km, double enough_km)
{
    if (query->polygon_ring_count > 0 && polygons_meet(geo, query, unit)) {
        return 0;
    }
    double start_km = limit_km + 1e-6; /* so that exactly the limit is found */
    double best_km = polygons_km(geo, query, unit, start_km, enough_km);
    for (size_t i = 0; i < query->circle_count && best_km > enough_km; i++) {
        double km = circle_km(geo, query, &query->circles[i], unit, best_km, enough_km);
        best_km = km < best_km ? km : best_km;
    }
    if (query->work.exhausted) {
        query->coarse = true;
        return 0;
    }
    return best_km < start_km ? best_km : HUGE_VAL;
}
