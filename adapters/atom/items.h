/*
 * items: the messages that a feed has named: which are wanted, on their way, or done with. No I/O,
 * no clock.
 *
 * An item that was named stays until it is delivered or given up, also when the feed no longer
 * names it. One that is settled is forgotten once the feed names it no more: its mark in the
 * journal remembers it. What one look brings is delivered oldest first, although feeds begin with
 * the newest: an Update is to meet what it updates.
 */
#ifndef CAPRELAY_ADAPTERS_ATOM_ITEMS_H
#define CAPRELAY_ADAPTERS_ATOM_ITEMS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

enum atom_stage {
    ATOM_FRESH,  /* of this look, not in the queue yet */
    ATOM_WANTED, /* in the queue, to be fetched */
    ATOM_ASKED,  /* being fetched */
    ATOM_HELD,   /* in the queue with its bytes */
    ATOM_DELIVERED,
    ATOM_SETTLED,
    ATOM_GIVEN_UP /* the server denied it too often */
};

struct atom_item {
    struct atom_item *next; /* in the queue */
    char *key;
    char *url; /* where its message is; NULL: its bytes are here */
    enum atom_stage stage;
    int64_t updated_s; /* as the feed says; 0: not said */
    size_t place;      /* among those of the look: in the order of the feed */
    uint64_t listed;   /* the last look that named it */
    unsigned denials;  /* 404 and the like */
    int64_t not_before_us;
    struct http_request *request; /* ATOM_ASKED */
    void *owner;                  /* the source */
    struct slice bytes;           /* own memory */
};

struct atom_items {
    struct map *by_key;
    struct atom_item *first, **end; /* the queue */
    struct atom_item **fresh;
    size_t fresh_count, fresh_capacity;
    size_t queued, given_up;
    size_t bytes; /* that items hold */
    uint64_t look;
};

void atom_items_init(struct atom_items *items);
void atom_items_fini(struct atom_items *items);

/* Notes that the current look named it; NULL where it is not known yet. */
struct atom_item *atom_items_see(struct atom_items *items, struct slice key);
/* A new one, ATOM_FRESH. Texts are copied; either `url` or `bytes`, the other absent. */
struct atom_item *atom_items_add(struct atom_items *items, struct slice key, struct slice url,
                                 struct slice bytes, int64_t updated_s);
/* Its bytes came: own memory, taken. */
void atom_items_hold(struct atom_items *items, struct atom_item *item, char *bytes, size_t len);
/* They go, and are the caller's to free. */
struct slice atom_items_release(struct atom_items *items, struct atom_item *item);
/* One that was delivered before. */
void atom_items_add_settled(struct atom_items *items, struct slice key);
/* The fresh ones to the queue, the oldest first. */
void atom_items_queue_fresh(struct atom_items *items);
/* To the end of the queue: ATOM_HELD where it has bytes, else ATOM_WANTED. */
void atom_items_queue(struct atom_items *items, struct atom_item *item);
/* The first in the queue, off the queue, where it has bytes or may be asked for at that time; NULL
 * with the time when one may (INT64_MAX: none). `asking`: whether it may be one to be asked for. */
struct atom_item *atom_items_take(struct atom_items *items, bool asking, int64_t now_us,
                                  int64_t *wait_until_us);
void atom_items_give_up(struct atom_items *items, struct atom_item *item);
/* A look at all that the feed has begins. */
void atom_items_look(struct atom_items *items);
/* It is over, and was whole: what it did not name and needs nothing more is forgotten. */
void atom_items_looked(struct atom_items *items);

#endif
