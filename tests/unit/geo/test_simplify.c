/* Outward simplification: fewer points, none of the original outside, and a ring that does not
 * cross itself. */
#include "support.h"

#include <math.h>

static GEOSContextHandle_t geos;

static int setup(void **state)
{
    (void)state;
    geos = GEOS_init_r();
    return geos ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    GEOS_finish_r(geos);
    return 0;
}

static GEOSGeometry *geometry_of(const struct cap_polygon *ring)
{
    double *xy = mem_alloc_array(ring->count, 2 * sizeof(double));
    double before = ring->points[0].lon;
    for (size_t i = 0; i < ring->count; i++) {
        double lon = ring->points[i].lon;
        lon -= 360 * round((lon - before) / 360);
        before = lon;
        xy[2 * i] = lon < 0 ? lon + 360 : lon; /* all tests lie in the west, or around 180 */
        xy[2 * i + 1] = ring->points[i].lat;
    }
    GEOSGeometry *made = GEOSGeom_createPolygon_r(
        geos,
        GEOSGeom_createLinearRing_r(
            geos, GEOSCoordSeq_copyFromBuffer_r(geos, xy, (unsigned)ring->count, 0, 0)),
        NULL, 0);
    free(xy);
    return made;
}

/* Returns how much larger the result is. */
static double check(const struct cap_polygon *ring, size_t vertices_max)
{
    struct arena *arena = arena_create();
    struct cap_polygon simple = geo_simplify_outward(arena, ring, vertices_max);
    assert_true(simple.count <= vertices_max);
    assert_true(simple.count >= 4);
    const struct cap_point *last = &simple.points[simple.count - 1];
    assert_true(simple.points[0].lat == last->lat && simple.points[0].lon == last->lon);
    GEOSGeometry *before = geometry_of(ring);
    GEOSGeometry *after = geometry_of(&simple);
    if (GEOSisValid_r(geos, after) != 1) {
        fail_msg("%zu points to %zu: %s", ring->count, simple.count,
                 GEOSisValidReason_r(geos, after));
    }
    GEOSGeometry *grown = GEOSBuffer_r(geos, after, 1e-7, 4);
    assert_int_equal(GEOSContains_r(geos, grown, before), 1);
    double area_before = 1;
    double area_after = 1;
    GEOSArea_r(geos, before, &area_before);
    GEOSArea_r(geos, after, &area_after);
    GEOSGeom_destroy_r(geos, grown);
    GEOSGeom_destroy_r(geos, before);
    GEOSGeom_destroy_r(geos, after);
    arena_destroy(arena);
    return area_after / area_before;
}

static struct cap_polygon star(struct cap_point *points, size_t corners, struct dice *dice,
                               double lon, double raggedness, bool clockwise)
{
    for (size_t i = 0; i < corners; i++) {
        double angle = 2 * M_PI * (double)i / (double)corners * (clockwise ? -1 : 1);
        double radius = dice_between(dice, 1 - raggedness, 1);
        double east = lon + 1.4 * radius * cos(angle);
        points[i] = (struct cap_point){46 + radius * sin(angle), east > 180 ? east - 360 : east};
    }
    points[corners] = points[0];
    return (struct cap_polygon){.points = points, .count = corners + 1};
}

static void test_stars(void **state)
{
    (void)state;
    static const size_t limits[] = {4, 5, 6, 10, 20, 100};
    struct cap_point points[1001];
    struct dice dice = {.state = 7};
    for (int i = 0; i < 120; i++) {
        size_t corners = (size_t)dice_between(&dice, 5, 1000);
        struct cap_polygon ring =
            star(points, corners, &dice, i % 3 ? -80 : 179.5, dice_between(&dice, 0, 0.9), i % 2);
        for (size_t k = 0; k < sizeof(limits) / sizeof(limits[0]); k++) {
            check(&ring, limits[k]);
        }
    }
}

/* A wavy circle keeps its shape: a hundred corners of a thousand cost a few percent of area. */
static void test_stays_close(void **state)
{
    (void)state;
    struct cap_point points[1001];
    struct dice dice = {.state = 9};
    struct cap_polygon ring = star(points, 1000, &dice, -80, 0.02, false);
    double grown = check(&ring, 101);
    assert_true(grown >= 1 && grown < 1.05);
}

/* A horseshoe is not closed as long as its corners suffice. */
static void test_stays_hollow(void **state)
{
    (void)state;
    struct cap_point points[403];
    size_t count = 0;
    for (int i = 0; i <= 200; i++) {
        double angle = 0.3 + (2 * M_PI - 0.6) * i / 200;
        points[count++] = (struct cap_point){46 + sin(angle), -80 + cos(angle)};
    }
    for (int i = 200; i >= 0; i--) {
        double angle = 0.3 + (2 * M_PI - 0.6) * i / 200;
        points[count++] = (struct cap_point){46 + 0.8 * sin(angle), -80 + 0.8 * cos(angle)};
    }
    points[count++] = points[0];
    struct cap_polygon ring = {.points = points, .count = count};
    assert_true(check(&ring, 60) < 1.1);
}

static void test_degenerate(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct cap_point line[6] = {{45, -80}, {45, -79}, {45, -78}, {45, -77}, {45, -79}, {45, -80}};
    struct cap_polygon ring = {.points = line, .count = 6};
    struct cap_polygon simple = geo_simplify_outward(arena, &ring, 5);
    assert_int_equal(simple.count, 5);
    struct cap_point same[6] = {{45, -80}, {45, -80}, {45, -80}, {45, -80}, {45, -80}, {45, -80}};
    ring.points = same;
    simple = geo_simplify_outward(arena, &ring, 4);
    assert_int_equal(simple.count, 4);
    /* A ring that crosses itself. */
    struct cap_point bow[8] = {{45, -80}, {46, -79}, {45, -78}, {46, -80},
                               {47, -79}, {46, -77}, {44, -79}, {45, -80}};
    ring = (struct cap_polygon){.points = bow, .count = 8};
    simple = geo_simplify_outward(arena, &ring, 5);
    assert_true(simple.count <= 5);
    /* Short enough already: as it is. */
    simple = geo_simplify_outward(arena, &ring, 8);
    assert_ptr_equal(simple.points, bow);
    arena_destroy(arena);
}

static int winding(const struct cap_polygon *ring, double x, double y)
{
    int turns = 0;
    for (size_t i = 0; i + 1 < ring->count; i++) {
        struct cap_point a = ring->points[i], b = ring->points[i + 1];
        double side = (b.lon - a.lon) * (y - a.lat) - (b.lat - a.lat) * (x - a.lon);
        turns += (a.lat <= y && y < b.lat && side > 0) - (b.lat <= y && y < a.lat && side < 0);
    }
    return turns;
}

/* The faces that the ring goes round, by GEOS; `drawn` must hold each of them. Returns how many. */
static int faces_are_held(const struct cap_polygon *ring, const GEOSGeometry *drawn)
{
    GEOSGeometry *polygon = geometry_of(ring);
    GEOSGeometry *line = GEOSBoundary_r(geos, polygon);
    GEOSGeometry *noded = GEOSUnaryUnion_r(geos, line);
    GEOSGeometry *faces = GEOSPolygonize_r(geos, (const GEOSGeometry *const *)&noded, 1);
    int count = 0;
    for (int i = 0; i < GEOSGetNumGeometries_r(geos, faces); i++) {
        const GEOSGeometry *face = GEOSGetGeometryN_r(geos, faces, i);
        GEOSGeometry *inside = GEOSPointOnSurface_r(geos, face);
        double x, y;
        GEOSGeomGetX_r(geos, inside, &x);
        GEOSGeomGetY_r(geos, inside, &y);
        GEOSGeom_destroy_r(geos, inside);
        if (winding(ring, x - 360, y) == 0)
            continue;
        count++;
        GEOSGeometry *left = GEOSDifference_r(geos, face, drawn);
        double area = 1;
        assert_non_null(left);
        GEOSArea_r(geos, left, &area);
        assert_true(area < 1e-11); /* rounding, and the 360 degrees of geometry_of() */
        GEOSGeom_destroy_r(geos, left);
    }
    GEOSGeom_destroy_r(geos, faces);
    GEOSGeom_destroy_r(geos, noded);
    GEOSGeom_destroy_r(geos, line);
    GEOSGeom_destroy_r(geos, polygon);
    return count;
}

/* Parted, each part valid and drawn with at most so many vertices: together nothing is lost. */
static int check_crossed(const struct cap_polygon *ring, size_t vertices_max, size_t *parts)
{
    struct arena *arena = arena_create();
    struct cap_polygon *rings;
    size_t count = geo_uncrossed_rings(arena, ring, &rings);
    GEOSGeometry **drawn = mem_alloc_array(count, sizeof(GEOSGeometry *));
    for (size_t i = 0; i < count; i++) {
        struct cap_polygon simple = geo_simplify_outward(arena, &rings[i], vertices_max);
        assert_true(simple.count <= vertices_max);
        drawn[i] = geometry_of(&simple);
    }
    GEOSGeometry *all =
        GEOSGeom_createCollection_r(geos, GEOS_GEOMETRYCOLLECTION, drawn, (unsigned)count);
    GEOSGeometry *united = GEOSUnaryUnion_r(geos, all);
    int faces = faces_are_held(ring, united);
    GEOSGeom_destroy_r(geos, united);
    GEOSGeom_destroy_r(geos, all);
    free(drawn);
    arena_destroy(arena);
    *parts = count;
    return faces;
}

/* Rings that cross themselves many times, also through their own corners and along their edges: on
 * a coarse grid. */
static void test_crossed_rings_lose_nothing(void **state)
{
    (void)state;
    struct dice dice = {.state = 11};
    struct cap_point points[301];
    size_t parted = 0, all_faces = 0;
    for (int round = 0; round < 60; round++) {
        bool on_grid = round % 2;
        size_t count = (size_t)dice_between(&dice, 5, round % 3 ? 40 : 300);
        for (size_t i = 0; i < count; i++) {
            double angle = 2 * M_PI * (double)i / (double)count;
            double east = -80 + cos(3 * angle) + dice_between(&dice, 0, 0.3);
            double north = 46 + sin(2 * angle) + dice_between(&dice, 0, 0.3);
            points[i] = on_grid ? (struct cap_point){floor(north * 8) / 8, floor(east * 8) / 8}
                                : (struct cap_point){north, east};
        }
        points[count] = points[0];
        struct cap_polygon ring = {.points = points, .count = count + 1};
        size_t parts;
        all_faces += (size_t)check_crossed(&ring, 40, &parts);
        parted += parts > 1;
    }
    printf("%zu of 60 rings parted, %zu faces held\n", parted, all_faces);
    assert_true(parted > 50 && all_faces > 800);
}

/* What does not cross itself stays as it is; what crosses beyond measure becomes its hull. */
static void test_uncrossed_and_hopeless(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct dice dice = {.state = 12};
    struct cap_point points[1001];
    struct cap_polygon ring = star(points, 1000, &dice, -80, 0.5, true);
    struct cap_polygon *rings;
    assert_int_equal(geo_uncrossed_rings(arena, &ring, &rings), 1);
    assert_ptr_equal(rings[0].points, points);
    /* Zigzags over a continent. */
    size_t count = 20000;
    struct cap_polygon zigzag = {.count = count + 1};
    zigzag.points = arena_alloc_array(arena, count + 1, sizeof(struct cap_point));
    for (size_t i = 0; i < count; i++)
        zigzag.points[i] = (struct cap_point){i % 2 ? 30 : 60, -140 + dice_between(&dice, 0, 80)};
    zigzag.points[count] = zigzag.points[0];
    assert_int_equal(geo_uncrossed_rings(arena, &zigzag, &rings), 1);
    assert_in_range(rings[0].count, 5, 40);
    arena_destroy(arena);
}

/* Over the antimeridian. */
static void test_crossed_at_180(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct cap_point bow[5] = {{52, 179}, {53, -179}, {53, 179}, {52, -179}, {52, 179}};
    struct cap_polygon ring = {.points = bow, .count = 5};
    struct cap_polygon *rings;
    assert_int_equal(geo_uncrossed_rings(arena, &ring, &rings), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(rings[i].count, 4);
        for (size_t k = 0; k < 4; k++)
            assert_true(fabs(rings[i].points[k].lon) >= 179 && fabs(rings[i].points[k].lon) <= 180);
    }
    arena_destroy(arena);
}

/* Real outlines, up to tens of thousands of points. */
static void test_provinces(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    static const char *const codes[] = {"13", "24", "35", "47", "59"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct arena *arena = arena_create();
        struct geo_shape shape;
        bool coarse, national;
        assert_int_equal(geo_geocode_shape(geo, arena, SLICE("SGC"), slice_from_cstr(codes[i]),
                                           &shape, &coarse, &national, NULL),
                         OK);
        size_t largest = 0;
        for (size_t k = 0; k < shape.polygon_count; k++) {
            largest = shape.polygons[k].count > shape.polygons[largest].count ? k : largest;
        }
        double grown = check(&shape.polygons[largest], 200);
        printf("%s: %zu points to 200, %.1f %% larger\n", codes[i], shape.polygons[largest].count,
               100 * (grown - 1));
        assert_true(grown < 1.1);
        arena_destroy(arena);
    }
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stars),
        cmocka_unit_test(test_stays_close),
        cmocka_unit_test(test_stays_hollow),
        cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_provinces),
        cmocka_unit_test(test_crossed_rings_lose_nothing),
        cmocka_unit_test(test_uncrossed_and_hopeless),
        cmocka_unit_test(test_crossed_at_180),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
