#include "fixture.h"

#include "route/border.h"

static struct route_policy policy = {.border_filter = true, .within_km = 50};

static struct border_answer judge(struct fixture *fixture, struct border_question question)
{
    struct route_area area;
    struct border_answer answer;
    route_area_of(fixture->geo, fixture->arena, &fixture->alert, true, &area);
    question.geo = fixture->geo;
    question.policy = question.policy ? question.policy : &policy;
    question.alert = &fixture->alert;
    question.area = &area;
    question.source = SLICE("naad");
    question.class = CLASS_ACTUAL;
    question.to = SIDE_US;
    border_judge(&question, fixture->arena, &answer);
    return answer;
}

static void assert_list(const struct slice *items, size_t count, const char *expected)
{
    char text[200] = "";
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s ", SLICE_ARG(items[i]));
    assert_string_equal(text, expected);
}

static void test_near_goes_to_the_regions_beside(void **state)
{
    struct fixture *fixture = *state;
    fixture_square(fixture, fixture_area(fixture, fixture_info(fixture)), 45.14, -66.83, 0.02);
    struct border_answer answer = judge(fixture, (struct border_question){0});
    assert_true(answer.crosses);
    assert_true(slice_eq_cstr(answer.reason, "border.within"));
    assert_list(answer.regions, answer.region_count, "ME ");
    assert_list(answer.topics, answer.topic_count, "actual.us.ME. actual.us.all. ");
}

static void test_far_stays(void **state)
{
    struct fixture *fixture = *state;
    fixture_square(fixture, fixture_area(fixture, fixture_info(fixture)), 46.1, -64.8, 0.02);
    struct border_answer answer = judge(fixture, (struct border_question){0});
    assert_false(answer.crosses);
    assert_true(slice_eq_cstr(answer.reason, "border.too-far"));
    assert_true(slice_find(answer.detail, "km from the United States; the limit is 50 km") > 0);
    assert_int_equal(answer.topic_count, 0);
}

static void test_reference_adds_its_regions(void **state)
{
    struct fixture *fixture = *state;
    struct slice led[] = {SLICE("--"), SLICE("NH")};
    fixture_square(fixture, fixture_area(fixture, fixture_info(fixture)), 45.14, -66.83, 0.02);
    struct border_answer answer = judge(
        fixture, (struct border_question){
                     .led = true, .led_wholly = true, .led_regions = led, .led_region_count = 2});
    assert_true(slice_eq_cstr(answer.reason, "reference"));
    assert_list(answer.regions, answer.region_count, "-- ME NH ");
    assert_list(answer.topics, answer.topic_count,
                "actual.us.--. actual.us.ME. actual.us.NH. actual.us.all. ");
}

static void test_without_area_a_known_chain_tells_where(void **state)
{
    struct fixture *fixture = *state;
    struct slice led[] = {SLICE("ME")};
    struct border_question question = {
        .led = true, .led_wholly = true, .led_regions = led, .led_region_count = 1};
    struct border_answer answer = judge(fixture, question);
    assert_list(answer.regions, answer.region_count, "ME ");
    question.led_wholly = false;
    answer = judge(fixture, question);
    assert_list(answer.regions, answer.region_count, "-- ME ");
}

static void test_rules_go_before_distance_and_references_before_drops(void **state)
{
    struct fixture *fixture = *state;
    fixture_square(fixture, fixture_area(fixture, fixture_info(fixture)), 45.14, -66.83, 0.02);
    struct route_rule drop = {.name = SLICE("none"), .within_km = -1, .beyond_km = -1};
    struct route_policy with_rule = policy;
    with_rule.rules = &drop;
    with_rule.rule_count = 1;
    struct border_question question = {.policy = &with_rule};
    struct border_answer answer = judge(fixture, question);
    assert_false(answer.crosses);
    assert_true(slice_eq_cstr(answer.reason, "rule:none"));
    question.led = true;
    answer = judge(fixture, question);
    assert_true(answer.crosses);
    assert_true(slice_eq_cstr(answer.reason, "reference"));
}

static void test_far_with_an_unplaced_part_crosses(void **state)
{
    struct fixture *fixture = *state;
    struct cap_info *info = fixture_info(fixture);
    fixture_square(fixture, fixture_area(fixture, info), 53.5, -113.5, 0.02);
    fixture_geocode(fixture, fixture_area(fixture, info), SLICE("of-a-vendor"), SLICE("1"));
    struct border_answer answer = judge(fixture, (struct border_question){0});
    assert_true(answer.crosses);
    assert_true(slice_eq_cstr(answer.reason, "border.unresolved"));
    assert_list(answer.regions, answer.region_count, "-- ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_near_goes_to_the_regions_beside),
        TEST(test_far_stays),
        TEST(test_reference_adds_its_regions),
        TEST(test_without_area_a_known_chain_tells_where),
        TEST(test_rules_go_before_distance_and_references_before_drops),
        TEST(test_far_with_an_unplaced_part_crosses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
