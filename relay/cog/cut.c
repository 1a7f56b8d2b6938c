#include "cog/cut.h"

#include "alert/parse.h"
#include "base/buf.h"

enum { DECLARATIONS_BYTES_MAX = 64 * 1024 };

/* --- tags --- */

static bool is_name_end(char c)
{
    return slice_is_xml_space(c) || c == '/' || c == '>' || c == '=';
}

/* Behind the first `what` from there on; the text's length where it is not there. */
static size_t behind(struct slice text, size_t at, const char *what)
{
    ptrdiff_t found = slice_find(slice_sub(text, at, text.len), what);
    return found < 0 ? text.len : at + (size_t)found + strlen(what);
}

/* Where a tag's '>' is; quoted values may hold one. */
static size_t tag_end(struct slice text, size_t at)
{
    char quote = '\0';
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            break;
    }
    return at;
}

static size_t name_end(struct slice text, size_t at, size_t end)
{
    while (at < end && !is_name_end(text.ptr[at]))
        at++;
    return at;
}

/* The next attribute of a start tag, its value with quotes; false at the end. */
static bool next_attribute(struct slice text, size_t *at, size_t end, struct slice *name,
                           struct slice *value)
{
    while (*at < end && (slice_is_xml_space(text.ptr[*at]) || text.ptr[*at] == '/'))
        ++*at;
    size_t from = *at, to = name_end(text, *at, end);
    *name = slice_sub(text, from, to);
    while (to < end && (slice_is_xml_space(text.ptr[to]) || text.ptr[to] == '='))
        to++;
    if (!name->len || to >= end || (text.ptr[to] != '"' && text.ptr[to] != '\''))
        return false;
    size_t close = to + 1;
    while (close < end && text.ptr[close] != text.ptr[to])
        close++;
    *value = slice_sub(text, to, close + 1);
    *at = close + 1;
    return close < end;
}

static void bind_namespaces(struct cog_cutter *cutter, size_t at, size_t end)
{
    struct slice name, value;
    while (next_attribute(cutter->text, &at, end, &name, &value)) {
        bool prefixed = slice_starts_with(name, "xmlns:");
        if ((!prefixed && !slice_eq_cstr(name, "xmlns")) ||
            cutter->binding_count == COG_BINDINGS_MAX)
            continue;
        cutter->bindings[cutter->binding_count++] = (struct cog_binding){
            .prefix = prefixed ? slice_sub(name, 6, name.len) : SLICE(""),
            .uri = value,
            .depth = cutter->depth,
        };
    }
}

static void unbind(struct cog_cutter *cutter)
{
    while (cutter->binding_count &&
           cutter->bindings[cutter->binding_count - 1].depth >= cutter->depth)
        cutter->binding_count--;
}

static struct slice uri_of(const struct cog_cutter *cutter, struct slice prefix)
{
    for (size_t i = cutter->binding_count; i > 0; i--)
        if (slice_eq(cutter->bindings[i - 1].prefix, prefix))
            return slice_sub(cutter->bindings[i - 1].uri, 1, cutter->bindings[i - 1].uri.len - 1);
    return (struct slice){0};
}

static bool is_alert(const struct cog_cutter *cutter, struct slice name)
{
    struct slice prefix = SLICE("");
    ptrdiff_t colon = slice_find(name, ":");
    if (colon >= 0) {
        prefix = slice_sub(name, 0, (size_t)colon);
        name = slice_sub(name, (size_t)colon + 1, name.len);
    }
    if (!slice_eq_cstr(name, "alert")) /* the others are many, and bindings may be */
        return false;
    struct slice uri = uri_of(cutter, prefix);
    return slice_starts_with(uri, "urn:oasis:names:tc:emergency:cap:1.") ||
           slice_eq_cstr(uri, "http://www.incident.com/cap/1.0");
}

/* --- standing alone --- */

static bool is_in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.:", c)) || (unsigned char)c >= 0x80;
}

/* Also where it is no name but looks like one, as in a value that is a qualified name. */
static bool is_used(struct slice bytes, struct slice prefix)
{
    for (size_t at = 1; at + prefix.len < bytes.len; at++)
        if (bytes.ptr[at + prefix.len] == ':' && !is_in_name(bytes.ptr[at - 1]) &&
            memcmp(bytes.ptr + at, prefix.ptr, prefix.len) == 0)
            return true;
    return false;
}

/* Declared by the alert's own start tag, or by an element nearer to it. */
static bool is_hidden(const struct cog_cutter *cutter, size_t i, struct slice start_tag)
{
    struct slice prefix = cutter->bindings[i].prefix, name, value;
    size_t at = 0;
    for (size_t k = i + 1; k < cutter->outer_count; k++)
        if (slice_eq(cutter->bindings[k].prefix, prefix))
            return true;
    while (next_attribute(start_tag, &at, start_tag.len, &name, &value))
        if (prefix.len ? slice_starts_with(name, "xmlns:") &&
                             slice_eq(slice_sub(name, 6, name.len), prefix)
                       : slice_eq_cstr(name, "xmlns"))
            return true;
    return false;
}

static void put_declarations(struct buf *out, const struct cog_cutter *cutter, struct slice bytes)
{
    size_t name_len = cutter->name_end - cutter->from;
    struct slice start_tag = slice_sub(bytes, name_len, tag_end(bytes, 0));
    for (size_t i = 0; i < cutter->outer_count; i++) {
        const struct cog_binding *binding = &cutter->bindings[i];
        if (is_hidden(cutter, i, start_tag) ||
            (binding->prefix.len && !is_used(bytes, binding->prefix)))
            continue;
        buf_put_cstr(out, binding->prefix.len ? " xmlns:" : " xmlns");
        buf_put(out, binding->prefix);
        buf_put_char(out, '=');
        buf_put(out, binding->uri);
    }
}

/* The XML declaration where it names an encoding that is not what is taken for granted. */
static struct slice foreign_declaration(struct slice text)
{
    text = slice_trim(text);
    size_t end = slice_starts_with(text, "<?xml") ? behind(text, 0, "?>") : 0;
    struct slice declaration = slice_sub(text, 0, end);
    ptrdiff_t at = slice_find(declaration, "encoding");
    if (at < 0)
        return (struct slice){0};
    struct slice rest = slice_sub(declaration, (size_t)at, declaration.len);
    return slice_ifind(rest, "utf-8") >= 0 || slice_ifind(rest, "us-ascii") >= 0 ? (struct slice){0}
                                                                                 : declaration;
}

struct slice cog_cutter_take(const struct cog_cutter *cutter, struct arena *arena)
{
    struct slice bytes = slice_sub(cutter->text, cutter->from, cutter->at);
    struct slice declaration = foreign_declaration(cutter->text);
    size_t name_len = cutter->name_end - cutter->from;
    struct buf added;
    buf_init(&added, DECLARATIONS_BYTES_MAX);
    if (bytes.len <= PARSE_BYTES_MAX) /* a larger one is refused, whatever it declares */
        put_declarations(&added, cutter, bytes);
    struct slice between = buf_slice(&added), out = bytes;
    if (between.len || declaration.len) {
        char *whole = arena_alloc(arena, declaration.len + bytes.len + between.len + 1);
        struct slice parts[] = {declaration, slice_sub(bytes, 0, name_len), between,
                                slice_sub(bytes, name_len, bytes.len)};
        out = slice_of(whole, 0);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            if (parts[i].len)
                memcpy(whole + out.len, parts[i].ptr, parts[i].len);
            out.len += parts[i].len;
        }
    }
    buf_fini(&added);
    return out;
}

/* --- the walk --- */

/* Whether that start tag begins an alert by what it and the elements around the alert declare. What
 * the tag declares stays bound. */
static bool begins_alert(struct cog_cutter *cutter, size_t at, size_t name_to, size_t end)
{
    bind_namespaces(cutter, name_to, end);
    return is_alert(cutter, slice_sub(cutter->text, at + 1, name_to));
}

static void enter(struct cog_cutter *cutter, struct slice name)
{
    if (cutter->depth < COG_NAMES_MAX)
        cutter->names[cutter->depth] = name;
    cutter->depth++;
}

static void leave(struct cog_cutter *cutter)
{
    unbind(cutter);
    cutter->depth -= cutter->depth > 0;
}

/* Absent: there is none, or it is too deep to be known. */
static struct slice parent_of_alert(const struct cog_cutter *cutter)
{
    bool known = cutter->depth > 0 && cutter->depth <= COG_NAMES_MAX;
    return known ? cutter->names[cutter->depth - 1] : (struct slice){0};
}

/* A start tag outside of an alert. Returns whether an alert ends with it. */
static bool take_start(struct cog_cutter *cutter, size_t at, size_t name_to, size_t end)
{
    size_t before = cutter->binding_count;
    bool empty = cutter->text.ptr[end - 1] == '/';
    enter(cutter, slice_sub(cutter->text, at + 1, name_to));
    cutter->open = begins_alert(cutter, at, name_to, end);
    if (cutter->open) {
        cutter->from = at;
        cutter->name_end = name_to;
        cutter->outer_count = before;
        cutter->nested = 0;
    }
    if (cutter->open || empty)
        leave(cutter);
    return cutter->open && empty;
}

/* A tag inside of an alert. Returns whether the alert ends: with its end tag, however deep, since
 * what is in it may be malformed; before an alert of its own right, or before its parent's end. */
static bool take_inner(struct cog_cutter *cutter, size_t at, size_t name_to, size_t end)
{
    struct slice own = slice_sub(cutter->text, cutter->from + 1, cutter->name_end);
    bool is_end = cutter->text.ptr[at + 1] == '/', ends_before;
    struct slice name = slice_sub(cutter->text, at + 1 + is_end, name_to);
    bool same = slice_eq(name, own);
    if (is_end && same && cutter->nested == 0)
        return true;
    if (is_end) {
        cutter->nested -= same;
        ends_before = name.len && slice_eq(name, parent_of_alert(cutter));
    } else {
        ends_before = begins_alert(cutter, at, name_to, end);
        cutter->binding_count = cutter->outer_count;
        cutter->nested += same && !ends_before && cutter->text.ptr[end - 1] != '/';
    }
    if (ends_before)
        cutter->at = at;
    return ends_before;
}

/* Comments, CDATA and processing instructions: behind them; the same place for a tag. */
static size_t skip(struct slice text, size_t at)
{
    struct slice rest = slice_sub(text, at, text.len);
    if (slice_starts_with(rest, "<!--"))
        return behind(text, at + 4, "-->");
    if (slice_starts_with(rest, "<![CDATA["))
        return behind(text, at + 9, "]]>");
    if (slice_starts_with(rest, "<?"))
        return behind(text, at + 2, "?>");
    if (slice_starts_with(rest, "<!"))
        return text.len;
    return at;
}

void cog_cutter_init(struct cog_cutter *cutter, struct slice text)
{
    *cutter = (struct cog_cutter){.text = text};
}

/* Takes the tag or the like at `at`, which it moves behind it; whether an alert ends there. */
static bool take_markup(struct cog_cutter *cutter)
{
    struct slice text = cutter->text;
    size_t at = cutter->at, behind_other = skip(text, at);
    if (behind_other != at) {
        cutter->at = behind_other;
        return false;
    }
    size_t end = tag_end(text, at);
    cutter->at = end < text.len ? end + 1 : end;
    if (end == text.len)
        return false;
    bool is_end = text.ptr[at + 1] == '/';
    size_t name_to = name_end(text, at + 1 + is_end, end);
    if (cutter->open)
        return take_inner(cutter, at, name_to, end);
    if (!is_end)
        return take_start(cutter, at, name_to, end);
    leave(cutter);
    return false;
}

bool cog_cutter_find(struct cog_cutter *cutter, size_t *from)
{
    struct slice text = cutter->text;
    cutter->open = false;
    while (cutter->at < text.len) {
        const char *next = memchr(text.ptr + cutter->at, '<', text.len - cutter->at);
        cutter->at = next ? (size_t)(next - text.ptr) : text.len;
        if (next && take_markup(cutter)) {
            *from = cutter->from;
            return true;
        }
    }
    return false;
}
