/* The tables hold together, and what the law of translation forbids is in none of their rows. */
#include "support.h"

#include "translate/tables.h"

static struct slice at(const struct schema_table *table, size_t row, const char *column)
{
    return slice_from_cstr(schema_cell(table, row, schema_column(table, column)));
}

static void test_same_targets_are_accepted_hazards(void **state)
{
    (void)state;
    static const char *const columns[] = {"same_any", "same_warning", "same_watch",
                                          "same_statement"};
    const struct schema_table *table = schema_table_find("capcp_to_same");
    assert_true(table && table->row_count > 100);
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < 4; i++) {
            struct slice same = at(table, row, columns[i]);
            if (slice_is_empty(same))
                continue;
            if (!slice_eq_cstr(table_cell("same_events", same, "accepted"), "yes"))
                fail_msg("%.*s is not accepted by IPAWS", SLICE_ARG(same));
            assert_false(slice_eq_cstr(table_cell("same_events", same, "class"), "test"));
            assert_false(slice_eq_cstr(same, "LAE") || slice_eq_cstr(same, "CDW"));
        }
    }
}

static void test_generic_codes_stand_for_themselves_only(void **state)
{
    (void)state;
    const struct schema_table *table = schema_table_find("capcp_to_same");
    for (size_t row = 0; row < table->row_count; row++) {
        struct slice code = at(table, row, "capcp_code");
        if (slice_eq_cstr(at(table, row, "same_any"), "CEM"))
            assert_true(slice_eq_cstr(code, "civilEmerg"));
        if (slice_eq_cstr(at(table, row, "same_statement"), "SPS"))
            assert_true(slice_eq_cstr(code, "weather"));
    }
}

static void test_every_capcp_code_is_answered(void **state)
{
    (void)state;
    const struct schema_table *events = schema_table_find("capcp_events");
    for (size_t row = 0; row < events->row_count; row++) {
        struct slice code = at(events, row, "code");
        if (slice_is_empty(table_cell("capcp_to_same", code, "capcp_code")))
            fail_msg("%.*s is not in capcp_to_same", SLICE_ARG(code));
        assert_false(slice_is_empty(at(events, row, "name_fr")));
    }
}

static void check_capcp_targets(const char *name)
{
    const struct schema_table *table = schema_table_find(name);
    for (size_t row = 0; row < table->row_count; row++) {
        struct slice code = at(table, row, "capcp_code");
        bool none = slice_eq_cstr(at(table, row, "fidelity"), "none");
        bool low = slice_eq_cstr(at(table, row, "confidence"), "low");
        assert_true(!slice_is_empty(code) || none);
        if (slice_is_empty(code) || none || low)
            continue;
        if (!slice_eq_cstr(table_cell("capcp_events", code, "in_04"), "yes"))
            fail_msg("%s: %.*s is not in event list 0.4", name, SLICE_ARG(code));
    }
}

static void test_capcp_targets_are_in_the_list(void **state)
{
    (void)state;
    check_capcp_targets("same_to_capcp");
    check_capcp_targets("nws_events");
}

static void test_tests_stay_tests(void **state)
{
    (void)state;
    const char *const tests[] = {"RWT", "RMT", "DMO", "NPT"};
    for (size_t i = 0; i < 4; i++) {
        struct event_match match = table_same_to_capcp(slice_from_cstr(tests[i]));
        assert_true(slice_eq_cstr(match.code, "testMessage"));
    }
    assert_int_equal(table_capcp_to_same(SLICE("testMessage"), SLICE("warning")).fidelity,
                     FIDELITY_NONE);
}

static void test_a_guess_counts_as_none(void **state)
{
    (void)state;
    assert_int_equal(table_capcp_to_same(SLICE("missingPer"), SLICE("warning")).fidelity,
                     FIDELITY_NONE);
    assert_int_equal(table_nws_to_capcp("nws_code", SLICE("FWW")).fidelity, FIDELITY_NONE);
    assert_int_equal(table_capcp_to_same(SLICE("no such code"), SLICE("")).fidelity, FIDELITY_NONE);
    assert_int_equal(table_nws_to_capcp("vtec", (struct slice){0}).fidelity, FIDELITY_NONE);
}

static bool is_kept(enum target target, const char *element, const char *name)
{
    struct arena *arena = arena_create();
    bool keep = table_name_rule(target, element, slice_from_cstr(name), arena).keep;
    arena_destroy(arena);
    return keep;
}

static void test_names_that_ask_for_broadcast(void **state)
{
    (void)state;
    const char *const names[] = {"layer:SOREM:1.0:Broadcast_Immediately",
                                 "BROADCAST IMMEDIATELY",
                                 "eas-org",
                                 "EASORG",
                                 "WEAHandling",
                                 "wea_handling",
                                 "CMAM-Text",
                                 "cmamlongtext",
                                 "x:WirelessText",
                                 "BLOCKCHANNEL",
                                 "layer:WPAM:1.0:Expires",
                                 "layer:SOREM",
                                 "Broadcast.Immediately",
                                 "Immediately/Broadcast",
                                 "Wireless\xC2\xA0Immediate",
                                 "Wireless\xE2\x80\x8BText",
                                 "EAS\xE2\x80\x91ORG",
                                 "EAS*ORG",
                                 "e.a.s.o.r.g",
                                 "ＥＡＳ-ORG",
                                 "ｅａｓ－ｏｒｇ",
                                 "x Ｗireless_Text",
                                 "EA\xC2\xADS-ORG",
                                 "WEA\xEF\xBB\xBFHandling",
                                 "layer:Any:1.0:Wireless",
                                 "WEAKey",
                                 "WEAK51 Handling"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int target = TARGET_US_EXCHANGE; target <= TARGET_CA_EXCHANGE; target++) {
            if (is_kept((enum target)target, "parameter", names[i]))
                fail_msg("%s is kept", names[i]);
        }
    }
    const char *const others[] = {"eventMotionDescription",
                                  "Easting",
                                  "WeatherCondition",
                                  "layer:EC-MSC-SMC:1.0:Alert_Type",
                                  "\xD0\x9F",
                                  "Ｗｅａther",
                                  "～",
                                  "WEAK51",
                                  "WEAK53"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(is_kept(TARGET_US_EXCHANGE, "parameter", others[i]));
    assert_true(is_kept(TARGET_US_EXCHANGE, "parameter", ""));
    assert_false(is_kept(TARGET_CA_EXCHANGE, "geocode", "SAME"));
    assert_true(is_kept(TARGET_CA_EXCHANGE, "eventCode", "SAME"));
    assert_false(is_kept(TARGET_US_EXCHANGE, "eventCode", "ＳＡＭＥ"));
}

static void test_every_region_has_an_offset(void **state)
{
    (void)state;
    const char *const tables[] = {"us_states", "ca_provinces"};
    for (size_t i = 0; i < 2; i++) {
        const struct schema_table *table = schema_table_find(tables[i]);
        for (size_t row = 0; row < table->row_count; row++) {
            struct slice region = at(table, row, "postal");
            struct slice offset = table_cell("region_offsets", region, "offset_min");
            if (slice_is_empty(offset) || slice_eq_cstr(offset, "0"))
                fail_msg("%.*s has no offset", SLICE_ARG(region));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_targets_are_accepted_hazards),
        cmocka_unit_test(test_generic_codes_stand_for_themselves_only),
        cmocka_unit_test(test_every_capcp_code_is_answered),
        cmocka_unit_test(test_capcp_targets_are_in_the_list),
        cmocka_unit_test(test_tests_stay_tests),
        cmocka_unit_test(test_a_guess_counts_as_none),
        cmocka_unit_test(test_names_that_ask_for_broadcast),
        cmocka_unit_test(test_every_region_has_an_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
