#include "base/sha1.h"

#include <openssl/evp.h>
#include <sodium/utils.h>

bool sha1_of(struct slice bytes, uint8_t out[SHA1_BYTES])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const char *start = bytes.ptr ? bytes.ptr : "";
    if (EVP_Digest(start, bytes.len, digest, &len, EVP_sha1(), NULL) != 1 || len != SHA1_BYTES)
        return false;
    memcpy(out, digest, SHA1_BYTES);
    return true;
}

/* libsodium's reader tells padded from unpadded text; here both are read as unpadded. */
static struct slice without_padding(struct slice text)
{
    size_t padding = 0;
    text = slice_trim(text);
    while (padding < 2 && text.len > 0 && text.ptr[text.len - 1] == '=') {
        text = slice_trim(slice_sub(text, 0, text.len - 1));
        padding++;
    }
    return text;
}

bool base64_decode(struct slice text, uint8_t *out, size_t *len)
{
    struct slice bare = without_padding(text);
    const char *end = NULL;
    *len = 0;
    if (bare.len == 0)
        return true;
    return sodium_base642bin(out, text.len, bare.ptr, bare.len, " \t\r\n", len, &end,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           end == bare.ptr + bare.len;
}

void base64_encode(struct slice bytes, char *out)
{
    sodium_bin2base64(out, BASE64_MAX(bytes.len), (const unsigned char *)bytes.ptr, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
}
