/* The host with an adapter of the test's own, which cannot be paused: queue, holding back, failing.
 */
#include "adapters/seen.h"
#include "tests/support/adapter_world.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* --- the adapter; these two symbols take the place of registry.c --- */

struct pusher {
    struct host *host;
    bool running;
};

static struct {
    struct pusher *instance;
    int starts, stops, fail_starts;
    uint64_t receipts[1000];
    size_t settled;
    char verdict[40], reason[40];
} pushed;

static enum err_code pusher_init(void *instance, struct host *host, struct err *err)
{
    (void)err;
    pushed.instance = instance;
    pushed.instance->host = host;
    return OK;
}

static enum err_code pusher_start(void *instance, struct err *err)
{
    struct pusher *pusher = instance;
    if (pushed.fail_starts > 0) {
        pushed.fail_starts--;
        return err_set(err, ERR_IO, "nobody is there");
    }
    pushed.starts++;
    pusher->running = true;
    host_state(pusher->host, SOURCE_LIVE, "connected");
    return OK;
}

static void pusher_stop(void *instance)
{
    struct pusher *pusher = instance;
    pushed.stops++;
    pusher->running = false;
}

static void pusher_fini(void *instance)
{
    (void)instance;
    pushed.instance = NULL;
}

static void pusher_settled(void *instance, const struct adapter_outcome *outcome)
{
    (void)instance;
    pushed.receipts[pushed.settled++] = outcome->receipt;
    snprintf(pushed.verdict, sizeof pushed.verdict, "%.*s", SLICE_ARG(outcome->verdict));
    snprintf(pushed.reason, sizeof pushed.reason, "%.*s", SLICE_ARG(outcome->reason));
}

static const struct conf_row no_options[] = {{.type = CONF_END}};

static const struct adapter_ops adapter_pusher = {.name = "pusher",
                                                  .summary = "pushes",
                                                  .api_version = ADAPTER_API_VERSION,
                                                  .instance_size = sizeof(struct pusher),
                                                  .options = no_options,
                                                  .init = pusher_init,
                                                  .start = pusher_start,
                                                  .stop = pusher_stop,
                                                  .fini = pusher_fini,
                                                  .settled = pusher_settled};

const struct adapter_ops *const adapter_registry[] = {&adapter_pusher, NULL};

const struct adapter_ops *adapter_find(struct slice name)
{
    return slice_eq_cstr(name, "pusher") ? &adapter_pusher : NULL;
}

/* --- the tests --- */

static struct world world;

static int begin(void **state)
{
    (void)state;
    memset(&pushed, 0, sizeof pushed);
    world_init(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

static void start(void)
{
    world_start(&world, "sources:\n - {name: p, adapter: pusher}\n");
    world_run(&world, 0);
}

static void push(int i)
{
    char text[20];
    snprintf(text, sizeof text, "%d", i);
    const struct adapter_document document = {.bytes = slice_from_cstr(text),
                                              .mark_key = SLICE("at"),
                                              .mark_value = slice_from_cstr(text),
                                              .receipt = (uint64_t)i};
    host_deliver(pushed.instance->host, &document);
}

static struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static void what_comes_while_full_waits_in_order(void **state)
{
    (void)state;
    world.port.full_at = 2;
    start();
    for (int i = 0; i < 10; i++)
        push(i);
    assert_int_equal(world.port.count, 2);
    assert_int_equal(status().in_flight, 10);
    for (int round = 0; round < 10; round++) {
        fake_settle_all(&world.port, "relayed");
        world_run(&world, 0);
    }
    assert_int_equal(world.port.count, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(atoi(world.port.items[i].bytes.ptr), i);
        assert_int_equal(pushed.receipts[i], i);
    }
    assert_int_equal(pushed.stops, 0);
}

static void too_much_waiting_stops_the_source_until_there_is_room(void **state)
{
    (void)state;
    world.port.full_at = 1;
    start();
    int sent = 0;
    while (pushed.instance->running && sent < 1000)
        push(sent++);
    assert_int_equal(sent, 1 + 256);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_true(status().paused);
    world.port.full_at = 0;
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, sent);
    assert_true(pushed.instance->running);
    assert_int_equal(pushed.starts, 2);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_false(status().paused);
}

static void failed_source_is_stopped_and_started_later(void **state)
{
    (void)state;
    start();
    host_failed(pushed.instance->host, "the line is %s", "cut");
    assert_int_equal(pushed.stops, 0); /* not from within its own call */
    assert_int_equal(status().state, SOURCE_DOWN);
    assert_string_equal(status().reason.ptr, "the line is cut");
    pushed.fail_starts = 2;
    world_run(&world, 1 * SECOND);
    assert_true(pushed.stops > 0);
    assert_string_equal(status().reason.ptr, "nobody is there");
    world_run(&world, 1 * SECOND);
    assert_int_equal(status().state, SOURCE_DOWN);
    world_run(&world, 6 * SECOND); /* 2 s and 4 s after the second and third attempt */
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(pushed.starts, 2);
}

static void stop_forgets_the_next_attempt(void **state)
{
    (void)state;
    start();
    host_failed(pushed.instance->host, "cut");
    hosts_stop(world.hosts);
    world_run(&world, 1000 * SECOND);
    assert_int_equal(pushed.starts, 1);
    assert_false(pushed.instance->running);
}

static void settle_one_of(const char *verdict, const char *reason, bool last)
{
    const struct intake_outcome outcome = {.tag = world.port.items[0].tag,
                                           .source = world.port.items[0].source,
                                           .verdict = slice_from_cstr(verdict),
                                           .reason = slice_from_cstr(reason),
                                           .last = last};
    hosts_settle(world.hosts, &outcome);
}

/* An envelope of several alerts has one verdict for its source: the worst. */
static void unreadable_part_is_the_verdict_of_an_envelope(void **state)
{
    (void)state;
    start();
    push(7);
    settle_one_of("relayed", "first", false);
    assert_int_equal(pushed.settled, 0);
    settle_one_of("unreadable", "second", false);
    settle_one_of("relayed", "third", true);
    assert_int_equal(pushed.settled, 1);
    assert_int_equal(pushed.receipts[0], 7);
    assert_string_equal(pushed.verdict, "unreadable");
    assert_string_equal(pushed.reason, "second");
    assert_int_equal(status().relayed, 2);
    assert_int_equal(status().unreadable, 1);
}

static void marks_are_known_after_the_commit_only(void **state)
{
    (void)state;
    struct slice value;
    start();
    push(3);
    assert_false(host_mark(pushed.instance->host, SLICE("at"), &value));
    fake_settle_all(&world.port, "relayed");
    assert_true(host_mark(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "3"));
}

static void a_mark_to_come_is_that_of_the_newest_delivery(void **state)
{
    (void)state;
    struct slice value;
    start();
    assert_false(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    push(3);
    push(4);
    assert_false(host_mark_to_come(pushed.instance->host, SLICE("else"), &value));
    assert_true(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "4"));
    world.port.full_at = 1;
    push(5);
    push(6); /* waits for room */
    assert_true(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "6"));
    fake_settle_all(&world.port, "relayed");
    assert_true(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "6"));
    assert_true(host_mark(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "5"));
}

static void push_seen(const char *id)
{
    struct seen_mark mark;
    struct adapter_document document = {.bytes = slice_from_cstr(id)};
    seen_make(pushed.instance->host, slice_from_cstr(id), &mark);
    seen_put(&mark, &document);
    host_deliver(pushed.instance->host, &document);
}

/* Another id whose mark has the same key: one in 65,536. */
static void find_twin(const char *id, char *twin, size_t cap)
{
    struct seen_mark one, other = {0};
    seen_make(pushed.instance->host, slice_from_cstr(id), &one);
    for (int i = 0; strcmp(one.key, other.key) != 0; i++) {
        assert_in_range(i, 0, 5000000);
        snprintf(twin, cap, "twin-%d", i);
        seen_make(pushed.instance->host, slice_from_cstr(twin), &other);
    }
}

static void push_twins(char *twin, size_t cap)
{
    start();
    find_twin("first", twin, cap);
    push_seen("first");
    push_seen(twin);
}

static void two_in_flight_at_one_place_are_both_remembered(void **state)
{
    (void)state;
    char twin[20];
    push_twins(twin, sizeof twin);
    struct host *host = pushed.instance->host;
    assert_false(seen_before(host, SLICE("first")));
    assert_false(seen_before(host, slice_from_cstr(twin)));
    fake_settle_all(&world.port, "relayed");
    assert_true(seen_before(host, SLICE("first")));
    assert_true(seen_before(host, slice_from_cstr(twin)));
}

/* A refused one has its row too; what is not stored is never called seen, though a later mark was
 * made in the meantime. */
static void a_crash_leaves_the_beginning_seen_and_no_more(void **state)
{
    (void)state;
    char twin[20];
    push_twins(twin, sizeof twin);
    fake_settle_at(&world.port, 0, "refused");
    assert_true(seen_before(pushed.instance->host, SLICE("first")));
    assert_false(seen_before(pushed.instance->host, slice_from_cstr(twin)));
    world_stop(&world);
    start();
    assert_true(seen_before(pushed.instance->host, SLICE("first")));
    assert_false(seen_before(pushed.instance->host, slice_from_cstr(twin)));
    push_seen(twin);
    fake_settle_all(&world.port, "relayed");
    assert_true(seen_before(pushed.instance->host, SLICE("first")));
    assert_true(seen_before(pushed.instance->host, slice_from_cstr(twin)));
}

static void reload(const char *sources)
{
    struct err err = {0};
    char text[400];
    snprintf(text, sizeof text, WORLD_LISTEN "%s", sources);
    const struct relay_conf *conf = world_conf(&world, text);
    assert_int_equal(hosts_reload(world.hosts, conf, &err), OK);
    relay_conf_release(conf);
}

/* What the source was before has some in flight; what it is now has the newest. */
static void a_mark_to_come_is_the_newest_over_a_reload(void **state)
{
    (void)state;
    struct slice value;
    start();
    push(3);
    reload("sources:\n - {name: p, adapter: pusher, country: us}\n");
    assert_true(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "3"));
    push(4);
    assert_true(host_mark_to_come(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "4"));
}

static void a_mark_may_go_with_no_document(void **state)
{
    (void)state;
    struct slice value;
    start();
    push(3);
    fake_settle_all(&world.port, "relayed");
    host_set_mark(pushed.instance->host, SLICE("at"), SLICE("4"));
    assert_true(host_mark(pushed.instance->host, SLICE("at"), &value));
    assert_true(slice_eq_cstr(value, "4"));
    assert_int_equal(world.port.count, 1);
}

static void hostile_reasons_cannot_forge_the_log(void **state)
{
    (void)state;
    start();
    host_state(pushed.instance->host, SOURCE_DEGRADED, "%s", "x\nsource.state source=p state=live");
    assert_true(world_logged(&world, "reason=\"x\\x0Asource.state source=p state=live\""));
}

int main(void)
{
#define PRESSURE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        PRESSURE_TEST(what_comes_while_full_waits_in_order),
        PRESSURE_TEST(too_much_waiting_stops_the_source_until_there_is_room),
        PRESSURE_TEST(failed_source_is_stopped_and_started_later),
        PRESSURE_TEST(stop_forgets_the_next_attempt),
        PRESSURE_TEST(unreadable_part_is_the_verdict_of_an_envelope),
        PRESSURE_TEST(marks_are_known_after_the_commit_only),
        PRESSURE_TEST(a_mark_to_come_is_that_of_the_newest_delivery),
        PRESSURE_TEST(a_mark_to_come_is_the_newest_over_a_reload),
        PRESSURE_TEST(two_in_flight_at_one_place_are_both_remembered),
        PRESSURE_TEST(a_crash_leaves_the_beginning_seen_and_no_more),
        PRESSURE_TEST(a_mark_may_go_with_no_document),
        PRESSURE_TEST(hostile_reasons_cannot_forge_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
