#include "fixture.h"

#include "alert/lifecycle.h"

#define AT(time) "2026-04-15T" time "-00:00"
#define OF_TYPE(type, body)                                                                        \
    ALERT("<identifier>i</identifier><sender>s</sender><sent>" AT(                                 \
        "12:00:00") "</sent><status>Actual</status>"                                               \
                    "<msgType>" type "</msgType><scope>Public</scope>" body)
#define INFO_OF(response, urgency, times, parameters)                                              \
    "<info><category>Met</category><event>e</event>" response "<urgency>" urgency "</urgency>"     \
    "<severity>Minor</severity><certainty>Likely</certainty>" times parameters "</info>"
#define ACTIVE INFO_OF("", "Expected", "", "")
#define PAST INFO_OF("", "Past", "", "")
#define CLEAR INFO_OF("<responseType>AllClear</responseType>", "Immediate", "", "")
#define PARAMETER(name, value)                                                                     \
    "<parameter><valueName>" name "</valueName><value>" value "</value></parameter>"
#define EXPIRES(time) "<expires>" AT(time) "</expires>"

enum { NOON = 1776254400 }; /* 2026-04-15T12:00:00Z */

static void test_endings(void **state)
{
    assert_true(alert_is_ending(fixture_one(*state, OF_TYPE("Cancel", ""))));
    assert_true(alert_is_ending(fixture_one(*state, OF_TYPE("Cancel", ACTIVE))));
    assert_true(alert_is_ending(fixture_one(*state, OF_TYPE("Update", PAST CLEAR))));
    assert_true(alert_is_ending(fixture_one(*state, OF_TYPE("Alert", PAST))));
    assert_false(alert_is_ending(fixture_one(*state, OF_TYPE("Update", PAST ACTIVE))));
    assert_false(alert_is_ending(fixture_one(*state, OF_TYPE("Update", ""))));
}

#define VTEC(action) PARAMETER("VTEC", "/O." action ".KCAR.SV.W.0063.260415T0016Z-260415T1600Z/")
#define STATUS(value) PARAMETER("layer:EC-MSC-SMC:1.1:Alert_Location_Status", value)
#define WITH(parameters) INFO_OF("", "Expected", "", parameters)

static enum ending ending_of(void **state, const char *text)
{
    return info_ending(&fixture_one(*state, text)->infos[0]);
}

static void test_endings_by_eccc_status(void **state)
{
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(STATUS("ended")))), ENDING_SAID);
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(STATUS("Ended")))), ENDING_SAID);
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(STATUS("active")))), ENDING_NONE);
    assert_int_equal(
        ending_of(state, OF_TYPE("Update", WITH(PARAMETER("Alert_Location_Status", "ended")))),
        ENDING_NONE);
    assert_true(alert_is_ending(fixture_one(*state, OF_TYPE("Update", WITH(STATUS("ended"))))));
    assert_false(alert_is_ending(
        fixture_one(*state, OF_TYPE("Update", WITH(STATUS("ended")) WITH(STATUS("active"))))));
}

static void test_endings_by_vtec(void **state)
{
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(VTEC("CAN")))), ENDING_VTEC);
    assert_int_equal(ending_of(state, OF_TYPE("Alert", WITH(VTEC("EXP")))), ENDING_VTEC);
    assert_int_equal(ending_of(state, OF_TYPE("Alert", WITH(VTEC("UPG") VTEC("CAN")))),
                     ENDING_VTEC);
    /* One of them goes on, is of no table, or cannot be read: nothing is taken for ended. */
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(VTEC("UPG") VTEC("NEW")))),
                     ENDING_NONE);
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(VTEC("ROU")))), ENDING_NONE);
    assert_int_equal(ending_of(state, OF_TYPE("Update", WITH(VTEC("XXX")))), ENDING_NONE);
    assert_int_equal(
        ending_of(state, OF_TYPE("Update", WITH(VTEC("CAN") PARAMETER("VTEC", "/O.NEW.KCAR/")))),
        ENDING_NONE);
    int64_t until;
    assert_false(
        alert_in_force_until(fixture_one(*state, OF_TYPE("Alert", WITH(VTEC("CAN")))), 24, &until));
    assert_true(alert_in_force_until(
        fixture_one(*state, OF_TYPE("Update", WITH(VTEC("UPG")) WITH(VTEC("EXT")))), 24, &until));
    assert_true(until == NOON + 4 * 3600);
}

/* An earthquake is past when it is reported: that alone calls nothing off, but nothing of it is in
 * force either. */
static void test_past_alone_is_the_weakest_ending(void **state)
{
    assert_int_equal(ending_of(state, OF_TYPE("Update", PAST)), ENDING_PAST);
    assert_int_equal(ending_of(state, OF_TYPE("Update", INFO_OF("", "Past", "", VTEC("CON")))),
                     ENDING_PAST);
    assert_int_equal(ending_of(state, OF_TYPE("Update", INFO_OF("", "Past", "", VTEC("EXP")))),
                     ENDING_SAID);
    assert_int_equal(ending_of(state, OF_TYPE("Update", CLEAR)), ENDING_SAID);
    assert_int_equal(ending_of(state, OF_TYPE("Update", INFO_OF("", "Past", "", STATUS("ended")))),
                     ENDING_SAID);
    int64_t until;
    assert_false(alert_in_force_until(fixture_one(*state, OF_TYPE("Update", PAST)), 24, &until));
}

static void test_event_end_takes_the_latest(void **state)
{
    const struct alert *alert = fixture_one(
        *state,
        OF_TYPE("Alert",
                INFO_OF("", "Expected", EXPIRES("13:00:00"),
                        PARAMETER("layer:EC-MSC-SMC:1.1:Event_End_Time", "2026-04-15T14:00:00.000Z")
                            PARAMETER("eventEndingTime", "2026-04-15T15:00:00-00:00")
                                PARAMETER("ends", "never") PARAMETER(
                                    "VTEC", "/O.NEW.KCLE.SV.W.0063.260415T0016Z-260415T1600Z/")
                                    PARAMETER("layer:EC-MSC-SMC:2.0:Event_End_Time",
                                              "2026-04-15T20:00:00Z"))));
    struct cap_time end = info_event_end(&alert->infos[0]);
    assert_true(end.set);
    assert_true(end.utc_s == NOON + 4 * 3600);
    int64_t latest;
    assert_true(alert_latest_end(alert, &latest));
    assert_true(latest == NOON + 4 * 3600);
}

static void test_latest_end_over_infos(void **state)
{
    int64_t latest;
    const struct alert *two =
        fixture_one(*state, OF_TYPE("Alert", INFO_OF("", "Expected", EXPIRES("18:00:00"), "")
                                                 INFO_OF("", "Expected", EXPIRES("13:00:00"), "")));
    assert_true(alert_latest_end(two, &latest) && latest == NOON + 6 * 3600);
    assert_false(alert_latest_end(fixture_one(*state, OF_TYPE("Alert", ACTIVE)), &latest));
}

static void test_only_an_alert_expires(void **state)
{
    const struct alert *alert =
        fixture_one(*state, OF_TYPE("Alert", INFO_OF("", "Expected", EXPIRES("13:00:00"), "")));
    const struct alert *update =
        fixture_one(*state, OF_TYPE("Update", INFO_OF("", "Expected", EXPIRES("13:00:00"), "")));
    assert_false(alert_has_expired(alert, NOON));
    assert_false(alert_has_expired(alert, NOON + 3600));
    assert_true(alert_has_expired(alert, NOON + 3601));
    assert_false(alert_has_expired(update, NOON + 7200));
    assert_false(alert_has_expired(fixture_one(*state, OF_TYPE("Alert", ACTIVE)), NOON + 864000));
}

static void test_event_that_outlasts_expires(void **state)
{
    const struct alert *alert = fixture_one(
        *state,
        OF_TYPE("Alert", INFO_OF("", "Expected", EXPIRES("13:00:00"),
                                 PARAMETER("eventEndingTime", "2026-04-15T18:00:00-00:00"))));
    assert_false(alert_has_expired(alert, NOON + 5 * 3600));
    assert_true(alert_has_expired(alert, NOON + 6 * 3600 + 1));
}

static void test_in_force(void **state)
{
    int64_t until;
    assert_true(alert_in_force_until(
        fixture_one(*state,
                    OF_TYPE("Update", PAST INFO_OF("", "Expected", EXPIRES("13:00:00"), ""))),
        24, &until));
    assert_true(until == NOON + 3600);
    assert_true(alert_in_force_until(fixture_one(*state, OF_TYPE("Alert", ACTIVE)), 24, &until));
    assert_true(until == NOON + 24 * 3600);
    const struct alert *effective = fixture_one(
        *state,
        OF_TYPE("Alert", INFO_OF("", "Expected", "<effective>" AT("15:00:00") "</effective>", "")));
    assert_true(alert_in_force_until(effective, 1, &until));
    assert_true(until == NOON + 4 * 3600);
    assert_true(alert_in_force_until(fixture_one(*state, OF_TYPE("Alert", "")), 24, &until));
    assert_false(alert_in_force_until(fixture_one(*state, OF_TYPE("Cancel", ACTIVE)), 24, &until));
    assert_false(alert_in_force_until(fixture_one(*state, OF_TYPE("Update", CLEAR)), 24, &until));
    assert_false(alert_in_force_until(fixture_one(*state, OF_TYPE("Ack", ACTIVE)), 24, &until));
    assert_false(alert_in_force_until(fixture_one(*state, OF_TYPE("Error", ACTIVE)), 24, &until));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_endings_by_eccc_status),
        cmocka_unit_test(test_endings_by_vtec),
        cmocka_unit_test(test_past_alone_is_the_weakest_ending),
        cmocka_unit_test(test_event_end_takes_the_latest),
        cmocka_unit_test(test_latest_end_over_infos),
        cmocka_unit_test(test_only_an_alert_expires),
        cmocka_unit_test(test_event_that_outlasts_expires),
        cmocka_unit_test(test_in_force),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
