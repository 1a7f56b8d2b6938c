/*
 * slice: a pointer and a length, never assumed to be terminated.
 *
 * A slice lends: it owns nothing and lives as long as the bytes that it points to. An absent text
 * is {NULL, 0}; an empty text that was present is {non-NULL, 0}. Safe from any thread.
 */
#ifndef CAPRELAY_BASE_SLICE_H
#define CAPRELAY_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* For string literals only. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
/* printf("%.*s", SLICE_ARG(s)) */
#define SLICE_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct slice slice_of(const void *ptr, size_t len)
{
    return (struct slice){(const char *)ptr, len};
}

/* NULL gives the absent slice. */
static inline struct slice slice_from_cstr(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_is_empty(struct slice s)
{
    return s.len == 0;
}

bool slice_eq(struct slice a, struct slice b);
bool slice_eq_cstr(struct slice a, const char *text);
/* ASCII letters compare without case; every other byte as it is. */
bool slice_ieq(struct slice a, struct slice b);
bool slice_ieq_cstr(struct slice a, const char *text);
/* Byte order; a prefix sorts before the longer text. Returns <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);
bool slice_starts_with(struct slice s, const char *prefix);
bool slice_istarts_with(struct slice s, const char *prefix);
bool slice_ends_with(struct slice s, const char *suffix);
/* Position of the first occurrence, or -1. */
ptrdiff_t slice_find(struct slice s, const char *needle);
ptrdiff_t slice_ifind(struct slice s, const char *needle);
/* [from, to) with both ends clamped to the slice. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t to)
{
    if (!s.ptr)
        return s;
    to = to < s.len ? to : s.len;
    from = from < to ? from : to;
    return slice_of(s.ptr + from, to - from);
}

/* White space as XML defines it: space, tab, CR, LF. */
static inline bool slice_is_xml_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
struct slice slice_trim(struct slice s);
/* Takes the next token separated by XML white space off the front of *rest; false when none is
 * left. */
bool slice_next_token(struct slice *rest, struct slice *token);
/* Takes the text up to `separator` (or all that is left) off the front of *rest; false at the end.
 */
bool slice_next_part(struct slice *rest, char separator, struct slice *part);

/* The whole slice as a decimal number without sign or blanks; false if it is anything else or
 * overflows. */
bool slice_to_u64(struct slice s, unsigned long long *out);
/* The whole slice as a decimal number, in the C locale's notation whatever the process's locale is.
 */
bool slice_to_double(struct slice s, double *out);
/* The number that the slice begins with, as above but without exponent and `+`, and how many bytes
 * it takes; 0 where there is none or it has more than 15 digits. */
size_t slice_scan_decimal(struct slice s, double *out);

#endif
