#include "fixture.h"

static void *subscribe(struct fixture *fixture, const char *topic)
{
    void *socket = zmq_socket(fixture->zmq_context, ZMQ_SUB);
    int hwm = 0;

    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    assert_int_equal(zmq_connect(socket, FEED_ENDPOINT), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)), 0);
    return socket;
}

static uint64_t receive(struct fixture *fixture, void *socket, const char *topic)
{
    struct frames frames = fixture_receive(fixture, socket);
    uint64_t seq;

    assert_int_equal(frames.count, 2);
    assert_true(slice_eq_cstr(frames.items[0], topic));
    seq = fixture_seq(&frames, 1);
    arena_destroy(frames.arena);
    return seq;
}

static bool is_silent(struct fixture *fixture, void *socket)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

    for (int i = 0; i < 20; i++)
        loop_turn(fixture->loop, false);
    return zmq_poll(&item, 1, 0) == 0;
}

/* What was committed before the start is asked for by `since`, not sent again. */
static void test_begins_at_the_head(void **state)
{
    struct fixture *fixture = *state;
    void *socket;

    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_open_feed(fixture, 1 << 20);
    assert_int_equal(feed_sent(fixture->feed, CLASS_ACTUAL), 1);
    socket = subscribe(fixture, "actual.us.ME.");
    fixture_wait_subscriptions(fixture, 1);
    feed_advance(fixture->feed);
    assert_true(is_silent(fixture, socket));
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    feed_advance(fixture->feed);
    assert_int_equal(receive(fixture, socket, "actual.us.ME."), 2);
    zmq_close(socket);
}

static void test_one_topic_gets_only_its_own(void **state)
{
    struct fixture *fixture = *state;
    void *maine, *all, *exercise;

    fixture_open_feed(fixture, 1 << 20);
    maine = subscribe(fixture, "actual.us.ME.");
    all = subscribe(fixture, "actual.us.all.");
    exercise = subscribe(fixture, "exercise.");
    fixture_wait_subscriptions(fixture, 3);
    fixture_publish(fixture, CLASS_ACTUAL, "NH");
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_EXERCISE, "ME");
    feed_advance(fixture->feed);
    assert_int_equal(receive(fixture, maine, "actual.us.ME."), 2);
    assert_true(is_silent(fixture, maine));
    assert_int_equal(receive(fixture, all, "actual.us.all."), 1);
    assert_int_equal(receive(fixture, all, "actual.us.all."), 2);
    assert_true(is_silent(fixture, all));
    assert_int_equal(receive(fixture, exercise, "exercise.us.ME."), 1);
    assert_int_equal(receive(fixture, exercise, "exercise.us.all."), 1);
    assert_true(is_silent(fixture, exercise));
    zmq_close(maine);
    zmq_close(all);
    zmq_close(exercise);
}

static void test_a_burst_is_sent_in_turns_and_in_order(void **state)
{
    enum { BURST = 1000 };
    struct fixture *fixture = *state;
    void *socket;

    fixture_open_feed(fixture, 64 << 20);
    socket = subscribe(fixture, "actual.us.all.");
    fixture_wait_subscriptions(fixture, 1);
    for (int i = 0; i < BURST; i++)
        fixture_append(fixture, CLASS_ACTUAL, "ME", 1000);
    fixture_commit(fixture);
    feed_advance(fixture->feed);
    assert_false(feed_idle(fixture->feed));
    assert_true(feed_sent(fixture->feed, CLASS_ACTUAL) < BURST);
    for (uint64_t seq = 1; seq <= BURST; seq++)
        assert_int_equal(receive(fixture, socket, "actual.us.all."), seq);
    assert_true(feed_idle(fixture->feed));
    zmq_close(socket);
}

/* A subscriber that reads nothing pins what it was sent: the feed waits before memory is gone, and
 * goes on when it is free again. */
static void test_what_slow_subscribers_hold_is_bounded(void **state)
{
    enum { LIMIT = 64 * 1024, BURST = 300, SIZE = 4000 };
    struct fixture *fixture = *state;
    void *socket;

    fixture_open_feed(fixture, LIMIT);
    socket = subscribe(fixture, "actual.us.all.");
    fixture_wait_subscriptions(fixture, 1);
    for (int i = 0; i < BURST; i++)
        fixture_append(fixture, CLASS_ACTUAL, "ME", SIZE);
    fixture_commit(fixture);
    feed_advance(fixture->feed);
    for (int i = 0; i < 1000 && !feed_state(fixture->feed).blocked; i++) {
        loop_turn(fixture->loop, false);
        usleep(1000);
    }
    assert_true(feed_state(fixture->feed).blocked);
    assert_true(feed_state(fixture->feed).in_flight_bytes >= 4 * LIMIT);
    assert_true(feed_state(fixture->feed).in_flight_bytes < 4 * LIMIT + (1 << 20) + 2 * SIZE);
    for (uint64_t seq = 1; seq <= BURST; seq++)
        assert_int_equal(receive(fixture, socket, "actual.us.all."), seq);
    zmq_close(socket);
}

static void test_a_beat_goes_out_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct frames frames;
    void *socket;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture, "beat.x.");
    fixture_wait_subscriptions(fixture, 1);
    feed_send_beat(fixture->feed, SLICE("beat.x."), SLICE("frame"));
    frames = fixture_receive(fixture, socket);
    assert_true(slice_eq_cstr(frames.items[1], "frame"));
    arena_destroy(frames.arena);
    zmq_close(socket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_begins_at_the_head, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_topic_gets_only_its_own, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_burst_is_sent_in_turns_and_in_order, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_slow_subscribers_hold_is_bounded, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_beat_goes_out_at_once, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
