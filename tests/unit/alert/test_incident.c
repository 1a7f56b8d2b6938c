/* Atom entries without CAP: incident information, links, and what is neither. */
#include "fixture.h"

#include "alert/atom.h"

#include <math.h>

#define FEED(inside)                                                                               \
    "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:g='http://www.georss.org/georss' "            \
    "xmlns:gml='http://www.opengis.net/gml' xmlns:age='http://purl.org/atompub/age/1.0'>"          \
    "<id>urn:feed</id><updated>2026-04-15T20:51:47Z</updated>"                                     \
    "<author><name>The Hub, Fredericton</name></author>" inside "</feed>"
#define ENTRY(inside)                                                                              \
    "<entry><id>https://hub.example/e/1 a,b</id>"                                                  \
    "<updated>2026-04-15T20:51:47.123Z</updated>" inside "</entry>"
#define CATEGORY(scheme, term) "<category scheme='masas:category:" scheme "' term='" term "'/>"
#define STATUS CATEGORY("status", "Actual")
#define TITLE                                                                                      \
    "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><div xml:lang='en'>Fire at "    \
    "the mill</div>"                                                                               \
    "<div xml:lang='fr'>Incendie au moulin</div></div></title>"

static void test_an_incident(void **state)
{
    const struct alert *alert = fixture_one(
        *state,
        FEED(ENTRY(
            STATUS CATEGORY("severity", "Severe") CATEGORY("certainty", "Observed")
                CATEGORY("category", "Fire") CATEGORY("category", "Env")
                    CATEGORY("icon", "ems/incident/fire/wildfire") TITLE
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
            "<div xml:lang='en'><p>Smoke\n over</p><p>town.</p></div>"
            "<div xml:lang='fr'>Fumée.</div></div></content>"
            "<age:expires>2026-04-16T03:00:00Z</age:expires>"
            "<link rel='enclosure' type='image/png' href='https://hub.example/1.png' length='9'/>"
            "<author><name>EMO</name><uri>https://emo.example</uri></author>"
            "<g:point>45.96 -66.64</g:point>")));
    assert_true(alert->relayable && alert->kind == KIND_ALERT);
    assert_int_equal(alert->form, FORM_ATOM_ENTRY);
    assert_slice(alert->identifier, "https://hub.example/e/1%20a%2Cb");
    assert_slice(alert->sender, "https://emo.example");
    assert_slice(alert->sent.text, "2026-04-15T20:51:47-00:00");
    assert_int_equal(alert->status, STATUS_ACTUAL);
    assert_int_equal(alert->msg_type, MSG_TYPE_ALERT);
    assert_int_equal(alert->scope, SCOPE_PUBLIC);
    assert_true(slice_find(alert->note, "Incident information") == 0);
    assert_int_equal(alert->info_count, 2);
    const struct cap_info *en = &alert->infos[0], *fr = &alert->infos[1];
    assert_slice(en->language, "en-CA");
    assert_slice(fr->language, "fr-CA");
    assert_slice(en->event, "wildfire");
    assert_slice(fr->event, "Incendie au moulin");
    assert_slice(en->headline, "Fire at the mill");
    assert_slice(en->description, "Smoke over\ntown.");
    assert_slice(fr->description, "Fumée.");
    assert_int_equal(en->urgency, URGENCY_UNKNOWN);
    assert_int_equal(en->severity, SEVERITY_SEVERE);
    assert_int_equal(en->certainty, CERTAINTY_OBSERVED);
    assert_true(en->category_count == 2 && en->categories[1] == CATEGORY_ENV);
    assert_true(en->response_type_count == 1 && en->response_types[0] == RESPONSE_MONITOR);
    assert_true(en->expires.set && en->resource_count == 1);
    assert_slice(en->sender_name, "EMO");
    assert_slice(cap_pairs_find(&en->parameters, "masas:category:icon"),
                 "ems/incident/fire/wildfire");
    assert_slice(en->areas[0].circles[0].text, "45.96,-66.64 0");
    assert_slice(en->areas[0].area_desc, "45.96, -66.64");
}

static void test_a_status_is_never_guessed(void **state)
{
    static const struct {
        const char *text, *rule;
        enum cap_status status;
    } cases[] = {
        {FEED(ENTRY(CATEGORY("icon", "fire") TITLE)), "atom.status.missing", STATUS_NONE},
        {FEED(ENTRY(CATEGORY("status", "actual") TITLE)), "envelope.status-unknown", STATUS_NONE},
        {FEED(ENTRY(STATUS CATEGORY("status", "Test") TITLE)), "cap.contradiction", STATUS_NONE},
        {FEED(ENTRY(CATEGORY("status", "Test") TITLE)), NULL, STATUS_TEST},
        {FEED(ENTRY(STATUS TITLE "<c:control xmlns:c='http://www.w3.org/2007/app'>"
                                 "<c:draft>yes</c:draft></c:control>")),
         NULL, STATUS_DRAFT},
        {"<d:EDXLDistribution xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'>"
         "<d:distributionStatus>Exercise</d:distributionStatus>" FEED(
             ENTRY(STATUS TITLE)) "</d:EDXLDistribution>",
         NULL, STATUS_EXERCISE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct alert *alert = fixture_one(*state, cases[i].text);
        assert_int_equal(alert->status, cases[i].status);
        assert_int_equal(alert->relayable, cases[i].rule == NULL);
        if (cases[i].rule)
            assert_finding(alert, cases[i].rule);
        assert_slice(alert->sender, "The%20Hub%2C%20Fredericton");
    }
}

static void test_what_is_missing_is_told(void **state)
{
    const struct alert *alert =
        fixture_one(*state, "<entry xmlns='http://www.w3.org/2005/Atom'>" STATUS "</entry>");
    assert_false(alert->relayable);
    assert_finding(alert, "atom.id.missing");
    assert_finding(alert, "atom.author.missing");
    assert_finding(alert, "atom.updated.missing");
    assert_finding(alert, "atom.title.missing");
    assert_finding(alert, "atom.area.missing");
}

static void test_links_are_told(void **state)
{
#define LINKED                                                                                     \
    "<entry><id>i</id><updated>2026-04-15T20:51:47-03:00</updated>" STATUS                         \
    "<link rel='enclosure' type='application/common-alerting-protocol+xml' "                       \
    "href='https://hub.example/1.xml'/><g:polygon>45 -67 45 -66 46 -66 45 -67</g:polygon></entry>"
    const struct alert *none = fixture_one(*state, FEED(LINKED));
    assert_int_equal(none->kind, KIND_UNREADABLE);
    assert_string_equal(none->findings.items[0].rule, "atom.linked");
    assert_true(slice_find(none->findings.items[0].text, "https://hub.example/1.xml") >= 0);
    struct parsed parsed = fixture_read(
        *state, SLICE(FEED(LINKED "<deleted-entry xmlns='http://purl.org/atompub/tombstones/1.0' "
                                  "ref='x'/><entry><id>blog</id></entry>" ENTRY(STATUS TITLE))));
    assert_int_equal(parsed.count, 1);
    assert_true(parsed.alerts[0]->relayable);
    assert_finding(parsed.alerts[0], "atom.linked");
    assert_finding(parsed.alerts[0], "atom.deleted");
    assert_finding(parsed.alerts[0], "atom.other-entry");
    assert_finding(fixture_one(*state, FEED("<entry><id>blog</id></entry>")), "atom.no-alert");
}

static void test_atom_read(void **state)
{
    struct fixture *fixture = *state;
    struct atom_feed feed;
    struct err err;
    assert_int_equal(atom_read(fixture->arena,
                               SLICE(FEED(LINKED ENTRY("<expires "
                                                       "xmlns='http://purl.org/atompub/age/1.0'>"
                                                       "2026-04-15T20:51:47-03:00</expires>"
                                                       "<content>" VALID "</content>"))),
                               &feed, &err),
                     OK);
    assert_slice(feed.id, "urn:feed");
    assert_int_equal(feed.count, 2);
    const struct atom_link *link = atom_cap_link(&feed.entries[0]);
    assert_slice(link->href, "https://hub.example/1.xml");
    assert_slice(feed.entries[0].updated.text, "2026-04-15T20:51:47-03:00");
    assert_slice(feed.entries[0].categories[0].term, "Actual");
    assert_slice(feed.entries[0].author.name, "The Hub, Fredericton");
    assert_int_equal(feed.entries[0].shape.polygon_count, 1);
    assert_false(feed.entries[0].holds_cap);
    assert_false(feed.entries[0].expires.set);
    assert_int_equal(feed.entries[1].expires.utc_s, feed.entries[0].updated.utc_s);
    assert_true(feed.entries[1].holds_cap && !atom_cap_link(&feed.entries[1]));
    assert_int_equal(atom_read(fixture->arena, SLICE(VALID), &feed, &err), ERR_INVALID);
    assert_int_equal(atom_read(fixture->arena, SLICE("<!DOCTYPE a><a/>"), &feed, &err),
                     ERR_INVALID);
    assert_int_equal(feed.count, 0);
}

/* --- shapes --- */

static const struct cap_area *shape_of(void **state, const char *text)
{
    struct fixture *fixture = *state;
    struct atom_feed feed;
    struct slice bytes = arena_printf(
        fixture->arena,
        "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:g='http://www.georss.org/georss' "
        "xmlns:gml='http://www.opengis.net/gml'>%s</entry>",
        text);
    assert_int_equal(atom_read(fixture->arena, bytes, &feed, NULL), OK);
    return &feed.entries[0].shape;
}

static void test_polygons(void **state)
{
    static const char *const texts[] = {
        "<g:polygon>45 -67 45 -66 46 -66 45 -67</g:polygon>",
        "<g:polygon>45,-67 45,-66\n46,-66 45,-67</g:polygon>",
        "<g:where><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>45 -67 45 -66 46 -66 45 "
        "-67</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></g:where>",
        "<g:where><gml:MultiSurface><gml:surfaceMember><gml:Polygon srsName='urn:ogc:def:crs:OGC:1."
        "3:CRS84'><gml:exterior><gml:LinearRing><gml:pos>-67 45</gml:pos><gml:pos>-66 "
        "45</gml:pos><gml:pos>-66 46</gml:pos><gml:pos>-67 45</gml:pos></gml:LinearRing>"
        "</gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></g:where>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct cap_area *area = shape_of(state, texts[i]);
        assert_int_equal(area->polygon_count, 1);
        assert_slice(area->polygons[0].text, "45,-67 45,-66 46,-66 45,-67");
    }
}

static void test_boxes_lines_and_circles(void **state)
{
    const struct cap_area *area = shape_of(state, "<g:box>45 -67 46 -66</g:box>");
    assert_slice(area->polygons[0].text, "45,-67 45,-66 46,-66 46,-67 45,-67");
    area = shape_of(state, "<g:where><gml:Envelope><gml:lowerCorner>45 -67</gml:lowerCorner>"
                           "<gml:upperCorner>46 -66</gml:upperCorner></gml:Envelope></g:where>");
    assert_slice(area->polygons[0].text, "45,-67 45,-66 46,-66 46,-67 45,-67");
    area = shape_of(state, "<g:line>45 -67 45 -66</g:line>");
    assert_true(area->polygon_count == 1 && area->polygons[0].points[0].lat == 44.999);
    assert_true(area->polygons[0].points[2].lon == -65.999);
    area = shape_of(state, "<g:circle>45.5 -66.5 2500</g:circle>");
    assert_true(area->circle_count == 1 && area->circles[0].radius_km == 2.5);
    area = shape_of(state, "<gml:CircleByCenterPoint><gml:pos>45.5 -66.5</gml:pos>"
                           "<gml:radius uom='km'>3</gml:radius></gml:CircleByCenterPoint>");
    assert_true(area->circle_count == 1 && area->circles[0].radius_km == 3);
    area = shape_of(state, "<g:point>45.5 -66.5</g:point><g:featurename>Mill</g:featurename>");
    assert_true(area->circle_count == 1 && area->circles[0].radius_km == 0);
    assert_slice(area->area_desc, "Mill");
}

static void test_shapes_that_cannot_be_read(void **state)
{
    static const char *const texts[] = {
        "<g:polygon>45 -67 45</g:polygon>",
        "<g:polygon>north</g:polygon>",
        "<g:point>91 0</g:point>",
        "<g:point>45</g:point>",
        "<g:box>45 -66 46 -67</g:box>",
        "<g:box>45 -67</g:box>",
        "<g:line>45 -67</g:line>",
        "<g:line>45 -67 46</g:line>",
        "<g:circle>45 -67</g:circle>",
        "<g:circle>45 -67 -1</g:circle>",
        "<g:circle>45 -67 nan</g:circle>",
        "<gml:Point srsDimension='3'><gml:pos>45 -66 7</gml:pos></gml:Point>",
        ("<gml:CircleByCenterPoint><gml:pos>45 -66</gml:pos><gml:radius uom='cubit'>3</gml:radius>"
         "</gml:CircleByCenterPoint>"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct cap_area *area = shape_of(state, texts[i]);
        if (area->polygon_count || area->circle_count || area->unreadable_shapes != 1)
            fail_msg("%s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_incident),
        cmocka_unit_test(test_a_status_is_never_guessed),
        cmocka_unit_test(test_what_is_missing_is_told),
        cmocka_unit_test(test_links_are_told),
        cmocka_unit_test(test_atom_read),
        cmocka_unit_test(test_polygons),
        cmocka_unit_test(test_boxes_lines_and_circles),
        cmocka_unit_test(test_shapes_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
