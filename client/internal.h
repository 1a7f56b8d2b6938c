/*
 * internal: what the files of the client library share.
 */
#ifndef CAPRELAY_CLIENT_INTERNAL_H
#define CAPRELAY_CLIENT_INTERNAL_H

#include "client/caprelay.h"
#include "client/follow.h"
#include "seal/card.h"
#include "seal/verify.h"

enum {
    ANSWER_FRAMES_MAX = 10001, /* header and what `max` may ask for at most */
    TOPICS_MAX = 100           /* of one request */
};

/* All frames of one message; the memory goes with the arena that it was received into. */
struct message {
    struct slice *frames;
    size_t count;
};

/* Of which nobody hears yet: kept in order until caprelay_next() hands them out. */
struct pending {
    struct pending *next;
    struct arena *arena;
    struct caprelay_event event;
    struct caprelay_bulletin bulletin;
    struct caprelay_beat beat;
};

struct queue {
    struct pending *first, *last;
};

/* A live bulletin that waits for what came before it. */
struct held {
    struct held *next;
    struct arena *arena;
    struct verified_bulletin bulletin;
};

enum phase {
    PHASE_CATCHING_UP = 0, /* a query is out or due; live bulletins are held */
    PHASE_FOLLOWING,
    PHASE_GONE_BACK /* the end of this handle */
};

/* What the query under way is for. */
enum asked { ASKED_NOTHING = 0, ASKED_KEYS, ASKED_BASE, ASKED_IN_FORCE, ASKED_SINCE };

struct caprelay {
    struct arena *arena; /* card, options, topics: as long as the handle */
    struct card card;
    enum alert_class class;
    struct slice *topics;
    size_t topic_count;
    enum caprelay_start start;
    int64_t answer_timeout_us;
    struct key curve;
    struct parser *parser;

    struct arena *keys_arena;
    struct keylist keys;
    bool has_keys;
    bool wants_keys; /* before anything else is asked */
    int64_t keys_tried_us;

    void *context;
    void *feed;  /* SUB */
    void *query; /* DEALER of the follower */
    void *ask;   /* DEALER of calls that block */

    struct follow follow;
    enum phase phase;
    bool base_known; /* the as-of numbers before `in-force` */
    struct arena *base_arena;
    struct verified_answer base;
    uint64_t page_after; /* last number of the page before */
    bool lenient;        /* a bulletin of this run was refused: the next cannot be compared */

    enum asked asked;
    char nonce[33];
    int64_t ask_deadline_us; /* answer due, or next try */
    unsigned failures;       /* queries in a row without answer */
    int64_t hold_until_us;
    struct held *held_first, *held_last;
    size_t held_bytes;
    struct arena *stash_arena; /* a live message by a key that is not known yet */
    struct message stash;

    int64_t link_deadline_us;
    bool link_lost;
    bool degraded;
    int64_t last_beat_us; /* its own time */
    char started[40];     /* of the relay, by its last beat */

    struct queue queue;
    struct pending *given;      /* lent to the caller */
    struct arena *answer_arena; /* of the last blocking call */
    struct caprelay_bulletin got;
    struct caprelay_receipt receipt;
};

/* socket.c */
int64_t client_now_us(void); /* monotonic */
enum caprelay_code client_connect(struct caprelay *relay, int type, const char *endpoint,
                                  void **socket, struct caprelay_error *error);
enum caprelay_code client_follow_connect(struct caprelay *relay, struct caprelay_error *error);
bool client_send(void *socket, struct slice frame);
/* false when there is none now. */
bool client_receive(void *socket, struct arena *arena, struct message *out);
/* Waits until one of the sockets has something or the time is over. Sockets may be NULL. */
void client_wait(void *first, void *second, int64_t timeout_us);
void client_disconnect(struct caprelay *relay);

/* query.c */
struct request {
    const char *verb;
    const struct slice *topics; /* NULL: none */
    size_t topic_count;
    bool has_after;
    uint64_t after;
    unsigned max;
    uint64_t seq;       /* 0: none */
    const char *digest; /* NULL: none */
    const char *text;   /* NULL: none */
};
/* Makes a fresh nonce (33 bytes). */
struct slice request_text(struct arena *arena, const struct caprelay *relay,
                          const struct request *request, char *nonce);
struct question request_question(const struct caprelay *relay, const char *verb, const char *nonce);
/* Takes a `keys` answer: the list by the root, then the answer by the list. A list that is newer
 * than the one known is taken even where the error tells of the answer. */
enum err_code query_take_keys(struct caprelay *relay, const struct question *question,
                              const struct message *message, struct err *err);
/* One question and its verified answer, blocking. Everything is in the arena. */
enum caprelay_code query_ask(struct caprelay *relay, struct arena *arena,
                             const struct request *request, struct message *message,
                             struct verified_answer *answer, struct caprelay_error *error);
enum caprelay_code query_need_keys(struct caprelay *relay, struct caprelay_error *error);
struct verifier client_verifier(const struct caprelay *relay);
/* Fetches an original that travelled by digest; false where it could not be had or is not good. */
bool query_original(struct caprelay *relay, struct arena *arena, struct verified_bulletin *bulletin,
                    struct err *err);

/* events.c */
void event_put(struct caprelay *relay, enum caprelay_event_type type, uint64_t from, uint64_t to,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Takes the arena. */
void event_put_bulletin(struct caprelay *relay, struct arena *arena,
                        const struct verified_bulletin *bulletin, bool caught_up);
void event_put_beat(struct caprelay *relay, struct arena *arena, const struct verified_beat *beat);
/* The oldest, owned by the caller; NULL when there is none. */
struct pending *event_take(struct caprelay *relay);
void event_free(struct pending *pending);
void bulletin_export(struct arena *arena, const struct verified_bulletin *bulletin, bool caught_up,
                     struct caprelay_bulletin *out);

/* catchup.c */
void catchup_begin(struct caprelay *relay);
/* Sends the next question, or gives up on an answer that is overdue. */
void catchup_due(struct caprelay *relay, int64_t now_us);
/* When catchup_due() has something to do again. */
int64_t catchup_next_us(const struct caprelay *relay);
/* The list is to be read again: a signed beat told of a newer one, or a key is not on it. Anyone
 * can name an unknown key, so for that at most one try in ten seconds; false where it was tried. */
bool catchup_want_keys(struct caprelay *relay, bool told);
void catchup_answer(struct caprelay *relay, struct arena *arena, const struct message *message);
void catchup_hold(struct caprelay *relay, struct arena *arena,
                  const struct verified_bulletin *bulletin);
/* Hands out what is held although a query stays without answer. */
void catchup_release(struct caprelay *relay);
void catchup_drop_held(struct caprelay *relay);

/* live.c */
/* Takes the arena. */
void live_message(struct caprelay *relay, struct arena *arena, const struct message *message);
/* A bulletin that is not held: judged, and handed out or held. Takes the arena. */
void live_bulletin(struct caprelay *relay, struct arena *arena,
                   const struct verified_bulletin *bulletin);

/* handle.c */
enum caprelay_code client_error(struct caprelay_error *error, enum caprelay_code code,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));
enum caprelay_code client_error_from(struct caprelay_error *error, const struct err *err);

#endif
