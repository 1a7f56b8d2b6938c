/* The adapter for IPAWS's COG interface on the virtual clock, against the service in memory. */
#include "tests/support/adapter_world.h"
#include "tests/support/cog_key.h"
#include "tests/support/fake_ipaws.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)SECOND)
#define DAY_S 86400

static struct world world;

static int64_t now_s(void)
{
    return world.loop->now_us / SECOND;
}

static const char *service = "http://127.0.0.1:1";

static void start_with(const char *more)
{
    char text[PATH_MAX + 600];
    snprintf(text, sizeof text,
             "sources:\n - {name: ipaws, adapter: ipaws_cog, url: '%s', "
             "cog_id: '120999', user: test, certificate: '%s'%s}\n",
             service, world_path(&world, "cog.pem"), more);
    world_start(&world, text);
}

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    fake_ipaws_open();
    fake_ipaws.now_us = &world.loop->now_us;
    cog_key_write(world_path(&world, "cog.pem"), "IPAWSOPEN_120999", now_s() - 30 * DAY_S,
                  now_s() + 1000 * DAY_S);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_fini(&world);
    fake_ipaws_clear();
    return 0;
}

static const char *alert(int i)
{
    static char text[400];
    snprintf(
        text, sizeof text,
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n<identifier>id%d.</identifier>"
        "<sender>s@x</sender><sent>2026-06-01T00:00:00-00:00</sent></alert>",
        i);
    return text;
}

static int times(int i)
{
    int count = 0;
    for (size_t at = 0; at < world.port.count; at++)
        count += slice_eq_cstr(world.port.items[at].bytes, alert(i));
    return count;
}

/* Whoever reuses an identifier, or changes what it stands for, is not passed over. */
static void another_alert_of_the_same_identity_goes_on_too(void **state)
{
    char other[500];
    (void)state;
    fake_ipaws_add(alert(1));
    start_with(", interval: 10s");
    world_run(&world, MINUTE);
    fake_settle_all(&world.port, "relayed");
    snprintf(other, sizeof other, "%.*s<note>other</note></alert>",
             (int)(strlen(alert(1)) - strlen("</alert>")), alert(1));
    fake_ipaws_add(other);
    world_run(&world, 5 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(world.port.count, 2);
    assert_true(slice_eq_cstr(world.port.items[1].bytes, other));
}

/* It is for intake to refuse; the others of the answer come, and what comes after. */
static void a_malformed_alert_spoils_no_other(void **state)
{
    static const char malformed[] =
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><info><area></alert>";
    static const char endless[] = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><info>";
    (void)state;
    fake_ipaws_add(alert(1));
    fake_ipaws_add(malformed);
    fake_ipaws_add(alert(2));
    fake_ipaws_add(endless);
    fake_ipaws_add(alert(3));
    start_with("");
    world_run(&world, 3 * MINUTE);
    fake_ipaws_add(alert(4));
    fake_ipaws_add(endless);
    world_run(&world, 3 * MINUTE);
    for (int i = 1; i <= 4; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(world.port.count, 6);
    assert_true(slice_eq_cstr(world.port.items[1].bytes, malformed));
    assert_true(slice_eq_cstr(world.port.items[3].bytes, endless));
    assert_int_equal(hosts_status(world.hosts, 0).state, SOURCE_LIVE);
}

static struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static void assert_state(enum source_state state, const char *reason)
{
    if (status().state != state || slice_find(status().reason, reason) < 0)
        fail_msg("%s: %s", source_state_name(status().state), status().reason.ptr);
}

/* How long before now the last question reached, by the server's clock. */
static int64_t reach_s(void)
{
    struct cap_time since = cap_time_parse(slice_from_cstr(fake_ipaws.since));
    assert_true(since.set);
    return now_s() - fake_ipaws.behind_us / SECOND - since.utc_s;
}

static void every_alert_comes_once_and_byte_for_byte(void **state)
{
    (void)state;
    fake_ipaws_add(alert(1));
    fake_ipaws_add(alert(2));
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(times(2), 1);
    fake_settle_all(&world.port, "relayed");
    fake_ipaws_add(alert(3));
    world_run(&world, 10 * MINUTE);
    assert_int_equal(world.port.count, 3);
    assert_int_equal(fake_ipaws.acks, 1);
    assert_in_range(fake_ipaws.messages, 17, 21); /* 60 to 66 s apart */
    assert_state(SOURCE_LIVE, "polling http://127.0.0.1:1");
}

/* States go to every subscriber, in beats. */
static void nobody_is_shown_what_opens_the_url(void **state)
{
    (void)state;
    service = "http://user:secret@127.0.0.1:1/x?token=secret";
    start_with("");
    world_run(&world, MINUTE);
    service = "http://127.0.0.1:1";
    assert_state(SOURCE_LIVE, "polling http://127.0.0.1:1/x");
    assert_null(strstr(world.log, "secret"));
}

static void a_start_asks_for_a_day_and_then_for_what_overlaps(void **state)
{
    (void)state;
    start_with(", overlap: 20m");
    world_run(&world, SECOND);
    assert_in_range(reach_s(), DAY_S, DAY_S + 2);
    world_run(&world, 66 * SECOND);
    assert_in_range(reach_s(), 20 * 60 + 59, 20 * 60 + 68);
}

/* Ours may be wrong, and may be set while the source runs. */
static void it_is_the_servers_clock_that_counts(void **state)
{
    static const int hours[] = {-72, -2, 2, 72};
    (void)state;
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        fake_ipaws.behind_us = hours[i] * 3600 * (int64_t)SECOND;
        start_with(", overlap: 20m");
        world_run(&world, SECOND);
        assert_in_range(reach_s(), DAY_S, DAY_S + 3);
        world_run(&world, 66 * SECOND);
        assert_in_range(reach_s(), 20 * 60 + 59, 20 * 60 + 70);
        assert_false(world_logged(&world, "ipaws_cog.missed"));
        world_stop(&world);
        for (size_t k = 0; k < sizeof hours / sizeof *hours; k++) {
            start_with(", overlap: 20m");
            world_run(&world, 5 * MINUTE);
            world.loop->step_us += hours[k] * 3600 * (int64_t)SECOND;
            world_run(&world, 5 * MINUTE);
            assert_in_range(reach_s(), 20 * 60, 20 * 60 + 140);
            world_stop(&world);
        }
        world.loop->step_us = 0;
        fake_port_fini(&world.port); /* what it has heard of this server's clock */
        fake_port_init(&world.port);
    }
    start_with(""); /* for the teardown */
}

/* What it had by the moment it was asked cannot be known then. */
static void who_does_not_say_the_time_is_asked_for_the_same_again(void **state)
{
    (void)state;
    fake_ipaws.now_us = NULL;
    start_with("");
    fake_ipaws_add(alert(1));
    world_run(&world, 10 * MINUTE);
    assert_in_range(reach_s(), DAY_S, DAY_S + 67);
    assert_int_equal(times(1), 1);
    assert_state(SOURCE_LIVE, "polling");
}

/* From the last good look on, however long ago, but no longer than was said. */
static void an_outage_is_caught_up_with(void **state)
{
    (void)state;
    start_with(", catch_up: 3h");
    world_run(&world, 10 * SECOND);
    fake_http_fail(HTTP_FAILED_CONNECT, 0);
    world_run(&world, 2 * MINUTE);
    assert_state(SOURCE_DEGRADED, "connect: ");
    world_run(&world, 58 * MINUTE);
    assert_state(SOURCE_DOWN, "connect: ");
    fake_ipaws_add(alert(1));
    fake_http_fail(HTTP_ANSWERED, 0);
    world_run(&world, 5 * MINUTE);
    assert_state(SOURCE_LIVE, "polling");
    assert_int_equal(times(1), 1);
    fake_http_fail(HTTP_FAILED_TLS, 0);
    world_run(&world, 10 * 60 * MINUTE);
    fake_http_fail(HTTP_ANSWERED, 0);
    int before = fake_ipaws.messages;
    for (int i = 0; i < 600 && fake_ipaws.messages == before; i++)
        world_run(&world, SECOND);
    assert_in_range(reach_s(), 3 * 3600, 3 * 3600 + 2);
    assert_true(world_logged(&world, "ipaws_cog.missed"));
}

static void what_a_start_cannot_ask_for_is_told(void **state)
{
    (void)state;
    for (int hours = 1; hours <= 5; hours += 4) {
        start_with(", catch_up: 3h");
        world_run(&world, MINUTE);
        world_stop(&world);
        world_run(&world, hours * 60 * MINUTE);
        start_with(", catch_up: 3h");
        world_run(&world, 10 * MINUTE);
        assert_int_equal(world_logged(&world, "ipaws_cog.missed"), hours > 3);
        world_stop(&world);
    }
    start_with(""); /* for the teardown */
}

static void a_restart_brings_nothing_anew(void **state)
{
    (void)state;
    fake_ipaws_add(alert(1));
    start_with("");
    world_run(&world, MINUTE);
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    fake_ipaws_add(alert(2));
    start_with("");
    world_run(&world, 5 * MINUTE);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(times(2), 1);
}

static void an_alert_that_is_still_on_its_way_is_not_taken_again(void **state)
{
    (void)state;
    fake_ipaws_add(alert(1));
    start_with(", interval: 2s");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(status().in_flight, 1);
}

static void who_is_not_known_is_told_so(void **state)
{
    (void)state;
    fake_ipaws.instead =
        "<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body><S:Fault>"
        "<faultcode>S:Client</faultcode><faultstring>signed with invalid certificate</faultstring>"
        "</S:Fault></S:Body></S:Envelope>";
    fake_ipaws.instead_status = 500;
    start_with("");
    world_run(&world, MINUTE);
    assert_state(SOURCE_DOWN,
                 "IPAWS answers with a fault: S:Client: signed with invalid certificate");
    assert_int_equal(fake_ipaws.messages, 0);
    fake_ipaws.instead = NULL;
    world_run(&world, 2 * MINUTE);
    assert_state(SOURCE_LIVE, "polling");
}

static void answers_that_are_none_bring_nothing_and_are_asked_for_again(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *why;
    } cases[] = {
        {"<html>busy</html>", 503, "the server answers 503"},
        {"<html>moved</html>", 302, "the server answers 302"},
        {"<html>portal</html>", 200, "not understood: not a SOAP envelope"},
        {"", 200, "not understood: not XML"},
    };
    (void)state;
    fake_ipaws_add(alert(1));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_ipaws.instead = cases[i].body;
        fake_ipaws.instead_status = cases[i].status;
        start_with("");
        world_run(&world, MINUTE);
        assert_state(SOURCE_DOWN, cases[i].why);
        assert_int_equal(world.port.count, 0);
        world_stop(&world);
    }
    fake_ipaws.instead = NULL;
    start_with("");
    world_run(&world, 5 * SECOND);
    assert_int_equal(times(1), 1);
}

/* Of another service, but with an alert in it: nobody may lose it by that. */
static void the_alerts_of_what_is_not_understood_are_taken(void **state)
{
#define X "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>x</identifier></alert>"
    static const char *const strange[] = {
        ("<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body><new:messages "
         "xmlns:new='urn:new'>" X "</new:messages></S:Body></S:Envelope>"),
        ("<m:messages>" X "</alert></m:messages>"), ("data: " X)};
    (void)state;
    fake_ipaws.instead_status = 200;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        fake_ipaws.instead = NULL;
        start_with(", interval: 5s");
        world_run(&world, SECOND);
        fake_ipaws.instead = strange[i];
        world_run(&world, 20 * MINUTE);
        assert_int_equal(world.port.count, 1);
        assert_true(slice_eq_cstr(world.port.items[0].bytes, X));
        assert_true(world_logged(&world, "ipaws_cog.strange"));
        assert_state(SOURCE_DOWN, "not understood");
        world_stop(&world);
    }
    start_with(""); /* for the teardown */
#undef X
}

/* What came whole of it goes on; then less is asked for, and that is told. */
static void too_large_an_answer_is_taken_as_far_as_it_came(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++)
        fake_ipaws_add(alert(i));
    fake_ipaws.much_s = 4 * 3600;
    fake_ipaws.front = 2 * strlen(alert(1)) + 100;
    start_with("");
    world_run(&world, SECOND);
    assert_int_equal(world.port.count, 2);
    assert_int_equal(times(1) + times(2), 2);
    assert_state(SOURCE_DOWN, "an answer has more than 64 MiB");
    fake_settle_all(&world.port, "relayed");
    assert_true(world_logged(&world, "ipaws_cog.too-much"));
    world_run(&world, MINUTE);
    assert_in_range(reach_s(), 0, 4 * 3600);
    assert_int_equal(times(1) + times(2), 2);
    assert_int_equal(times(3), 1);
    assert_state(SOURCE_LIVE, "polling");
    assert_false(world_logged(&world, "ipaws_cog.missed"));
}

/* A page for people, say: nothing is skipped for it. */
static void what_is_too_large_and_holds_no_alert_moves_nothing(void **state)
{
    (void)state;
    fake_ipaws_add(alert(1));
    fake_ipaws.much_s = 4 * 3600;
    start_with("");
    world_run(&world, 30 * MINUTE);
    assert_in_range(reach_s(), DAY_S, DAY_S + 330);
    assert_false(world_logged(&world, "ipaws_cog.too-much"));
    assert_state(SOURCE_DOWN, "an answer has more than 64 MiB");
    fake_ipaws.much_s = 0;
    world_run(&world, 6 * MINUTE);
    assert_int_equal(times(1), 1);
}

/* Who sends too much whatever is asked for is asked no faster, and no less than a minute of it. */
static void what_is_always_too_large_is_asked_for_no_faster(void **state)
{
    (void)state;
    fake_ipaws_add(alert(1));
    fake_ipaws_add(alert(2));
    fake_ipaws.much_s = 1;
    fake_ipaws.front = 50 + strlen(alert(1));
    start_with("");
    world_run(&world, 180 * MINUTE);
    assert_in_range(fake_ipaws.messages, 20, 60);
    assert_int_equal(world.port.count, 1);
    assert_state(SOURCE_DOWN, "an answer has more than 64 MiB");
    fake_ipaws.much_s = 0;
    world_run(&world, 6 * MINUTE);
    assert_int_equal(times(2), 1);
    assert_state(SOURCE_LIVE, "polling");
}

static void a_full_journal_is_not_pressed(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        fake_ipaws_add(alert(i));
    world.port.full_at = 3;
    start_with(", interval: 1s");
    world_run(&world, 5 * MINUTE);
    assert_in_range(world.port.count, 3, 4);
    assert_int_equal(fake_ipaws.messages, 1);
    for (int i = 0; i < 10; i++) {
        fake_settle_all(&world.port, "relayed");
        world_run(&world, 5 * SECOND);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(times(i), 1);
}

/* The host does not say once more that a pause is over which ended while the source stood still. */
static void a_start_after_a_pause_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        fake_ipaws_add(alert(i));
    world.port.full_at = 3;
    start_with("");
    world_run(&world, MINUTE);
    assert_in_range(world.port.count, 3, 4);
    hosts_stop(world.hosts);
    world.port.full_at = 0;
    fake_settle_all(&world.port, "relayed");
    hosts_pulse(world.hosts);
    hosts_start(world.hosts);
    world_run(&world, MINUTE);
    for (int i = 0; i < 10; i++)
        assert_int_equal(times(i), 1);
}

static void a_certificate_that_ends_is_told_before_and_after(void **state)
{
    (void)state;
    cog_key_write(world_path(&world, "cog.pem"), "IPAWSOPEN_120999", now_s(), now_s() + 29 * DAY_S);
    start_with(", interval: 1h");
    world_run(&world, SECOND);
    assert_state(SOURCE_LIVE, "THE COG'S CERTIFICATE ENDS AT 20");
    world_run(&world, 29 * DAY_S * (int64_t)SECOND);
    int requests = fake_http.requests;
    for (int i = 0; i < 70 && status().state == SOURCE_LIVE; i++)
        world_run(&world, MINUTE);
    assert_state(SOURCE_DEGRADED, "the COG's certificate ended at 20");
    world_run(&world, 3 * 60 * MINUTE);
    assert_state(SOURCE_DOWN, "the COG's certificate ended at 20");
    assert_int_equal(fake_http.requests, requests);
}

/* As when FEMA's renewal has not been put into place yet. */
static void a_key_that_is_not_there_is_waited_for(void **state)
{
    (void)state;
    unlink(world_path(&world, "cog.pem"));
    start_with("");
    world_run(&world, MINUTE);
    assert_state(SOURCE_DOWN, "No such file");
    assert_int_equal(fake_http.requests, 0);
    cog_key_write(world_path(&world, "cog.pem"), "IPAWSOPEN_120999", now_s(), now_s() + DAY_S);
    fake_ipaws_add(alert(1));
    world_run(&world, 10 * MINUTE);
    assert_int_equal(times(1), 1);
}

static void senseless_options_are_refused(void **state)
{
    static const struct {
        const char *options, *why;
    } cases[] = {
        {"url: 'ftp://x/', user: u", "sources[1].url: "},
        {"url: 'https://tdl.apps.fema.gov/x', user: u, interval: 20s",
         "sources[1].interval: is too short; at fema.gov"},
        {"url: 'https://x/', user: ' '", "sources[1].user: is empty"},
        {"url: 'https://tdl.integration.aws.fema.gov/x', user: u", "`class: exercise` must"},
        {"url: 'https://TDL.apps.fema.gov/x', user: u, class: actual", "`class: exercise` must"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[600];
        struct hosts *hosts = NULL;
        struct err err = {0};
        snprintf(text, sizeof text,
                 WORLD_LISTEN "sources:\n - {name: i, adapter: ipaws_cog, cog_id: '1', "
                              "certificate: c.pem, %s}\n",
                 cases[i].options);
        const struct relay_conf *conf = world_conf(&world, text);
        const struct hosts_options options = {
            .loop = world.loop, .port = fake_port_of(&world.port), .relay_name = SLICE("test")};
        assert_int_not_equal(hosts_create(&options, conf, &hosts, &err), OK);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s", err.text);
        relay_conf_release(conf);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_alert_comes_once_and_byte_for_byte),
        TEST(nobody_is_shown_what_opens_the_url),
        TEST(another_alert_of_the_same_identity_goes_on_too),
        TEST(a_malformed_alert_spoils_no_other),
        TEST(a_start_asks_for_a_day_and_then_for_what_overlaps),
        TEST(it_is_the_servers_clock_that_counts),
        TEST(who_does_not_say_the_time_is_asked_for_the_same_again),
        TEST(an_outage_is_caught_up_with),
        TEST(what_a_start_cannot_ask_for_is_told),
        TEST(a_restart_brings_nothing_anew),
        TEST(an_alert_that_is_still_on_its_way_is_not_taken_again),
        TEST(who_is_not_known_is_told_so),
        TEST(answers_that_are_none_bring_nothing_and_are_asked_for_again),
        TEST(the_alerts_of_what_is_not_understood_are_taken),
        TEST(too_large_an_answer_is_taken_as_far_as_it_came),
        TEST(what_is_too_large_and_holds_no_alert_moves_nothing),
        TEST(what_is_always_too_large_is_asked_for_no_faster),
        TEST(a_full_journal_is_not_pressed),
        TEST(a_start_after_a_pause_goes_on),
        TEST(a_certificate_that_ends_is_told_before_and_after),
        TEST(a_key_that_is_not_there_is_waited_for),
        TEST(senseless_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
