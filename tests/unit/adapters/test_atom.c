/* The Atom adapter on the virtual clock, against a feed in memory. */
#include "tests/support/atom_world.h"

#define CAP(text)                                                                                  \
    "<content><alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>" text "</alert></content>"

/* --- what is delivered --- */

static void linked_embedded_and_incidents_each_once(void **state)
{
    (void)state;
    fake_atom_add("<alert>linked</alert>", NULL);
    fake_atom_add(NULL, CAP("embedded"));
    fake_atom_add(NULL, INCIDENT "<title>incident</title>");
    start_with("");
    run(10 * MINUTE);
    assert_int_equal(world.port.count, 3);
    assert_int_equal(times("<alert>linked</alert>"), 1);
    assert_int_equal(times("embedded"), 1);
    assert_int_equal(times("incident"), 1);
    assert_true(slice_eq_cstr(world.port.items[2].bytes, "<alert>linked</alert>"));
    for (size_t i = 0; i < 3; i++) /* each by itself, with the feed's author */
        assert_true(slice_find(world.port.items[i].bytes, "<name>hub</name>") > 0 || i == 2);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_true(fake_atom.unchanged > 5);
}

static void an_update_is_a_new_document_and_the_oldest_comes_first(void **state)
{
    (void)state;
    struct fake_atom_entry *first = fake_atom_add(NULL, INCIDENT "<title>one</title>");
    start_with("");
    run(2 * MINUTE);
    fake_atom_update(first, INCIDENT "<title>two</title>");
    world_run(&world, 5 * SECOND);
    fake_atom_add(NULL, CAP("three"));
    run(2 * MINUTE);
    assert_int_equal(world.port.count, 3);
    assert_true(slice_find(world.port.items[1].bytes, "two") > 0);
    assert_true(slice_find(world.port.items[2].bytes, "three") > 0);
}

static void one_message_that_many_entries_lead_to_is_fetched_once(void **state)
{
    (void)state;
    fake_atom_add("<alert>shared</alert>", NULL);
    for (int i = 0; i < 5; i++)
        fake_atom_add(NULL, "<link href='/m/0' type='application/cap+xml'/>");
    start_with("");
    run(5 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(fake_atom.messages, 1);
}

static void pages_are_followed(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++)
        fake_atom_add(NULL, CAP("x"));
    fake_atom.per_page = 10;
    start_with("");
    run(2 * MINUTE);
    assert_int_equal(world.port.count, 25);
    assert_true(slice_find(world.port.items[0].bytes, "urn:e:0<") > 0); /* over all pages */
    assert_int_equal(fake_atom.unchanged, 0);
}

/* Else a long feed on a bad line is never read to its end. */
static void a_page_that_fails_is_asked_for_again_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++)
        fake_atom_add(NULL, CAP("x"));
    fake_atom.per_page = 10;
    fake_atom.page_cuts = 4;
    start_with("");
    run(45 * SECOND);
    assert_int_equal(world.port.count, 25);
    assert_int_equal(fake_atom.looks, 3); /* pages that were given */
    fake_atom.page_cuts = 50;
    fake_atom_add(NULL, CAP("y"));
    run(120 * MINUTE);
    assert_int_equal(fake_atom.page_cuts, 0);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(world.port.count, 26);
}

static void what_a_restart_finds_again_is_not_fetched(void **state)
{
    (void)state;
    fake_atom_add("<alert>a</alert>", NULL);
    fake_atom_add(NULL, CAP("b"));
    start_with("");
    run(MINUTE);
    assert_int_equal(world.port.count, 2);
    world_stop(&world);
    start_with("");
    run(5 * MINUTE);
    assert_int_equal(world.port.count, 0);
    assert_int_equal(fake_atom.messages, 1);
}

static void a_link_elsewhere_is_not_followed_and_not_lost(void **state)
{
    (void)state;
    fake_atom.link_server = "http://169.254.169.254";
    fake_atom_add("<alert>secret</alert>", "<title>far</title>");
    start_with("");
    run(2 * MINUTE);
    assert_int_equal(fake_atom.messages, 0);
    assert_int_equal(world.port.count, 1);
    assert_true(slice_find(world.port.items[0].bytes, "far") > 0);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_non_null(strstr(world.log, "atom.elsewhere"));
    world_stop(&world);
    fake_atom.link_server = "http://cap.example";
    fake_atom.version++;
    start_with(", fetch_from: ['http://cap.example/']");
    run(2 * MINUTE);
    assert_int_equal(times("<alert>secret</alert>"), 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void an_unreadable_feed_with_cap_in_it_is_handed_on_whole_once(void **state)
{
    (void)state;
    fake_atom.body_instead = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><alert "
                             "xmlns='urn:oasis:names:tc:emergency:cap:1.2'>\x01</alert></entry>";
    start_with("");
    run(10 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(status().state, SOURCE_DOWN);
    fake_atom.body_instead = "<html>Welcome to the hotel</html>";
    fake_atom.version++;
    run(10 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_true(slice_find(status().reason, "neither an Atom feed nor an entry") > 0);
}

/* With its last version, so that it can be called off. */
static void a_deleted_incident_goes_on_with_its_last_version(void **state)
{
    (void)state;
    struct fake_atom_entry *entry = fake_atom_add(NULL, INCIDENT "<title>fire</title>");
    fake_atom_add("<alert>linked</alert>", NULL);
    start_with("");
    run(2 * MINUTE);
    fake_atom_end(entry);
    fake_atom.more = "<at:deleted-entry ref='urn:e:0' when='2026-01-02T00:00:00Z'/>"
                     "<at:deleted-entry ref='urn:e:1' when='2026-01-02T00:00:00Z'/>"
                     "<at:deleted-entry ref='urn:e:9' when='2026-01-02T00:00:00Z'/>";
    run(5 * MINUTE);
    assert_int_equal(world.port.count, 3);
    struct slice document = world.port.items[2].bytes;
    assert_true(slice_find(document, "deleted-entry ref='urn:e:0'") > 0);
    assert_true(slice_find(document, "<title>fire</title>") > 0);
    assert_true(slice_find(document, "urn:e:9") < 0);
}

/* --- a hub --- */

static void a_hub_gives_what_changed_also_what_ended(void **state)
{
    (void)state;
    struct fake_atom_entry *gone = fake_atom_add(NULL, INCIDENT "<title>before</title>");
    fake_atom_end(gone);
    fake_atom.secret = "dh4nhz";
    start_with(HUB);
    run(MINUTE);
    assert_int_equal(times("before"), 1);
    struct fake_atom_entry *entry = fake_atom_add(NULL, INCIDENT "<title>open</title>");
    run(2 * MINUTE);
    fake_atom_update(entry, INCIDENT "<title>withdrawn</title>");
    fake_atom_end(entry);
    run(2 * MINUTE);
    assert_int_equal(times("withdrawn"), 1);
    assert_int_equal(fake_atom.looks, 1);
    run(3 * 60 * MINUTE);
    assert_true(fake_atom.looks >= 3 && fake_atom.looks <= 5);
    assert_true(fake_atom.unchanged > 100); /* dtsince stands still */
    assert_int_equal(world.port.count, 3);
}

static void what_an_outage_hid_is_asked_for(void **state)
{
    (void)state;
    start_with(HUB);
    run(30 * MINUTE);
    fake_http_fail(HTTP_FAILED_CONNECT, 0);
    run(2 * MINUTE);
    fake_atom_end(fake_atom_add(NULL, INCIDENT "<title>short</title>"));
    run(5 * 60 * MINUTE);
    assert_int_equal(status().state, SOURCE_DOWN);
    fake_http_fail(HTTP_ANSWERED, 0);
    run(10 * MINUTE);
    assert_int_equal(times("short"), 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void an_exercise_hub_needs_the_class(void **state)
{
    (void)state;
    static const char *const hubs[] = {"exercise", "training"};
    struct err err = {0};
    for (size_t i = 0; i < 2; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 WORLD_LISTEN "sources:\n - {name: h, adapter: atom, url: 'https://h.example/f', "
                              "secret_file: secret, hub: %s}\n",
                 hubs[i]);
        const struct relay_conf *conf = world_conf(&world, text);
        assert_int_not_equal(hosts_check(conf, &err), OK);
        assert_non_null(strstr(err.text, "`class: exercise` must stand beside it"));
        relay_conf_release(conf);
        err = (struct err){0};
    }
    start_with(", hub: exercise, class: exercise, secret_file: secret");
    fake_atom_add(NULL, CAP("<identifier>1</identifier><sender>s@x</sender><sent>2026-01-01T00:"
                            "00:00-00:00</sent><status>Actual</status><msgType>Alert</msgType>"
                            "<scope>Public</scope>"));
    run(2 * MINUTE);
    assert_int_equal(times("<status>Exercise</status>"), 1);
    assert_int_equal(times("Actual"), 0);
}

/* --- turns of the loop --- */

/* The most that was delivered in one turn of that time. */
static size_t most_in_a_turn(int64_t us)
{
    size_t most = 0;
    int64_t until_us = world.loop->now_us + us;
    for (size_t before = world.port.count; fake_loop_turn(world.loop, until_us);
         before = world.port.count)
        most = world.port.count - before > most ? world.port.count - before : most;
    return most;
}

/* A page may bring thousands, and a pause may end with as many that wait. */
static void a_turn_bears_so_much_however_much_is_held(void **state)
{
    static char large[100000];
    (void)state;
    for (int i = 0; i < 500; i++)
        fake_atom_add(NULL, INCIDENT "<title>t</title>");
    world.port.full_at = 100;
    start_with(HUB);
    assert_in_range(most_in_a_turn(MINUTE), 1, 16);
    assert_in_range(world.port.count, 100, 116);
    world.port.full_at = 0;
    fake_settle_all(&world.port, "relayed");
    assert_in_range(most_in_a_turn(SECOND), 1, 16);
    assert_int_equal(world.port.count, 500);
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 30; i++)
        fake_atom_add(NULL, large);
    assert_in_range(most_in_a_turn(2 * MINUTE), 1, 11);
    assert_int_equal(world.port.count, 530);
}

/* A page of thousands is not taken in one turn, links of one entry neither. */
static void a_turn_takes_so_much_of_a_page(void **state)
{
    (void)state;
    char links[64 * 200] = "";
    for (int i = 0; i < 1000; i++)
        fake_atom_add(NULL, INCIDENT "<title>t</title>");
    for (int i = 0; i < 200; i++)
        sprintf(links + strlen(links), "<link type='application/cap+xml' href='/m/1?%d'/>", i);
    fake_atom_add(NULL, links);
    start_with("");
    size_t most = 0;
    int64_t until_us = world.loop->now_us + 30 * SECOND;
    for (size_t before = 0; fake_loop_turn(world.loop, until_us); before = world.port.mark_looks)
        if (world.port.mark_looks - before > most)
            most = world.port.mark_looks - before;
    assert_in_range(most, 1, 64 + 16);
    assert_int_equal(world.port.count, 1000);
    assert_in_range(fake_atom.messages, 200, 1000);
}

/* --- a full journal --- */

enum { LARGE = 1000000 };

static void add_large(int count)
{
    static char large[LARGE];
    memset(large, 'x', LARGE - 1);
    memcpy(large, INCIDENT, strlen(INCIDENT));
    for (int i = 0; i < count; i++)
        fake_atom_add(NULL, large);
}

static void a_full_journal_is_not_polled_for(void **state)
{
    (void)state;
    fake_atom_add(NULL, CAP("one"));
    world.port.full_at = 1;
    start_with("");
    world_run(&world, MINUTE / 2);
    assert_int_equal(world.port.count, 1);
    int requests = fake_http.requests;
    fake_atom_add(NULL, CAP("two"));
    world_run(&world, 60 * MINUTE);
    assert_int_equal(fake_http.requests, requests);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 2 * SECOND);
    assert_int_equal(fake_http.requests, requests + 1);
    assert_int_equal(times("two"), 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 2 * MINUTE);
    assert_in_range(fake_http.requests, requests + 2, requests + 4);
}

/* However long the feed is, and however little of it the journal takes. */
static void what_is_held_is_bounded_and_nothing_is_lost(void **state)
{
    (void)state;
    add_large(45);
    fake_atom.per_page = 3;
    world.port.full_at = 1;
    start_with("");
    world_run(&world, 30 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_in_range(fake_http.requests, 5, 7); /* of 15 */
    for (int i = 0; i < 60; i++) {
        fake_settle_all(&world.port, "relayed");
        world_run(&world, SECOND);
        assert_in_range(world.port.count - world.port.settled, 0, 1);
        assert_in_range(3 * fake_http.requests, 0, world.port.count + 24);
    }
    assert_int_equal(world.port.count, 45);
    for (int i = 0; i < 45; i++) {
        char id[20];
        snprintf(id, sizeof id, "urn:e:%d<", i);
        assert_int_equal(times(id), 1);
    }
    assert_int_equal(status().state, SOURCE_LIVE);
}

/* Stopped in the middle of a page: what was taken of it, and what was not, comes all the same. */
static void a_stop_amid_a_page_loses_nothing(void **state)
{
    (void)state;
    add_large(30);
    fake_atom.per_page = 4;
    world.port.full_at = 1;
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 1);
    world_stop(&world);
    world.port.full_at = 0;
    start_with("");
    run(5 * MINUTE);
    assert_int_equal(world.port.count, 30);
}

/* --- options --- */

static void bad_options_are_refused_by_name(void **state)
{
    static const struct {
        const char *options, *wanted;
    } cases[] = {
        {"url: 'ftp://x'", "url"},
        {"url: 'https://h/feed?secret=x'", "secret_file"},
        {"url: 'https://h/f', hub: operations", "secret_file"},
        {"url: 'https://h/f', secret_file: none", "secret_file"},
        {"url: 'http://h/f', secret_file: none", "in clear"},
        {"url: 'http://localhost.evil.example/f', secret_file: none", "in clear"},
        {"url: 'https://h/f', bbox: '1,2,3'", "west,south,east,north"},
        {"url: 'https://h/f', bbox: '1,2,3,x'", "west,south,east,north"},
        {"url: 'https://h/f', bbox: '10,2,3,4'", "west below east"},
        {"url: 'https://h/f', parameters: [a]", "NAME=VALUE"},
        {"url: 'https://h/f', parameters: ['secret=x']", "secret_file"},
        {"url: 'https://h/f', fetch_from: ['https://h']", "slash"},
        {"url: 'https://h/f', hub: live", "live"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        char text[600];
        snprintf(text, sizeof text, WORLD_LISTEN "sources:\n - {name: h, adapter: atom, %s}\n",
                 cases[i].options);
        const struct relay_conf *conf = world_conf(&world, text);
        assert_int_not_equal(hosts_check(conf, &err), OK);
        if (!strstr(err.text, cases[i].wanted))
            fail_msg("%s: %s", cases[i].options, err.text);
        relay_conf_release(conf);
    }
}

static void the_servers_wishes_are_honoured(void **state)
{
    (void)state;
    fake_atom.max_age_us = 5 * MINUTE;
    start_with("");
    run(MINUTE);
    int looks = fake_atom.looks;
    run(3 * MINUTE);
    assert_int_equal(fake_atom.looks, looks);
    fake_atom.max_age_us = 0;
    run(5 * MINUTE);
    fake_atom.status = 429;
    fake_atom.retry_after_us = 20 * MINUTE;
    run(2 * MINUTE);
    looks = fake_http.requests;
    run(15 * MINUTE);
    assert_int_equal(fake_http.requests, looks);
}

static int pages(void)
{
    return fake_http.requests - fake_atom.messages;
}

/* A server that gives no message for hours, of a feed that names ever more of them. */
static void links_that_wait_are_bounded_and_none_is_lost(void **state)
{
    (void)state;
    static char server[8100];
    enum { ENTRIES = 3500, PER_PAGE = 100, LOOK = ENTRIES / PER_PAGE };
    snprintf(server, sizeof server, "https://hub.example/%08000d", 0);
    fake_atom.link_server = server;
    fake_atom.per_page = PER_PAGE;
    fake_atom.message_status = 503;
    for (int i = 0; i < ENTRIES; i++) {
        char text[60];
        snprintf(text, sizeof text, "<alert>n%d.</alert>", i);
        fake_atom_add(text, NULL);
    }
    start_with(", interval: 1h");
    run(3 * 60 * MINUTE);
    assert_in_range(pages(), LOOK / 2, LOOK - 5); /* the rest of the look waits too */
    assert_int_equal(world.port.count, 0);
    assert_int_equal(status().state, SOURCE_DOWN);
    assert_true(slice_find(status().reason, "the feed is not read on: the server answers 503") > 0);
    fake_atom.message_status = 0;
    for (int i = 0; i < 60; i++)
        run(MINUTE / 2);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(world.port.count, ENTRIES);
    for (int i = 0; i < ENTRIES; i += 7) {
        char text[60];
        snprintf(text, sizeof text, "<alert>n%d.</alert>", i);
        assert_int_equal(times(text), 1);
    }
    assert_int_equal(fake_atom.entries[0].asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATOM_TEST(linked_embedded_and_incidents_each_once),
        ATOM_TEST(an_update_is_a_new_document_and_the_oldest_comes_first),
        ATOM_TEST(one_message_that_many_entries_lead_to_is_fetched_once),
        ATOM_TEST(pages_are_followed),
        ATOM_TEST(a_page_that_fails_is_asked_for_again_alone),
        ATOM_TEST(what_a_restart_finds_again_is_not_fetched),
        ATOM_TEST(a_link_elsewhere_is_not_followed_and_not_lost),
        ATOM_TEST(an_unreadable_feed_with_cap_in_it_is_handed_on_whole_once),
        ATOM_TEST(a_deleted_incident_goes_on_with_its_last_version),
        ATOM_TEST(a_hub_gives_what_changed_also_what_ended),
        ATOM_TEST(what_an_outage_hid_is_asked_for),
        ATOM_TEST(an_exercise_hub_needs_the_class),
        ATOM_TEST(a_turn_bears_so_much_however_much_is_held),
        ATOM_TEST(a_turn_takes_so_much_of_a_page),
        ATOM_TEST(a_full_journal_is_not_polled_for),
        ATOM_TEST(what_is_held_is_bounded_and_nothing_is_lost),
        ATOM_TEST(links_that_wait_are_bounded_and_none_is_lost),
        ATOM_TEST(a_stop_amid_a_page_loses_nothing),
        ATOM_TEST(bad_options_are_refused_by_name),
        ATOM_TEST(the_servers_wishes_are_honoured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
