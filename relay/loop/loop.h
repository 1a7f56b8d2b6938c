/*
 * loop: the one event loop (libev), and ZeroMQ sockets in it.
 *
 * The only room that includes ev.h. Everything is for the loop's own thread, except
 * loop_wake_send(). A callback does bounded work and returns: a source that has more to do starts a
 * timer of 0, which gives the others a turn. Watchers are created stopped; destroying one is
 * allowed at any time, also in its own callback, and accepts NULL. All watchers are to be destroyed
 * before the loop. Intervals are microseconds and follow the monotonic clock: steps of the time of
 * day do not move them. Whoever counts a wait by itself, and not by a timer alone, does so by
 * loop_monotonic_us() too: the time of day says when something was, not how long ago.
 */
#ifndef CAPRELAY_LOOP_LOOP_H
#define CAPRELAY_LOOP_LOOP_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>

struct loop;

enum err_code loop_create(struct loop **out, struct err *err);
void loop_destroy(struct loop *loop);
/* Returns after loop_stop(). */
void loop_run(struct loop *loop);
/* One turn: waits for something to happen if `wait`, and handles it. For tests. */
void loop_turn(struct loop *loop, bool wait);
void loop_stop(struct loop *loop);

/* The time for everything that runs in this loop. Lent, lives as long as the loop. */
const struct clock *loop_clock(const struct loop *loop);
/* The clock that timers go by: nobody can set it, and it means nothing beyond this process. Such
 * instants are named *_mono_us, so that none is taken for a time of day; none is 0. */
int64_t loop_monotonic_us(const struct loop *loop);

typedef void (*loop_fn)(void *context);

/* --- timers --- */
struct loop_timer;
struct loop_timer *loop_timer_create(struct loop *loop, loop_fn fn, void *context);
void loop_timer_destroy(struct loop_timer *timer);
/* Once, after that time; starting anew forgets the earlier start. */
void loop_timer_start(struct loop_timer *timer, int64_t after_us);
/* Once, at that instant of loop_monotonic_us(); at once where it is past. */
void loop_timer_start_at(struct loop_timer *timer, int64_t at_mono_us);
void loop_timer_repeat(struct loop_timer *timer, int64_t after_us, int64_t every_us);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_active(const struct loop_timer *timer);

/* --- file descriptors; the descriptor stays the caller's --- */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_fd;
typedef void (*loop_fd_fn)(void *context, int events);
struct loop_fd *loop_fd_create(struct loop *loop, int fd, int events, loop_fd_fn fn, void *context);
void loop_fd_destroy(struct loop_fd *watcher);
void loop_fd_start(struct loop_fd *watcher);
void loop_fd_stop(struct loop_fd *watcher);
void loop_fd_set_events(struct loop_fd *watcher, int events);

/* --- signals; handled on the loop's thread, as ordinary callbacks. Started at once. --- */
struct loop_signal;
struct loop_signal *loop_signal_create(struct loop *loop, int signal_number, loop_fn fn,
                                       void *context);
void loop_signal_destroy(struct loop_signal *watcher);

/* --- wake: the one thing another thread may call. Several sends may come as one call. Started at
 * once. --- */
struct loop_wake;
struct loop_wake *loop_wake_create(struct loop *loop, loop_fn fn, void *context);
void loop_wake_destroy(struct loop_wake *wake);
/* From any thread, until loop_wake_destroy(). */
void loop_wake_send(struct loop_wake *wake);

/*
 * --- ZeroMQ sockets ---
 * `events` is LOOP_READ, LOOP_WRITE or both. The callback is called once a turn while the socket is
 * ready (level-triggered, whatever ZMQ_FD does); it should take a bounded number of messages with
 * ZMQ_DONTWAIT. The socket stays the caller's; destroy the watcher before closing it.
 */
struct loop_zmq;
typedef void (*loop_zmq_fn)(void *context, int events);
enum err_code loop_zmq_create(struct loop *loop, void *socket, int events, loop_zmq_fn fn,
                              void *context, struct loop_zmq **out, struct err *err);
void loop_zmq_destroy(struct loop_zmq *watcher);
void loop_zmq_start(struct loop_zmq *watcher);
void loop_zmq_stop(struct loop_zmq *watcher);
void loop_zmq_set_events(struct loop_zmq *watcher, int events);

#endif
