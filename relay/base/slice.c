#include "base/slice.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool equal_folded(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_eq_cstr(struct slice a, const char *text)
{
    return slice_eq(a, slice_from_cstr(text));
}

bool slice_ieq(struct slice a, struct slice b)
{
    return a.len == b.len && equal_folded(a.ptr, b.ptr, a.len);
}

/* How many bytes are the same; ends at the first that is not, most often the very first. */
static size_t same_folded(struct slice s, const char *text)
{
    size_t i = 0;
    while (i < s.len && text[i] != '\0' && lower(s.ptr[i]) == lower(text[i]))
        i++;
    return i;
}

bool slice_ieq_cstr(struct slice a, const char *text)
{
    text = text ? text : "";
    return same_folded(a, text) == a.len && text[a.len] == '\0';
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool slice_starts_with(struct slice s, const char *prefix)
{
    return slice_eq_cstr(slice_sub(s, 0, strlen(prefix)), prefix);
}

bool slice_istarts_with(struct slice s, const char *prefix)
{
    return prefix[same_folded(s, prefix)] == '\0';
}

bool slice_ends_with(struct slice s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && slice_eq_cstr(slice_sub(s, s.len - len, s.len), suffix);
}

ptrdiff_t slice_find(struct slice s, const char *needle)
{
    size_t len = strlen(needle);
    if (len == 0)
        return 0;
    const char *hit = s.len ? memmem(s.ptr, s.len, needle, len) : NULL;
    return hit ? hit - s.ptr : -1;
}

ptrdiff_t slice_ifind(struct slice s, const char *needle)
{
    size_t len = strlen(needle);
    for (size_t i = 0; len <= s.len && i <= s.len - len; i++) {
        if (equal_folded(s.ptr + i, needle, len))
            return (ptrdiff_t)i;
    }
    return len == 0 ? 0 : -1;
}

struct slice slice_trim(struct slice s)
{
    while (s.len && slice_is_xml_space(s.ptr[0]))
        s = slice_of(s.ptr + 1, s.len - 1);
    while (s.len && slice_is_xml_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool slice_next_token(struct slice *rest, struct slice *token)
{
    size_t begin = 0;
    while (begin < rest->len && slice_is_xml_space(rest->ptr[begin]))
        begin++;
    size_t end = begin;
    while (end < rest->len && !slice_is_xml_space(rest->ptr[end]))
        end++;
    *token = slice_sub(*rest, begin, end);
    *rest = slice_sub(*rest, end, rest->len);
    return token->len > 0;
}

bool slice_next_part(struct slice *rest, char separator, struct slice *part)
{
    if (!rest->ptr)
        return false;
    const char *hit = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    size_t len = hit ? (size_t)(hit - rest->ptr) : rest->len;
    *part = slice_of(rest->ptr, len);
    /* An absent rest marks the end, so that "a," has two parts and "a" has one. */
    *rest = hit ? slice_of(hit + 1, rest->len - len - 1) : (struct slice){NULL, 0};
    return true;
}

bool slice_to_u64(struct slice s, unsigned long long *out)
{
    unsigned long long value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (value > (ULLONG_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return s.len > 0;
}

/* [+-]digits[.digits][e[+-]digits], with a digit before or behind the point; no hexadecimal, inf or
 * nan. */
static bool is_decimal(struct slice s)
{
    size_t i = 0, digits = 0;
    if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-'))
        i++;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        digits++;
    if (i < s.len && s.ptr[i] == '.')
        i++;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        digits++;
    if (digits == 0 || i == s.len || (s.ptr[i] != 'e' && s.ptr[i] != 'E'))
        return digits > 0 && i == s.len;
    i++;
    if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-'))
        i++;
    size_t exponent = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    return i > exponent && i == s.len;
}

/* Digits from `at` on, taken into the mantissa; behind the last of them. */
static size_t scan_digits(struct slice s, size_t at, unsigned long long *mantissa)
{
    for (; at < s.len && (unsigned char)(s.ptr[at] - '0') <= 9; at++)
        *mantissa = *mantissa * 10 + (unsigned char)(s.ptr[at] - '0');
    return at;
}

/*
 * With few enough digits both the digits as a number and the power of ten are exact: then one
 * division rounds correctly, as strtod does, at a twentieth of its price. Coordinates come by the
 * thousand.
 */
size_t slice_scan_decimal(struct slice s, double *out)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    enum { DIGITS_MAX = 15 };
    unsigned long long mantissa = 0; /* what does not fit has too many digits */
    size_t begin = s.len > 0 && s.ptr[0] == '-', places = 0;
    size_t end = scan_digits(s, begin, &mantissa), digits = end - begin;
    if (end < s.len && s.ptr[end] == '.') {
        size_t point = end + 1;
        end = scan_digits(s, point, &mantissa);
        places = end - point;
        digits += places;
    }
    if (digits == 0 || digits > DIGITS_MAX)
        return 0;
    double value = (double)mantissa / powers[places];
    *out = begin ? -value : value;
    return end;
}

bool slice_to_double(struct slice s, double *out)
{
    double value;
    if (s.len && slice_scan_decimal(s, &value) == s.len) {
        *out = value;
        return true;
    }
    char text[64];
    if (s.len >= sizeof text || !is_decimal(s))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c_locale)
        return false;
    *out = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    return true;
}
