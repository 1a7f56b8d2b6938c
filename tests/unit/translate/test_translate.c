/* What one translation says, element by element. */
#include "support.h"

#define HEAD(sender, type, codes, references)                                                      \
    "<alert "                                                                                      \
    "xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-1</identifier><sender>" sender    \
    "</sender><sent>2026-04-15T20:51:47-00:00</sent><status>Actual</status><msgType>" type         \
    "</msgType><scope>Public</scope>" codes references
#define CA_CODES "<code>profile:CAP-CP:0.4</code><code>layer:SOREM:1.0</code>"
#define US_CODES "<code>IPAWSv1.0</code>"
#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define INFO(language, event, scales, codes, rest)                                                 \
    "<info>" language "<category>Met</category><event>" event "</event>" scales codes              \
    "<expires>2026-04-16T12:50:47-00:00</expires>" rest "</info>"
#define LIKELY "<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"
#define POSSIBLE                                                                                   \
    "<urgency>Future</urgency><severity>Moderate</severity><certainty>Possible</certainty>"
#define PAST "<urgency>Past</urgency><severity>Minor</severity><certainty>Observed</certainty>"
#define TAIL "</alert>"
#define AREA(shape) "<area><areaDesc>somewhere</areaDesc>" shape "</area>"
#define CAPCP(code) PAIR("eventCode", "profile:CAP-CP:Event:0.4", code)
#define SAME(code) PAIR("eventCode", "SAME", code)
#define NWS(code) PAIR("eventCode", "NationalWeatherService", code)
#define EN_CA "<language>en-CA</language>"
#define FR_CA "<language>fr-CA</language>"
#define EN_US "<language>en-US</language>"
#define FROM_CA(info) HEAD("someone@canada.example", "Alert", CA_CODES, "") info TAIL
#define FROM_US(info) HEAD("someone@us.example", "Alert", US_CODES, "") info TAIL

struct case_of {
    struct fixture fixture;
    struct translation translation;
    const struct alert *derived;
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

static const struct alert *read_alert(struct case_of *one, const char *xml)
{
    const struct alert *alert = alert_of(&one->fixture, slice_from_cstr(xml));
    assert_true(alert->relayable);
    return alert;
}

static const struct alert *to(struct case_of *one, enum target target, const char *xml)
{
    const struct alert *alert = read_alert(one, xml);
    struct err err = {0};
    if (translate_to(&one->fixture, alert, target, NULL, 0, &one->translation, &err) != OK)
        fail_msg("%s", err.text);
    check_translation(&one->fixture, alert, target, &one->translation, true);
    one->derived = alert_of(&one->fixture, one->translation.xml);
    return one->derived;
}

static struct slice event_code(const struct alert *alert, const char *name)
{
    return cap_pairs_find(&alert->infos[0].event_codes, name);
}

static bool noted(struct case_of *one, const char *code)
{
    return notes_have(&one->translation.notes, code);
}

static void assert_text(struct slice got, const char *expected)
{
    if (!slice_eq_cstr(got, expected))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, SLICE_ARG(got));
}

static void test_event_by_class(void **state)
{
    struct case_of *one = *state;
    const char *const cases[][2] = {
        {FROM_CA(INFO(EN_CA, "tornado", LIKELY, CAPCP("tornado"), "")), "TOR"},
        {FROM_CA(INFO(EN_CA, "tornado", POSSIBLE, CAPCP("tornado"), "")), "TOA"},
        {FROM_CA(INFO(EN_CA, "storm surge", LIKELY, CAPCP("stormSurge"),
                      PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Type", "watch"))),
         "SSA"},
        {FROM_CA(INFO(EN_CA, "weather", POSSIBLE, CAPCP("weather"),
                      PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Type", "statement"))),
         "SPS"},
        {FROM_CA(INFO(EN_CA, "amber", POSSIBLE, CAPCP("AMBER"), "")), "CAE"},
        {FROM_CA(INFO(EN_CA, "wildfire", LIKELY, CAPCP("wildFire"), "")), ""},
        {FROM_CA(INFO(EN_CA, "water", LIKELY, CAPCP("drinkingWate"), "")), ""},
        {FROM_CA(INFO(EN_CA, "test", LIKELY, CAPCP("testMessage"), "")), ""},
        {FROM_CA(INFO(EN_CA, "other", LIKELY, CAPCP("other"), "")), ""},
        {FROM_CA(INFO(EN_CA, "nonsense", LIKELY, CAPCP("nonsense"), "")), ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_text(event_code(to(one, TARGET_US_EXCHANGE, cases[i][0]), "SAME"), cases[i][1]);
        assert_int_equal(noted(one, NOTE_EVENT_NONE), cases[i][1][0] == '\0');
    }
    assert_text(one->derived->infos[0].event, "nonsense");
}

static void test_same_of_eccc_goes_first(void **state)
{
    struct case_of *one = *state;
#define ECCC(info)                                                                                 \
    HEAD("cap-pac@canada.ca", "Alert", CA_CODES "<code>layer:EC-MSC-SMC:1.0</code>", "") info TAIL
    assert_text(event_code(to(one, TARGET_US_EXCHANGE,
                              ECCC(INFO(EN_CA, "squall", LIKELY, CAPCP("squall") SAME("SVA"), ""))),
                           "SAME"),
                "SVA");
    assert_false(noted(one, NOTE_EVENT_CODE_DROPPED));
    /* Codes for weather radio only, tests, and SAME from anybody else are not taken. */
    assert_text(event_code(to(one, TARGET_US_EXCHANGE,
                              ECCC(INFO(EN_CA, "fire", LIKELY, CAPCP("wildFire") SAME("WFW"), ""))),
                           "SAME"),
                "");
    assert_text(
        event_code(to(one, TARGET_US_EXCHANGE,
                      ECCC(INFO(EN_CA, "test", LIKELY, CAPCP("testMessage") SAME("TOR"), ""))),
                   "SAME"),
        "");
    assert_text(event_code(to(one, TARGET_US_EXCHANGE,
                              FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind") SAME("TOR"), ""))),
                           "SAME"),
                "HWW");
    assert_true(noted(one, NOTE_EVENT_CODE_DROPPED));
}

static void test_event_to_capcp(void **state)
{
    struct case_of *one = *state;
    const char *const cases[][2] = {
        {FROM_US(INFO(EN_US, "Tornado Warning", LIKELY, SAME("TOR") NWS("TOW"), "")), "tornado"},
        {FROM_US(
             INFO(EN_US, "Severe Weather Statement", LIKELY, SAME("SVS") NWS("SVS"),
                  PAIR("parameter", "VTEC", "/O.CON.KCLE.TO.W.0063.000000T0000Z-260414T0100Z/"))),
         "tornado"},
        {FROM_US(INFO(EN_US, "Severe Weather Statement", LIKELY, SAME("SVS"), "")), ""},
        {FROM_US(INFO(EN_US, "Required Weekly Test", LIKELY, SAME("RWT") NWS("TOW"), "")),
         "testMessage"},
        {FROM_US(INFO(EN_US, "Tornado Warning", LIKELY, SAME("DMO"), "")), "testMessage"},
        {FROM_US(INFO(EN_US, "Red Flag Warning", LIKELY, SAME("NWS") NWS("FWW"), "")), ""},
        {FROM_US(INFO(EN_US, "Local Area Emergency", LIKELY, SAME("LAE"), "")), ""},
        {FROM_US(INFO(EN_US, "Emergency Action Notification", LIKELY, SAME("EAN"), "")), ""},
        {FROM_US(INFO("", "Flood Advisory", LIKELY, "", "")), "flood"},
        {FROM_US(INFO(EN_US, "Something", LIKELY, SAME("BWW"), "")), "drinkingWate"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_text(
            event_code(to(one, TARGET_CA_EXCHANGE, cases[i][0]), "profile:CAP-CP:Event:0.4"),
            cases[i][1]);
}

static void test_infos_that_disagree_give_no_code(void **state)
{
    struct case_of *one = *state;
    to(one, TARGET_CA_EXCHANGE,
       FROM_US(INFO(EN_US, "Tornado Warning", LIKELY, SAME("TOR"), "")
                   INFO(EN_US, "Flood Warning", LIKELY, SAME("FLW"), "")));
    assert_true(noted(one, NOTE_EVENT_DIFFERS));
    assert_text(event_code(one->derived, "profile:CAP-CP:Event:0.4"), "");
    /* A second language without code of its own shares the first one's. */
    to(one, TARGET_CA_EXCHANGE,
       FROM_US(INFO(EN_US, "Tornado Warning", LIKELY, SAME("TOR"), "")
                   INFO("<language>es-US</language>", "Aviso de tornado", LIKELY, "", "")));
    assert_false(noted(one, NOTE_EVENT_DIFFERS));
    assert_text(event_code(one->derived, "profile:CAP-CP:Event:0.4"), "tornado");
}

static void test_codes_and_languages(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived = to(one, TARGET_US_EXCHANGE,
                                     FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"), "")
                                                 INFO(FR_CA, "vent", LIKELY, CAPCP("wind"), "")));
    assert_int_equal(derived->codes.count, 2);
    assert_text(derived->codes.items[0], "IPAWSv1.0");
    assert_text(derived->codes.items[1], "caprelay:derived:1");
    assert_text(derived->infos[0].language, "en-US");
    assert_text(derived->infos[1].language, "fr-CA");
    assert_text(derived->infos[1].event, "vent");
    assert_true(noted(one, NOTE_CODE_DROPPED) && noted(one, NOTE_LANGUAGE_KEPT));
    assert_true(slice_starts_with(derived->source, "someone@canada.example"));
    derived =
        to(one, TARGET_CA_EXCHANGE, FROM_US(INFO("", "Flood Warning", LIKELY, SAME("FLW"), "")));
    assert_text(derived->codes.items[0], "profile:CAP-CP:0.4");
    assert_text(derived->infos[0].language, "en-CA");
}

static void test_broadcast_layers_go(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived = to(
        one, TARGET_US_EXCHANGE,
        FROM_CA(INFO(
            EN_CA, "wind", LIKELY, CAPCP("wind"),
            PAIR("parameter", "layer:SOREM:1.0:Broadcast_Immediately",
                 "Yes") PAIR("parameter", "WEAHandling", "Imminent Threat")
                PAIR("parameter", "layer:EC-MSC-SMC:1.1:Event_End_Time", "2026-09-13T00:00:00.000Z")
                    PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Coverage", "Fundy"))));
    const struct cap_pairs *parameters = &derived->infos[0].parameters;
    assert_text(cap_pairs_find(parameters, "BLOCKCHANNEL"), "EAS");
    assert_text(cap_pairs_find(parameters, "eventEndingTime"), "2026-09-12T19:00:00-05:00");
    assert_text(cap_pairs_find(parameters, "layer:EC-MSC-SMC:1.0:Alert_Coverage"), "Fundy");
    assert_true(noted(one, NOTE_PARAMETER_DROPPED) && noted(one, NOTE_CHANNELS_BLOCKED));
}

/* IPAWS alerts for phones alone say what there is to say in WEA's texts only. */
static void test_words_of_a_broadcast_text_alone(void **state)
{
    struct case_of *one = *state;
#define SHORT PAIR("parameter", "CMAMtext", "Police activity. Avoid the area.")
#define LONG PAIR("parameter", "cmamLongText", "  Police activity on Main Street. Avoid it. ")
#define LEW(rest) FROM_US(INFO(EN_US, "Law Enforcement Warning", LIKELY, SAME("LEW"), rest))
    const struct alert *derived = to(one, TARGET_CA_EXCHANGE, LEW(SHORT));
    assert_int_equal(derived->info_count, 2);
    assert_text(derived->infos[0].description, "Police activity. Avoid the area.");
    assert_true(noted(one, NOTE_DESCRIPTION_FROM_PARAMETER));
    assert_true(slice_find(derived->infos[1].description,
                           "Description d'origine (anglais)\u00a0:\nPolice activity.") >= 0);
    derived = to(one, TARGET_CA_EXCHANGE, LEW(SHORT LONG));
    assert_text(derived->infos[0].description, "Police activity on Main Street. Avoid it.");
    assert_true(noted(one, NOTE_PARAMETER_DROPPED));
    derived = to(one, TARGET_CA_EXCHANGE, LEW("<description>Own words.</description>" SHORT LONG));
    assert_text(derived->infos[0].description, "Own words.");
    assert_false(noted(one, NOTE_DESCRIPTION_FROM_PARAMETER));
    derived = to(one, TARGET_CA_EXCHANGE, LEW(PAIR("parameter", "CMAMtext", "")));
    assert_true(slice_is_empty(derived->infos[0].description));
    derived =
        to(one, TARGET_US_EXCHANGE,
           FROM_CA(INFO(EN_CA, "amber", LIKELY, CAPCP("amber"),
                        PAIR("parameter", "layer:SOREM:2.0:WirelessText", "Short.")
                            PAIR("parameter", "layer:SOREM:1.0:Broadcast_Text", "Read out."))));
    assert_text(derived->infos[0].description, "Read out.");
}

static void test_times_are_the_same_instants(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE,
           FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"),
                        AREA(PAIR("geocode", "profile:CAP-CP:Location:0.3", "1302037")))));
    assert_text(derived->sent.text, "2026-04-15T16:51:47-04:00");
    assert_text(derived->infos[0].expires.text, "2026-04-16T08:50:47-04:00");
    assert_true(noted(one, NOTE_OFFSET_REPLACED));
    derived =
        to(one, TARGET_CA_EXCHANGE, FROM_US(INFO(EN_US, "Flood Warning", LIKELY, SAME("FLW"), "")));
    assert_text(derived->sent.text, "2026-04-15T20:51:47-00:00");
}

static void test_the_last_year_keeps_its_offset(void **state)
{
    struct case_of *one = *state;
    const char *text = FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"),
                                    AREA(PAIR("geocode", "profile:CAP-CP:Location:0.3", "5915"))));
    char *edge = arena_cstr(one->fixture.arena, slice_from_cstr(text));
    char *expires = strstr(edge, "<expires>") + strlen("<expires>");
    memcpy(expires, "9999-12-31T23:59:59-00:00", 25);
    memcpy(strstr(edge, "<sent>") + strlen("<sent>"), "0001-01-01T00:30:00-00:00", 25);
    const struct alert *derived = to(one, TARGET_US_EXCHANGE, edge);
    assert_text(derived->sent.text, "0001-01-01T00:30:00-00:00");
    assert_text(derived->infos[0].expires.text, "9999-12-31T15:59:59-08:00");
}

static void test_geocodes_that_could_be_mistaken(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_CA_EXCHANGE,
           FROM_US(INFO(EN_US, "Flood Warning", LIKELY, SAME("FLW"),
                        AREA(PAIR("geocode", "SAME", "055121") PAIR("geocode", "FIPS6", "055121")
                                 PAIR("geocode", "UGC", "WIC121")))));
    const struct cap_pairs *geocodes = &derived->infos[0].areas[0].geocodes;
    assert_int_equal(geocodes->count, 2);
    assert_text(cap_pairs_find(geocodes, "UGC"), "WIC121");
    assert_text(cap_pairs_find(geocodes, "profile:CAP-CP:Location:0.3"), "none");
    assert_true(noted(one, NOTE_GEOCODE_DROPPED));
    derived =
        to(one, TARGET_US_EXCHANGE,
           FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"),
                        AREA(PAIR("geocode", "SAME", "055121") PAIR("geocode", "UGC", "WIC121")
                                 PAIR("geocode", "layer:EC-MSC-SMC:1.0:CLC", "055121")))));
    geocodes = &derived->infos[0].areas[0].geocodes;
    assert_int_equal(geocodes->count, 1);
    assert_text(geocodes->items[0].name, "layer:EC-MSC-SMC:1.0:CLC");
    assert_true(noted(one, NOTE_GEOCODE_REFUSED));
}

static void test_references_agree_with_translations(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE, FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"), "")));
    struct slice first = derived->identifier;
    derived = to(
        one, TARGET_US_EXCHANGE,
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-2</identifier>"
        "<sender>someone@canada.example</sender><sent>2026-04-15T21:51:47-00:00</sent>"
        "<status>Actual</status><msgType>Cancel</msgType><scope>Public</scope>" CA_CODES
        "<references>someone@canada.example,id-1,2026-04-15T16:51:47-04:00</references></alert>");
    assert_int_equal(derived->reference_count, 1);
    assert_true(slice_eq(derived->references[0].identifier, first));
    assert_text(derived->references[0].sender, "relay@test.example");
    assert_int_equal(derived->info_count, 0);
    /* Another target, another class: another identifier. */
    derived = to(one, TARGET_CA_EXCHANGE, FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"), "")));
    assert_false(slice_eq(derived->identifier, first));
}

static const char us_cancel[] =
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-3</identifier>"
    "<sender>someone@us.example</sender><sent>2026-04-15T22:51:47-00:00</sent>"
    "<status>Actual</status><msgType>Cancel</msgType><scope>Public</scope>" US_CODES
    "<references>someone@us.example,id-1,2026-04-15T20:51:47-00:00 "
    "someone@us.example,id-2,2026-04-15T21:51:47-00:00</references></alert>";

static void test_cancel_takes_infos_of_what_it_cancels(void **state)
{
    struct case_of *one = *state;
    const struct alert *first =
        read_alert(one, FROM_US(INFO(EN_US, "Flood Watch", POSSIBLE, SAME("FLA"), "")));
    const struct alert *update = read_alert(
        one, "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-2</identifier>"
             "<sender>someone@us.example</sender><sent>2026-04-15T21:51:47-00:00</sent>"
             "<status>Actual</status><msgType>Update</msgType><scope>Public</scope>" US_CODES
             "<references>someone@us.example,id-1,2026-04-15T20:51:47-00:00</references>" INFO(
                 EN_US, "Flood Warning", LIKELY, SAME("FLW"), "") TAIL);
    const struct alert *stranger =
        read_alert(one, HEAD("other@us.example", "Alert", US_CODES, "")
                            INFO(EN_US, "Tornado Warning", LIKELY, SAME("TOR"), "") TAIL);
    const struct alert *cancel = read_alert(one, us_cancel);
    const struct alert *const referenced[] = {update, first, stranger};
    struct err err = {0};
    assert_int_equal(translate_to(&one->fixture, cancel, TARGET_CA_EXCHANGE, referenced, 3,
                                  &one->translation, &err),
                     OK);
    check_translation(&one->fixture, cancel, TARGET_CA_EXCHANGE, &one->translation, false);
    const struct alert *derived = alert_of(&one->fixture, one->translation.xml);
    /* The newest of the chain only, and in two languages. */
    assert_int_equal(derived->info_count, 2);
    assert_int_equal(derived->infos[0].urgency, URGENCY_PAST);
    assert_int_equal(derived->infos[0].severity, SEVERITY_SEVERE);
    assert_text(derived->infos[0].event, "Flood Warning");
    assert_true(slice_ends_with(derived->infos[1].headline, "alerte annulée"));
    assert_int_equal(derived->reference_count, 2);
    assert_true(noted(one, NOTE_INFOS_FROM_REFERENCED));
    /* Not known: without info, and noted. To the US: as it is. */
    assert_int_equal(to(one, TARGET_CA_EXCHANGE, us_cancel)->info_count, 0);
    assert_true(noted(one, NOTE_INFO_NONE));
    assert_int_equal(to(one, TARGET_US_EXCHANGE, us_cancel)->info_count, 0);
}

static void test_cancel_never_takes_infos_of_another_class(void **state)
{
    struct case_of *one = *state;
    struct alert exercise =
        *read_alert(one, FROM_US(INFO(EN_US, "Flood Watch", POSSIBLE, SAME("FLA"), "")));
    exercise.status = STATUS_EXERCISE;
    const struct alert *const referenced[] = {&exercise};
    struct err err = {0};
    assert_int_equal(translate_to(&one->fixture, read_alert(one, us_cancel), TARGET_CA_EXCHANGE,
                                  referenced, 1, &one->translation, &err),
                     OK);
    assert_int_equal(one->translation.derived->info_count, 0);
}

static void test_ending_update_is_noted(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_US_EXCHANGE,
           HEAD("someone@canada.example", "Update", CA_CODES,
                "<references>someone@canada.example,id-0,2026-04-15T16:51:47-04:00</references>")
               INFO(EN_CA, "wind", PAST, CAPCP("wind"),
                    PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Location_Status", "ended")) TAIL);
    assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
    assert_true(noted(one, NOTE_ENDING_UPDATE));
}

static void test_cap_1_0(void **state)
{
    struct case_of *one = *state;
    const struct alert *derived =
        to(one, TARGET_CA_EXCHANGE,
           "<alert "
           "xmlns='http://www.incident.com/cap/1.0'><identifier>a</"
           "identifier><sender>s@us.example</sender>"
           "<sent>2003-06-17T14:57:00-07:00</sent><status>Actual</status><msgType>Alert</msgType>"
           "<info><event>Storm</event><urgency>Immediate</urgency><severity>Severe</severity>"
           "<certainty>Very "
           "Likely</certainty><area><areaDesc>x</areaDesc><geocode>fips6=006109</geocode></area>"
           "</info></alert>");
    assert_int_equal(derived->scope, SCOPE_PUBLIC);
    assert_int_equal(derived->infos[0].certainty, CERTAINTY_LIKELY);
    assert_int_equal(derived->infos[0].categories[0], CATEGORY_OTHER);
    assert_true(noted(one, NOTE_ELEMENT_FILLED));
}

static void test_refusals(void **state)
{
    struct case_of *one = *state;
    struct alert alert = *read_alert(one, FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"), "")));
    struct err err = {0};
    struct translate_options options = {.derived_sender = SLICE("relay@test.example")};
    struct translate_input input = {.alert = &alert, .class = CLASS_EXERCISE};
    assert_int_equal(translate(&options, &input, one->fixture.arena, &one->translation, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.text, "class"));
    input.class = CLASS_ACTUAL;
    assert_int_equal(translate(&options, &input, one->fixture.arena, &one->translation, &err), OK);
    options.derived_sender = SLICE("a,b");
    assert_int_equal(translate(&options, &input, one->fixture.arena, &one->translation, &err),
                     ERR_INVALID);
    options.derived_sender = SLICE("relay@test.example");
    alert.sent.set = false;
    assert_int_equal(translate(&options, &input, one->fixture.arena, &one->translation, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.text, "sent"));
}

static void test_a_conflict_has_its_own_identifier(void **state)
{
    struct case_of *one = *state;
    const struct alert *alert =
        read_alert(one, FROM_CA(INFO(EN_CA, "wind", LIKELY, CAPCP("wind"), "")));
    struct translate_options options = {.derived_sender = SLICE("relay@test.example")};
    struct translate_input input = {.alert = alert, .class = CLASS_ACTUAL};
    struct translation first, other;
    struct err err;
    struct digest content = alert_content(alert);
    assert_int_equal(translate(&options, &input, one->fixture.arena, &first, &err), OK);
    input.conflict = &content;
    assert_int_equal(translate(&options, &input, one->fixture.arena, &other, &err), OK);
    assert_false(slice_eq(first.identifier, other.identifier));
}

static void test_what_is_too_large(void **state)
{
    struct case_of *one = *state;
    struct alert alert = *read_alert(one, FROM_US(INFO(EN_US, "Flood", LIKELY, SAME("FLW"), "")));
    struct cap_info info = alert.infos[0];
    size_t len = 5 * 1024 * 1024;
    char *text = arena_alloc(one->fixture.arena, len);
    struct err err = {0};
    memset(text, 'a', len);
    info.description = slice_of(text, len);
    alert.infos = &info;
    assert_int_equal(
        translate_to(&one->fixture, &alert, TARGET_CA_EXCHANGE, NULL, 0, &one->translation, &err),
        OK);
    assert_int_equal(one->translation.derived->info_count, 1);
    assert_true(noted(one, NOTE_FRENCH_LEFT_OUT));
    info.instruction = info.description;
    assert_int_equal(
        translate_to(&one->fixture, &alert, TARGET_CA_EXCHANGE, NULL, 0, &one->translation, &err),
        ERR_LIMIT);
    assert_int_equal(
        translate_to(&one->fixture, &alert, TARGET_US_EXCHANGE, NULL, 0, &one->translation, &err),
        ERR_LIMIT);
    assert_true(slice_find(slice_from_cstr(err.text), "8388608 bytes") > 0);
}

static void test_tables_version(void **state)
{
    (void)state;
    char first[17];
    memcpy(first, translate_tables_version(), sizeof(first));
    assert_int_equal(strlen(first), 16);
    assert_string_equal(first, translate_tables_version());
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_event_by_class),
        CASE(test_same_of_eccc_goes_first),
        CASE(test_event_to_capcp),
        CASE(test_infos_that_disagree_give_no_code),
        CASE(test_codes_and_languages),
        CASE(test_broadcast_layers_go),
        CASE(test_words_of_a_broadcast_text_alone),
        CASE(test_times_are_the_same_instants),
        CASE(test_the_last_year_keeps_its_offset),
        CASE(test_geocodes_that_could_be_mistaken),
        CASE(test_references_agree_with_translations),
        CASE(test_cancel_takes_infos_of_what_it_cancels),
        CASE(test_cancel_never_takes_infos_of_another_class),
        CASE(test_ending_update_is_noted),
        CASE(test_cap_1_0),
        CASE(test_refusals),
        CASE(test_a_conflict_has_its_own_identifier),
        CASE(test_what_is_too_large),
        CASE(test_tables_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
