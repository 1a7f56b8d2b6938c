/*
 * fake_http: the symbols of http/http.h that touch the network, over a scripted server in memory,
 * so that an adapter's real code runs on the virtual clock of fake_loop.h.
 *
 * To be included once in a test's program. URLs are read by the real room.
 */
#ifndef CAPRELAY_TESTS_FAKE_HTTP_H
#define CAPRELAY_TESTS_FAKE_HTTP_H

#include "http/http.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { FAKE_HTTP_DELAY_US = 50000, FAKE_HTTP_TIMEOUT_US = 60000000 };

/* Fills what differs from an empty 200; texts live until the next request. */
typedef void (*fake_http_fn)(const struct http_call *call, struct http_result *result);

static struct {
    fake_http_fn answer;
    int64_t delay_us; /* until an answer is whole; 0: FAKE_HTTP_DELAY_US */
    /* No request is answered as it should be, but fails so; HTTP_ANSWERED: they all are. */
    enum http_failure failure;
    int requests, running, running_max;
    char last_url[1024], user_agent[200];
} fake_http;

struct http_client {
    struct loop *loop;
    struct http_request *first;
    size_t max_body;
};

struct http_request {
    struct http_request *next;
    struct http_client *client;
    struct arena *arena;
    struct http_call call;
    struct loop_timer *timer;
    http_fn fn;
    void *context;
};

enum err_code http_client_create(struct loop *loop, const struct http_options *options,
                                 struct http_client **out, struct err *err)
{
    (void)err;
    *out = mem_alloc(sizeof **out);
    **out = (struct http_client){.loop = loop, .max_body = options->max_body};
    snprintf(fake_http.user_agent, sizeof fake_http.user_agent, "%s",
             options->user_agent ? options->user_agent : "");
    return OK;
}

/* All as at first. */
static inline void fake_http_open(fake_http_fn answer)
{
    memset(&fake_http, 0, sizeof fake_http);
    fake_http.answer = answer;
}

/* From then on; `delay_us` as in fake_http. A stalled server is one that runs into the timeout. */
static inline void fake_http_fail(enum http_failure failure, int64_t delay_us)
{
    fake_http.failure = failure;
    fake_http.delay_us =
        failure == HTTP_FAILED_TIMEOUT && !delay_us ? FAKE_HTTP_TIMEOUT_US : delay_us;
}

/* While `cuts` lasts, answers break off on the way; each takes one of it. */
static inline void fake_http_cut(struct http_result *result, int *cuts)
{
    if (*cuts <= 0)
        return;
    --*cuts;
    result->failure = HTTP_FAILED_BROKEN;
    result->error = "transfer closed with outstanding read data remaining";
}

static void fake_http_unlink(struct http_request *request)
{
    struct http_request **place = &request->client->first;
    while (*place != request)
        place = &(*place)->next;
    *place = request->next;
    loop_timer_destroy(request->timer);
    fake_http.running--;
}

static void fake_http_free(struct http_request *request)
{
    arena_destroy(request->arena);
    free(request);
}

void http_cancel(struct http_request *request)
{
    if (!request)
        return;
    fake_http_unlink(request);
    fake_http_free(request);
}

void http_client_destroy(struct http_client *client)
{
    while (client && client->first)
        http_cancel(client->first);
    free(client);
}

static void fake_http_now(void *context)
{
    struct http_request *request = context;
    struct http_result result = {.error = "",
                                 .status = 200,
                                 .body = SLICE(""),
                                 .url = slice_from_cstr(request->call.url),
                                 .retry_after_us = -1,
                                 .max_age_us = -1,
                                 .date_us = -1};
    size_t max_body = request->call.max_body      ? request->call.max_body
                      : request->client->max_body ? request->client->max_body
                                                  : (size_t)(8 * 1024 * 1024);
    fake_http.requests++;
    snprintf(fake_http.last_url, sizeof fake_http.last_url, "%s", request->call.url);
    if (fake_http.failure == HTTP_ANSWERED) {
        fake_http.answer(&request->call, &result);
    } else {
        result.failure = fake_http.failure;
        result.error = http_failure_name(fake_http.failure);
        result.status = 0;
    }
    if (result.failure == HTTP_ANSWERED && result.body.len > max_body) {
        result.failure = HTTP_FAILED_TOO_LARGE;
        result.error = "too large";
        result.body.len = max_body;
    } else if (result.failure != HTTP_ANSWERED && result.failure != HTTP_FAILED_TOO_LARGE) {
        result.body = (struct slice){0};
    }
    fake_http_unlink(request);
    request->fn(request->context, &result);
    fake_http_free(request);
}

static const char *fake_http_keep(struct http_request *request, const char *text)
{
    return text ? arena_cstr(request->arena, slice_from_cstr(text)) : NULL;
}

struct http_request *http_send(struct http_client *client, const struct http_call *call, http_fn fn,
                               void *context)
{
    struct http_request *request = mem_alloc(sizeof *request);
    request->client = client;
    request->arena = arena_create();
    request->fn = fn;
    request->context = context;
    request->call = *call;
    request->call.url = fake_http_keep(request, call->url);
    request->call.if_none_match = fake_http_keep(request, call->if_none_match);
    request->call.if_modified_since = fake_http_keep(request, call->if_modified_since);
    request->call.body = arena_copy(request->arena, call->body);
    const char **headers =
        arena_alloc_array(request->arena, call->header_count + 1, sizeof *headers);
    for (size_t i = 0; i < call->header_count; i++)
        headers[i] = fake_http_keep(request, call->headers[i]);
    request->call.headers = headers;
    request->next = client->first;
    client->first = request;
    request->timer = loop_timer_create(client->loop, fake_http_now, request);
    loop_timer_start(request->timer, fake_http.delay_us ? fake_http.delay_us : FAKE_HTTP_DELAY_US);
    fake_http.running++;
    if (fake_http.running > fake_http.running_max)
        fake_http.running_max = fake_http.running;
    return request;
}

struct slice http_result_header(const struct http_result *result, const char *name)
{
    (void)result;
    (void)name;
    return (struct slice){0};
}

const char *http_failure_name(enum http_failure failure)
{
    static const char *const names[] = {"answered", "request",   "dns",      "connect", "tls",
                                        "timeout",  "too-large", "redirect", "broken"};
    return names[failure];
}

#endif
