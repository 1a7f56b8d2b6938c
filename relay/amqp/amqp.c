#include "amqp/amqp.h"

#include "amqp/link.h"
#include "base/arena.h"
#include "base/mem.h"
#include "loop/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_MS = 500 /* how often the thread looks at the heartbeat when nothing happens */ };

enum event_kind { EVENT_OPEN, EVENT_MESSAGE, EVENT_CONFIRMED, EVENT_LOST };

/* From the thread to the loop. */
struct event {
    struct event *next;
    struct arena *arena; /* the event is in it */
    enum event_kind kind;
    struct amqp_message message;
    enum amqp_confirm confirm;
    struct slice reason;
};

/* From the loop to the thread. */
struct order {
    struct arena *arena; /* the order is in it */
    struct amqp_publication publication;
};

/* Held by the owner and by the thread; the last to let go frees it. */
struct amqp {
    /* constant after amqp_open() */
    struct arena *arena;
    struct amqp_server server;
    struct amqp_queue queue; /* of a consumer */
    const char *exchange;    /* of a publisher; NULL: a consumer */
    struct amqp_events events;
    int to_loop, to_thread; /* bells */

    /* the loop's */
    struct loop_fd *watcher;

    pthread_mutex_t lock;
    /* under the lock */
    unsigned holders;
    bool closed;
    struct event *first, **end;
    uint64_t *acks;
    size_t ack_count, ack_capacity;
    struct order *order; /* NULL: none waits */
    int publishing;      /* the socket that a publication may hang in; -1: none */
};

static void let_go(struct amqp *amqp)
{
    pthread_mutex_lock(&amqp->lock);
    bool last = --amqp->holders == 0;
    pthread_mutex_unlock(&amqp->lock);
    if (!last)
        return;
    for (struct event *event = amqp->first, *next; event; event = next) {
        next = event->next;
        arena_destroy(event->arena);
    }
    if (amqp->order)
        arena_destroy(amqp->order->arena);
    free(amqp->acks);
    close(amqp->to_loop);
    close(amqp->to_thread);
    pthread_mutex_destroy(&amqp->lock);
    arena_destroy(amqp->arena);
    free(amqp);
}

/* --- the thread --- */

static void post(struct amqp *amqp, struct event *event)
{
    pthread_mutex_lock(&amqp->lock);
    *amqp->end = event;
    amqp->end = &event->next;
    pthread_mutex_unlock(&amqp->lock);
    thread_bell_ring(amqp->to_loop);
}

static struct event *event_new(enum event_kind kind)
{
    struct arena *arena = arena_create();
    struct event *event = arena_alloc(arena, sizeof *event);
    *event = (struct event){.arena = arena, .kind = kind};
    return event;
}

static void post_message(void *context, const struct amqp_message *message)
{
    struct event *event = event_new(EVENT_MESSAGE);
    event->message = *message;
    event->message.routing_key = arena_copy(event->arena, message->routing_key);
    event->message.content_type = arena_copy(event->arena, message->content_type);
    event->message.body = arena_copy(event->arena, message->body);
    post(context, event);
}

static void post_lost(struct amqp *amqp, const char *reason)
{
    struct event *event = event_new(EVENT_LOST);
    event->reason =
        arena_printf(event->arena, "%s:%u: %s", amqp->server.host, amqp->server.port, reason);
    post(amqp, event);
}

/* Takes what is to be acknowledged; false where the owner has closed. */
static bool take_orders(struct amqp *amqp, uint64_t **acks, size_t *count)
{
    thread_bell_clear(amqp->to_thread);
    pthread_mutex_lock(&amqp->lock);
    *acks = amqp->acks;
    *count = amqp->ack_count;
    amqp->acks = NULL;
    amqp->ack_count = amqp->ack_capacity = 0;
    bool goes_on = !amqp->closed;
    pthread_mutex_unlock(&amqp->lock);
    return goes_on;
}

static struct order *take_order(struct amqp *amqp)
{
    pthread_mutex_lock(&amqp->lock);
    struct order *order = amqp->order;
    amqp->order = NULL;
    pthread_mutex_unlock(&amqp->lock);
    return order;
}

static bool is_open(void *context)
{
    struct amqp *amqp = context;
    pthread_mutex_lock(&amqp->lock);
    bool open = !amqp->closed;
    pthread_mutex_unlock(&amqp->lock);
    return open;
}

static void set_publishing(struct amqp *amqp, int fd)
{
    pthread_mutex_lock(&amqp->lock);
    amqp->publishing = fd;
    pthread_mutex_unlock(&amqp->lock);
}

static enum err_code publish(struct amqp *amqp, struct link *link, struct err *err)
{
    struct order *order = take_order(amqp);
    if (!order)
        return OK;
    enum amqp_confirm confirm;
    set_publishing(amqp, link_fd(link));
    enum err_code code =
        link_publish(link, amqp->exchange, &order->publication, is_open, amqp, &confirm, err);
    set_publishing(amqp, -1);
    arena_destroy(order->arena);
    if (code != OK)
        return code;
    struct event *event = event_new(EVENT_CONFIRMED);
    event->confirm = confirm;
    post(amqp, event);
    return OK;
}

static enum err_code run(struct amqp *amqp, struct link *link, struct err *err)
{
    struct pollfd fds[] = {{.fd = link_fd(link), .events = POLLIN},
                           {.fd = amqp->to_thread, .events = POLLIN}};
    for (bool goes_on = true; goes_on;) {
        uint64_t *acks;
        size_t count;
        enum err_code code = OK;
        if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR)
            return err_errno(err, errno, "waiting");
        goes_on = take_orders(amqp, &acks, &count);
        for (size_t i = 0; code == OK && i < count; i++)
            code = link_ack(link, acks[i], err);
        free(acks);
        if (code == OK && goes_on)
            code = publish(amqp, link, err);
        if (code == OK && goes_on)
            code = link_take(link, post_message, amqp, err);
        if (code != OK)
            return code;
    }
    return OK;
}

static void *thread_main(void *context)
{
    struct amqp *amqp = context;
    struct link *link = NULL;
    struct err err = {0};
    enum err_code code = amqp->exchange
                             ? link_open_publisher(&amqp->server, amqp->exchange, &link, &err)
                             : link_open(&amqp->server, &amqp->queue, &link, &err);
    if (code == OK) {
        post(amqp, event_new(EVENT_OPEN));
        code = run(amqp, link, &err);
    }
    if (code != OK)
        post_lost(amqp, err.text);
    link_close(link);
    let_go(amqp);
    return NULL;
}

/* --- the loop --- */

static struct event *take_events(struct amqp *amqp)
{
    thread_bell_clear(amqp->to_loop);
    pthread_mutex_lock(&amqp->lock);
    struct event *first = amqp->first;
    amqp->first = NULL;
    amqp->end = &amqp->first;
    pthread_mutex_unlock(&amqp->lock);
    return first;
}

static void tell(struct amqp *amqp, const struct event *event)
{
    const struct amqp_events *events = &amqp->events;
    if (event->kind == EVENT_OPEN)
        events->open(events->context);
    else if (event->kind == EVENT_MESSAGE)
        events->message(events->context, &event->message);
    else if (event->kind == EVENT_CONFIRMED)
        events->confirmed(events->context, event->confirm);
    else
        events->lost(events->context, arena_cstr(event->arena, event->reason));
}

/* At most a prefetch of messages at once. */
static void on_events(void *context, int ready)
{
    struct amqp *amqp = context;
    (void)ready;
    pthread_mutex_lock(&amqp->lock);
    amqp->holders++; /* a callback may close it */
    pthread_mutex_unlock(&amqp->lock);
    for (struct event *event = take_events(amqp), *next; event; event = next) {
        next = event->next;
        if (is_open(amqp))
            tell(amqp, event);
        arena_destroy(event->arena);
    }
    let_go(amqp);
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_cstr(arena, arena_copy(arena, slice_from_cstr(text))) : NULL;
}

static struct amqp_server keep_server(struct arena *arena, const struct amqp_server *given)
{
    struct amqp_server server = *given;
    server.host = keep(arena, given->host);
    server.port = given->port ? given->port : given->tls ? 5671 : 5672;
    server.ca_file =
        keep(arena, given->ca_file ? given->ca_file : "/etc/ssl/certs/ca-certificates.crt");
    server.vhost = keep(arena, given->vhost ? given->vhost : "/");
    server.user = keep(arena, given->user ? given->user : "guest");
    server.password = keep(arena, given->password ? given->password : "guest");
    server.connect_timeout_us = given->connect_timeout_us ? given->connect_timeout_us : 10000000;
    server.heartbeat_s = given->heartbeat_s ? given->heartbeat_s : 30;
    return server;
}

static struct amqp_queue keep_queue(struct arena *arena, const struct amqp_queue *given)
{
    struct amqp_queue queue = *given;
    const char **bindings = arena_alloc_array(arena, given->binding_count, sizeof *bindings);
    queue.name = keep(arena, given->name);
    queue.exchange = keep(arena, given->exchange);
    for (size_t i = 0; i < given->binding_count; i++)
        bindings[i] = keep(arena, given->bindings[i]);
    queue.bindings = bindings;
    return queue;
}

static void start_thread(struct amqp *amqp)
{
    int failure = thread_start(thread_main, amqp, 0);
    if (failure != 0) {
        post_lost(amqp, strerror(failure));
        let_go(amqp);
    }
}

static struct amqp *create(const struct amqp_server *server, const struct amqp_events *events)
{
    struct amqp *amqp = mem_alloc(sizeof *amqp);
    amqp->arena = arena_create();
    amqp->server = keep_server(amqp->arena, server);
    amqp->events = *events;
    amqp->end = &amqp->first;
    amqp->holders = 2;
    amqp->publishing = -1;
    amqp->to_loop = thread_bell_create();
    amqp->to_thread = thread_bell_create();
    if (amqp->to_loop < 0 || amqp->to_thread < 0)
        abort(); /* no descriptors left: the machine is broken */
    pthread_mutex_init(&amqp->lock, NULL);
    return amqp;
}

static struct amqp *begin(struct amqp *amqp, struct loop *loop)
{
    amqp->watcher = loop_fd_create(loop, amqp->to_loop, LOOP_READ, on_events, amqp);
    loop_fd_start(amqp->watcher);
    start_thread(amqp);
    return amqp;
}

struct amqp *amqp_open(struct loop *loop, const struct amqp_server *server,
                       const struct amqp_queue *queue, const struct amqp_events *events)
{
    struct amqp *amqp = create(server, events);
    amqp->queue = keep_queue(amqp->arena, queue);
    return begin(amqp, loop);
}

struct amqp *amqp_open_publisher(struct loop *loop, const struct amqp_server *server,
                                 const char *exchange, const struct amqp_events *events)
{
    struct amqp *amqp = create(server, events);
    amqp->exchange = keep(amqp->arena, exchange);
    return begin(amqp, loop);
}

void amqp_publish(struct amqp *amqp, const struct amqp_publication *given)
{
    struct arena *arena = arena_create();
    struct order *order = arena_alloc(arena, sizeof *order);
    struct amqp_field *fields = arena_alloc_array(arena, given->field_count, sizeof *fields);
    for (size_t i = 0; i < given->field_count; i++)
        fields[i] =
            (struct amqp_field){keep(arena, given->fields[i].name),
                                keep(arena, given->fields[i].text), given->fields[i].number};
    *order = (struct order){.arena = arena, .publication = *given};
    order->publication.routing_key = keep(arena, given->routing_key);
    order->publication.message_id = keep(arena, given->message_id);
    order->publication.content_type = keep(arena, given->content_type);
    order->publication.app_id = keep(arena, given->app_id);
    order->publication.fields = fields;
    order->publication.body = arena_copy(arena, given->body);
    pthread_mutex_lock(&amqp->lock);
    struct order *before = amqp->order;
    amqp->order = order;
    pthread_mutex_unlock(&amqp->lock);
    if (before)
        abort(); /* one at a time */
    thread_bell_ring(amqp->to_thread);
}

void amqp_ack(struct amqp *amqp, uint64_t tag)
{
    pthread_mutex_lock(&amqp->lock);
    amqp->acks = mem_grow(amqp->acks, amqp->ack_count, &amqp->ack_capacity, sizeof *amqp->acks);
    amqp->acks[amqp->ack_count++] = tag;
    pthread_mutex_unlock(&amqp->lock);
    thread_bell_ring(amqp->to_thread);
}

void amqp_close(struct amqp *amqp)
{
    if (!amqp)
        return;
    loop_fd_destroy(amqp->watcher);
    amqp->watcher = NULL;
    pthread_mutex_lock(&amqp->lock);
    amqp->closed = true;
    if (amqp->publishing >= 0) /* a broker that does not read would hold the thread for ever */
        shutdown(amqp->publishing, SHUT_RDWR);
    pthread_mutex_unlock(&amqp->lock);
    thread_bell_ring(amqp->to_thread);
    let_go(amqp);
}
