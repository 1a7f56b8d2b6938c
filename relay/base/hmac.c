#include "base/hmac.h"

#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/utils.h>

void hmac_sha256(struct slice key, const struct slice *parts, size_t count, uint8_t out[HMAC_BYTES])
{
    crypto_auth_hmacsha256_state state;

    _Static_assert(HMAC_BYTES == crypto_auth_hmacsha256_BYTES, "the digest of SHA-256");
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i].ptr, parts[i].len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}
