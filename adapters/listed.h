/*
 * listed: what a source that is asked for lists was told of: what is wanted, on its way, or done
 * with. No I/O, no clock.
 *
 * An item that was named stays until it is delivered or given up, also when the list no longer
 * names it. One that is settled is forgotten once the list names it no more: its mark in the
 * journal (seen.h) remembers it.
 */
#ifndef CAPRELAY_ADAPTERS_LISTED_H
#define CAPRELAY_ADAPTERS_LISTED_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

enum listed_stage {
    LISTED_FRESH,  /* of this look, not in the queue yet */
    LISTED_WANTED, /* in the queue, to be fetched */
    LISTED_ASKED,  /* being fetched */
    LISTED_HELD,   /* in the queue with its bytes */
    LISTED_DELIVERED,
    LISTED_SETTLED,
    LISTED_GIVEN_UP /* the server denied it too often */
};

struct listed_item {
    struct listed_item *next; /* in the queue */
    char *key;
    char *url; /* where it is, for sources that keep that here; NULL: it follows from the key, or
                  the bytes are here */
    enum listed_stage stage;
    int64_t time_s;   /* as the list says: updated, sent; 0: not said */
    size_t place;     /* among those of the look: in the order of the list */
    uint64_t listed;  /* the last look that named it */
    unsigned tries;   /* that did not bring it */
    unsigned denials; /* of them: 404 and the like */
    int64_t not_before_mono_us;
    int64_t refused_mono_us;      /* 403 and the like, since then; 0: it is not refused */
    struct http_request *request; /* LISTED_ASKED */
    void *owner;                  /* of the list */
    struct slice bytes;           /* own memory */
    size_t weight;                /* in listed.bytes */
};

struct listed {
    void *owner; /* whatever the items are to lead to */
    struct map *by_key;
    struct listed_item *first, **end; /* the queue */
    struct listed_item **fresh;
    size_t fresh_count, fresh_capacity;
    size_t queued, given_up, refused;
    int64_t again_mono_us; /* none that was tried before is asked for sooner */
    size_t bytes; /* of memory, for all that waits: with what was fetched, and with its address */
    uint64_t look;
};

void listed_init(struct listed *list, void *owner);
void listed_fini(struct listed *list);

/* Notes that the current look named it; NULL where it is not known yet. */
struct listed_item *listed_see(struct listed *list, struct slice key);
/* A new one, in that stage; LISTED_WANTED ones join the queue. It lives until it is settled or
 * given up and no longer named. */
struct listed_item *listed_add(struct listed *list, struct slice key, enum listed_stage stage);
/* A new one, LISTED_FRESH. Texts are copied; either `url` or `bytes`, the other absent. */
struct listed_item *listed_add_fresh(struct listed *list, struct slice key, struct slice url,
                                     struct slice bytes, int64_t time_s);
/* The fresh ones to the queue, the oldest first, although feeds begin with the newest: an Update is
 * to meet what it updates. */
void listed_queue_fresh(struct listed *list);
/* Its bytes came: own memory, taken. */
void listed_hold(struct listed *list, struct listed_item *item, char *bytes, size_t len);
/* They go, and are the caller's to free and to deliver: it is LISTED_DELIVERED from now on. */
struct slice listed_release(struct listed *list, struct listed_item *item);
/* To the end of the queue: LISTED_HELD where it has bytes, else LISTED_WANTED. */
void listed_queue(struct listed *list, struct listed_item *item);
/* The first in the queue, off the queue, where it has bytes or may be asked for by now; NULL with
 * the instant when one may (INT64_MAX: none). `asking`: whether it may be one to be asked for. */
struct listed_item *listed_take(struct listed *list, bool asking, int64_t now_mono_us,
                                int64_t *until_mono_us);
/* The server refuses it; what else is known of it ends that. */
void listed_refuse(struct listed *list, struct listed_item *item, int64_t now_mono_us);
void listed_unrefuse(struct listed *list, struct listed_item *item);
void listed_give_up(struct listed *list, struct listed_item *item);
/* A look at all that the list has begins. */
void listed_look(struct listed *list);
/* It is over, and was whole: what it did not name and needs nothing more is forgotten. */
void listed_looked(struct listed *list);

#endif
