/*
 * ipaws: what the files of the adapter share.
 */
#ifndef CAPRELAY_ADAPTERS_IPAWS_IPAWS_H
#define CAPRELAY_ADAPTERS_IPAWS_IPAWS_H

#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/wrapped.h"
#include "base/map.h"
#include "conf/secret.h"
#include "http/http.h"

enum ipaws_feed {
    IPAWS_PUBLIC = 0,
    IPAWS_EAS,
    IPAWS_WEA,
    IPAWS_NWEM,
    IPAWS_PUBLIC_NON_EAS,
    IPAWS_FEEDS
};

/* An answer whose alerts are being handed on, a few in each turn of the loop. */
struct ipaws_answer {
    struct arena *arena; /* NULL: there is none */
    struct wrapped list;
    size_t next;           /* in list.alerts */
    size_t fresh;          /* handed on so far */
    const char *handed_on; /* the document that was last */
    char error[200];       /* what is wrong with it; "" where it is whole */
    bool too_large;
    int64_t date_s; /* by the server's clock; -1: not said */
    int64_t max_age_us, retry_after_us;
};

/* One feed of those that are wanted: a cursor of its own. */
struct ipaws_channel {
    struct ipaws *ipaws; /* NULL: not wanted */
    const char *name;    /* as in the configuration; its mark is named so */
    struct loop_timer *timer;
    struct http_request *request;
    struct backoff backoff;
    /* The cursor, by the server's clock: all that it had by then has been handed on; 0: none yet.
     */
    int64_t heard_s;
    int64_t stored_s;     /* as the journal has it */
    int64_t asked_s;      /* what was sent since then is being asked for */
    int64_t good_mono_us; /* when the last good answer came; 0: never */
    char error[240];      /* of the last answer; "" where it was good */
    struct ipaws_answer answer;
};

struct ipaws {
    struct host *host;
    /* options */
    struct slice url, pin_file, ca_file, proxy;
    unsigned feeds; /* bits of enum ipaws_feed */
    int64_t interval_us, overlap_us, catch_up_us, kept_us, timeout_us;
    /* while it runs */
    struct http_client *client;
    struct loop_timer *hand_on;
    char pin[CONF_SECRET_BYTES + 1]; /* "" where there is none */
    bool paused, marks_read;
    struct map *in_flight; /* the digest of an alert to itself: delivered, not settled */
    struct ipaws_channel channels[IPAWS_FEEDS];
};

/* What people are told, from all that is known now. */
void ipaws_tell_state(struct ipaws *ipaws);

/* --- poll.c: asking, and what an answer means for the cursor --- */

void ipaws_poll_start(struct ipaws *ipaws);
void ipaws_poll_stop(struct ipaws *ipaws);
/* All of the channel's answer has been handed on. */
void ipaws_answer_over(struct ipaws_channel *channel);
/* Stores the cursors that have moved, where nothing before them is still to settle. */
void ipaws_store_marks(struct ipaws *ipaws);

/* --- documents.c: alerts to the host, each once --- */

void ipaws_hand_on(struct ipaws *ipaws);
/* Frees the alert that has settled. */
void ipaws_landed(struct ipaws *ipaws, uint64_t receipt);

#endif
