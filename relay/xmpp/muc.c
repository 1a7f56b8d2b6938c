#include "xmpp/muc.h"

#include "base/arena.h"
#include "base/mem.h"
#include "loop/thread.h"
#include "xmpp/seat.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOK_MS = 200, /* how often the thread looks for a ping to send when nothing happens */
    /* What waits for the loop; the thread reads no more until it has taken that. */
    EVENTS_MAX = 500,
    EVENTS_BYTES_MAX = 16 << 20,
    /* libstrophe goes through a stanza by recursion, some 100 bytes for each level, and a server
     * may put one element into another as long as STANZA_BYTES_MAX (seat.c) lasts: a level takes
     * more than that of it. Memory only where it is used. */
    STACK_BYTES = 128 << 20
};

enum event_kind { EVENT_JOINED, EVENT_MESSAGE, EVENT_PONG, EVENT_LOST };

/* From the thread to the loop. */
struct event {
    struct event *next;
    struct arena *arena; /* the event is in it */
    enum event_kind kind;
    struct muc_message message;
    struct slice text; /* the nick, or the reason */
    size_t bytes;      /* of the message */
};

/* Held by the owner and by the thread; the last to let go frees it. */
struct muc {
    /* constant after muc_join() */
    struct arena *arena;
    struct muc_server server;
    struct muc_room room;
    struct muc_events events;
    int to_loop, to_thread; /* bells */

    /* the loop's */
    struct loop *loop;
    struct loop_fd *watcher;
    struct loop_timer *deadline; /* for joining, then for the answer to a ping */
    struct loop_timer *ping;
    struct event *taken; /* and not told yet */
    bool joined, held;
    int64_t asked_us; /* when the ping that is not answered was wanted; 0: none */

    pthread_mutex_t lock;
    /* under the lock */
    unsigned holders;
    bool closed, ping_wanted, moved;
    struct event *first, **end;
    size_t waiting, waiting_bytes;
    int socket; /* a duplicate of the connection's, so that it can be shut down at any time; or -1
                 */
};

static void drop_events(struct event *first)
{
    for (struct event *event = first, *next; event; event = next) {
        next = event->next;
        arena_destroy(event->arena);
    }
}

static void let_go(struct muc *muc)
{
    pthread_mutex_lock(&muc->lock);
    bool last = --muc->holders == 0;
    pthread_mutex_unlock(&muc->lock);
    if (!last)
        return;
    drop_events(muc->taken);
    drop_events(muc->first);
    if (muc->socket >= 0)
        close(muc->socket);
    close(muc->to_loop);
    close(muc->to_thread);
    pthread_mutex_destroy(&muc->lock);
    explicit_bzero((char *)(uintptr_t)muc->server.password, strlen(muc->server.password));
    arena_destroy(muc->arena);
    free(muc);
}

/* --- the thread --- */

static struct event *event_new(enum event_kind kind)
{
    struct arena *arena = arena_create();
    struct event *event = arena_alloc(arena, sizeof *event);
    *event = (struct event){.arena = arena, .kind = kind};
    return event;
}

static void post(struct muc *muc, struct event *event)
{
    pthread_mutex_lock(&muc->lock);
    *muc->end = event;
    muc->end = &event->next;
    muc->waiting++;
    muc->waiting_bytes += event->bytes;
    pthread_mutex_unlock(&muc->lock);
    thread_bell_ring(muc->to_loop);
}

static void post_text(struct muc *muc, enum event_kind kind, const char *text)
{
    struct event *event = event_new(kind);
    event->text = arena_printf(event->arena, "%s", text);
    post(muc, event);
}

static void on_joined(void *context, const char *nick)
{
    post_text(context, EVENT_JOINED, nick);
}

static void on_pong(void *context)
{
    post(context, event_new(EVENT_PONG));
}

static void on_message(void *context, const struct muc_message *given)
{
    struct event *event = event_new(EVENT_MESSAGE);
    struct arena *arena = event->arena;
    struct muc_field *fields = arena_alloc_array(arena, given->field_count, sizeof *fields);
    for (size_t i = 0; i < given->field_count; i++)
        fields[i] = (struct muc_field){arena_copy(arena, given->fields[i].name),
                                       arena_copy(arena, given->fields[i].value)};
    event->message = *given;
    event->message.nick = arena_copy(arena, given->nick);
    event->message.body = arena_copy(arena, given->body);
    event->message.payload = arena_copy(arena, given->payload);
    event->message.fields = fields;
    event->bytes = given->body.len + given->payload.len;
    post(context, event);
}

/* One is shut down by now if the owner has left meanwhile. */
static void on_socket(void *context, int fd)
{
    struct muc *muc = context;
    int own = dup(fd);
    pthread_mutex_lock(&muc->lock);
    if (muc->socket >= 0)
        close(muc->socket);
    muc->socket = own;
    if (muc->closed)
        shutdown(fd, SHUT_RDWR);
    pthread_mutex_unlock(&muc->lock);
}

static bool is_behind_locked(const struct muc *muc)
{
    return muc->waiting > EVENTS_MAX || muc->waiting_bytes > EVENTS_BYTES_MAX;
}

static bool is_open(struct muc *muc)
{
    pthread_mutex_lock(&muc->lock);
    bool open = !muc->closed;
    pthread_mutex_unlock(&muc->lock);
    return open;
}

/* False where the owner has left. Waits while the loop is behind: what it has not taken must not
 * grow without end, and the server is held up by its own connection. */
static bool take_orders(struct muc *muc, bool *ping)
{
    for (;;) {
        pthread_mutex_lock(&muc->lock);
        bool open = !muc->closed, behind = is_behind_locked(muc);
        *ping = muc->ping_wanted;
        muc->ping_wanted = muc->ping_wanted && behind;
        pthread_mutex_unlock(&muc->lock);
        if (!open || !behind)
            return open;
        struct pollfd fd = {.fd = muc->to_thread, .events = POLLIN};
        (void)poll(&fd, 1, LOOK_MS); /* interrupted is as good as in time */
        thread_bell_clear(muc->to_thread);
    }
}

static void note_moves(struct muc *muc, struct seat *seat)
{
    if (!seat_moved(seat))
        return;
    pthread_mutex_lock(&muc->lock);
    muc->moved = true;
    pthread_mutex_unlock(&muc->lock);
}

static void *thread_main(void *context)
{
    struct muc *muc = context;
    struct seat *seat = NULL;
    struct err err = {0};
    bool ping;
    const struct seat_hooks hooks = {.socket = on_socket,
                                     .joined = on_joined,
                                     .message = on_message,
                                     .pong = on_pong,
                                     .context = muc};
    enum err_code code = seat_open(&muc->server, &muc->room, &hooks, &seat, &err);
    while (code == OK && take_orders(muc, &ping)) {
        if (ping)
            seat_ping(seat);
        code = seat_turn(seat, LOOK_MS, &err);
        note_moves(muc, seat);
    }
    if (code != OK)
        post_text(muc, EVENT_LOST, err.text);
    seat_close(seat);
    let_go(muc);
    return NULL;
}

/* --- the loop --- */

static struct event *take_events(struct muc *muc)
{
    thread_bell_clear(muc->to_loop);
    pthread_mutex_lock(&muc->lock);
    struct event *first = muc->first;
    bool was_behind = is_behind_locked(muc);
    muc->first = NULL;
    muc->end = &muc->first;
    muc->waiting = muc->waiting_bytes = 0;
    pthread_mutex_unlock(&muc->lock);
    if (was_behind)
        thread_bell_ring(muc->to_thread);
    return first;
}

static void stop_timers(struct muc *muc)
{
    loop_timer_stop(muc->deadline);
    loop_timer_stop(muc->ping);
}

static void tell(struct muc *muc, const struct event *event)
{
    const struct muc_events *events = &muc->events;
    if (event->kind == EVENT_MESSAGE) {
        events->message(events->context, &event->message);
    } else if (event->kind == EVENT_PONG) {
        int64_t asked_us = muc->asked_us;
        muc->asked_us = 0;
        loop_timer_stop(muc->deadline);
        events->abreast(events->context, asked_us);
    } else if (event->kind == EVENT_JOINED) {
        muc->joined = true;
        loop_timer_stop(muc->deadline);
        loop_timer_repeat(muc->ping, 0, muc->server.ping_us);
        events->joined(events->context, event->text);
    } else {
        stop_timers(muc);
        events->lost(events->context, event->text.ptr);
    }
}

/* At most as many messages as may wait. */
static void on_events(void *context, int ready)
{
    struct muc *muc = context;
    (void)ready;
    pthread_mutex_lock(&muc->lock);
    muc->holders++; /* a callback may leave */
    pthread_mutex_unlock(&muc->lock);
    if (!muc->taken)
        muc->taken = take_events(muc);
    while (muc->taken && !muc->held && is_open(muc)) {
        struct event *event = muc->taken;
        muc->taken = event->next;
        tell(muc, event);
        arena_destroy(event->arena);
    }
    let_go(muc);
}

/* Another one only when the last one is answered. */
static void on_ping_time(void *context)
{
    struct muc *muc = context;
    if (muc->asked_us)
        return;
    muc->asked_us = clock_now_us(loop_clock(muc->loop));
    pthread_mutex_lock(&muc->lock);
    muc->ping_wanted = true;
    muc->moved = false;
    pthread_mutex_unlock(&muc->lock);
    loop_timer_start(muc->deadline, muc->server.ping_timeout_us);
}

/* The answer to a ping comes behind whatever the server is sending: a long history, or a large
 * product over a slow line, is no dead server. */
static bool still_moves(struct muc *muc)
{
    pthread_mutex_lock(&muc->lock);
    bool moved = muc->moved;
    muc->moved = false;
    pthread_mutex_unlock(&muc->lock);
    return moved && muc->joined;
}

/* The thread may be in the middle of something that never ends: the socket is shut down under it,
 * and what it says of that is not the reason. */
static void on_deadline(void *context)
{
    struct muc *muc = context;
    if (still_moves(muc)) {
        loop_timer_start(muc->deadline, muc->server.ping_timeout_us);
        return;
    }
    struct arena *arena = arena_create();
    struct slice reason =
        muc->joined
            ? arena_printf(arena, "%s:%u: no answer to a ping for %lld s", muc->server.host,
                           muc->server.port, (long long)muc->server.ping_timeout_us / 1000000)
            : arena_printf(arena, "%s:%u: could not log in and enter the room in %lld s",
                           muc->server.host, muc->server.port,
                           (long long)muc->server.join_timeout_us / 1000000);
    stop_timers(muc);
    muc->events.lost(muc->events.context, reason.ptr);
    arena_destroy(arena);
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_cstr(arena, slice_from_cstr(text)) : NULL;
}

static int64_t or_default(int64_t us, int64_t fallback_us)
{
    return us ? us : fallback_us;
}

static struct muc_server keep_server(struct arena *arena, const struct muc_server *given)
{
    struct muc_server server = *given;
    server.host = keep(arena, given->host);
    server.port = given->port ? given->port : 5222;
    server.ca_file =
        keep(arena, given->ca_file ? given->ca_file : "/etc/ssl/certs/ca-certificates.crt");
    server.jid = keep(arena, given->jid);
    server.resource = keep(arena, given->resource);
    server.password = keep(arena, given->password);
    server.join_timeout_us = or_default(given->join_timeout_us, 60000000);
    server.ping_us = or_default(given->ping_us, 60000000);
    server.ping_timeout_us = or_default(given->ping_timeout_us, 30000000);
    return server;
}

static void start_thread(struct muc *muc)
{
    int failure = thread_start(thread_main, muc, STACK_BYTES);
    if (failure != 0) {
        post_text(muc, EVENT_LOST, strerror(failure));
        let_go(muc);
    }
}

struct muc *muc_join(struct loop *loop, const struct muc_server *server,
                     const struct muc_room *room, const struct muc_events *events)
{
    struct muc *muc = mem_alloc(sizeof *muc);
    muc->arena = arena_create();
    muc->server = keep_server(muc->arena, server);
    muc->room = (struct muc_room){.jid = keep(muc->arena, room->jid),
                                  .nick = keep(muc->arena, room->nick),
                                  .since_us = room->since_us,
                                  .payload_ns = keep(muc->arena, room->payload_ns)};
    muc->events = *events;
    muc->loop = loop;
    muc->end = &muc->first;
    muc->holders = 2;
    muc->socket = -1;
    muc->to_loop = thread_bell_create();
    muc->to_thread = thread_bell_create();
    if (muc->to_loop < 0 || muc->to_thread < 0)
        abort(); /* no descriptors left: the machine is broken */
    pthread_mutex_init(&muc->lock, NULL);
    muc->watcher = loop_fd_create(loop, muc->to_loop, LOOP_READ, on_events, muc);
    muc->deadline = loop_timer_create(loop, on_deadline, muc);
    muc->ping = loop_timer_create(loop, on_ping_time, muc);
    loop_fd_start(muc->watcher);
    loop_timer_start(muc->deadline, muc->server.join_timeout_us);
    start_thread(muc);
    return muc;
}

void muc_hold(struct muc *muc)
{
    muc->held = true;
    loop_fd_stop(muc->watcher);
    stop_timers(muc);
}

void muc_release(struct muc *muc)
{
    if (!muc->held)
        return;
    muc->held = false;
    loop_fd_start(muc->watcher);
    thread_bell_ring(muc->to_loop); /* for what was taken and not told */
    if (!muc->joined)
        loop_timer_start(muc->deadline, muc->server.join_timeout_us);
    else
        loop_timer_repeat(muc->ping, muc->server.ping_us, muc->server.ping_us);
    if (muc->asked_us)
        loop_timer_start(muc->deadline, muc->server.ping_timeout_us);
}

void muc_leave(struct muc *muc)
{
    if (!muc)
        return;
    loop_fd_destroy(muc->watcher);
    loop_timer_destroy(muc->deadline);
    loop_timer_destroy(muc->ping);
    pthread_mutex_lock(&muc->lock);
    muc->closed = true;
    if (muc->socket >= 0)
        shutdown(muc->socket, SHUT_RDWR);
    pthread_mutex_unlock(&muc->lock);
    thread_bell_ring(muc->to_thread);
    let_go(muc);
}
