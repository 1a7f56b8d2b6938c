#include "dial/dial.h"

#include "base/mem.h"
#include "dial/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct dial {
    struct loop *loop;
    struct dial_address address;
    dial_fn fn;
    void *context;
    struct loop_timer *timer;
    struct loop_fd *watcher; /* of the look-up, then of the attempt */
    struct lookup *lookup;
    struct addrinfo *list, *next; /* `next`: the address to be tried after this one */
    int64_t left_us;              /* of the whole time */
    int64_t attempt_us;           /* of it for what runs now */
    int fd;
    char error[DIAL_HOST_MAX + 100]; /* of the last attempt */
};

static void go_on(struct dial *dial);

static void end_attempt(struct dial *dial)
{
    loop_fd_destroy(dial->watcher);
    dial->watcher = NULL;
    if (dial->fd >= 0)
        close(dial->fd);
    dial->fd = -1;
}

void dial_cancel(struct dial *dial)
{
    if (!dial)
        return;
    end_attempt(dial);
    lookup_drop(dial->lookup);
    if (dial->list)
        freeaddrinfo(dial->list);
    loop_timer_destroy(dial->timer);
    free(dial);
}

/* The callback comes last: it may do anything, dial again too. */
static void finish(struct dial *dial, int fd)
{
    dial_fn fn = dial->fn;
    void *context = dial->context;
    char error[sizeof dial->error];
    memcpy(error, dial->error, sizeof error);
    dial_cancel(dial);
    fn(context, fd, fd < 0 ? error : NULL);
}

/* --- one address --- */

static void keep_alive(int fd)
{
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static void fail_attempt(struct dial *dial, const char *why)
{
    snprintf(dial->error, sizeof dial->error, "%s:%u: %s", dial->address.host, dial->address.port,
             why);
    end_attempt(dial);
    go_on(dial);
}

static void on_writable(void *context, int events)
{
    struct dial *dial = context;
    int failure = 0;
    socklen_t size = sizeof failure;
    (void)events;
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        failure = errno;
    if (failure != 0) {
        fail_attempt(dial, strerror(failure));
        return;
    }
    int fd = dial->fd;
    dial->fd = -1;
    keep_alive(fd);
    finish(dial, fd);
}

static int attempts_left(const struct dial *dial)
{
    int count = 0;
    for (const struct addrinfo *at = dial->next; at; at = at->ai_next)
        count++;
    return count;
}

static void try_address(struct dial *dial)
{
    const struct addrinfo *address = dial->next;
    dial->attempt_us = dial->left_us / attempts_left(dial);
    dial->next = address->ai_next;
    dial->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->fd < 0 || (connect(dial->fd, address->ai_addr, address->ai_addrlen) != 0 &&
                         errno != EINPROGRESS && errno != EINTR)) {
        fail_attempt(dial, strerror(errno));
        return;
    }
    dial->watcher = loop_fd_create(dial->loop, dial->fd, LOOP_WRITE, on_writable, dial);
    loop_fd_start(dial->watcher);
    loop_timer_start(dial->timer, dial->attempt_us);
}

static void go_on(struct dial *dial)
{
    if (dial->next)
        try_address(dial);
    else
        finish(dial, -1);
}

/* --- the name --- */

static void take_list(struct dial *dial, int result)
{
    if (result != 0 || !dial->list) {
        snprintf(dial->error, sizeof dial->error, "no address for %s: %s", dial->address.host,
                 result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
        finish(dial, -1);
        return;
    }
    dial->next = dial->list;
    go_on(dial);
}

static void on_looked_up(void *context, int events)
{
    struct dial *dial = context;
    (void)events;
    int result = lookup_take(dial->lookup, &dial->list);
    loop_fd_destroy(dial->watcher);
    dial->watcher = NULL;
    lookup_drop(dial->lookup);
    dial->lookup = NULL;
    loop_timer_stop(dial->timer);
    dial->left_us -= dial->attempt_us;
    take_list(dial, result);
}

static void on_timeout(void *context)
{
    struct dial *dial = context;
    dial->left_us -= dial->attempt_us;
    if (dial->lookup) {
        snprintf(dial->error, sizeof dial->error, "no address for %s: the resolver does not answer",
                 dial->address.host);
        finish(dial, -1);
    } else {
        fail_attempt(dial, "no answer");
    }
}

/* On its own turn of the loop, so that nobody is called back before dial_start() returns. */
static void begin(void *context)
{
    struct dial *dial = context;
    int event;
    loop_timer_destroy(dial->timer);
    dial->timer = loop_timer_create(dial->loop, on_timeout, dial);
    if (lookup_numeric(&dial->address, &dial->list) == 0) {
        take_list(dial, 0);
        return;
    }
    dial->lookup = lookup_start(&dial->address, &event);
    if (!dial->lookup) {
        take_list(dial, EAI_AGAIN);
        return;
    }
    dial->attempt_us = dial->left_us / 2;
    dial->watcher = loop_fd_create(dial->loop, event, LOOP_READ, on_looked_up, dial);
    loop_fd_start(dial->watcher);
    loop_timer_start(dial->timer, dial->attempt_us);
}

struct dial *dial_start(struct loop *loop, const struct dial_address *address, int64_t timeout_us,
                        dial_fn fn, void *context)
{
    struct dial *dial = mem_alloc(sizeof *dial);
    *dial = (struct dial){.loop = loop,
                          .address = *address,
                          .fn = fn,
                          .context = context,
                          .left_us = timeout_us,
                          .fd = -1};
    dial->timer = loop_timer_create(loop, begin, dial);
    loop_timer_start(dial->timer, 0);
    return dial;
}
