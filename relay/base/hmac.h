/*
 * hmac: HMAC-SHA256 (RFC 2104, FIPS 180-4) through libsodium, with a key of any length. Pure.
 */
#ifndef CAPRELAY_BASE_HMAC_H
#define CAPRELAY_BASE_HMAC_H

#include "base/slice.h"

#include <stdint.h>

enum { HMAC_BYTES = 32, HMAC_HEX_MAX = 65 };

/* Over the parts one after the other. */
void hmac_sha256(struct slice key, const struct slice *parts, size_t count,
                 uint8_t out[HMAC_BYTES]);

#endif
