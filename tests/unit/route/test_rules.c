#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "route/rules.h"

static struct cap_pair code = {.name = {"SAME", 4}, .value = {"TOR", 3}};
static struct cap_info infos[2];
static struct alert alert;

static int set_up(void **state)
{
    (void)state;
    infos[0] = (struct cap_info){.event = SLICE("Tornado Warning"),
                                 .severity = SEVERITY_MODERATE,
                                 .event_codes = {&code, 1}};
    infos[1] = (struct cap_info){.event = SLICE("Avertissement"), .severity = SEVERITY_SEVERE};
    alert = (struct alert){.status = STATUS_ACTUAL, .infos = infos, .info_count = 2};
    return 0;
}

static struct route_rule any_rule(void)
{
    return (struct route_rule){.name = SLICE("r"), .within_km = -1, .beyond_km = -1};
}

static bool matches(struct route_rule rule, double distance_km)
{
    struct route_policy policy = {.rules = &rule, .rule_count = 1};
    struct rule_subject subject = {.alert = &alert,
                                   .source = SLICE("naad"),
                                   .to = SIDE_US,
                                   .has_distance = distance_km >= 0,
                                   .distance_km = distance_km};
    return rules_match(&policy, &subject) == &rule;
}

static void test_no_condition_matches_all(void **state)
{
    (void)state;
    assert_true(matches(any_rule(), 10));
    assert_true(matches(any_rule(), -1));
}

static void test_status_and_side(void **state)
{
    (void)state;
    struct route_rule rule = any_rule();
    rule.status = STATUS_ACTUAL;
    rule.to = SIDE_US;
    assert_true(matches(rule, 0));
    rule.to = SIDE_CA;
    assert_false(matches(rule, 0));
    rule.to = SIDE_US;
    rule.status = STATUS_TEST;
    assert_false(matches(rule, 0));
}

static void test_event_by_code_or_name_without_case(void **state)
{
    (void)state;
    struct slice by_code[] = {SLICE("flood"), SLICE("tor")};
    struct slice by_name[] = {SLICE("tornado warning")};
    struct slice neither[] = {SLICE("tornado")};
    struct route_rule rule = any_rule();
    rule.events = by_code;
    rule.event_count = 2;
    assert_true(matches(rule, 0));
    rule.events = by_name;
    rule.event_count = 1;
    assert_true(matches(rule, 0));
    rule.events = neither;
    assert_false(matches(rule, 0));
}

/* The strongest info counts, so that a translated block cannot weaken an alert. */
static void test_severity_bounds(void **state)
{
    (void)state;
    struct route_rule rule = any_rule();
    rule.severity_at_least = SEVERITY_SEVERE;
    assert_true(matches(rule, 0));
    rule.severity_at_least = SEVERITY_EXTREME;
    assert_false(matches(rule, 0));
    rule.severity_at_least = SEVERITY_NONE;
    rule.severity_at_most = SEVERITY_SEVERE;
    assert_true(matches(rule, 0));
    rule.severity_at_most = SEVERITY_MODERATE;
    assert_false(matches(rule, 0));
    infos[0].severity = infos[1].severity = SEVERITY_NONE;
    rule.severity_at_most = SEVERITY_MINOR;
    assert_true(matches(rule, 0));
}

static void test_distance_bounds(void **state)
{
    (void)state;
    struct route_rule rule = any_rule();
    rule.within_km = 20;
    assert_true(matches(rule, 20));
    assert_false(matches(rule, 20.1));
    rule.within_km = -1;
    rule.beyond_km = 20;
    assert_false(matches(rule, 20));
    assert_true(matches(rule, 20.1));
}

/* Nobody may drop by distance what cannot be placed. */
static void test_unknown_distance_matches_no_rule_about_distance(void **state)
{
    (void)state;
    struct route_rule rule = any_rule();
    rule.beyond_km = 0;
    assert_false(matches(rule, -1));
    rule.beyond_km = -1;
    rule.within_km = 1000;
    assert_false(matches(rule, -1));
}

static void test_first_match_decides(void **state)
{
    (void)state;
    struct slice sources[] = {SLICE("NAAD")};
    struct route_rule rules[] = {any_rule(), any_rule(), any_rule()};
    rules[0].to = SIDE_CA;
    rules[1].sources = sources;
    rules[1].source_count = 1;
    struct route_policy policy = {.rules = rules, .rule_count = 3};
    struct rule_subject subject = {.alert = &alert, .source = SLICE("naad"), .to = SIDE_US};
    assert_ptr_equal(rules_match(&policy, &subject), &rules[1]);
    subject.source = SLICE("nws");
    assert_ptr_equal(rules_match(&policy, &subject), &rules[2]);
    policy.rule_count = 1;
    assert_null(rules_match(&policy, &subject));
}

static void test_farthest(void **state)
{
    (void)state;
    struct route_rule rules[] = {any_rule(), any_rule()};
    struct route_policy policy = {.rules = rules, .rule_count = 2};
    assert_true(rules_farthest_km(&policy) < 0);
    rules[0].within_km = 30;
    rules[1].beyond_km = 200;
    assert_true(rules_farthest_km(&policy) == 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_condition_matches_all, set_up),
        cmocka_unit_test_setup(test_status_and_side, set_up),
        cmocka_unit_test_setup(test_event_by_code_or_name_without_case, set_up),
        cmocka_unit_test_setup(test_severity_bounds, set_up),
        cmocka_unit_test_setup(test_distance_bounds, set_up),
        cmocka_unit_test_setup(test_unknown_distance_matches_no_rule_about_distance, set_up),
        cmocka_unit_test_setup(test_first_match_decides, set_up),
        cmocka_unit_test_setup(test_farthest, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
