/* Events: the tables agree with one another in both directions, and what they make of a message. */
#include "support.h"

#include "translate/tables.h"
#include "translate/trace.h"

#define MESSAGE(codes, infos)                                                                      \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-1</identifier>"            \
    "<sender>someone@example.org</sender><sent>2026-04-15T20:51:47-00:00</sent>"                   \
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>" codes infos "</alert>"
#define CA(infos) MESSAGE("<code>profile:CAP-CP:0.4</code><code>layer:EC-MSC-SMC:1.0</code>", infos)
#define US(infos) MESSAGE("<code>IPAWSv1.0</code>", infos)
#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define INFO(event, urgency, certainty, rest)                                                      \
    "<info><category>Met</category><event>" event "</event><urgency>" urgency "</urgency>"         \
    "<severity>Severe</severity><certainty>" certainty "</certainty>" rest                         \
    "<area><areaDesc>somewhere</areaDesc></area></info>"
#define CAPCP(code) PAIR("eventCode", "profile:CAP-CP:Event:0.4", code)
#define SAME(code) PAIR("eventCode", "SAME", code)
#define NWS(code) PAIR("eventCode", "NationalWeatherService", code)
#define TYPE(value) PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Type", value)
#define NAME(value) PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Name", value)

/* --- the tables --- */

static struct slice at(const struct schema_table *table, size_t row, const char *column)
{
    return slice_from_cstr(schema_cell(table, row, schema_column(table, column)));
}

static void check_no_duplicates(const char *name)
{
    const struct schema_table *table = schema_table_find(name);
    assert_true(table && table->row_count > 0);
    for (size_t row = 1; row < table->row_count; row++) {
        if (slice_ieq(at(table, row, table->columns[0]), at(table, row - 1, table->columns[0])))
            fail_msg("%s: %s twice", name, schema_cell(table, row, 0));
    }
}

static void test_no_key_stands_twice(void **state)
{
    (void)state;
    const char *const names[] = {"capcp_events",     "capcp_to_same",    "same_events",
                                 "nws_events",       "same_to_capcp",    "vtec_actions",
                                 "eccc_alert_names", "vtec_significance"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_no_duplicates(names[i]);
}

/* Every key of one table is one of the other; empty cells name nothing. */
static void check_known(const char *table_name, const char *column, const char *in)
{
    const struct schema_table *table = schema_table_find(table_name);
    const struct schema_table *other = schema_table_find(in);
    for (size_t row = 0; row < table->row_count; row++) {
        struct slice code = at(table, row, column);
        if (!slice_is_empty(code) && schema_row_find(other, code.ptr, code.len) == other->row_count)
            fail_msg("%s: %.*s of %s is not in %s", table_name, SLICE_ARG(code), column, in);
    }
}

static void test_no_code_dangles(void **state)
{
    (void)state;
    check_known("capcp_to_same", "capcp_code", "capcp_events");
    check_known("capcp_events", "code", "capcp_to_same");
    check_known("same_to_capcp", "same_code", "same_events");
    check_known("same_events", "code", "same_to_capcp");
    check_known("same_to_capcp", "capcp_code", "capcp_events");
    check_known("nws_events", "capcp_code", "capcp_events");
    check_known("nws_events", "same_code", "same_events");
    check_known("eccc_alert_names", "capcp_code", "capcp_events");
    static const char *const columns[] = {"same_any", "same_warning", "same_watch",
                                          "same_statement"};
    for (size_t i = 0; i < 4; i++)
        check_known("capcp_to_same", columns[i], "same_events");
}

/* A code has a fidelity and a row a confidence and a source; none has no code. */
static void test_rows_are_whole(void **state)
{
    (void)state;
    static const char *const classes[] = {"any", "warning", "watch", "statement"};
    const struct schema_table *table = schema_table_find("capcp_to_same");
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < 4; i++) {
            char code[32], fidelity[32];
            snprintf(code, sizeof(code), "same_%s", classes[i]);
            snprintf(fidelity, sizeof(fidelity), "fidelity_%s", classes[i]);
            struct slice said = at(table, row, fidelity);
            bool none = slice_is_empty(said) || slice_eq_cstr(said, "none");
            if (slice_is_empty(at(table, row, code)) != none)
                fail_msg("%s: %s", schema_cell(table, row, 0), code);
        }
        assert_false(slice_is_empty(at(table, row, "confidence")));
        assert_false(slice_is_empty(at(table, row, "source")));
    }
}

/* The codes that come back as another one: each is known, and says less or another class. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const char *const others[] = {
        "blizzard WSA winterStorm",    "blowingSnow WSW winterStorm",
        "blowingSnow WSA winterStorm", "dangerPerson LEW crime",
        "evacuation EVI civilEmerg",   "freezeDrzl WSW winterStorm",
        "freezeDrzl WSA winterStorm",  "freezeRain WSW winterStorm",
        "freezeRain WSA winterStorm",  "highWater FLW flood",
        "highWater FLA flood",         "highWater FLS flood",
        "lahar VOW volcano",           "lavaFlow VOW volcano",
        "overflood FLW flood",         "overflood FLA flood",
        "overflood FLS flood",         "pyroclaSurge VOW volcano",
        "pyroclasFlow VOW volcano",    "reminder ADR admin",
        "silver MEP missingVPer",      "snowSquall WSA winterStorm",
        "snowfall WSW winterStorm",    "snowfall WSA winterStorm",
        "squall SMW spclMarine",       "squall SVA thunderstorm",
        "thunderstorm SVS ",           "tornado SVS ",
        "tropStorm HLS hurricane",     "urbanFire FRW fire",
        "volcanicAsh VOW volcano"};
    enum { COUNT = sizeof(others) / sizeof(others[0]) };
    static const char *const classes[] = {"warning", "watch", "statement"};
    const struct schema_table *table = schema_table_find("capcp_events");
    char seen[COUNT] = {0};
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < 3; i++) {
            struct slice code = at(table, row, "code");
            struct event_match there = table_capcp_to_same(code, slice_from_cstr(classes[i]));
            struct event_match back = table_same_to_capcp(there.code);
            if (slice_is_empty(there.code) || slice_eq(back.code, code))
                continue;
            char line[100];
            snprintf(line, sizeof(line), "%.*s %.*s %.*s", SLICE_ARG(code), SLICE_ARG(there.code),
                     SLICE_ARG(back.code));
            size_t k = 0;
            while (k < COUNT && strcmp(others[k], line) != 0)
                k++;
            if (k == COUNT)
                print_message("unknown: \"%s\",\n", line);
            else
                seen[k] = 1;
            assert_true(k < COUNT);
        }
    }
    for (size_t k = 0; k < COUNT; k++) {
        if (!seen[k])
            fail_msg("%s no longer happens", others[k]);
    }
}

/* --- one message --- */

struct case_of {
    struct fixture fixture;
    struct translation translation;
    struct trace trace;
};

static int open_case(void **state)
{
    struct case_of *made = calloc(1, sizeof(*made));
    fixture_open(&made->fixture);
    *state = made;
    return 0;
}

static int close_case(void **state)
{
    struct case_of *made = *state;
    fixture_close(&made->fixture);
    free(made);
    return 0;
}

static const struct alert *to(struct case_of *one, enum target target, const char *xml)
{
    const struct alert *alert = alert_of(&one->fixture, slice_from_cstr(xml));
    struct err err = {0};
    struct translate_options options = {.derived_sender = SLICE("relay@test.example"),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT,
                                        .trace = &one->trace};
    struct translate_input input = {.alert = alert, .class = CLASS_ACTUAL, .target = target};
    assert_int_equal(translate(&options, &input, one->fixture.arena, &one->translation, &err), OK);
    check_translation(&one->fixture, alert, target, &one->translation, true);
    return one->translation.derived;
}

static void assert_code(struct case_of *one, enum target target, const char *xml,
                        const char *expected)
{
    const char *scheme = target == TARGET_US_EXCHANGE ? "SAME" : "profile:CAP-CP:Event:0.4";
    const struct alert *derived = to(one, target, xml);
    for (size_t i = 0; i < derived->info_count; i++) {
        struct slice code = cap_pairs_find(&derived->infos[i].event_codes, scheme);
        if (!slice_eq_cstr(code, expected))
            fail_msg("expected \"%s\", got \"%.*s\"", expected, SLICE_ARG(code));
    }
}

static bool says(struct case_of *one, const char *code, const char *words)
{
    for (size_t i = 0; i < one->translation.notes.count; i++) {
        const struct note *note = &one->translation.notes.items[i];
        if (strcmp(note->code, code) == 0 && slice_find(note->text, words) >= 0)
            return true;
    }
    return false;
}

static bool traced(struct case_of *one, enum trace_kind kind, const char *from, const char *by)
{
    for (size_t i = 0; i < one->trace.count; i++) {
        const struct trace_item *item = &one->trace.items[i];
        if (item->kind == kind && slice_eq_cstr(item->from, from) && slice_eq_cstr(item->by, by))
            return true;
    }
    return false;
}

static void test_heat_has_no_code(void **state)
{
    struct case_of *one = *state;
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("heat", "Future", "Likely",
                        CAPCP("temperature") TYPE("warning") NAME("heat warning"))),
                "");
    assert_true(says(one, NOTE_EVENT_NONE, "temperature (heat) has no SAME code"));
}

static void test_both_spellings(void **state)
{
    struct case_of *one = *state;
    static const char *const spellings[] = {
        CA(INFO("x", "Future", "Likely", CAPCP("geophyiscal"))),
        CA(INFO("x", "Future", "Likely", CAPCP("GEOPHYSICAL")))};
    for (size_t i = 0; i < 2; i++) {
        assert_code(one, TARGET_US_EXCHANGE, spellings[i], "");
        assert_true(says(one, NOTE_EVENT_NONE, "no SAME code for this hazard"));
    }
    /* Letter case does not count, and the list's spelling goes out. */
    assert_code(one, TARGET_US_EXCHANGE, CA(INFO("x", "Expected", "Likely", CAPCP("THUNDERStorm"))),
                "SVR");
    assert_code(one, TARGET_CA_EXCHANGE, US(INFO("x", "Expected", "Likely", CAPCP("WIND"))),
                "wind");
    assert_code(one, TARGET_CA_EXCHANGE, US(INFO("x", "Expected", "Likely", SAME("tor"))),
                "tornado");
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Expected", "Likely", CAPCP("squall") SAME("sva"))), "SVA");
}

static void test_class(void **state)
{
    struct case_of *one = *state;
    /* What ECCC says goes before the scales, its type before its name, in both languages. */
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Immediate", "Observed", CAPCP("tornado") TYPE("Watch"))), "TOA");
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Future", "Possible",
                        CAPCP("thunderstorm") NAME("alerte jaune - orages violents"))),
                "SVR");
    /* No code for a statement of it; the note does not blame the row. */
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Future", "Possible", CAPCP("wind") TYPE("statement"))), "");
    assert_true(says(one, NOTE_EVENT_NONE, "for this class of the hazard"));
    /* The scales of an ending tell nothing of what it was. */
    assert_code(one, TARGET_US_EXCHANGE, CA(INFO("x", "Past", "Observed", CAPCP("tornado"))), "");
    assert_true(says(one, NOTE_EVENT_NONE, "nothing tells"));
}

static void test_infos_of_different_urgency(void **state)
{
    struct case_of *one = *state;
    /* One goes on and one has ended: what goes on decides, and each keeps its urgency. */
    const char *two = CA(INFO("x", "Past", "Observed", CAPCP("tornado") TYPE("watch"))
                             INFO("x", "Immediate", "Likely", CAPCP("tornado") TYPE("warning")));
    assert_code(one, TARGET_US_EXCHANGE, two, "TOR");
    assert_int_equal(one->translation.derived->infos[0].urgency, URGENCY_PAST);
    assert_int_equal(one->translation.derived->infos[1].urgency, URGENCY_IMMEDIATE);
    /* Both go on, as a watch and as a warning: neither code is true of the message. */
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Future", "Possible", CAPCP("tornado") TYPE("watch"))
                       INFO("x", "Immediate", "Likely", CAPCP("tornado") TYPE("warning"))),
                "");
    assert_true(notes_have(&one->translation.notes, NOTE_EVENT_DIFFERS));
    /* What ended is something else. */
    assert_code(one, TARGET_US_EXCHANGE,
                CA(INFO("x", "Past", "Observed", CAPCP("wind"))
                       INFO("x", "Immediate", "Likely", CAPCP("tornado"))),
                "");
    assert_true(notes_have(&one->translation.notes, NOTE_EVENT_DIFFERS));
}

static void test_doubt_is_told(void **state)
{
    struct case_of *one = *state;
    assert_code(one, TARGET_CA_EXCHANGE,
                US(INFO("Law Enforcement Warning", "Expected", "Likely", SAME("LEW"))), "crime");
    assert_true(says(one, NOTE_EVENT_UNVERIFIED, "unverified, confidence med"));
    assert_code(one, TARGET_CA_EXCHANGE,
                US(INFO("Coastal Flood Warning", "Expected", "Likely", NWS("CFW"))), "stormSurge");
    assert_true(says(one, NOTE_EVENT_NARROWER, "unverified, confidence med"));
    assert_code(one, TARGET_CA_EXCHANGE,
                US(INFO("Red Flag Warning", "Expected", "Likely", NWS("FWW"))), "");
    assert_true(says(one, NOTE_EVENT_NONE, "confidence low: not used"));
    assert_code(one, TARGET_CA_EXCHANGE,
                US(INFO("Tornado Warning", "Expected", "Likely", SAME("TOR"))), "tornado");
    assert_false(notes_have(&one->translation.notes, NOTE_EVENT_UNVERIFIED));
}

static void test_rows_are_traced(void **state)
{
    struct case_of *one = *state;
    to(one, TARGET_US_EXCHANGE,
       CA(INFO("x", "Expected", "Likely", CAPCP("Thunderstorm") TYPE("warning"))));
    assert_true(traced(one, TRACE_MAPPED, "alert/info[1]/eventCode[1]",
                       "capcp_to_same:thunderstorm (warning by Alert_Type, exact, high)"));
    assert_true(traced(one, TRACE_MAPPED, "alert/identifier", "rule: derived identity"));
    to(one, TARGET_US_EXCHANGE, CA(INFO("x", "Expected", "Likely", CAPCP("squall") SAME("SVA"))));
    assert_true(
        traced(one, TRACE_MAPPED, "alert/info[1]/eventCode[2]", "rule: sent by ECCC itself"));
    to(one, TARGET_US_EXCHANGE, CA(INFO("x", "Expected", "Likely", CAPCP("wildFire") SAME("WFW"))));
    assert_true(
        traced(one, TRACE_DROPPED, "alert/info[1]/eventCode[2]", "value_names:eventCode/SAME"));
}

/* It would name a product that the National Weather Service did not issue, and tell more than SAME
 * of what class the message is. */
static void test_no_product_of_another_service(void **state)
{
    struct case_of *one = *state;
    to(one, TARGET_US_EXCHANGE,
       CA(INFO("x", "Expected", "Likely", CAPCP("squall") NWS("TOW") NWS("SVA"))));
    assert_true(slice_find(one->translation.xml, "NationalWeatherService") < 0);
    assert_true(says(one, NOTE_EVENT_CODE_DROPPED, "NationalWeatherService TOW"));
    assert_true(traced(one, TRACE_DROPPED, "alert/info[1]/eventCode[3]",
                       "value_names:eventCode/NationalWeatherService*"));
    to(one, TARGET_US_EXCHANGE, CA(INFO("x", "Expected", "Likely", CAPCP("flood") NWS("FLW"))));
    assert_true(slice_find(one->translation.xml, "<value>FLW</value>") >= 0); /* SAME */
    assert_true(says(one, NOTE_EVENT_CODE_DROPPED, "NationalWeatherService FLW"));
    to(one, TARGET_CA_EXCHANGE, US(INFO("Tornado Warning", "Expected", "Likely", NWS("TOW"))));
    assert_true(slice_find(one->translation.xml, "NationalWeatherService") >= 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_key_stands_twice),
        cmocka_unit_test(test_no_code_dangles),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_there_and_back),
        CASE(test_heat_has_no_code),
        CASE(test_both_spellings),
        CASE(test_class),
        CASE(test_infos_of_different_urgency),
        CASE(test_doubt_is_told),
        CASE(test_rows_are_traced),
        CASE(test_no_product_of_another_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
