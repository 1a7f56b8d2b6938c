#include "seal/bounds.h"

#include "base/digest.h"

static bool continues_a_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct slice bounds_text(struct arena *arena, struct slice text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    size_t end = max_bytes;
    while (end > 0 && continues_a_character(text.ptr[end]))
        end--;
    return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)end, text.ptr);
}

struct slice bounds_name(struct arena *arena, struct slice name)
{
    char hex[DIGEST_HEX_MAX];

    if (name.len <= BOUNDS_NAME_BYTES)
        return name;
    struct digest digest = digest_of(name);
    return arena_printf(arena, "blake2b:%s", digest_hex(&digest, hex));
}
