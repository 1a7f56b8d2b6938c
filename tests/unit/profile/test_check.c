/* Whole messages: the traps that real producers set, and what a check says of one. */
#include "../alert/fixture.h"
#include "base.h"

#include "profile/profile.h"

#include <stdio.h>

static struct slice replaced(struct arena *arena, const char *text, const char *from,
                             const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static struct alert *checked(void **state, const char *text)
{
    struct fixture *fixture = *state;
    struct alert *alert = fixture_one(fixture, text);
    profile_check(alert, fixture->arena, profile_of_author(alert));
    return alert;
}

static struct alert *checked_for(void **state, const char *text, enum profile_target target)
{
    struct fixture *fixture = *state;
    struct alert *alert = fixture_one(fixture, text);
    profile_check_target(alert, fixture->arena, target);
    return alert;
}

/* An active and an ended pair of one event: each language is compared within its pair. */
static void test_pairs_of_different_urgency(void **state)
{
#define PAIRED(language, urgency)                                                                  \
    "<info><language>" language "</language><category>Met</category><event>Wind</event>"           \
    "<urgency>" urgency "</urgency><severity>Minor</severity><certainty>Likely</certainty></info>"
#define MESSAGE(infos) ALERT(HEAD "<scope>Public</scope><code>profile:CAP-CP:0.4</code>" infos)
    static const char *const kept[] = {
        MESSAGE(PAIRED("en-CA", "Past") PAIRED("fr-CA", "Past") PAIRED("en-CA", "Future")
                    PAIRED("fr-CA", "Future")),
        MESSAGE(PAIRED("en-CA", "Past") PAIRED("en-CA", "Future") PAIRED("fr-CA", "Future")
                    PAIRED("fr-CA", "Past")),
        MESSAGE(PAIRED("en-CA", "Past") PAIRED("en-CA", "Future") PAIRED("fr-CA", "Future")),
        MESSAGE(PAIRED("en-CA", "Past") PAIRED("en-CA", "Future")),
    };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_no_finding(checked(state, kept[i]), "capcp.6.same");
    struct alert *broken =
        checked(state, MESSAGE(PAIRED("en-CA", "Past") PAIRED("fr-CA", "Past")
                                   PAIRED("en-CA", "Future") PAIRED("fr-CA", "Expected")));
    assert_finding(broken, "capcp.6.same");
    const struct finding *finding = &broken->findings.items[0];
    while (strcmp(finding->rule, "capcp.6.same") != 0)
        finding++;
    assert_slice(finding->where, "alert/info[4]");
    assert_true(slice_find(finding->text, "'urgency'") >= 0);
}

static void test_a_heartbeat_needs_no_info(void **state)
{
    struct alert *alert =
        checked(state, ALERT("<identifier>1</identifier><sender>NAADS-Heartbeat</sender>"
                             "<sent>2026-01-01T00:00:00-00:00</sent><status>System</status>"
                             "<msgType>Alert</msgType><source>NAADS-1</source><scope>Public</scope>"
                             "<code>profile:CAP-CP:0.4</code>"
                             "<references>a@b,i,2026-01-01T00:00:00-00:00</references>"));
    assert_int_equal(alert->kind, KIND_HEARTBEAT);
    assert_int_equal(alert->findings.count, 0);
}

/* The base has localised names, heat as `temperature`, references over lines and -00:00. */
static void test_what_eccc_does_is_right(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(checked(state, eccc)->findings.count, 0);
    const char *empty = replaced(fixture->arena, eccc, "<references>",
                                 "<restriction/><addresses></addresses><note> </note><references>")
                            .ptr;
    struct alert *alert = fixture_one(fixture, empty);
    alert->findings = (struct findings){0};
    profile_check(alert, fixture->arena, PROFILE_ECCC);
    assert_int_equal(alert->findings.count, 0);
    /* Empty where it is needed is missing. */
    struct slice restricted = replaced(fixture->arena, empty, "<scope>Public", "<scope>Restricted");
    assert_finding(checked(state, restricted.ptr), "cap.restriction.missing");
}

/* 055121 is Trempealeau County in Wisconsin, and a zone in Manitoba. */
static void test_a_colliding_code_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct slice text = replaced(fixture->arena, eccc, "layer:EC-MSC-SMC:1.0:CLC", "SAME");
    text = replaced(fixture->arena, text.ptr, "014300", "055121");
    struct alert *alert = checked(state, text.ptr);
    assert_finding(alert, "capcp.9.same");
    assert_finding(
        checked(
            state,
            replaced(fixture->arena, ipaws, "x@agency.gov</sender>", "emo@gnb.ca</sender>").ptr),
        "ipaws.geosame.canadian");
}

static void test_one_rule_in_many_places(void **state)
{
    struct fixture *fixture = *state;
#define BARE_AREA "<area><areaDesc>x</areaDesc></area>"
#define FIVE BARE_AREA BARE_AREA BARE_AREA BARE_AREA BARE_AREA
    struct slice text =
        replaced(fixture->arena, ipaws, "</area></info>", "</area>" FIVE FIVE "</info>");
    struct alert *alert = checked(state, text.ptr);
    size_t count = 0;
    const struct finding *last = NULL;
    for (size_t i = 0; i < alert->findings.count; i++) {
        if (strcmp(alert->findings.items[i].rule, "cap.area.place") != 0)
            continue;
        last = &alert->findings.items[i];
        count++;
    }
    assert_int_equal(count, 4);
    assert_slice(last->where, "alert/info[1]/area[5]");
    assert_true(slice_find(last->text, "(and in 6 more places)") >= 0);
}

static void test_checking_again_adds_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct slice text = replaced(fixture->arena, ipaws, "IPAWSv1.0", "other");
    struct alert *alert = checked(state, text.ptr);
    size_t before = alert->findings.count;
    assert_true(before > 0);
    profile_check(alert, fixture->arena, PROFILE_IPAWS);
    assert_int_equal(alert->findings.count, before);
}

/* With every channel blocked only what IPAWS wants of all messages counts. */
static void test_targets(void **state)
{
    struct fixture *fixture = *state;
    struct slice text = replaced(fixture->arena, ipaws, "<status>Actual", "<status>Exercise");
    text = replaced(fixture->arena, text.ptr, "<description>d</description>", "");
    text = replaced(fixture->arena, text.ptr, "<severity>Severe", "<severity>Minor");
    text = replaced(fixture->arena, text.ptr, "<source>", "<note>drill</note><source>");
    struct alert *exchanged = checked_for(state, text.ptr, PROFILE_US_EXCHANGE);
    struct alert *posted = checked_for(state, text.ptr, PROFILE_US_POST);
    static const char *const broadcast[] = {"ipaws.status", "ipaws.desc", "ipaws.wea.level",
                                            "ipaws.sign"};
    for (size_t i = 0; i < sizeof broadcast / sizeof broadcast[0]; i++) {
        assert_no_finding(exchanged, broadcast[i]);
        assert_finding(posted, broadcast[i]);
    }
    assert_finding(checked_for(state, canadian, PROFILE_US_EXCHANGE), "ipaws.code");
    assert_finding(checked_for(state, ipaws, PROFILE_CA_EXCHANGE), "capcp.3.code");
    assert_int_equal(checked_for(state, canadian, PROFILE_CA_EXCHANGE)->findings.count, 0);
    assert_int_equal(checked_for(state, ipaws, PROFILE_NO_TARGET)->findings.count, 0);
}

/* What the source lacks is told of the derived message, but nobody is to blame for it. */
static void test_what_translation_cannot_know_is_a_note(void **state)
{
    struct fixture *fixture = *state;
    struct slice text =
        replaced(fixture->arena, ipaws, "<expires>2026-01-01T06:00:00-05:00</expires>", "");
    struct alert *alert = checked_for(state, text.ptr, PROFILE_US_EXCHANGE);
    assert_finding(alert, "ipaws.expires");
    for (size_t i = 0; i < alert->findings.count; i++)
        assert_int_equal(alert->findings.items[i].severity, FINDING_NOTE);
}

static void test_names(void **state)
{
    (void)state;
    enum profile profile;
    for (unsigned i = 0; i < PROFILE_COUNT; i++) {
        assert_true(profile_from_name(profile_name((enum profile)i), &profile));
        assert_int_equal(profile, i);
    }
    assert_false(profile_from_name("eas", &profile));
    assert_int_equal(profile_target_from_name("ca-exchange"), PROFILE_CA_EXCHANGE);
    assert_int_equal(profile_target_from_name("us-post"), PROFILE_US_POST);
    assert_int_equal(profile_target_from_name(""), PROFILE_NO_TARGET);
    assert_int_equal(profile_target_from_name("received"), PROFILE_NO_TARGET);
    assert_true(profile_of_rule("nws.vtec", &profile));
    assert_int_equal(profile, PROFILE_NWS);
    assert_false(profile_of_rule("read.doctype", &profile));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_of_different_urgency),
        cmocka_unit_test(test_a_heartbeat_needs_no_info),
        cmocka_unit_test(test_what_eccc_does_is_right),
        cmocka_unit_test(test_a_colliding_code_is_told),
        cmocka_unit_test(test_one_rule_in_many_places),
        cmocka_unit_test(test_checking_again_adds_nothing),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_what_translation_cannot_know_is_a_note),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
