/* The NWS adapter on the virtual clock, against the API in memory. */
#include "adapters/nws/listing.h"
#include "alert/parse.h"
#include "tests/support/adapter_world.h"
#include "tests/support/fake_nws.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)SECOND)

static struct world world;

static void start_with(const char *more)
{
    char text[600];
    snprintf(text, sizeof text,
             "sources:\n - {name: nws, adapter: nws, url: 'http://127.0.0.1:1', "
             "user_agent: 'test (ops@example.org)'%s}\n",
             more);
    world_start(&world, text);
}

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    fake_nws_open(world.loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_fini(&world);
    fake_nws_clear();
    return 0;
}

static struct fake_nws_alert *add(int i)
{
    char id[80], text[100];
    snprintf(id, sizeof id, "urn:oid:2.49.0.1.840.0.%d", i);
    snprintf(text, sizeof text, "<alert>%d.</alert>", i);
    return fake_nws_add(id, text);
}

static int times(int i)
{
    int count = 0;
    char text[100];
    snprintf(text, sizeof text, "<alert>%d.</alert>", i);
    for (size_t at = 0; at < world.port.count; at++)
        count += slice_eq_cstr(world.port.items[at].bytes, text);
    return count;
}

static struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static bool reason_has(const char *text)
{
    return slice_find(status().reason, text) >= 0;
}

static void settle(void)
{
    fake_settle_all(&world.port, "relayed");
}

static void unchanged_lists_cost_little(void **state)
{
    (void)state;
    add(1);
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(fake_nws.cap_requests, 1);
    assert_in_range(fake_nws.lists, 18, 20); /* 30 to 33 s apart */
    assert_int_equal(fake_nws.unchanged, fake_nws.lists - 1);
    assert_string_equal(fake_http.user_agent, "test (ops@example.org)");
    add(2);
    world_run(&world, MINUTE);
    assert_int_equal(times(2), 1);
    assert_int_equal(fake_nws.cap_requests, 2);
}

static void caches_are_honoured(void **state)
{
    (void)state;
    fake_nws.max_age_us = 2 * MINUTE;
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_in_range(fake_nws.lists, 4, 6);
}

static void pages_are_followed(void **state)
{
    (void)state;
    fake_nws.per_page = 3;
    for (int i = 0; i < 10; i++)
        add(i);
    start_with(", areas: [ME, NH]");
    world_run(&world, MINUTE);
    for (int i = 0; i < 10; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(fake_nws.unchanged, 0); /* the first page's tag says nothing of the others */
    assert_non_null(strstr(fake_http.last_url, "area=ME,NH"));
}

static void pages_elsewhere_are_not_followed(void **state)
{
    (void)state;
    fake_nws.list = "{\"features\":[],\"pagination\":{\"next\":\"http://elsewhere.example/x\"}}";
    start_with("");
    world_run(&world, 10 * SECOND);
    assert_true(world_logged(&world, "nws.pages"));
    assert_null(strstr(fake_http.last_url, "elsewhere"));
}

/* What was sent and ended while nobody could ask. */
static void an_outage_is_caught_up_with(void **state)
{
    (void)state;
    add(1);
    start_with("");
    world_run(&world, MINUTE);
    settle();
    int before = fake_nws.caught_up;
    fake_nws.failure = HTTP_FAILED_CONNECT;
    world_run(&world, 2 * MINUTE);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_true(reason_has("connect: nobody there"));
    world_run(&world, 8 * MINUTE);
    assert_int_equal(status().state, SOURCE_DOWN);
    for (int i = 2; i < 22; i++) {
        struct fake_nws_alert *alert = add(i);
        world_run(&world, MINUTE);
        if (i % 2)
            fake_nws_end(alert);
    }
    world_run(&world, 30 * MINUTE);
    fake_nws.failure = HTTP_ANSWERED;
    world_run(&world, 6 * MINUTE);
    settle();
    world_run(&world, 5 * MINUTE);
    for (int i = 1; i < 22; i++)
        assert_int_equal(times(i), 1);
    assert_true(fake_nws.caught_up > before);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void a_start_looks_back_and_repeats_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        add(i);
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 20);
    settle();
    world_stop(&world);
    fake_nws_end(add(20));
    fake_nws_end(&fake_nws.alerts[3]);
    world_run(&world, 60 * MINUTE);
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(times(20), 1);
}

/* What comes and ends between two looks is in no list but the one of what was sent, and that is
 * asked for every ten minutes: by the server's clock, whatever ours says. */
static void a_clock_that_is_set_hides_nothing(void **state)
{
    (void)state;
    static const int hours[] = {0, -1, 1, 2, -30};
    fake_nws.says_date = true;
    start_with("");
    for (int i = 0; i < 5; i++) {
        world_run(&world, 15 * MINUTE);
        world.loop->step_us = hours[i] * 60 * MINUTE;
        world_run(&world, 7 * MINUTE);
        fake_nws_end(add(i));
        world_run(&world, 14 * MINUTE);
        settle();
        assert_int_equal(times(i), 1);
    }
    assert_int_equal(world.port.count, 5);
    assert_in_range(fake_nws.caught_up, 15, 30);
}

static void a_server_without_history_is_told_of(void **state)
{
    (void)state;
    fake_nws.no_start = true;
    add(1);
    start_with("");
    world_run(&world, 5 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_true(world_logged(&world, "nws.missed"));
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void a_busy_server_is_left_alone(void **state)
{
    (void)state;
    static const int answers[] = {429, 503, 500};
    start_with("");
    world_run(&world, MINUTE);
    for (size_t i = 0; i < 3; i++) {
        fake_nws.status = answers[i];
        fake_nws.retry_after_us = 20 * MINUTE;
        world_run(&world, 2 * MINUTE);
        int requests = fake_http.requests;
        world_run(&world, 15 * MINUTE);
        assert_int_equal(fake_http.requests, requests);
        char wanted[40];
        snprintf(wanted, sizeof wanted, "answers %d", answers[i]);
        assert_true(reason_has(wanted));
        fake_nws.status = 0;
        world_run(&world, 10 * MINUTE);
        assert_int_equal(status().state, SOURCE_LIVE);
    }
}

static void a_server_in_trouble_counts_against_no_alert(void **state)
{
    (void)state;
    /* Pauses grow, for all of them together: from 2 s by twice up to 300 s, each cut by chance to
     * no less than its half. At worst 1, 2, 4, ... 128 s and then 150 s each, which is 31 pauses
     * in an hour, with as many requests before each as may run at once. */
    enum { PARALLEL = 4, PAUSES_MAX = 31 };
    for (int i = 0; i < 10; i++)
        add(i);
    fake_nws.cap_status = 503;
    start_with(", parallel: 4");
    world_run(&world, 60 * MINUTE);
    assert_int_equal(world.port.count, 0);
    assert_in_range(fake_nws.cap_requests, 1, (PAUSES_MAX + 1) * PARALLEL);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    fake_nws.cap_status = 0;
    world_run(&world, 6 * MINUTE);
    for (int i = 0; i < 10; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

/* Four fail at once: one trouble, one step of the pauses, which begin at two seconds. */
static void those_that_fail_together_wait_once(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add(i);
    fake_nws.cap_status = 503;
    start_with(", parallel: 4");
    world_run(&world, SECOND / 2);
    assert_int_equal(fake_nws.cap_requests, 4);
    fake_nws.cap_status = 0;
    world_run(&world, 3 * SECOND);
    for (int i = 0; i < 4; i++)
        assert_int_equal(times(i), 1);
}

static void what_a_stop_cuts_off_is_fetched_after_it(void **state)
{
    (void)state;
    add(1);
    add(2);
    start_with("");
    fake_http.delay_us = SECOND;
    world_run(&world, 3 * SECOND / 2);
    assert_int_equal(fake_http.running, 3); /* both, and the list of what was sent meanwhile */
    hosts_stop(world.hosts);
    assert_int_equal(fake_http.running, 0);
    hosts_start(world.hosts);
    world_run(&world, MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(times(2), 1);
}

/* Intake refuses it by its size, so that it has its row in the journal. */
static void one_that_is_too_large_is_handed_on_all_the_same(void **state)
{
    (void)state;
    enum { BYTES = PARSE_BYTES_MAX + 100 };
    char *text = mem_alloc(BYTES + 1);
    memset(text, 'x', BYTES);
    fake_nws_add("urn:oid:large", text);
    free(text);
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(world.port.items[0].bytes.len, PARSE_BYTES_MAX + 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void an_alert_that_is_not_given_is_told_of(void **state)
{
    (void)state;
    struct fake_nws_alert *missing = fake_nws_add("urn:oid:gone", NULL);
    add(1);
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(missing->asked, 5);
    assert_true(world_logged(&world, "nws.missing source=nws id=urn:oid:gone tries=5 "
                                     "error=\"the server answers 404\""));
    assert_int_equal(status().state, SOURCE_DEGRADED);
    settle();
    fake_nws_end(missing);
    world_run(&world, 2 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static int tellings(const char *what)
{
    int count = 0;
    for (const char *at = world.log; (at = strstr(at, what)); at++)
        count++;
    return count;
}

/* It holds up nobody, costs little, and is told lost after a day. */
static void a_refused_alert_is_lost_after_a_day_and_aloud(void **state)
{
    (void)state;
    static const int answers[] = {403, 401, 451};
    for (int i = 0; i < 3; i++) {
        struct fake_nws_alert *refused = fake_nws_add("urn:oid:refused", "<alert/>");
        refused->status = answers[i];
        start_with("");
        world_run(&world, 3 * 60 * MINUTE);
        assert_int_equal(status().state, SOURCE_DEGRADED);
        assert_true(reason_has("cannot be fetched: the server answers 4"));
        add(2 * i); /* what is new does not wait for what is refused */
        world_run(&world, 35 * SECOND);
        assert_int_equal(times(2 * i), 1);
        world_run(&world, 19 * 60 * MINUTE);
        assert_false(world_logged(&world, "nws.missing"));
        assert_in_range(tellings("source.state"), 2, 4);
        assert_in_range(refused->asked, 200, 300); /* each five minutes */
        world_run(&world, 4 * 60 * MINUTE);
        assert_int_equal(tellings("nws.missing source="), 1);
        assert_true(reason_has("lists 1 alerts that it does not give"));
        int asked = refused->asked;
        world_run(&world, 24 * 60 * MINUTE);
        assert_int_equal(refused->asked, asked);
        assert_int_equal(tellings("nws.missing source="), 1);
        fake_nws_end(refused);
        settle();
        world_run(&world, 2 * MINUTE);
        assert_int_equal(status().state, SOURCE_LIVE);
        world_stop(&world);
        snprintf(refused->id, sizeof refused->id, "urn:oid:past%d", i);
    }
}

/* Whatever it is that is refused: a wrong user agent is put right within the day. */
static void a_server_that_refuses_everything_is_not_stormed_and_loses_nothing(void **state)
{
    (void)state;
    enum { ALERTS = 40, HOURS = 6 };
    for (int i = 0; i < ALERTS; i++)
        add(i);
    fake_nws.cap_status = 403;
    start_with(", parallel: 4");
    world_run(&world, HOURS * 60 * MINUTE);
    assert_in_range(fake_nws.cap_requests, ALERTS, ALERTS + 32 * HOURS * 4);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_in_range(tellings("source.state"), 2, 4);
    fake_nws.cap_status = 0;
    world_run(&world, 6 * MINUTE);
    for (int i = 0; i < ALERTS; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

/* One that the server stumbles over each time makes the others no later. */
static void what_is_new_waits_for_none_that_fails(void **state)
{
    (void)state;
    fake_nws_add("urn:oid:trouble", "<alert/>")->status = 500;
    start_with("");
    for (int i = 0; i < 10; i++) {
        world_run(&world, 20 * MINUTE);
        add(i);
        world_run(&world, 35 * SECOND);
        assert_int_equal(times(i), 1);
    }
}

/* A server that denies an alert answers again: what it was like before says no more. */
static void a_server_that_denies_is_in_trouble_no_longer(void **state)
{
    (void)state;
    struct fake_nws_alert *missing = fake_nws_add("urn:oid:gone", NULL);
    fake_nws.cap_status = 503;
    start_with("");
    world_run(&world, MINUTE);
    assert_true(slice_find(status().reason, "the server answers 503") >= 0);
    fake_nws.cap_status = 0;
    world_run(&world, 10 * MINUTE);
    assert_true(slice_find(status().reason, "that it does not give") >= 0);
    fake_nws_end(missing);
    world_run(&world, 2 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void one_that_comes_late_is_taken(void **state)
{
    (void)state;
    struct fake_nws_alert *late = fake_nws_add("urn:oid:late", NULL);
    start_with("");
    world_run(&world, 40 * SECOND);
    assert_true(late->asked > 0);
    late->text = mem_strdup("<alert>7.</alert>");
    fake_nws_end(late); /* no longer listed, wanted all the same */
    world_run(&world, 5 * MINUTE);
    assert_int_equal(times(7), 1);
}

static void only_so_many_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++)
        add(i);
    start_with(", parallel: 3");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 40);
    assert_in_range(fake_http.running_max, 3, 4); /* the list beside them */
}

/* Bytes that came while the journal was full wait; nothing is fetched twice. */
static void back_pressure_loses_and_repeats_nothing(void **state)
{
    (void)state;
    world.port.full_at = 1;
    for (int i = 0; i < 12; i++)
        add(i);
    start_with("");
    for (int i = 0; i < 30; i++) {
        world_run(&world, SECOND);
        assert_true(world.port.count - world.port.settled <= 1);
        settle();
    }
    for (int i = 0; i < 12; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(fake_nws.cap_requests, 12);
}

/* What is settled counts; what is not when the relay dies has to come again. */
static void tally(int *counts)
{
    for (size_t i = 0; i < world.port.count; i++)
        if (!world.port.items[i].settled) {
            counts[atoi(world.port.items[i].bytes.ptr + strlen("<alert>"))]++;
            fake_settle_at(&world.port, i, "relayed");
        }
    world.port.count = world.port.settled = 0;
}

static void trouble(unsigned *random)
{
    static const enum http_failure failures[] = {HTTP_FAILED_CONNECT, HTTP_FAILED_DNS,
                                                 HTTP_FAILED_TIMEOUT, HTTP_FAILED_TLS};
    int kind = rand_r(random) % 60;
    fake_nws.failure = kind < 4 ? failures[kind] : HTTP_ANSWERED;
    fake_nws.cap_status = kind == 5 ? 503 : 0;
    fake_nws.status = kind == 6 ? 429 : 0;
    if (kind < 7) /* up to an hour and a half of it */
        world_run(&world, (1 + rand_r(random) % 90) * MINUTE);
    fake_nws.failure = HTTP_ANSWERED;
    fake_nws.cap_status = fake_nws.status = 0;
    if (kind == 7) {
        world_stop(&world);
        world_run(&world, 20 * MINUTE);
        start_with("");
    }
}

static void days_of_trouble_lose_and_repeat_nothing(void **state)
{
    (void)state;
    static int counts[FAKE_NWS_MAX];
    unsigned random = 20261124;
    memset(counts, 0, sizeof counts);
    start_with("");
    int added = 0;
    while (added < 3000) {
        for (int i = rand_r(&random) % 20; i > 0; i--)
            add(added++)->cuts = rand_r(&random) % 8 == 0;
        for (int i = 0; i < added; i++)
            if (fake_nws.alerts[i].active && rand_r(&random) % 10 == 0)
                fake_nws_end(&fake_nws.alerts[i]);
        trouble(&random);
        world_run(&world, (1 + rand_r(&random) % 3) * MINUTE);
        if (rand_r(&random) % 4)
            tally(counts);
    }
    world_run(&world, 30 * MINUTE);
    tally(counts);
    for (int i = 0; i < added; i++)
        if (counts[i] != 1)
            fail_msg("alert %d of %d came %d times", i, added, counts[i]);
}

static void what_is_no_list_is_told(void **state)
{
    (void)state;
    fake_nws.list = "<html>maintenance</html>";
    start_with("");
    world_run(&world, 10 * SECOND);
    assert_int_equal(status().state, SOURCE_DOWN);
    assert_true(reason_has("not JSON"));
    fake_nws.list = "{\"features\":[{\"id\":\"\"},{\"properties\":{\"id\":\"../../x\"}}]}";
    world_run(&world, 5 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_true(world_logged(&world, "nws.nameless"));
}

static void lists_are_read_strictly(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct nws_listing listing;
    struct err err = {0};
    static const char text[] =
        "{\"features\":[{\"id\":\"https://api.weather.gov/alerts/urn:oid:1\",\"properties\":{}},"
        "{\"properties\":{\"id\":\"urn:oid:2\",\"sent\":\"2026-04-15T20:51:47-04:00\"}},"
        "{\"id\":\"https://x/alerts/a%2fb\"},17],\"pagination\":{\"next\":\"https://x/y\"}}";
    assert_int_equal(nws_listing_read(arena, slice_from_cstr(text), &listing, &err), OK);
    assert_int_equal(listing.count, 2);
    assert_int_equal(listing.nameless, 2);
    assert_true(slice_eq_cstr(listing.entries[0].id, "urn:oid:1"));
    assert_int_equal(listing.entries[1].sent_s, 1776300707);
    assert_true(slice_eq_cstr(listing.next, "https://x/y"));
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"features\":{}}",
                                      "{\"features\":[],\"features\":[]}",
                                      "{\"features\":["};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(nws_listing_read(arena, slice_from_cstr(bad[i]), &listing, &err),
                         ERR_INVALID);
    for (size_t len = 0; len + 1 < sizeof text; len++) /* cut anywhere it is none */
        assert_int_equal(nws_listing_read(arena, slice_of(text, len), &listing, &err), ERR_INVALID);
    arena_destroy(arena);
}

static void an_atom_feed_lists_too(void **state)
{
    (void)state;
    add(1);
    add(2);
    fake_nws.list =
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id>"
        "<entry><id>https://api.weather.gov/alerts/urn:oid:2.49.0.1.840.0.1</id></entry>"
        "<entry><id>https://api.weather.gov/alerts/urn:oid:2.49.0.1.840.0.2</id></entry>"
        "<entry><id>https://api.weather.gov/alerts/</id></entry></feed>";
    start_with(", format: atom, areas: [ME], catch_up: 0s");
    world_run(&world, MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(times(2), 1);
    assert_true(strstr(fake_http.last_url, "/alerts.atom?active=1&area=ME"));
    assert_true(world_logged(&world, "nws.nameless"));
    fake_nws.list = "{\"features\":[]}";
    fake_nws.version++;
    world_run(&world, MINUTE);
    assert_int_equal(status().state, SOURCE_DEGRADED);
}

static void options_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *options, *wrong;
    } table[] = {
        {"", "user_agent"},
        {"user_agent: ' '", "sources[1].user_agent: is empty; "},
        {"user_agent: a, url: 'ftp://x'", "url"},
        {"user_agent: a, url: 'https://x/'", "sources[1].url: leave out the slash"},
        {"user_agent: a, interval: 10s",
         "sources[1].interval: is too short; weather.gov asks for at least 30s"},
        {"user_agent: a, areas: [ME], zones: [MEZ029]",
         "sources[1].zones: the API takes areas or zones"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[300];
        struct err err = {0};
        snprintf(text, sizeof text, WORLD_LISTEN "sources:\n - {name: nws, adapter: nws, %s}\n",
                 table[i].options);
        const struct relay_conf *conf = world_conf(&world, text);
        assert_int_not_equal(hosts_check(conf, &err), OK);
        if (!strstr(err.text, table[i].wrong))
            fail_msg("`%s` does not speak of %s", err.text, table[i].wrong);
        relay_conf_release(conf);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unchanged_lists_cost_little),
        TEST(caches_are_honoured),
        TEST(pages_are_followed),
        TEST(pages_elsewhere_are_not_followed),
        TEST(an_outage_is_caught_up_with),
        TEST(a_start_looks_back_and_repeats_nothing),
        TEST(a_clock_that_is_set_hides_nothing),
        TEST(a_server_without_history_is_told_of),
        TEST(a_busy_server_is_left_alone),
        TEST(a_server_in_trouble_counts_against_no_alert),
        TEST(those_that_fail_together_wait_once),
        TEST(what_a_stop_cuts_off_is_fetched_after_it),
        TEST(one_that_is_too_large_is_handed_on_all_the_same),
        TEST(an_alert_that_is_not_given_is_told_of),
        TEST(a_refused_alert_is_lost_after_a_day_and_aloud),
        TEST(a_server_that_refuses_everything_is_not_stormed_and_loses_nothing),
        TEST(what_is_new_waits_for_none_that_fails),
        TEST(a_server_that_denies_is_in_trouble_no_longer),
        TEST(one_that_comes_late_is_taken),
        TEST(only_so_many_at_once),
        TEST(back_pressure_loses_and_repeats_nothing),
        TEST(days_of_trouble_lose_and_repeat_nothing),
        TEST(what_is_no_list_is_told),
        TEST(lists_are_read_strictly),
        TEST(an_atom_feed_lists_too),
        TEST(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
