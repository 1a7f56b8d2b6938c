#include "cog/cut.h"

#include "alert/markup.h"
#include "alert/parse.h"
#include "base/buf.h"

enum { DECLARATIONS_BYTES_MAX = 64 * 1024 };

static void bind_namespaces(struct cog_cutter *cutter, struct slice tag)
{
    struct slice name, value, prefix;
    size_t at = 0;
    while (markup_attribute(tag, &at, &name, &value)) {
        if (!markup_declares(name, &prefix) || cutter->binding_count == COG_BINDINGS_MAX)
            continue;
        cutter->bindings[cutter->binding_count++] =
            (struct cog_binding){.prefix = prefix, .uri = value, .depth = cutter->depth};
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
    if (!slice_eq_cstr(markup_local(name), "alert")) /* the others are many, and bindings may be */
        return false;
    struct slice uri = uri_of(cutter, markup_prefix(name));
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
    struct slice prefix = cutter->bindings[i].prefix, name, value, declared;
    size_t at = 0;
    for (size_t k = i + 1; k < cutter->outer_count; k++)
        if (slice_eq(cutter->bindings[k].prefix, prefix))
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

/* Whether that start tag begins an alert by what it and the elements around the alert declare. What
 * the tag declares stays bound. */
static bool begins_alert(struct cog_cutter *cutter, struct slice tag)
{
    bind_namespaces(cutter, tag);
    return is_alert(cutter, markup_name(tag));
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
static bool take_start(struct cog_cutter *cutter, struct markup found, struct slice tag)
{
    size_t before = cutter->binding_count;
    bool empty = found.kind == MARKUP_EMPTY;
    enter(cutter, markup_name(tag));
    cutter->open = begins_alert(cutter, tag);
    if (cutter->open) {
        cutter->from = found.begin;
        cutter->name_end = found.begin + 1 + markup_name(tag).len;
        cutter->outer_count = before;
        cutter->nested = 0;
    }
    if (cutter->open || empty)
        leave(cutter);
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
        ends_before = begins_alert(cutter, tag);
        cutter->binding_count = cutter->outer_count;
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
    leave(cutter);
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
