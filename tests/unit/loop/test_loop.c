#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

static int begin(void **state)
{
    struct loop *loop;
    if (loop_create(&loop, NULL) != OK)
        return 1;
    *state = loop;
    return 0;
}

static int end(void **state)
{
    loop_destroy(*state);
    return 0;
}

static void count_up(void *context)
{
    ++*(int *)context;
}

struct stopping {
    struct loop *loop;
    int calls;
    int wanted;
    struct loop_timer *timer;
};

static void count_and_stop(void *context)
{
    struct stopping *s = context;
    if (++s->calls == s->wanted)
        loop_stop(s->loop);
}

static void timers_start_at_an_instant(void **state)
{
    struct loop *loop = *state;
    int64_t began_us = loop_monotonic_us(loop), instants_us[] = {began_us + 20000, began_us - 1, 0};
    for (size_t i = 0; i < 3; i++) {
        int calls = 0;
        struct loop_timer *timer = loop_timer_create(loop, count_up, &calls);
        loop_timer_start_at(timer, instants_us[i]);
        while (calls == 0)
            loop_turn(loop, true);
        assert_true(loop_monotonic_us(loop) >= instants_us[i] - 1000); /* libev rounds */
        assert_false(loop_timer_active(timer));
        loop_timer_destroy(timer);
    }
    assert_true(loop_monotonic_us(loop) < began_us + 10 * 1000000);
}

static void timers_run_once_or_again(void **state)
{
    struct loop *loop = *state;
    int once = 0;
    struct stopping s = {.loop = loop, .wanted = 3};
    struct loop_timer *timer = loop_timer_create(loop, count_up, &once);
    struct loop_timer *repeat = loop_timer_create(loop, count_and_stop, &s);
    assert_false(loop_timer_active(timer));
    loop_timer_start(timer, 0);
    loop_timer_repeat(repeat, 0, 1000);
    assert_true(loop_timer_active(timer));
    loop_run(loop);
    assert_int_equal(once, 1);
    assert_int_equal(s.calls, 3);
    assert_false(loop_timer_active(timer));
    assert_true(loop_timer_active(repeat));
    loop_timer_destroy(timer);
    loop_timer_destroy(repeat);
    loop_timer_destroy(NULL);
}

static void start_anew(void *context)
{
    struct stopping *s = context;
    s->calls++;
    loop_timer_start(s->timer, 0);
}

/* "More to do" must not keep the others from their turn. */
static void timer_of_zero_gives_the_others_a_turn(void **state)
{
    struct loop *loop = *state;
    struct stopping busy = {.loop = loop}, other = {.loop = loop, .wanted = 5};
    busy.timer = loop_timer_create(loop, start_anew, &busy);
    struct loop_timer *repeat = loop_timer_create(loop, count_and_stop, &other);
    loop_timer_start(busy.timer, 0);
    loop_timer_repeat(repeat, 0, 1);
    loop_run(loop);
    assert_int_equal(other.calls, 5);
    assert_true(busy.calls >= 1);
    loop_timer_destroy(busy.timer);
    loop_timer_destroy(repeat);
}

static void destroy_itself(void *context)
{
    struct stopping *s = context;
    loop_timer_destroy(s->timer);
    s->timer = NULL;
    loop_stop(s->loop);
}

static void watcher_may_be_destroyed_in_its_callback(void **state)
{
    struct stopping s = {.loop = *state};
    s.timer = loop_timer_create(s.loop, destroy_itself, &s);
    loop_timer_repeat(s.timer, 0, 1);
    loop_run(s.loop);
    assert_null(s.timer);
}

struct reading {
    int fd;
    int events;
    char got[16];
};

static void read_fd(void *context, int events)
{
    struct reading *r = context;
    r->events = events;
    assert_true(read(r->fd, r->got, sizeof r->got - 1) > 0);
}

static void descriptors_are_watched(void **state)
{
    struct loop *loop = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct reading r = {.fd = ends[0]};
    struct loop_fd *watcher = loop_fd_create(loop, ends[0], LOOP_READ, read_fd, &r);
    loop_fd_start(watcher);
    assert_int_equal(write(ends[1], "ping", 4), 4);
    loop_turn(loop, true);
    assert_int_equal(r.events, LOOP_READ);
    assert_string_equal(r.got, "ping");
    loop_fd_stop(watcher);
    memset(&r.got, 0, sizeof r.got);
    assert_int_equal(write(ends[1], "pong", 4), 4);
    loop_turn(loop, false);
    assert_string_equal(r.got, "");
    loop_fd_destroy(watcher);
    close(ends[0]);
    close(ends[1]);
}

static void signals_come_as_callbacks(void **state)
{
    struct stopping s = {.loop = *state, .wanted = 1};
    struct loop_signal *watcher = loop_signal_create(s.loop, SIGUSR1, count_and_stop, &s);
    raise(SIGUSR1);
    loop_run(s.loop);
    assert_int_equal(s.calls, 1);
    loop_signal_destroy(watcher);
}

static void *send_wake(void *context)
{
    loop_wake_send(context);
    return NULL;
}

static void another_thread_wakes_the_loop(void **state)
{
    struct stopping s = {.loop = *state, .wanted = 1};
    struct loop_wake *wake = loop_wake_create(s.loop, count_and_stop, &s);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_wake, wake), 0);
    loop_run(s.loop);
    pthread_join(thread, NULL);
    assert_int_equal(s.calls, 1);
    loop_wake_destroy(wake);
}

/* --- ZeroMQ --- */

struct pair {
    struct loop *loop;
    void *socket;
    int taken;
    int wanted;
    int last;
};

static void take_one(void *context, int events)
{
    struct pair *p = context;
    assert_true(events & LOOP_READ);
    assert_int_equal(zmq_recv(p->socket, &p->last, sizeof p->last, ZMQ_DONTWAIT),
                     (int)sizeof p->last);
    if (++p->taken == p->wanted)
        loop_stop(p->loop);
}

struct sockets {
    void *context, *in, *out;
};

static struct sockets connect_pair(void)
{
    struct sockets s = {.context = zmq_ctx_new()};
    s.in = zmq_socket(s.context, ZMQ_PAIR);
    s.out = zmq_socket(s.context, ZMQ_PAIR);
    assert_int_equal(zmq_bind(s.in, "inproc://pair"), 0);
    assert_int_equal(zmq_connect(s.out, "inproc://pair"), 0);
    return s;
}

static void close_pair(struct sockets *s)
{
    zmq_close(s->in);
    zmq_close(s->out);
    zmq_ctx_term(s->context);
}

static void send_number(void *socket, int number)
{
    assert_int_equal(zmq_send(socket, &number, sizeof number, 0), (int)sizeof number);
}

/* One message a call: an edge-triggered descriptor would stop after the first. */
static void all_messages_are_taken_one_a_turn(void **state)
{
    struct sockets s = connect_pair();
    struct pair p = {.loop = *state, .socket = s.in, .wanted = 100};
    struct loop_zmq *watcher;
    assert_int_equal(loop_zmq_create(p.loop, s.in, LOOP_READ, take_one, &p, &watcher, NULL), OK);
    loop_zmq_start(watcher);
    for (int i = 1; i <= 100; i++)
        send_number(s.out, i);
    loop_run(p.loop);
    assert_int_equal(p.taken, 100);
    assert_int_equal(p.last, 100);
    loop_zmq_destroy(watcher);
    close_pair(&s);
}

/* The wake-up in ZMQ_FD is eaten by other calls on the socket before the loop ever sleeps. */
static void message_is_seen_though_its_wake_up_was_eaten(void **state)
{
    struct sockets s = connect_pair();
    struct pair p = {.loop = *state, .socket = s.in, .wanted = 2};
    struct loop_zmq *watcher;
    assert_int_equal(loop_zmq_create(p.loop, s.in, LOOP_READ, take_one, &p, &watcher, NULL), OK);
    loop_zmq_start(watcher);
    send_number(s.out, 1);
    send_number(s.out, 2);
    int events = 0;
    size_t size = sizeof events;
    for (int i = 0; i < 10; i++)
        assert_int_equal(zmq_getsockopt(s.in, ZMQ_EVENTS, &events, &size), 0);
    send_number(s.in, 7); /* a send on it eats one as well */
    loop_run(p.loop);
    assert_int_equal(p.taken, 2);
    loop_zmq_destroy(watcher);
    close_pair(&s);
}

static void stopped_socket_is_left_alone(void **state)
{
    struct sockets s = connect_pair();
    struct pair p = {.loop = *state, .socket = s.in, .wanted = 1};
    struct loop_zmq *watcher;
    assert_int_equal(loop_zmq_create(p.loop, s.in, LOOP_READ, take_one, &p, &watcher, NULL), OK);
    loop_zmq_start(watcher);
    loop_zmq_stop(watcher);
    send_number(s.out, 1);
    loop_turn(p.loop, false);
    assert_int_equal(p.taken, 0);
    loop_zmq_start(watcher);
    loop_run(p.loop);
    assert_int_equal(p.taken, 1);
    loop_zmq_destroy(watcher);
    loop_zmq_destroy(NULL);
    close_pair(&s);
}

static void *send_later(void *socket)
{
    usleep(20000);
    send_number(socket, 1);
    return NULL;
}

/* The loop really sleeps, and the socket's own thread ends the sleep. */
static void message_ends_the_sleep(void **state)
{
    struct sockets s = connect_pair();
    struct pair p = {.loop = *state, .socket = s.in, .wanted = 1};
    struct loop_zmq *watcher;
    assert_int_equal(loop_zmq_create(p.loop, s.in, LOOP_READ, take_one, &p, &watcher, NULL), OK);
    loop_zmq_start(watcher);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_later, s.out), 0);
    loop_run(p.loop);
    pthread_join(thread, NULL);
    assert_int_equal(p.taken, 1);
    loop_zmq_destroy(watcher);
    close_pair(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_start_at_an_instant, begin, end),
        cmocka_unit_test_setup_teardown(timers_run_once_or_again, begin, end),
        cmocka_unit_test_setup_teardown(timer_of_zero_gives_the_others_a_turn, begin, end),
        cmocka_unit_test_setup_teardown(watcher_may_be_destroyed_in_its_callback, begin, end),
        cmocka_unit_test_setup_teardown(descriptors_are_watched, begin, end),
        cmocka_unit_test_setup_teardown(signals_come_as_callbacks, begin, end),
        cmocka_unit_test_setup_teardown(another_thread_wakes_the_loop, begin, end),
        cmocka_unit_test_setup_teardown(all_messages_are_taken_one_a_turn, begin, end),
        cmocka_unit_test_setup_teardown(message_is_seen_though_its_wake_up_was_eaten, begin, end),
        cmocka_unit_test_setup_teardown(stopped_socket_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(message_ends_the_sleep, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
