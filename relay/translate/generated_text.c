/* The sentences of a generated info: templates of french.tsv or english.tsv, filled with what the
 * codes say. */
#include "alert/lifecycle.h"
#include "alert/vtec.h"
#include "base/clock.h"
#include "translate/generated.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 8 * 1024 * 1024, HEADLINE_CHARACTERS_MAX = 160, AREAS_MAX = 40 };

static struct slice taken(struct work *work, struct buf *text)
{
    struct slice copy = arena_copy(work->arena, slice_trim(buf_slice(text)));
    buf_fini(text);
    return copy;
}

static void put_value(struct buf *out, struct slice name, const struct phrase_value *values,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_cstr(name, values[i].name))
            buf_put(out, values[i].text);
    }
}

struct slice phrase_fill(struct work *work, enum words words, const char *group, const char *key,
                         const struct phrase_value *values, size_t count)
{
    struct slice rest = table_words(words, group, key);
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    for (ptrdiff_t open; (open = slice_find(rest, "{")) >= 0;) {
        buf_put(&out, slice_sub(rest, 0, (size_t)open));
        rest = slice_sub(rest, (size_t)open + 1, rest.len);
        ptrdiff_t close = slice_find(rest, "}");
        size_t end = close < 0 ? rest.len : (size_t)close;
        put_value(&out, slice_sub(rest, 0, end), values, count);
        rest = slice_sub(rest, end + 1, rest.len);
    }
    buf_put(&out, rest);
    return taken(work, &out);
}

/* A fixed text in the target's language. */
static struct slice said(const struct work *work, const char *group, const char *key)
{
    return table_words(work_words(work), group, key);
}

static struct slice number(struct work *work, const char *format, int value)
{
    char text[16];
    snprintf(text, sizeof(text), format, value);
    return arena_copy(work->arena, slice_from_cstr(text));
}

static struct slice zone_of(struct work *work, int offset_min)
{
    if (offset_min == 0)
        return said(work, "zone", "utc");
    int offset = offset_min < 0 ? -offset_min : offset_min;
    return PHRASE(work, "zone", offset_min < 0 ? "west" : "east",
                  {"hours", number(work, "%02d", offset / 60)},
                  {"minutes", number(work, "%02d", offset % 60)});
}

struct slice phrase_time(struct work *work, const struct cap_time *time)
{
    if (!time->set)
        return (struct slice){0};
    int64_t local_s = time->utc_s + time->offset_min * 60;
    int64_t days = local_s / 86400 - (local_s % 86400 < 0);
    int second = (int)(local_s - days * 86400);
    int year, month, day;
    clock_civil_from_days(days, &year, &month, &day);
    char month_key[16];
    snprintf(month_key, sizeof(month_key), "%d", month);
    struct slice date =
        PHRASE(work, "date", day == 1 ? "first" : "day", {"day", number(work, "%d", day)},
               {"month", said(work, "month", month_key)}, {"year", number(work, "%d", year)});
    int minute = second / 60 % 60;
    struct slice clock = PHRASE(
        work, "date", minute == 0 ? "hour" : "minute", {"hour", number(work, "%d", second / 3600)},
        {"hour2", number(work, "%02d", second / 3600)}, {"minute", number(work, "%02d", minute)});
    return PHRASE(work, "date", "instant", {"date", date}, {"time", clock},
                  {"zone", zone_of(work, time->offset_min)});
}

/* How an info stands; the name is that of its headline and of its sentence. */
static const char *ending_of(struct work *work, const struct cap_info *info)
{
    bool cancel = work->derived->msg_type == MSG_TYPE_CANCEL, expired = false, replaced = false;
    enum ending ending = info_ending(info);
    if (!cancel && (ending == ENDING_NONE || ending == ENDING_PAST))
        return NULL;
    struct vtec vtec;
    for (struct vtec_walk walk = {0}; vtec_next(info, &walk, &vtec);) {
        expired |= slice_eq_cstr(vtec.action, "EXP");
        replaced |= vtec_effect(&vtec) == VTEC_REPLACED;
    }
    return replaced ? "replaced" : cancel && !expired ? "cancelled" : "ended";
}

/* A VTEC's instants are in UTC; they are told at the offset of the message's own times. */
static struct cap_time event_end_of(struct work *work, const struct cap_info *info)
{
    struct cap_time end = info_event_end(info);
    if (end.offset_min == 0)
        end.offset_min =
            info->expires.set ? info->expires.offset_min : work->derived->sent.offset_min;
    return end;
}

static size_t characters(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

static struct slice first_characters(struct slice text, size_t max)
{
    size_t end = 0;
    for (size_t count = 0; end < text.len; end++) {
        count += ((unsigned char)text.ptr[end] & 0xC0) != 0x80;
        if (count > max)
            break;
    }
    return slice_sub(text, 0, end);
}

static struct slice headline_by(struct work *work, const char *key, struct slice event,
                                struct slice from, struct slice until)
{
    struct slice text =
        PHRASE(work, "headline", key, {"event", event}, {"from", from}, {"until", until});
    struct slice status = said(work, "status", cap_status_name(work->derived->status));
    return slice_is_empty(status)
               ? text
               : PHRASE(work, "headline", "status", {"status", status}, {"headline", text});
}

/* The fullest that is not too long; else the shortest with as much of the event as there is room
 * for. */
static struct slice fitting(struct work *work, const char *const *keys, size_t count,
                            struct slice event, struct slice from, struct slice until)
{
    const char *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!keys[i])
            continue;
        struct slice text = headline_by(work, keys[i], event, from, until);
        if (characters(text) <= HEADLINE_CHARACTERS_MAX)
            return text;
        last = keys[i];
    }
    struct slice none = {0};
    struct slice ellipsis = PHRASE(work, "headline", "cut", {"event", none});
    size_t taken_up =
        characters(headline_by(work, last, none, none, none)) + characters(ellipsis) + 1;
    size_t room = taken_up < HEADLINE_CHARACTERS_MAX ? HEADLINE_CHARACTERS_MAX - taken_up : 0;
    struct slice cut = PHRASE(work, "headline", "cut", {"event", first_characters(event, room)});
    return headline_by(work, last, cut, none, none);
}

/* A source's event may be a paragraph; in a headline and in a line of its own it is one line. */
static struct slice on_one_line(struct work *work, struct slice text)
{
    struct buf out;
    struct slice word;
    buf_init(&out, TEXT_BYTES_MAX);
    for (bool first = true; slice_next_token(&text, &word); first = false) {
        if (!first)
            buf_put_char(&out, ' ');
        buf_put(&out, word);
    }
    return taken(work, &out);
}

struct slice generated_headline(struct work *work, size_t i, const struct generated_event *event)
{
    const struct cap_info *info = &work->derived->infos[i];
    const char *ending = ending_of(work, info);
    struct slice name = on_one_line(work, event->name);
    if (!ending && info->urgency == URGENCY_PAST)
        ending = "past";
    if (ending)
        return fitting(work, &ending, 1, name, (struct slice){0}, (struct slice){0});
    struct cap_time last = event_end_of(work, info);
    if (info->expires.set && (!last.set || info->expires.utc_s > last.utc_s))
        last = info->expires;
    bool later = info->onset.set && info->onset.utc_s > work->derived->sent.utc_s;
    struct slice until = phrase_time(work, &last);
    struct slice from = later ? phrase_time(work, &info->onset) : (struct slice){0};
    const char *const keys[] = {later && last.set ? "from_until" : NULL, last.set ? "until" : NULL,
                                later && !last.set ? "from" : NULL, "now"};
    return fitting(work, keys, sizeof(keys) / sizeof(keys[0]), name, from, until);
}

static void put_line(struct buf *out, struct slice line)
{
    if (slice_is_empty(line))
        return;
    buf_put(out, line);
    buf_put_char(out, '\n');
}

static void put_named(struct work *work, struct buf *out, const char *line, struct slice value)
{
    if (!slice_is_empty(value))
        put_line(out, PHRASE(work, "line", line, {"value", value}));
}

/* Where each area is listed by itself anyway, its name is in its own areaDesc. */
static void put_areas(struct work *work, struct buf *out, size_t info, size_t area_count)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < area_count && i < AREAS_MAX; i++) {
        struct slice name = area_desc_generated(work, info, i);
        if (i > 0)
            buf_put(&text, said(work, "areas", "separator"));
        buf_put(&text, slice_is_empty(name) ? work->derived->infos[info].areas[i].area_desc : name);
    }
    struct slice areas = taken(work, &text);
    if (area_count > AREAS_MAX)
        areas = PHRASE(work, "areas", "more", {"areas", areas},
                       {"count", number(work, "%d", (int)(area_count - AREAS_MAX))});
    put_named(work, out, "areas", on_one_line(work, areas));
}

static struct slice sender_of(struct work *work, const struct cap_info *info)
{
    if (slice_is_empty(info->sender_name))
        return work->source->sender;
    return PHRASE(work, "sender", "named", {"name", on_one_line(work, info->sender_name)},
                  {"sender", work->source->sender});
}

/* Only what differs from the message's own time, or from the line before, says anything. */
static void put_times(struct work *work, struct buf *out, const struct cap_info *info)
{
    struct cap_time end = event_end_of(work, info);
    int64_t known = work->derived->sent.utc_s;
    if (info->effective.set && info->effective.utc_s != known) {
        put_named(work, out, "effective", phrase_time(work, &info->effective));
        known = info->effective.utc_s;
    }
    if (info->onset.set && info->onset.utc_s != known)
        put_named(work, out, "onset", phrase_time(work, &info->onset));
    put_named(work, out, "event_end", phrase_time(work, &end));
    put_named(work, out, "expires", phrase_time(work, &info->expires));
}

static void put_scales(struct work *work, struct buf *out, const struct cap_info *info)
{
    put_named(work, out, "urgency", said(work, "urgency", cap_urgency_name(info->urgency)));
    put_named(work, out, "severity", said(work, "severity", cap_severity_name(info->severity)));
    put_named(work, out, "certainty", said(work, "certainty", cap_certainty_name(info->certainty)));
}

/* "anglais" of en-CA */
static struct slice language_of(const struct work *work, const struct cap_info *info)
{
    char key[16] = "other";
    size_t len = 0;
    while (len < info->language.len && info->language.ptr[len] != '-')
        len++;
    if (len > 0 && len < 8)
        snprintf(key, sizeof(key), "%.*s", (int)len, info->language.ptr);
    struct slice name = said(work, "language", key);
    return slice_is_empty(name) ? said(work, "language", "other") : name;
}

static void put_original(struct work *work, struct buf *out, const struct cap_info *info,
                         const char *heading, struct slice text)
{
    if (slice_is_empty(text))
        return;
    buf_put_char(out, '\n');
    put_line(out, PHRASE(work, "original", heading, {"language", language_of(work, info)}));
    buf_put(out, text);
    buf_put_char(out, '\n');
}

static void put_originals(struct work *work, struct buf *out, const struct cap_info *info,
                          const struct generated_event *event)
{
    bool renamed = !slice_eq(event->name, info->event);
    put_line(out, said(work, "line", "automatic"));
    if (!renamed && slice_is_empty(info->headline) && slice_is_empty(info->description))
        return;
    put_line(out, said(work, "line", "follows"));
    if (renamed) {
        buf_put_char(out, '\n');
        put_line(out, PHRASE(work, "original", "event", {"language", language_of(work, info)},
                             {"text", info->event}));
    }
    put_original(work, out, info, "headline", info->headline);
    put_original(work, out, info, "description", info->description);
}

struct slice generated_description(struct work *work, size_t i, const struct generated_event *event)
{
    const struct cap_info *info = &work->derived->infos[i];
    const char *ending = ending_of(work, info);
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    if (work->derived->status == STATUS_EXERCISE)
        put_line(&text, said(work, "line", "exercise"));
    if (work->derived->status == STATUS_TEST)
        put_line(&text, said(work, "line", "test"));
    if (ending)
        put_line(&text, said(work, "line", ending));
    else if (work->derived->msg_type == MSG_TYPE_UPDATE)
        put_line(&text, said(work, "line", "update"));
    put_line(&text, PHRASE(work, "line", event->line, {"event", on_one_line(work, event->name)}));
    put_named(work, &text, "sender", sender_of(work, info));
    if (!ending) {
        put_scales(work, &text, info);
        put_times(work, &text, info);
    }
    put_areas(work, &text, i, info->area_count);
    put_originals(work, &text, info, event);
    return taken(work, &text);
}

/* What an alert that is over asked for is not asked for again, though many a Cancel repeats it. */
struct slice generated_instruction(struct work *work, size_t i)
{
    const struct cap_info *info = &work->derived->infos[i];
    bool over = ending_of(work, info) != NULL;
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t j = 0; j < info->response_type_count; j++) {
        enum cap_response_type response = info->response_types[j];
        if (!over || response == RESPONSE_ALL_CLEAR)
            put_line(&text, said(work, "response", cap_response_type_name(response)));
    }
    put_original(work, &text, info, "instruction", info->instruction);
    return taken(work, &text);
}
