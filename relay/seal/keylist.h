/*
 * keylist: the relay's keys, vouched for by the offline root (docs/protocol.md 2).
 *
 * A list is a packet of its own; its file and its frame are the same bytes. Pure: whether a key is
 * good is judged at the time that the signed header gives, not at reading.
 */
#ifndef CAPRELAY_SEAL_KEYLIST_H
#define CAPRELAY_SEAL_KEYLIST_H

#include "alert/alert.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "seal/key.h"

enum { KEYLIST_KEYS_MAX = 1000 };

struct keylist_key {
    uint8_t public_key[KEY_PUBLIC_BYTES];
    char id[KEY_ID_MAX];
    enum key_purpose purpose; /* actual, exercise or authority */
    struct slice name;        /* of an authority; else absent */
    int64_t not_before_us;    /* 0: always */
    int64_t not_after_us;     /* exclusive; 0: for ever */
    bool revoked;
};

struct keylist {
    struct slice relay;
    int64_t issued_us;
    struct keylist_key *keys;
    size_t count;
};

/* Appends the packet, signed by the root. */
enum err_code keylist_seal(const struct key *root, const struct keylist *list, struct buf *out,
                           struct err *err);
/* Everything is copied into the arena. ERR_CRYPTO where the root did not sign it. */
enum err_code keylist_open(struct arena *arena, const uint8_t root[KEY_PUBLIC_BYTES],
                           struct slice frame, struct keylist *out, struct err *err);

/* NULL where it is not on the list. */
const struct keylist_key *keylist_find(const struct keylist *list, struct slice id);

/* Whether the key may sign for that class at that time. ERR_NOT_FOUND: not on the list, a newer
 * list may have it; ERR_CRYPTO: it may not. */
enum err_code keylist_check(const struct keylist *list, struct slice id, enum alert_class class,
                            int64_t time_us, const struct keylist_key **out, struct err *err);

#endif
