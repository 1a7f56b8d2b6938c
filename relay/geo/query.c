#include "geo/query.h"

#include "base/mem.h"

#include <stdlib.h>

enum { CIRCLE_POINTS = 72 };

static const struct geo_box world = {-GEO_HALF_TURN, -GEO_HALF_TURN / 2, GEO_HALF_TURN,
                                     GEO_HALF_TURN / 2};

struct geo_reach geo_reach_of(double km, struct geo_box box)
{
    double angle = km / GEO_EARTH_RADIUS_KM;
    double far_y = fmax(fabs((double)box.y0), fabs((double)box.y1)) * GEO_RADIANS_PER_UNIT;
    double ratio = angle < 1.5 && far_y < 1.57 ? sin(angle) / cos(far_y) : 1;
    struct geo_reach reach = {2 * GEO_HALF_TURN, GEO_HALF_TURN};
    if (ratio < 1) {
        reach.dx = (int32_t)ceil(asin(ratio) / GEO_RADIANS_PER_UNIT) + 1;
    }
    if (angle < 3) {
        reach.dy = (int32_t)ceil(angle / GEO_RADIANS_PER_UNIT) + 1;
    }
    return reach;
}

struct geo_box geo_box_grow(struct geo_box box, struct geo_reach reach)
{
    return (struct geo_box){box.x0 - reach.dx, box.y0 - reach.dy, box.x1 + reach.dx,
                            box.y1 + reach.dy};
}

static struct geo_box box_of(const struct geo_point *points, uint32_t count)
{
    struct geo_box box = {points[0].x, points[0].y, points[0].x, points[0].y};
    for (uint32_t i = 1; i < count; i++) {
        box =
            geo_box_join(box, (struct geo_box){points[i].x, points[i].y, points[i].x, points[i].y});
    }
    return box;
}

static struct geo_ring ring_make(struct arena *arena, const struct geo_point *points,
                                 uint32_t count)
{
    struct geo_ring ring = {.points = points, .count = count};
    uint32_t run_count = geo_run_count(count);
    struct geo_box *runs = arena_alloc_array(arena, run_count, sizeof(*runs));
    ring.runs = runs;
    for (uint32_t run = 0; run < run_count; run++) {
        uint32_t first;
        uint32_t edges = geo_run_edges(&ring, run, &first);
        runs[run] = box_of(points + first, edges + 1);
        ring.box = run == 0 ? runs[0] : geo_box_join(ring.box, runs[run]);
    }
    return ring;
}

static void ring_add(struct geo_query *query, struct geo_ring ring)
{
    query->box = query->ring_count == 0 ? ring.box : geo_box_join(query->box, ring.box);
    query->rings[query->ring_count++] = ring;
}

/* The same ring a turn away, where it or what is looked for around it reaches over the edge of the
 * map. */
static void ring_add_turned(struct geo_query *query, const struct geo_ring *ring, int32_t turn,
                            int32_t margin)
{
    struct geo_box box = {ring->box.x0 + turn - margin, ring->box.y0, ring->box.x1 + turn + margin,
                          ring->box.y1};
    if (!geo_boxes_meet(box, world)) {
        return;
    }
    struct geo_point *points = arena_alloc_array(query->arena, ring->count, sizeof(*points));
    for (uint32_t i = 0; i < ring->count; i++) {
        points[i] = (struct geo_point){ring->points[i].x + turn, ring->points[i].y};
    }
    struct geo_ring turned = ring_make(query->arena, points, ring->count);
    turned.is_turned = true;
    ring_add(query, turned);
}

static void ring_add_around(struct geo_query *query, const struct geo_point *points, uint32_t count,
                            double margin_km)
{
    struct geo_ring ring = ring_make(query->arena, points, count);
    int32_t margin = geo_reach_of(margin_km, ring.box).dx;
    margin = margin < GEO_HALF_TURN ? margin : GEO_HALF_TURN;
    ring_add(query, ring);
    ring_add_turned(query, &ring, -2 * GEO_HALF_TURN, margin);
    ring_add_turned(query, &ring, 2 * GEO_HALF_TURN, margin);
}

/* As lround() does, half away from zero, without a call for each of thousands of coordinates. */
static int32_t rounded(double units)
{
    int32_t whole = (int32_t)units;
    double rest = units - whole; /* exact */
    return whole + (rest >= 0.5) - (rest <= -0.5);
}

static int32_t to_units(double degrees, int32_t limit)
{
    double units = degrees * GEO_SCALE;
    if (!(units > -limit)) {
        return -limit;
    }
    return units < limit ? rounded(units) : limit;
}

static struct geo_point point_of(struct cap_point point)
{
    return (struct geo_point){to_units(point.lon, GEO_HALF_TURN),
                              to_units(point.lat, GEO_HALF_TURN / 2)};
}

/* A jump of more than half a turn goes the short way. Rings that wind on beyond one turn are cut to
 * their map's width. */
static int32_t unrolled(int32_t x, int32_t before)
{
    while (x - before > GEO_HALF_TURN) {
        x -= 2 * GEO_HALF_TURN;
    }
    while (before - x > GEO_HALF_TURN) {
        x += 2 * GEO_HALF_TURN;
    }
    int32_t limit = 3 * GEO_HALF_TURN;
    return x > limit ? limit : x < -limit ? -limit : x;
}

static void polygon_add(struct geo_query *query, const struct cap_polygon *polygon,
                        double margin_km)
{
    struct geo_point *points = arena_alloc_array(query->arena, polygon->count + 2, sizeof(*points));
    uint32_t count = 0;
    for (size_t i = 0; i < polygon->count; i++) {
        struct geo_point p = point_of(polygon->points[i]);
        if (count > 0) {
            p.x = unrolled(p.x, points[count - 1].x);
        }
        if (count == 0 || p.x != points[count - 1].x || p.y != points[count - 1].y) {
            points[count++] = p;
        }
    }
    if (count == 1 || points[0].x != points[count - 1].x || points[0].y != points[count - 1].y) {
        points[count++] = points[0];
    }
    ring_add_around(query, points, count, margin_km);
}

static void box_ring_add(struct geo_query *query, struct geo_box box, double margin_km)
{
    struct geo_point *points = arena_alloc_array(query->arena, 5, sizeof(*points));
    points[0] = points[4] = (struct geo_point){box.x0, box.y0};
    points[1] = (struct geo_point){box.x1, box.y0};
    points[2] = (struct geo_point){box.x1, box.y1};
    points[3] = (struct geo_point){box.x0, box.y1};
    ring_add_around(query, points, 5, margin_km);
}

/* One box around all points, as written: of a polygon over the antimeridian it is the wide one,
 * which holds it as well. */
static struct geo_box polygon_box(const struct cap_polygon *polygon)
{
    struct geo_point p = point_of(polygon->points[0]);
    struct geo_box box = {p.x, p.y, p.x, p.y};
    for (size_t i = 1; i < polygon->count; i++) {
        p = point_of(polygon->points[i]);
        if (abs(p.x - point_of(polygon->points[i - 1]).x) > GEO_HALF_TURN) {
            box.x0 = -GEO_HALF_TURN;
            box.x1 = GEO_HALF_TURN;
        }
        box = geo_box_join(box, (struct geo_box){p.x, p.y, p.x, p.y});
    }
    return box;
}

static void polygons_add(struct geo_query *query, const struct geo_shape *shape, double margin_km)
{
    size_t vertices = 0;
    size_t left = GEO_RINGS_MAX;
    struct geo_box rest = {0};
    bool has_rest = false;
    for (size_t i = 0; i < shape->polygon_count; i++) {
        const struct cap_polygon *polygon = &shape->polygons[i];
        if (polygon->count == 0) {
            continue;
        }
        if (left > 0 && polygon->count <= GEO_VERTICES_MAX - vertices) {
            vertices += polygon->count;
            left--;
            polygon_add(query, polygon, margin_km);
            continue;
        }
        struct geo_box box = polygon_box(polygon);
        query->coarse = true;
        if (left > 0) {
            left--;
            box_ring_add(query, box, margin_km);
        } else {
            rest = has_rest ? geo_box_join(rest, box) : box;
            has_rest = true;
        }
    }
    if (has_rest) {
        box_ring_add(query, rest, margin_km);
    }
    query->polygon_ring_count = query->ring_count;
}

/* Corners lie outside the circle, so that its sides touch it. */
static void circle_ring(const struct cap_circle *circle, struct geo_point *points)
{
    double radius = fmax(circle->radius_km, 0) / cos(3.14159265358979 / CIRCLE_POINTS);
    double angle = radius / GEO_EARTH_RADIUS_KM;
    double unit = GEO_RADIANS_PER_UNIT * GEO_SCALE;
    double lat = circle->centre.lat * unit;
    for (int i = 0; i <= CIRCLE_POINTS; i++) {
        double bearing = (i % CIRCLE_POINTS) * 2 * 3.14159265358979 / CIRCLE_POINTS;
        double sine = sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing);
        double east = atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sine);
        points[i].x = to_units(circle->centre.lon + east / unit, 3 * GEO_HALF_TURN);
        points[i].y = to_units(asin(fmax(-1, fmin(1, sine))) / unit, GEO_HALF_TURN / 2);
    }
}

/* A circle around a pole, or wider than a quarter of the globe, is all between its latitudes. */
static bool circle_is_cap(const struct cap_circle *circle)
{
    double reach = circle->radius_km / GEO_EARTH_RADIUS_KM / (GEO_RADIANS_PER_UNIT * GEO_SCALE);
    return fabs(circle->centre.lat) + reach * 1.01 >= 90 || reach > 80;
}

static void circle_add(struct geo_query *query, const struct cap_circle *circle, double margin_km)
{
    struct geo_point centre = point_of(circle->centre);
    query->circles[query->circle_count++] = (struct geo_circle){centre, fmax(circle->radius_km, 0)};
    if (circle_is_cap(circle)) {
        int32_t dy = geo_reach_of(circle->radius_km, world).dy;
        struct geo_box box = {-GEO_HALF_TURN, centre.y - dy, GEO_HALF_TURN, centre.y + dy};
        box.y0 = box.y0 > world.y0 ? box.y0 : world.y0;
        box.y1 = box.y1 < world.y1 ? box.y1 : world.y1;
        box_ring_add(query, box, margin_km);
        return;
    }
    struct geo_point *points = arena_alloc_array(query->arena, CIRCLE_POINTS + 1, sizeof(*points));
    circle_ring(circle, points);
    bool is_point = points[0].y == points[CIRCLE_POINTS / 2].y;
    if (is_point) {
        points[0] = points[1] = centre;
    }
    ring_add_around(query, points, is_point ? 2 : CIRCLE_POINTS + 1, margin_km);
}

static void circles_add(struct geo_query *query, const struct geo_shape *shape, double margin_km)
{
    size_t exact = shape->circle_count < GEO_RINGS_MAX ? shape->circle_count : GEO_RINGS_MAX;
    query->circles = arena_alloc_array(query->arena, exact + 1, sizeof(*query->circles));
    for (size_t i = 0; i < exact; i++) {
        circle_add(query, &shape->circles[i], margin_km);
    }
    if (exact < shape->circle_count) {
        /* More circles than any alert has: everywhere. */
        query->coarse = true;
        box_ring_add(query, world, margin_km);
        query->circles[query->circle_count++] =
            (struct geo_circle){{0, 0}, 2 * GEO_EARTH_RADIUS_KM * 4};
    }
}

void geo_query_init(struct geo_query *query, const struct geo_shape *shape, double margin_km)
{
    *query = (struct geo_query){.arena = arena_create()};
    geo_query_renew(query, shape, margin_km);
}

void geo_query_renew(struct geo_query *query, const struct geo_shape *shape, double margin_km)
{
    arena_reset(query->arena);
    *query = (struct geo_query){.arena = query->arena,
                                .lines = query->lines,
                                .work = {.left = GEO_WORK_MAX},
                                .area_km2 = -1};
    size_t polygons = shape->polygon_count < GEO_RINGS_MAX ? shape->polygon_count : GEO_RINGS_MAX;
    size_t circles = shape->circle_count < GEO_RINGS_MAX ? shape->circle_count : GEO_RINGS_MAX;
    query->rings =
        arena_alloc_array(query->arena, 3 * (polygons + circles + 2), sizeof(*query->rings));
    polygons_add(query, shape, margin_km);
    circles_add(query, shape, margin_km);
}

void geo_query_fini(struct geo_query *query)
{
    geo_lines_destroy(query->lines);
    arena_destroy(query->arena);
}

bool geo_plain_box(const struct geo_shape *shape, struct geo_box *box)
{
    struct cap_point low = {90, 180}, high = {-90, -180};
    size_t vertices = 0;
    bool on_earth = true;
    if (shape->circle_count > 0 || shape->polygon_count > GEO_RINGS_MAX) {
        return false;
    }
    for (size_t i = 0; i < shape->polygon_count; i++) {
        const struct cap_polygon *polygon = &shape->polygons[i];
        vertices += polygon->count;
        for (size_t k = 0; k < polygon->count; k++) {
            struct cap_point p = polygon->points[k];
            /* Not a number is neither. */
            on_earth &= p.lat >= -90 && p.lat <= 90 && p.lon >= -180 && p.lon <= 180;
            low.lat = p.lat < low.lat ? p.lat : low.lat;
            low.lon = p.lon < low.lon ? p.lon : low.lon;
            high.lat = p.lat > high.lat ? p.lat : high.lat;
            high.lon = p.lon > high.lon ? p.lon : high.lon;
        }
    }
    if (!on_earth || vertices == 0 || vertices > GEO_VERTICES_MAX || high.lon - low.lon >= 180) {
        return false;
    }
    struct geo_point from = point_of(low), to = point_of(high);
    *box = (struct geo_box){from.x, from.y, to.x, to.y};
    return true;
}

static bool cell_is_clear(const struct geo *geo, int column, int row, enum geo_layer layer,
                          uint32_t unit)
{
    uint32_t first, end;
    geo_cell_entries(geo, column, row, layer, &first, &end);
    while (first < end && unit != UINT32_MAX && (geo->entries[first] & ~GEO_ENTRY_WHOLE) != unit) {
        first++;
    }
    return first == end;
}

bool geo_box_is_clear(const struct geo *geo, struct geo_box box, enum geo_layer layer,
                      uint32_t unit)
{
    enum { CELLS_MAX = 64 };
    struct geo_cells cells = geo_cells_of(box);
    if ((cells.column1 - cells.column0 + 1) * (cells.row1 - cells.row0 + 1) > CELLS_MAX) {
        return false;
    }
    for (int row = cells.row0; row <= cells.row1; row++) {
        for (int column = cells.column0; column <= cells.column1; column++) {
            if (!cell_is_clear(geo, column, row, layer, unit)) {
                return false;
            }
        }
    }
    return true;
}

static double own_area_km2(const struct geo_ring *ring)
{
    return ring->is_turned ? 0 : geo_ring_area_km2(ring);
}

double geo_query_area_km2(struct geo_query *query)
{
    if (query->area_km2 < 0) {
        query->area_km2 = 0;
        for (size_t i = 0; i < query->ring_count; i++) {
            query->area_km2 += own_area_km2(&query->rings[i]);
        }
    }
    return query->area_km2;
}

bool geo_query_is_small(struct geo_query *query, double km2)
{
    double area_km2 = query->area_km2 < 0 ? 0 : query->area_km2;
    for (size_t i = 0; query->area_km2 < 0 && i < query->ring_count && area_km2 <= km2; i++) {
        area_km2 += own_area_km2(&query->rings[i]);
    }
    return area_km2 <= km2;
}

static void cells_mark(const struct geo *geo, struct geo_box box, enum geo_layer layer,
                       unsigned char *marks)
{
    uint32_t base = geo->layers[layer].unit_first;
    struct geo_cells cells = geo_cells_of(box);
    for (int row = cells.row0; row <= cells.row1; row++) {
        for (int column = cells.column0; column <= cells.column1; column++) {
            uint32_t first, end;
            geo_cell_entries(geo, column, row, layer, &first, &end);
            for (; first < end; first++) {
                marks[(geo->entries[first] & ~GEO_ENTRY_WHOLE) - base] = 1;
            }
        }
    }
}

static size_t cell_count(struct geo_box box)
{
    struct geo_cells cells = geo_cells_of(box);
    return (size_t)(cells.column1 - cells.column0 + 1) * (size_t)(cells.row1 - cells.row0 + 1);
}

static void units_mark(const struct geo *geo, struct geo_box box, enum geo_layer layer,
                       unsigned char *marks)
{
    struct geo_file_layer at = geo->layers[layer];
    for (uint32_t i = 0; i < at.unit_count; i++) {
        const struct geo_file_unit *unit = &geo->units[at.unit_first + i];
        if (!(unit->flags & GEO_UNIT_LOOKUP) && geo_boxes_meet(box, unit->box)) {
            marks[i] = 1;
        }
    }
}

struct geo_candidates geo_query_candidates(const struct geo *geo, struct geo_query *query,
                                           enum geo_layer layer, double within_km)
{
    struct geo_file_layer at = geo->layers[layer];
    unsigned char *marks = arena_alloc(query->arena, at.unit_count + 1);
    for (size_t i = 0; i < query->ring_count; i++) {
        struct geo_box box = query->rings[i].box;
        if (within_km > 0) {
            box = geo_box_grow(box, geo_reach_of(within_km, box));
        }
        if (!geo_boxes_meet(box, world)) {
            continue;
        }
        if (cell_count(box) < at.unit_count / 4) {
            cells_mark(geo, box, layer, marks);
        } else {
            units_mark(geo, box, layer, marks);
        }
    }
    struct geo_candidates found = {0};
    size_t capacity = 0;
    const unsigned char *end = marks + at.unit_count;
    for (unsigned char *mark = marks; (mark = memchr(mark, 1, (size_t)(end - mark))); mark++) {
        found.units =
            arena_grow(query->arena, found.units, found.count, &capacity, sizeof(*found.units));
        found.units[found.count++] = at.unit_first + (uint32_t)(mark - marks);
    }
    return found;
}
