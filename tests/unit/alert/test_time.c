#include "fixture.h"

static void assert_time(const char *text, int64_t utc_s, int offset_min)
{
    struct cap_time time = cap_time_parse(slice_from_cstr(text));
    assert_true(time.set);
    assert_true(time.utc_s == utc_s);
    assert_int_equal(time.offset_min, offset_min);
    assert_slice(time.text, text);
}

static void test_cap_form(void **state)
{
    (void)state;
    assert_time("2026-04-15T20:51:47-00:00", 1776286307, 0);
    assert_time("2026-04-15T20:51:47+00:00", 1776286307, 0);
    assert_time("2026-04-15T17:51:47-03:00", 1776286307, -180);
    assert_time("2026-04-15T18:21:47-02:30", 1776286307, -150);
    assert_time("2026-04-16T02:21:47+05:30", 1776286307, 330);
    assert_time("2026-01-01T00:30:00+14:00", 1767177000, 840);
    assert_time("2024-02-29T00:00:00-00:00", 1709164800, 0);
    assert_time("2025-12-31T24:00:00-00:00", 1767225600, 0);
}

static void test_not_cap_form(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-04-15",
        "2026-04-15T20:51-00:00",
        "2026-04-15T20:51:47",
        "2026-04-15T20:51:47Z",
        "2026-04-15T20:51:47.000-00:00",
        "2026-04-15 20:51:47-00:00",
        "2026-4-15T20:51:47-00:00",
        "2026-02-29T20:51:47-00:00",
        "2026-13-01T20:51:47-00:00",
        "2026-00-01T20:51:47-00:00",
        "2026-04-31T20:51:47-00:00",
        "2026-04-15T24:00:01-00:00",
        "2026-04-15T20:60:47-00:00",
        "2026-04-15T20:51:60-00:00",
        "2026-04-15T20:51:47-14:01",
        "2026-04-15T20:51:47-03:60",
        "2026-04-15T20:51:47,03:00",
        "2026-04-15T20:51:47-00:00x",
        "0000-04-15T20:51:47-00:00",
        "+026-04-15T20:51:47-00:00",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cap_time time = cap_time_parse(slice_from_cstr(texts[i]));
        assert_false(time.set);
        assert_slice(time.text, texts[i]);
    }
}

static void test_lenient(void **state)
{
    (void)state;
    static const char *const same[] = {
        "2026-04-15T20:51:47Z",         "2026-04-15T20:51:47.000Z",
        "2026-04-15T20:51:47.9999",     "2026-04-15T20:51:47",
        "2026-04-15T17:51:47.5-03:00",  " 2026-04-15T20:51:47-00:00\n",
        "2026-04-15T22:51:47.123+02:00"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct cap_time time = cap_time_parse_lenient(slice_from_cstr(same[i]));
        assert_true(time.set);
        assert_true(time.utc_s == 1776286307);
    }
    assert_false(cap_time_parse_lenient(SLICE("2026-04-15T20:51:47.Z")).set);
    assert_false(cap_time_parse_lenient(SLICE("2026-04-15T20:51")).set);
    assert_false(cap_time_parse_lenient(SLICE("2026-04-15T20:51:47ZZ")).set);
}

static void test_make_is_the_inverse(void **state)
{
    struct fixture *fixture = *state;
    static const int offsets[] = {0, -180, -150, 330, 840, -720};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct cap_time made = cap_time_make(fixture->arena, 1776286307, offsets[i]);
        struct cap_time read = cap_time_parse(made.text);
        assert_true(read.set && read.utc_s == made.utc_s);
        assert_int_equal(read.offset_min, offsets[i]);
    }
    assert_slice(cap_time_make(fixture->arena, 1776286307, 0).text, "2026-04-15T20:51:47-00:00");
    assert_slice(cap_time_make(fixture->arena, 1776286307, -150).text, "2026-04-15T18:21:47-02:30");
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cap_status_name(STATUS_NONE), "");
    assert_string_equal(cap_response_type_name(RESPONSE_ALL_CLEAR), "AllClear");
    assert_string_equal(cap_category_name(CATEGORY_CBRNE), "CBRNE");
    assert_string_equal(cap_version_name(CAP_1_1), "1.1");
    assert_int_equal(alert_class_from_name(SLICE("exercise")), CLASS_EXERCISE);
    assert_int_equal(alert_class_from_name(SLICE("Actual")), CLASS_NONE);
    assert_int_equal(side_from_name(SLICE("us")), SIDE_US);
    assert_int_equal(side_other(SIDE_CA), SIDE_US);
    assert_int_equal(side_other(SIDE_NONE), SIDE_NONE);
    assert_int_equal(alert_class_of_status(STATUS_TEST), CLASS_EXERCISE);
    assert_int_equal(alert_class_of_status(STATUS_ACTUAL), CLASS_ACTUAL);
    assert_int_equal(alert_class_of_status(STATUS_SYSTEM), CLASS_NONE);
    assert_int_equal(alert_class_of_status(STATUS_DRAFT), CLASS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap_form), cmocka_unit_test(test_not_cap_form),
        cmocka_unit_test(test_lenient),  cmocka_unit_test(test_make_is_the_inverse),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
