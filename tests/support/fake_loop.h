/*
 * fake_loop: the symbols of loop/loop.h over a virtual clock, so that a test runs the real code
 * without waiting.
 *
 * To be included once in a test's program: its symbols take the place of the loop room's. Time
 * stands still except in fake_loop_run(). Descriptors and ZeroMQ sockets are polled, not waited
 * for.
 */
#ifndef CAPRELAY_TESTS_FAKE_LOOP_H
#define CAPRELAY_TESTS_FAKE_LOOP_H

#include "loop/loop.h"

#include "base/mem.h"

#include <poll.h>
#include <stdlib.h>
#include <zmq.h>

struct loop_timer {
    struct loop *loop;
    struct loop_timer *next;
    loop_fn fn;
    void *context;
    bool active;
    int64_t at_us, every_us;
    uint64_t order;
};

struct loop_fd {
    struct loop *loop;
    struct loop_fd *next;
    int fd, events;
    loop_fd_fn fn;
    void *context;
    bool active;
};

struct loop_zmq {
    struct loop *loop;
    struct loop_zmq *next;
    void *socket;
    int events;
    loop_zmq_fn fn;
    void *context;
    bool active;
};

struct loop_wake {
    loop_fn fn;
    void *context;
};

struct loop_signal {
    int number;
};

struct loop {
    struct clock clock;
    int64_t now_us; /* of which the monotonic clock shows what is since booted_us, and the clock on
                       the wall step_us more */
    int64_t booted_us;
    int64_t step_us; /* 0 until somebody sets the clock on the wall */
    uint64_t order;
    bool stopped;
    struct loop_timer *timers;
    struct loop_fd *fds;
    struct loop_zmq *sockets;
};

static inline int64_t fake_now(void *context)
{
    const struct loop *loop = context;
    return loop->now_us + loop->step_us;
}

static inline bool fake_synchronised(void *context)
{
    (void)context;
    return true;
}

enum err_code loop_create(struct loop **out, struct err *err)
{
    (void)err;
    struct loop *loop = mem_alloc(sizeof *loop);
    loop->now_us = clock_now_us(&clock_system);
    loop->booted_us = loop->now_us - 1000000;
    loop->clock = (struct clock){fake_now, fake_synchronised, loop};
    *out = loop;
    return OK;
}

/* Whoever leaves a watcher behind has a bug. */
void loop_destroy(struct loop *loop)
{
    if (loop->timers || loop->fds || loop->sockets)
        abort();
    free(loop);
}

const struct clock *loop_clock(const struct loop *loop)
{
    return &loop->clock;
}

int64_t loop_monotonic_us(const struct loop *loop)
{
    return loop->now_us - loop->booted_us;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

/* --- timers --- */

struct loop_timer *loop_timer_create(struct loop *loop, loop_fn fn, void *context)
{
    struct loop_timer *timer = mem_alloc(sizeof *timer);
    *timer = (struct loop_timer){.loop = loop, .next = loop->timers, .fn = fn, .context = context};
    loop->timers = timer;
    return timer;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (!timer)
        return;
    struct loop_timer **place = &timer->loop->timers;
    while (*place != timer)
        place = &(*place)->next;
    *place = timer->next;
    free(timer);
}

void loop_timer_repeat(struct loop_timer *timer, int64_t after_us, int64_t every_us)
{
    timer->active = true;
    timer->at_us = timer->loop->now_us + after_us;
    timer->every_us = every_us;
    timer->order = ++timer->loop->order;
}

void loop_timer_start(struct loop_timer *timer, int64_t after_us)
{
    loop_timer_repeat(timer, after_us, 0);
}

void loop_timer_start_at(struct loop_timer *timer, int64_t at_mono_us)
{
    int64_t after_us = at_mono_us - loop_monotonic_us(timer->loop);
    loop_timer_start(timer, after_us > 0 ? after_us : 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    timer->active = false;
}

bool loop_timer_active(const struct loop_timer *timer)
{
    return timer->active;
}

/* --- descriptors, sockets, and what tests do not need --- */

struct loop_fd *loop_fd_create(struct loop *loop, int fd, int events, loop_fd_fn fn, void *context)
{
    struct loop_fd *watcher = mem_alloc(sizeof *watcher);
    *watcher = (struct loop_fd){loop, loop->fds, fd, events, fn, context, false};
    loop->fds = watcher;
    return watcher;
}

void loop_fd_destroy(struct loop_fd *watcher)
{
    if (!watcher)
        return;
    struct loop_fd **place = &watcher->loop->fds;
    while (*place != watcher)
        place = &(*place)->next;
    *place = watcher->next;
    free(watcher);
}

void loop_fd_start(struct loop_fd *watcher)
{
    watcher->active = true;
}

void loop_fd_stop(struct loop_fd *watcher)
{
    watcher->active = false;
}

void loop_fd_set_events(struct loop_fd *watcher, int events)
{
    watcher->events = events;
}

enum err_code loop_zmq_create(struct loop *loop, void *socket, int events, loop_zmq_fn fn,
                              void *context, struct loop_zmq **out, struct err *err)
{
    (void)err;
    *out = mem_alloc(sizeof **out);
    **out = (struct loop_zmq){loop, loop->sockets, socket, events, fn, context, false};
    loop->sockets = *out;
    return OK;
}

void loop_zmq_destroy(struct loop_zmq *watcher)
{
    if (!watcher)
        return;
    struct loop_zmq **place = &watcher->loop->sockets;
    while (*place != watcher)
        place = &(*place)->next;
    *place = watcher->next;
    free(watcher);
}

void loop_zmq_start(struct loop_zmq *watcher)
{
    watcher->active = true;
}

void loop_zmq_stop(struct loop_zmq *watcher)
{
    watcher->active = false;
}

void loop_zmq_set_events(struct loop_zmq *watcher, int events)
{
    watcher->events = events;
}

struct loop_signal *loop_signal_create(struct loop *loop, int signal_number, loop_fn fn,
                                       void *context)
{
    (void)loop;
    (void)fn;
    (void)context;
    struct loop_signal *watcher = mem_alloc(sizeof *watcher);
    watcher->number = signal_number;
    return watcher;
}

void loop_signal_destroy(struct loop_signal *watcher)
{
    free(watcher);
}

struct loop_wake *loop_wake_create(struct loop *loop, loop_fn fn, void *context)
{
    (void)loop;
    struct loop_wake *wake = mem_alloc(sizeof *wake);
    *wake = (struct loop_wake){fn, context};
    return wake;
}

void loop_wake_destroy(struct loop_wake *wake)
{
    free(wake);
}

void loop_wake_send(struct loop_wake *wake)
{
    wake->fn(wake->context);
}

/* --- running --- */

static inline bool fake_poll_fds(struct loop *loop)
{
    for (struct loop_fd *fd = loop->fds; fd; fd = fd->next) {
        struct pollfd p = {.fd = fd->fd, .events = fd->events & LOOP_READ ? POLLIN : POLLOUT};
        if (fd->active && poll(&p, 1, 0) > 0) {
            fd->fn(fd->context, fd->events);
            return true; /* the list may have changed */
        }
    }
    return false;
}

static inline bool fake_poll_sockets(struct loop *loop)
{
    for (struct loop_zmq *s = loop->sockets; s; s = s->next) {
        int events = 0;
        size_t size = sizeof events;
        if (s->active && zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &size) == 0 &&
            (events & ZMQ_POLLIN) && (s->events & LOOP_READ)) {
            s->fn(s->context, LOOP_READ);
            return true;
        }
    }
    return false;
}

static inline struct loop_timer *fake_next_timer(struct loop *loop, int64_t until_us)
{
    struct loop_timer *next = NULL;
    for (struct loop_timer *t = loop->timers; t; t = t->next)
        if (t->active && t->at_us <= until_us &&
            (!next || t->at_us < next->at_us ||
             (t->at_us == next->at_us && t->order < next->order)))
            next = t;
    return next;
}

/* The next thing that happens until then; false: nothing more does. */
static inline bool fake_loop_turn(struct loop *loop, int64_t until_us)
{
    if (fake_poll_fds(loop) || fake_poll_sockets(loop))
        return true;
    struct loop_timer *timer = fake_next_timer(loop, until_us);
    if (!timer)
        return false;
    if (timer->at_us > loop->now_us)
        loop->now_us = timer->at_us;
    timer->active = timer->every_us > 0;
    timer->at_us += timer->every_us;
    timer->order = ++loop->order;
    timer->fn(timer->context);
    return true;
}

/* Everything that happens within that time, in order. */
static inline void fake_loop_run(struct loop *loop, int64_t for_us)
{
    int64_t until_us = loop->now_us + for_us;
    while (fake_loop_turn(loop, until_us))
        ;
    loop->now_us = until_us;
}

void loop_run(struct loop *loop)
{
    for (loop->stopped = false; !loop->stopped;)
        fake_loop_run(loop, 1000);
}

void loop_turn(struct loop *loop, bool wait)
{
    (void)wait;
    fake_loop_run(loop, 0);
}

#endif
