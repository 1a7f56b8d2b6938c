/* The IPAWS adapter on the virtual clock, against FEMA's feed in memory. */
#include "alert/parse.h"
#include "tests/support/adapter_world.h"
#include "tests/support/fake_ipaws_feed.h"

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
             "sources:\n - {name: ipaws, adapter: ipaws, url: 'http://127.0.0.1:1'%s}\n", more);
    world_start(&world, text);
}

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    fake_feed_open(world.loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_fini(&world);
    fake_feed_clear();
    return 0;
}

static const char *text_of(int i)
{
    static char text[160];
    snprintf(text, sizeof text,
             "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><note>%d.</note></alert>", i);
    return text;
}

static struct fake_feed_alert *add(int i)
{
    return fake_feed_add(text_of(i));
}

static int times_text(const char *text)
{
    int count = 0;
    for (size_t at = 0; at < world.port.count; at++)
        count += slice_eq_cstr(world.port.items[at].bytes, text);
    return count;
}

static int times(int i)
{
    return times_text(text_of(i));
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

static void each_alert_comes_once_however_often_it_is_listed(void **state)
{
    (void)state;
    start_with("");
    for (int i = 0; i < 20; i++) {
        add(i);
        world_run(&world, MINUTE);
        if (i % 3 == 0) /* also while some have not settled */
            settle();
    }
    world_run(&world, 3 * MINUTE);
    for (int i = 0; i < 20; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(world.port.count, 20);
    assert_in_range(fake_feed.asked, 10, 12); /* 120 to 132 s apart */
    assert_true(fake_feed.gap_us >= 2 * MINUTE);
    assert_string_equal(fake_feed.query, "");
}

static void what_differs_under_one_identifier_is_another_alert(void **state)
{
    (void)state;
    static const char one[] = "<alert xmlns='c'><identifier>A</identifier></alert>";
    static const char other[] = "<alert xmlns='c'><identifier>A</identifier><note>b</note></alert>";
    fake_feed_add(one);
    start_with("");
    world_run(&world, MINUTE);
    settle();
    fake_feed_add(other);
    world_run(&world, 3 * MINUTE);
    assert_int_equal(times_text(one), 1);
    assert_int_equal(times_text(other), 1);
}

static void channels_have_cursors_of_their_own_and_bring_an_alert_once(void **state)
{
    (void)state;
    start_with(", channels: [eas, wea, public_non_eas, nwem]");
    for (int i = 0; i < 4; i++)
        add(i)->channel = i % 2 ? "eas" : "PublicWEA";
    add(4);
    world_run(&world, MINUTE);
    settle();
    fake_feed.failing_channel = "eas";
    world_run(&world, 30 * MINUTE);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_true(reason_has("channel eas: the server answers 503"));
    add(5)->channel = "eas";
    add(6)->channel = "nwem";
    world_run(&world, 40 * MINUTE);
    assert_int_equal(times(5), 0);
    assert_int_equal(times(6), 1);
    fake_feed.failing_channel = NULL;
    world_run(&world, 10 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
    for (int i = 0; i < 7; i++)
        assert_int_equal(times(i), 1);
    assert_true(fake_feed.asked_of[1] > 0 && fake_feed.asked_of[0] == 0);
}

/* A restart asks from the cursor, though nothing came for hours: not from the last alert. */
static void the_cursor_moves_although_nothing_comes(void **state)
{
    (void)state;
    char since[CLOCK_TEXT_MAX];
    start_with("");
    add(1);
    world_run(&world, MINUTE);
    settle();
    world_run(&world, 5 * 60 * MINUTE);
    int64_t last_us = fake_feed.channel_last_us[0];
    world_stop(&world);
    world_run(&world, 60 * MINUTE);
    add(2);
    start_with("");
    world_run(&world, SECOND);
    assert_string_equal(fake_feed.since, clock_format_s(last_us / 1000000 - 600, since));
    assert_int_equal(times(2), 1);
    assert_int_equal(times(1), 0);
    assert_true(world_logged(&world, "ipaws.gap"));
}

/* Killed after the answer and before the commit. */
static void a_cursor_waits_for_what_lies_before_it(void **state)
{
    (void)state;
    start_with(", overlap: 0s");
    world_run(&world, MINUTE);
    add(1);
    add(2);
    world_run(&world, 3 * MINUTE);
    assert_int_equal(world.port.count, 2);
    fake_settle_at(&world.port, 1, "relayed");
    world_run(&world, 20 * MINUTE);
    world_stop(&world);
    start_with(", overlap: 0s");
    world_run(&world, MINUTE);
    assert_int_equal(times(1), 1);
    assert_int_equal(times(2), 0);
}

static void a_mark_that_cannot_be_read_leads_to_repeats(void **state)
{
    (void)state;
    start_with("");
    add(1);
    world_run(&world, MINUTE);
    fake_set_mark(&world.port, SLICE("ipaws"), SLICE("since public"), SLICE("soon"));
    world_stop(&world);
    world_run(&world, 10 * 24 * 60 * MINUTE);
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(times(1), 1);
}

static void wrong_clocks_lose_nothing(void **state)
{
    (void)state;
    fake_feed.behind_us = 2 * MINUTE;
    start_with("");
    for (int i = 0; i < 10; i++) {
        add(i);
        world_run(&world, MINUTE);
    }
    settle();
    /* Ours jumps ahead of all clocks, also over a restart. */
    world.loop->step_us = 100 * 60 * MINUTE;
    add(10);
    world_run(&world, 5 * MINUTE);
    settle();
    for (int i = 0; i < 11; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(world.port.count, 11);
    assert_false(world_logged(&world, "ipaws.clock")); /* it is the server's that counts */
    world_stop(&world);
    add(11);
    start_with("");
    world_run(&world, 5 * MINUTE);
    settle();
    /* The server's is set back, by more than the overlap. */
    fake_feed.behind_us += 40 * MINUTE;
    add(12);
    world_run(&world, 10 * MINUTE);
    add(13);
    world_run(&world, 10 * MINUTE);
    assert_true(world_logged(&world, "ipaws.clock"));
    for (int i = 11; i < 14; i++)
        assert_int_equal(times(i), 1);
    assert_int_equal(world.port.count, 3);
}

/* Sent some minutes before it was listed. */
static void what_is_listed_late_is_within_the_overlap(void **state)
{
    (void)state;
    start_with("");
    world_run(&world, MINUTE);
    struct fake_feed_alert *late = add(1);
    late->listed_us += 9 * MINUTE;
    world_run(&world, 12 * MINUTE);
    assert_int_equal(times(1), 1);
}

static void who_does_not_say_the_time_is_asked_for_the_same_again(void **state)
{
    (void)state;
    fake_feed.dateless = true;
    start_with(", catch_up: 1h");
    for (int i = 0; i < 10; i++) {
        add(i);
        world_run(&world, MINUTE);
        settle();
    }
    world_run(&world, 5 * MINUTE);
    assert_int_equal(world.port.count, 10);
    assert_int_equal(status().state, SOURCE_LIVE);
}

/* Alerts that are whole in it come, but the cursor does not move past the others. */
static void wrong_answers_are_told_and_move_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *told;
    } wrong[] = {{"", "the answer is empty"},
                 {"Invalid PIN", "`Invalid PIN`"},
                 {"<!DOCTYPE html><html><body>Maintenance</body></html>", "DOCTYPE"},
                 {"<html><body/></html>", "no list of alerts but `html`"},
                 {FAKE_FEED_OPEN "<error>no</error>" FAKE_FEED_CLOSE, "<error>no</error>"},
                 {FAKE_FEED_OPEN "<alert xmlns='c'><a>", "cut off"}};
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
    add(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fake_feed.answer = wrong[i].answer;
        world_run(&world, 15 * MINUTE);
        assert_int_equal(status().state, SOURCE_DOWN);
        assert_true(reason_has(wrong[i].told));
    }
    assert_int_equal(world.port.count, 0);
    fake_feed.answer = FAKE_FEED_OPEN "<alert xmlns='c'>whole</alert><alert xmlns='c'>";
    world_run(&world, 15 * MINUTE);
    assert_int_equal(times_text("<alert xmlns='c'>whole</alert>"), 1);
    assert_int_equal(status().state, SOURCE_DOWN);
    fake_feed.answer = NULL;
    world_run(&world, 6 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(times(1), 1);
}

/* Alerts that lean on more than the wrapper go with the whole answer, not once for each in a look.
 */
static void the_whole_answer_goes_once_in_a_look(void **state)
{
    (void)state;
    fake_feed.answer = "<alerts><g xmlns:c='c'><c:alert>1</c:alert><c:alert>2</c:alert>"
                       "<c:alert>3</c:alert></g></alerts>";
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 1);
    world_run(&world, 30 * MINUTE);
    assert_int_equal(world.port.count, 3);
    assert_int_equal(times_text(fake_feed.answer), 3);
    fake_feed.answer = NULL;
}

static void nothing_to_list_is_good(void **state)
{
    (void)state;
    fake_feed.status = 204;
    start_with("");
    world_run(&world, 10 * MINUTE);
    assert_int_equal(status().state, SOURCE_LIVE);
    fake_feed.status = 0;
    add(1);
    world_run(&world, 3 * MINUTE);
    assert_int_equal(times(1), 1);
}

/* 429 and 5xx: never sooner than the interval, later each time, and as they ask for. */
static void nobody_is_stormed(void **state)
{
    (void)state;
    fake_feed.status = 429;
    start_with("");
    world_run(&world, 60 * MINUTE);
    assert_true(fake_feed.gap_us >= 2 * MINUTE);
    assert_in_range(fake_feed.asked, 10, 30);
    assert_int_equal(status().state, SOURCE_DOWN);
    fake_feed.retry_after_us = 40 * MINUTE;
    world_run(&world, 60 * MINUTE);
    int asked = fake_feed.asked;
    world_run(&world, 60 * MINUTE);
    assert_in_range(fake_feed.asked - asked, 1, 2);
}

static void caches_are_honoured(void **state)
{
    (void)state;
    fake_feed.max_age_us = 5 * MINUTE;
    start_with("");
    world_run(&world, 30 * MINUTE);
    assert_in_range(fake_feed.asked, 6, 7);
}

static void a_full_journal_holds_a_long_list(void **state)
{
    (void)state;
    world.port.full_at = 7;
    for (int i = 0; i < 300; i++)
        add(i);
    start_with("");
    world_run(&world, MINUTE);
    assert_int_equal(world.port.count, 7);
    for (int round = 0; round < 60; round++) {
        assert_true(world.port.count - world.port.settled <= 7);
        settle();
        world_run(&world, SECOND);
    }
    assert_int_equal(world.port.count, 300);
    for (int i = 0; i < 300; i++)
        assert_int_equal(times(i), 1);
}

/* More than fits into one answer: what there is of it comes, and the feed is followed from then. */
static void too_much_is_told_and_no_end(void **state)
{
    (void)state;
    char *big = mem_alloc(7 * 1024 * 1024);
    memset(big, ' ', 7 * 1024 * 1024);
    memcpy(big, "<alert xmlns='c'>", 17);
    start_with(", catch_up: 4h");
    world_run(&world, MINUTE);
    fake_http_fail(HTTP_FAILED_CONNECT, 0);
    for (int i = 0; i < 12; i++) {
        snprintf(big + 7 * 1024 * 1024 - 20, 20, "<i>%02d</i></alert>", i);
        fake_feed_add(big);
        world_run(&world, 10 * MINUTE);
    }
    free(big);
    fake_http_fail(HTTP_ANSWERED, 0);
    add(100);
    world_run(&world, 30 * MINUTE);
    assert_true(world_logged(&world, "ipaws.too-much"));
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(times(100), 1);
}

/* The PIN goes with the request, and nowhere else. */
static void a_pin_is_sent_and_never_shown(void **state)
{
    (void)state;
    world_put(&world, "pin", "p&n/37\n");
    if (chmod(world_path(&world, "pin"), 0600) != 0)
        abort();
    char text[PATH_MAX + 200];
    snprintf(text, sizeof text,
             "sources:\n - {name: ipaws, adapter: ipaws, url: 'https://127.0.0.1:1', "
             "pin_file: %s}\n",
             world_path(&world, "pin"));
    fake_feed.status = 403;
    world_start(&world, text);
    world_run(&world, MINUTE);
    assert_string_equal(fake_feed.query, "?pin=p%26n%2F37");
    assert_true(reason_has("403: see pin_file"));
    assert_false(world_logged(&world, "p%26n") || world_logged(&world, "p&n"));
    assert_int_equal(slice_find(status().reason, "n%2F37"), -1);
}

static enum err_code check(const char *source, struct err *err)
{
    char text[900];
    snprintf(text, sizeof text, WORLD_LISTEN "sources:\n - {name: i, adapter: ipaws, %s}\n",
             source);
    const struct relay_conf *conf = world_conf(&world, text);
    enum err_code code = hosts_check(conf, err);
    relay_conf_release(conf);
    return code;
}

static void refused(const char *source, const char *told)
{
    struct err err = {0};
    assert_int_not_equal(check(source, &err), OK);
    if (!strstr(err.text, told))
        fail_msg("`%s` does not say `%s`", err.text, told);
}

static void accepted(const char *source)
{
    struct err err = {0};
    if (check(source, &err) != OK)
        fail_msg("%s", err.text);
}

static void wrong_options_are_told(void **state)
{
    (void)state;
    refused("interval: 60s", "sources[1].interval: is too short; FEMA asks for at least 2m");
    refused("url: 'https://tdl.apps.fema.gov/x', interval: 119s",
            "sources[1].interval: is too short; FEMA asks for at least 2m");
    refused("url: 'https://tdl.apps.fema.gov/x'", "sources[1].url: only https://apps.fema.gov/");
    refused("url: 'http://apps.fema.gov/x'", "sources[1].url: only https://apps.fema.gov/");
    accepted("url: 'https://tdl.apps.fema.gov/x', class: exercise");
    accepted("channels: [eas, wea]");
    refused("url: 'https://apps.fema.gov/x/'", "sources[1].url: leave out the slash");
    refused("url: 'ftp://apps.fema.gov/x'", "url");
    refused("channels: [everything]", "public_non_eas");
    refused("channels: []", "channels");
    refused("url: 'http://a.example/x', pin_file: pin", "sources[1].pin_file: ");
    refused("overlap: 2h, catch_up: 1h", "sources[1].catch_up: is shorter than overlap");
}

int main(void)
{
#define IPAWS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IPAWS_TEST(each_alert_comes_once_however_often_it_is_listed),
        IPAWS_TEST(what_differs_under_one_identifier_is_another_alert),
        IPAWS_TEST(channels_have_cursors_of_their_own_and_bring_an_alert_once),
        IPAWS_TEST(the_cursor_moves_although_nothing_comes),
        IPAWS_TEST(a_cursor_waits_for_what_lies_before_it),
        IPAWS_TEST(a_mark_that_cannot_be_read_leads_to_repeats),
        IPAWS_TEST(wrong_clocks_lose_nothing),
        IPAWS_TEST(what_is_listed_late_is_within_the_overlap),
        IPAWS_TEST(who_does_not_say_the_time_is_asked_for_the_same_again),
        IPAWS_TEST(the_whole_answer_goes_once_in_a_look),
        IPAWS_TEST(wrong_answers_are_told_and_move_nothing),
        IPAWS_TEST(nothing_to_list_is_good),
        IPAWS_TEST(nobody_is_stormed),
        IPAWS_TEST(caches_are_honoured),
        IPAWS_TEST(a_full_journal_holds_a_long_list),
        IPAWS_TEST(too_much_is_told_and_no_end),
        IPAWS_TEST(a_pin_is_sent_and_never_shown),
        IPAWS_TEST(wrong_options_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
