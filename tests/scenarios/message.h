/*
 * message: CAP texts made from key=value words, so that a script says only what matters to it.
 *
 * Keys: like (another message), sender, id, sent, status, type, scope, refs (names of messages, or
 * sender,id,sent triples; parted by ';'), code, event, event-code (NAME=VALUE), category, urgency,
 * severity, certainty, response, effective, onset, expires, param (NAME=VALUE), headline, area,
 * place (st-stephen, houlton, ...), polygon, circle, geocode (NAME=VALUE), info (none), infos (how
 * often the info stands), sign (any text: a signature element), pretty (white space), note.
 * Repeated: code, event-code, param, place, geocode. Times are absolute, or an offset from now:
 * +6h, -30m, +10s.
 */
#ifndef CAPRELAY_TESTS_SCENARIOS_MESSAGE_H
#define CAPRELAY_TESTS_SCENARIOS_MESSAGE_H

#include "base/arena.h"

#include <stdint.h>

enum { WORDS_MAX = 64, MESSAGES_MAX = 200 };

struct message {
    const char *name;
    const char *words[WORDS_MAX]; /* key=value, those of `like` first */
    size_t word_count;
    const char *sender, *id, *sent;
    struct slice bytes;
};

struct messages {
    struct arena *arena;
    struct message items[MESSAGES_MAX];
    size_t count;
};

/* NULL where there is none. */
struct message *message_find(struct messages *messages, const char *name);
/* Returns NULL on success, else what is wrong. */
const char *message_add(struct messages *messages, const char *name, char *const *words,
                        size_t word_count, int64_t now_s);
/* A document that is not made of keys. */
const char *message_add_raw(struct messages *messages, const char *name, struct slice bytes);
/* One root with the alerts of those messages. */
const char *message_add_envelope(struct messages *messages, const char *name, char *const *names,
                                 size_t count);

/* "+6h", "-30m", "+10s" from now, or CAP's form; false where it is neither. */
bool message_time(const char *text, int64_t now_s, int64_t *out);

#endif
