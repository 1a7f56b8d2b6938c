/*
 * asking: one HTTP request on the real loop, waited for.
 */
#ifndef CAPRELAY_TESTS_ASKING_H
#define CAPRELAY_TESTS_ASKING_H

#include "http/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct asking {
    struct loop *loop;
    struct http_client *client;
    /* the last answer; texts copied */
    struct arena *arena;
    int answers;
    struct http_result result;
    char error[300];
};

static inline void asking_open(struct asking *asking, const struct http_options *options)
{
    struct err err = {0};
    memset(asking, 0, sizeof *asking);
    asking->arena = arena_create();
    if (loop_create(&asking->loop, &err) != OK ||
        http_client_create(asking->loop, options, &asking->client, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

static inline void asking_close(struct asking *asking)
{
    http_client_destroy(asking->client);
    loop_destroy(asking->loop);
    arena_destroy(asking->arena);
}

static inline void asking_answered(void *context, const struct http_result *result)
{
    struct asking *asking = context;
    struct slice *texts[] = {&asking->result.body,          &asking->result.etag,
                             &asking->result.last_modified, &asking->result.content_type,
                             &asking->result.location,      &asking->result.url};
    asking->answers++;
    asking->result = *result;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_copy(asking->arena, *texts[i]);
    snprintf(asking->error, sizeof asking->error, "%s", result->error);
    asking->result.error = asking->error;
}

static inline void asking_late(void *context)
{
    *(bool *)context = true;
}

/* Until so many answers have come in all; false after that time. */
static inline bool asking_wait(struct asking *asking, int answers, int64_t at_most_us)
{
    bool late = false;
    struct loop_timer *timer = loop_timer_create(asking->loop, asking_late, &late);
    loop_timer_start(timer, at_most_us);
    while (asking->answers < answers && !late)
        loop_turn(asking->loop, true);
    loop_timer_destroy(timer);
    return asking->answers >= answers;
}

/* Fails the process where no answer comes within 10 s: every request here has its own limit. */
static inline const struct http_result *asking_for(struct asking *asking,
                                                   const struct http_call *call)
{
    int before = asking->answers;
    http_send(asking->client, call, asking_answered, asking);
    if (asking->answers != before || !asking_wait(asking, before + 1, 10 * 1000000)) {
        fprintf(stderr, "no answer from %s\n", call->url);
        abort();
    }
    return &asking->result;
}

__attribute__((format(printf, 2, 3))) static inline const struct http_result *
asking_get(struct asking *asking, const char *format, ...)
{
    char url[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(url, sizeof url, format, args);
    va_end(args);
    return asking_for(asking, &(struct http_call){.url = url});
}

#endif
