/*
 * source: what the files of the adapter share.
 *
 * atom.c: options and contract; request.c: addresses and the secret; poll.c: looking at the feed;
 * take.c: what of a page is new; incidents.h: for what is deleted. What is new is fetched and
 * handed on by gather.h.
 */
#ifndef CAPRELAY_ADAPTERS_ATOM_SOURCE_H
#define CAPRELAY_ADAPTERS_ATOM_SOURCE_H

#include "adapters/adapter.h"
#include "adapters/atom/incidents.h"
#include "adapters/backoff.h"
#include "adapters/fetch_from.h"
#include "adapters/gather.h"
#include "adapters/hub_access.h"
#include "alert/atom.h"
#include "http/http.h"

enum {
    ATOM_PAGES_MAX = 100,
    ATOM_PAGE_TRIES_MAX = 5, /* then the look begins anew: the address may have run out */
    /* Of memory for messages that wait, fetched or not: with so much the feed is not read on. */
    ATOM_HELD_BYTES_MAX = 16 * 1024 * 1024,
    ATOM_RETRY_FIRST_US = 2000000,
    ATOM_RETRY_MAX_US = 300000000,
    ATOM_DOWN_AFTER_US = 300000000 /* without a good answer: down, no longer degraded */
};

/* Whether the feed is a MASAS hub, and whether what it says may be Actual. */
enum atom_hub { ATOM_PLAIN = 0, ATOM_OPERATIONS, ATOM_EXERCISE, ATOM_TRAINING };

/* A hub lists what is current, or with `dtsince` all that changed, what ended too. */
enum atom_look { ATOM_LOOK_ALL = 0, ATOM_LOOK_SINCE, ATOM_LOOKS };

/* What makes a look conditional: of the one page that it was. */
struct atom_tag {
    char *url, *etag, *last_modified;
};

/* The page that is being taken, a part in each turn of the loop: it may have thousands of entries.
 */
struct atom_page {
    struct arena *arena; /* NULL: none is */
    struct atom_feed feed;
    struct slice url;            /* which links are relative to */
    bool more;                   /* another one follows */
    size_t deleted, entry, link; /* the next of them */
    bool linked;                 /* a link of that entry leads to its message */
    size_t turn_bytes;           /* of the documents that this turn made */
};

struct atom_source {
    struct host *host;
    /* options */
    struct slice url, secret_file, bbox, lang, user_agent, ca_file, proxy;
    struct conf_texts parameters, fetch_from;
    int hub, secret_in; /* enum atom_hub, enum hub_secret_in */
    int64_t interval_us, catch_up_us, timeout_us, parallel;
    /* from them */
    struct hub_access access;
    struct arena *arena;
    struct slice shown; /* the URL without its query, for people */
    /* while it runs */
    struct http_client *client;
    struct loop_timer *poll_timer;
    struct gather gather;
    struct atom_incidents incidents;
    /* looking (poll.c) */
    struct backoff poll_backoff;
    char poll_error[200];
    enum atom_look look;
    unsigned pages;   /* of this look */
    unsigned tries;   /* of a page behind the first that failed; 0: it did not */
    size_t elsewhere; /* messages of this look behind links that are not followed */
    char *page_url;   /* that was asked for last, or is the next */
    bool page_due;    /* the next page of this look is to be asked for */
    bool poll_waits;  /* the time to go on came, and nothing more may be taken yet */
    struct atom_page page;
    struct atom_tag tags[ATOM_LOOKS];
    int64_t good_mono_us; /* when the feed was last read whole; 0: never */
    int64_t all_mono_us;  /* when a look at all was; 0: never */
    int64_t since_us;     /* `dtsince`; 0: not set yet */
    /* When that was chosen, by the clock on the wall: where it is set back, it is chosen anew. */
    int64_t since_set_us;
    int64_t look_began_us;  /* by the earlier of our clock and the server's */
    int64_t fresh_us;       /* for so long the server has nothing new to say */
    size_t elsewhere_known; /* of the last whole look; for the state */
};

/* What people are told, from all that is known now. */
void atom_tell_state(struct atom_source *source);

/* --- request.c --- */

/* The first page's address, without the secret. */
struct slice atom_look_url(const struct atom_source *source, struct arena *arena,
                           enum atom_look look);
/* Whether an address may be asked for. */
bool atom_may_fetch(const struct atom_source *source, struct slice url);
/* Sends a GET, with the secret where the address is on the feed's own server. */
struct http_request *atom_ask(const struct atom_source *source, struct http_call *call, http_fn fn,
                              void *context);

/* --- poll.c --- */

void atom_poll_start(struct atom_source *source);
void atom_poll_stop(struct atom_source *source);
/* There may be room again for what waits. */
void atom_poll_go_on(struct atom_source *source);

/* --- take.c --- */

/* Whether there is room for more. */
bool atom_may_take(const struct atom_source *source);
/* What is new of `page`, to `gather`: as much as a turn bears and there is room for. True once it
 * is all taken, and gone. */
bool atom_take_some(struct atom_source *source);
void atom_take_stop(struct atom_source *source);
/* A page that is not XML, or that cannot be cut, as one document, once; false where there is no
 * CAP in it. */
bool atom_take_whole(struct atom_source *source, struct arena *arena, struct slice body);

#endif
