/* The places that must come out right, in both grades. */
#include "support.h"

struct place {
    const char *name;
    double lat, lon;
    enum side side;
    enum geo_layer layer;
    const char *code;
    bool standard; /* the layer is in the standard grade too */
};

static const struct place places[] = {
    {"Windsor ON", 42.3149, -83.0364, SIDE_CA, GEO_CA_CD, "3537", false},
    {"Windsor ON", 42.3149, -83.0364, SIDE_CA, GEO_CA_CSD, "3537039", false},
    {"Windsor ON", 42.3149, -83.0364, SIDE_CA, GEO_CA_PROVINCE, "35", true},
    {"St. Stephen NB", 45.1942, -67.2769, SIDE_CA, GEO_CA_CD, "1302", false},
    {"St. Stephen NB", 45.1942, -67.2769, SIDE_CA, GEO_CA_CSD, "1302037", false},
    {"St. Stephen NB", 45.1942, -67.2769, SIDE_CA, GEO_CA_PROVINCE, "13", true},
    {"Niagara Falls ON", 43.0896, -79.0849, SIDE_CA, GEO_CA_CD, "3526", false},
    {"Niagara Falls ON", 43.0896, -79.0849, SIDE_CA, GEO_CA_PROVINCE, "35", true},
    {"Vancouver BC", 49.2827, -123.1207, SIDE_CA, GEO_CA_CD, "5915", false},
    {"Vancouver BC", 49.2827, -123.1207, SIDE_CA, GEO_CA_PROVINCE, "59", true},
    {"Presque Isle, Aroostook ME", 46.6812, -68.0159, SIDE_US, GEO_US_COUNTY, "023003", true},
    {"Machias, Washington ME", 44.7151, -67.4614, SIDE_US, GEO_US_COUNTY, "023029", true},
    {"Detroit, Wayne MI", 42.3314, -83.0458, SIDE_US, GEO_US_COUNTY, "026163", true},
    {"Bellingham, Whatcom WA", 48.7519, -122.4787, SIDE_US, GEO_US_COUNTY, "053073", true},
    {"Calais ME", 45.1887, -67.2786, SIDE_US, GEO_US_COUNTY, "023029", true},
    {"Eastport ME", 44.9062, -66.9900, SIDE_US, GEO_US_COUNTY, "023029", true},
};

static void place_check(const struct geo *geo, const struct place *place)
{
    struct arena *arena = arena_create();
    struct cap_circle circle = {.centre = {place->lat, place->lon}};
    struct geo_shape shape = shape_of_circle(&circle);
    struct geo_units units = geo_cover(geo, arena, &shape, place->layer, 0.01, NULL);
    const char *text = units_text(arena, &units);
    if (strcmp(text, place->code) != 0) {
        fail_msg("%s is in '%s', not %s", place->name, text, place->code);
    }
    assert_int_equal(geo_side_of(geo, &shape), place->side);
    assert_true(geo_within(geo, &shape, place->side, 0));
    assert_false(geo_within(geo, &shape, side_other(place->side), 0));
    arena_destroy(arena);
}

static void test_standard(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].standard) {
            place_check(geo, &places[i]);
        }
    }
    geo_close(geo);
}

static void test_full(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        place_check(geo, &places[i]);
    }
    geo_close(geo);
}

static struct cap_polygon box_polygon(struct cap_point *points, double lat0, double lon0,
                                      double lat1, double lon1)
{
    points[0] = points[4] = (struct cap_point){lat0, lon0};
    points[1] = (struct cap_point){lat0, lon1};
    points[2] = (struct cap_point){lat1, lon1};
    points[3] = (struct cap_point){lat1, lon0};
    return (struct cap_polygon){.points = points, .count = 5};
}

/* The shape of a border county, taken from the same file, covers itself and none of its neighbours.
 */
static void neighbours_check(const struct geo *geo, const char *same)
{
    struct arena *arena = arena_create();
    struct geo_shape shape;
    bool coarse, national;
    assert_int_equal(geo_geocode_shape(geo, arena, SLICE("SAME"), slice_from_cstr(same), &shape,
                                       &coarse, &national, NULL),
                     OK);
    assert_false(coarse);
    struct geo_units counties = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
    assert_string_equal(units_text(arena, &counties), same);
    struct geo_units provinces = geo_cover(geo, arena, &shape, GEO_CA_PROVINCE, 0.01, NULL);
    assert_string_equal(units_text(arena, &provinces), "");
    assert_int_equal(geo_side_of(geo, &shape), SIDE_US);
    assert_true(geo_within(geo, &shape, SIDE_CA, 5));
    arena_destroy(arena);
}

static void test_sharing_a_border_is_no_overlap(void **state)
{
    (void)state;
    static const char *const counties[] = {"023003", "030041", "053073", "038013", "050011"};
    struct geo *geo = open_or_fail(STANDARD_FILE);
    for (size_t i = 0; i < sizeof(counties) / sizeof(counties[0]); i++) {
        neighbours_check(geo, counties[i]);
    }
    geo_close(geo);
}

static void test_sharing_a_border_is_no_overlap_full(void **state)
{
    (void)state;
    static const char *const divisions[] = {"1302", "1310", "2443", "4801", "5901", "5909"};
    struct geo *geo = open_full_or_skip();
    struct arena *arena = arena_create();
    for (size_t i = 0; i < sizeof(divisions) / sizeof(divisions[0]); i++) {
        struct geo_shape shape;
        bool coarse, national;
        assert_int_equal(geo_geocode_shape(geo, arena, SLICE("profile:CAP-CP:Location:0.3"),
                                           slice_from_cstr(divisions[i]), &shape, &coarse,
                                           &national, NULL),
                         OK);
        struct geo_units counties = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
        assert_string_equal(units_text(arena, &counties), "");
        struct geo_units own = geo_cover(geo, arena, &shape, GEO_CA_CD, 0.01, NULL);
        assert_string_equal(units_text(arena, &own), divisions[i]);
    }
    arena_destroy(arena);
    geo_close(geo);
}

/* One that was asked about other layers before answers as a new one does. */
static void test_a_ready_shape_keeps_nothing_of_its_answers(void **state)
{
    (void)state;
    static const enum geo_layer layers[] = {GEO_US_COUNTY, GEO_CA_PROVINCE, GEO_US_COUNTY,
                                            GEO_COUNTRY, GEO_CA_CD};
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    struct cap_point points[2][5];
    struct cap_polygon polygons[2] = {box_polygon(points[0], 46.5, -69, 47.5, -67),
                                      box_polygon(points[1], 51, 179.5, 53, -179)};
    struct geo_shape shape = shape_of_polygons(polygons, 2);
    struct geo_ready *ready = geo_ready_create(&shape);
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        struct geo_units slivers[2];
        struct geo_units kept[2] = {geo_ready_cover(geo, arena, ready, layers[i], 0.1, &slivers[0]),
                                    geo_cover(geo, arena, &shape, layers[i], 0.1, &slivers[1])};
        assert_string_equal(units_text(arena, &kept[0]), units_text(arena, &kept[1]));
        assert_string_equal(units_text(arena, &slivers[0]), units_text(arena, &slivers[1]));
        for (size_t k = 0; k < kept[0].count; k++) {
            assert_true(kept[0].items[k].share == kept[1].items[k].share);
            assert_true(kept[0].items[k].share_of_shape == kept[1].items[k].share_of_shape);
        }
        assert_true(kept[0].count > 0 || layers[i] == GEO_CA_CD);
    }
    /* Nor of the shape before. */
    struct geo_shape second = shape_of_polygons(&polygons[0], 1);
    geo_ready_renew(ready, &second);
    struct geo_units counties[2] = {geo_ready_cover(geo, arena, ready, GEO_US_COUNTY, 0.1, NULL),
                                    geo_cover(geo, arena, &second, GEO_US_COUNTY, 0.1, NULL)};
    assert_string_equal(units_text(arena, &counties[0]), units_text(arena, &counties[1]));
    assert_true(counties[0].items[0].share == counties[1].items[0].share);
    geo_ready_destroy(ready);
    arena_destroy(arena);
    geo_close(geo);
}

static void test_tiny_shapes_count(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    struct cap_point points[5];
    struct cap_polygon polygon = box_polygon(points, 46.68, -68.02, 46.6802, -68.0198);
    struct geo_shape shape = shape_of_polygons(&polygon, 1);
    struct geo_units units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
    assert_string_equal(units_text(arena, &units), "023003");
    assert_true(units.items[0].share < 1e-5);
    assert_true(units.items[0].share_of_shape > 0.99);
    assert_true(slice_eq_cstr(units.items[0].region, "ME"));
    assert_true(slice_eq_cstr(units.items[0].name, "Aroostook"));
    /* All points the same, a line, and one point only. */
    for (size_t count = 1; count <= 3; count++) {
        polygon.count = count;
        units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
        assert_string_equal(units_text(arena, &units), "023003");
    }
    arena_destroy(arena);
    geo_close(geo);
}

static void test_slivers_are_told(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    struct cap_point points[5];
    /* Toole County MT reaches 48.998; this box comes 0.3 km into it and 80 km into Alberta. */
    struct cap_polygon polygon = box_polygon(points, 48.995, -112.0, 49.7, -111.5);
    struct geo_shape shape = shape_of_polygons(&polygon, 1);
    struct geo_units slivers;
    struct geo_units units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, &slivers);
    assert_int_equal(units.count, 0);
    assert_true(units_have(&slivers, "030101"));
    /* Now 10 km into it: 5 % of the shape. */
    points[0].lat = points[1].lat = points[4].lat = 48.91;
    units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, &slivers);
    assert_true(units_have(&units, "030101"));
    units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.3, &slivers);
    assert_int_equal(units.count, 0);
    assert_true(units_have(&slivers, "030101"));
    arena_destroy(arena);
    geo_close(geo);
}

static void test_regions(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    struct cap_circle circle = {.centre = {45.0, -67.0}, .radius_km = 10};
    struct geo_shape shape = shape_of_circle(&circle);
    struct geo_units us = geo_regions(geo, arena, &shape, SIDE_US, 50);
    struct geo_units ca = geo_regions(geo, arena, &shape, SIDE_CA, 50);
    assert_string_equal(units_text(arena, &us), "23");
    assert_string_equal(units_text(arena, &ca), "13");
    arena_destroy(arena);
    geo_close(geo);
}

static void test_nothing_and_everything(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    struct geo_shape nothing = {0};
    assert_int_equal(geo_cover(geo, arena, &nothing, GEO_US_COUNTY, 0.01, NULL).count, 0);
    assert_int_equal(geo_side_of(geo, &nothing), SIDE_NONE);
    assert_false(geo_within(geo, &nothing, SIDE_US, 50));
    struct cap_circle world = {.centre = {90, 0}, .radius_km = 20100};
    struct geo_shape everything = shape_of_circle(&world);
    struct geo_units all = geo_cover(geo, arena, &everything, GEO_US_COUNTY, 0.01, NULL);
    assert_int_equal(all.count, 3231);
    assert_true(geo_within(geo, &everything, SIDE_CA, 0));
    arena_destroy(arena);
    geo_close(geo);
}

/* Far more points than are looked at one by one: the answer may be too wide, never too narrow. */
static void test_huge_shapes_are_conservative(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    size_t count = GEO_VERTICES_MAX + 2;
    struct cap_point *points = mem_alloc_array(count, sizeof(*points));
    for (size_t i = 0; i < count; i++) {
        double angle = 6.283185307179586 * (double)i / (double)(count - 1);
        points[i] = (struct cap_point){45 + 0.5 * sin(angle), -69 + 0.5 * cos(angle)};
    }
    struct cap_polygon polygon = {.points = points, .count = count};
    struct geo_shape shape = shape_of_polygons(&polygon, 1);
    struct geo_units coarse = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0, NULL);
    assert_true(coarse.coarse);
    polygon.count = count / 2; /* half of the circle is looked at exactly */
    struct geo_units exact = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0, NULL);
    assert_false(exact.coarse);
    for (size_t i = 0; i < exact.count; i++) {
        char code[7] = {0};
        memcpy(code, exact.items[i].code.ptr, 6);
        assert_true(units_have(&coarse, code));
    }
    free(points);
    arena_destroy(arena);
    geo_close(geo);
}

/* Zigzags over a continent, thousands of edges that all cross: an answer in bounded work. */
static void test_hostile_shapes_end(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct arena *arena = arena_create();
    size_t count = 60000;
    struct cap_point *points = mem_alloc_array(count, sizeof(*points));
    for (size_t i = 0; i < count; i++) {
        points[i] = (struct cap_point){i % 2 ? 25.0 : 70.0, -150 + 90 * (double)i / (double)count};
    }
    struct cap_polygon polygon = {.points = points, .count = count};
    struct geo_shape shape = shape_of_polygons(&polygon, 1);
    struct geo_units units = geo_cover(geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
    assert_true(units.coarse);
    assert_true(units.count > 2000);
    assert_true(geo_within(geo, &shape, SIDE_CA, 50));
    free(points);
    arena_destroy(arena);
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_sharing_a_border_is_no_overlap),
        cmocka_unit_test(test_sharing_a_border_is_no_overlap_full),
        cmocka_unit_test(test_a_ready_shape_keeps_nothing_of_its_answers),
        cmocka_unit_test(test_tiny_shapes_count),
        cmocka_unit_test(test_slivers_are_told),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_nothing_and_everything),
        cmocka_unit_test(test_huge_shapes_are_conservative),
        cmocka_unit_test(test_hostile_shapes_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
