/*
 * query: the ROUTER socket that answers questions about the journal and the relay (docs/protocol.md
 * 4).
 *
 * A request is one JSON frame; the verb leads by a table to its handler. Every answer is signed,
 * bounded in count and bytes, and repeats the nonce; a request that is malformed gets a signed
 * error that names what is wrong. An answer is dropped for a peer whose queue is full, and while
 * what slow readers hold is above a bound everybody gets `busy`: asking again is always right. For
 * the loop's thread.
 */
#ifndef CAPRELAY_PUBLISH_QUERY_H
#define CAPRELAY_PUBLISH_QUERY_H

#include "publish/access.h"
#include "publish/beat.h"

struct queries;

struct queries_options {
    struct loop *loop;
    void *zmq_context;
    const struct access *access;
    struct journal *journal;
    struct feed *feed;
    struct beats *beats;
    const char *endpoint;
    const struct key *actual_key; /* lent */
    const struct key *exercise_key;
    const struct view *view; /* lent */
    size_t answer_max_bytes;
    bool compress; /* what is not stored compressed */
};

enum err_code queries_create(const struct queries_options *options, struct queries **out,
                             struct err *err);
/* Accepts NULL. */
void queries_destroy(struct queries *queries);

#endif
