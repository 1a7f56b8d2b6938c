/*
 * digest: BLAKE2b-256 (RFC 7693) through libsodium, and hexadecimal text.
 */
#ifndef CAPRELAY_BASE_DIGEST_H
#define CAPRELAY_BASE_DIGEST_H

#include "base/slice.h"

#include <sodium/crypto_generichash.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX_MAX = 65 };

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest_state {
    crypto_generichash_state inner;
};

struct digest digest_of(struct slice bytes);
void digest_begin(struct digest_state *state);
void digest_add(struct digest_state *state, struct slice bytes);
/* The length as u32, big endian, then the bytes: so that two lists of texts never give the same
 * stream. */
void digest_add_sized(struct digest_state *state, struct slice bytes);
void digest_add_u64be(struct digest_state *state, uint64_t value);
struct digest digest_end(struct digest_state *state);

bool digest_eq(const struct digest *a, const struct digest *b);
/* out has DIGEST_HEX_MAX bytes. Returns out. */
char *digest_hex(const struct digest *digest, char *out);

/* Lower case; out has 2 * len + 1 bytes. */
void hex_encode(const uint8_t *bytes, size_t len, char *out);
/* Either case; exactly 2 * len digits. */
bool hex_decode(struct slice text, uint8_t *out, size_t len);

#endif
