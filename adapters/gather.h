/*
 * gather: fetching what a list named, each document once, and handing it on.
 *
 * An answer that blames the document (404) is asked for again a few times and then given up,
 * loudly; one that blames the server (429, 5xx, no answer) makes all of them wait and counts
 * against none. What was delivered is remembered by seen.h. For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_GATHER_H
#define CAPRELAY_ADAPTERS_GATHER_H

#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/listed.h"
#include "http/http.h"

/* The source's part; `source` is the one of gather_init(). */
struct gather_ops {
    /* Sends the request for it, with `item` as the context of `fn`. */
    struct http_request *(*ask)(void *source, struct listed_item *item, size_t max_body,
                                http_fn fn);
    /* It came: `item->bytes`, which may be changed in place. Optional. */
    void (*came)(void *source, struct listed_item *item);
    /* The server does not give it: a line in the log. */
    void (*missing)(void *source, const struct listed_item *item, int status);
    /* The state may be another, by `error` and `given_up`. */
    void (*tell)(void *source);
    /* There may be room for more in the list. Optional. */
    void (*room)(void *source);
};

struct gather {
    struct listed list;
    const struct gather_ops *ops;
    void *source;
    struct host *host;
    bool paused;     /* nothing is handed on nor asked for */
    char error[200]; /* that all wait for; "": none */
    /* --- for gather.c alone --- */
    struct loop_timer *timer; /* NULL: stopped */
    struct backoff backoff;
    int64_t not_before_mono_us;
    size_t asked, parallel;
};

void gather_init(struct gather *gather, struct host *host, void *source,
                 const struct gather_ops *ops);
void gather_fini(struct gather *gather);
/* `parallel` requests at once. Nothing is done before gather_more(). */
void gather_start(struct gather *gather, size_t parallel, uint64_t seed);
/* What was on its way is wanted again. Before the HTTP client goes; idempotent. */
void gather_stop(struct gather *gather);
/* Delivers what is held and asks for what is wanted, as far as allowed now. */
void gather_more(struct gather *gather);
void gather_pause(struct gather *gather);
void gather_resume(struct gather *gather);
/* For the adapter's `settled`. */
void gather_settled(const struct adapter_outcome *outcome);

#endif
