#include "alert/uri.h"

#include "base/buf.h"

#include <libxml/uri.h>

static bool must_be_escaped(char c)
{
    return (unsigned char)c <= 32 || (unsigned char)c >= 127 || strchr("<>\"{}|\\^`'[]", c) != NULL;
}

/* As libxml2 judges anyURI: of the characters that a URI must escape all but brackets are borne. */
static bool is_valid(struct arena *arena, struct slice uri)
{
    char *masked = arena_cstr(arena, uri);
    for (size_t i = 0; i < uri.len; i++) {
        if (masked[i] != '[' && masked[i] != ']' && must_be_escaped(masked[i]))
            masked[i] = '_';
    }
    xmlURI *parsed = xmlParseURI(masked);
    bool valid = parsed != NULL;
    xmlFreeURI(parsed);
    return valid;
}

static bool is_escape(struct slice rest)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    return rest.len >= 3 && memchr(digits, rest.ptr[1], sizeof digits - 1) &&
           memchr(digits, rest.ptr[2], sizeof digits - 1);
}

struct slice uri_make_valid(struct arena *arena, struct slice uri)
{
    if (uri.len == 0 || is_valid(arena, uri))
        return uri;
    struct buf escaped;
    buf_init(&escaped, 3 * uri.len);
    for (size_t i = 0; i < uri.len; i++) {
        bool bare_percent = uri.ptr[i] == '%' && !is_escape(slice_sub(uri, i, uri.len));
        if (bare_percent || must_be_escaped(uri.ptr[i]))
            buf_printf(&escaped, "%%%02X", (unsigned)(unsigned char)uri.ptr[i]);
        else
            buf_put_char(&escaped, uri.ptr[i]);
    }
    struct slice copy = arena_copy(arena, buf_slice(&escaped));
    buf_fini(&escaped);
    return is_valid(arena, copy) ? copy : (struct slice){NULL, 0};
}
