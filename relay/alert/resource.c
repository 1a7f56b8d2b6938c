#include "alert/resource.h"

#include "base/mem.h"
#include "base/sha1.h"

#include <stdlib.h>

const char *digest_reading_name(enum digest_reading reading)
{
    static const char *const names[] = {"not-read", "absent",   "bytes",
                                        "base64",   "mismatch", "unchecked"};
    return names[reading];
}

static bool is_sha1_of(const uint8_t *digest, struct slice bytes)
{
    uint8_t computed[SHA1_BYTES];
    return sha1_of(bytes, computed) && memcmp(computed, digest, SHA1_BYTES) == 0;
}

static struct slice without_space(struct slice text, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!slice_is_xml_space(text.ptr[i]))
            out[len++] = text.ptr[i];
    }
    return slice_of(out, len);
}

/* Decoded a piece at a time: the content itself is not wanted, and as a whole would be a megabyte
 * of memory. */
static bool measure(struct slice text, struct embedded *out)
{
    enum { PIECE_BYTES = 12 * 1024 };
    uint8_t piece[PIECE_BYTES], digest[SHA1_BYTES];
    struct base64_reader reader = base64_begin(text);
    struct sha1_state *sha1 = sha1_begin();
    struct embedded content = {0};
    for (size_t len; (len = base64_next(&reader, piece, sizeof piece));) {
        sha1_add(sha1, slice_of(piece, len));
        content.bytes += len;
    }
    if (sha1_end(sha1, digest))
        hex_encode(digest, SHA1_BYTES, content.sha1);
    bool good = base64_is_whole(&reader);
    *out = good ? content : (struct embedded){0};
    return good;
}

static bool is_over_content(const uint8_t *digest, struct slice text)
{
    struct embedded content;
    char hex[sizeof content.sha1];
    hex_encode(digest, SHA1_BYTES, hex);
    return measure(text, &content) && strcmp(content.sha1, hex) == 0;
}

static bool is_over_bare_text(const uint8_t *digest, struct slice text)
{
    char *space = mem_alloc(text.len);
    bool is = is_sha1_of(digest, without_space(text, space));
    free(space);
    return is;
}

static enum digest_reading compare(const uint8_t *digest, struct slice text)
{
    /* First as NAADS does it, who embeds most: decoding costs several times the digest. */
    if (is_sha1_of(digest, text))
        return DIGEST_OF_BASE64;
    if (is_over_content(digest, text))
        return DIGEST_OF_BYTES;
    return is_over_bare_text(digest, text) ? DIGEST_OF_BASE64 : DIGEST_MISMATCH;
}

enum digest_reading resource_digest(const struct cap_resource *resource)
{
    uint8_t digest[SHA1_BYTES];
    if (resource->digest_reading != DIGEST_NOT_READ)
        return resource->digest_reading;
    if (slice_is_empty(resource->digest))
        return DIGEST_ABSENT;
    if (!hex_decode(resource->digest, digest, SHA1_BYTES))
        return DIGEST_MISMATCH;
    uint8_t probe[SHA1_BYTES];
    if (slice_is_empty(resource->deref_uri) || !sha1_of(SLICE(""), probe))
        return DIGEST_UNCHECKED;
    return compare(digest, resource->deref_uri);
}

bool resource_embedded(const struct cap_resource *resource, struct embedded *out)
{
    *out = (struct embedded){0};
    return !slice_is_empty(resource->deref_uri) && measure(resource->deref_uri, out);
}
