/* The replay adapter: pace, runs, restarts, what is skipped. */
#include "tests/support/adapter_world.h"

#include "alert/identity.h"
#include "alert/lifecycle.h"
#include "alert/parse.h"
#include "profile/profile.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct world world;
static struct parser *parser;

static int begin(void **state)
{
    (void)state;
    world_init(&world);
    world_mkdir(&world, "storm");
    return parser_create(&parser, NULL);
}

static int end(void **state)
{
    (void)state;
    parser_destroy(parser);
    world_fini(&world);
    return 0;
}

#define ALERT(id, sent, status, scope, more)                                                       \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>" id                          \
    "</identifier><sender>s@example</sender><sent>" sent "</sent><status>" status                  \
    "</status><msgType>Alert</msgType><scope>" scope "</scope>" more "</alert>"

static void put_storm(void)
{
    world_put(&world, "storm/one.xml",
              ALERT("A1", "2020-01-01T00:00:00-00:00", "Actual", "Public", ""));
    world_put(&world, "storm/two.xml",
              ALERT("A2", "2020-01-01T01:00:00-00:00", "Actual", "Public", ""));
    world_put(&world, "storm/three.xml",
              ALERT("A3", "2020-01-01T02:00:00-00:00", "Test", "Public", ""));
}

static void start(const char *more)
{
    char text[500];
    snprintf(text, sizeof text,
             "sources:\n - {name: drill, adapter: replay, announce: false, path: storm%s}\n", more);
    world_start(&world, text);
    world_run(&world, 0);
}

static const struct alert *delivered(size_t i)
{
    assert_true(i < world.port.count);
    return parser_read(parser, world.port.arena, world.port.items[i].bytes).alerts[0];
}

static struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static void everything_comes_at_once_as_an_exercise(void **state)
{
    (void)state;
    put_storm();
    start(", speed: 0, run: r1");
    assert_int_equal(world.port.count, 3);
    assert_string_equal(delivered(0)->identifier.ptr, "A1.xr1");
    assert_int_equal(delivered(0)->status, STATUS_EXERCISE);
    assert_int_equal(delivered(2)->status, STATUS_TEST);
    assert_int_equal(world.port.items[0].source->class, CLASS_EXERCISE);
    assert_non_null(strstr(delivered(0)->note.ptr, "recording storm"));
    fake_settle_all(&world.port, "relayed");
    assert_true(world_logged(
        &world, "replay.ended source=drill run=r1 recording=storm played=3 skipped=0"));
    assert_non_null(strstr(status().reason.ptr, "has ended: 3 alerts"));
}

static void header_carries_the_recordings_own_digest(void **state)
{
    (void)state;
    const char *text = ALERT("A1", "2020-01-01T00:00:00-00:00", "Actual", "Public", "");
    world_put(&world, "storm/one.xml", text);
    start(", speed: 0");
    struct digest digest = digest_of(slice_from_cstr(text));
    assert_true(world.port.items[0].has_recording);
    assert_true(digest_eq(&digest, &world.port.items[0].recording));
    assert_string_equal(world.port.items[0].recording_name.ptr, "one.xml");
}

static void pace_is_that_of_the_recording(void **state)
{
    (void)state;
    put_storm();
    start(", speed: 60");
    assert_int_equal(world.port.count, 1);
    world_run(&world, 59 * SECOND);
    assert_int_equal(world.port.count, 1);
    world_run(&world, 2 * SECOND);
    assert_int_equal(world.port.count, 2);
    world_run(&world, 60 * SECOND);
    assert_int_equal(world.port.count, 3);
    /* One shift for all: the recorded hour between two messages stays one. */
    assert_int_equal(delivered(1)->sent.utc_s - delivered(0)->sent.utc_s, 3600);
}

static void delay_comes_before_the_first(void **state)
{
    (void)state;
    put_storm();
    int64_t from_us = world.loop->now_us;
    start(", speed: 0, delay: 5m");
    world_run(&world, 299 * SECOND);
    assert_int_equal(world.port.count, 0);
    world_run(&world, 2 * SECOND);
    assert_int_equal(world.port.count, 3);
    int64_t late_s = delivered(0)->sent.utc_s - from_us / SECOND;
    assert_true(late_s > 300 - 61 && late_s <= 301);
}

static void interrupted_run_goes_on_where_it_was(void **state)
{
    (void)state;
    put_storm();
    start(", speed: 60, run: r1");
    int64_t sent_s = delivered(0)->sent.utc_s;
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    world.loop->now_us += 75LL * SECOND;
    start(", speed: 60, run: r1");
    /* A2 is overdue by now, A3 is not; and the times are those of the first start. */
    assert_int_equal(world.port.count, 1);
    assert_string_equal(delivered(0)->identifier.ptr, "A2.xr1");
    assert_int_equal(delivered(0)->sent.utc_s, sent_s + 3600);
    world_run(&world, 60 * SECOND);
    assert_int_equal(world.port.count, 2);
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    start(", speed: 0, run: r1");
    assert_int_equal(world.port.count, 0);
    assert_non_null(strstr(status().reason.ptr, "has ended: 0 alerts"));
}

static void another_run_plays_everything_again(void **state)
{
    (void)state;
    put_storm();
    start(", speed: 0, run: r1");
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    start(", speed: 0, run: r2");
    assert_int_equal(world.port.count, 3);
    world_stop(&world);
    world.loop->now_us += SECOND;
    start(", speed: 0"); /* named by the time */
    assert_int_equal(world.port.count, 3);
    assert_non_null(strstr(delivered(0)->identifier.ptr, "A1.x2"));
}

static void what_is_skipped_is_named_with_its_reason(void **state)
{
    (void)state;
    put_storm();
    world_put(&world, "storm/broken.xml", "<alert");
    world_put(&world, "storm/private.xml",
              ALERT("P", "2020-01-01T00:00:00-00:00", "Actual", "Private", ""));
    world_put(&world, "storm/system.xml",
              ALERT("S", "2020-01-01T00:00:00-00:00", "System", "Public", ""));
    world_put(&world, "storm/list.xml", "<list/>");
    world_mkdir(&world, "storm/sub");
    world_put(&world, "storm/sub/four.xml",
              ALERT("A4", "2020-01-01T03:00:00-00:00", "Exercise", "Public", ""));
    start(", speed: 0");
    assert_int_equal(world.port.count, 4);
    assert_string_equal(world.port.items[3].recording_name.ptr, "sub/four.xml");
    assert_true(world_logged(&world, "file=broken.xml index=1 reason=\"unreadable: "));
    assert_true(world_logged(&world, "file=private.xml index=1 reason=\"not public\""));
    assert_true(world_logged(&world, "file=system.xml index=1 reason=\"status System"));
    assert_true(world_logged(&world, "file=list.xml index=1 reason=\"holds no CAP alert\""));
    assert_true(world_logged(&world, "skipped=4"));
}

static void several_alerts_of_one_file_come_one_by_one(void **state)
{
    (void)state;
    world_put(&world, "storm/feed.xml",
              "<feed>" ALERT("A1", "2020-01-01T00:00:00-00:00", "Actual", "Public", "")
                  ALERT("A2", "2020-01-01T00:00:05-00:00", "Actual", "Public", "") "</feed>");
    start(", speed: 0, run: r");
    assert_int_equal(world.port.count, 2);
    assert_string_equal(world.port.items[0].recording_name.ptr, "feed.xml");
    assert_string_equal(world.port.items[1].recording_name.ptr, "feed.xml#2");
    assert_string_equal(delivered(1)->identifier.ptr, "A2.xr");
    fake_settle_at(&world.port, 0, "relayed");
    world_stop(&world);
    start(", speed: 0, run: r");
    assert_int_equal(world.port.count, 1);
    assert_string_equal(delivered(0)->identifier.ptr, "A2.xr");
}

static void timeline_sets_pace_and_countries(void **state)
{
    (void)state;
    put_storm();
    world_put(&world, "storm/timeline.tsv",
              "offset_s\tfile\tcountry\n0\tthree.xml\tus\n10\tone.xml\tca\n20\ttwo.xml\tca\n");
    start(", run: r, only: ca");
    assert_int_equal(world.port.count, 0);
    world_run(&world, 11 * SECOND);
    assert_int_equal(world.port.count, 1);
    assert_string_equal(delivered(0)->identifier.ptr, "A1.xr");
    world_run(&world, 10 * SECOND);
    assert_string_equal(delivered(1)->identifier.ptr, "A2.xr");
    world_run(&world, 1000 * SECOND);
    assert_int_equal(world.port.count, 2);
}

static void bad_timeline_or_folder_is_down_with_the_reason(void **state)
{
    (void)state;
    world_put(&world, "storm/timeline.tsv", "offset_s\tfile\tcountry\nx\ta\tca\n");
    start("");
    assert_int_equal(status().state, SOURCE_DOWN);
    assert_non_null(strstr(status().reason.ptr, "timeline.tsv:2: `x`"));
    world_stop(&world);
    unlink(world_path(&world, "storm/timeline.tsv"));
    start(", only: ca");
    assert_non_null(strstr(status().reason.ptr, "`only` needs a timeline.tsv"));
    world_stop(&world);
    assert_int_equal(rmdir(world_path(&world, "storm")), 0);
    start("");
    assert_int_equal(status().state, SOURCE_DOWN);
}

static void replay_can_never_be_actual(void **state)
{
    (void)state;
    struct err err = {0};
    const struct relay_conf *conf = world_conf(
        &world, WORLD_LISTEN
        "sources:\n - name: drill\n   adapter: replay\n   path: storm\n   class: actual\n");
    assert_int_equal(hosts_check(conf, &err), ERR_INVALID);
    assert_non_null(strstr(
        err.text,
        "caprelay.yaml:8: sources[1].class: what the adapter replay delivers is never actual"));
    relay_conf_release(conf);
    conf = world_conf(&world, WORLD_LISTEN
                      "sources:\n - {name: d, adapter: replay, path: storm, run: 'A b'}\n");
    assert_int_equal(hosts_check(conf, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "no run id"));
    relay_conf_release(conf);
}

static void whole_incident_of_the_project_is_played(void **state)
{
    (void)state;
    char text[1000];
    snprintf(text, sizeof text,
             "sources:\n - {name: ca, adapter: replay, path: " CAPRELAY_SOURCE
             "/incidents/fundy-surge, speed: 0, only: ca, announce: false}\n"
             " - {name: us, adapter: replay, path: " CAPRELAY_SOURCE
             "/incidents/fundy-surge, speed: 0, only: us, announce: false}\n");
    world_start(&world, text);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 11);
    assert_false(world_logged(&world, "replay.skipped"));
    for (size_t i = 0; i < world.port.count; i++)
        assert_int_equal(delivered(i)->status, STATUS_EXERCISE);
}

/* --- start and end are messages too --- */

static void start_announced(const char *more)
{
    char text[500];
    snprintf(text, sizeof text, "sources:\n - {name: drill, adapter: replay, path: storm%s}\n",
             more);
    world_start(&world, text);
    world_run(&world, 0);
}

static void settle_and_go_on(void)
{
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
}

static bool is_of_recording(size_t i)
{
    return world.port.items[i].has_recording;
}

static void start_and_end_frame_the_run(void **state)
{
    (void)state;
    struct err err = {0};
    put_storm();
    start_announced(", speed: 0, run: r1, country: ca");
    /* The end waits for the last verdict. */
    assert_int_equal(world.port.count, 4);
    settle_and_go_on();
    assert_int_equal(world.port.count, 5);
    assert_false(world_logged(&world, "replay.ended"));
    fake_settle_all(&world.port, "relayed");
    assert_true(world_logged(&world, "replay.ended source=drill run=r1 recording=storm played=3"));
    const struct alert *first = delivered(0), *last = delivered(4);
    assert_string_equal(first->identifier.ptr, "exercise-r1-drill-ca-start");
    assert_string_equal(first->sender.ptr, "exercise@test");
    assert_int_equal(first->msg_type, MSG_TYPE_ALERT);
    assert_string_equal(last->identifier.ptr, "exercise-r1-drill-ca-end");
    assert_int_equal(last->msg_type, MSG_TYPE_UPDATE);
    assert_int_equal(last->reference_count, 1);
    struct identity start_of = identity_of(first, CLASS_EXERCISE),
                    named = identity_of_reference(&last->references[0], CLASS_EXERCISE);
    assert_true(identity_eq(&start_of, &named));
    for (size_t i = 0; i < 5; i += 4) {
        const struct alert *alert = delivered(i);
        assert_int_equal(parser_validate_cap12(parser, world.port.items[i].bytes, &err), OK);
        assert_int_equal(alert->status, STATUS_EXERCISE);
        assert_int_equal(alert->scope, SCOPE_PUBLIC);
        assert_int_equal(profile_side(alert), SIDE_CA);
        assert_false(profile_is_loop(alert, SLICE("caprelay:test")));
        assert_false(is_of_recording(i));
        assert_int_equal(alert->info_count, 2);
        assert_string_equal(alert->infos[0].language.ptr, "en-CA");
        assert_string_equal(alert->infos[1].language.ptr, "fr-CA");
        for (size_t k = 0; k < 2; k++)
            assert_true(slice_starts_with(alert->infos[k].headline, "EXERCISE / EXERCICE"));
        assert_int_equal(alert->infos[0].areas[0].polygon_count, 0);
    }
    int64_t until_s = 0;
    assert_true(alert_in_force_until(first, 24, &until_s));
    assert_false(alert_in_force_until(last, 24, &until_s));
}

static void start_says_when_it_should_end(void **state)
{
    (void)state;
    put_storm();
    start_announced(", speed: 60, run: r1, country: us, delay: 5m");
    world_run(&world, 299 * SECOND);
    assert_int_equal(world.port.count, 0);
    world_run(&world, 2 * SECOND);
    assert_int_equal(world.port.count, 2);
    const struct alert *first = delivered(0);
    assert_int_equal(profile_side(first), SIDE_US);
    assert_string_equal(first->infos[0].language.ptr, "en-US");
    /* Two recorded hours in two minutes, and the margin. */
    assert_in_range(first->infos[0].expires.utc_s - first->sent.utc_s, 3600 + 118, 3600 + 120);
    assert_non_null(strstr(first->infos[0].description.ptr, "3 messages"));
}

static void each_side_is_told_where_the_country_is_open(void **state)
{
    (void)state;
    put_storm();
    start_announced(", speed: 0, run: r1");
    assert_int_equal(world.port.count, 5);
    assert_int_equal(profile_side(delivered(0)), SIDE_CA);
    assert_int_equal(profile_side(delivered(1)), SIDE_US);
    settle_and_go_on();
    assert_int_equal(world.port.count, 7);
}

static void restart_tells_nothing_twice(void **state)
{
    (void)state;
    put_storm();
    start_announced(", speed: 60, run: r1, country: ca");
    assert_int_equal(world.port.count, 2);
    int64_t sent_s = delivered(0)->sent.utc_s;
    settle_and_go_on();
    world_stop(&world);
    world.loop->now_us += 300LL * SECOND;
    start_announced(", speed: 60, run: r1, country: ca");
    assert_int_equal(world.port.count, 2);
    assert_string_equal(delivered(0)->identifier.ptr, "A2.xr1");
    settle_and_go_on();
    assert_int_equal(world.port.count, 3);
    /* The end references the start of before the restart, and counts all of the run. */
    assert_int_equal(delivered(2)->references[0].sent.utc_s, sent_s);
    assert_non_null(strstr(delivered(2)->infos[0].description.ptr, "3 messages"));
    world_stop(&world); /* before the end is durable */
    start_announced(", speed: 60, run: r1, country: ca");
    assert_int_equal(world.port.count, 1);
    assert_string_equal(delivered(0)->identifier.ptr, "exercise-r1-drill-ca-end");
    settle_and_go_on();
    world_stop(&world);
    start_announced(", speed: 60, run: r1, country: ca");
    assert_int_equal(world.port.count, 0);
    assert_true(world_logged(&world, "replay.ended"));
}

static void announcements_wait_for_room_too(void **state)
{
    (void)state;
    put_storm();
    world.port.full_at = 1;
    start_announced(", speed: 0, run: r1");
    size_t announced = 0;
    for (int i = 0; i < 20; i++) {
        assert_true(world.port.count - world.port.settled <= 1);
        settle_and_go_on();
    }
    assert_int_equal(world.port.count, 7);
    for (size_t i = 0; i < 7; i++)
        announced += !is_of_recording(i);
    assert_int_equal(announced, 4);
    assert_true(!is_of_recording(0) && !is_of_recording(1));
    assert_true(!is_of_recording(5) && !is_of_recording(6));
    assert_true(world_logged(&world, "replay.ended"));
}

static void recording_of_nothing_is_not_announced(void **state)
{
    (void)state;
    world_put(&world, "storm/list.xml", "<list/>");
    start_announced(", speed: 0");
    world_run(&world, 10 * SECOND);
    assert_int_equal(world.port.count, 0);
    assert_true(world_logged(&world, "replay.ended"));
}

int main(void)
{
#define REPLAY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        REPLAY_TEST(everything_comes_at_once_as_an_exercise),
        REPLAY_TEST(header_carries_the_recordings_own_digest),
        REPLAY_TEST(pace_is_that_of_the_recording),
        REPLAY_TEST(delay_comes_before_the_first),
        REPLAY_TEST(interrupted_run_goes_on_where_it_was),
        REPLAY_TEST(another_run_plays_everything_again),
        REPLAY_TEST(what_is_skipped_is_named_with_its_reason),
        REPLAY_TEST(several_alerts_of_one_file_come_one_by_one),
        REPLAY_TEST(timeline_sets_pace_and_countries),
        REPLAY_TEST(bad_timeline_or_folder_is_down_with_the_reason),
        REPLAY_TEST(replay_can_never_be_actual),
        REPLAY_TEST(whole_incident_of_the_project_is_played),
        REPLAY_TEST(start_and_end_frame_the_run),
        REPLAY_TEST(start_says_when_it_should_end),
        REPLAY_TEST(each_side_is_told_where_the_country_is_open),
        REPLAY_TEST(restart_tells_nothing_twice),
        REPLAY_TEST(announcements_wait_for_room_too),
        REPLAY_TEST(recording_of_nothing_is_not_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
