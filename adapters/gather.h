/*
 * gather: fetching what a list named, each document once, and handing it on.
 *
 * One that the server does not have (404) is asked for a few times more and then given up, loudly;
 * one that it refuses (403) for a day, see patience.h. Trouble of the server (5xx, no answer)
 * counts against none. After either of these all that were tried before wait together, ever longer,
 * but not what is new; after 429 or a Retry-After everything waits. What was delivered is
 * remembered by seen.h. For the loop's thread.
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
    /* It is lost: a line in the log. `words` is what the server said last. */
    void (*missing)(void *source, const struct listed_item *item, const char *words);
    /* The state may be another, by gather_trouble() and `given_up`. */
    void (*tell)(void *source);
    /* There may be room for more in the list. Optional. */
    void (*room)(void *source);
};

struct gather {
    struct listed list;
    const struct gather_ops *ops;
    void *source;
    struct host *host;
    bool paused; /* nothing is handed on nor asked for */
    /* --- for gather.c alone --- */
    char error[200];          /* of the server, that all wait for; "": none */
    char refusal[200];        /* the last one */
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
/* Why some of what was listed does not come for now, for the state; NULL: nothing is wrong. */
const char *gather_trouble(const struct gather *gather);
/* For the adapter's `settled`. */
void gather_settled(const struct adapter_outcome *outcome);

#endif
