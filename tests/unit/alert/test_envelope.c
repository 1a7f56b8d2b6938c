/* What EDXL-DE envelopes and Atom entries say about the CAP alerts in them. */
#include "fixture.h"

#include "alert/identity.h"
#include "alert/write.h"
#include "base/buf.h"

#define ACTUAL_HEAD                                                                                \
    "<identifier>urn:test:1</identifier><sender>emo@nb.example</sender>"                           \
    "<sent>2026-04-15T17:51:47-03:00</sent><status>Actual</status><msgType>Alert</msgType>"        \
    "<scope>Public</scope>"
#define INFO_WITHOUT_AREA                                                                          \
    "<info><category>Met</category><event>flood</event><urgency>Expected</urgency>"                \
    "<severity>Severe</severity><certainty>Likely</certainty></info>"
#define ACTUAL ALERT(ACTUAL_HEAD INFO)
#define DE1(head, content)                                                                         \
    "<d:EDXLDistribution xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'>"                      \
    "<d:distributionID>1</d:distributionID><d:senderID>x@y</d:senderID>"                           \
    "<d:dateTimeSent>2026-04-15T17:51:47-03:00</d:dateTimeSent>" head content                      \
    "</d:EDXLDistribution>"
#define STATUS1(status) "<d:distributionStatus>" status "</d:distributionStatus>"
#define OBJECT1(alert)                                                                             \
    "<d:contentObject><d:xmlContent><d:embeddedXMLContent>" alert                                  \
    "</d:embeddedXMLContent></d:xmlContent></d:contentObject>"
#define PLAIN1(status, alert) DE1(STATUS1(status), OBJECT1(alert))

static void test_the_lower_status_holds(void **state)
{
    static const struct {
        const char *text;
        enum cap_status status;
        bool lowered;
    } cases[] = {
        {PLAIN1("Actual", ACTUAL), STATUS_ACTUAL, false},
        {PLAIN1("Exercise", ACTUAL), STATUS_EXERCISE, true},
        {PLAIN1("Test", ACTUAL), STATUS_TEST, true},
        {PLAIN1("System", ACTUAL), STATUS_SYSTEM, true},
        {PLAIN1("Actual", VALID), STATUS_EXERCISE, false},
        {PLAIN1("Test", VALID), STATUS_EXERCISE, false},
        {PLAIN1("System", VALID), STATUS_SYSTEM, true},
        /* An envelope in an envelope. */
        {PLAIN1("Exercise", OBJECT1(PLAIN1("Actual", ACTUAL))), STATUS_EXERCISE, true},
        {PLAIN1("Actual", OBJECT1(PLAIN1("Exercise", ACTUAL))), STATUS_EXERCISE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct alert *alert = fixture_one(*state, cases[i].text);
        assert_int_equal(alert->form, FORM_EDXL_DE);
        assert_true(alert->relayable && alert->schema_valid);
        assert_int_equal(alert->status, cases[i].status);
        assert_int_equal(findings_have(&alert->findings, "envelope.status"), cases[i].lowered);
    }
}

static void test_a_status_that_is_none_is_never_actual(void **state)
{
    static const struct {
        const char *text, *rule;
    } cases[] = {
        {PLAIN1("ACTUAL", ACTUAL), "envelope.status-unknown"},
        {PLAIN1("Drill", ACTUAL), "envelope.status-unknown"},
        {DE1(STATUS1("Actual") STATUS1("Exercise"), OBJECT1(ACTUAL)), "cap.contradiction"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct alert *alert = fixture_one(*state, cases[i].text);
        assert_false(alert->relayable);
        assert_int_equal(alert->status, STATUS_NONE);
        assert_finding(alert, cases[i].rule);
    }
    const struct alert *alert = fixture_one(*state, DE1("", OBJECT1(ACTUAL)));
    assert_true(alert->relayable && alert->status == STATUS_ACTUAL);
    assert_finding(alert, "edxl.status-missing");
}

static void test_confidential_is_not_public(void **state)
{
#define CONFIDENTIAL(text)                                                                         \
    DE1(STATUS1("Actual") "<d:combinedConfidentiality>" text "</d:combinedConfidentiality>",       \
        OBJECT1(ACTUAL))
    const struct alert *open = fixture_one(*state, CONFIDENTIAL("UNCLASSIFIED AND NOT SENSITIVE"));
    assert_int_equal(open->scope, SCOPE_PUBLIC);
    assert_no_finding(open, "envelope.confidential");
    assert_int_equal(fixture_one(*state, CONFIDENTIAL("Unclassified"))->scope, SCOPE_PUBLIC);
    const struct alert *shut = fixture_one(*state, CONFIDENTIAL("Sensitive but unclassified"));
    assert_int_equal(shut->scope, SCOPE_RESTRICTED);
    assert_slice(shut->restriction, "Sensitive but unclassified");
    assert_finding(shut, "envelope.confidential");
    const struct alert *object =
        fixture_one(*state, DE1(STATUS1("Actual"), "<d:contentObject><d:confidentiality>secret"
                                                   "</d:confidentiality><d:xmlContent>" ACTUAL
                                                   "</d:xmlContent></d:contentObject>"));
    assert_int_equal(object->scope, SCOPE_RESTRICTED);
}

static void test_what_is_only_noted(void **state)
{
    const struct alert *alert = fixture_one(
        *state, DE1(STATUS1("Actual") "<d:distributionType>Cancel</d:distributionType>"
                                      "<d:explicitAddress><d:explicitAddressScheme>e-mail"
                                      "</d:explicitAddressScheme><d:explicitAddressValue>a@b"
                                      "</d:explicitAddressValue></d:explicitAddress>",
                    OBJECT1(ACTUAL)));
    assert_true(alert->relayable && alert->msg_type == MSG_TYPE_ALERT);
    assert_finding(alert, "edxl.type");
    assert_finding(alert, "edxl.addressed");
}

static void test_the_target_area_is_for_alerts_without_one(void **state)
{
#define TARGET                                                                                     \
    STATUS1("Actual")                                                                              \
    "<d:targetArea><d:circle>45.5,-66.5 10</d:circle><d:polygon>45,-67 45,-66 46,-66 45,-67"       \
    "</d:polygon><d:country>CA</d:country><d:subdivision>CA-NB</d:subdivision>"                    \
    "<d:locCodeUN>CAFRD</d:locCodeUN></d:targetArea>"
    const struct alert *alert =
        fixture_one(*state, DE1(TARGET, OBJECT1(ALERT(ACTUAL_HEAD INFO_WITHOUT_AREA))));
    assert_finding(alert, "envelope.area");
    assert_int_equal(alert->infos[0].area_count, 1);
    const struct cap_area *area = &alert->infos[0].areas[0];
    assert_slice(area->area_desc, "CA, CA-NB, CAFRD");
    assert_true(area->circle_count == 1 && area->circles[0].radius_km == 10);
    assert_true(area->polygon_count == 1 && area->polygons[0].count == 4);
    assert_slice(cap_pairs_find(&area->geocodes, "ISO 3166-2"), "CA-NB");
    assert_slice(cap_pairs_find(&area->geocodes, "UN/LOCODE"), "CAFRD");
    const struct alert *own = fixture_one(*state, DE1(TARGET, OBJECT1(ACTUAL)));
    assert_slice(own->infos[0].areas[0].area_desc, "Bay");
    assert_no_finding(own, "envelope.area");
}

static void test_version_2(void **state)
{
#define DE2(status, area)                                                                          \
    "<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:2.0' "                          \
    "xmlns:ct='urn:oasis:names:tc:emergency:edxl:ct:1.0' "                                         \
    "xmlns:gml='http://www.opengis.net/gml/3.2'><DistributionID>1</DistributionID>"                \
    "<DateTimeExpires>2026-04-16T00:00:00-03:00</DateTimeExpires>"                                 \
    "<DistributionStatus><StatusKindDefault><ct:ValueListURI>urn:x</ct:ValueListURI>"              \
    "<ct:Value>" status "</ct:Value></StatusKindDefault></DistributionStatus>"                     \
    "<Descriptor><TargetAreas><AreaKind><AreaKindDefault><ct:ValueListURI>urn:x"                   \
    "</ct:ValueListURI><ct:Value>DistributionTargetArea</ct:Value></AreaKindDefault></AreaKind>"   \
    "<TargetArea><x>" area "</x></TargetArea></TargetAreas></Descriptor><Content><ContentObject>"  \
    "<ContentXML><EmbeddedXMLContent>" ALERT(                                                      \
        ACTUAL_HEAD INFO_WITHOUT_AREA) "</EmbeddedXMLContent></ContentXML></ContentObject>"        \
                                       "</Content></EDXLDistribution>"
    const struct alert *alert =
        fixture_one(*state, DE2("Exercise", "<gml:Polygon><gml:exterior><gml:LinearRing>"
                                            "<gml:pos>45 -67</gml:pos><gml:pos>45 -66</gml:pos>"
                                            "<gml:pos>46 -66</gml:pos><gml:pos>45 -67</gml:pos>"
                                            "</gml:LinearRing></gml:exterior></gml:Polygon>"));
    assert_int_equal(alert->status, STATUS_EXERCISE);
    assert_finding(alert, "edxl.expires");
    assert_int_equal(alert->infos[0].area_count, 1);
    assert_slice(alert->infos[0].areas[0].polygons[0].text, "45,-67 45,-66 46,-66 45,-67");
    assert_slice(alert->infos[0].areas[0].area_desc, "45, -67 - 46, -66");
}

static void test_other_content_is_told(void **state)
{
#define OTHER                                                                                      \
    "<d:contentObject><d:nonXMLContent><d:mimeType>image/png</d:mimeType></d:nonXMLContent>"       \
    "</d:contentObject>" OBJECT1("<h:HAVE xmlns:h='urn:have'/>")
    struct parsed parsed = fixture_read(
        *state, SLICE(DE1(STATUS1("Actual"),
                          OTHER OBJECT1(ACTUAL) OBJECT1(ALERT("<identifier>2</identifier>")))));
    assert_int_equal(parsed.count, 2);
    assert_true(parsed.alerts[0]->relayable);
    unsigned told = 0;
    for (size_t i = 0; i < parsed.alerts[0]->findings.count; i++)
        told += strcmp(parsed.alerts[0]->findings.items[i].rule, "edxl.other-content") == 0;
    assert_int_equal(told, 2);
    const struct alert *none = fixture_one(*state, DE1(STATUS1("Actual"), OTHER));
    assert_int_equal(none->kind, KIND_UNREADABLE);
    assert_string_equal(none->findings.items[0].rule, "edxl.no-alert");
    assert_true(slice_find(none->findings.items[0].text, "image/png") >= 0);
}

static void test_who_writes_a_refused_alert_anew_does_not_write_actual(void **state)
{
    struct fixture *fixture = *state;
    const struct alert *alert = fixture_one(fixture, PLAIN1("Drill", ACTUAL));
    struct buf out;
    buf_init(&out, PARSE_BYTES_MAX);
    alert_write(alert, &out);
    struct parsed again = parser_read(fixture->parser, fixture->arena, buf_slice(&out));
    assert_false(again.alerts[0]->relayable);
    buf_fini(&out);
}

static void test_many_findings_of_a_wrapper_are_counted(void **state)
{
    struct buf text;
    buf_init(&text, PARSE_BYTES_MAX);
    buf_put_cstr(&text,
                 "<d:EDXLDistribution xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'>" STATUS1(
                     "Actual") OBJECT1(ACTUAL));
    for (int i = 0; i < 100; i++)
        buf_put_cstr(&text, "<d:contentObject/>");
    buf_put_cstr(&text, "</d:EDXLDistribution>");
    struct parsed parsed = fixture_read(*state, buf_slice(&text));
    assert_true(parsed.count == 1 && parsed.alerts[0]->relayable);
    const struct findings *findings = &parsed.alerts[0]->findings;
    assert_true(findings->count < 60 && findings_have(findings, "envelope.more"));
    assert_true(slice_find(findings->items[findings->count - 1].text, "60 more") == 0);
    buf_fini(&text);
}

static void test_an_entry_bounds_its_alert(void **state)
{
#define ENTRY(inside)                                                                              \
    "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:g='http://www.georss.org/georss'>"           \
    "<id>urn:e</id><updated>2026-04-15T20:51:47Z</updated>" inside "</entry>"
    const struct alert *alert = fixture_one(
        *state, ENTRY("<category scheme='masas:category:status' term='Exercise'/>"
                      "<g:point>45.5 -66.5</g:point><content type='application/cap+xml'>" ALERT(
                          ACTUAL_HEAD INFO_WITHOUT_AREA) "</content>"));
    assert_int_equal(alert->form, FORM_ATOM);
    assert_int_equal(alert->status, STATUS_EXERCISE);
    assert_slice(alert->infos[0].areas[0].circles[0].text, "45.5,-66.5 0");
    assert_int_equal(
        fixture_one(*state, ENTRY("<category term='status=Test'/><content>" ACTUAL "</content>"))
            ->status,
        STATUS_TEST);
    assert_int_equal(fixture_one(*state, "<x>" ACTUAL "</x>")->form, FORM_WRAPPED);
    assert_int_equal(fixture_one(*state, ACTUAL)->form, FORM_CAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lower_status_holds),
        cmocka_unit_test(test_a_status_that_is_none_is_never_actual),
        cmocka_unit_test(test_confidential_is_not_public),
        cmocka_unit_test(test_what_is_only_noted),
        cmocka_unit_test(test_the_target_area_is_for_alerts_without_one),
        cmocka_unit_test(test_version_2),
        cmocka_unit_test(test_other_content_is_told),
        cmocka_unit_test(test_who_writes_a_refused_alert_anew_does_not_write_actual),
        cmocka_unit_test(test_many_findings_of_a_wrapper_are_counted),
        cmocka_unit_test(test_an_entry_bounds_its_alert),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
