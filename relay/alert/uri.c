#include "alert/uri.h"

#include "base/buf.h"

#include <libxml/uri.h>

static bool is_refused(char c)
{
    return (unsigned char)c <= 32 || (unsigned char)c >= 127 || strchr("<>\"{}|\\^`'", c) != NULL;
}

/* Like libxml2's schema validation: of the characters that a URI must escape all but the space are
 * borne. */
static bool is_valid(struct arena *arena, struct slice uri)
{
    char *masked = arena_cstr(arena, uri);
    for (size_t i = 0; i < uri.len; i++) {
        if (masked[i] != ' ' && is_refused(masked[i]))
            masked[i] = '_';
    }
    xmlURI *parsed = xmlParseURI(masked);
    bool valid = parsed != NULL;
    xmlFreeURI(parsed);
    return valid;
}

struct slice uri_make_valid(struct arena *arena, struct slice uri)
{
    if (uri.len == 0 || is_valid(arena, uri))
        return uri;
    struct buf escaped;
    buf_init(&escaped, 3 * uri.len);
    for (size_t i = 0; i < uri.len; i++) {
        if (is_refused(uri.ptr[i]) || uri.ptr[i] == '[' || uri.ptr[i] == ']')
            buf_printf(&escaped, "%%%02X", (unsigned)(unsigned char)uri.ptr[i]);
        else
            buf_put_char(&escaped, uri.ptr[i]);
    }
    struct slice copy = arena_copy(arena, buf_slice(&escaped));
    buf_fini(&escaped);
    return is_valid(arena, copy) ? copy : (struct slice){NULL, 0};
}
