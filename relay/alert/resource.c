#include "alert/resource.h"

#include "base/mem.h"
#include "base/sha1.h"

#include <stdlib.h>

const char *digest_reading_name(enum digest_reading reading)
{
    static const char *const names[] = {"absent", "bytes", "base64", "mismatch", "unchecked"};
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

static enum digest_reading compare(const uint8_t *digest, struct slice text)
{
    /* First as NAADS does it, who embeds most: decoding costs several times the digest. */
    if (is_sha1_of(digest, text))
        return DIGEST_OF_BASE64;
    enum digest_reading reading = DIGEST_MISMATCH;
    uint8_t *space = mem_alloc(text.len);
    size_t len = 0;
    if (base64_decode(text, space, &len) && is_sha1_of(digest, slice_of(space, len)))
        reading = DIGEST_OF_BYTES;
    else if (is_sha1_of(digest, without_space(text, (char *)space)))
        reading = DIGEST_OF_BASE64;
    free(space);
    return reading;
}

enum digest_reading resource_digest(const struct cap_resource *resource)
{
    uint8_t digest[SHA1_BYTES];
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
    if (slice_is_empty(resource->deref_uri))
        return false;
    uint8_t *bytes = mem_alloc(resource->deref_uri.len);
    bool good = base64_decode(resource->deref_uri, bytes, &out->bytes);
    uint8_t digest[SHA1_BYTES];
    if (good && sha1_of(slice_of(bytes, out->bytes), digest))
        hex_encode(digest, SHA1_BYTES, out->sha1);
    free(bytes);
    return good;
}
