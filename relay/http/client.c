/*
 * libcurl's multi interface on the loop, and the queue before it.
 *
 * libcurl says which sockets it waits for and for how long (on_socket, on_timer); the loop tells it
 * what happened (tell_curl). Its callbacks never call it back, so nothing is told to our callers
 * from inside them: what has ended goes to `done`, and the answers are told when libcurl has
 * returned.
 */
#include "http/internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* One of libcurl's sockets. */
struct http_socket {
    struct http_socket *next, **place;
    struct http_client *client;
    curl_socket_t fd;
    struct loop_fd *watcher;
};

/* --- lists --- */

static void list_init(struct http_list *list)
{
    *list = (struct http_list){.end = &list->first};
}

static void list_add(struct http_list *list, struct http_request *request)
{
    request->next = NULL;
    request->place = list->end;
    *list->end = request;
    list->end = &request->next;
}

static void list_remove(struct http_list *list, struct http_request *request)
{
    *request->place = request->next;
    if (request->next)
        request->next->place = request->place;
    else
        list->end = request->place;
}

static struct http_list *list_of(struct http_request *request)
{
    struct http_client *client = request->client;
    struct http_list *lists[] = {&client->waiting, &client->running, &client->done};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (struct http_request *r = lists[i]->first; r; r = r->next)
            if (r == request)
                return lists[i];
    abort(); /* answered or cancelled before: the caller's handle is stale */
}

/* --- what runs --- */

static void leave_multi(struct http_request *request)
{
    struct http_client *client = request->client;
    if (!request->running)
        return;
    curl_multi_remove_handle(client->multi, request->easy);
    request->running = false;
    client->running_count--;
}

static void finish(struct http_request *request, CURLcode code)
{
    struct http_client *client = request->client;
    http_request_ended(request, code);
    list_remove(&client->running, request);
    list_add(&client->done, request);
    client->running_count--;
    request->running = false;
    /* Only now, when nothing of the answer is asked of the multi handle any more. */
    curl_multi_remove_handle(client->multi, request->easy);
}

static void collect(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        void *request = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        finish(request, code);
    }
}

static void send_waiting(struct http_client *client)
{
    while (client->waiting.first && client->running_count < client->options.max_parallel) {
        struct http_request *request = client->waiting.first;
        list_remove(&client->waiting, request);
        list_add(&client->running, request);
        client->running_count++;
        request->running = true;
        if (curl_multi_add_handle(client->multi, request->easy) != CURLM_OK)
            abort(); /* no memory, or a handle added twice */
    }
}

/* Any callback may cancel, send, or destroy the client. */
static void tell_done(struct http_client *client)
{
    bool gone = false;
    size_t count = 0;
    client->gone = &gone;
    for (struct http_request *r = client->done.first; r; r = r->next)
        count++;
    /* Not what a callback adds: one that repeats a bad request would hold the loop. */
    for (; !gone && count > 0 && client->done.first; count--) {
        struct http_request *request = client->done.first;
        struct http_result result = http_request_result(request);
        list_remove(&client->done, request);
        request->fn(request->context, &result);
        http_request_free(request);
    }
    if (gone)
        return;
    client->gone = NULL;
    if (client->done.first)
        loop_timer_start(client->turn, 0);
    send_waiting(client);
}

static void on_turn(void *context)
{
    tell_done(context);
}

static void tell_curl(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(client->multi, fd, events, &running);
    collect(client);
    tell_done(client);
}

/* --- libcurl's wishes --- */

static void on_ready(void *context, int events)
{
    struct http_socket *s = context;
    tell_curl(s->client, s->fd,
              (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
                  (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static struct http_socket *watch(struct http_client *client, curl_socket_t fd)
{
    struct http_socket *s = mem_alloc(sizeof *s);
    *s = (struct http_socket){.client = client,
                              .fd = fd,
                              .next = client->sockets,
                              .place = &client->sockets,
                              .watcher = loop_fd_create(client->loop, fd, 0, on_ready, s)};
    if (s->next)
        s->next->place = &s->next;
    client->sockets = s;
    return s;
}

static void unwatch(struct http_socket *s)
{
    *s->place = s->next;
    if (s->next)
        s->next->place = s->place;
    loop_fd_destroy(s->watcher);
    free(s);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct http_client *client = context;
    struct http_socket *s = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            unwatch(s);
        return 0;
    }
    if (!s) {
        s = watch(client, fd);
        curl_multi_assign(client->multi, fd, s);
    }
    loop_fd_set_events(s->watcher, (what & CURL_POLL_IN ? LOOP_READ : 0) |
                                       (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
    loop_fd_start(s->watcher);
    return 0;
}

static int on_timer(CURLM *multi, long wait_ms, void *context)
{
    struct http_client *client = context;
    (void)multi;
    if (wait_ms < 0)
        loop_timer_stop(client->timer);
    else
        loop_timer_start(client->timer, (int64_t)wait_ms * 1000);
    return 0;
}

static void on_time(void *context)
{
    tell_curl(context, CURL_SOCKET_TIMEOUT, 0);
}

/* --- life --- */

static const char *keep(struct http_client *client, const char *text)
{
    return text ? arena_cstr(client->arena, slice_from_cstr(text)) : NULL;
}

static void keep_options(struct http_client *client, const struct http_options *options)
{
    struct http_options *own = &client->options;
    *own = *options;
    own->user_agent =
        keep(client, options->user_agent ? options->user_agent : "caprelay/" CAPRELAY_VERSION);
    own->ca_file = keep(client, options->ca_file);
    own->proxy = keep(client, options->proxy);
    if (!own->connect_timeout_us)
        own->connect_timeout_us = 10 * 1000000;
    if (!own->timeout_us)
        own->timeout_us = 60 * 1000000;
    if (!own->max_body)
        own->max_body = 8 * 1024 * 1024;
    if (!own->max_parallel)
        own->max_parallel = 4;
}

static enum err_code check_library(struct err *err)
{
    int features = curl_version_info(CURLVERSION_NOW)->features;
    if (!(features & CURL_VERSION_ASYNCHDNS))
        return err_set(err, ERR_STATE, "this libcurl would stop the relay while it resolves names");
    if (!(features & CURL_VERSION_SSL) || !(features & CURL_VERSION_LIBZ))
        return err_set(err, ERR_STATE, "this libcurl has no TLS or no gzip");
    return OK;
}

enum err_code http_client_create(struct loop *loop, const struct http_options *options,
                                 struct http_client **out, struct err *err)
{
    *out = NULL;
    enum err_code code = check_library(err);
    if (code != OK)
        return code;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counts by itself */
        return err_set(err, ERR_STATE, "libcurl could not start");
    struct http_client *client = mem_alloc(sizeof *client);
    client->loop = loop;
    client->arena = arena_create();
    keep_options(client, options);
    list_init(&client->waiting);
    list_init(&client->running);
    list_init(&client->done);
    client->timer = loop_timer_create(loop, on_time, client);
    client->turn = loop_timer_create(loop, on_turn, client);
    client->multi = curl_multi_init();
    if (!client->multi)
        abort(); /* as mem_alloc() */
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->options.max_parallel);
    *out = client;
    return OK;
}

static void drop_all(struct http_list *list)
{
    while (list->first)
        http_cancel(list->first);
}

void http_client_destroy(struct http_client *client)
{
    if (!client)
        return;
    if (client->gone)
        *client->gone = true;
    drop_all(&client->done);
    drop_all(&client->running);
    drop_all(&client->waiting);
    curl_multi_cleanup(client->multi);
    while (client->sockets)
        unwatch(client->sockets);
    loop_timer_destroy(client->timer);
    loop_timer_destroy(client->turn);
    arena_destroy(client->arena);
    free(client);
    curl_global_cleanup();
}

/* --- requests --- */

struct http_request *http_send(struct http_client *client, const struct http_call *call, http_fn fn,
                               void *context)
{
    struct http_request *request = http_request_create(client, call);
    request->fn = fn;
    request->context = context;
    list_add(request->easy ? &client->waiting : &client->done, request);
    loop_timer_start(client->turn, 0);
    return request;
}

void http_cancel(struct http_request *request)
{
    if (!request)
        return;
    struct http_client *client = request->client;
    list_remove(list_of(request), request);
    leave_multi(request);
    http_request_free(request);
    if (client->waiting.first)
        loop_timer_start(client->turn, 0); /* there is room for another */
}
