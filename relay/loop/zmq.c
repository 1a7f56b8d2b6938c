/*
 * A ZeroMQ socket is no file descriptor. What ZMQ_FD gives is the wake-up of an internal mailbox:
 * it becomes readable when the I/O thread has put a command there, once, and says nothing of
 * whether a message can be taken. Any call on the socket, a send as well, may eat that wake-up
 * together with the news in it. Whoever waits on the descriptor alone therefore stalls sooner or
 * later with messages in the queue. The truth is in ZMQ_EVENTS, which has to be asked after every
 * call on the socket and before every sleep.
 *
 * Four libev watchers do that:
 *   prepare  runs before the loop sleeps: asks ZMQ_EVENTS, and if the socket is ready starts
 * `idle`; idle     does nothing; while it runs the loop polls and does not sleep; io       on
 * ZMQ_FD: its only work is to end the sleep when the I/O thread has news; check    runs after the
 * sleep: stops `idle`, asks ZMQ_EVENTS again and calls back if the socket is ready. So the callback
 * comes once a turn for as long as there is something to do, whichever call drained the wake-up.
 */
#include "loop/internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zmq.h>

struct loop_zmq {
    ev_prepare prepare;
    ev_check check;
    ev_idle idle;
    ev_io io;
    struct loop *loop;
    void *socket;
    int events;
    loop_zmq_fn fn;
    void *context;
};

/* What is wanted and ready. A socket whose context was terminated counts as ready, so that the
 * caller meets ETERM. */
static int ready_events(const struct loop_zmq *watcher)
{
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(watcher->socket, ZMQ_EVENTS, &events, &size) != 0)
        return watcher->events;
    return watcher->events &
           ((events & ZMQ_POLLIN ? LOOP_READ : 0) | (events & ZMQ_POLLOUT ? LOOP_WRITE : 0));
}

static void before_sleep(struct ev_loop *ev, ev_prepare *prepare, int events)
{
    (void)events;
    struct loop_zmq *watcher = prepare->data;
    if (ready_events(watcher))
        ev_idle_start(ev, &watcher->idle);
}

static void after_sleep(struct ev_loop *ev, ev_check *check, int events)
{
    (void)events;
    struct loop_zmq *watcher = check->data;
    ev_idle_stop(ev, &watcher->idle);
    int ready = ready_events(watcher);
    if (ready)
        watcher->fn(watcher->context, ready);
    /* Nothing behind this line: the callback may have destroyed the watcher. */
}

static void do_nothing_idle(struct ev_loop *ev, ev_idle *idle, int events)
{
    (void)ev;
    (void)idle;
    (void)events;
}

static void do_nothing_io(struct ev_loop *ev, ev_io *io, int events)
{
    (void)ev;
    (void)io;
    (void)events;
}

enum err_code loop_zmq_create(struct loop *loop, void *socket, int events, loop_zmq_fn fn,
                              void *context, struct loop_zmq **out, struct err *err)
{
    *out = NULL;
    int fd = -1;
    size_t size = sizeof fd;
    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) != 0)
        return err_set(err, ERR_IO, "ZMQ_FD: %s", zmq_strerror(zmq_errno()));
    struct loop_zmq *watcher = mem_alloc(sizeof *watcher);
    watcher->loop = loop;
    watcher->socket = socket;
    watcher->events = events;
    watcher->fn = fn;
    watcher->context = context;
    ev_prepare_init(&watcher->prepare, before_sleep);
    ev_check_init(&watcher->check, after_sleep);
    ev_idle_init(&watcher->idle, do_nothing_idle);
    ev_io_init(&watcher->io, do_nothing_io, fd, EV_READ);
    watcher->prepare.data = watcher;
    watcher->check.data = watcher;
    *out = watcher;
    return OK;
}

void loop_zmq_destroy(struct loop_zmq *watcher)
{
    if (!watcher)
        return;
    loop_zmq_stop(watcher);
    free(watcher);
}

void loop_zmq_start(struct loop_zmq *watcher)
{
    struct ev_loop *ev = watcher->loop->ev;
    ev_prepare_start(ev, &watcher->prepare);
    ev_check_start(ev, &watcher->check);
    ev_io_start(ev, &watcher->io);
}

void loop_zmq_stop(struct loop_zmq *watcher)
{
    struct ev_loop *ev = watcher->loop->ev;
    ev_prepare_stop(ev, &watcher->prepare);
    ev_check_stop(ev, &watcher->check);
    ev_idle_stop(ev, &watcher->idle);
    ev_io_stop(ev, &watcher->io);
}

void loop_zmq_set_events(struct loop_zmq *watcher, int events)
{
    watcher->events = events;
}
