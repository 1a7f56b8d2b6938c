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

/* Here padded and unpadded text are both read as unpadded. */
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

enum { NO_DIGIT = 0x80 };

static unsigned digit(char c)
{
    /* From '+' to 'z'; 128 is no digit of RFC 4648, table 1. */
    static const uint8_t digits[] = {
        62,  128, 128, 128, 63,  52,  53, 54, 55, 56, 57, 58, 59, 60, 61, 128,
        128, 128, 128, 128, 128, 128, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
        10,  11,  12,  13,  14,  15,  16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
        128, 128, 128, 128, 128, 128, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
        36,  37,  38,  39,  40,  41,  42, 43, 44, 45, 46, 47, 48, 49, 50, 51};
    unsigned at = (unsigned)(unsigned char)c - '+';
    return at < sizeof digits ? digits[at] : NO_DIGIT;
}

/* Four digits at once, which nearly all of a text is; false where one of them is none. */
static bool decode_four(const char *four, uint8_t *out)
{
    unsigned a = digit(four[0]), b = digit(four[1]), c = digit(four[2]), d = digit(four[3]);
    if ((a | b | c | d) & NO_DIGIT)
        return false;
    out[0] = (uint8_t)(a << 2 | b >> 4);
    out[1] = (uint8_t)(b << 4 | c >> 2);
    out[2] = (uint8_t)(c << 6 | d);
    return true;
}

/* Not libsodium's reader, which takes the same time for every text because its texts are secret:
 * a megabyte of embedded content took it longer than all else that is done with the alert. */
bool base64_decode(struct slice text, uint8_t *out, size_t *len)
{
    struct slice bare = without_padding(text);
    size_t put = 0;
    unsigned bits = 0, held = 0; /* digits read and not yet put out */
    *len = 0;
    for (size_t i = 0; i < bare.len;) {
        if (held == 0 && bare.len - i >= 4 && decode_four(bare.ptr + i, out + put)) {
            i += 4;
            put += 3;
            continue;
        }
        char c = bare.ptr[i++];
        unsigned value = digit(c);
        if (value == NO_DIGIT && slice_is_xml_space(c))
            continue;
        if (value == NO_DIGIT)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[put++] = (uint8_t)(bits >> held);
            bits &= (1U << held) - 1;
        }
    }
    /* One digit alone is no byte, and what is left over of the last must be zero. */
    if (held > 4 || bits != 0)
        return false;
    *len = put;
    return true;
}

void base64_encode(struct slice bytes, char *out)
{
    sodium_bin2base64(out, BASE64_MAX(bytes.len), (const unsigned char *)bytes.ptr, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
}
