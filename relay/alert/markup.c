#include "alert/markup.h"

#include "alert/scan.h"

#include <string.h>

/* Behind the next `what` at or after `from`; 0: there is none. */
static size_t behind(struct slice text, size_t from, const char *what)
{
    ptrdiff_t at = slice_find(slice_sub(text, from, text.len), what);
    return at < 0 ? 0 : from + (size_t)at + strlen(what);
}

size_t markup_tag_end(struct slice text, size_t from)
{
    char quote = '\0';
    for (size_t at = from; at < text.len; at++) {
        char c = text.ptr[at];
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at + 1;
    }
    return 0;
}

static enum markup_kind kind_of(struct slice tag)
{
    if (slice_starts_with(tag, "</"))
        return MARKUP_END;
    return slice_ends_with(tag, "/>") ? MARKUP_EMPTY : MARKUP_START;
}

struct markup markup_next(struct slice text, size_t from)
{
    const char *open = from < text.len ? memchr(text.ptr + from, '<', text.len - from) : NULL;
    if (!open)
        return (struct markup){0};
    struct markup found = {.kind = MARKUP_OTHER, .begin = (size_t)(open - text.ptr)};
    struct slice rest = slice_sub(text, found.begin, text.len);
    if (slice_starts_with(rest, "<?")) {
        found.end = behind(text, found.begin + strlen("<?"), "?>");
    } else if (slice_starts_with(rest, "<!--")) {
        found.end = behind(text, found.begin + strlen("<!--"), "-->");
    } else if (slice_starts_with(rest, "<![CDATA[")) {
        found.end = behind(text, found.begin, "]]>");
    } else if (!slice_starts_with(rest, "<!")) {
        found.end = markup_tag_end(text, found.begin);
        found.kind = kind_of(slice_sub(text, found.begin, found.end));
    }
    if (found.end == 0)
        found.kind = MARKUP_NONE;
    return found;
}

static bool is_name_end(char c)
{
    return slice_is_xml_space(c) || c == '/' || c == '>' || c == '=';
}

static struct slice name_at(struct slice tag, size_t at)
{
    size_t end = at;
    while (end < tag.len && !is_name_end(tag.ptr[end]))
        end++;
    return slice_sub(tag, at, end);
}

struct slice markup_name(struct slice tag)
{
    return name_at(tag, slice_starts_with(tag, "</") ? 2 : 1);
}

static size_t colon_of(struct slice name)
{
    const char *colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
    return colon ? (size_t)(colon - name.ptr) : name.len;
}

struct slice markup_prefix(struct slice name)
{
    size_t colon = colon_of(name);
    return slice_sub(name, 0, colon == name.len ? 0 : colon);
}

struct slice markup_local(struct slice name)
{
    size_t colon = colon_of(name);
    return slice_sub(name, colon == name.len ? 0 : colon + 1, name.len);
}

bool markup_attribute(struct slice tag, size_t *at, struct slice *name, struct slice *value)
{
    size_t from = *at ? *at : 1 + markup_name(tag).len;
    while (from < tag.len && (slice_is_xml_space(tag.ptr[from]) || tag.ptr[from] == '/'))
        from++;
    *name = name_at(tag, from);
    size_t open = from + name->len;
    while (open < tag.len && (slice_is_xml_space(tag.ptr[open]) || tag.ptr[open] == '='))
        open++;
    if (!name->len || open >= tag.len || (tag.ptr[open] != '"' && tag.ptr[open] != '\''))
        return false;
    const char *close = memchr(tag.ptr + open + 1, tag.ptr[open], tag.len - open - 1);
    if (!close)
        return false;
    *at = (size_t)(close - tag.ptr) + 1;
    *value = slice_sub(tag, open, *at);
    return true;
}

bool markup_declares(struct slice attribute, struct slice *prefix)
{
    bool is_default = slice_eq_cstr(attribute, "xmlns");
    *prefix = is_default ? SLICE("") : markup_local(attribute);
    return is_default || slice_eq_cstr(markup_prefix(attribute), "xmlns");
}

void markup_bind(struct markup_scope *scope, struct slice tag)
{
    struct slice name, value, prefix;
    size_t at = 0;
    while (markup_attribute(tag, &at, &name, &value))
        if (markup_declares(name, &prefix) && scope->count < MARKUP_BINDINGS_MAX)
            scope->bindings[scope->count++] = (struct markup_binding){prefix, value, scope->depth};
}

void markup_enter(struct markup_scope *scope, struct slice tag)
{
    scope->depth++;
    markup_bind(scope, tag);
}

void markup_leave(struct markup_scope *scope)
{
    while (scope->count > 0 && scope->bindings[scope->count - 1].depth >= scope->depth)
        scope->count--;
    scope->depth -= scope->depth > 0;
}

const struct markup_binding *markup_bound(const struct markup_scope *scope, struct slice prefix)
{
    for (size_t i = scope->count; i > 0; i--)
        if (slice_eq(scope->bindings[i - 1].prefix, prefix))
            return &scope->bindings[i - 1];
    return NULL;
}

struct slice markup_foreign_declaration(struct slice text)
{
    if (slice_starts_with(text, "\xEF\xBB\xBF"))
        text = slice_sub(text, 3, text.len);
    text = slice_trim(text);
    struct slice encoding = scan_declared_encoding(text);
    bool usual = encoding.len == 0 || slice_ieq_cstr(encoding, "utf-8") ||
                 slice_ieq_cstr(encoding, "us-ascii") || slice_ieq_cstr(encoding, "ascii");
    return usual ? (struct slice){0} : slice_sub(text, 0, behind(text, 0, "?>"));
}
