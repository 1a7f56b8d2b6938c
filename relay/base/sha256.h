/*
 * sha256: SHA-256 (FIPS 180-4) through libsodium, for what others name by it: tokens, certificates.
 * Pure; safe from any thread.
 */
#ifndef CAPRELAY_BASE_SHA256_H
#define CAPRELAY_BASE_SHA256_H

#include "base/slice.h"

#include <stdint.h>

enum { SHA256_BYTES = 32 };

void sha256_of(struct slice bytes, uint8_t out[SHA256_BYTES]);
/* Takes the same time whatever they are. */
bool sha256_eq(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES]);

#endif
