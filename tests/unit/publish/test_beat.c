#include "fixture.h"

static void *subscribe(struct fixture *fixture)
{
    void *socket = zmq_socket(fixture->zmq_context, ZMQ_SUB);

    assert_int_equal(zmq_connect(socket, FEED_ENDPOINT), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "beat.", 5), 0);
    fixture_wait_subscriptions(fixture, 1);
    return socket;
}

/* The next beat, which must be of that class. */
static json_t *beat(struct fixture *fixture, void *socket, enum alert_class class)
{
    const struct key *key = class == CLASS_ACTUAL ? &fixture->actual : &fixture->exercise;
    struct frames frames = fixture_receive(fixture, socket);
    json_t *header = fixture_header(&frames, 1, key, SEAL_BEAT);

    assert_int_equal(frames.count, 2);
    assert_true(
        slice_eq_cstr(frames.items[0], class == CLASS_ACTUAL ? "beat.actual." : "beat.exercise."));
    assert_string_equal(fixture_text(header, "class"), alert_class_name(class));
    arena_destroy(frames.arena);
    return header;
}

static void drain(struct fixture *fixture, void *socket)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

    while (zmq_poll(&item, 1, 0) > 0) {
        struct frames frames = fixture_receive(fixture, socket);

        arena_destroy(frames.arena);
    }
}

/* Makes the relay beat now and gives the beat of class actual; the other is read away. */
static json_t *beat_now(struct fixture *fixture, void *socket)
{
    json_t *actual;

    drain(fixture, socket);
    beats_set_interval(fixture->beats, 3600 * INT64_C(1000000));
    actual = beat(fixture, socket, CLASS_ACTUAL);
    json_decref(beat(fixture, socket, CLASS_EXERCISE));
    return actual;
}

static void test_an_empty_relay(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    json_t *header;
    const json_t *head;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture);
    header = beat_now(fixture, socket);
    head = json_object_get(header, "head");
    assert_int_equal(fixture_number(head, "seq"), 0);
    assert_string_equal(fixture_text(head, "chain"),
                        "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(json_object_size(json_object_get(header, "topics")), 0);
    assert_int_equal(fixture_number(json_object_get(header, "in_force"), "count"), 0);
    assert_string_equal(fixture_text(header, "state"), "ok");
    assert_int_equal(fixture_number(header, "interval_ms"), 3600000);
    json_decref(header);
    zmq_close(socket);
}

/* Committed is not sent: a client would ask for a loss that never was. */
static void test_tells_what_was_sent(void **state)
{
    struct fixture *fixture = *state;
    char hex[DIGEST_HEX_MAX];
    struct digest chain = fixture_chain(1);
    void *socket;
    json_t *header;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    feed_advance(fixture->feed);
    fixture_publish(fixture, CLASS_ACTUAL, "NH");
    header = beat_now(fixture, socket);
    assert_int_equal(fixture_number(json_object_get(header, "head"), "seq"), 1);
    assert_string_equal(fixture_text(json_object_get(header, "head"), "chain"),
                        digest_hex(&chain, hex));
    assert_int_equal(fixture_number(json_object_get(header, "topics"), "actual.us.all."), 1);
    assert_null(json_object_get(json_object_get(header, "topics"), "actual.us.NH."));
    json_decref(header);
    feed_advance(fixture->feed);
    header = beat_now(fixture, socket);
    chain = fixture_chain(2);
    assert_int_equal(fixture_number(json_object_get(header, "head"), "seq"), 2);
    assert_string_equal(fixture_text(json_object_get(header, "head"), "chain"),
                        digest_hex(&chain, hex));
    assert_int_equal(fixture_number(json_object_get(header, "topics"), "actual.us.ME."), 1);
    assert_int_equal(fixture_number(json_object_get(header, "topics"), "actual.us.NH."), 2);
    json_decref(header);
    zmq_close(socket);
}

static void test_in_force_digest(void **state)
{
    struct fixture *fixture = *state;
    struct digest_state sum;
    struct digest wanted;
    char hex[DIGEST_HEX_MAX];
    void *socket;
    json_t *header;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_EXERCISE, "ME");
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    header = beat_now(fixture, socket);
    digest_begin(&sum);
    digest_add_u64be(&sum, 1);
    digest_add_u64be(&sum, 2);
    wanted = digest_end(&sum);
    assert_int_equal(fixture_number(json_object_get(header, "in_force"), "count"), 2);
    assert_string_equal(fixture_text(json_object_get(header, "in_force"), "digest"),
                        digest_hex(&wanted, hex));
    json_decref(header);
    zmq_close(socket);
}

static void test_counts_are_of_the_class(void **state)
{
    struct fixture *fixture = *state;
    const json_t *counts;
    void *socket;
    json_t *header;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture);
    header = beat_now(fixture, socket);
    counts = json_object_get(header, "counts");
    assert_int_equal(fixture_number(counts, "relayed"), 7);
    assert_int_equal(fixture_number(counts, "duplicate"), 2);
    assert_int_equal(fixture_number(counts, "copies"), 2);
    assert_int_equal(fixture_number(counts, "unreadable"), 1);
    assert_int_equal(fixture_number(counts, "refused"), 0);
    json_decref(header);
    zmq_close(socket);
}

static void test_a_source_that_is_down_degrades(void **state)
{
    struct fixture *fixture = *state;
    const json_t *source;
    void *socket;
    json_t *header;

    fixture_open_feed(fixture, 1 << 20);
    socket = subscribe(fixture);
    fixture->source_state = "down";
    header = beat_now(fixture, socket);
    assert_string_equal(fixture_text(header, "state"), "degraded");
    assert_string_equal(json_string_value(json_array_get(json_object_get(header, "reasons"), 0)),
                        "source-down: spool: because");
    source = json_array_get(json_object_get(header, "sources"), 0);
    assert_string_equal(fixture_text(source, "state"), "down");
    assert_string_equal(fixture_text(source, "class"), "actual");
    assert_string_equal(fixture_text(source, "since"), "2023-11-14T22:13:20.000000Z");
    assert_true(json_is_null(json_object_get(source, "last_message")));
    assert_int_equal(fixture_number(source, "lag_ms"), 2500);
    json_decref(header);
    zmq_close(socket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_empty_relay, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tells_what_was_sent, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_in_force_digest, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_counts_are_of_the_class, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_source_that_is_down_degrades, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
