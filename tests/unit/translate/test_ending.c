/* What ends in the source is ended in the target, by the target's own means. */
#include "support.h"

#include "base/buf.h"

#define ALERT(id, type, sent, codes, rest)                                                         \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>" id "</identifier>"          \
    "<sender>w-nws.webmaster@noaa.gov</sender><sent>" sent "</sent><status>Actual</status>"        \
    "<msgType>" type "</msgType><scope>Public</scope>" codes rest "</alert>"
#define CA "<code>profile:CAP-CP:0.4</code><code>layer:EC-MSC-SMC:1.0</code>"
#define US "<code>IPAWSv1.0</code>"
#define SENT "2026-04-15T20:51:47-00:00"
#define REFS "<references>w-nws.webmaster@noaa.gov,id-0,2026-04-15T19:51:47-00:00</references>"
#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define PARAM(name, value) PAIR("parameter", name, value)
#define VTEC(text) PARAM("VTEC", text)
#define SCALES(urgency, response)                                                                  \
    response "<urgency>" urgency "</urgency><severity>Severe</severity>"                           \
             "<certainty>Likely</certainty>"
#define INFO(language, event, scales, codes, rest)                                                 \
    "<info><language>" language "</language><category>Met</category><event>" event                 \
    "</event>" scales codes "<expires>2026-04-16T12:50:47-00:00</expires>" rest                    \
    "<area><areaDesc>somewhere</areaDesc></area></info>"
#define CAPCP(code) PAIR("eventCode", "profile:CAP-CP:Event:0.4", code)
#define ALL_CLEAR "<responseType>AllClear</responseType>"
#define STATUS(value) PARAM("layer:EC-MSC-SMC:1.1:Alert_Location_Status", value)
#define ENDED_PAIR                                                                                 \
    INFO("en-CA", "wind", SCALES("Past", ALL_CLEAR), CAPCP("wind"), STATUS("ended"))               \
    INFO("fr-CA", "vent", SCALES("Past", ALL_CLEAR), CAPCP("wind"), STATUS("ended"))
#define ACTIVE_PAIR                                                                                \
    INFO("en-CA", "wind", SCALES("Future", ""), CAPCP("wind"), STATUS("active"))                   \
    INFO("fr-CA", "vent", SCALES("Future", ""), CAPCP("wind"), STATUS("active"))
#define NWS_INFO(parameters)                                                                       \
    INFO("en-US", "Severe Thunderstorm Watch", SCALES("Future", ""), "", parameters)
#define SVA(action) VTEC("/O." action ".KCAR.SV.A.0063.260415T0016Z-260415T2300Z/")
#define TOW(action) VTEC("/O." action ".KCAR.TO.W.0007.260415T2016Z-260415T2100Z/")

struct case_of {
    struct fixture fixture;
    struct translation translation;
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
    assert_true(alert->relayable);
    if (translate_to(&one->fixture, alert, target, NULL, 0, &one->translation, &err) != OK)
        fail_msg("%s", err.text);
    check_translation(&one->fixture, alert, target, &one->translation, true);
    return alert_of(&one->fixture, one->translation.xml);
}

static struct slice note_text(struct case_of *one, const char *code)
{
    for (size_t i = 0; i < one->translation.notes.count; i++) {
        if (strcmp(one->translation.notes.items[i].code, code) == 0)
            return one->translation.notes.items[i].text;
    }
    return (struct slice){0};
}

static void assert_says(struct case_of *one, const char *code, const char *words)
{
    struct slice text = note_text(one, code);
    if (slice_find(text, words) < 0)
        fail_msg("%s does not say \"%s\" but \"%.*s\"", code, words, SLICE_ARG(text));
}

static void test_eccc_ending_becomes_cancel(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE, ALERT("id-1", "Update", SENT, CA REFS, ENDED_PAIR));
    assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
    assert_int_equal(derived->info_count, 2);
    assert_int_equal(derived->infos[0].urgency, URGENCY_PAST);
    assert_int_equal(derived->infos[0].response_types[0], RESPONSE_ALL_CLEAR);
    assert_says(one, NOTE_ENDING_UPDATE, "became a Cancel");
    /* By status alone. */
    derived =
        to(one, TARGET_US_EXCHANGE,
           ALERT("id-1", "Update", SENT, CA REFS,
                 INFO("en-CA", "wind", SCALES("Expected", ""), CAPCP("wind"), STATUS("ended"))));
    assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
}

/* The Update of an earthquake report is Past too, and its Cancel would call the earthquake off. */
static void test_past_alone_cancels_nothing(void **state)
{
    struct case_of *one = *state;
    static const char *const infos[] = {
        INFO("en-CA", "earthquake", SCALES("Past", ""), CAPCP("earthquake"), ""),
        INFO("en-CA", "wind", SCALES("Past", ""), CAPCP("wind"), STATUS("active")),
        ENDED_PAIR INFO("en-CA", "wind", SCALES("Past", ""), CAPCP("wind"), "")};
    for (size_t i = 0; i < 3; i++) {
        char xml[8000];
        snprintf(xml, sizeof(xml), ALERT("id-1", "Update", SENT, CA REFS, "%s"), infos[i]);
        assert_int_equal(to(one, TARGET_US_EXCHANGE, xml)->msg_type, MSG_TYPE_UPDATE);
        assert_says(one, NOTE_ENDING_UPDATE, "calls nothing off");
    }
}

/* One event called off and one upgraded, in one info: the message ends, and the danger does not. */
static void test_an_upgrade_beside_an_end(void **state)
{
    struct case_of *one = *state;
    static const char *const infos[] = {NWS_INFO(SVA("UPG") TOW("CAN")),
                                        NWS_INFO(TOW("EXP") SVA("UPG"))};
    for (size_t i = 0; i < 2; i++) {
        char xml[8000];
        snprintf(xml, sizeof(xml), ALERT("id-1", "Update", SENT, US REFS, "%s"), infos[i]);
        const struct alert *derived = to(one, TARGET_CA_EXCHANGE, xml);
        assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
        assert_int_equal(derived->infos[0].urgency, URGENCY_FUTURE);
        assert_int_equal(derived->infos[0].response_type_count, 0);
        assert_says(one, NOTE_EVENT_UPGRADED, "has not passed");
        assert_true(slice_ends_with(derived->infos[1].headline, "alerte remplac\u00e9e"));
    }
}

static void test_partly_ended_stays_an_update(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE, ALERT("id-1", "Update", SENT, CA REFS, ENDED_PAIR ACTIVE_PAIR));
    assert_int_equal(derived->msg_type, MSG_TYPE_UPDATE);
    assert_int_equal(derived->info_count, 4);
    assert_int_equal(derived->infos[0].urgency, URGENCY_PAST);
    assert_int_equal(derived->infos[2].urgency, URGENCY_FUTURE);
    assert_says(one, NOTE_ENDING_PARTLY, "2 of 4");
    assert_false(notes_have(&one->translation.notes, NOTE_ENDING_UPDATE));
}

static void test_an_ending_without_reference_stays(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE, ALERT("id-1", "Update", SENT, CA, ENDED_PAIR));
    assert_int_equal(derived->msg_type, MSG_TYPE_UPDATE);
    assert_says(one, NOTE_ENDING_UPDATE, "references nothing");
}

static void test_nws_endings_by_vtec(void **state)
{
    struct case_of *one = *state;
    static const char *const texts[] = {
        ALERT("id-1", "Update", SENT, US REFS, NWS_INFO(SVA("CAN"))),
        ALERT("id-1", "Update", SENT, US REFS, NWS_INFO(SVA("EXP"))),
        ALERT("id-1", "Alert", SENT, US REFS, NWS_INFO(SVA("UPG")))};
    for (size_t i = 0; i < 3; i++) {
        const struct alert *derived = to(one, TARGET_CA_EXCHANGE, texts[i]);
        assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
        /* An upgrade is no sign that nothing has to be done. */
        assert_int_equal(derived->infos[0].urgency, i < 2 ? URGENCY_PAST : URGENCY_FUTURE);
        assert_int_equal(notes_have(&one->translation.notes, NOTE_ENDING_VTEC), i < 2);
    }
    assert_int_equal(
        to(one, TARGET_CA_EXCHANGE, ALERT("id-1", "Update", SENT, US REFS, NWS_INFO(SVA("CON"))))
            ->msg_type,
        MSG_TYPE_UPDATE);
    /* Said in CAP's own words it is what Canada itself sends. */
    const struct alert *derived =
        to(one, TARGET_CA_EXCHANGE,
           ALERT("id-1", "Update", SENT, US REFS,
                 INFO("en-US", "Flood Warning", SCALES("Past", ALL_CLEAR), "", "")));
    assert_int_equal(derived->msg_type, MSG_TYPE_UPDATE);
    assert_says(one, NOTE_ENDING_UPDATE, "as the target itself");
}

static void test_vtec_never_strengthens(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived = to(
        one, TARGET_CA_EXCHANGE,
        ALERT("id-1", "Update", SENT, US REFS,
              INFO("en-US", "Severe Thunderstorm Watch", SCALES("Unknown", ""), "", SVA("CAN"))));
    assert_int_equal(derived->infos[0].urgency, URGENCY_UNKNOWN);
}

static void test_an_upgrade_names_its_successor(void **state)
{
    struct case_of *one = *state;
    to(one, TARGET_CA_EXCHANGE,
       ALERT("id-1", "Cancel", SENT, US REFS, NWS_INFO(SVA("UPG") TOW("NEW"))));
    assert_says(one, NOTE_EVENT_UPGRADED, "Severe Thunderstorm Watch (KCAR SV.A.0063)");
    assert_says(one, NOTE_EVENT_UPGRADED, "Tornado Warning (KCAR TO.W.0007)");
    assert_says(one, NOTE_EVENT_UPGRADED, "has not passed");
    to(one, TARGET_CA_EXCHANGE, ALERT("id-1", "Cancel", SENT, US REFS, NWS_INFO(SVA("UPG"))));
    assert_says(one, NOTE_EVENT_UPGRADED, "does not say which");
    /* What goes on is what the message is about. */
    const struct alert *derived = to(one, TARGET_CA_EXCHANGE,
                                     ALERT("id-1", "Update", SENT, US REFS,
                                           INFO("en-US", "Severe Weather Statement",
                                                SCALES("Future", ""), "", SVA("UPG") TOW("NEW"))));
    assert_int_equal(derived->msg_type, MSG_TYPE_UPDATE);
    assert_true(slice_eq_cstr(
        cap_pairs_find(&derived->infos[0].event_codes, "profile:CAP-CP:Event:0.4"), "tornado"));
}

static const char cancelled[] = ALERT(
    "id-0", "Alert", "2026-04-15T19:51:47-00:00", US,
    INFO("en-US", "Tornado Warning", SCALES("Immediate", "<responseType>Shelter</responseType>"),
         PAIR("eventCode", "SAME", "TOR"), "<instruction>TAKE COVER NOW</instruction>"));

/* Elements in the order of the schema: instruction stands before parameters and area. */
static void test_cancel_without_info(void **state)
{
    struct case_of *one = *state;
    const struct alert *known = alert_of(&one->fixture, slice_from_cstr(cancelled));
    const struct alert *cancel =
        alert_of(&one->fixture, slice_from_cstr(ALERT("id-1", "Cancel", SENT, US REFS, "")));
    const struct alert *const referenced[] = {known};
    struct err err = {0};
    assert_int_equal(translate_to(&one->fixture, cancel, TARGET_CA_EXCHANGE, referenced, 1,
                                  &one->translation, &err),
                     OK);
    check_translation(&one->fixture, cancel, TARGET_CA_EXCHANGE, &one->translation, false);
    const struct cap_info *info = &one->translation.derived->infos[0];
    assert_int_equal(one->translation.derived->msg_type, MSG_TYPE_CANCEL);
    assert_int_equal(info->urgency, URGENCY_PAST);
    assert_int_equal(info->response_type_count, 0);
    assert_true(slice_is_empty(info->instruction));
    assert_true(info->expires.utc_s == known->infos[0].expires.utc_s);
    assert_true(
        slice_eq_cstr(cap_pairs_find(&info->event_codes, "profile:CAP-CP:Event:0.4"), "tornado"));
    assert_says(one, NOTE_INFOS_FROM_REFERENCED, "no longer hold");
    /* The US takes it as it is. */
    assert_int_equal(translate_to(&one->fixture, cancel, TARGET_US_EXCHANGE, referenced, 1,
                                  &one->translation, &err),
                     OK);
    assert_int_equal(one->translation.derived->info_count, 0);
}

static void test_references_once_and_in_order(void **state)
{
    struct case_of *one = *state;
    /* Over many lines, an identifier with two '@', one named twice with another offset. */
    const struct alert *derived =
        to(one, TARGET_CA_EXCHANGE,
           ALERT("id-1", "Update", SENT,
                 US "<references>\n  a@b.example,id@one@two,2026-04-15T19:51:47-00:00\n\n\t"
                    "c@d.example,id-2,2026-04-15T18:51:47-04:00\r\n"
                    "  a@b.example,id@one@two,2026-04-15T14:51:47-05:00\n</references>",
                 NWS_INFO(SVA("CON"))));
    assert_int_equal(derived->reference_count, 2);
    struct identity first = {CLASS_ACTUAL, SLICE("a@b.example"), SLICE("id@one@two"), 1776282707};
    struct identity second = {CLASS_ACTUAL, SLICE("c@d.example"), SLICE("id-2"), 1776293507};
    struct arena *arena = one->fixture.arena;
    assert_true(slice_eq(derived->references[0].identifier,
                         identity_derived(arena, &first, SIDE_CA, NULL)));
    assert_true(slice_eq(derived->references[1].identifier,
                         identity_derived(arena, &second, SIDE_CA, NULL)));
    assert_true(notes_have(&one->translation.notes, NOTE_REFERENCE_REPEATED));
}

static void test_expired_references(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_CA_EXCHANGE,
           ALERT("id-1", "Update", SENT, US REFS,
                 NWS_INFO(PARAM("expiredReferences",
                                "a@b.example,urn:oid:1.2,2026-04-15T14:51:47-05:00\n broken "
                                "a@b.example,urn:oid:1.2,2026-04-15T19:51:47-00:00"))));
    struct identity identity = {CLASS_ACTUAL, SLICE("a@b.example"), SLICE("urn:oid:1.2"),
                                1776282707};
    struct arena *arena = one->fixture.arena;
    struct slice id = identity_derived(arena, &identity, SIDE_CA, NULL);
    struct slice expected = arena_printf(arena,
                                         "relay@test.example,%.*s,2026-04-15T14:51:47-05:00 broken "
                                         "relay@test.example,%.*s,2026-04-15T19:51:47-00:00",
                                         SLICE_ARG(id), SLICE_ARG(id));
    assert_true(
        slice_eq(cap_pairs_find(&derived->infos[0].parameters, "expiredReferences"), expected));
    assert_says(one, NOTE_REFERENCE_UNREADABLE, "broken");
}

static void test_times_against_the_end(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived = to(
        one, TARGET_US_EXCHANGE,
        ALERT("id-1", "Alert", SENT, CA,
              "<info><language>en-CA</language><category>Met</category><event>wind</event>" SCALES(
                  "Expected", "")
                  CAPCP("wind") "<onset>2026-04-17T12:00:00-00:00</onset>"
                                "<expires>2026-04-16T12:50:47-00:00</expires>" PARAM(
                                    "layer:EC-MSC-SMC:1.1:Event_End_Time",
                                    "2026-04-18T00:00:00.000Z") "<area><areaDesc>x</areaDesc></"
                                                                "area></info>"));
    const struct cap_info *info = &derived->infos[0];
    assert_true(info->expires.utc_s == 1776343847);
    assert_true(slice_eq_cstr(cap_pairs_find(&info->parameters, "eventEndingTime"),
                              "2026-04-17T19:00:00-05:00"));
    assert_says(one, NOTE_ONSET_LATE, "2026-04-17T07:00:00-05:00");
    assert_says(one, NOTE_EVENT_OUTLASTS, "2026-04-17T19:00:00-05:00");
}

static void test_heartbeat_and_empty_elements(void **state)
{
    struct case_of *one = *state;
    struct err err = {0};
    const struct alert *heartbeat = alert_of(
        &one->fixture,
        SLICE("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>h</identifier>"
              "<sender>NAADS-Heartbeat</sender><sent>" SENT "</sent><status>System</status>"
              "<msgType>Alert</msgType><scope>Public</scope>" CA REFS "</alert>"));
    assert_int_equal(translate_to(&one->fixture, heartbeat, TARGET_US_EXCHANGE, NULL, 0,
                                  &one->translation, &err),
                     OK);
    assert_int_equal(one->translation.derived->info_count, 0);
    assert_int_equal(one->translation.derived->msg_type, MSG_TYPE_ALERT);
    assert_true(notes_have(&one->translation.notes, NOTE_INFO_NONE));
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE,
           ALERT("id-1", "Update", SENT, CA "<references></references><note/>",
                 "<info><language/><category>Met</category><event>wind</event>" SCALES(
                     "Expected", "") "<eventCode><valueName/><value/></eventCode>"
                                     "<expires></expires><headline/>"
                                     "<parameter><valueName></valueName><value/></parameter>"
                                     "<area><areaDesc/></area></info>"));
    assert_int_equal(derived->reference_count, 0);
    assert_false(derived->infos[0].expires.set);
    assert_int_equal(derived->infos[0].event_codes.count, 0);
    for (size_t i = 0; i < derived->infos[0].parameters.count; i++)
        assert_false(slice_is_empty(derived->infos[0].parameters.items[i].name));
    assert_true(notes_have(&one->translation.notes, NOTE_AREA_FILLED));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_eccc_ending_becomes_cancel),
        CASE(test_past_alone_cancels_nothing),
        CASE(test_an_upgrade_beside_an_end),
        CASE(test_partly_ended_stays_an_update),
        CASE(test_an_ending_without_reference_stays),
        CASE(test_nws_endings_by_vtec),
        CASE(test_vtec_never_strengthens),
        CASE(test_an_upgrade_names_its_successor),
        CASE(test_cancel_without_info),
        CASE(test_references_once_and_in_order),
        CASE(test_expired_references),
        CASE(test_times_against_the_end),
        CASE(test_heartbeat_and_empty_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
