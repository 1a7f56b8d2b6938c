/*
 * French for Canada, where the source has none: only from coded values and fixed words, never by
 * translating text. The original text follows unaltered, and AutoTranslated says what it is.
 */
#include "translate/internal.h"

#include "base/clock.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 8 * 1024 * 1024 };

/* A fixed line with its one {} replaced. */
static void put_filled(struct buf *out, struct slice line, struct slice value)
{
    ptrdiff_t at = slice_find(line, "{}");
    size_t split = at < 0 ? line.len : (size_t)at;
    buf_put(out, slice_sub(line, 0, split));
    if (at < 0)
        return;
    buf_put(out, value);
    buf_put(out, slice_sub(line, split + 2, line.len));
}

static void put_line(struct buf *out, const char *line, struct slice value)
{
    if (slice_is_empty(value))
        return;
    put_filled(out, table_french("line", line), value);
    buf_put_char(out, '\n');
}

static struct slice taken(struct work *work, struct buf *text)
{
    struct slice copy = arena_copy(work->arena, slice_trim(buf_slice(text)));
    buf_fini(text);
    return copy;
}

/* 13 janvier 2026 à 3 h 05 (UTC−04:00) */
static struct slice date_of(struct work *work, const struct cap_time *time)
{
    if (!time->set)
        return (struct slice){0};
    int64_t local_s = time->utc_s + time->offset_min * 60;
    int64_t days = local_s / 86400 - (local_s % 86400 < 0);
    int second = (int)(local_s - days * 86400);
    int year, month, day;
    clock_civil_from_days(days, &year, &month, &day);
    char number[16], zone[16] = "UTC";
    snprintf(number, sizeof(number), "%d", month);
    int offset = time->offset_min < 0 ? -time->offset_min : time->offset_min;
    if (offset > 0)
        snprintf(zone, sizeof(zone), "UTC%s%02d:%02d", time->offset_min < 0 ? "−" : "+",
                 offset / 60 % 100, offset % 60);
    return arena_printf(work->arena, "%d%s %.*s %d à %d h %02d (%s)", day, day == 1 ? "er" : "",
                        SLICE_ARG(table_french("month", number)), year, second / 3600,
                        second / 60 % 60, zone);
}

/* Onde de tempête (avertissement); the source's words where the event has no code. */
static struct slice event_of(struct work *work, const struct cap_info *info)
{
    struct slice name = table_cell_nocase("capcp_events", work->capcp_event, "name_fr");
    if (slice_is_empty(name))
        return info->event;
    char class[32];
    snprintf(class, sizeof(class), "%.*s", SLICE_ARG(work->event_class));
    struct slice class_name = table_french("class", class);
    if (slice_is_empty(class_name))
        return name;
    return arena_printf(work->arena, "%.*s (%.*s)", SLICE_ARG(name), SLICE_ARG(class_name));
}

enum { HEADLINE_EVENT_BYTES_MAX = 90 }; /* CAP: a headline has at most 160 characters */

static struct slice event_in_headline(struct work *work, const struct cap_info *info)
{
    struct slice event = event_of(work, info);
    struct slice part = text_short(event, HEADLINE_EVENT_BYTES_MAX);
    return part.len == event.len ? event : arena_printf(work->arena, "%.*s…", SLICE_ARG(part));
}

static bool is_over(const struct work *work, const struct cap_info *info)
{
    bool over = work->source->msg_type == MSG_TYPE_CANCEL || info->urgency == URGENCY_PAST;
    for (size_t i = 0; i < info->response_type_count; i++)
        over |= info->response_types[i] == RESPONSE_ALL_CLEAR;
    return over;
}

static struct slice headline_of(struct work *work, const struct cap_info *info)
{
    struct slice event = event_in_headline(work, info);
    struct slice until = date_of(work, &info->expires);
    struct slice status = table_french("status", cap_status_name(work->source->status));
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    if (!slice_is_empty(status))
        buf_printf(&text, "%.*s – ", SLICE_ARG(status));
    if (is_over(work, info)) {
        bool cancel = work->source->msg_type == MSG_TYPE_CANCEL;
        struct slice word = cancel ? table_french("msgType", "Cancel") : table_french("ending", "");
        buf_printf(&text, "%.*s – %.*s", SLICE_ARG(event), SLICE_ARG(word));
    } else if (slice_is_empty(until)) {
        buf_put(&text, event);
    } else {
        struct slice line = table_french("headline", "until");
        put_filled(&text, slice_sub(line, 0, (size_t)(slice_find(line, "{}") + 2)), event);
        put_filled(&text, slice_sub(line, (size_t)(slice_find(line, "{}") + 2), line.len), until);
    }
    return taken(work, &text);
}

static struct slice areas_of(struct work *work, const struct cap_info *info)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < info->area_count; i++) {
        if (i > 0)
            buf_put_cstr(&text, " ; ");
        buf_put(&text, info->areas[i].area_desc);
    }
    return taken(work, &text);
}

static void put_original(struct buf *out, const struct cap_info *info, struct slice text)
{
    if (slice_is_empty(text))
        return;
    const char *language = slice_istarts_with(info->language, "en")   ? "en"
                           : slice_istarts_with(info->language, "es") ? "es"
                                                                      : "other";
    buf_put_char(out, '\n');
    put_line(out, "original", table_french("language", language));
    buf_put(out, text);
    buf_put_char(out, '\n');
}

static struct slice description_of(struct work *work, const struct cap_info *info)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    if (work->source->status == STATUS_EXERCISE)
        buf_printf(&text, "%.*s\n", SLICE_ARG(table_french("line", "exercise")));
    if (work->source->status == STATUS_TEST)
        buf_printf(&text, "%.*s\n", SLICE_ARG(table_french("line", "test")));
    put_line(&text, "event", event_of(work, info));
    put_line(&text, "urgency", table_french("urgency", cap_urgency_name(info->urgency)));
    put_line(&text, "severity", table_french("severity", cap_severity_name(info->severity)));
    put_line(&text, "certainty", table_french("certainty", cap_certainty_name(info->certainty)));
    if (!is_over(work, info))
        put_line(&text, "until", date_of(work, &info->expires));
    put_line(&text, "sender", info->sender_name);
    put_line(&text, "areas", areas_of(work, info));
    buf_printf(&text, "%.*s\n", SLICE_ARG(table_french("line", "automatic")));
    put_original(&text, info, info->headline);
    put_original(&text, info, info->description);
    return taken(work, &text);
}

static struct slice instruction_of(struct work *work, const struct cap_info *info)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < info->response_type_count; i++)
        put_line(&text, "response",
                 table_french("response", cap_response_type_name(info->response_types[i])));
    put_original(&text, info, info->instruction);
    return taken(work, &text);
}

static struct cap_info french_of(struct work *work, const struct cap_info *info)
{
    struct cap_info french = *info;
    struct pair_list parameters = {0};
    french.language = SLICE("fr-CA");
    french.event = event_of(work, info);
    french.headline = headline_of(work, info);
    french.description = description_of(work, info);
    french.instruction = instruction_of(work, info);
    french.audience = (struct slice){0}; /* free text; the English info has it */
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (slice_ifind(pair->name, ":AutoTranslated") < 0)
            pair_list_add(work, &parameters, pair->name, pair->value);
    }
    pair_list_add(work, &parameters, SLICE("profile:CAP-CP:0.4:AutoTranslated"), SLICE("yes"));
    french.parameters = parameters.pairs;
    return french;
}

static bool is_english(const struct cap_info *info)
{
    return slice_istarts_with(info->language, "en");
}

static bool has_language(const struct alert *alert, bool (*is)(const struct cap_info *info))
{
    for (size_t i = 0; i < alert->info_count; i++) {
        if (is(&alert->infos[i]))
            return true;
    }
    return false;
}

static bool is_french(const struct cap_info *info)
{
    return slice_istarts_with(info->language, "fr");
}

/* One French info behind each English one; behind each, where none is English. */
enum err_code step_french(struct work *work, struct err *err)
{
    (void)err;
    struct alert *derived = work->derived;
    if (work_to_us(work) || derived->info_count == 0 || has_language(derived, is_french))
        return OK;
    if (work->without_french) {
        notes_add(work->notes, work->arena, NOTE_FRENCH_LEFT_OUT, "alert",
                  "With French the message would be too large.");
        return OK;
    }
    bool english_only = has_language(derived, is_english);
    struct cap_info *infos =
        arena_alloc_array(work->arena, 2 * derived->info_count, sizeof(*infos));
    size_t count = 0;
    for (size_t i = 0; i < derived->info_count; i++) {
        infos[count++] = derived->infos[i];
        if (is_english(&derived->infos[i]) || !english_only)
            infos[count++] = french_of(work, &derived->infos[i]);
    }
    derived->infos = infos;
    derived->info_count = count;
    notes_add(work->notes, work->arena, NOTE_FRENCH_GENERATED, "alert",
              "French infos from coded values, marked AutoTranslated.");
    return OK;
}
