/*
 * alerts: which alerts are known, wanted, on their way, or done with. No I/O, no clock.
 *
 * An alert that was listed stays wanted until it is delivered or given up, also when the list no
 * longer names it. One that is settled is forgotten once the list names it no more: its mark in the
 * journal remembers it.
 */
#ifndef CAPRELAY_ADAPTERS_NWS_ALERTS_H
#define CAPRELAY_ADAPTERS_NWS_ALERTS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

enum nws_stage {
    NWS_WANTED, /* in the queue */
    NWS_ASKED,  /* its CAP is being fetched */
    NWS_HELD,   /* in the queue with its bytes: they came while the journal was full */
    NWS_DELIVERED,
    NWS_SETTLED,
    NWS_GIVEN_UP /* the server denied it too often */
};

struct nws_alert {
    struct nws_alert *next; /* in the queue */
    char *id;
    enum nws_stage stage;
    uint64_t listed;  /* the last look at the list that named it */
    int64_t sent_s;   /* as the list says; 0: not said */
    unsigned denials; /* 404 and the like */
    int64_t not_before_us;
    struct http_request *request; /* NWS_ASKED */
    void *owner;                  /* the source */
    struct slice bytes;           /* NWS_HELD; own memory */
};

struct nws_alerts {
    struct map *by_id;
    struct nws_alert *first, **end; /* the queue */
    size_t queued, given_up;
    uint64_t look;
};

void nws_alerts_init(struct nws_alerts *alerts);
void nws_alerts_fini(struct nws_alerts *alerts);

/* Notes that the current look named it; NULL where it is not known yet. */
struct nws_alert *nws_alerts_see(struct nws_alerts *alerts, struct slice id);
/* A new one, in the given stage; NWS_WANTED ones join the queue. */
struct nws_alert *nws_alerts_add(struct nws_alerts *alerts, struct slice id, enum nws_stage stage);
/* To the end of the queue, as NWS_WANTED, or NWS_HELD where it has bytes. */
void nws_alerts_queue(struct nws_alerts *alerts, struct nws_alert *alert);
/* The first in the queue that has bytes, or NULL; and the first that may be asked for at that time,
 * else NULL with the time when one may (INT64_MAX: none). Taken off the queue. */
struct nws_alert *nws_alerts_take_held(struct nws_alerts *alerts);
struct nws_alert *nws_alerts_take_wanted(struct nws_alerts *alerts, int64_t now_us,
                                         int64_t *wait_until_us);
void nws_alerts_give_up(struct nws_alerts *alerts, struct nws_alert *alert);
/* A look at the list of what is in force begins. */
void nws_alerts_look(struct nws_alerts *alerts);
/* It is over, and was whole: what it did not name and needs nothing more is forgotten. */
void nws_alerts_looked(struct nws_alerts *alerts);

#endif
