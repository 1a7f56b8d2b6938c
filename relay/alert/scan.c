#include "alert/scan.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct slice scan_declared_encoding(struct slice bytes)
{
    if (slice_starts_with(bytes, byte_order_mark))
        bytes = slice_sub(bytes, strlen(byte_order_mark), bytes.len);
    ptrdiff_t end = slice_starts_with(bytes, "<?xml") ? slice_find(bytes, "?>") : -1;
    struct slice declaration = slice_sub(bytes, 0, end < 0 ? 0 : (size_t)end);
    ptrdiff_t at = slice_find(declaration, "encoding");
    if (at < 0)
        return SLICE("");
    struct slice rest =
        slice_trim(slice_sub(declaration, (size_t)at + strlen("encoding"), declaration.len));
    if (!slice_starts_with(rest, "="))
        return SLICE("");
    rest = slice_trim(slice_sub(rest, 1, rest.len));
    if (rest.len == 0)
        return SLICE("");
    char quote[2] = {rest.ptr[0], '\0'};
    rest = slice_sub(rest, 1, rest.len);
    ptrdiff_t close = slice_find(rest, quote);
    return slice_sub(rest, 0, close < 0 ? 0 : (size_t)close);
}

bool scan_is_ascii_based(struct slice bytes)
{
    static const char *const prefixes[] = {"UTF-8",    "UTF8",  "US-ASCII",  "ASCII",
                                           "ISO-8859", "latin", "windows-12"};
    struct slice begin = slice_sub(bytes, 0, 4);
    bool foreign = begin.len > 0 && (memchr(begin.ptr, '\0', begin.len) || begin.ptr[0] == '\xfe' ||
                                     begin.ptr[0] == '\xff' || begin.ptr[0] == '\x4c');
    struct slice encoding = scan_declared_encoding(bytes);
    bool known = encoding.len == 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        known = known || slice_istarts_with(encoding, prefixes[i]);
    return known && !foreign;
}

/* Behind the next `end`, or the end of all where there is none. */
static struct slice skip_to(struct slice s, const char *end)
{
    ptrdiff_t at = slice_find(s, end);
    return slice_sub(s, at < 0 ? s.len : (size_t)at + strlen(end), s.len);
}

/* From a start tag's '<' to behind its '>', counting the '=' that are not in a value. */
static struct slice skip_tag(struct slice s, size_t *equals)
{
    char quote = '\0';
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '=')
            ++*equals;
        else if (c == '>')
            return slice_sub(s, i + 1, s.len);
    }
    return slice_sub(s, s.len, s.len);
}

/* Hardly any alert has so many in all of its text, and to count them takes a tenth of the time. */
static bool has_few_equals(struct slice bytes)
{
    size_t count = 0;
    const char *hit;
    while (bytes.len && (hit = memchr(bytes.ptr, '=', bytes.len))) {
        if (++count > SCAN_ATTRIBUTES_MAX)
            return false;
        bytes = slice_sub(bytes, (size_t)(hit - bytes.ptr) + 1, bytes.len);
    }
    return true;
}

bool scan_has_too_many_attributes(struct slice bytes)
{
    if (has_few_equals(bytes))
        return false;
    struct slice rest = bytes;
    const char *open;
    while (rest.len > 1 && (open = memchr(rest.ptr, '<', rest.len - 1))) {
        rest = slice_sub(rest, (size_t)(open - rest.ptr), rest.len);
        size_t equals = 0;
        if (rest.ptr[1] != '!' && rest.ptr[1] != '?')
            rest = skip_tag(rest, &equals);
        else if (rest.ptr[1] == '?')
            rest = skip_to(rest, "?>");
        else if (slice_starts_with(rest, "<!--"))
            rest = skip_to(slice_sub(rest, 4, rest.len), "-->");
        else if (slice_starts_with(rest, "<![CDATA["))
            rest = skip_to(rest, "]]>");
        else
            return false; /* a DOCTYPE: the reader stops there */
        if (equals > SCAN_ATTRIBUTES_MAX)
            return true;
    }
    return false;
}
