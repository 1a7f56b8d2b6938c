#include "fixture.h"

static const struct slice cp_location = {"profile:CAP-CP:Location:0.3", 27};

static struct route_area area_of(struct fixture *fixture, bool shapes_outrank_codes)
{
    struct route_area area;
    route_area_of(fixture->geo, fixture->arena, &fixture->alert, shapes_outrank_codes, &area);
    return area;
}

static void test_no_area_is_unresolved(void **state)
{
    struct fixture *fixture = *state;
    fixture_info(fixture);
    struct route_area area = area_of(fixture, false);
    assert_false(area.given);
    assert_false(area.usable);
    assert_true(area.unresolved);
    assert_false(area.box.set);
}

static void test_language_blocks_count_once(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        struct cap_info *info = fixture_info(fixture);
        fixture_square(fixture, fixture_area(fixture, info), 45, -67, 0.1);
        fixture_square(fixture, fixture_area(fixture, info), 46, -67, 0.1);
    }
    struct route_area area = area_of(fixture, true);
    assert_int_equal(area.shape.polygon_count, 2);
    assert_false(area.unresolved);
}

static void test_blocks_that_differ_all_count(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        fixture_square(fixture, fixture_area(fixture, fixture_info(fixture)), 45 + i, -67, 0.1);
    assert_int_equal(area_of(fixture, true).shape.polygon_count, 3);
}

static void test_shapes_outrank_codes_in_cap_cp(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_square(fixture, area, 46, -66, 0.1);
    fixture_geocode(fixture, area, cp_location, SLICE("13"));
    assert_int_equal(area_of(fixture, true).shape.polygon_count, 1);
    assert_true(area_of(fixture, false).shape.polygon_count > 1);
}

static void test_codes_stand_in_for_a_missing_shape(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_geocode(fixture, area, cp_location, SLICE("13"));
    struct route_area found = area_of(fixture, true);
    assert_true(found.usable);
    assert_false(found.unresolved);
    assert_false(found.national);
}

static void test_one_whole_scheme_resolves(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_geocode(fixture, area, SLICE("of-a-vendor"), SLICE("1"));
    fixture_geocode(fixture, area, SLICE("SAME"), SLICE("023003"));
    assert_false(area_of(fixture, false).unresolved);
    fixture_geocode(fixture, area, SLICE("SAME"), SLICE("099999"));
    struct route_area found = area_of(fixture, false);
    assert_true(found.unresolved);
    assert_true(found.usable);
    assert_true(slice_eq_cstr(found.unresolved_desc, "an area"));
}

static void test_unreadable_shape_is_unresolved(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_square(fixture, area, 46, -66, 0.1);
    area->unreadable_shapes = 1;
    assert_true(area_of(fixture, true).unresolved);
    fixture_geocode(fixture, area, cp_location, SLICE("13"));
    assert_false(area_of(fixture, true).unresolved);
}

static void test_all_of_a_country(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_geocode(fixture, area, cp_location, SLICE("00"));
    assert_true(area_of(fixture, true).national);
}

static void test_without_boundaries_codes_have_no_shape(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    fixture_geocode(fixture, area, cp_location, SLICE("13"));
    struct route_area found;
    route_area_of(NULL, fixture->arena, &fixture->alert, true, &found);
    assert_false(found.usable);
    assert_true(found.unresolved);
}

static void test_box(void **state)
{
    struct fixture *fixture = *state;
    struct cap_info *info = fixture_info(fixture);
    fixture_square(fixture, fixture_area(fixture, info), 45, -67, 0.5);
    struct route_box box = area_of(fixture, true).box;
    assert_true(box.set && box.west == -67.5 && box.east == -66.5 && box.south == 44.5 &&
                box.north == 45.5);
}

static void test_box_over_the_antimeridian(void **state)
{
    struct fixture *fixture = *state;
    struct cap_info *info = fixture_info(fixture);
    fixture_square(fixture, fixture_area(fixture, info), 52, 180, 1);
    struct route_box box = area_of(fixture, false).box;
    assert_true(box.west == 179 && box.east == -179);
}

static void test_box_of_a_circle(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    struct cap_circle circle = {.centre = {45, -67}, .radius_km = 111.195};
    area->circles = &circle;
    area->circle_count = 1;
    struct route_box box = area_of(fixture, false).box;
    assert_true(box.north > 45.99 && box.north < 46.01);
    assert_true(box.east > -67 + 1.4 && box.east < -67 + 1.46);
}

/* One message must not keep the relay busy. */
static void test_many_codes_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct cap_area *area = fixture_area(fixture, fixture_info(fixture));
    enum { CODES = 100000 };
    area->geocodes.items = arena_alloc_array(fixture->arena, CODES, sizeof(struct cap_pair));
    area->geocodes.count = CODES;
    for (size_t i = 0; i < CODES; i++)
        area->geocodes.items[i] = (struct cap_pair){
            .name = i % 2 ? cp_location : arena_printf(fixture->arena, "scheme-%zu", i),
            .value = SLICE("13"),
        };
    struct route_area found = area_of(fixture, true);
    assert_true(found.unresolved);
    assert_true(found.usable);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_area_is_unresolved),
        TEST(test_language_blocks_count_once),
        TEST(test_blocks_that_differ_all_count),
        TEST(test_shapes_outrank_codes_in_cap_cp),
        TEST(test_codes_stand_in_for_a_missing_shape),
        TEST(test_one_whole_scheme_resolves),
        TEST(test_unreadable_shape_is_unresolved),
        TEST(test_all_of_a_country),
        TEST(test_without_boundaries_codes_have_no_shape),
        TEST(test_box),
        TEST(test_box_over_the_antimeridian),
        TEST(test_box_of_a_circle),
        TEST(test_many_codes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
