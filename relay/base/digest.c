#include "base/digest.h"

#include <sodium/utils.h>

struct digest digest_of(struct slice bytes)
{
    struct digest_state state;
    digest_begin(&state);
    digest_add(&state, bytes);
    return digest_end(&state);
}

/* The calls fail only on a key or length out of range, and both are constants here. */
void digest_begin(struct digest_state *state)
{
    (void)crypto_generichash_init(&state->inner, NULL, 0, DIGEST_BYTES);
}

void digest_add(struct digest_state *state, struct slice bytes)
{
    if (bytes.len)
        (void)crypto_generichash_update(&state->inner, (const unsigned char *)bytes.ptr, bytes.len);
}

static void add_be(struct digest_state *state, uint64_t value, size_t size)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
    (void)crypto_generichash_update(&state->inner, bytes, size);
}

void digest_add_sized(struct digest_state *state, struct slice bytes)
{
    add_be(state, bytes.len, 4);
    digest_add(state, bytes);
}

void digest_add_u64be(struct digest_state *state, uint64_t value)
{
    add_be(state, value, 8);
}

struct digest digest_end(struct digest_state *state)
{
    struct digest digest;
    (void)crypto_generichash_final(&state->inner, digest.bytes, sizeof digest.bytes);
    return digest;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

char *digest_hex(const struct digest *digest, char *out)
{
    hex_encode(digest->bytes, sizeof digest->bytes, out);
    return out;
}

void hex_encode(const uint8_t *bytes, size_t len, char *out)
{
    sodium_bin2hex(out, 2 * len + 1, bytes, len);
}

bool hex_decode(struct slice text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len)
        return false;
    if (len == 0)
        return true;
    size_t written = 0;
    const char *end = NULL;
    int result = sodium_hex2bin(out, len, text.ptr, text.len, NULL, &written, &end);
    return result == 0 && written == len && end == text.ptr + text.len;
}
