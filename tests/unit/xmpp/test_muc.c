/*
 * The loop's side of a seat: what it tells, holds back and waits for. The blocking side is this
 * file's: the symbols of seat.h, on the thread that muc.c gives it, told what to do by the test.
 */
#include "tests/support/fake_loop.h"

#include "xmpp/seat.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SECOND = 1000000, ORDERS_MAX = 4096 };

/* --- the blocking side: does one order each turn --- */

struct seat {
    const struct seat_hooks *hooks;
    bool moved;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char orders[ORDERS_MAX]; /* j: joined, m: message, x: a part of one, p: pong, l: lost */
static int ordered, done, finished, pings, seats; /* done: begun */
static bool refused;                              /* seat_open() fails */
static struct slice payload = {"text", 4};        /* of messages */
static int ends[2];                               /* the socket, and where its end is seen */

static void order(char what, int times)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < times; i++)
        orders[ordered++] = what;
    pthread_mutex_unlock(&lock);
}

static int read_locked(const int *value)
{
    pthread_mutex_lock(&lock);
    int now = *value;
    pthread_mutex_unlock(&lock);
    return now;
}

enum err_code seat_open(const struct muc_server *server, const struct muc_room *room,
                        const struct seat_hooks *hooks, struct seat **out, struct err *err)
{
    assert_string_equal(server->jid, "relay@example");
    assert_string_equal(room->jid, "room@example");
    struct seat *seat = *out = mem_alloc(sizeof *seat);
    seat->hooks = hooks;
    pthread_mutex_lock(&lock);
    seats++;
    bool fails = refused;
    pthread_mutex_unlock(&lock);
    hooks->socket(hooks->context, ends[0]);
    return fails ? err_set(err, ERR_IO, "nobody there") : OK;
}

void seat_close(struct seat *seat)
{
    pthread_mutex_lock(&lock);
    seats--;
    pthread_mutex_unlock(&lock);
    free(seat);
}

bool seat_moved(struct seat *seat)
{
    bool moved = seat->moved;
    seat->moved = false;
    return moved;
}

void seat_ping(struct seat *seat)
{
    (void)seat;
    pthread_mutex_lock(&lock);
    pings++;
    pthread_mutex_unlock(&lock);
}

enum err_code seat_turn(struct seat *seat, unsigned timeout_ms, struct err *err)
{
    char number[16], what = '\0';
    (void)timeout_ms;
    pthread_mutex_lock(&lock);
    if (done < ordered)
        what = orders[done++];
    int which = done;
    struct slice said = payload;
    pthread_mutex_unlock(&lock);
    snprintf(number, sizeof number, "%d", which);
    seat->moved = seat->moved || what != '\0';
    const struct muc_field field = {SLICE("id"), slice_from_cstr(number)};
    const struct muc_message message = {
        .nick = SLICE("nick"), .payload = said, .fields = &field, .field_count = 1};
    if (what == 'j')
        seat->hooks->joined(seat->hooks->context, "relay");
    else if (what == 'm')
        seat->hooks->message(seat->hooks->context, &message);
    else if (what == 'p')
        seat->hooks->pong(seat->hooks->context);
    else if (what == 'l')
        return err_set(err, ERR_IO, "the end");
    else if (what == '\0')
        usleep(500);
    pthread_mutex_lock(&lock);
    finished = which;
    pthread_mutex_unlock(&lock);
    return OK;
}

/* --- the owner --- */

static struct loop *loop;
static struct muc *muc;
static int joined, messages, last_id, leave_at, hold_at;
static int64_t abreast_us;
static char lost[200];

static void on_joined(void *context, struct slice nick)
{
    (void)context;
    assert_true(slice_eq_cstr(nick, "relay"));
    joined++;
}

static void on_message(void *context, const struct muc_message *message)
{
    (void)context;
    int id = atoi(message->fields[0].value.ptr);
    assert_true(id > last_id);
    assert_true(slice_starts_with(message->payload, "text"));
    assert_null(message->body.ptr);
    last_id = id;
    messages++;
    if (messages == leave_at) {
        muc_leave(muc);
        muc = NULL;
    } else if (messages == hold_at) {
        muc_hold(muc);
    }
}

static void on_abreast(void *context, int64_t until_us)
{
    (void)context;
    abreast_us = until_us;
}

static void on_lost(void *context, const char *reason)
{
    (void)context;
    snprintf(lost, sizeof lost, "%s", reason);
    muc_leave(muc);
    muc = NULL;
}

/* Virtual time, after real time for the thread to do what it was told; it does not do all of it
 * where it is held or has ended. */
static void run(int64_t us)
{
    for (int i = 0; i < 200 && read_locked(&finished) < read_locked(&ordered); i++) {
        usleep(1000);
        fake_loop_run(loop, 0);
    }
    for (; us > SECOND; us -= SECOND)
        fake_loop_run(loop, SECOND);
    fake_loop_run(loop, us);
}

static void run_until_lost(void)
{
    for (int i = 0; i < 5000 && !lost[0]; i++) {
        usleep(1000);
        fake_loop_run(loop, 0);
    }
}

static int setup(void **state)
{
    (void)state;
    ordered = done = finished = pings = joined = messages = last_id = leave_at = hold_at = 0;
    refused = false;
    abreast_us = 0;
    lost[0] = '\0';
    if (loop_create(&loop, NULL) != OK || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    return 0;
}

/* Whatever happened, the thread ends by itself. */
static int teardown(void **state)
{
    (void)state;
    muc_leave(muc);
    muc = NULL;
    for (int i = 0; i < 5000 && read_locked(&seats) > 0; i++)
        usleep(1000);
    loop_destroy(loop);
    close(ends[0]);
    close(ends[1]);
    return read_locked(&seats) > 0 ? -1 : 0;
}

static void sit_down(void)
{
    const struct muc_server server = {
        .host = "example", .jid = "relay@example", .password = "secret"};
    const struct muc_room room = {.jid = "room@example", .nick = "relay", .payload_ns = "ns"};
    const struct muc_events events = {
        .joined = on_joined, .message = on_message, .abreast = on_abreast, .lost = on_lost};
    muc = muc_join(loop, &server, &room, &events);
    assert_int_equal(joined + messages, 0);
}

static void wait_pings(int count)
{
    for (int i = 0; i < 5000 && read_locked(&pings) < count; i++)
        usleep(1000);
    assert_int_equal(read_locked(&pings), count);
}

static void enter(void)
{
    sit_down();
    order('j', 1);
    run(0);
    assert_int_equal(joined, 1);
    run(1);
    wait_pings(1);
}

static void test_an_answered_ping_tells_until_when_all_is_known(void **state)
{
    (void)state;
    enter();
    int64_t asked_us = loop->now_us;
    run(5 * (int64_t)SECOND);
    assert_int_equal(abreast_us, 0);
    order('m', 3);
    order('p', 1);
    run(0);
    assert_int_equal(messages, 3);
    assert_in_range(abreast_us, asked_us - 10, asked_us);
    run(56 * (int64_t)SECOND);
    wait_pings(2);
    assert_string_equal(lost, "");
}

static void test_no_answer_ends_it(void **state)
{
    (void)state;
    enter();
    run(29 * (int64_t)SECOND);
    assert_string_equal(lost, "");
    run(2 * (int64_t)SECOND);
    assert_string_equal(lost, "example:5222: no answer to a ping for 30 s");
}

/* The answer comes behind whatever was said before: a long history, or half of a long message (x),
 * is no dead server. */
static void test_what_comes_before_the_answer_is_a_sign_of_life(void **state)
{
    (void)state;
    enter();
    for (int i = 0; i < 20; i++) {
        run(20 * (int64_t)SECOND);
        order(i % 2 ? 'm' : 'x', 1);
        run(0);
    }
    assert_string_equal(lost, "");
    assert_int_equal(messages, 10);
    run(61 * (int64_t)SECOND);
    assert_string_equal(lost, "example:5222: no answer to a ping for 30 s");
}

static void test_who_cannot_enter_gives_up_and_the_socket_is_shut(void **state)
{
    char byte;
    (void)state;
    sit_down();
    run(59 * (int64_t)SECOND);
    assert_string_equal(lost, "");
    run(2 * (int64_t)SECOND);
    assert_string_equal(lost, "example:5222: could not log in and enter the room in 60 s");
    assert_int_equal(read(ends[1], &byte, 1), 0);
}

static void test_the_reason_is_told(void **state)
{
    (void)state;
    refused = true;
    sit_down();
    run_until_lost();
    assert_string_equal(lost, "nobody there");
}

static void test_what_came_before_the_end_is_told_first(void **state)
{
    (void)state;
    enter();
    order('m', 5);
    order('l', 1);
    run_until_lost();
    assert_int_equal(messages, 5);
    assert_string_equal(lost, "the end");
}

static void say(struct slice text)
{
    pthread_mutex_lock(&lock);
    payload = text;
    pthread_mutex_unlock(&lock);
}

static void test_large_messages_wait_in_small_numbers(void **state)
{
    (void)state;
    static char large[4 << 20] = "text";
    enter();
    muc_hold(muc);
    say(slice_of(large, sizeof large));
    order('m', 100);
    run(3600 * (int64_t)SECOND);
    assert_in_range(read_locked(&done), 4, 10);
    muc_release(muc);
    for (int i = 0; i < 5000 && messages < 100; i++) {
        usleep(1000);
        fake_loop_run(loop, 0);
    }
    say(SLICE("text"));
    assert_int_equal(messages, 100);
}

static void test_held_back_for_an_hour(void **state)
{
    (void)state;
    enter();
    hold_at = 3;
    order('m', 2000);
    run(0);
    assert_int_equal(messages, 3); /* at once, in the middle of what was there */
    run(3600 * (int64_t)SECOND);
    assert_int_equal(messages, 3);
    assert_string_equal(lost, "");
    /* The thread reads no more than may wait: the server has to. */
    assert_in_range(read_locked(&done), 3, 1200);
    order('p', 1);
    muc_release(muc);
    assert_int_equal(messages, 3); /* not from within */
    for (int i = 0; i < 5000 && abreast_us == 0; i++) {
        usleep(1000);
        fake_loop_run(loop, 1);
    }
    assert_int_equal(messages, 2000);
    assert_string_equal(lost, "");
    run(61 * (int64_t)SECOND);
    wait_pings(2);
}

static void test_leaving_from_within_is_the_end(void **state)
{
    (void)state;
    enter();
    leave_at = 2;
    order('m', 10);
    run(SECOND);
    assert_int_equal(messages, 2);
    assert_null(muc);
}

static void test_leaving_before_anything_has_happened(void **state)
{
    (void)state;
    sit_down();
    muc_leave(muc);
    muc = NULL;
    order('j', 1);
    run(3600 * (int64_t)SECOND);
    assert_int_equal(joined, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_answered_ping_tells_until_when_all_is_known),
        TEST(test_no_answer_ends_it),
        TEST(test_what_comes_before_the_answer_is_a_sign_of_life),
        TEST(test_who_cannot_enter_gives_up_and_the_socket_is_shut),
        TEST(test_the_reason_is_told),
        TEST(test_what_came_before_the_end_is_told_first),
        TEST(test_large_messages_wait_in_small_numbers),
        TEST(test_held_back_for_an_hour),
        TEST(test_leaving_from_within_is_the_end),
        TEST(test_leaving_before_anything_has_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
