/*
 * sha1: SHA-1 (FIPS 180-4) through OpenSSL's libcrypto, and base64 text (RFC 4648).
 *
 * Only because CAP's `digest` is SHA-1: no security rests on it. Pure; safe from any thread.
 */
#ifndef CAPRELAY_BASE_SHA1_H
#define CAPRELAY_BASE_SHA1_H

#include "base/slice.h"

#include <stdint.h>

enum { SHA1_BYTES = 20, SHA1_HEX_LEN = 40 };

/* False where the system's libcrypto refuses SHA-1; out is then untouched. */
bool sha1_of(struct slice bytes, uint8_t out[SHA1_BYTES]);

/* The same over several pieces. The state is NULL where libcrypto refuses SHA-1, and then taken as
 * such by the other two; sha1_end() frees it. */
struct sha1_state;
struct sha1_state *sha1_begin(void);
void sha1_add(struct sha1_state *state, struct slice bytes);
bool sha1_end(struct sha1_state *state, uint8_t out[SHA1_BYTES]);

/* White space is ignored, padding may be missing. out has text.len bytes; *len is what was decoded.
 * False where the text is no base64; *len is then 0. */
bool base64_decode(struct slice text, uint8_t *out, size_t *len);

/* The same a piece at a time; the text is lent. */
struct base64_reader {
    struct slice rest;
    unsigned bits, held; /* read and not yet put out */
    bool failed;
};
struct base64_reader base64_begin(struct slice text);
/* Bytes put out, at most out_size (4 or more); 0 at the end and where the text is no base64. */
size_t base64_next(struct base64_reader *reader, uint8_t *out, size_t out_size);
/* At the end: whether all of it was base64. */
bool base64_is_whole(const struct base64_reader *reader);

/* Padded; out has BASE64_MAX(bytes.len) bytes and ends with a NUL. */
#define BASE64_MAX(len) (((len) + 2) / 3 * 4 + 1)
void base64_encode(struct slice bytes, char *out);

#endif
