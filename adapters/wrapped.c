#include "adapters/wrapped.h"

#include "alert/markup.h"

#include <string.h>

/* FEED_BYTES: the framer moves what it has not cut yet at each step. */
enum { FEED_BYTES = 64 * 1024, NOISE_SHOWN = 80, BUDGET_MIN = 1 << 20 };

/* --- which names of an alert mean something by what stands around it --- */

static bool knows(const struct markup_scope *scope, struct slice prefix)
{
    return markup_bound(scope, prefix) || slice_eq_cstr(prefix, "xml");
}

/* An element without prefix needs a default namespace; an attribute without does not. */
static bool all_known(const struct markup_scope *scope, struct slice tag)
{
    struct slice name, ignored;
    size_t at = 0;
    bool known = knows(scope, markup_prefix(markup_name(tag)));
    while (known && markup_attribute(tag, &at, &name, &ignored))
        known = markup_declares(name, &ignored) || markup_prefix(name).len == 0 ||
                knows(scope, markup_prefix(name));
    return known;
}

/* `outer`: the wrapper's start tag, whose declarations count too; absent: the alert is alone. */
static bool stands_by_itself(struct slice alert, struct slice outer)
{
    struct markup_scope scope = {0};
    struct markup found = {0};
    if (outer.len > 0)
        markup_bind(&scope, outer);
    while ((found = markup_next(alert, found.end)).kind != MARKUP_NONE) {
        struct slice tag = slice_sub(alert, found.begin, found.end);
        if (found.kind == MARKUP_OTHER)
            continue;
        if (found.kind == MARKUP_END) {
            markup_leave(&scope);
            continue;
        }
        markup_enter(&scope, tag);
        if (!all_known(&scope, tag))
            return false;
        if (found.kind == MARKUP_EMPTY)
            markup_leave(&scope);
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

static bool starts(struct slice text, size_t at, const char *with)
{
    return slice_starts_with(slice_sub(text, at, text.len), with);
}

/* The root's start tag. */
static enum err_code find_root(struct slice answer, struct markup *root, struct err *err)
{
    size_t at = slice_starts_with(answer, "\xEF\xBB\xBF") ? 3 : 0;
    do {
        while (at < answer.len && slice_is_xml_space(answer.ptr[at]))
            at++;
        if (at == answer.len)
            return err_set(err, ERR_INVALID, "the answer is %s",
                           answer.len ? "cut off before its first element" : "empty");
        if (!starts(answer, at, "<") || starts(answer, at, "</"))
            return err_set(err, ERR_INVALID, "the answer is not XML: it begins with `%.*s`",
                           (int)(answer.len - at < 40 ? answer.len - at : 40), answer.ptr + at);
        if (starts(answer, at, "<!DOCTYPE") || starts(answer, at, "<!doctype"))
            return err_set(err, ERR_INVALID, "the answer has a DOCTYPE: a page for people");
        *root = markup_next(answer, at);
        if (root->kind == MARKUP_NONE)
            return err_set(err, ERR_INVALID, "the answer is cut off before its first element");
        at = root->end;
    } while (root->kind == MARKUP_OTHER);
    return OK;
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

enum err_code wrapped_read(struct arena *arena, struct slice answer, size_t limit,
                           struct wrapped *out, struct err *err)
{
    struct reading reading = {
        .arena = arena, .out = out, .answer = answer, .budget = 2 * answer.len + BUDGET_MIN};
    struct markup root = {0};
    *out = (struct wrapped){0};
    enum err_code code = find_root(answer, &root, err);
    if (code != OK)
        return code;
    struct slice start = slice_sub(answer, root.begin, root.end), name = markup_name(start);
    out->root = arena_copy(arena, markup_local(name));
    reading.declaration = markup_foreign_declaration(answer);
    bool cut = false;
    if (slice_eq_cstr(out->root, "alert")) {
        cut_alerts(&reading, answer, limit);
        cut = reading.inside;
    } else if (root.kind == MARKUP_START) {
        size_t end = find_end(answer, root.end, name);
        reading.start = start;
        reading.end = arena_printf(arena, "</%.*s>", SLICE_ARG(name));
        reading.ended = end > 0;
        cut_alerts(&reading, slice_sub(answer, root.end, end ? end : answer.len), limit);
        cut = !end;
    }
    if (cut)
        return err_set(err, ERR_INVALID, "the answer is cut off: `%.*s` does not end",
                       (int)(name.len < 60 ? name.len : 60), name.ptr);
    return OK;
}
