/* What a source of class exercise delivers: rewritten whatever it says, one verdict for a document,
 * and nothing ever actual. */
#include "adapters/exercise.h"
#include "tests/support/adapter_world.h"

#include "adapters/replay/rewrite.h"

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
    world_mkdir(&world, "hub");
    world_mkdir(&world, "real");
    return parser_create(&parser, NULL);
}

static int end(void **state)
{
    (void)state;
    parser_destroy(parser);
    world_fini(&world);
    return 0;
}

#define NS "xmlns='urn:oasis:names:tc:emergency:cap:1.2'"
#define ALERT(id, status, scope, more)                                                             \
    "<alert " NS "><identifier>" id "</identifier><sender>s@example</sender>"                      \
    "<sent>2026-01-01T00:00:00-05:00</sent><status>" status "</status><msgType>Alert</msgType>"    \
    "<scope>" scope "</scope>" more "</alert>"
#define UPDATE(id, status, of)                                                                     \
    "<alert " NS "><identifier>" id "</identifier><sender>s@example</sender>"                      \
    "<sent>2026-01-01T01:00:00-05:00</sent><status>" status "</status><msgType>Update</msgType>"   \
    "<scope>Public</scope><references>s@example," of                                               \
    ",2026-01-01T00:00:00-05:00</references></alert>"
#define HEARTBEAT                                                                                  \
    "<alert " NS "><identifier>H</identifier><sender>NAADS-Heartbeat</sender>"                     \
    "<sent>2026-01-01T00:00:00-05:00</sent><status>System</status><msgType>Alert</msgType>"        \
    "<scope>Public</scope></alert>"
#define HUB " - {name: hub, adapter: file, folder: hub, class: exercise}\n"
#define HUB_SPOOL " - {name: hub, adapter: file, folder: hub, class: exercise, spool: true}\n"
#define REAL " - {name: real, adapter: file, folder: real}\n"

static void start(const char *sources)
{
    char text[500];
    snprintf(text, sizeof text, "sources:\n%s", sources);
    world_start(&world, text);
    world_run(&world, 0);
}

static void give(const char *name, const char *text)
{
    world_put(&world, name, text);
    world_run(&world, 0);
}

static const struct fake_delivery *delivery(size_t i)
{
    assert_true(i < world.port.count);
    return &world.port.items[i];
}

static const struct alert *delivered(size_t i)
{
    struct parsed parsed = parser_read(parser, world.port.arena, delivery(i)->bytes);
    assert_int_equal(parsed.count, 1);
    return parsed.alerts[0];
}

static bool says(struct slice bytes, const char *text)
{
    return slice_find(bytes, text) >= 0;
}

static void actual_alert_comes_out_as_an_exercise(void **state)
{
    (void)state;
    const char *text = ALERT("A1", "Actual", "Public", "<note>High water</note>");
    start(HUB);
    give("hub/one.xml", text);
    assert_int_equal(world.port.count, 1);
    const struct alert *alert = delivered(0);
    assert_int_equal(alert->status, STATUS_EXERCISE);
    assert_string_equal(alert->identifier.ptr, "A1.xsource-hub");
    assert_string_equal(alert->sent.text.ptr, "2026-01-01T00:00:00-05:00");
    assert_string_equal(alert->note.ptr, REWRITE_HEADLINE ": from the exercise source hub (run "
                                                          "source-hub). High water");
    assert_false(says(delivery(0)->bytes, "Actual"));
    assert_int_equal(delivery(0)->source->class, CLASS_EXERCISE);
    assert_false(world.port.guarded);
    /* What was received can still be proved. */
    struct digest digest = digest_of(slice_from_cstr(text));
    assert_true(delivery(0)->has_recording);
    assert_true(digest_eq(&digest, &delivery(0)->recording));
    assert_string_equal(delivery(0)->recording_name.ptr, "one.xml");
    assert_string_equal(delivery(0)->mark_key.ptr, "one.xml");
}

static void source_of_actual_alerts_is_left_alone(void **state)
{
    (void)state;
    const char *text = ALERT("A1", "Actual", "Public", "");
    start(HUB REAL);
    give("hub/one.xml", text);
    give("real/one.xml", text);
    assert_int_equal(world.port.count, 2);
    assert_int_equal(world.port.guards, 1);
    assert_true(slice_eq_cstr(delivery(1)->bytes, text));
    assert_false(delivery(1)->has_recording);
}

/* The run is the source's own, so they agree after a restart too. */
static void references_meet_whatever_the_status_and_after_a_restart(void **state)
{
    (void)state;
    start(HUB);
    give("hub/one.xml", ALERT("A1", "Actual", "Public", ""));
    struct slice first = arena_copy(world.port.arena, delivered(0)->identifier);
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    start(HUB);
    give("hub/two.xml", UPDATE("A2", "Exercise", "A1"));
    give("hub/three.xml", UPDATE("A3", "Test", "A1"));
    assert_int_equal(world.port.count, 2);
    assert_int_equal(delivered(0)->status, STATUS_EXERCISE);
    assert_int_equal(delivered(1)->status, STATUS_TEST);
    for (size_t i = 0; i < 2; i++)
        assert_true(slice_eq(delivered(i)->references[0].identifier, first));
}

static void same_bytes_twice_are_the_same_bytes(void **state)
{
    (void)state;
    const char *text = ALERT("A1", "Actual", "Public", "");
    start(HUB);
    give("hub/one.xml", text);
    give("hub/again.xml", text);
    assert_int_equal(world.port.count, 2);
    assert_true(slice_eq(delivery(0)->bytes, delivery(1)->bytes));
}

/* Intake says what they are, of the bytes as they came. */
static void what_cannot_be_an_exercise_goes_on_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "<alert",
        HEARTBEAT,
        ALERT("A1", "Draft", "Public", ""),
        ALERT("A2", "System", "Public", ""),
        ALERT("A3", "Invented", "Public", ""),
        ALERT("urn:caprelay:0123456789abcdef0123456789abcdef", "Exercise", "Public", ""),
    };
    start(HUB);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char name[20];
        snprintf(name, sizeof name, "hub/%zu.xml", i);
        give(name, texts[i]);
        assert_int_equal(world.port.count, i + 1);
        assert_true(slice_eq_cstr(delivery(i)->bytes, texts[i]));
        assert_false(delivery(i)->has_recording);
        assert_non_null(delivery(i)->mark_key.ptr);
    }
}

/* Scope is for intake to judge; the status is not its way out. */
static void private_alert_is_rewritten_and_stays_private(void **state)
{
    (void)state;
    start(HUB);
    give("hub/one.xml", ALERT("A1", "Actual", "Private", "<addresses>s@example</addresses>"));
    assert_int_equal(delivered(0)->status, STATUS_EXERCISE);
    assert_int_equal(delivered(0)->scope, SCOPE_PRIVATE);
}

#define ENVELOPE                                                                                   \
    "<feed>" ALERT("A1", "Actual", "Public", "") HEARTBEAT ALERT("A2", "Invented", "Public", "")   \
        UPDATE("A3", "Actual", "A1") "</feed>"

static void envelope_becomes_one_delivery_for_each_alert(void **state)
{
    (void)state;
    start(HUB);
    give("hub/feed.xml", ENVELOPE);
    assert_int_equal(world.port.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(delivery(i)->has_recording);
        assert_false(says(delivery(i)->bytes, "Actual"));
        assert_string_equal(delivery(i)->recording_name.ptr, "feed.xml");
        assert_int_equal(delivery(i)->mark_key.ptr != NULL, i == 3);
    }
    assert_string_equal(delivered(0)->identifier.ptr, "A1.xsource-hub");
    assert_int_equal(delivered(1)->kind, KIND_HEARTBEAT);
    assert_false(delivered(2)->relayable);
    assert_true(says(delivery(2)->bytes, "(cap.status.unknown)"));
    assert_true(slice_eq_cstr(delivered(3)->references[0].identifier, "A1.xsource-hub"));
    assert_int_equal(hosts_status(world.hosts, 0).received, 1);
    assert_int_equal(hosts_status(world.hosts, 0).in_flight, 1);
}

static void document_settles_once_with_its_worst_verdict(void **state)
{
    (void)state;
    start(HUB_SPOOL);
    give("hub/feed.xml", ENVELOPE);
    static const char *const verdicts[] = {"relayed", "heartbeat", "unreadable", "relayed"};
    assert_int_equal(world.port.count, 4);
    assert_string_equal(delivery(0)->recording_name.ptr, "hub"); /* a spool has no marks */
    for (size_t i = 0; i < 4; i++) {
        assert_true(world_has(&world, "hub/feed.xml"));
        assert_int_equal(hosts_status(world.hosts, 0).in_flight, 1);
        fake_settle_at(&world.port, i, verdicts[i]);
    }
    assert_true(world_has(&world, "hub/refused/feed.xml"));
    struct source_status status = hosts_status(world.hosts, 0);
    assert_int_equal(status.in_flight, 0);
    assert_int_equal(status.relayed, 2);
    assert_int_equal(status.unreadable, 1);
}

/* Reading is what may kill the relay; intake then sets it aside, and the source goes on. */
static void document_of_two_crashes_is_not_read_again(void **state)
{
    (void)state;
    const char *text = ALERT("A1", "Actual", "Public", "");
    world.port.crashed = true;
    start(HUB);
    give("hub/one.xml", text);
    assert_true(slice_eq_cstr(delivery(0)->bytes, text));
    fake_settle_all(&world.port, "unreadable");
    assert_int_equal(hosts_status(world.hosts, 0).in_flight, 0);
}

static void what_waited_for_room_is_rewritten_too(void **state)
{
    (void)state;
    world.port.full_at = 1;
    start(HUB);
    give("hub/one.xml", ALERT("A1", "Actual", "Public", ""));
    give("hub/two.xml", ALERT("A2", "Actual", "Public", ""));
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(delivered(1)->status, STATUS_EXERCISE);
}

static void what_grows_too_large_is_cut_to_what_intake_refuses(void **state)
{
    (void)state;
    struct buf text;
    struct arena *arena = arena_create();
    buf_init(&text, PARSE_BYTES_MAX);
    buf_put_cstr(&text, "<alert " NS "><identifier>A1</identifier><sender>s@example</sender>"
                        "<sent>2026-01-01T00:00:00-05:00</sent><status>Actual</status>"
                        "<msgType>Alert</msgType><scope>Public</scope><note>");
    for (int i = 0; i < PARSE_BYTES_MAX - 1000; i++)
        buf_put_char(&text, '>'); /* written as &gt; */
    buf_put_cstr(&text, "</note></alert>");
    assert_false(buf_failed(&text));
    struct exercise_parts parts = exercise_rewrite(parser, arena, buf_slice(&text), SLICE("hub"));
    assert_int_equal(parts.count, 1);
    assert_int_equal(parts.items[0].len, PARSE_BYTES_MAX + 1);
    buf_fini(&text);
    arena_destroy(arena);
}

/* Two sources never share a run. */
static void run_is_named_after_the_source(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct slice text = SLICE(ALERT("A1", "Actual", "Public", ""));
    struct exercise_parts dotted = exercise_rewrite(parser, arena, text, SLICE("a.b"));
    struct exercise_parts dashed = exercise_rewrite(parser, arena, text, SLICE("a-b"));
    assert_true(says(dotted.items[0], "<identifier>A1.xsource-a.b</identifier>"));
    assert_true(says(dashed.items[0], "<identifier>A1.xsource-a-b</identifier>"));
    arena_destroy(arena);
}

int main(void)
{
#define EXERCISE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        EXERCISE_TEST(actual_alert_comes_out_as_an_exercise),
        EXERCISE_TEST(source_of_actual_alerts_is_left_alone),
        EXERCISE_TEST(references_meet_whatever_the_status_and_after_a_restart),
        EXERCISE_TEST(same_bytes_twice_are_the_same_bytes),
        EXERCISE_TEST(what_cannot_be_an_exercise_goes_on_as_it_is),
        EXERCISE_TEST(private_alert_is_rewritten_and_stays_private),
        EXERCISE_TEST(envelope_becomes_one_delivery_for_each_alert),
        EXERCISE_TEST(document_settles_once_with_its_worst_verdict),
        EXERCISE_TEST(document_of_two_crashes_is_not_read_again),
        EXERCISE_TEST(what_waited_for_room_is_rewritten_too),
        EXERCISE_TEST(what_grows_too_large_is_cut_to_what_intake_refuses),
        EXERCISE_TEST(run_is_named_after_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
