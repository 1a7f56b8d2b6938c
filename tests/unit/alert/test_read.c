#include "fixture.h"

#include "base/buf.h"

#include <stdio.h>

static const char full[] =
    "<?xml version='1.0' encoding='UTF-8'?>"
    "<alert xmlns='" CAP12 "'>\n"
    "<identifier> urn:x:1 "
    "</identifier><sender>emo@nb.example</sender><sent>2026-04-15T20:51:47-00:00</sent>"
    "<status>Actual</status><msgType>Update</msgType><source>duty "
    "officer</source><scope>Restricted</scope>"
    "<restriction>agencies</restriction><addresses>\"Duty Desk\" b@x  c@y</addresses>"
    "<code>profile:CAP-CP:0.4</code><code></code><code>two</code><note>n &amp; "
    "<![CDATA[<b>]]></note>"
    "<references>a@x,id-1,2026-04-15T18:00:00-00:00\n\t b@y,id@a@b,2026-04-15T15:30:00-03:00 "
    "</references>"
    "<incidents>one \"two words\"</incidents>\n"
    "<info><language>en-CA</language><category>Met</category><category>Env</category><event>surge</"
    "event>"
    "<responseType>Evacuate</responseType><responseType>None</responseType><urgency>Immediate</"
    "urgency>"
    "<severity>Extreme</severity><certainty>Observed</certainty><audience>all</audience>"
    "<eventCode><valueName>SAME</valueName><value>CFW</value></eventCode>"
    "<effective>2026-04-15T20:51:47-00:00</effective><onset>2026-04-15T22:00:00-00:00</onset>"
    "<expires>2026-04-16T03:00:00+02:00</expires><senderName>NB "
    "EMO</senderName><headline>h</headline>"
    "<description>line one\nline "
    "two</description><instruction>go</instruction><web>http://x.example/</web>"
    "<contact>c</contact><parameter><valueName>p</valueName><value>v</value></parameter>"
    "<parameter><valueName>p</valueName><value></value></parameter>"
    "<resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><size>10</"
    "size><uri>u</uri>"
    "<derefUri>QUJD</derefUri><digest>00ff</digest></resource>"
    "<area><areaDesc>A</areaDesc><polygon>45.5,-67 45,-66\n46,-66 45.5,-67</polygon><circle>45,-67 "
    "12.5</circle>"
    "<geocode><valueName>SAME</valueName><value>023029</value></geocode><altitude>100</altitude>"
    "<ceiling>200.5</ceiling></area><area><areaDesc>B</areaDesc></area></info>\n"
    "<info><category>Met</category><event>onde</event><urgency>Past</urgency><severity>Minor</"
    "severity>"
    "<certainty>Unlikely</certainty></info></alert>";

static void test_every_element(void **state)
{
    const struct alert *alert = fixture_one(*state, full);
    assert_true(alert->schema_valid && alert->relayable && !alert->repaired);
    assert_int_equal(alert->findings.count, 0);
    assert_int_equal(alert->version, CAP_1_2);
    assert_slice(alert->identifier, "urn:x:1");
    assert_slice(alert->sender, "emo@nb.example");
    assert_true(alert->sent.set && alert->sent.utc_s == 1776286307 && alert->sent.offset_min == 0);
    assert_int_equal(alert->status, STATUS_ACTUAL);
    assert_int_equal(alert->msg_type, MSG_TYPE_UPDATE);
    assert_int_equal(alert->scope, SCOPE_RESTRICTED);
    assert_slice(alert->source, "duty officer");
    assert_slice(alert->restriction, "agencies");
    assert_slice(alert->note, "n & <b>");
    assert_int_equal(alert->codes.count, 2); /* an empty element is absent */
    assert_slice(alert->codes.items[1], "two");
    assert_int_equal(alert->info_count, 2);
    assert_int_equal(alert->infos[1].line, 7);
    assert_null(alert->infos[1].language.ptr);
}

static void test_lists_of_items(void **state)
{
    const struct alert *alert = fixture_one(*state, full);
    assert_int_equal(alert->addresses.count, 3);
    assert_slice(alert->addresses.items[0], "Duty Desk");
    assert_slice(alert->addresses.items[2], "c@y");
    assert_int_equal(alert->incidents.count, 2);
    assert_slice(alert->incidents.items[1], "two words");
    assert_int_equal(alert->reference_count, 2);
    assert_slice(alert->references[1].sender, "b@y");
    assert_slice(alert->references[1].identifier, "id@a@b");
    assert_true(alert->references[1].sent.utc_s == alert->references[0].sent.utc_s + 1800);
}

static void test_info_in_full(void **state)
{
    const struct cap_info *info = &fixture_one(*state, full)->infos[0];
    assert_int_equal(info->category_count, 2);
    assert_int_equal(info->categories[1], CATEGORY_ENV);
    assert_int_equal(info->response_type_count, 2);
    assert_int_equal(info->response_types[1], RESPONSE_NONE);
    assert_int_equal(info->urgency, URGENCY_IMMEDIATE);
    assert_int_equal(info->severity, SEVERITY_EXTREME);
    assert_int_equal(info->certainty, CERTAINTY_OBSERVED);
    assert_slice(cap_pairs_find(&info->event_codes, "same"), "CFW");
    assert_true(info->expires.offset_min == 120 && info->expires.utc_s == 1776301200);
    assert_slice(info->description, "line one\nline two");
    assert_int_equal(info->parameters.count, 2);
    assert_null(info->parameters.items[1].value.ptr);
    assert_int_equal(info->resource_count, 1);
    assert_slice(info->resources[0].deref_uri, "QUJD");
    const struct cap_area *area = &info->areas[0];
    assert_int_equal(info->area_count, 2);
    assert_int_equal(area->polygon_count, 1);
    assert_int_equal(area->polygons[0].count, 4);
    assert_true(area->polygons[0].points[2].lat == 46 && area->polygons[0].points[2].lon == -66);
    assert_true(area->circles[0].radius_km == 12.5 && area->circles[0].centre.lon == -67);
    assert_slice(area->ceiling, "200.5");
}

static void test_prefixed_namespace(void **state)
{
    const char *text =
        "<c:alert xmlns:c='" CAP11 "'><c:identifier>i</c:identifier><c:sender>s</c:sender>"
        "<c:sent>2026-01-01T00:00:00Z</c:sent><c:status>Test</c:status><c:msgType>Alert</c:msgType>"
        "<c:scope>Public</c:scope></c:alert>";
    const struct alert *alert = fixture_one(*state, text);
    assert_int_equal(alert->version, CAP_1_1);
    assert_true(alert->schema_valid && alert->relayable);
    assert_finding(alert, "cap.time.form");
    assert_true(alert->sent.set);
}

static void test_cap_1_0(void **state)
{
    const char *text =
        "<alert xmlns='" CAP10
        "'><identifier>i</identifier><sender>s</sender><sent>2003-02-11T09:39:00-08:00</sent>"
        "<status>Actual</status><msgType>Alert</msgType><password>secret</password>"
        "<info><event>flood</event><urgency>Immediate</urgency><severity>Severe</severity>"
        "<certainty>Very "
        "Likely</certainty><eventCode>same=FFW</eventCode><parameter>bare</parameter>"
        "<area><areaDesc>A</areaDesc><geocode>fips6=006109</geocode></area></info></alert>";
    const struct alert *alert = fixture_one(*state, text);
    assert_true(alert->schema_valid && alert->relayable);
    assert_int_equal(alert->scope, SCOPE_PUBLIC);
    assert_int_equal(alert->infos[0].certainty, CERTAINTY_LIKELY);
    assert_slice(cap_pairs_find(&alert->infos[0].event_codes, "SAME"), "FFW");
    assert_slice(cap_pairs_find(&alert->infos[0].areas[0].geocodes, "FIPS6"), "006109");
    assert_null(alert->infos[0].parameters.items[0].name.ptr);
    assert_slice(alert->infos[0].parameters.items[0].value, "bare");
    assert_no_finding(alert, "cap.category.missing");
    assert_no_finding(alert, "cap.code.spelling");
}

static void test_any_order_is_read(void **state)
{
    const char *text = ALERT(INFO "<scope>Public</scope>" HEAD);
    const struct alert *alert = fixture_one(*state, text);
    assert_false(alert->schema_valid);
    assert_true(alert->relayable);
    assert_finding(alert, "schema");
    assert_slice(alert->infos[0].event, "storm surge");
}

static void test_repeated_and_unknown(void **state)
{
    const char *text =
        ALERT(HEAD "<scope></scope><scope>Public</scope><note>first</note><note>second</note>"
                   "<x:status xmlns:x='urn:other'>Actual</x:status><mood>calm</mood>" INFO);
    const struct alert *alert = fixture_one(*state, text);
    assert_int_equal(alert->scope, SCOPE_PUBLIC); /* an empty one is absent */
    assert_slice(alert->note, "first");
    assert_int_equal(alert->status, STATUS_EXERCISE);
    assert_finding(alert, "form.repeated-element");
    assert_finding(alert, "form.unknown-element");
    assert_true(alert->relayable);
}

static void test_statuses_that_differ_are_fatal(void **state)
{
    const struct alert *alert =
        fixture_one(*state, ALERT(HEAD "<status>Actual</status><scope>Public</scope>" INFO));
    assert_finding(alert, "cap.contradiction");
    assert_false(alert->relayable);
    alert = fixture_one(*state, ALERT(HEAD "<status>Exercise</status><scope>Public</scope>" INFO));
    assert_finding(alert, "form.repeated-element");
    assert_true(alert->relayable);
}

static void test_unknown_codes_are_never_strong(void **state)
{
    const char *text = ALERT(
        HEAD "<scope>Public</scope><info><category>Meteo</category><category>met</"
             "category><event>e</event>"
             "<responseType>Run</responseType><urgency>Now</urgency><severity>EXTREME</severity>"
             "</info>");
    const struct cap_info *info = &fixture_one(*state, text)->infos[0];
    const struct alert *alert = fixture_one(*state, text);
    assert_true(alert->relayable);
    assert_int_equal(info->category_count, 1);
    assert_int_equal(info->categories[0], CATEGORY_MET);
    assert_int_equal(info->response_type_count, 0);
    assert_int_equal(info->urgency, URGENCY_UNKNOWN);
    assert_int_equal(info->severity, SEVERITY_EXTREME);
    assert_int_equal(info->certainty, CERTAINTY_UNKNOWN);
    assert_finding(alert, "cap.urgency.unknown");
    assert_finding(alert, "cap.code.spelling");
    assert_finding(alert, "cap.certainty.missing");
    assert_finding(alert, "cap.category.unknown");
    assert_finding(alert, "cap.responsetype.unknown");
}

static void test_fatal_set(void **state)
{
    static const struct {
        const char *text, *rule;
    } cases[] = {
        {ALERT("<sender>s</sender><sent>2026-01-01T00:00:00-00:00</sent><status>Actual</status>"
               "<msgType>Alert</msgType><scope>Public</scope>"),
         "cap.identifier.missing"},
        {ALERT("<identifier>i</identifier><sender> </sender><sent>2026-01-01T00:00:00-00:00</sent>"
               "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"),
         "cap.sender.missing"},
        {ALERT("<identifier>i</identifier><sender>s</sender><status>Actual</status><msgType>Alert</"
               "msgType>"
               "<scope>Public</scope>"),
         "cap.sent.missing"},
        {ALERT("<identifier>i</identifier><sender>s</sender><sent>yesterday</sent><status>Actual</"
               "status>"
               "<msgType>Alert</msgType><scope>Public</scope>"),
         "cap.sent.unreadable"},
        {ALERT("<identifier>i</identifier><sender>s</sender><sent>2026-01-01T00:00:00-00:00</sent>"
               "<msgType>Alert</msgType><scope>Public</scope>"),
         "cap.status.missing"},
        {ALERT("<identifier>i</identifier><sender>s</sender><sent>2026-01-01T00:00:00-00:00</sent>"
               "<status>ACTUAL</status><msgType>Alert</msgType><scope>Public</scope>"),
         "cap.status.unknown"},
        {ALERT("<identifier>i</identifier><sender>s</sender><sent>2026-01-01T00:00:00-00:00</sent>"
               "<status>Actual</status><scope>Public</scope>"),
         "cap.msgtype.missing"},
        {ALERT(HEAD INFO), "cap.scope.missing"},
        {ALERT(HEAD "<scope>Secret</scope>" INFO), "cap.scope.unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct alert *alert = fixture_one(*state, cases[i].text);
        assert_int_equal(alert->kind, KIND_ALERT);
        assert_finding(alert, cases[i].rule);
        assert_true(findings_have_fatal(&alert->findings));
        assert_false(alert->relayable);
    }
    assert_true(fixture_one(*state, VALID)->relayable);
}

static void test_references_are_borne(void **state)
{
    const char *text =
        ALERT(HEAD "<scope>Public</scope><references>broken s@x,i-1,2026-01-01T00:00:00-00:00\n"
                   "s@x, i-2, 2026-01-01T00:00:00Z s@x,i-3,whenever s@x,half</references>");
    const struct alert *alert = fixture_one(*state, text);
    assert_int_equal(alert->reference_count, 3);
    assert_slice(alert->references[0].sender, "s@x");
    assert_slice(alert->references[1].identifier, "i-2");
    assert_true(alert->references[1].sent.set);
    assert_false(alert->references[2].sent.set);
    assert_finding(alert, "cap.references.form");
    assert_finding(alert, "cap.references.sent");
}

static void test_unreadable_shapes_are_counted(void **state)
{
    const char *text = ALERT(
        HEAD
        "<scope>Public</scope><info><category>Met</category><event>e</event><urgency>Past</urgency>"
        "<severity>Minor</severity><certainty>Likely</certainty><area><areaDesc>A</areaDesc>"
        "<polygon>45,-67 45</polygon><polygon>95,0 45,1 45,2 95,0</polygon><polygon>x,y</polygon>"
        "<polygon>45,-67 45,-66</polygon><polygon>45, -67 45, -66 46, -66</polygon>"
        "<circle>45,-67</circle><circle>45,-67 -1</circle><circle>45,-67,3</circle></area></info>");
    const struct alert *alert = fixture_one(*state, text);
    const struct cap_area *area = &alert->infos[0].areas[0];
    assert_true(alert->schema_valid && alert->relayable);
    assert_int_equal(area->unreadable_shapes, 6);
    assert_int_equal(area->polygon_count, 1);
    assert_int_equal(area->polygons[0].count, 3);
    assert_int_equal(area->circle_count, 1);
    assert_true(area->circles[0].radius_km == 3);
    assert_finding(alert, "cap.polygon.open");
    assert_finding(alert, "cap.circle.unreadable");
}

/* A reader that splits at blanks and then at commas must not meet what another wrote. */
static void test_numbers_are_joined_as_cap_joins_them(void **state)
{
    static const char *const written[] = {
        "45.10,-67 45.2,-66 46,-66 45.10,-67",       "45.10, -67 45.2, -66 46, -66 45.10, -67",
        "45.10 -67 45.2 -66 46 -66 45.10 -67",       "45.10,-67,45.2,-66,46,-66,45.10,-67",
        "45.10 ,-67\n45.2,-66\t46,-66  45.10,-67,",  ",45.10,-67 45.2,-66 46,-66 45.10,-67",
        "45.10,-67\n 45.2,-66\n 46,-66\n 45.10,-67", "45.10,-67 ,45.2,-66 46,-66 45.10,-67"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char text[2000];
        snprintf(text, sizeof text,
                 "<alert xmlns='" CAP12 "'>" HEAD "<scope>Public</scope><info><area>"
                 "<polygon>%s</polygon></area></info></alert>",
                 written[i]);
        const struct alert *alert = fixture_one(*state, text);
        bool is_in_form = i == 0 || i == 6, found = false;
        for (size_t k = 0; k < alert->findings.count; k++)
            found |= strcmp(alert->findings.items[k].rule, "cap.polygon.form") == 0;
        assert_int_equal(found, !is_in_form);
        assert_slice(alert->infos[0].areas[0].polygons[0].text,
                     is_in_form ? written[i] : written[0]);
    }
    const struct alert *alert =
        fixture_one(*state, ALERT(HEAD "<scope>Public</scope><info><area><circle>45 , -67.0,3"
                                       "</circle><circle>45,-67 3</circle></area></info>"));
    assert_slice(alert->infos[0].areas[0].circles[0].text, "45,-67.0 3");
    assert_slice(alert->infos[0].areas[0].circles[1].text, "45,-67 3");
    assert_finding(alert, "cap.circle.form");
}

/* Only what indents elements goes; what stands in a text is of the text, whatever is around it. */
static void test_blanks_of_a_text_are_kept(void **state)
{
    static const char *const written[] = {
        "north<![CDATA[ ]]>south",
        "<!-- a -->north<!-- b --> <!-- c -->south",
        "<?a b?>north<?c d?> <?e f?>south",
        "<!-- a -->north<![CDATA[ ]]><!-- b -->south",
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char text[2000];
        snprintf(text, sizeof text,
                 "<alert xmlns='" CAP12 "'>\n  " HEAD "\n  <scope>Public</scope>\n  <info>\n    "
                 "<description>%s</description>\n  </info>\n</alert>",
                 written[i]);
        const struct alert *alert = fixture_one(*state, text);
        if (!slice_eq_cstr(alert->infos[0].description, "north south"))
            fail_msg("%s: %.*s", written[i], SLICE_ARG(alert->infos[0].description));
    }
}

static void test_where_and_line(void **state)
{
    const char *text =
        ALERT(HEAD "<scope>Public</scope>" INFO "\n" INFO "\n<info>\n<area><areaDesc>a</areaDesc>"
                   "</area>\n<area><polygon>bad</polygon></area></info>");
    const struct alert *alert = fixture_one(*state, text);
    size_t i = 0;
    while (strcmp(alert->findings.items[i].rule, "cap.polygon.unreadable") != 0)
        i++;
    assert_slice(alert->findings.items[i].where, "alert/info[3]/area[2]/polygon");
    assert_int_equal(alert->findings.items[i].line, 5);
}

/* Indentation goes; a blank that parts two words or two numbers does not, whatever it is between.
 */
static void test_blanks_between_markup_within_words(void **state)
{
    const char *text =
        ALERT("<!--1-->\n " HEAD "<note><!--1-->one<!--2--> <!--3-->two</note>\n <?a b?> <info>"
              "<description><p>three</p>\n<p>four</p> <?a b?> five</description>\n"
              "<parameter><!--1-->p=six<!--2--> <!--3-->seven</parameter> <!--4--> "
              "<parameter> <!--1--> <valueName>q</valueName> <value> <i>8</i> <i>9</i> </value> "
              "</parameter>"
              "<area><polygon><!--1-->45,-67<!--2--> <!--3-->45,-66<!--4--> <!--5-->46,-66 "
              "45,-67</polygon></area></info>");
    const struct alert *alert = fixture_one(*state, text);
    const struct cap_info *info = &alert->infos[0];
    assert_slice(alert->note, "one two");
    assert_slice(info->description, "three\nfour  five");
    assert_int_equal(info->parameters.count, 2);
    assert_slice(info->parameters.items[0].value, "six seven");
    assert_slice(info->parameters.items[1].name, "q");
    assert_slice(info->parameters.items[1].value, "8 9");
    assert_int_equal(info->areas[0].polygon_count, 1);
    assert_int_equal(info->areas[0].polygons[0].count, 4);
}

static void test_heartbeat(void **state)
{
    const char *text =
        "<alert xmlns='" CAP12 "'><identifier>i</identifier><sender>NAADS-HEARTBEAT</sender>"
        "<sent>2026-01-01T00:00:00-00:00</sent><status>System</status><msgType>Alert</msgType>"
        "<scope>Public</scope></alert>";
    const struct alert *alert = fixture_one(*state, text);
    assert_int_equal(alert->kind, KIND_HEARTBEAT);
    assert_false(alert->relayable);
    assert_true(alert->schema_valid);
}

static void test_findings_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_put_cstr(
        &text,
        "<alert xmlns='" CAP12 "'><identifier>i</identifier><sender>s</sender>"
        "<sent>2026-01-01T00:00:00-00:00</sent><msgType>Alert</msgType><scope>Public</scope>");
    for (int i = 0; i < 5000; i++)
        buf_put_cstr(&text, "<odd/>");
    buf_put_cstr(&text, "</alert>");
    const struct alert *alert = fixture_read(fixture, buf_slice(&text)).alerts[0];
    assert_true(alert->findings.count < 210);
    assert_finding(alert, "findings.more");
    assert_finding(alert, "cap.status.missing"); /* fatal ones always */
    assert_true(alert->findings.left_out >= 4800);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_element),
        cmocka_unit_test(test_lists_of_items),
        cmocka_unit_test(test_info_in_full),
        cmocka_unit_test(test_prefixed_namespace),
        cmocka_unit_test(test_cap_1_0),
        cmocka_unit_test(test_any_order_is_read),
        cmocka_unit_test(test_repeated_and_unknown),
        cmocka_unit_test(test_statuses_that_differ_are_fatal),
        cmocka_unit_test(test_unknown_codes_are_never_strong),
        cmocka_unit_test(test_fatal_set),
        cmocka_unit_test(test_references_are_borne),
        cmocka_unit_test(test_unreadable_shapes_are_counted),
        cmocka_unit_test(test_numbers_are_joined_as_cap_joins_them),
        cmocka_unit_test(test_blanks_of_a_text_are_kept),
        cmocka_unit_test(test_where_and_line),
        cmocka_unit_test(test_blanks_between_markup_within_words),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_findings_are_bounded),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
