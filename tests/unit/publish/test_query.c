#include "fixture.h"

#define NONCE "000102030405060708090a0b0c0d0e0f"

static void *connect_client(struct fixture *fixture)
{
    void *socket = zmq_socket(fixture->zmq_context, ZMQ_DEALER);

    assert_int_equal(zmq_connect(socket, QUERY_ENDPOINT), 0);
    return socket;
}

static void open_all(struct fixture *fixture, size_t answer_max)
{
    fixture_open_feed(fixture, 1 << 20);
    fixture_open_queries(fixture, answer_max);
}

struct reply {
    struct frames frames;
    json_t *header;
};

static void reply_fini(struct reply *reply)
{
    json_decref(reply->header);
    arena_destroy(reply->frames.arena);
}

/* Sends the bytes; the answer must be signed by the key of the class, and its digests must fit. */
static struct reply ask_raw(struct fixture *fixture, void *socket, struct slice request,
                            enum alert_class class)
{
    struct reply reply;
    const json_t *digests;

    assert_true(zmq_send(socket, request.ptr, request.len, 0) >= 0);
    reply.frames = fixture_receive(fixture, socket);
    reply.header =
        fixture_header(&reply.frames, 0,
                       class == CLASS_ACTUAL ? &fixture->actual : &fixture->exercise, SEAL_ANSWER);
    assert_int_equal(fixture_number(reply.header, "count"), reply.frames.count - 1);
    digests = json_object_get(reply.header, "digests");
    assert_int_equal(json_array_size(digests), reply.frames.count - 1);
    for (size_t i = 1; i < reply.frames.count; i++) {
        struct digest digest = digest_of(reply.frames.items[i]);
        char hex[DIGEST_HEX_MAX];

        assert_string_equal(json_string_value(json_array_get(digests, i - 1)),
                            digest_hex(&digest, hex));
    }
    return reply;
}

/* A request of class actual with that verb and those arguments, as JSON members. */
static struct reply ask(struct fixture *fixture, void *socket, const char *verb,
                        const char *arguments)
{
    char request[1000];
    struct reply reply;

    snprintf(request, sizeof(request),
             "{\"v\":1,\"verb\":\"%s\",\"nonce\":\"" NONCE "\",\"class\":\"actual\"%s%s}", verb,
             arguments[0] ? "," : "", arguments);
    reply = ask_raw(fixture, socket, slice_from_cstr(request), CLASS_ACTUAL);
    assert_string_equal(fixture_text(reply.header, "nonce"), NONCE);
    assert_string_equal(fixture_text(reply.header, "verb"), verb);
    return reply;
}

static const char *error_code(const struct reply *reply)
{
    const json_t *error = json_object_get(reply->header, "error");

    return json_is_null(error) ? "" : fixture_text(error, "code");
}

static bool has_more(const struct reply *reply)
{
    return json_is_true(json_object_get(reply->header, "more"));
}

static json_int_t as_of(const struct reply *reply, const char *topic)
{
    return fixture_number(json_object_get(reply->header, "as_of"), topic);
}

/* --- requests that are wrong --- */

static void test_malformed_requests_get_a_signed_error(void **state)
{
    static const char *const requests[] = {
        "",
        "nonsense",
        "[]",
        "{\"v\":1}",
        "{\"v\":2,\"verb\":\"status\",\"nonce\":\"" NONCE "\",\"class\":\"actual\"}",
        "{\"v\":1,\"verb\":\"status\",\"nonce\":\"short\",\"class\":\"actual\"}",
        "{\"v\":1,\"verb\":\"status\",\"nonce\":\"" NONCE "\",\"class\":\"Actual\"}",
        "{\"v\":1,\"verb\":7,\"nonce\":\"" NONCE "\",\"class\":\"actual\"}",
        "{\"v\":1,\"v\":1,\"verb\":\"status\",\"nonce\":\"" NONCE "\",\"class\":\"actual\"}",
        "{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"after\":-1}",
        "{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"max\":10001}",
        "{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"after\":\"1\"}",
        "{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"topics\":[]}",
        "{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"topics\":[1]}",
        "{\"v\":1,\"verb\":\"get\",\"nonce\":\"" NONCE "\",\"class\":\"actual\"}",
        "{\"v\":1,\"verb\":\"get\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"digest\":\"zz\"}",
        "{\"v\":1,\"verb\":\"why\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"text\":\"ab\"}",
        "{\"v\":1,\"verb\":\"copies\",\"nonce\":\"" NONCE "\",\"class\":\"actual\",\"seq\":1.5}",
    };
    struct fixture *fixture = *state;
    void *socket;

    open_all(fixture, 1 << 20);
    socket = connect_client(fixture);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct reply reply = ask_raw(fixture, socket, slice_from_cstr(requests[i]), CLASS_ACTUAL);

        if (strcmp(error_code(&reply), "bad-request") != 0)
            fail_msg("%s: %s", requests[i], error_code(&reply));
        assert_int_equal(reply.frames.count, 1);
        reply_fini(&reply);
    }
    zmq_close(socket);
}

static void test_several_frames_are_no_request(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    socket = connect_client(fixture);
    zmq_send(socket, "a", 1, ZMQ_SNDMORE);
    zmq_send(socket, "b", 1, ZMQ_SNDMORE);
    reply = ask_raw(fixture, socket, SLICE("c"), CLASS_ACTUAL);
    assert_string_equal(error_code(&reply), "bad-request");
    reply_fini(&reply);
    reply = ask(fixture, socket, "status", "");
    assert_string_equal(error_code(&reply), "");
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_unknown_verb(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "dance", "");
    assert_string_equal(error_code(&reply), "unknown-verb");
    reply_fini(&reply);
    zmq_close(socket);
}

/* --- since --- */

static void test_since_everything(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    for (int i = 0; i < 5; i++)
        fixture_publish(fixture, CLASS_ACTUAL, i % 2 ? "ME" : "NH");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "since", "\"after\":2");
    assert_int_equal(reply.frames.count, 4);
    for (uint64_t seq = 3; seq <= 5; seq++)
        assert_int_equal(fixture_seq(&reply.frames, seq - 2), seq);
    assert_false(has_more(&reply));
    assert_int_equal(fixture_number(json_object_get(reply.header, "head"), "seq"), 5);
    assert_int_equal(as_of(&reply, "actual.us.all."), 5);
    assert_int_equal(as_of(&reply, "actual.us.ME."), 4);
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_since_max_zero_only_tells_where_things_stand(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "since", "\"max\":0");
    assert_int_equal(reply.frames.count, 1);
    assert_false(has_more(&reply));
    assert_int_equal(as_of(&reply, "actual.us.all."), 1);
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_since_pages_by_count(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    for (int i = 0; i < 5; i++)
        fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "since", "\"after\":0,\"max\":2,\"topics\":[\"actual.us.ME.\"]");
    assert_int_equal(reply.frames.count, 3);
    assert_true(has_more(&reply));
    reply_fini(&reply);
    reply = ask(fixture, socket, "since", "\"after\":3,\"max\":2,\"topics\":[\"actual.us.ME.\"]");
    assert_int_equal(reply.frames.count, 3);
    assert_int_equal(fixture_seq(&reply.frames, 2), 5);
    assert_false(has_more(&reply));
    reply_fini(&reply);
    zmq_close(socket);
}

/* At least one, however large; then as many as the bound on bytes lets through. */
static void test_since_pages_by_bytes(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 64 * 1024);
    fixture_append(fixture, CLASS_ACTUAL, "ME", 100000);
    for (int i = 0; i < 5; i++)
        fixture_append(fixture, CLASS_ACTUAL, "ME", 10000);
    fixture_commit(fixture);
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "since", "\"after\":0");
    assert_int_equal(reply.frames.count, 2);
    assert_true(has_more(&reply));
    reply_fini(&reply);
    reply = ask(fixture, socket, "since", "\"after\":1");
    assert_int_equal(reply.frames.count, 4); /* each holds its bytes twice */
    assert_true(has_more(&reply));
    reply_fini(&reply);
    zmq_close(socket);
}

/* One order over all topics, each bulletin once, pages without holes. */
static void test_since_over_several_topics(void **state)
{
    static const char *const regions[] = {"ME", "NH", "--", "VT", "ME", "--", "ME", "VT", "NH"};
    static const uint64_t wanted[] = {1, 3, 5, 6, 7};
    struct fixture *fixture = *state;
    void *socket;
    uint64_t after = 0;
    size_t got = 0;

    open_all(fixture, 1 << 20);
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        fixture_publish(fixture, CLASS_ACTUAL, regions[i]);
    socket = connect_client(fixture);
    for (bool more = true; more;) {
        char arguments[200];
        struct reply reply;

        snprintf(arguments, sizeof(arguments),
                 "\"after\":%llu,\"max\":2,\"topics\":[\"actual.us.ME.\",\"actual.us.--.\"]",
                 (unsigned long long)after);
        reply = ask(fixture, socket, "since", arguments);
        for (size_t i = 1; i < reply.frames.count; i++) {
            after = fixture_seq(&reply.frames, i);
            assert_true(got < 5);
            assert_int_equal(after, wanted[got++]);
        }
        more = has_more(&reply);
        assert_true(!more || reply.frames.count > 1);
        reply_fini(&reply);
    }
    assert_int_equal(got, 5);
    zmq_close(socket);
}

static void test_since_does_not_repeat_what_is_on_two_topics(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "since",
                "\"after\":0,\"topics\":[\"actual.us.ME.\",\"actual.us.all.\"]");
    assert_int_equal(reply.frames.count, 3);
    assert_int_equal(fixture_seq(&reply.frames, 1), 1);
    assert_int_equal(fixture_seq(&reply.frames, 2), 2);
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_classes_share_nothing(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_EXERCISE, "ME");
    socket = connect_client(fixture);
    reply = ask_raw(fixture, socket,
                    SLICE("{\"v\":1,\"verb\":\"since\",\"nonce\":\"" NONCE
                          "\",\"class\":\"exercise\",\"after\":0}"),
                    CLASS_EXERCISE);
    assert_int_equal(reply.frames.count, 2);
    assert_int_equal(fixture_number(json_object_get(reply.header, "head"), "seq"), 1);
    reply_fini(&reply);
    reply = ask(fixture, socket, "since", "\"after\":0,\"topics\":[\"exercise.us.ME.\"]");
    assert_int_equal(reply.frames.count, 1);
    reply_fini(&reply);
    zmq_close(socket);
}

/* --- in-force, get, copies, why, status, keys --- */

static void test_in_force_by_topic(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_ACTUAL, "NH");
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "in-force", "");
    assert_int_equal(reply.frames.count, 4);
    reply_fini(&reply);
    reply = ask(fixture, socket, "in-force", "\"topics\":[\"actual.us.ME.\"],\"after\":1");
    assert_int_equal(reply.frames.count, 2);
    assert_int_equal(fixture_seq(&reply.frames, 1), 3);
    assert_false(has_more(&reply));
    reply_fini(&reply);
    reply = ask(fixture, socket, "in-force", "\"topics\":[\"actual.us.ME.\"],\"max\":1");
    assert_int_equal(fixture_seq(&reply.frames, 1), 1);
    assert_true(has_more(&reply));
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_get_by_number(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "get", "\"seq\":1");
    assert_int_equal(reply.frames.count, 2);
    assert_int_equal(fixture_seq(&reply.frames, 1), 1);
    reply_fini(&reply);
    reply = ask(fixture, socket, "get", "\"seq\":2");
    assert_string_equal(error_code(&reply), "not-found");
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_get_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct frames stored;
    struct packet packet;
    struct digest digest;
    char arguments[200], hex[DIGEST_HEX_MAX];
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    fixture_append(fixture, CLASS_ACTUAL, "ME", 5000);
    fixture_commit(fixture);
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "get", "\"seq\":1");
    stored = reply.frames;
    assert_int_equal(packet_open(stored.arena, stored.items[1], &packet, NULL), OK);
    digest = digest_of(packet.parts[3]);
    reply_fini(&reply);
    snprintf(arguments, sizeof(arguments), "\"digest\":\"%s\"", digest_hex(&digest, hex));
    reply = ask(fixture, socket, "get", arguments);
    assert_int_equal(reply.frames.count, 2);
    assert_int_equal(packet_open(reply.frames.arena, reply.frames.items[1], &packet, NULL), OK);
    assert_int_equal(packet.count, 1);
    assert_int_equal(packet.parts[0].len > 5000, 1);
    assert_true(reply.frames.items[1].len < 1000); /* compressed */
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_copies(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;
    json_t *copies;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "copies", "\"seq\":1");
    assert_int_equal(reply.frames.count, 2);
    copies = fixture_header(&reply.frames, 1, &fixture->actual, SEAL_COPIES);
    assert_int_equal(fixture_number(copies, "seq"), 1);
    assert_int_equal(json_array_size(json_object_get(copies, "copies")), 0);
    json_decref(copies);
    reply_fini(&reply);
    reply = ask(fixture, socket, "copies", "\"seq\":9");
    assert_string_equal(error_code(&reply), "not-found");
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_why(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;
    const json_t *rows, *row;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "why", "\"text\":\"id-\"");
    rows = json_object_get(json_object_get(reply.header, "result"), "rows");
    assert_int_equal(json_array_size(rows), 1);
    row = json_array_get(rows, 0);
    assert_string_equal(fixture_text(row, "verdict"), "relayed");
    assert_string_equal(fixture_text(row, "reason"), "border.inside");
    assert_string_equal(fixture_text(row, "sender"), "a@b");
    assert_string_equal(fixture_text(row, "sent"), "2023-11-14T22:13:20.000000Z");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(row, "bulletins"), 0)), 1);
    assert_true(json_is_null(json_object_get(row, "first_arrival")));
    reply_fini(&reply);
    reply = ask(fixture, socket, "why", "\"text\":\"no such thing\"");
    rows = json_object_get(json_object_get(reply.header, "result"), "rows");
    assert_int_equal(json_array_size(rows), 0);
    reply_fini(&reply);
    zmq_close(socket);
}

static void test_status(void **state)
{
    struct fixture *fixture = *state;
    void *socket, *subscriber;
    struct reply reply;
    const json_t *result;

    open_all(fixture, 1 << 20);
    fixture_publish(fixture, CLASS_EXERCISE, "ME");
    subscriber = zmq_socket(fixture->zmq_context, ZMQ_SUB);
    zmq_connect(subscriber, FEED_ENDPOINT);
    zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, "actual.us.ME.", 13);
    fixture_wait_subscriptions(fixture, 1);
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "status", "");
    result = json_object_get(reply.header, "result");
    assert_string_equal(fixture_text(result, "state"), "ok");
    assert_int_equal(fixture_number(json_object_get(result, "subscribers"), "actual.us.ME."), 1);
    assert_int_equal(fixture_number(json_object_get(result, "in_force"), "exercise"), 1);
    assert_int_equal(fixture_number(json_object_get(result, "in_force"), "actual"), 0);
    assert_int_equal(
        fixture_number(json_object_get(json_object_get(result, "heads"), "exercise"), "seq"), 1);
    assert_int_equal(fixture_number(json_object_get(result, "journal"), "arrivals"), 1);
    reply_fini(&reply);
    zmq_close(socket);
    zmq_close(subscriber);
}

static void test_keys(void **state)
{
    struct fixture *fixture = *state;
    void *socket;
    struct reply reply;

    open_all(fixture, 1 << 20);
    socket = connect_client(fixture);
    reply = ask(fixture, socket, "keys", "");
    assert_string_equal(error_code(&reply), "not-found");
    reply_fini(&reply);
    fixture->view.key_list = SLICE("the list");
    reply = ask(fixture, socket, "keys", "");
    assert_true(slice_eq_cstr(reply.frames.items[1], "the list"));
    reply_fini(&reply);
    zmq_close(socket);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_malformed_requests_get_a_signed_error),
        TEST(test_several_frames_are_no_request),
        TEST(test_unknown_verb),
        TEST(test_since_everything),
        TEST(test_since_max_zero_only_tells_where_things_stand),
        TEST(test_since_pages_by_count),
        TEST(test_since_pages_by_bytes),
        TEST(test_since_over_several_topics),
        TEST(test_since_does_not_repeat_what_is_on_two_topics),
        TEST(test_classes_share_nothing),
        TEST(test_in_force_by_topic),
        TEST(test_get_by_number),
        TEST(test_get_by_digest),
        TEST(test_copies),
        TEST(test_why),
        TEST(test_status),
        TEST(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
