#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/flight.h"

static void test_counts_until_the_last_copy_is_gone(void **state)
{
    struct flight *flight = flight_create();
    zmq_msg_t first, copy;

    (void)state;
    assert_int_equal(flight_bytes(flight), 0);
    flight_message(flight, SLICE("twelve bytes"), &first);
    assert_int_equal(flight_bytes(flight), 12);
    assert_int_equal(zmq_msg_size(&first), 12);
    assert_memory_equal(zmq_msg_data(&first), "twelve bytes", 12);
    zmq_msg_init(&copy);
    zmq_msg_copy(&copy, &first);
    zmq_msg_close(&first);
    assert_int_equal(flight_bytes(flight), 12);
    zmq_msg_close(&copy);
    assert_int_equal(flight_bytes(flight), 0);
    flight_destroy(flight);
}

/* ZeroMQ's threads let go of messages after the feed is gone. */
static void test_outlived_by_its_messages(void **state)
{
    struct flight *flight = flight_create();
    zmq_msg_t message;

    (void)state;
    flight_message(flight, SLICE("late"), &message);
    flight_destroy(flight);
    assert_memory_equal(zmq_msg_data(&message), "late", 4);
    zmq_msg_close(&message);
}

static void test_nothing_at_all(void **state)
{
    struct flight *flight = flight_create();
    zmq_msg_t message;

    (void)state;
    flight_message(flight, (struct slice){NULL, 0}, &message);
    assert_int_equal(zmq_msg_size(&message), 0);
    zmq_msg_close(&message);
    flight_destroy(flight);
    flight_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_until_the_last_copy_is_gone),
        cmocka_unit_test(test_outlived_by_its_messages),
        cmocka_unit_test(test_nothing_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
