/*
 * nws: what the files of the adapter share.
 */
#ifndef CAPRELAY_ADAPTERS_NWS_NWS_H
#define CAPRELAY_ADAPTERS_NWS_NWS_H

#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/gather.h"
#include "http/http.h"

enum {
    NWS_PAGES_MAX = 100,
    NWS_RETRY_FIRST_US = 2000000,
    NWS_RETRY_MAX_US = 300000000,
    NWS_DOWN_AFTER_US = 300000000 /* without a good answer: down, no longer degraded */
};

/* Of the list of what is in force; history is always GeoJSON. */
enum nws_format { NWS_GEOJSON = 0, NWS_ATOM };

struct nws {
    struct host *host;
    /* options */
    struct slice url, user_agent, ca_file, proxy;
    int format; /* enum nws_format */
    struct conf_texts areas, zones;
    int64_t interval_us, catch_up_us, timeout_us, parallel;
    /* while it runs */
    struct http_client *client;
    struct loop_timer *poll_timer;
    struct gather gather; /* of the alerts' CAP, by identifier */
    /* looking at the list (poll.c) */
    struct backoff poll_backoff;
    char poll_error[200];
    bool catching_up; /* this look is for what was sent meanwhile */
    unsigned pages;   /* of this look */
    size_t nameless;  /* entries of this look without an identifier */
    char *page_url;
    char *etag, *last_modified; /* of the list in force, where it was one page */
    int64_t answered_us;        /* the last page: by the earlier of our clock and the server's */
    int64_t good_mono_us;       /* when the list in force was last seen whole; 0: never */
    int64_t missed_from_us;     /* what was sent since then is still to be asked for; 0: nothing */
    /* What was sent until then has been asked for, by either clock; 0: never. */
    int64_t swept_us, swept_mono_us;
    int64_t sweep_began_us, sweep_began_mono_us;
    bool no_history;  /* the server has no such query */
    int64_t fresh_us; /* for so long the server has nothing new to say */
};

/* What people are told, from all that is known now. */
void nws_tell_state(struct nws *nws);

void nws_poll_start(struct nws *nws);
void nws_poll_stop(struct nws *nws);

#endif
