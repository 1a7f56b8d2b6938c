#include "base/sha256.h"

#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>

void sha256_of(struct slice bytes, uint8_t out[SHA256_BYTES])
{
    _Static_assert(SHA256_BYTES == crypto_hash_sha256_BYTES, "the digest of SHA-256");
    crypto_hash_sha256(out, (const unsigned char *)bytes.ptr, bytes.len);
}

bool sha256_eq(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES])
{
    return sodium_memcmp(a, b, SHA256_BYTES) == 0;
}
