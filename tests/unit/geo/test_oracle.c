/*
 * GEOS as the oracle: thousands of random shapes, the same answers from the packed index.
 *
 * The geometries that GEOS sees are made of the same integers, so that touching agrees exactly.
 * Shares are compared within 2 % of the smaller of unit and shape, distances within 30 m + 0.1 %
 * (the oracle measures on an azimuthal equidistant plane around the shape, with edges cut into
 * pieces of a kilometre).
 */
#include "support.h"

#include <math.h>

enum { CORNERS_MAX = 400, SHAPES_MAX = 4 };

struct sample {
    struct cap_point points[SHAPES_MAX][CORNERS_MAX + 1];
    struct cap_polygon polygons[SHAPES_MAX];
    struct geo_shape shape;
};

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

static double wrapped(double lon)
{
    return lon - 360 * round(lon / 360);
}

static double gridded(double degrees)
{
    return round(degrees * 1e5) / 1e5;
}

/* A star around a middle: simple, as ragged as weather polygons are. */
static void star_make(struct sample *sample, int index, struct dice *dice, double lat, double lon,
                      double size, int corners)
{
    struct cap_point *points = sample->points[index];
    for (int i = 0; i < corners; i++) {
        double angle = 2 * M_PI * (i + dice_between(dice, 0, 0.8)) / corners;
        double radius = size * dice_between(dice, 0.3, 1);
        points[i] = (struct cap_point){gridded(lat + radius * sin(angle)),
                                       wrapped(gridded(lon + 1.4 * radius * cos(angle)))};
    }
    points[corners] = points[0];
    sample->polygons[index] = (struct cap_polygon){.points = points, .count = (size_t)corners + 1};
}

/* Where alerts matter: along the border from the Pacific to Fundy, Alaska, the Aleutians on both
 * sides of the antimeridian. */
static struct cap_point middle_pick(struct dice *dice)
{
    switch (dice_pick(dice, 8)) {
    case 0:
        return (struct cap_point){dice_between(dice, 51, 54), dice_between(dice, 176, 186)};
    case 1:
        return (struct cap_point){dice_between(dice, 55, 69), dice_between(dice, -142, -130)};
    case 2:
    case 3:
        return (struct cap_point){dice_between(dice, 48.2, 49.8), dice_between(dice, -124, -95)};
    case 4:
        return (struct cap_point){dice_between(dice, 41.5, 48), dice_between(dice, -95, -75)};
    default:
        return (struct cap_point){dice_between(dice, 43.5, 47.5), dice_between(dice, -75, -65)};
    }
}

static void sample_make(struct sample *sample, struct dice *dice, double size_max)
{
    int count = dice_pick(dice, 5) == 0 ? 1 + dice_pick(dice, SHAPES_MAX) : 1;
    struct cap_point middle = middle_pick(dice);
    for (int i = 0; i < count; i++) {
        int corners = dice_pick(dice, 10) == 0 ? 300 : 4 + dice_pick(dice, 36);
        double size = size_max * pow(dice_between(dice, 0.02, 1), 2);
        corners = size < 0.03 ? 4 + corners % 8 : corners; /* or rounding makes it cross itself */
        star_make(sample, i, dice, middle.lat + 3 * i * size_max, middle.lon, size, corners);
    }
    sample->shape = shape_of_polygons(sample->polygons, (size_t)count);
}

static GEOSGeometry *ring_of(const double *xy, unsigned count)
{
    return GEOSGeom_createLinearRing_r(geos, GEOSCoordSeq_copyFromBuffer_r(geos, xy, count, 0, 0));
}

/* `turn` full turns to the east; longitudes go on over the antimeridian. */
static GEOSGeometry *shape_geometry(const struct geo_shape *shape, int turn)
{
    GEOSGeometry *parts[SHAPES_MAX];
    double xy[2 * (CORNERS_MAX + 1)];
    for (size_t i = 0; i < shape->polygon_count; i++) {
        const struct cap_polygon *polygon = &shape->polygons[i];
        double before = polygon->points[0].lon;
        for (size_t k = 0; k < polygon->count; k++) {
            double lon = polygon->points[k].lon;
            lon -= 360 * round((lon - before) / 360);
            before = lon;
            xy[2 * k] = round((lon + 360.0 * turn) * 1e5);
            xy[2 * k + 1] = round(polygon->points[k].lat * 1e5);
        }
        parts[i] = GEOSGeom_createPolygon_r(geos, ring_of(xy, (unsigned)polygon->count), NULL, 0);
    }
    return GEOSGeom_createCollection_r(geos, GEOS_MULTIPOLYGON, parts,
                                       (unsigned)shape->polygon_count);
}

static GEOSGeometry *file_ring_geometry(const struct geo *geo, const struct geo_file_ring *ring)
{
    double *xy = mem_alloc_array(ring->point_count, 2 * sizeof(double));
    for (uint32_t i = 0; i < ring->point_count; i++) {
        xy[2 * i] = geo->points[ring->point_first + i].x;
        xy[2 * i + 1] = geo->points[ring->point_first + i].y;
    }
    GEOSGeometry *made = ring_of(xy, ring->point_count);
    free(xy);
    return made;
}

static GEOSGeometry *unit_geometry(const struct geo *geo, const struct geo_file_unit *unit)
{
    GEOSGeometry **polygons = mem_alloc_array(unit->ring_count, sizeof(*polygons));
    GEOSGeometry **holes = mem_alloc_array(unit->ring_count, sizeof(*holes));
    const struct geo_file_ring *rings = &geo->rings[unit->ring_first];
    unsigned count = 0;
    for (uint32_t i = 0; i < unit->ring_count;) {
        GEOSGeometry *shell = file_ring_geometry(geo, &rings[i++]);
        unsigned hole_count = 0;
        for (; i < unit->ring_count && rings[i].hole; i++) {
            holes[hole_count++] = file_ring_geometry(geo, &rings[i]);
        }
        polygons[count++] = GEOSGeom_createPolygon_r(geos, shell, holes, hole_count);
    }
    GEOSGeometry *made = GEOSGeom_createCollection_r(geos, GEOS_MULTIPOLYGON, polygons, count);
    free(holes);
    free(polygons);
    return made;
}

struct oracle {
    const struct geo *geo;
    uint32_t first, count;
    GEOSGeometry **units;
};

static struct oracle oracle_make(const struct geo *geo, enum geo_layer layer)
{
    struct geo_file_layer at = geo->layers[layer];
    struct oracle oracle = {geo, at.unit_first, at.unit_count,
                            mem_alloc_array(at.unit_count, sizeof(GEOSGeometry *))};
    for (uint32_t i = 0; i < at.unit_count; i++) {
        oracle.units[i] = unit_geometry(geo, &geo->units[at.unit_first + i]);
        assert_int_equal(GEOSisValid_r(geos, oracle.units[i]), 1);
    }
    return oracle;
}

static void oracle_drop(struct oracle *oracle)
{
    for (uint32_t i = 0; i < oracle->count; i++) {
        GEOSGeom_destroy_r(geos, oracle->units[i]);
    }
    free(oracle->units);
}

static double ring_km2(const GEOSGeometry *ring)
{
    const GEOSCoordSequence *sequence = GEOSGeom_getCoordSeq_r(geos, ring);
    unsigned count = 0;
    double area = 0;
    double before_x = 0;
    double before_y = 0;
    GEOSCoordSeq_getSize_r(geos, sequence, &count);
    for (unsigned i = 0; i < count; i++) {
        double x = 0;
        double y = 0;
        GEOSCoordSeq_getXY_r(geos, sequence, i, &x, &y);
        if (i > 0) {
            area += (x + before_x) / 2 * GEO_RADIANS_PER_UNIT *
                    (sin(y * GEO_RADIANS_PER_UNIT) - sin(before_y * GEO_RADIANS_PER_UNIT));
        }
        before_x = x;
        before_y = y;
    }
    return fabs(area) * GEO_EARTH_RADIUS_KM * GEO_EARTH_RADIUS_KM;
}

static double geometry_km2(const GEOSGeometry *geometry)
{
    double area = 0;
    if (GEOSGeomTypeId_r(geos, geometry) == GEOS_POLYGON) {
        if (GEOSisEmpty_r(geos, geometry)) {
            return 0;
        }
        area = ring_km2(GEOSGetExteriorRing_r(geos, geometry));
        for (int i = 0; i < GEOSGetNumInteriorRings_r(geos, geometry); i++) {
            area -= ring_km2(GEOSGetInteriorRingN_r(geos, geometry, i));
        }
        return area;
    }
    int type = GEOSGeomTypeId_r(geos, geometry);
    if (type == GEOS_MULTIPOLYGON || type == GEOS_GEOMETRYCOLLECTION) {
        for (int i = 0; i < GEOSGetNumGeometries_r(geos, geometry); i++) {
            area += geometry_km2(GEOSGetGeometryN_r(geos, geometry, i));
        }
    }
    return area;
}

struct expected {
    bool meets;
    double overlap_km2;
};

/* A shape at one of three places, a full turn apart. */
struct turned {
    GEOSGeometry *geometry;
    double x0, y0, x1, y1;
};

static void turned_make(struct turned *turned, const struct geo_shape *shape)
{
    for (int i = 0; i < 3; i++) {
        GEOSGeometry *geometry = shape_geometry(shape, i - 1);
        turned[i].geometry = geometry;
        assert_int_equal(GEOSGeom_getXMin_r(geos, geometry, &turned[i].x0) &
                             GEOSGeom_getYMin_r(geos, geometry, &turned[i].y0) &
                             GEOSGeom_getXMax_r(geos, geometry, &turned[i].x1) &
                             GEOSGeom_getYMax_r(geos, geometry, &turned[i].y1),
                         1);
    }
}

static struct expected expect(const struct turned *turned, const GEOSGeometry *unit,
                              struct geo_box box)
{
    struct expected expected = {0};
    for (int i = 0; i < 3; i++) {
        if (turned[i].x0 > box.x1 || turned[i].x1 < box.x0 || turned[i].y0 > box.y1 ||
            turned[i].y1 < box.y0 || GEOSIntersects_r(geos, turned[i].geometry, unit) != 1) {
            continue;
        }
        expected.meets = true;
        GEOSGeometry *common = GEOSIntersection_r(geos, turned[i].geometry, unit);
        assert_non_null(common);
        expected.overlap_km2 += geometry_km2(common);
        GEOSGeom_destroy_r(geos, common);
    }
    return expected;
}

static bool view_find(const struct geo_units *units, const struct geo *geo,
                      const struct geo_file_unit *unit, struct geo_unit *out)
{
    for (size_t i = 0; i < units->count; i++) {
        if (slice_eq(units->items[i].code, geo_text_at(geo, unit->code))) {
            *out = units->items[i];
            return true;
        }
    }
    return false;
}

struct totals {
    size_t met, kept, slivers;
};

/* What the answer says of one unit against what GEOS says. */
static void answer_check(const struct oracle *oracle, uint32_t index, struct geo_query *query,
                         struct expected expected, const struct geo_units *kept,
                         const struct geo_units *slivers, struct totals *totals)
{
    const struct geo_file_unit *unit = &oracle->geo->units[oracle->first + index];
    struct geo_unit view;
    bool is_kept = view_find(kept, oracle->geo, unit, &view);
    bool is_sliver = !is_kept && view_find(slivers, oracle->geo, unit, &view);
    bool meets = geo_relation_meets(geo_query_relate(oracle->geo, query, unit));
    if (meets != expected.meets) {
        fail_msg("%.*s: meets is %d, GEOS says %d", SLICE_ARG(geo_text_at(oracle->geo, unit->code)),
                 meets, expected.meets);
    }
    /* Only what is next to a shape too small for the data is kept without being met. */
    assert_true(meets ? is_kept || is_sliver
                      : !is_sliver && (!is_kept || geo_query_area_km2(query) < 6));
    if (!meets) {
        return;
    }
    totals->met++;
    totals->kept += is_kept;
    totals->slivers += is_sliver;
    double smaller = fmin(unit->area_km2, geo_query_area_km2(query));
    double overlap_km2 = view.share_of_shape * geo_query_area_km2(query);
    if (fabs(overlap_km2 - expected.overlap_km2) > 0.02 * smaller + 1e-4) {
        fail_msg("%.*s: %g km2 in common, GEOS says %g; shape %g, unit %g", SLICE_ARG(view.code),
                 overlap_km2, expected.overlap_km2, geo_query_area_km2(query), unit->area_km2);
    }
    assert_true(fabs(view.share * unit->area_km2 - expected.overlap_km2) <= 0.02 * smaller + 1e-4);
    if (expected.overlap_km2 > 0.55 * smaller) {
        assert_true(is_kept);
    }
}

static void sample_check(const struct oracle *oracle, enum geo_layer layer,
                         const struct sample *sample, struct totals *totals)
{
    struct arena *arena = arena_create();
    struct geo_units slivers;
    struct geo_units kept = geo_cover(oracle->geo, arena, &sample->shape, layer, 0.01, &slivers);
    assert_false(kept.coarse);
    struct geo_query query;
    geo_query_init(&query, &sample->shape, 0);
    struct turned turned[3];
    turned_make(turned, &sample->shape);
    for (uint32_t i = 0; i < oracle->count; i++) {
        const struct geo_file_unit *unit = &oracle->geo->units[oracle->first + i];
        if (!(unit->flags & GEO_UNIT_LOOKUP)) {
            struct expected expected = expect(turned, oracle->units[i], unit->box);
            answer_check(oracle, i, &query, expected, &kept, &slivers, totals);
        }
    }
    for (int i = 0; i < 3; i++) {
        GEOSGeom_destroy_r(geos, turned[i].geometry);
    }
    geo_query_fini(&query);
    arena_destroy(arena);
}

/* What rounds to a ring that crosses itself GEOS cannot intersect. */
static bool sample_is_valid(const struct sample *sample)
{
    GEOSGeometry *geometry = shape_geometry(&sample->shape, 0);
    bool valid = GEOSisValid_r(geos, geometry) == 1;
    GEOSGeom_destroy_r(geos, geometry);
    return valid;
}

static void layer_check(const struct geo *geo, enum geo_layer layer, int queries, double size_max)
{
    struct dice dice = {.state = 88172645463325252ULL + layer};
    struct oracle oracle = oracle_make(geo, layer);
    struct totals totals = {0};
    for (int i = 0; i < queries; i++) {
        struct sample sample;
        do {
            sample_make(&sample, &dice, size_max);
        } while (!sample_is_valid(&sample));
        sample_check(&oracle, layer, &sample, &totals);
    }
    printf("layer %d: %d shapes, %zu units met, %zu kept, %zu slivers\n", layer, queries,
           totals.met, totals.kept, totals.slivers);
    assert_true(totals.met > (size_t)queries / 10);
    oracle_drop(&oracle);
}

static void test_cover_standard(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    layer_check(geo, GEO_US_COUNTY, 1500, 1.0);
    layer_check(geo, GEO_US_STATE, 200, 2.0);
    layer_check(geo, GEO_CA_PROVINCE, 200, 1.0);
    layer_check(geo, GEO_COUNTRY, 100, 1.0);
    geo_close(geo);
}

static void test_cover_full(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    layer_check(geo, GEO_US_COUNTY, 500, 1.0);
    layer_check(geo, GEO_US_ZONE, 500, 0.7);
    layer_check(geo, GEO_CA_CD, 500, 1.0);
    layer_check(geo, GEO_CA_CSD, 500, 0.5);
    layer_check(geo, GEO_CA_CLC, 100, 0.5);
    geo_close(geo);
}

/* Azimuthal equidistant, in km around a middle. */
struct plane {
    double lat, lon; /* radians */
};

static int project(double *x, double *y, void *context)
{
    const struct plane *plane = context;
    double lon = *x * GEO_RADIANS_PER_UNIT - plane->lon;
    double lat = *y * GEO_RADIANS_PER_UNIT;
    double cosine = sin(plane->lat) * sin(lat) + cos(plane->lat) * cos(lat) * cos(lon);
    double angle = acos(fmax(-1, fmin(1, cosine)));
    double scale = angle < 1e-12 ? GEO_EARTH_RADIUS_KM : GEO_EARTH_RADIUS_KM * angle / sin(angle);
    *x = scale * cos(lat) * sin(lon);
    *y = scale * (cos(plane->lat) * sin(lat) - sin(plane->lat) * cos(lat) * cos(lon));
    return 1;
}

static GEOSGeometry *projected(const GEOSGeometry *geometry, struct plane *plane)
{
    GEOSGeometry *dense = GEOSDensify_r(geos, geometry, 900);
    GEOSGeometry *made = GEOSGeom_transformXY_r(geos, dense, project, plane);
    GEOSGeom_destroy_r(geos, dense);
    return made;
}

/* What lies near enough to matter, or NULL. */
static GEOSGeometry *clipped(const GEOSGeometry *country, struct cap_point middle)
{
    double x = middle.lon * 1e5;
    double y = middle.lat * 1e5;
    double dy = 3 * 1e5;
    double dx = dy / cos(middle.lat * M_PI / 180);
    GEOSGeometry *part = GEOSClipByRect_r(geos, country, x - dx, y - dy, x + dx, y + dy);
    if (part && GEOSisEmpty_r(geos, part)) {
        GEOSGeom_destroy_r(geos, part);
        return NULL;
    }
    return part;
}

static double oracle_km(const GEOSGeometry *country, const GEOSGeometry *shape,
                        struct cap_point middle)
{
    GEOSGeometry *part = clipped(country, middle);
    double km = HUGE_VAL;
    if (!part) {
        return km;
    }
    struct plane plane = {middle.lat * M_PI / 180, middle.lon * M_PI / 180};
    GEOSGeometry *a = projected(part, &plane);
    GEOSGeometry *b = projected(shape, &plane);
    assert_int_equal(GEOSDistance_r(geos, a, b, &km), 1);
    GEOSGeom_destroy_r(geos, a);
    GEOSGeom_destroy_r(geos, b);
    GEOSGeom_destroy_r(geos, part);
    return km;
}

static void distance_check(const struct geo *geo, const GEOSGeometry *country, enum side side,
                           const struct geo_shape *shape, const GEOSGeometry *geometry,
                           struct cap_point middle, double radius_km, int *near_limit)
{
    const double limit_km = 50;
    double truth = fmax(0, oracle_km(country, geometry, middle) - radius_km);
    double tolerance = 0.03 + 0.001 * fmin(truth, 1000);
    double km = geo_distance_km(geo, shape, side, limit_km);
    if (truth <= limit_km - tolerance ? fabs(km - truth) > tolerance
                                      : km < fmin(truth, limit_km) - tolerance) {
        fail_msg("%.5f %.5f: %g km to %s, GEOS says %g", middle.lat, middle.lon, km,
                 side_name(side), truth);
    }
    if (fabs(truth - limit_km) > tolerance) {
        assert_int_equal(geo_within(geo, shape, side, limit_km), truth < limit_km);
        *near_limit += fabs(truth - limit_km) < 5;
    }
}

static void distances_check(const struct geo *geo, int queries)
{
    struct dice dice = {.state = 1234567890123ULL};
    struct oracle oracle = oracle_make(geo, GEO_COUNTRY);
    int near_limit = 0;
    for (int i = 0; i < queries; i++) {
        struct cap_point middle = {dice_between(&dice, 43, 49.8), dice_between(&dice, -124, -65)};
        struct sample sample;
        star_make(&sample, 0, &dice, middle.lat, middle.lon, dice_between(&dice, 0.01, 0.4),
                  4 + dice_pick(&dice, 30));
        sample.shape = shape_of_polygons(sample.polygons, 1);
        GEOSGeometry *polygon = shape_geometry(&sample.shape, 0);
        struct cap_circle circle = {.centre = {gridded(middle.lat), gridded(middle.lon)},
                                    .radius_km = dice_pick(&dice, 3) * 12.5};
        struct geo_shape round_shape = shape_of_circle(&circle);
        GEOSGeometry *centre = GEOSGeom_createPointFromXY_r(geos, round(circle.centre.lon * 1e5),
                                                            round(circle.centre.lat * 1e5));
        for (uint32_t side = 0; side < 2; side++) {
            enum side which = side == 0 ? SIDE_CA : SIDE_US;
            distance_check(geo, oracle.units[side], which, &sample.shape, polygon, middle, 0,
                           &near_limit);
            distance_check(geo, oracle.units[side], which, &round_shape, centre, middle,
                           circle.radius_km, &near_limit);
        }
        GEOSGeom_destroy_r(geos, polygon);
        GEOSGeom_destroy_r(geos, centre);
    }
    printf("%d shapes and circles, %d distances within 5 km of the limit\n", queries, near_limit);
    assert_true(near_limit > queries / 40);
    oracle_drop(&oracle);
}

static void test_distance_standard(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    distances_check(geo, 400);
    geo_close(geo);
}

static void test_distance_full(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    distances_check(geo, 150);
    geo_close(geo);
}

/* A lake in a county, a hole in a census division: what lies in it does not touch. */
static void test_holes(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    struct geo_file_layer at = geo->layers[GEO_CA_CSD];
    size_t tested = 0;
    for (uint32_t i = 0; i < at.unit_count; i++) {
        const struct geo_file_unit *unit = &geo->units[at.unit_first + i];
        GEOSGeometry *whole = NULL;
        for (uint32_t k = 0; k < unit->ring_count; k++) {
            const struct geo_file_ring *ring = &geo->rings[unit->ring_first + k];
            if (!ring->hole || tested >= 400 || unit->ring_count > 50) {
                continue;
            }
            GEOSGeometry *line = file_ring_geometry(geo, ring);
            GEOSGeometry *hole = GEOSGeom_createPolygon_r(geos, line, NULL, 0);
            GEOSGeometry *point = GEOSPointOnSurface_r(geos, hole);
            double x = 0;
            double y = 0;
            GEOSGeomGetX_r(geos, point, &x);
            GEOSGeomGetY_r(geos, point, &y);
            struct geo_point place = {(int32_t)lround(x), (int32_t)lround(y)};
            GEOSGeometry *rounded = GEOSGeom_createPointFromXY_r(geos, place.x, place.y);
            whole = whole ? whole : unit_geometry(geo, unit);
            bool expected = GEOSIntersects_r(geos, whole, rounded) == 1;
            assert_int_equal(geo_unit_locate(geo, unit, place) != GEO_OUTSIDE, expected);
            tested++;
            GEOSGeom_destroy_r(geos, rounded);
            GEOSGeom_destroy_r(geos, point);
            GEOSGeom_destroy_r(geos, hole);
        }
        GEOSGeom_destroy_r(geos, whole);
    }
    assert_true(tested > 100);
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover_standard),
        cmocka_unit_test(test_cover_full),
        cmocka_unit_test(test_distance_standard),
        cmocka_unit_test(test_distance_full),
        cmocka_unit_test(test_holes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
