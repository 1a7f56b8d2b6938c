/*
 * feed: the XPUB socket, and for each class a cursor over the journal.
 *
 * What is committed above the cursor is sent in order, each bulletin once for every topic in its
 * list, the bytes as they were stored. The cursor starts at the journal's head: what was committed
 * before the start (or committed and not yet sent when the process died) is not sent again, since
 * nobody is connected then; a client sees by a beat's numbers that it lacks something and asks
 * `since`. The socket drops for a subscriber whose queue is full, never for the others, and never
 * blocks.
 *
 * Paced: so many rows and bytes a turn of the loop, and what libzmq holds for slow subscribers is
 * bounded. Above in_flight_max_bytes the feed slows down, above four times that it waits
 * (`blocked`, told in beats) until a queue has emptied or its peer was cut off. For the loop's
 * thread.
 */
#ifndef CAPRELAY_PUBLISH_FEED_H
#define CAPRELAY_PUBLISH_FEED_H

#include "journal/journal.h"
#include "loop/loop.h"
#include "publish/access.h"
#include "publish/subs.h"

struct feed;

struct feed_options {
    struct loop *loop;
    void *zmq_context;
    const struct access *access;
    struct journal *journal;
    const char *endpoint;
    int high_water_mark; /* messages a subscriber's queue holds */
    size_t in_flight_max_bytes;
};

enum err_code feed_create(const struct feed_options *options, struct feed **out, struct err *err);
/* Accepts NULL. What is queued for subscribers has a second to go out, in zmq_ctx_term(). */
void feed_destroy(struct feed *feed);

/* The journal has committed something. Cheap when there is nothing to send. */
void feed_advance(struct feed *feed);
/* Nothing is left to be sent for now. */
bool feed_idle(const struct feed *feed);

/* The last number sent, and the last one on each topic, as a beat tells them: never what is
 * committed but not yet sent. */
uint64_t feed_sent(const struct feed *feed, enum alert_class class);
void feed_topics(const struct feed *feed, enum alert_class class, journal_topic_fn each,
                 void *context);

/* A beat: sent at once, whatever the cursor waits for. */
void feed_send_beat(struct feed *feed, struct slice topic, struct slice frame);

struct feed_state {
    bool blocked;
    size_t in_flight_bytes;
};
struct feed_state feed_state(const struct feed *feed);
const struct subs *feed_subs(const struct feed *feed);

#endif
