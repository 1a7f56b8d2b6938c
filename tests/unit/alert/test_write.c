#include "fixture.h"

#include "alert/identity.h"
#include "alert/write.h"

static struct slice written(struct fixture *fixture, const struct alert *alert)
{
    struct buf out;
    buf_init(&out, PARSE_BYTES_MAX);
    alert_write(alert, &out);
    assert_false(buf_failed(&out));
    struct slice copy = arena_copy(fixture->arena, buf_slice(&out));
    buf_fini(&out);
    return copy;
}

/* Written, valid, read again: the same content, and the same bytes when written once more. */
static void assert_round_trip(struct fixture *fixture, const char *text)
{
    struct err err = {0};
    const struct alert *first = fixture_one(fixture, text);
    struct slice bytes = written(fixture, first);
    if (parser_validate_cap12(fixture->parser, bytes, &err) != OK)
        fail_msg("%s in %.*s", err.text, SLICE_ARG(bytes));
    struct parsed again = fixture_read(fixture, bytes);
    struct digest a = alert_content(first), b = alert_content(again.alerts[0]);
    assert_true(digest_eq(&a, &b));
    assert_true(slice_eq(bytes, written(fixture, again.alerts[0])));
}

#define REST "<urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>"

static void test_round_trip(void **state)
{
    assert_round_trip(*state, VALID);
    assert_round_trip(
        *state,
        ALERT(HEAD "<source>a &lt; b &amp;&amp; c ]]&gt; \"q\"</source><scope>Private</scope>"
                   "<addresses>\"Duty Desk\" "
                   "x@y</addresses><code>one</code><code>two</code><note>a\n b&#13;c</note>"
                   "<references>s@x,i@1@2,2026-01-01T02:00:00+02:00 "
                   "s,j,2026-01-01T00:00:00-00:00</references>"
                   "<incidents>\"two words\" one</incidents>" INFO
                   "<info><language>fr-CA</language><category>Met</category><category>Geo</"
                   "category><event>\xc3\xa9</event>"
                   "<responseType>AllClear</responseType>" REST
                   "<eventCode><valueName>n</valueName><value/></eventCode>"
                   "<onset>2026-04-15T17:51:47-02:30</onset><headline>&#x1F300;</headline>"
                   "<web>http://x.example/?a=1&amp;b=2</web><parameter><valueName>p</"
                   "valueName><value>v</value></parameter>"
                   "<resource><resourceDesc>r</resourceDesc><mimeType>a/b</mimeType><size>3</"
                   "size><derefUri>QUI=</derefUri>"
                   "</resource><area><areaDesc>a</areaDesc><polygon>45.123456789,-67 "
                   "45,-66\n46,-66 45.123456789,-67"
                   "</polygon><circle>45,-67 "
                   "0</circle><geocode><valueName>g</valueName><value>1</value></geocode>"
                   "<altitude>1.5</altitude><ceiling>-2</ceiling></area></info>"));
}

static void test_older_versions_become_1_2(void **state)
{
    assert_round_trip(
        *state, "<alert xmlns='" CAP11 "'><identifier>i</identifier><sender>s</sender>"
                "<sent>2026-01-01T00:00:00.5Z</sent><status>Test</status><msgType>Alert</msgType>"
                "<scope>Public</scope><info><category>Met</category><event>e</event>" REST
                "<resource><resourceDesc>r</resourceDesc></resource>"
                "<area><areaDesc>a</areaDesc></area></info></alert>");
    assert_round_trip(
        *state,
        "<alert xmlns='" CAP10 "'><identifier>i</identifier><sender>s</sender>"
        "<sent>2026-01-01T00:00:00-05:00</sent><status>Actual</status><msgType>Alert</msgType>"
        "<info><category>Met</category><event>e</event>" REST "<eventCode>a=b</eventCode>"
        "<parameter>bare</parameter></info></alert>");
}

static void test_what_the_schema_refuses_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    const char *text = ALERT(
        HEAD
        "<scope>Public</scope><info><language>en_CA</language><category>Met</category><event>e</"
        "event>" REST "<expires>soon</expires><web>http://[x</web>"
        "<resource><resourceDesc>r</resourceDesc><mimeType>m</mimeType><size>2 KB</size>"
        "<uri>http://x.example/100%</uri></resource>"
        "<area><areaDesc>a</areaDesc><altitude>1,5</altitude><ceiling>.</ceiling></area></info>");
    struct slice bytes = written(fixture, fixture_one(fixture, text));
    struct err err = {0};
    assert_int_equal(parser_validate_cap12(fixture->parser, bytes, &err), OK);
    const struct cap_info *info = &fixture_read(fixture, bytes).alerts[0]->infos[0];
    assert_null(info->language.ptr);
    assert_false(info->expires.set);
    assert_null(info->areas[0].altitude.ptr);
    assert_null(info->resources[0].size.ptr);
    assert_slice(info->web, "http://%5Bx");
    assert_slice(info->resources[0].uri, "http://x.example/100%25");
}

static void test_characters_that_xml_cannot_carry(void **state)
{
    struct fixture *fixture = *state;
    struct alert alert = *fixture_one(fixture, VALID);
    static const char text[] = "a\0b\x01"
                               "c\xff"
                               "d\xed\xa0\x80"
                               "e\xef\xbf\xbf"
                               "f\xc3\xa9<";
    alert.note = slice_of(text, sizeof text - 1);
    struct slice bytes = written(fixture, &alert);
    assert_slice(fixture_read(fixture, bytes).alerts[0]->note, "abcdef\xc3\xa9<");
}

static void test_shapes_without_text(void **state)
{
    struct fixture *fixture = *state;
    struct cap_point points[] = {{45.5, -67.0000004}, {-0.25, 180}, {46, -66.123456}, {45.5, -67}};
    struct cap_polygon polygon = {.points = points, .count = 4};
    struct cap_circle circle = {.centre = {1e-6, -1}, .radius_km = 12.5};
    struct alert alert = *fixture_one(fixture, VALID);
    alert.infos[0].areas[0].polygons = &polygon;
    alert.infos[0].areas[0].circles = &circle;
    alert.infos[0].areas[0].circle_count = 1;
    const struct cap_area *area =
        &fixture_read(fixture, written(fixture, &alert)).alerts[0]->infos[0].areas[0];
    assert_slice(area->polygons[0].text, "45.5,-67 -0.25,180 46,-66.123456 45.5,-67");
    assert_slice(area->circles[0].text, "0.000001,-1 12.5");
}

/* What has to be escaped or left out is found wherever it stands. */
static void test_a_special_byte_at_each_place(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        const char *given, *out;
    } cases[] = {{"&", "&amp;"},
                 {"<", "&lt;"},
                 {">", "&gt;"},
                 {"\r", "&#13;"},
                 {"\x01", ""},
                 {"\t", "\t"},
                 {"\n", "\n"},
                 {"~", "~"},
                 {"\x7f", "\x7f"},
                 {"\xff", ""},
                 {"\xc3\xa9", "\xc3\xa9"}};
    static const char filler[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int at = 0; at < (int)sizeof filler; at++) {
            struct alert alert = {.note = arena_printf(fixture->arena, "%.*s%s%s", at, filler,
                                                       cases[i].given, filler + at)};
            struct slice wanted = arena_printf(fixture->arena, "<note>%.*s%s%s</note>", at, filler,
                                               cases[i].out, filler + at);
            assert_true(slice_find(written(fixture, &alert), wanted.ptr) > 0);
        }
    }
}

static void test_sticky_failure(void **state)
{
    struct buf out;
    buf_init(&out, 300);
    alert_write(fixture_one(*state, VALID), &out);
    assert_true(buf_failed(&out));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_older_versions_become_1_2),
        cmocka_unit_test(test_what_the_schema_refuses_is_left_out),
        cmocka_unit_test(test_characters_that_xml_cannot_carry),
        cmocka_unit_test(test_shapes_without_text),
        cmocka_unit_test(test_a_special_byte_at_each_place),
        cmocka_unit_test(test_sticky_failure),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
