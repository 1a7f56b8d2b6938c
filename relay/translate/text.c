#include "translate/internal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uri_char(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr("-._~:/?#@!$&'()*+,;=%", c));
}

static bool uri_chars_are_good(struct slice text)
{
    size_t fragments = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_uri_char(text.ptr[i]))
            return false;
        if (text.ptr[i] == '%' &&
            (i + 2 >= text.len || !is_hex(text.ptr[i + 1]) || !is_hex(text.ptr[i + 2])))
            return false;
        fragments += text.ptr[i] == '#';
    }
    return fragments <= 1;
}

/* A port, where there is one, is digits; anything else after a colon is not a host that a client
 * can use. */
static bool authority_is_good(struct slice rest)
{
    size_t end = 0;
    while (end < rest.len && !strchr("/?#", rest.ptr[end]))
        end++;
    struct slice authority = slice_sub(rest, 0, end);
    ptrdiff_t at = slice_find(authority, "@");
    struct slice host = slice_sub(authority, (size_t)(at + 1), authority.len);
    ptrdiff_t colon = slice_find(host, ":");
    if (slice_find(host, "@") >= 0 || host.len == 0 || colon == 0)
        return false;
    if (colon < 0)
        return true;
    struct slice port = slice_sub(host, (size_t)colon + 1, host.len);
    unsigned long long number = 0;
    return slice_to_u64(port, &number) && number <= 65535;
}

bool text_is_uri(struct slice text)
{
    if (text.len == 0 || !uri_chars_are_good(text))
        return false;
    size_t scheme = 0;
    while (scheme < text.len && (is_letter(text.ptr[scheme]) || is_digit(text.ptr[scheme]) ||
                                 strchr("+-.", text.ptr[scheme])))
        scheme++;
    bool absolute = scheme > 0 && scheme < text.len && text.ptr[scheme] == ':';
    struct slice rest = absolute ? slice_sub(text, scheme + 1, text.len) : text;
    if (absolute && (!is_letter(text.ptr[0]) || rest.len == 0))
        return false;
    if (slice_starts_with(rest, "//"))
        return authority_is_good(slice_sub(rest, 2, rest.len));
    if (absolute)
        return true;
    /* A colon in the first step of a relative path would read as a scheme. */
    ptrdiff_t colon = slice_find(rest, ":"), slash = slice_find(rest, "/");
    return colon < 0 || (slash >= 0 && slash < colon);
}

struct slice text_make_uri(struct arena *arena, struct slice text)
{
    if (text_is_uri(text))
        return text;
    char *encoded = arena_alloc(arena, 3 * text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool escape =
            c == '%' && i + 2 < text.len && is_hex(text.ptr[i + 1]) && is_hex(text.ptr[i + 2]);
        if (is_uri_char(c) && (c != '%' || escape)) {
            encoded[len++] = c;
            continue;
        }
        encoded[len++] = '%';
        hex_encode((const uint8_t *)&text.ptr[i], 1, encoded + len);
        len += 2;
    }
    struct slice uri = slice_of(encoded, len);
    return text_is_uri(uri) ? uri : (struct slice){0};
}

void uri_correct(struct work *work, struct slice *uri, const char *path)
{
    struct slice given = *uri;
    if (slice_is_empty(given) || text_is_uri(given))
        return;
    *uri = text_make_uri(work->arena, given);
    if (slice_is_empty(*uri))
        notes_add(work->notes, work->arena, NOTE_URI_DROPPED, path, "Not a URI: %.*s.",
                  SLICE_ARG(text_short(given, 200)));
    else
        notes_add(work->notes, work->arena, NOTE_URI_ENCODED, path, "Percent-encoded: %.*s.",
                  SLICE_ARG(text_short(given, 200)));
}

static struct slice without_sign(struct slice text)
{
    bool sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    return sign ? slice_sub(text, 1, text.len) : text;
}

static size_t leading_digits(struct slice text)
{
    size_t count = 0;
    while (count < text.len && is_digit(text.ptr[count]))
        count++;
    return count;
}

/* More digits than a number of bytes or feet can have are no number. */
enum { NUMBER_DIGITS_MAX = 18 };

bool text_is_integer(struct slice text)
{
    struct slice digits = without_sign(text);
    return digits.len > 0 && digits.len <= NUMBER_DIGITS_MAX &&
           leading_digits(digits) == digits.len;
}

bool text_is_decimal(struct slice text)
{
    struct slice number = without_sign(text);
    size_t whole = leading_digits(number);
    if (number.len > NUMBER_DIGITS_MAX || whole == 0)
        return false;
    if (whole == number.len)
        return true;
    struct slice fraction = slice_sub(number, whole + 1, number.len);
    return number.ptr[whole] == '.' && fraction.len > 0 && leading_digits(fraction) == fraction.len;
}

/* ll, lll, ll-CC, ll-Ssss-CC, ll-NNN: the tags that occur in alerts, all of them valid xs:language.
 */
bool text_is_language(struct slice text)
{
    struct slice rest = text, part;
    for (size_t i = 0; slice_next_part(&rest, '-', &part); i++) {
        size_t letters = 0;
        while (letters < part.len && is_letter(part.ptr[letters]))
            letters++;
        bool word = letters == part.len;
        if (i == 0 ? !(word && (part.len == 2 || part.len == 3))
                   : !((word && (part.len == 2 || (part.len == 4 && i == 1))) ||
                       (part.len == 3 && leading_digits(part) == 3)))
            return false;
        if (i == 3)
            return false;
    }
    return text.len > 0 && text.ptr[text.len - 1] != '-';
}

bool text_is_sender(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((unsigned char)c <= ' ' || c == ',' || c == '<' || c == '&')
            return false;
    }
    return text.len > 0;
}

struct slice text_short(struct slice text, size_t max)
{
    if (text.len <= max)
        return text;
    size_t end = max;
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0) == 0x80)
        end--;
    return slice_sub(text, 0, end);
}
