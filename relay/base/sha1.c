#include "base/sha1.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <sodium/utils.h>
#include <stdlib.h>

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

struct sha1_state {
    EVP_MD_CTX *context;
};

struct sha1_state *sha1_begin(void)
{
    struct sha1_state *state = mem_alloc(sizeof *state);
    state->context = EVP_MD_CTX_new();
    if (state->context && EVP_DigestInit_ex(state->context, EVP_sha1(), NULL) == 1)
        return state;
    EVP_MD_CTX_free(state->context);
    free(state);
    return NULL;
}

void sha1_add(struct sha1_state *state, struct slice bytes)
{
    /* Fails only for a state that was ended. */
    if (state && bytes.len)
        EVP_DigestUpdate(state->context, bytes.ptr, bytes.len);
}

bool sha1_end(struct sha1_state *state, uint8_t out[SHA1_BYTES])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!state)
        return false;
    bool ended = EVP_DigestFinal_ex(state->context, digest, &len) == 1 && len == SHA1_BYTES;
    EVP_MD_CTX_free(state->context);
    free(state);
    if (ended)
        memcpy(out, digest, SHA1_BYTES);
    return ended;
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

/* The digits of RFC 4648, table 1, each marked by MARK; 0 is no digit. */
enum { MARK = 64 };
static const uint8_t digits[256] = {
    ['A'] = MARK + 0,  ['B'] = MARK + 1,  ['C'] = MARK + 2,  ['D'] = MARK + 3,  ['E'] = MARK + 4,
    ['F'] = MARK + 5,  ['G'] = MARK + 6,  ['H'] = MARK + 7,  ['I'] = MARK + 8,  ['J'] = MARK + 9,
    ['K'] = MARK + 10, ['L'] = MARK + 11, ['M'] = MARK + 12, ['N'] = MARK + 13, ['O'] = MARK + 14,
    ['P'] = MARK + 15, ['Q'] = MARK + 16, ['R'] = MARK + 17, ['S'] = MARK + 18, ['T'] = MARK + 19,
    ['U'] = MARK + 20, ['V'] = MARK + 21, ['W'] = MARK + 22, ['X'] = MARK + 23, ['Y'] = MARK + 24,
    ['Z'] = MARK + 25, ['a'] = MARK + 26, ['b'] = MARK + 27, ['c'] = MARK + 28, ['d'] = MARK + 29,
    ['e'] = MARK + 30, ['f'] = MARK + 31, ['g'] = MARK + 32, ['h'] = MARK + 33, ['i'] = MARK + 34,
    ['j'] = MARK + 35, ['k'] = MARK + 36, ['l'] = MARK + 37, ['m'] = MARK + 38, ['n'] = MARK + 39,
    ['o'] = MARK + 40, ['p'] = MARK + 41, ['q'] = MARK + 42, ['r'] = MARK + 43, ['s'] = MARK + 44,
    ['t'] = MARK + 45, ['u'] = MARK + 46, ['v'] = MARK + 47, ['w'] = MARK + 48, ['x'] = MARK + 49,
    ['y'] = MARK + 50, ['z'] = MARK + 51, ['0'] = MARK + 52, ['1'] = MARK + 53, ['2'] = MARK + 54,
    ['3'] = MARK + 55, ['4'] = MARK + 56, ['5'] = MARK + 57, ['6'] = MARK + 58, ['7'] = MARK + 59,
    ['8'] = MARK + 60, ['9'] = MARK + 61, ['+'] = MARK + 62, ['/'] = MARK + 63,
};

/* Four digits at a time, which nearly all of a text is, up to where one of four is none; how many
 * fours. */
static size_t decode_fours(const char *text, size_t count, uint8_t *out)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned marks = (MARK << 18) + (MARK << 12) + (MARK << 6) + MARK;
    for (size_t i = 0; i < count; i++, at += 4, out += 3) {
        unsigned a = digits[at[0]], b = digits[at[1]], c = digits[at[2]], d = digits[at[3]];
        if (!(a & b & c & d & MARK))
            return i;
        unsigned bits = (a << 18) + (b << 12) + (c << 6) + d - marks;
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    return count;
}

struct base64_reader base64_begin(struct slice text)
{
    return (struct base64_reader){.rest = without_padding(text)};
}

/* One character; what it completes is put at out: 0 or 1 byte. */
static size_t take_digit(struct base64_reader *reader, char c, uint8_t *out)
{
    unsigned value = digits[(unsigned char)c];
    if (!value) {
        reader->failed = !slice_is_xml_space(c);
        return 0;
    }
    reader->bits = reader->bits << 6 | (value - MARK);
    reader->held += 6;
    if (reader->held < 8)
        return 0;
    reader->held -= 8;
    *out = (uint8_t)(reader->bits >> reader->held);
    reader->bits &= (1U << reader->held) - 1;
    return 1;
}

/* Not libsodium's reader, which takes the same time for every text because its texts are secret:
 * a megabyte of embedded content took it longer than all else that is done with the alert. */
size_t base64_next(struct base64_reader *reader, uint8_t *out, size_t out_size)
{
    struct slice rest = reader->rest;
    size_t put = 0, i = 0;
    while (i < rest.len && out_size - put >= 3 && !reader->failed) {
        size_t fours = 0;
        if (reader->held == 0) {
            size_t in = (rest.len - i) / 4, room = (out_size - put) / 3;
            fours = decode_fours(rest.ptr + i, in < room ? in : room, out + put);
        }
        i += 4 * fours;
        put += 3 * fours;
        if (fours == 0)
            put += take_digit(reader, rest.ptr[i++], out + put);
    }
    reader->rest = slice_sub(rest, i, rest.len);
    return reader->failed ? 0 : put;
}

bool base64_is_whole(const struct base64_reader *reader)
{
    /* One digit alone is no byte, and what is left over of the last must be zero. */
    return !reader->failed && reader->rest.len == 0 && reader->held <= 4 && reader->bits == 0;
}

bool base64_decode(struct slice text, uint8_t *out, size_t *len)
{
    struct base64_reader reader = base64_begin(text);
    /* Room for the last digits alone, which need less than three bytes. */
    size_t put = base64_next(&reader, out, SIZE_MAX);
    bool whole = base64_is_whole(&reader);
    *len = whole ? put : 0;
    return whole;
}

void base64_encode(struct slice bytes, char *out)
{
    sodium_bin2base64(out, BASE64_MAX(bytes.len), (const unsigned char *)bytes.ptr, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
}
