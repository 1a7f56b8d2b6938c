#include "alert/cut.h"

#include <string.h>

enum markup_kind { MARKUP_NONE = 0, MARKUP_START, MARKUP_EMPTY, MARKUP_END, MARKUP_OTHER };

/* One piece of markup; [begin, end). */
struct markup {
    enum markup_kind kind;
    size_t begin, end;
};

/* Behind the next `text` at or after `from`; 0: there is none. */
static size_t behind(struct slice bytes, size_t from, const char *text)
{
    struct slice rest = slice_sub(bytes, from, bytes.len);
    ptrdiff_t at = slice_find(rest, text);
    return at < 0 ? 0 : from + (size_t)at + strlen(text);
}

/* Behind the `>` of a tag; one in a quoted value ends nothing. */
static size_t behind_tag(struct slice bytes, size_t from)
{
    char quote = '\0';
    for (size_t at = from; at < bytes.len; at++) {
        char c = bytes.ptr[at];
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at + 1;
    }
    return 0;
}

static struct markup next_markup(struct slice bytes, size_t from)
{
    const char *open = from < bytes.len ? memchr(bytes.ptr + from, '<', bytes.len - from) : NULL;
    if (!open)
        return (struct markup){0};
    struct markup found = {.kind = MARKUP_OTHER, .begin = (size_t)(open - bytes.ptr)};
    struct slice rest = slice_sub(bytes, found.begin, bytes.len);
    if (slice_starts_with(rest, "<?")) {
        found.end = behind(bytes, found.begin, "?>");
    } else if (slice_starts_with(rest, "<!--")) {
        found.end = behind(bytes, found.begin + strlen("<!--"), "-->");
    } else if (slice_starts_with(rest, "<![CDATA[")) {
        found.end = behind(bytes, found.begin, "]]>");
    } else if (!slice_starts_with(rest, "<!")) {
        found.end = behind_tag(bytes, found.begin);
        bool empty = found.end > 1 && bytes.ptr[found.end - 2] == '/';
        found.kind = slice_starts_with(rest, "</") ? MARKUP_END
                     : empty                       ? MARKUP_EMPTY
                                                   : MARKUP_START;
    }
    if (found.end == 0)
        found.kind = MARKUP_NONE;
    return found;
}

static void add_child(struct arena *arena, struct cut *out, size_t *capacity, struct slice child)
{
    out->children = arena_grow(arena, out->children, out->count, capacity, sizeof *out->children);
    out->children[out->count++] = child;
}

bool cut_element(struct arena *arena, struct slice bytes, struct cut *out)
{
    size_t depth = 0, at = 0, child = 0, capacity = 0;
    *out = (struct cut){0};
    for (;;) {
        struct markup tag = next_markup(bytes, at);
        at = tag.end;
        switch (tag.kind) {
        case MARKUP_NONE:
            return false;
        case MARKUP_OTHER:
            continue;
        case MARKUP_START:
        case MARKUP_EMPTY:
            if (depth == 0) {
                out->before = slice_sub(bytes, 0, tag.begin);
                out->start_tag = slice_sub(bytes, tag.begin, tag.end);
            } else if (depth == 1) {
                child = tag.begin;
            }
            if (tag.kind == MARKUP_START) {
                depth++;
                continue;
            }
            break;
        case MARKUP_END:
            if (depth == 0)
                return false;
            depth--;
            break;
        }
        if (depth == 1)
            add_child(arena, out, &capacity, slice_sub(bytes, child, tag.end));
        if (depth > 0)
            continue;
        if (tag.kind == MARKUP_END)
            out->end_tag = slice_sub(bytes, tag.begin, tag.end);
        return true;
    }
}
