/* Parts of a document as the bytes that were received; entries as documents of their own. */
#include "fixture.h"

#include "alert/atom.h"
#include "alert/cut.h"
#include "alert/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>

#define DSIG "http://www.w3.org/2000/09/xmldsig#"

static struct slice text_of(const char *text)
{
    return slice_from_cstr(text);
}

static void test_children_are_found_whatever_stands_between(void **state)
{
    struct fixture *fixture = *state;
    struct cut cut;
    assert_true(cut_element(fixture->arena,
                            text_of("<?xml version='1.0'?><!-- <a> --><f a='>' b=\"'/>\">t<e/>"
                                    "<![CDATA[</f><e>]]><?p <e>?><e x='/'><e></e ></e><!--<e>-->"
                                    "</f> <!-- end -->"),
                            &cut));
    assert_slice(cut.before, "<?xml version='1.0'?><!-- <a> -->");
    assert_slice(cut.start_tag, "<f a='>' b=\"'/>\">");
    assert_int_equal(cut.count, 2);
    assert_slice(cut.children[0], "<e/>");
    assert_slice(cut.children[1], "<e x='/'><e></e ></e>");
    assert_slice(cut.end_tag, "</f>");
    assert_true(cut_element(fixture->arena, text_of(" <a b='c'/> "), &cut));
    assert_slice(cut.start_tag, "<a b='c'/>");
    assert_true(cut.count == 0 && !cut.end_tag.ptr);
}

/* Nothing behind what was received is looked at, and no beginning of an element is one. */
static void test_no_beginning_of_any_size_is_an_element(void **state)
{
    static const char text[] = "<?x?><!--c--><f a='1'><e>t<![CDATA[<]]></e><e b=\"2\"/><e/></f>";
    struct fixture *fixture = *state;
    struct cut cut;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *copy = malloc(len + 1); /* so that a sanitizer sees a byte too far */
        memcpy(copy, text, len);
        assert_false(cut_element(fixture->arena, slice_of(copy, len), &cut));
        free(copy);
    }
    assert_true(cut_element(fixture->arena, text_of(text), &cut));
    assert_int_equal(cut.count, 3);
}

static void test_what_is_no_single_element_is_refused(void **state)
{
    static const char *const cases[] = {"",      "text",   "</a>", "<!DOCTYPE f><f/>",
                                        "<a>",   "<",      "<!-",  "<a><b></a>",
                                        "<a b=", "<a b='>"};
    struct fixture *fixture = *state;
    struct cut cut;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(cut_element(fixture->arena, text_of(cases[i]), &cut));
}

/* --- entries --- */

#define FEED(inside)                                                                               \
    "<?xml version='1.0' encoding='UTF-8'?><!-- hub -->\n"                                         \
    "<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/"  \
    "1.0' xmlns:c='" CAP12 "' xml:lang='fr'><a:id>urn:feed</a:id>"                                 \
    "<a:link rel='self' href='https://hub.example/feed?secret=x'/>"                                \
    "<a:author><a:name>Hub</a:name></a:author>" inside "</a:feed>\n"
#define ENTRY(id, inside)                                                                          \
    "<a:entry><a:id>" id "</a:id><a:updated>2026-04-15T20:51:47.123Z</a:updated>" inside           \
    "</a:entry>"
#define CATEGORY(scheme, term) "<a:category scheme='masas:category:" scheme "' term='" term "'/>"
#define TITLE "<a:title>Feu</a:title>"

static struct atom_feed read(struct fixture *fixture, const char *text)
{
    struct atom_feed feed;
    struct err err = {0};
    if (atom_read(fixture->arena, text_of(text), &feed, &err) != OK)
        fail_msg("%s", err.text);
    return feed;
}

static void test_an_entry_alone_is_the_feed_without_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct atom_feed feed = read(
        *state, FEED(ENTRY("urn:1",
                           CATEGORY("status", "Test")
                               TITLE) "<a:link rel='next' href='?page=2'/>" ENTRY("urn:2", TITLE)));
    assert_int_equal(feed.count, 2);
    assert_slice(feed.next, "?page=2");
    assert_slice(feed.entries[0].version, "2026-04-15T20:51:47.123Z");
    assert_true(feed.entries[0].is_incident && !feed.entries[1].is_incident);
    struct slice document = atom_document(fixture->arena, &feed, &feed.entries[0]);
    assert_true(slice_find(document, "urn:2") < 0 && slice_find(document, "secret") < 0);
    assert_true(slice_find(document, ENTRY("urn:1", CATEGORY("status", "Test") TITLE)) > 0);
    struct parsed parsed = fixture_read(fixture, document);
    assert_int_equal(parsed.count, 1);
    const struct alert *alert = parsed.alerts[0];
    assert_true(alert->relayable && alert->form == FORM_ATOM_ENTRY);
    assert_slice(alert->identifier, "urn:1");
    assert_slice(alert->sender, "Hub"); /* the feed's author */
    assert_slice(alert->infos[0].language, "fr-CA");
}

static void test_an_entry_document_is_as_it_came(void **state)
{
    static const char text[] = "<entry xmlns='http://www.w3.org/2005/Atom'><id>urn:1</id></entry>";
    struct fixture *fixture = *state;
    struct atom_feed feed = read(*state, text);
    assert_slice(atom_document(fixture->arena, &feed, &feed.entries[0]), text);
}

static void test_what_is_deleted_is_told(void **state)
{
    struct fixture *fixture = *state;
#define GONE "<at:deleted-entry ref='urn:1' when='2026-04-15T21:00:00Z'/>"
    struct atom_feed feed = read(*state, FEED(GONE ENTRY("urn:2", TITLE)));
    assert_int_equal(feed.deleted_count, 1);
    assert_slice(feed.deleted[0].id, "urn:1");
    assert_slice(feed.deleted[0].when, "2026-04-15T21:00:00Z");
    struct slice document =
        atom_deleted_document(fixture->arena, &feed, &feed.deleted[0], (struct slice){0});
    assert_true(slice_find(document, GONE) > 0 && slice_find(document, "urn:2") < 0);
    document =
        atom_deleted_document(fixture->arena, &feed, &feed.deleted[0], feed.entries[0].bytes);
    assert_true(slice_find(document, GONE ENTRY("urn:2", TITLE)) > 0);
}

/* The last version and the word that it is gone make a Cancel; a later version lives. */
static void test_a_deleted_incident_is_over(void **state)
{
    static const struct {
        const char *id, *when;
        bool over;
    } cases[] = {{"urn:1", "2026-04-15T21:00:00Z", true},
                 {"urn:1", "2026-04-15T20:51:47Z", true},
                 {"urn:1", "2026-04-15T20:00:00Z", false},
                 {"urn:1", "yesterday", false},
                 {"urn:2", "2026-04-15T21:00:00Z", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000];
        snprintf(text, sizeof text,
                 FEED("<at:deleted-entry ref='%s' when='%s'/>" ENTRY(
                     "urn:1", CATEGORY("status", "Actual") TITLE)),
                 cases[i].id, cases[i].when);
        const struct alert *alert = fixture_one(*state, text);
        assert_true(alert->relayable);
        assert_int_equal(alert_entry_is_over(alert), cases[i].over);
        assert_slice(alert->identifier, "urn:1");
        if (cases[i].over && i == 0)
            assert_slice(alert->sent.text, "2026-04-15T21:00:00-00:00");
    }
}

/* In UTF-16 no byte can be told to be markup: the feed is read, and not cut. */
static void test_another_encoding_is_not_cut(void **state)
{
    static const char text[] = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>u</id></entry>"
                               "</feed>";
    struct fixture *fixture = *state;
    char wide[2 * sizeof text] = "\xff\xfe";
    for (size_t i = 0; i < sizeof text - 1; i++)
        wide[2 + 2 * i] = text[i];
    struct atom_feed feed;
    struct err err = {0};
    assert_int_equal(atom_read(fixture->arena, slice_of(wide, sizeof wide), &feed, &err), OK);
    assert_int_equal(feed.count, 1);
    assert_false(atom_document(fixture->arena, &feed, &feed.entries[0]).ptr);
}

/* --- signed alerts --- */

#define SIGNATURE "<Signature xmlns='" DSIG "'><SignedInfo/></Signature>"

/* With all that its signature needs, and no more than it had. */
static void test_a_signed_alert_is_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    static const char alert[] =
        "<alert xmlns=\"" CAP12 "\">\n" HEAD "<scope>Public</scope>" INFO SIGNATURE "</alert>";
    char text[4000];
    snprintf(text, sizeof text,
             FEED(ENTRY("urn:1", TITLE) ENTRY("urn:2", "<a:content>%s</a:content>")), alert);
    struct atom_feed feed = read(fixture, text);
    struct slice document = atom_document(fixture->arena, &feed, &feed.entries[1]);
    assert_true(slice_find(document, alert) > 0);
    struct parsed parsed = fixture_read(fixture, document);
    assert_int_equal(parsed.count, 1);
    assert_false(parsed.alerts[0]->reworded);
    struct parsed whole = fixture_read(fixture, text_of(text));
    assert_true(slice_find(parsed.alerts[0]->detached, "<SignedInfo/>") > 0);
    assert_true(slice_eq(parsed.alerts[0]->detached, whole.alerts[0]->detached));
}

/* --- links --- */

static int message_links(struct fixture *fixture, const char *inside)
{
    char text[2000];
    int bits = 0;
    snprintf(text, sizeof text, "<entry xmlns='http://www.w3.org/2005/Atom'>%s</entry>", inside);
    struct atom_feed feed = read(fixture, text);
    for (size_t i = 0; i < feed.entries[0].link_count; i++)
        bits |= atom_is_message_link(&feed.entries[0], &feed.entries[0].links[i]) << i;
    return bits;
}

#define LINK(rest) "<link href='https://hub.example/1' " rest "/>"

static void test_which_link_is_the_message(void **state)
{
    static const struct {
        const char *inside;
        int links;
    } cases[] = {
        {LINK("rel='alternate' type='text/html'") LINK("type='application/cap+xml'"), 2},
        {LINK("type='application/cap+xml' hreflang='en'") LINK("type='application/cap+xml'"), 3},
        /* as a hub lists CAP: ways to change it are not the message */
        {LINK("rel='edit' type='application/atom+xml'")
             LINK("rel='edit-media' type='application/common-alerting-protocol+xml'")
                 LINK("rel='enclosure' type='application/common-alerting-protocol+xml'")
                     LINK("rel='related' type='application/cap+xml'"),
         4},
        {LINK("rel='enclosure' type='application/xml'") LINK("rel='enclosure' type='image/png'"),
         1},
        {LINK("rel='self' type='application/cap+xml'"), 0},
        {"<link href='https://hub.example/1.CAP?x=.y'/><link href='a.xml'/>", 1},
        {"<link type='application/cap+xml'/>", 0},
        {"<category scheme='masas:category:icon' term='fire'/>" LINK(
             "rel='enclosure' type='application/xml'"),
         0},
        {"<content><alert xmlns='" CAP12 "'/></content>" LINK("type='application/cap+xml'"), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(message_links(*state, cases[i].inside), cases[i].links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_children_are_found_whatever_stands_between),
        cmocka_unit_test(test_no_beginning_of_any_size_is_an_element),
        cmocka_unit_test(test_what_is_no_single_element_is_refused),
        cmocka_unit_test(test_an_entry_alone_is_the_feed_without_the_others),
        cmocka_unit_test(test_an_entry_document_is_as_it_came),
        cmocka_unit_test(test_what_is_deleted_is_told),
        cmocka_unit_test(test_a_deleted_incident_is_over),
        cmocka_unit_test(test_another_encoding_is_not_cut),
        cmocka_unit_test(test_a_signed_alert_is_as_it_was),
        cmocka_unit_test(test_which_link_is_the_message),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
