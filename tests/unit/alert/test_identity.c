#include "fixture.h"

#include "alert/identity.h"
#include "alert/vtec.h"

static bool same_content(void **state, const char *a, const char *b)
{
    struct digest left = alert_content(fixture_one(*state, a));
    struct digest right = alert_content(fixture_one(*state, b));
    return digest_eq(&left, &right);
}

static void test_identity_compares_instants(void **state)
{
    struct fixture *fixture = *state;
    const struct alert *alert = fixture_one(fixture, VALID);
    struct cap_reference reference = {.sender = SLICE("emo@nb.example"),
                                      .identifier = SLICE("urn:test:1"),
                                      .sent = cap_time_parse(SLICE("2026-04-15T20:51:47-00:00"))};
    struct identity a = identity_of(alert, CLASS_EXERCISE);
    struct identity b = identity_of_reference(&reference, CLASS_EXERCISE);
    assert_true(identity_eq(&a, &b));
    assert_true(slice_eq(identity_key(fixture->arena, &a), identity_key(fixture->arena, &b)));
    struct identity c = identity_of(alert, CLASS_ACTUAL);
    assert_false(identity_eq(&a, &c));
    assert_false(slice_eq(identity_key(fixture->arena, &a), identity_key(fixture->arena, &c)));
}

static void test_keys_do_not_run_together(void **state)
{
    struct fixture *fixture = *state;
    struct identity a = {CLASS_ACTUAL, SLICE("a 1:b"), SLICE("c"), 5};
    struct identity b = {CLASS_ACTUAL, SLICE("a"), SLICE("b 1:c"), 5};
    assert_false(slice_eq(identity_key(fixture->arena, &a), identity_key(fixture->arena, &b)));
}

static void test_content_leaves_out_what_says_nothing(void **state)
{
    const char *spread =
        "<c:alert xmlns:c='" CAP12 "'>\n <c:identifier> i </c:identifier><c:sender>s</c:sender>"
        "<c:sent>2026-01-01T03:00:00+03:00</c:sent><c:status>Actual</c:status>"
        "<c:msgType>Alert</c:msgType><c:scope>Public</c:scope><c:note/>"
        "<S xmlns='http://www.w3.org/2000/09/xmldsig#'>sig</S></c:alert>";
    const char *plain =
        ALERT("<identifier>i</identifier><sender>s</sender><sent>2026-01-01T00:00:00-00:00</sent>"
              "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>");
    assert_true(same_content(state, spread, plain));
}

static void test_content_sees_every_word(void **state)
{
    const char *base = ALERT(HEAD "<scope>Public</scope>" INFO);
    assert_true(same_content(state, base, VALID));
    assert_false(same_content(state, base, ALERT(HEAD "<scope>Private</scope>" INFO)));
    assert_false(same_content(state, base, ALERT(HEAD "<scope>Public</scope>" INFO INFO)));
    assert_false(same_content(state, base, ALERT(HEAD "<scope>Public</scope><note>x</note>" INFO)));
    assert_false(
        same_content(state, base, ALERT(HEAD "<source>x</source><scope>Public</scope>" INFO)));
    /* The same words in another element. */
    assert_false(same_content(state, ALERT(HEAD "<scope>Public</scope><code>x</code>"),
                              ALERT(HEAD "<scope>Public</scope><incidents>x</incidents>")));
}

static void test_derived_identifier(void **state)
{
    struct fixture *fixture = *state;
    struct identity identity = {CLASS_ACTUAL, SLICE("s@x"), SLICE("i-1"), 1776286307};
    /* hashlib.blake2b(b"actual\0us\0s@x\0i-1\0" b"1776286307", digest_size=32), first 32 digits */
    struct slice derived = identity_derived(fixture->arena, &identity, SIDE_US, NULL);
    assert_slice(derived, "urn:caprelay:0d488f954ffac671b7b07957ea8a945e");
    assert_true(identity_is_derived(derived));
    assert_false(slice_eq(derived, identity_derived(fixture->arena, &identity, SIDE_CA, NULL)));
    struct digest content = digest_of(SLICE("other"));
    struct slice conflict = identity_derived(fixture->arena, &identity, SIDE_US, &content);
    assert_true(identity_is_derived(conflict));
    assert_false(slice_eq(derived, conflict));
    identity.class = CLASS_EXERCISE;
    assert_false(slice_eq(derived, identity_derived(fixture->arena, &identity, SIDE_US, NULL)));
    assert_false(identity_is_derived(SLICE("urn:caprelay:1234")));
    assert_false(identity_is_derived(SLICE("urn:caprelay:0123456789abcdef0123456789abcdeg")));
    assert_false(identity_is_derived(SLICE("urn:oid:2.49.0.1.124.1")));
}

static void test_vtec_form(void **state)
{
    (void)state;
    struct vtec vtec;
    assert_true(vtec_parse(SLICE(" /O.NEW.KCLE.SV.W.0063.260414T0016Z-260414T0100Z/ "), &vtec));
    assert_slice(vtec.office, "KCLE");
    assert_slice(vtec.action, "NEW");
    assert_true(vtec.has_begin && vtec.begin_s == 1776125760);
    assert_true(vtec.has_end && vtec.end_s == 1776128400);
    assert_true(vtec_parse(SLICE("/T.CON.KCAR.FL.W.0001.000000T0000Z-000000T0000Z/"), &vtec));
    assert_false(vtec.has_begin || vtec.has_end);
    assert_int_equal(vtec.product_class, 'T');
    static const char *const bad[] = {"",
                                      "/",
                                      "//",
                                      "/O.NEW.KCLE.SV.W.0063.260414T0016Z-260414T0100Z",
                                      "/O.NEW.KCLE.SV.W.00A3.260414T0016Z-260414T0100Z/",
                                      "/O.NEW.KCLE.SV.W.0063.260414T0016Z/",
                                      "/O.NEW.KCLE.SV.W.0063.261314T0016Z-260414T0100Z/",
                                      "/O.NEW.KCLE.SV.W.0063.260414T0016Z-260414T0100Z.X/",
                                      "/00000.0.ER.000000T0000Z.000000T0000Z.000000T0000Z.OO/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(vtec_parse(slice_from_cstr(bad[i]), &vtec));
}

/* CAP 1.1 of NWS puts every line of the product into one value: each event, and what a river does.
 */
static void test_vtecs_of_one_value(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t count;
        bool readable;
    } cases[] = {
        {"/O.CAN.KIND.FA.W.0048.000000T0000Z-140522T0930Z/\n"
         "/00000.0.ER.000000T0000Z.000000T0000Z.000000T0000Z.OO/",
         1, true},
        {"/O.EXP.KBOI.FG.Y.0008.000000T0000Z-130126T2000Z/ \r\n"
         " /O.NEW.KBOI.FG.Y.0009.130126T2013Z-130127T0000Z/",
         2, true},
        {"/O.EXP.KBOI.FG.Y.0008.000000T0000Z-130126T2000Z/ /O.NEW.KBOI/", 1, false},
        {"/AUGA4.2.ER.190522T0000Z.190523T1200Z.000000T0000Z.NO/", 0, true},
        {"/AUGA4.2.ER.190522T0000Z.190523T1200Z.NO/", 0, false},
        {"/AUGA4.2.ER.190522T0000Z.190523T12.000000T0000Z.NO/", 0, false},
        {" ", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cap_pair pair = {.name = SLICE("VTEC"), .value = slice_from_cstr(cases[i].value)};
        struct cap_info info = {.parameters = {.items = &pair, .count = 1}};
        struct vtec_walk walk = {0};
        struct vtec vtec;
        size_t count = 0;
        while (vtec_next(&info, &walk, &vtec))
            count++;
        assert_int_equal(count, cases[i].count);
        assert_int_equal(vtec_is_readable(pair.value), cases[i].readable);
    }
}

#define NWS(sent, vtecs, code)                                                                     \
    ALERT("<identifier>" sent "</identifier><sender>w@noaa.example</sender><sent>" sent "</sent>"  \
          "<status>Actual</status><msgType>Alert</msgType><scope>Public</"                         \
          "scope><info><category>Met</category>"                                                   \
          "<event>e</event><urgency>Immediate</urgency><severity>Severe</severity>"                \
          "<certainty>Observed</certainty><expires>2026-04-14T01:00:00-00:00</expires>" vtecs      \
          "<area><areaDesc>a</areaDesc><geocode><valueName>SAME</valueName><value>" code           \
          "</value></geocode>"                                                                     \
          "</area></info>")
#define VTEC(text) "<parameter><valueName>VTEC</valueName><value>" text "</value></parameter>"
#define ONE VTEC("/O.NEW.KCLE.SV.W.0063.260414T0016Z-260414T0100Z/")
#define TWO VTEC("/O.CON.KCLE.FL.W.0001.000000T0000Z-260415T0100Z/")

static void test_secondary_key_of_vtec(void **state)
{
    struct fixture *fixture = *state;
    const struct alert *a =
        fixture_one(fixture, NWS("2026-04-14T00:16:10-00:00", ONE TWO, "039035"));
    const struct alert *b =
        fixture_one(fixture, NWS("2026-04-14T00:16:40-00:00", TWO ONE, "039035"));
    struct slice key = alert_secondary_key(fixture->arena, a);
    assert_slice(key, "vtec KCLE.FL.W.0001.2026.CON KCLE.SV.W.0063.2026.NEW");
    assert_true(slice_eq(key, alert_secondary_key(fixture->arena, b)));
    assert_null(alert_secondary_key(fixture->arena, fixture_one(fixture, VALID)).ptr);
}

static void test_same_event_needs_more_than_the_key(void **state)
{
    struct fixture *fixture = *state;
    const struct alert *a = fixture_one(fixture, NWS("2026-04-14T00:16:10-00:00", ONE, "039035"));
    const struct alert *rewrapped =
        fixture_one(fixture, NWS("2026-04-13T20:16:40-04:00", ONE, "039035"));
    const struct alert *segment =
        fixture_one(fixture, NWS("2026-04-14T00:16:10-00:00", ONE, "039085"));
    const struct alert *later =
        fixture_one(fixture, NWS("2026-04-14T00:17:00-00:00", ONE, "039035"));
    assert_true(alert_same_event(a, rewrapped));
    assert_false(alert_same_event(a, segment));
    assert_false(alert_same_event(a, later));
}

#define QUAKE(id, magnitude)                                                                       \
    ALERT(HEAD "<scope>Public</scope><info><category>Geo</category><event>e</"                     \
               "event><urgency>Immediate</urgency>"                                                \
               "<severity>Severe</severity><certainty>Likely</certainty>"                          \
               "<parameter><valueName>layer:EarthquakesCanada:0.1:eventId</valueName><value>" id   \
               "</value></parameter><parameter><valueName>layer:EarthquakesCanada:0.1:magnitude</" \
               "valueName>"                                                                        \
               "<value>" magnitude "</value></parameter></info>")

static void test_earthquakes(void **state)
{
    struct fixture *fixture = *state;
    const struct alert *a = fixture_one(fixture, QUAKE("1740173200", "5.1"));
    const struct alert *b = fixture_one(fixture, QUAKE("1740173200", "5.3"));
    assert_slice(alert_secondary_key(fixture->arena, a), "nrcan 1740173200");
    assert_true(alert_same_event(a, a));
    assert_false(alert_same_event(a, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_compares_instants),
        cmocka_unit_test(test_keys_do_not_run_together),
        cmocka_unit_test(test_content_leaves_out_what_says_nothing),
        cmocka_unit_test(test_content_sees_every_word),
        cmocka_unit_test(test_derived_identifier),
        cmocka_unit_test(test_vtec_form),
        cmocka_unit_test(test_vtecs_of_one_value),
        cmocka_unit_test(test_secondary_key_of_vtec),
        cmocka_unit_test(test_same_event_needs_more_than_the_key),
        cmocka_unit_test(test_earthquakes),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
