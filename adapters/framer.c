#include "adapters/framer.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum scan_state { IN_TEXT, IN_MARKUP, IN_COMMENT, IN_CDATA };
enum where { OUTSIDE, INSIDE, PASSING /* over the rest of what was too long */ };

struct framer {
    size_t limit;
    frame_fn fn;
    void *context;
    size_t resets; /* tells that a callback has reset the framer */

    char *buffer;
    size_t capacity;
    char *bytes; /* in the buffer: from the first of the document, or of the noise */
    size_t len;
    size_t at; /* scanned so far */
    enum scan_state state;
    size_t markup; /* where the markup that is being scanned begins */
    char quote;    /* of the attribute value that is being scanned */
    enum where where;
    bool rooted; /* the root's start tag was there */
    bool alert;  /* and is named so */
    size_t depth;
};

struct framer *framer_create(size_t limit, frame_fn fn, void *context)
{
    struct framer *framer = mem_alloc(sizeof *framer);
    *framer = (struct framer){.limit = limit, .fn = fn, .context = context};
    return framer;
}

void framer_destroy(struct framer *framer)
{
    if (framer)
        free(framer->buffer);
    free(framer);
}

static void forget(struct framer *framer, size_t count)
{
    framer->bytes += count;
    framer->len -= count;
    framer->at -= count;
    framer->markup -= framer->markup < count ? framer->markup : count;
}

void framer_reset(struct framer *framer)
{
    framer->len = framer->at = framer->markup = framer->depth = 0;
    framer->state = IN_TEXT;
    framer->quote = 0;
    framer->where = OUTSIDE;
    framer->rooted = framer->alert = false;
    framer->resets++;
}

size_t framer_pending(const struct framer *framer)
{
    return framer->where == INSIDE ? framer->len : 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space, or a byte of a byte order mark. */
static bool is_filler(char c)
{
    return is_space(c) || c == '\xEF' || c == '\xBB' || c == '\xBF';
}

/* false: the callback has reset the framer. */
static bool hand_on(struct framer *framer, enum frame_kind kind, size_t end)
{
    size_t resets = framer->resets, begin = 0;
    while ((kind == FRAME_NOISE || kind == FRAME_CUT) && begin < end &&
           is_filler(framer->bytes[begin]))
        begin++;
    if (end > framer->limit && (kind == FRAME_WHOLE || kind == FRAME_BROKEN)) {
        kind = FRAME_TOO_LONG;
        end = framer->limit + 1;
    }
    if (end > begin)
        framer->fn(framer->context, kind, slice_of(framer->bytes + begin, end - begin));
    return framer->resets == resets;
}

/* Everything before `end` is over, and this is where the next thing begins. */
static bool leave(struct framer *framer, enum frame_kind kind, size_t end, enum where where)
{
    if (framer->where != PASSING && !hand_on(framer, kind, end))
        return false;
    forget(framer, end);
    framer->where = where;
    framer->rooted = framer->alert = false;
    framer->depth = 0;
    return true;
}

static bool begin_document(struct framer *framer)
{
    return leave(framer, framer->where == INSIDE ? FRAME_BROKEN : FRAME_NOISE, framer->markup,
                 INSIDE);
}

static bool end_document(struct framer *framer)
{
    return leave(framer, FRAME_WHOLE, framer->at, OUTSIDE);
}

/* --- one whole piece of markup: bytes[markup] to bytes[at - 1] --- */

/* The name that begins at `begin`, whatever its prefix. */
static bool is_named_alert(const struct framer *framer, size_t begin)
{
    size_t end = begin;
    for (; end < framer->at && !strchr(" \t\r\n/>", framer->bytes[end]); end++)
        if (framer->bytes[end] == ':')
            begin = end + 1;
    return end - begin == 5 && memcmp(framer->bytes + begin, "alert", 5) == 0;
}

static bool take_declaration(struct framer *framer)
{
    bool is_one = framer->at - framer->markup > 6 &&
                  memcmp(framer->bytes + framer->markup, "<?xml", 5) == 0 &&
                  is_space(framer->bytes[framer->markup + 5]);
    return is_one ? begin_document(framer) : true;
}

static bool take_start_tag(struct framer *framer)
{
    bool alert = is_named_alert(framer, framer->markup + 1);
    bool second = framer->where == INSIDE && framer->rooted && framer->alert;
    if (alert && (framer->where != INSIDE || second) && !begin_document(framer))
        return false;
    if (framer->where != INSIDE)
        return true;
    if (!framer->rooted)
        framer->alert = alert;
    framer->rooted = true;
    if (framer->bytes[framer->at - 2] != '/')
        framer->depth++;
    return framer->depth == 0 ? end_document(framer) : true;
}

static bool take_end_tag(struct framer *framer)
{
    if (framer->where != INSIDE || framer->depth == 0)
        return true;
    framer->depth--;
    bool ends_alert = framer->alert && is_named_alert(framer, framer->markup + 2);
    return framer->depth == 0 || ends_alert ? end_document(framer) : true;
}

static bool take_markup(struct framer *framer)
{
    framer->state = IN_TEXT;
    switch (framer->bytes[framer->markup + 1]) {
    case '?':
        return take_declaration(framer);
    case '/':
        return take_end_tag(framer);
    case '!':
        return true;
    default:
        return take_start_tag(framer);
    }
}

/* --- the scan; each step says how it ended --- */

enum step { STEP_ON, STEP_WAIT /* for more bytes */, STEP_RESET };

enum match { NO, MAYBE, YES };

static enum match matches(const struct framer *framer, const char *text)
{
    size_t len = strlen(text), there = framer->len - framer->at;
    if (memcmp(framer->bytes + framer->at, text, there < len ? there : len) != 0)
        return NO;
    return there < len ? MAYBE : YES;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static enum step step_text(struct framer *framer)
{
    static const char opens[][10] = {[IN_COMMENT] = "<!--", [IN_CDATA] = "<![CDATA["};
    char *found = memchr(framer->bytes + framer->at, '<', framer->len - framer->at);
    framer->at = found ? (size_t)(found - framer->bytes) : framer->len;
    if (framer->len - framer->at < 2)
        return STEP_WAIT;
    for (enum scan_state state = IN_COMMENT; state <= IN_CDATA; state++) {
        enum match match = matches(framer, opens[state]);
        if (match == MAYBE)
            return STEP_WAIT;
        if (match == YES) {
            framer->state = state;
            framer->at += strlen(opens[state]);
            return STEP_ON;
        }
    }
    framer->markup = framer->at++;
    char next = framer->bytes[framer->at];
    if (begins_name(next) || next == '/' || next == '?' || next == '!')
        framer->state = IN_MARKUP;
    framer->quote = 0;
    return STEP_ON;
}

static enum step step_markup(struct framer *framer)
{
    for (; framer->at < framer->len; framer->at++) {
        char c = framer->bytes[framer->at];
        if (c == '<') { /* never there in markup: most likely where the next document begins */
            framer->state = IN_TEXT;
            return STEP_ON;
        }
        if (framer->quote)
            framer->quote = c == framer->quote ? 0 : framer->quote;
        else if (c == '"' || c == '\'')
            framer->quote = c;
        else if (c == '>') {
            framer->at++;
            return take_markup(framer) ? STEP_ON : STEP_RESET;
        }
    }
    return STEP_WAIT;
}

/* To the end of the comment or CDATA section, or to an XML declaration: then it was never closed.
 */
static enum step step_section(struct framer *framer)
{
    const char *closes = framer->state == IN_COMMENT ? "-->" : "]]>";
    for (; framer->at < framer->len; framer->at++) {
        char c = framer->bytes[framer->at];
        if (c != closes[0] && c != '<')
            continue;
        enum match closed = matches(framer, closes), begins = matches(framer, "<?xml ");
        if (closed == MAYBE || begins == MAYBE)
            return STEP_WAIT;
        if (closed == YES)
            framer->at += strlen(closes);
        if (closed == YES || begins == YES) {
            framer->state = IN_TEXT;
            return STEP_ON;
        }
    }
    return STEP_WAIT;
}

static enum step step(struct framer *framer)
{
    if (framer->state == IN_TEXT)
        return step_text(framer);
    return framer->state == IN_MARKUP ? step_markup(framer) : step_section(framer);
}

/* How much is scanned and done with; markup that never ends is given up. */
static size_t done_with(struct framer *framer)
{
    if (framer->state == IN_MARKUP && framer->len - framer->markup > framer->limit) {
        framer->state = IN_TEXT;
        framer->at = framer->len;
    }
    return framer->state == IN_MARKUP ? framer->markup : framer->at;
}

/* What need not be kept is let go: noise in pieces, what is passed over at once. */
static void keep_bounds(struct framer *framer)
{
    bool full = framer->len > framer->limit;
    if (framer->where == INSIDE && full) {
        if (!hand_on(framer, FRAME_WHOLE, framer->len))
            return;
        framer->where = PASSING;
        framer->rooted = framer->alert = false;
        framer->depth = 0;
    }
    if (framer->where == PASSING) {
        forget(framer, done_with(framer));
    } else if (framer->where == OUTSIDE && full) {
        size_t done = done_with(framer);
        if (hand_on(framer, FRAME_NOISE, done))
            forget(framer, done);
    }
}

static void append(struct framer *framer, struct slice bytes)
{
    size_t needed = framer->len + bytes.len;
    if (framer->bytes != framer->buffer && framer->len > 0)
        memmove(framer->buffer, framer->bytes, framer->len);
    if (needed > framer->capacity) {
        framer->capacity = needed > 2 * framer->capacity ? needed : 2 * framer->capacity;
        framer->buffer = mem_realloc(framer->buffer, framer->capacity);
    }
    framer->bytes = framer->buffer;
    memcpy(framer->bytes + framer->len, bytes.ptr, bytes.len);
    framer->len = needed;
}

void framer_feed(struct framer *framer, struct slice bytes)
{
    enum step how = STEP_ON;
    if (bytes.len == 0)
        return;
    append(framer, bytes);
    while (how == STEP_ON && framer->at < framer->len)
        how = step(framer);
    if (how != STEP_RESET)
        keep_bounds(framer);
}

void framer_end(struct framer *framer)
{
    if (framer->len > 0 && framer->where != PASSING)
        hand_on(framer, FRAME_CUT, framer->len);
    framer_reset(framer);
}
