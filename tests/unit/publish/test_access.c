#include "fixture.h"

#include "base/digest.h"

static void test_what_is_local(void **state)
{
    static const char *const local[] = {
        "tcp://127.0.0.1:1", "tcp://127.255.3.4:9650", "tcp://localhost:1",
        "tcp://[::1]:1",     "ipc:///run/x",           "inproc://x",
    };
    static const char *const open[] = {
        "tcp://0.0.0.0:1",
        "tcp://*:1",
        "tcp://10.0.0.1:1",
        "tcp://[::]:1",
        "tcp://127.0.0.1",
        "tcp://127.1:1",
        "tcp://127.0.0.1.example:1",
        "tcp://127.0.0.256:1",
        "tcp://eth0:1",
        "udp://127.0.0.1:1",
        "",
        "tcp://1127.0.0.1:1",
        "tcp://localhost.example:1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        if (!access_endpoint_is_local(local[i]))
            fail_msg("%s is local", local[i]);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (access_endpoint_is_local(open[i]))
            fail_msg("%s is open", open[i]);
}

static void test_plain_stays_on_the_loopback(void **state)
{
    struct fixture *fixture = *state;
    void *socket = zmq_socket(fixture->zmq_context, ZMQ_ROUTER);
    struct err err = {0};

    assert_int_equal(access_bind(fixture->access, socket, "tcp://0.0.0.0:0", &err), ERR_INVALID);
    assert_int_equal(access_bind(fixture->access, socket, "tcp://127.0.0.1:0", &err), OK);
    zmq_close(socket);
}

static void test_curve_needs_its_key(void **state)
{
    struct fixture *fixture = *state;
    struct access_options options = {.curve = true, .server_key = &fixture->actual};
    struct access *access = NULL;
    struct err err = {0};

    assert_int_equal(access_create(fixture->loop, fixture->zmq_context, &options, &access, &err),
                     ERR_INVALID);
    assert_null(access);
}

/* --- CURVE, over a socket file --- */

struct curve {
    struct fixture *fixture;
    struct access *access;
    void *server;
    char endpoint[128];
    struct key server_key;
};

static void curve_open(struct curve *curve, struct fixture *fixture, bool any,
                       const struct access_client *allowed, size_t count)
{
    struct access_options options = {.curve = true,
                                     .server_key = &curve->server_key,
                                     .any = any,
                                     .allowed = allowed,
                                     .allowed_count = count,
                                     .heartbeat_us = 1000000,
                                     .backlog = 16};
    struct err err = {0};

    curve->fixture = fixture;
    key_new(&curve->server_key, KEY_CURVE);
    snprintf(curve->endpoint, sizeof(curve->endpoint), "ipc://%s/socket", fixture->folder);
    assert_int_equal(
        access_create(fixture->loop, fixture->zmq_context, &options, &curve->access, &err), OK);
    curve->server = zmq_socket(fixture->zmq_context, ZMQ_ROUTER);
    assert_int_equal(access_apply(curve->access, curve->server, 4096, &err), OK);
    assert_int_equal(access_bind(curve->access, curve->server, curve->endpoint, &err), OK);
}

static void curve_close(struct curve *curve)
{
    zmq_close(curve->server);
    access_destroy(curve->access);
}

/* A client with that key (NULL: no CURVE at all) sends one message; whether it was let in within
 * some turns. */
static bool curve_admits(struct curve *curve, const struct key *client_key)
{
    void *client = zmq_socket(curve->fixture->zmq_context, ZMQ_DEALER);
    zmq_pollitem_t item = {.socket = curve->server, .events = ZMQ_POLLIN};
    struct access_counts before = access_counts(curve->access);
    const int zero = 0, no_retry = -1;
    bool came = false;

    zmq_setsockopt(client, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(client, ZMQ_RECONNECT_IVL, &no_retry, sizeof(no_retry));
    if (client_key) {
        zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, client_key->public_key, 32);
        zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, client_key->secret_key, 32);
        zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, curve->server_key.public_key, 32);
    }
    assert_int_equal(zmq_connect(client, curve->endpoint), 0);
    zmq_send(client, "hello", 5, ZMQ_DONTWAIT);
    for (int i = 0; i < 400 && !came; i++) {
        loop_turn(curve->fixture->loop, false);
        came = zmq_poll(&item, 1, 5) > 0;
        if (access_counts(curve->access).denied > before.denied || (!client_key && i > 50))
            break;
    }
    while (came && zmq_poll(&item, 1, 0) > 0) {
        char text[16];

        zmq_recv(curve->server, text, sizeof(text), 0);
    }
    zmq_close(client);
    return came;
}

static void test_the_list_decides(void **state)
{
    struct fixture *fixture = *state;
    struct curve curve;
    struct key friend, stranger;
    struct access_client allowed;

    key_new(&friend, KEY_CURVE);
    key_new(&stranger, KEY_CURVE);
    memcpy(allowed.public_key, friend.public_key, sizeof(allowed.public_key));
    curve_open(&curve, fixture, false, &allowed, 1);
    assert_true(curve_admits(&curve, &friend));
    assert_false(curve_admits(&curve, &stranger));
    assert_false(curve_admits(&curve, NULL));
    assert_int_equal(access_counts(curve.access).admitted, 1);
    assert_int_equal(access_counts(curve.access).denied, 1);
    memcpy(allowed.public_key, stranger.public_key, sizeof(allowed.public_key));
    access_set_allowed(curve.access, false, &allowed, 1);
    assert_true(curve_admits(&curve, &stranger));
    assert_false(curve_admits(&curve, &friend));
    curve_close(&curve);
}

static void test_any_lets_every_key_in_but_no_plain_client(void **state)
{
    struct fixture *fixture = *state;
    struct curve curve;
    struct key stranger;

    key_new(&stranger, KEY_CURVE);
    curve_open(&curve, fixture, true, NULL, 0);
    assert_true(curve_admits(&curve, &stranger));
    assert_false(curve_admits(&curve, NULL));
    curve_close(&curve);
}

static void test_an_empty_list_lets_nobody_in(void **state)
{
    struct fixture *fixture = *state;
    struct curve curve;
    struct key stranger;

    key_new(&stranger, KEY_CURVE);
    curve_open(&curve, fixture, false, NULL, 0);
    assert_false(curve_admits(&curve, &stranger));
    curve_close(&curve);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_local),
        TEST(test_plain_stays_on_the_loopback),
        TEST(test_curve_needs_its_key),
        TEST(test_the_list_decides),
        TEST(test_any_lets_every_key_in_but_no_plain_client),
        TEST(test_an_empty_list_lets_nobody_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
