/*
 * key: Ed25519 keys, what they are for, and signatures bound to a kind.
 *
 * A signature is over "caprelay/1/KIND", NUL and the bytes; one of one kind is never valid as
 * another. Key files are JSON, mode 0600, written by `caprelay keys new`. Signing from several
 * threads is safe.
 */
#ifndef CAPRELAY_SEAL_KEY_H
#define CAPRELAY_SEAL_KEY_H

#include "alert/alert.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { KEY_PUBLIC_BYTES = 32, KEY_SECRET_BYTES = 64, KEY_SIGNATURE_BYTES = 64, KEY_ID_MAX = 17 };

enum key_purpose { KEY_ROOT = 1, KEY_ACTUAL, KEY_EXERCISE, KEY_AUTHORITY, KEY_CURVE };

enum seal_kind {
    SEAL_BULLETIN = 1,
    SEAL_BEAT,
    SEAL_COPIES,
    SEAL_ANSWER,
    SEAL_INJECT,
    SEAL_RECEIPT,
    SEAL_KEYLIST
};

struct key {
    enum key_purpose purpose;
    uint8_t public_key[KEY_PUBLIC_BYTES];
    uint8_t secret_key[KEY_SECRET_BYTES]; /* Ed25519: seed and public; CURVE: the first 32 bytes;
                                             all zero where unknown */
    bool has_secret;
    char id[KEY_ID_MAX]; /* first 16 hex digits of BLAKE2b-256 of the public key */
};

const char *key_purpose_name(enum key_purpose purpose);    /* "root", "actual", ... */
enum key_purpose key_purpose_from_name(struct slice name); /* 0 for none */
const char *seal_kind_name(enum seal_kind kind);

/* sodium_init(); to be called once before anything here. */
enum err_code seal_init(struct err *err);

void key_new(struct key *out, enum key_purpose purpose);
/* The key of a seed (for CURVE: of a secret key): the same seed gives the same key. */
void key_from_seed(struct key *out, enum key_purpose purpose, const uint8_t seed[32]);
/* The public half alone. */
void key_from_public(struct key *out, enum key_purpose purpose,
                     const uint8_t public_key[KEY_PUBLIC_BYTES]);
/* A file with a secret in it that others than its owner may read is refused: ERR_CRYPTO. */
enum err_code key_load(const char *path, struct key *out, struct err *err);
/* Never overwrites: ERR_EXISTS. Synced. */
enum err_code key_save(const char *path, const struct key *key, struct err *err);
void key_wipe(struct key *key);
enum alert_class key_class(const struct key *key); /* CLASS_NONE for other purposes */

void key_sign(const struct key *key, enum seal_kind kind, struct slice bytes,
              uint8_t signature[KEY_SIGNATURE_BYTES]);
bool key_verify(const uint8_t public_key[KEY_PUBLIC_BYTES], enum seal_kind kind, struct slice bytes,
                struct slice signature);

/* Fills with random bytes, as nonces need them. */
void seal_random(void *out, size_t size);

#endif
