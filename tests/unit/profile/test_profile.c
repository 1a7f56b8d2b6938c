#include "../alert/fixture.h"

#include "profile/profile.h"

static struct alert *read_with(void **state, const char *codes, const char *info)
{
    struct fixture *fixture = *state;
    struct slice text = arena_printf(fixture->arena,
                                     ALERT("<identifier>i</identifier><sender>s@x.example</sender>"
                                           "<sent>2026-01-01T00:00:00-05:00</sent>"
                                           "<status>Actual</status><msgType>Alert</msgType>"
                                           "<scope>Public</scope>%s<info><category>Met</category>"
                                           "<event>e</event><urgency>Past</urgency>"
                                           "<severity>Minor</severity><certainty>Likely</certainty>"
                                           "%s</info>"),
                                     codes, info);
    return fixture_one(fixture, text.ptr);
}

static struct alert *sent_by(void **state, const char *sender, const char *identifier)
{
    struct fixture *fixture = *state;
    struct slice text = arena_printf(fixture->arena,
                                     ALERT("<identifier>%s</identifier><sender>%s</sender>"
                                           "<sent>2026-01-01T00:00:00-05:00</sent>"
                                           "<status>Actual</status><msgType>Alert</msgType>"
                                           "<scope>Public</scope>"),
                                     identifier, sender);
    return fixture_one(fixture, text.ptr);
}

#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define AREA(body) "<area><areaDesc>a</areaDesc>" body "</area>"

static void test_recognised_by_code_first(void **state)
{
    static const struct {
        const char *codes, *info;
        enum profile profile;
    } cases[] = {
        {"<code>profile:cap-cp:0.4</code>", "", PROFILE_CAP_CP},
        {"<code>x</code><code>IPAWSv1.0</code>", "", PROFILE_IPAWS},
        {"<code>ipawsV2</code>", PAIR("eventCode", "profile:CAP-CP:Event:0.4", "storm"),
         PROFILE_IPAWS},
        {"", PAIR("eventCode", "SAME", "HWW"), PROFILE_IPAWS},
        {"", PAIR("eventCode", "SAME", "HWW") PAIR("eventCode", "profile:CAP-CP:Event:0.4", "wind"),
         PROFILE_CAP_CP},
        {"", AREA(PAIR("geocode", "profile:CAP-CP:Location:0.3", "1307045")), PROFILE_CAP_CP},
        {"", AREA(PAIR("geocode", "UGC", "MEZ029")), PROFILE_IPAWS},
        {"", PAIR("parameter", "layer:SOREM:1.0:Broadcast_Immediately", "Yes"), PROFILE_CAP_CP},
        {"", PAIR("parameter", "VTEC", "x"), PROFILE_IPAWS},
        {"", PAIR("parameter", "other", "x"), PROFILE_CAP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(profile_recognise(read_with(state, cases[i].codes, cases[i].info)),
                         cases[i].profile);
}

static void test_side(void **state)
{
    static const struct {
        const char *sender, *identifier;
        enum side side;
    } cases[] = {
        {"cap-pac@canada.ca", "i", SIDE_CA},
        {"x@EC.GC.CA", "i", SIDE_CA},
        {"emo@gnb.ca", "i", SIDE_CA},
        {"w-nws.webmaster@noaa.gov", "i", SIDE_US},
        {"sheriff@co.washington.me.us", "i", SIDE_US},
        {"x@example.org", "urn:oid:2.49.0.1.124.5.2026", SIDE_CA},
        {"x@example.org", "urn:oid:2.49.0.1.840.0.ab.001.1", SIDE_US},
        {"http://earthquake.usgs.gov/research/monitoring/", "i", SIDE_US},
        {"https://alerts.example.ca", "i", SIDE_CA},
        {"https://example.org/x.ca", "i", SIDE_NONE},
        {"x@smhi.example.se", "i", SIDE_NONE},
        {"x@gov.example", "i", SIDE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(profile_side(sent_by(state, cases[i].sender, cases[i].identifier)),
                         cases[i].side);
    assert_int_equal(profile_side(read_with(state, "<code>IPAWSv1.0</code>", "")), SIDE_US);
}

static void test_loop(void **state)
{
    struct slice none = {NULL, 0};
    assert_true(profile_is_loop(read_with(state, "<code>" RELAY_MARK_CODE "</code>", ""), none));
    assert_true(profile_is_loop(read_with(state, "<code>CAPRELAY:DERIVED:2</code>", ""), none));
    assert_true(profile_is_loop(
        sent_by(state, "s", "urn:caprelay:0123456789abcdef0123456789abcdef"), none));
    assert_true(profile_is_loop(sent_by(state, "Relay@x", "i"), SLICE("relay@x")));
    assert_false(profile_is_loop(sent_by(state, "s", "i"), SLICE("relay@x")));
    assert_false(profile_is_loop(sent_by(state, "s", "i"), none));
}

static struct alert *check(void **state, struct alert *alert, enum profile profile)
{
    struct fixture *fixture = *state;
    profile_check(alert, fixture->arena, profile);
    assert_false(findings_have_fatal(&alert->findings));
    return alert;
}

static void test_conditionals_of_cap(void **state)
{
    const char *text = ALERT(
        "<identifier>a b</identifier><sender>s,x</sender><sent>2026-01-01T00:00:00-05:00</sent>"
        "<status>Exercise</status><msgType>Update</msgType><scope>Restricted</scope><info>"
        "<category>Met</category><event>e</event><urgency>Past</urgency>"
        "<severity>Minor</severity><certainty>Likely</certainty>"
        "<expires>2026-01-01T00:00:00-05:00</expires><area><areaDesc/><ceiling>1</ceiling></area>"
        "</info>");
    struct alert *alert = check(state, fixture_one(*state, text), PROFILE_CAP);
    static const char *const rules[] = {
        "cap.restriction.missing", "cap.references.missing", "cap.identifier.characters",
        "cap.sender.characters",   "cap.note.exercise",      "cap.expires.before-sent",
        "cap.areadesc.missing",    "cap.ceiling.alone",      "cap.area.place",
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert_finding(alert, rules[i]);
    assert_true(alert->relayable);
}

static void test_capcp_rules(void **state)
{
    struct alert *poor =
        check(state,
              read_with(state, "",
                        PAIR("eventCode", "profile:CAP-CP:Event:0.4", "a b")
                            AREA(PAIR("geocode", "profile:CAP-CP:Location:0.3", "12345"))),
              PROFILE_CAP_CP);
    static const char *const rules[] = {
        "capcp.3.code",          "capcp.6.language", "capcp.8.event-form",
        "capcp.8.event-list",    "capcp.13.expires", "capcp.14.sendername",
        "capcp.9.location-form", "capcp.18.shape",   "capcp.15.responsetype"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert_finding(poor, rules[i]);
    assert_no_finding(poor, "capcp.9.location");
    assert_no_finding(poor, "capcp.8.event");
    struct alert *bare =
        check(state, read_with(state, "<code>profile:CAP-CP:0.4</code>", AREA("")), PROFILE_CAP_CP);
    assert_finding(bare, "capcp.8.event");
    assert_finding(bare, "capcp.9.location");
    assert_no_finding(bare, "capcp.3.code");
}

static void test_good_capcp_has_no_findings(void **state)
{
    const char *text = ALERT(
        "<identifier>i</identifier><sender>emo@gnb.ca</sender><sent>2026-01-01T00:00:00-04:00</"
        "sent>"
        "<status>Actual</status><msgType>Alert</msgType><scope>Public</"
        "scope><code>profile:CAP-CP:0.4</code><info>"
        "<language>en-CA</language><category>Met</category><event>storm surge</event>"
        "<responseType>Monitor</responseType><urgency>Expected</urgency><severity>Severe</severity>"
        "<certainty>Likely</certainty>"
        "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>stormSurge</value></"
        "eventCode>"
        "<expires>2026-01-02T00:00:00-04:00</expires><senderName>NB EMO</senderName>"
        "<area><areaDesc>a</areaDesc><polygon>45,-67 45,-66 46,-66 45,-67</polygon>"
        "<geocode><valueName>profile:CAP-CP:Location:0.3</valueName><value>1307045</value></"
        "geocode></area></info>");
    struct alert *alert = fixture_one(*state, text);
    assert_int_equal(profile_recognise(alert), PROFILE_CAP_CP);
    assert_int_equal(check(state, alert, PROFILE_CAP_CP)->findings.count, 0);
}

static void test_ipaws_rules(void **state)
{
    struct alert *alert = check(
        state,
        read_with(state, "",
                  PAIR("eventCode", "SAME", "BWW") "<web>ftp://x?</web>" PAIR(
                      "parameter", "BLOCKCHANNEL", "ALL") AREA(PAIR("geocode", "SAME", "23029"))),
        PROFILE_IPAWS);
    static const char *const rules[] = {"ipaws.code",  "ipaws.samecode.list", "ipaws.expires",
                                        "ipaws.uri",   "ipaws.block",         "ipaws.geosame",
                                        "ipaws.source"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert_finding(alert, rules[i]);
    assert_no_finding(alert, "ipaws.samecode");
    assert_no_finding(alert, "ipaws.area");
    assert_no_finding(alert, "ipaws.sent.offset");
    assert_no_finding(alert, "capcp.3.code");
}

static void test_infos_that_differ(void **state)
{
    const char *text = ALERT(
        HEAD
        "<scope>Public</scope>"
        "<info><category>Met</category><event>e</event><urgency>Past</urgency><severity>Minor</"
        "severity>"
        "<certainty>Likely</certainty></info><info><category>Geo</category><event>e</event>"
        "<urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty></info>");
    assert_finding(check(state, fixture_one(*state, text), PROFILE_IPAWS), "ipaws.samevalues");
    assert_finding(check(state, fixture_one(*state, text), PROFILE_IPAWS), "ipaws.status");
}

static void test_unreadable_is_left_alone(void **state)
{
    struct alert *alert = fixture_one(*state, "nothing");
    struct fixture *fixture = *state;
    size_t before = alert->findings.count;
    profile_check(alert, fixture->arena, PROFILE_IPAWS);
    assert_int_equal(alert->findings.count, before);
    assert_int_equal(profile_recognise(alert), PROFILE_CAP);
    assert_int_equal(profile_side(alert), SIDE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recognised_by_code_first),
        cmocka_unit_test(test_side),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_conditionals_of_cap),
        cmocka_unit_test(test_capcp_rules),
        cmocka_unit_test(test_good_capcp_has_no_findings),
        cmocka_unit_test(test_ipaws_rules),
        cmocka_unit_test(test_infos_that_differ),
        cmocka_unit_test(test_unreadable_is_left_alone),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
