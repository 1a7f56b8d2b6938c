#include "cog/cut.h"

#include "alert/markup.h"
#include "alert/parse.h"
#include "base/buf.h"

enum { DECLARATIONS_BYTES_MAX = 64 * 1024 };

static bool is_alert(const struct cog_cutter *cutter, struct slice name)
{
    if (!slice_eq_cstr(markup_local(name), "alert")) /* the others are many, and bindings may be */
        return false;
    const struct markup_binding *bound = markup_bound(&cutter->scope, markup_prefix(name));
    struct slice uri = bound ? slice_sub(bound->uri, 1, bound->uri.len - 1) : (struct slice){0};
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
    struct slice prefix = cutter->scope.bindings[i].prefix, name, value, declared;
    size_t at = 0;
    for (size_t k = i + 1; k < cutter->outer_count; k++)
        if (slice_eq(cutter->scope.bindings[k].prefix, prefix))
            return true;
    while (markup_attribute(start_tag, &at, &name, &value))
        if (markup_declares(name, &declared) && slice_eq(declared, prefix))
            return true;
    return false;
}

static void put_declarations(struct buf *out, const struct cog_cutter *cutter, struct slice bytes)
{
    struct slice start_tag = slice_sub(bytes, 0, markup_tag_end(bytes, 0));
    for (size_t i = 0; i < cutter->outer_count; i++) {
        const struct markup_binding *binding = &cutter->scope.bindings[i];
        if (is_hidden(cutter, i, start_tag) ||
            (binding->prefix.len && !is_used(bytes, binding->prefix)))
            continue;
        buf_put_cstr(out, binding->prefix.len ? " xmlns:" : " xmlns");
        buf_put(out, binding->prefix);
        buf_put_char(out, '=');
        buf_put(out, binding->uri);
    }
}

struct slice cog_cutter_take(const struct cog_cutter *cutter, struct arena *arena)
{
    struct slice bytes = slice_sub(cutter->text, cutter->from, cutter->at);
    struct slice declaration = markup_foreign_declaration(cutter->text);
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

/* Absent: there is none, or it is too deep to be known. */
static struct slice parent_of_alert(const struct cog_cutter *cutter)
{
    size_t depth = cutter->scope.depth;
    return depth > 0 && depth <= COG_NAMES_MAX ? cutter->names[depth - 1] : (struct slice){0};
}

/* A start tag outside of an alert. Returns whether an alert ends with it. */
static bool take_start(struct cog_cutter *cutter, struct markup found, struct slice tag)
{
    size_t before = cutter->scope.count;
    bool empty = found.kind == MARKUP_EMPTY;
    if (cutter->scope.depth < COG_NAMES_MAX)
        cutter->names[cutter->scope.depth] = markup_name(tag);
    markup_enter(&cutter->scope, tag);
    cutter->open = is_alert(cutter, markup_name(tag));
    if (cutter->open) {
        cutter->from = found.begin;
        cutter->name_end = found.begin + 1 + markup_name(tag).len;
        cutter->outer_count = before;
        cutter->nested = 0;
    }
    if (cutter->open || empty)
        markup_leave(&cutter->scope);
    return cutter->open && empty;
}

/* A tag inside of an alert. Returns whether the alert ends: with its end tag, however deep, since
 * what is in it may be malformed; before an alert of its own right, or before its parent's end. */
static bool take_inner(struct cog_cutter *cutter, struct markup found, struct slice tag)
{
    struct slice own = slice_sub(cutter->text, cutter->from + 1, cutter->name_end);
    bool is_end = found.kind == MARKUP_END, ends_before;
    struct slice name = markup_name(tag);
    bool same = slice_eq(name, own);
    if (is_end && same && cutter->nested == 0)
        return true;
    if (is_end) {
        cutter->nested -= same;
        ends_before = name.len && slice_eq(name, parent_of_alert(cutter));
    } else {
        markup_bind(&cutter->scope, tag);
        ends_before = is_alert(cutter, name);
        cutter->scope.count = cutter->outer_count;
        cutter->nested += same && !ends_before && found.kind != MARKUP_EMPTY;
    }
    if (ends_before)
        cutter->at = found.begin;
    return ends_before;
}

void cog_cutter_init(struct cog_cutter *cutter, struct slice text)
{
    *cutter = (struct cog_cutter){.text = text};
}

/* Whether an alert ends with that piece, which the cutter is behind of. */
static bool take_markup(struct cog_cutter *cutter, struct markup found)
{
    struct slice tag = slice_sub(cutter->text, found.begin, found.end);
    if (found.kind == MARKUP_OTHER)
        return false;
    if (cutter->open)
        return take_inner(cutter, found, tag);
    if (found.kind != MARKUP_END)
        return take_start(cutter, found, tag);
    markup_leave(&cutter->scope);
    return false;
}

bool cog_cutter_find(struct cog_cutter *cutter, size_t *from)
{
    struct markup found;
    cutter->open = false;
    while ((found = markup_next(cutter->text, cutter->at)).kind != MARKUP_NONE) {
        cutter->at = found.end;
        if (take_markup(cutter, found)) {
            *from = cutter->from;
            return true;
        }
    }
    cutter->at = cutter->text.len;
    return false;
}
