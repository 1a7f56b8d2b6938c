#include "loop/loop.h"

#include "loop/internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <time.h>

enum err_code loop_create(struct loop **out, struct err *err)
{
    *out = NULL;
    /* NOENV: what the backend is must not depend on a variable that somebody left set. */
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (!ev)
        return err_set(err, ERR_IO, "libev found no way to wait for events");
    struct loop *loop = mem_alloc(sizeof *loop);
    loop->ev = ev;
    loop->clock = &clock_system;
    *out = loop;
    return OK;
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    ev_loop_destroy(loop->ev);
    free(loop);
}

void loop_run(struct loop *loop)
{
    ev_run(loop->ev, 0);
}

void loop_turn(struct loop *loop, bool wait)
{
    ev_run(loop->ev, wait ? EVRUN_ONCE : EVRUN_NOWAIT);
}

void loop_stop(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->clock;
}

/* As libev's timers. Counted from 1 s, for 0 is no instant. */
int64_t loop_monotonic_us(const struct loop *loop)
{
    struct timespec now;
    (void)loop;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((int64_t)now.tv_sec + 1) * 1000000 + now.tv_nsec / 1000;
}

/* --- timers --- */

struct loop_timer {
    ev_timer ev;
    struct loop *loop;
    loop_fn fn;
    void *context;
};

static void timer_fired(struct ev_loop *ev, ev_timer *watcher, int events)
{
    (void)ev;
    (void)events;
    struct loop_timer *timer = watcher->data;
    timer->fn(timer->context);
}

struct loop_timer *loop_timer_create(struct loop *loop, loop_fn fn, void *context)
{
    struct loop_timer *timer = mem_alloc(sizeof *timer);
    *timer = (struct loop_timer){.loop = loop, .fn = fn, .context = context};
    ev_timer_init(&timer->ev, timer_fired, 0., 0.);
    timer->ev.data = timer;
    return timer;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (!timer)
        return;
    loop_timer_stop(timer);
    free(timer);
}

void loop_timer_repeat(struct loop_timer *timer, int64_t after_us, int64_t every_us)
{
    loop_timer_stop(timer);
    /* libev counts from the start of this turn, which may lie well back after a slow callback. */
    ev_now_update(timer->loop->ev);
    ev_timer_set(&timer->ev, (double)after_us / 1e6, (double)every_us / 1e6);
    ev_timer_start(timer->loop->ev, &timer->ev);
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
    ev_timer_stop(timer->loop->ev, &timer->ev);
}

bool loop_timer_active(const struct loop_timer *timer)
{
    return ev_is_active(&timer->ev);
}

/* --- file descriptors --- */

struct loop_fd {
    ev_io ev;
    struct loop *loop;
    loop_fd_fn fn;
    void *context;
};

static void fd_ready(struct ev_loop *ev, ev_io *watcher, int events)
{
    (void)ev;
    struct loop_fd *fd = watcher->data;
    fd->fn(fd->context, loop_events_from_ev(events));
}

struct loop_fd *loop_fd_create(struct loop *loop, int fd, int events, loop_fd_fn fn, void *context)
{
    struct loop_fd *watcher = mem_alloc(sizeof *watcher);
    *watcher = (struct loop_fd){.loop = loop, .fn = fn, .context = context};
    ev_io_init(&watcher->ev, fd_ready, fd, loop_events_to_ev(events));
    watcher->ev.data = watcher;
    return watcher;
}

void loop_fd_destroy(struct loop_fd *watcher)
{
    if (!watcher)
        return;
    loop_fd_stop(watcher);
    free(watcher);
}

void loop_fd_start(struct loop_fd *watcher)
{
    ev_io_start(watcher->loop->ev, &watcher->ev);
}

void loop_fd_stop(struct loop_fd *watcher)
{
    ev_io_stop(watcher->loop->ev, &watcher->ev);
}

void loop_fd_set_events(struct loop_fd *watcher, int events)
{
    bool active = ev_is_active(&watcher->ev);
    loop_fd_stop(watcher);
    ev_io_set(&watcher->ev, watcher->ev.fd, loop_events_to_ev(events));
    if (active)
        loop_fd_start(watcher);
}

/* --- signals --- */

struct loop_signal {
    ev_signal ev;
    struct loop *loop;
    loop_fn fn;
    void *context;
};

static void signal_came(struct ev_loop *ev, ev_signal *watcher, int events)
{
    (void)ev;
    (void)events;
    struct loop_signal *handler = watcher->data;
    handler->fn(handler->context);
}

struct loop_signal *loop_signal_create(struct loop *loop, int signal_number, loop_fn fn,
                                       void *context)
{
    struct loop_signal *watcher = mem_alloc(sizeof *watcher);
    *watcher = (struct loop_signal){.loop = loop, .fn = fn, .context = context};
    ev_signal_init(&watcher->ev, signal_came, signal_number);
    watcher->ev.data = watcher;
    ev_signal_start(loop->ev, &watcher->ev);
    return watcher;
}

void loop_signal_destroy(struct loop_signal *watcher)
{
    if (!watcher)
        return;
    ev_signal_stop(watcher->loop->ev, &watcher->ev);
    free(watcher);
}

/* --- wake --- */

struct loop_wake {
    ev_async ev;
    struct loop *loop;
    loop_fn fn;
    void *context;
};

static void wake_came(struct ev_loop *ev, ev_async *watcher, int events)
{
    (void)ev;
    (void)events;
    struct loop_wake *wake = watcher->data;
    wake->fn(wake->context);
}

struct loop_wake *loop_wake_create(struct loop *loop, loop_fn fn, void *context)
{
    struct loop_wake *wake = mem_alloc(sizeof *wake);
    *wake = (struct loop_wake){.loop = loop, .fn = fn, .context = context};
    ev_async_init(&wake->ev, wake_came);
    wake->ev.data = wake;
    ev_async_start(loop->ev, &wake->ev);
    return wake;
}

void loop_wake_destroy(struct loop_wake *wake)
{
    if (!wake)
        return;
    ev_async_stop(wake->loop->ev, &wake->ev);
    free(wake);
}

void loop_wake_send(struct loop_wake *wake)
{
    ev_async_send(wake->loop->ev, &wake->ev);
}
