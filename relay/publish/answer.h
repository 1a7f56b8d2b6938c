/*
 * answer: one answer while a handler fills it. For the files of this room only.
 */
#ifndef CAPRELAY_PUBLISH_ANSWER_H
#define CAPRELAY_PUBLISH_ANSWER_H

#include "publish/flight.h"
#include "publish/header.h"
#include "publish/query.h"

enum { ANSWER_FRAMES_MAX = 10000, ANSWER_ERROR_MAX = 400 };

struct query {
    const struct queries_options *options;
    struct arena *arena;
    const json_t *json; /* the request */
    struct slice verb;
    struct slice nonce;
    enum alert_class class;
    int64_t now_us;
};

struct answer {
    struct flight *flight;
    zmq_msg_t *frames;
    size_t count;
    size_t capacity;
    size_t bytes;
    size_t bytes_max;
    json_t *digests;
    bool more;
    bool has_head;
    struct journal_head head;
    json_t *as_of;     /* NULL: null */
    json_t *result;    /* NULL: null */
    const char *error; /* static; NULL: none */
    char error_text[ANSWER_ERROR_MAX];
};

void answer_init(struct answer *answer, struct flight *flight, size_t bytes_max);
void answer_fini(struct answer *answer);

/* False, and nothing added, where the bound on bytes would be passed; the first frame always fits.
 */
bool answer_add(struct answer *answer, struct slice frame);
/* Drops what was gathered and makes it an error. */
void answer_fail(struct answer *answer, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a failure of the journal. */
void answer_fail_journal(struct answer *answer, const struct err *err);

/* The signed header. Falls back to a `too-large` error where it would not fit. */
void answer_seal(struct answer *answer, const struct query *query, struct buf *out);

/* The key of the class. */
const struct key *query_key(const struct queries_options *options, enum alert_class class);
/* A number of the request: `fallback` where it is absent; false, and the answer failed, where it is
 * anything but a number up to `max`. */
bool query_number(const struct query *query, struct answer *answer, const char *name, uint64_t max,
                  bool required, uint64_t *value);

typedef void (*query_fn)(const struct query *query, struct answer *answer);
void query_since(const struct query *query, struct answer *answer);
void query_in_force(const struct query *query, struct answer *answer);
void query_get(const struct query *query, struct answer *answer);
void query_copies(const struct query *query, struct answer *answer);
void query_why(const struct query *query, struct answer *answer);
void query_status(const struct query *query, struct answer *answer);
void query_keys(const struct query *query, struct answer *answer);

#endif
