/* A derived message as an entry for a hub, read back by the relay's own reader and by text. */
#include "alert/atom.h"
#include "alert/parse.h"
#include "outlets/masas/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define AREA(shapes) "<area><areaDesc>Bay &amp; <![CDATA[<coast>]]></areaDesc>" shapes "</area>"
#define INFO(language, event, code, areas)                                                         \
    "<info><language>" language "</language><category>Met</category><category>Met</category>"      \
    "<event>" event "</event><urgency>Immediate</urgency><severity>Severe</severity>"              \
    "<certainty>Likely</certainty>"                                                                \
    "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>" code                       \
    "</value></eventCode><expires>2026-04-16T03:00:00-03:00</expires>"                             \
    "<headline>High \"water\" &amp; &lt;wind></headline><description>One.\n\nTwo.</description>"   \
    "<web>https://example.org/?a=1&amp;b=2</web>" areas "</info>"
#define ALERT(type, infos)                                                                         \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<alert "                                                                                      \
    "xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>urn:caprelay:1</identifier>"       \
    "<sender>relay@example.org</sender><sent>2026-04-15T17:51:47-03:00</sent>"                     \
    "<status>Actual</status><msgType>" type "</msgType><scope>Public</scope>"                      \
    "<references>r@x,urn:caprelay:0,2026-04-15T17:00:00-03:00</references>" infos "</alert>\n"

struct fixture {
    struct parser *parser;
    struct arena *arena;
    struct masas_entry entry;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_create()};
    *state = &fixture;
    return parser_create(&fixture.parser, NULL) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    parser_destroy(fixture->parser);
    arena_destroy(fixture->arena);
    return 0;
}

static struct slice write(struct fixture *fixture, const char *cap)
{
    struct parsed parsed = parser_read_bare(fixture->parser, fixture->arena, slice_from_cstr(cap));
    assert_int_equal(parsed.count, 1);
    fixture->entry.alert = parsed.alerts[0];
    fixture->entry.cap = slice_from_cstr(cap);
    fixture->entry.embed = true;
    fixture->entry.bulletin = SLICE("test/actual/7");
    return masas_entry_write(fixture->arena, &fixture->entry);
}

static void has(struct slice text, const char *part)
{
    if (slice_find(text, part) < 0)
        fail_msg("no `%s` in:\n%.*s", part, SLICE_ARG(text));
}

static void has_not(struct slice text, const char *part)
{
    if (slice_find(text, part) >= 0)
        fail_msg("`%s` in:\n%.*s", part, SLICE_ARG(text));
}

#define POLYGON "<polygon>45.1,-67.3 45.2,-67.3 45.2,-67.25 45.1,-67.3</polygon>"

static void people_and_programs_read_it(void **state)
{
    struct fixture *fixture = *state;
    static const struct slice before[] = {{"urn:caprelay:a", 14}, {"urn:caprelay:b", 14}};
    fixture->entry.replaced = before;
    fixture->entry.replaced_count = 2;
    fixture->entry.until_s = 1776319200;
    struct slice text =
        write(*state, ALERT("Alert", INFO("en-CA", "snowfall", "snowFall", AREA(POLYGON))
                                         INFO("fr-CA", "neige", "snowfall", AREA(POLYGON))));
    has(text, "scheme=\"masas:category:status\" term=\"Actual\"/>");
    has(text, "scheme=\"masas:category:severity\" term=\"Severe\"/>");
    has(text, "scheme=\"masas:category:certainty\" term=\"Likely\"/>");
    has(text, "scheme=\"masas:category:category\" term=\"Met\"/>\n<category label=\"Icon\" "
              "scheme=\"masas:category:icon\" term=\"ems/incident/meteorological/snowfall\"/>");
    has(text, "scheme=\"caprelay:message\" term=\"urn:caprelay:1\"/>");
    has(text, "scheme=\"caprelay:bulletin\" term=\"test/actual/7\"/>");
    has(text, "scheme=\"caprelay:replaced\" term=\"urn:caprelay:b\"/>");
    has(text, "<div xml:lang=\"en\">High &quot;water&quot; &amp; &lt;wind&gt;</div>");
    has(text, "<div xml:lang=\"fr\"><p>One.</p><p>Two.</p><p>Bay &amp; &lt;coast&gt;</p></div>");
    has(text, "href=\"https://example.org/?a=1&amp;b=2\"/>");
    has(text, "<polygon xmlns=\"http://www.georss.org/georss\">45.100000 -67.300000 45.200000 "
              "-67.300000 45.200000 -67.250000 45.100000 -67.300000</polygon>");
    has(text, "<expires xmlns=\"http://purl.org/atompub/age/1.0\">2026-04-16T06:00:00Z</expires>");
    struct atom_feed feed;
    struct err err = {0};
    assert_int_equal(atom_read(fixture->arena, text, &feed, &err), OK);
    assert_true(feed.count == 1 && feed.entries[0].holds_cap);
    assert_int_equal(feed.entries[0].shape.polygon_count, 1);
    struct parsed parsed = parser_read(fixture->parser, fixture->arena, text);
    assert_int_equal(parsed.count, 1);
    assert_true(parsed.alerts[0]->relayable && parsed.alerts[0]->schema_valid);
    assert_int_equal(parsed.alerts[0]->form, FORM_ATOM);
    assert_true(slice_eq_cstr(parsed.alerts[0]->identifier, "urn:caprelay:1"));
}

static void without_the_message_it_is_incident_information(void **state)
{
    struct fixture *fixture = *state;
    write(*state, ALERT("Alert", INFO("en-CA", "x", "y", AREA(POLYGON))));
    fixture->entry.embed = false;
    struct slice text = masas_entry_write(fixture->arena, &fixture->entry);
    has_not(text, "<alert");
    has(text, "term=\"ems/incident/meteorological\"/>"); /* of the category */
}

/* Never less than was said: an entry has but one shape. */
static void several_shapes_are_their_box(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.has_box = true;
    double box[4] = {-67.5, 44.9, -66, 45.5};
    memcpy(fixture->entry.box, box, sizeof box);
    static const char wanted[] = "<box xmlns=\"http://www.georss.org/georss\">44.900000 -67.500000 "
                                 "45.500000 -66.000000</box>";
    has(write(*state, ALERT("Alert", INFO("en-CA", "x", "y", AREA(POLYGON POLYGON)))), wanted);
    has(write(*state, ALERT("Alert", INFO("en-CA", "x", "y", AREA(POLYGON) AREA("")))), wanted);
    has(write(*state, ALERT("Alert", INFO("en-CA", "x", "y", AREA("")))), wanted);
    has(write(*state,
              ALERT("Alert", INFO("en-CA", "x", "y", AREA("<circle>45.1,-67 2.5</circle>")))),
        "<circle xmlns=\"http://www.georss.org/georss\">45.100000 -67.000000 2500</circle>");
    has(write(*state, ALERT("Alert", INFO("en-CA", "x", "y", AREA("<circle>45.1,-67 0</circle>")))),
        "<point xmlns=\"http://www.georss.org/georss\">45.100000 -67.000000</point>");
}

static void a_header_gives_its_box_and_end(void **state)
{
    (void)state;
    struct masas_entry entry = {0};
    assert_int_equal(
        masas_entry_read_header(SLICE("{\"v\":1,\"area\":{\"bbox\":[-67.5,44.9,-66,45.5]},"
                                      "\"in_force_until\":\"2026-04-15T20:51:47Z\"}"),
                                &entry),
        1776286307);
    assert_true(entry.has_box && entry.box[0] == -67.5 && entry.box[3] == 45.5);
    assert_int_equal(masas_entry_read_header(SLICE("{\"v\":1,\"in_force_until\":null}"), &entry),
                     0);
    assert_false(entry.has_box);
}

/* Nobody may take it for a warning. */
static void a_cancel_says_so_and_goes_away(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.until_s = 1776286307;
    struct slice text =
        write(*state, ALERT("Cancel", INFO("en-CA", "x", "y", "") INFO("fr-CA", "x", "y", "")));
    has(text, "<div xml:lang=\"en\">CANCELLED: High ");
    has(text, "<div xml:lang=\"fr\">ANNULÉ : High ");
    has(text, "2026-04-15T20:51:47Z</expires>");
    has_not(text, "masas:category:severity");
    text = write(*state, ALERT("Cancel", ""));
    has(text, "<div xml:lang=\"en\">Cancel</div>");
    has(text, "masas:category:status");
}

static void every_icon_is_one_a_client_may_know(void **state)
{
    static const struct {
        const char *code, *icon;
    } cases[] = {{"RAINFALL", "ems/incident/meteorological/rainfall"},
                 {"rdCondition", "ems/incident/roadway"},
                 {"unheardOf", "ems/incident/meteorological"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char cap[3000], wanted[200];
        snprintf(cap, sizeof cap, ALERT("Alert", INFO("en-CA", "x", "%s", AREA(POLYGON))),
                 cases[i].code);
        snprintf(wanted, sizeof wanted, "masas:category:icon\" term=\"%s\"/>", cases[i].icon);
        has(write(*state, cap), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_and_programs_read_it, setup, teardown),
        cmocka_unit_test_setup_teardown(without_the_message_it_is_incident_information, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(several_shapes_are_their_box, setup, teardown),
        cmocka_unit_test(a_header_gives_its_box_and_end),
        cmocka_unit_test_setup_teardown(a_cancel_says_so_and_goes_away, setup, teardown),
        cmocka_unit_test_setup_teardown(every_icon_is_one_a_client_may_know, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
