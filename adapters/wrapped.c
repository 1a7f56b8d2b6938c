#include "adapters/wrapped.h"

#include <string.h>

/* FEED_BYTES: the framer moves what it has not cut yet at each step. */
enum { FEED_BYTES = 64 * 1024, PREFIXES_MAX = 64, NOISE_SHOWN = 80, BUDGET_MIN = 1 << 20 };

/* --- markup, piece by piece --- */

static bool starts(struct slice text, size_t at, const char *with)
{
    return slice_starts_with(slice_sub(text, at, text.len), with);
}

/* Where `what` ends, at or behind `from`; 0: nowhere. */
static size_t end_of(struct slice text, size_t from, const char *what)
{
    ptrdiff_t found = slice_find(slice_sub(text, from, text.len), what);
    return found < 0 ? 0 : from + (size_t)found + strlen(what);
}

/* Behind the '>' of the tag that begins at `at`; 0: it does not end. */
static size_t end_of_tag(struct slice text, size_t at)
{
    char quote = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at + 1;
    }
    return 0;
}

static size_t end_of_markup(struct slice text, size_t at)
{
    if (starts(text, at, "<!--"))
        return end_of(text, at + 4, "-->");
    if (starts(text, at, "<![CDATA["))
        return end_of(text, at + 9, "]]>");
    if (starts(text, at, "<?"))
        return end_of(text, at + 2, "?>");
    return end_of_tag(text, at);
}

/* The next tag off the front of *rest; whatever is no tag is passed over. */
static bool next_tag(struct slice *rest, struct slice *tag)
{
    size_t at = 0;
    for (;;) {
        const char *open = rest->len > at ? memchr(rest->ptr + at, '<', rest->len - at) : NULL;
        if (!open)
            return false;
        at = (size_t)(open - rest->ptr);
        size_t end = end_of_markup(*rest, at);
        if (!end)
            return false;
        *tag = slice_sub(*rest, at, end);
        at = end;
        if (tag->ptr[1] != '!' && tag->ptr[1] != '?') {
            *rest = slice_sub(*rest, at, rest->len);
            return true;
        }
    }
}

static bool ends_itself(struct slice tag)
{
    return slice_ends_with(tag, "/>");
}

/* The name that begins at `at`, prefix and all. */
static struct slice name_at(struct slice tag, size_t at)
{
    size_t end = at;
    while (end < tag.len && !slice_is_xml_space(tag.ptr[end]) && !strchr("/>=", tag.ptr[end]))
        end++;
    return slice_sub(tag, at, end);
}

static struct slice prefix_of(struct slice name)
{
    ptrdiff_t colon = slice_find(name, ":");
    return slice_sub(name, 0, colon < 0 ? 0 : (size_t)colon);
}

static struct slice local_of(struct slice name)
{
    ptrdiff_t colon = slice_find(name, ":");
    return slice_sub(name, colon < 0 ? 0 : (size_t)colon + 1, name.len);
}

/* The next attribute's name of a start tag from *at on. */
static bool next_attribute(struct slice tag, size_t *at, struct slice *name)
{
    while (*at < tag.len && (slice_is_xml_space(tag.ptr[*at]) || tag.ptr[*at] == '/'))
        (*at)++;
    *name = name_at(tag, *at);
    if (name->len == 0)
        return false;
    *at += name->len;
    while (*at < tag.len && tag.ptr[*at] != '"' && tag.ptr[*at] != '\'' && tag.ptr[*at] != '>')
        (*at)++;
    const char *close =
        *at + 1 < tag.len ? memchr(tag.ptr + *at + 1, tag.ptr[*at], tag.len - *at - 1) : NULL;
    *at = close ? (size_t)(close - tag.ptr) + 1 : tag.len;
    return true;
}

/* --- which names of an alert mean something by what stands around it --- */

struct scope {
    struct slice prefixes[PREFIXES_MAX]; /* the empty one: the default namespace */
    size_t depths[PREFIXES_MAX], count, depth;
};

static bool declares(struct slice attribute, struct slice *prefix)
{
    *prefix = local_of(attribute);
    if (slice_eq_cstr(attribute, "xmlns"))
        *prefix = SLICE("");
    else if (!slice_eq_cstr(prefix_of(attribute), "xmlns"))
        return false;
    return true;
}

static void declare(struct scope *scope, struct slice tag, size_t at)
{
    struct slice name, prefix;
    while (next_attribute(tag, &at, &name)) {
        if (!declares(name, &prefix) || scope->count == PREFIXES_MAX)
            continue;
        scope->prefixes[scope->count] = prefix;
        scope->depths[scope->count++] = scope->depth;
    }
}

static bool knows(const struct scope *scope, struct slice prefix)
{
    for (size_t i = scope->count; i > 0; i--)
        if (slice_eq(scope->prefixes[i - 1], prefix))
            return true;
    return slice_eq_cstr(prefix, "xml");
}

/* An element without prefix needs a default namespace; an attribute without does not. */
static bool all_known(const struct scope *scope, struct slice tag, struct slice element, size_t at)
{
    struct slice name, ignored;
    bool known = knows(scope, prefix_of(element));
    while (known && next_attribute(tag, &at, &name))
        known =
            declares(name, &ignored) || prefix_of(name).len == 0 || knows(scope, prefix_of(name));
    return known;
}

/* `outer`: the wrapper's start tag, whose declarations count too; absent: the alert is alone. */
static bool stands_by_itself(struct slice alert, struct slice outer)
{
    struct scope scope = {0};
    struct slice tag;
    if (outer.len > 0)
        declare(&scope, outer, 1 + name_at(outer, 1).len);
    while (next_tag(&alert, &tag)) {
        if (tag.ptr[1] == '/') {
            while (scope.count > 0 && scope.depths[scope.count - 1] == scope.depth)
                scope.count--;
            scope.depth -= scope.depth > 0;
            continue;
        }
        struct slice element = name_at(tag, 1);
        size_t count = scope.count;
        scope.depth++;
        declare(&scope, tag, 1 + element.len);
        if (!all_known(&scope, tag, element, 1 + element.len))
            return false;
        if (ends_itself(tag)) {
            scope.count = count;
            scope.depth--;
        }
    }
    return true;
}

/* --- the answer --- */

struct reading {
    struct arena *arena;
    struct wrapped *out;
    size_t capacity;
    struct slice answer;
    struct slice declaration; /* where it names an encoding that is not what all assume */
    struct slice start, end;  /* the wrapper's tags; absent where there is none */
    bool ended;               /* the wrapper ends, as it should */
    bool nested;              /* what stands between its tags declares namespaces too */
    struct slice whole;       /* a copy of the answer, once it is wanted */
    size_t budget;            /* bytes that may still be read and copied of what is around alerts */
    bool inside;              /* the last alert does not end */
};

static struct slice join(struct arena *arena, const struct slice *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = arena_alloc(arena, len + 1), *end = text;
    for (size_t i = 0; i < count; i++) {
        memcpy(end, parts[i].ptr ? parts[i].ptr : "", parts[i].len);
        end += parts[i].len;
    }
    return slice_of(text, len);
}

/* A start tag of a megabyte around a million small alerts would be more than there is memory. */
static bool can_afford(struct reading *reading, size_t bytes)
{
    bool can = bytes <= reading->budget;
    reading->budget -= can ? bytes : 0;
    return can;
}

static struct slice whole_of(struct reading *reading)
{
    if (!reading->whole.ptr)
        reading->whole = arena_copy(reading->arena, reading->answer);
    return reading->whole;
}

/* An alert in no namespace has nothing to lean on where nobody declares one. */
static struct slice document_of(struct reading *reading, struct slice alert)
{
    bool leans = reading->start.ptr && !stands_by_itself(alert, (struct slice){0});
    if (leans && can_afford(reading, reading->start.len + alert.len) &&
        stands_by_itself(alert, reading->start)) {
        const struct slice parts[] = {reading->declaration, reading->start, alert, reading->end};
        return join(reading->arena, parts, 4);
    }
    if (leans && reading->nested)
        return whole_of(reading);
    const struct slice parts[] = {reading->declaration, alert};
    bool foreign = reading->declaration.len > 0 && !slice_starts_with(alert, "<?xml");
    foreign = foreign && can_afford(reading, reading->declaration.len + alert.len);
    return foreign ? join(reading->arena, parts, 2) : alert;
}

static void take_alert(struct reading *reading, enum frame_kind kind, struct slice bytes)
{
    struct wrapped *out = reading->out;
    out->alerts = arena_grow(reading->arena, out->alerts, out->count, &reading->capacity,
                             sizeof *out->alerts);
    struct wrapped_alert *alert = &out->alerts[out->count++];
    alert->kind = kind;
    alert->bytes = alert->document = arena_copy(reading->arena, bytes);
}

static bool is_comment(struct slice noise)
{
    return slice_starts_with(noise, "<!--") && slice_ends_with(noise, "-->");
}

static void take_noise(struct reading *reading, struct slice bytes)
{
    struct slice noise = slice_trim(bytes);
    reading->nested = reading->nested || slice_find(noise, "xmlns") >= 0;
    if (noise.len > 0 && !is_comment(noise) && reading->out->noise.len == 0)
        reading->out->noise = arena_copy(
            reading->arena, slice_sub(noise, 0, noise.len < NOISE_SHOWN ? noise.len : NOISE_SHOWN));
}

/* What is there at the end and no alert is noise; an alert that does not end in a wrapper that does
 * never will. */
static void on_frame(void *context, enum frame_kind kind, struct slice bytes)
{
    struct reading *reading = context;
    if (kind == FRAME_NOISE || (kind == FRAME_CUT && !reading->inside))
        take_noise(reading, bytes);
    else if (kind != FRAME_CUT)
        take_alert(reading, kind, bytes);
    else if (reading->ended)
        take_alert(reading, FRAME_BROKEN, bytes);
}

static void cut_alerts(struct reading *reading, struct slice content, size_t limit)
{
    struct framer *framer = framer_create(limit, on_frame, reading);
    for (size_t at = 0; at < content.len; at += FEED_BYTES) {
        size_t end = content.len - at < FEED_BYTES ? content.len : at + FEED_BYTES;
        framer_feed(framer, slice_sub(content, at, end));
    }
    reading->inside = framer_pending(framer) > 0;
    framer_end(framer);
    framer_destroy(framer);
    for (size_t i = 0; i < reading->out->count; i++) {
        struct wrapped_alert *alert = &reading->out->alerts[i];
        if (alert->kind == FRAME_WHOLE)
            alert->document = document_of(reading, alert->bytes);
    }
}

/* The root's start tag: where it begins. */
static enum err_code find_root(struct slice answer, size_t *begin, struct err *err)
{
    size_t at = slice_starts_with(answer, "\xEF\xBB\xBF") ? 3 : 0;
    for (;;) {
        while (at < answer.len && slice_is_xml_space(answer.ptr[at]))
            at++;
        if (at == answer.len)
            return err_set(err, ERR_INVALID, "the answer is %s",
                           answer.len ? "cut off before its first element" : "empty");
        if (answer.ptr[at] != '<')
            return err_set(err, ERR_INVALID, "the answer is not XML: it begins with `%.*s`",
                           (int)(answer.len - at < 40 ? answer.len - at : 40), answer.ptr + at);
        if (starts(answer, at, "<!DOCTYPE") || starts(answer, at, "<!doctype"))
            return err_set(err, ERR_INVALID, "the answer has a DOCTYPE: a page for people");
        size_t end = end_of_markup(answer, at);
        if (!end)
            return err_set(err, ERR_INVALID, "the answer is cut off before its first element");
        *begin = at;
        if (answer.ptr[at + 1] != '?' && answer.ptr[at + 1] != '!')
            return OK;
        at = end;
    }
}

/* Where the root's end tag begins, which must be the last thing but for comments; 0: there is none.
 */
static size_t find_end(struct slice answer, size_t from, struct slice root)
{
    struct slice rest = slice_of(answer.ptr, answer.len);
    for (;;) {
        while (rest.len > from && slice_is_xml_space(rest.ptr[rest.len - 1]))
            rest.len--;
        if (!slice_ends_with(rest, "-->"))
            break;
        do
            rest.len--;
        while (rest.len > from && !starts(answer, rest.len, "<!--"));
    }
    if (!slice_ends_with(rest, ">"))
        return 0;
    size_t at = rest.len;
    while (at > from && rest.ptr[at - 1] != '<')
        at--;
    struct slice name = slice_sub(rest, at + 1, rest.len - 1);
    bool is_one =
        at > from && at < rest.len && rest.ptr[at] == '/' && slice_eq(slice_trim(name), root);
    return is_one ? at - 1 : 0;
}

static struct slice foreign_declaration(struct slice answer, size_t root)
{
    struct slice prolog = slice_sub(answer, 0, root);
    size_t end = end_of(prolog, 0, "?>");
    ptrdiff_t begin = slice_find(prolog, "<?xml ");
    if (begin < 0 || !end)
        return (struct slice){0};
    struct slice declaration = slice_sub(prolog, (size_t)begin, end);
    bool usual = slice_find(declaration, "encoding") < 0 ||
                 slice_ifind(declaration, "utf-8") >= 0 || slice_ifind(declaration, "ascii") >= 0;
    return usual ? (struct slice){0} : declaration;
}

enum err_code wrapped_read(struct arena *arena, struct slice answer, size_t limit,
                           struct wrapped *out, struct err *err)
{
    struct reading reading = {
        .arena = arena, .out = out, .answer = answer, .budget = 2 * answer.len + BUDGET_MIN};
    size_t begin = 0, end;
    *out = (struct wrapped){0};
    enum err_code code = find_root(answer, &begin, err);
    if (code != OK)
        return code;
    struct slice start = slice_sub(answer, begin, end_of_tag(answer, begin));
    struct slice name = name_at(start, 1);
    out->root = arena_copy(arena, local_of(name));
    reading.declaration = foreign_declaration(answer, begin);
    bool cut = false;
    if (slice_eq_cstr(out->root, "alert")) {
        cut_alerts(&reading, answer, limit);
        cut = reading.inside;
    } else if (!ends_itself(start)) {
        begin += start.len;
        end = find_end(answer, begin, name);
        reading.start = start;
        reading.end = arena_printf(arena, "</%.*s>", SLICE_ARG(name));
        reading.ended = end > 0;
        cut_alerts(&reading, slice_sub(answer, begin, end ? end : answer.len), limit);
        cut = !end;
    }
    if (cut)
        return err_set(err, ERR_INVALID, "the answer is cut off: `%.*s` does not end",
                       (int)(name.len < 60 ? name.len : 60), name.ptr);
    return OK;
}
