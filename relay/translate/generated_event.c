/* What an event is called in the target's language: in French by its product, else by its CAP-CP
 * code; in English by its CAP-CP code, else by the French name of one. */
#include "translate/generated.h"

#include "alert/vtec.h"

#include <stdio.h>

static struct slice us_name_of(struct slice name_en)
{
    return table_cell_nocase("event_names_fr", name_en, "name_fr");
}

static struct slice same_name(struct slice same)
{
    return table_cell_nocase("same_events", same, "name");
}

static bool is_test(struct slice same)
{
    return slice_eq_cstr(table_cell_nocase("same_events", same, "class"), "test");
}

/* The name of the National Weather Service product with that key in that column. */
static struct slice product_by(const char *column, struct slice key)
{
    const struct schema_table *table = schema_table_find("nws_events");
    size_t at = schema_column(table, column);
    for (size_t row = 0; !slice_is_empty(key) && row < table->row_count; row++) {
        if (slice_ieq_cstr(key, schema_cell(table, row, at)))
            return slice_from_cstr(schema_cell(table, row, schema_column(table, "nws_event")));
    }
    return (struct slice){0};
}

static struct slice product_of_vtec(struct work *work, const struct cap_info *info)
{
    struct vtec vtec;
    struct vtec_walk walk = {0};
    if (!vtec_next(info, &walk, &vtec))
        return (struct slice){0};
    struct slice key = arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(vtec.phenomenon),
                                    SLICE_ARG(vtec.significance));
    return product_by("vtec", key);
}

/* The English name that event_names_fr knows it by; from what says most to what says least. What
 * its code calls a test is called one, whatever its text says. */
static struct slice us_key(struct work *work, const struct cap_info *info)
{
    struct slice same = cap_pairs_find(&info->event_codes, "SAME");
    struct slice nws = cap_pairs_find(&info->event_codes, "NationalWeatherService");
    const struct slice names[] = {is_test(same) ? same_name(same) : (struct slice){0}, info->event,
                                  product_by("nws_code", nws), product_of_vtec(work, info),
                                  same_name(same)};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!slice_is_empty(us_name_of(names[i])))
            return names[i];
    }
    return (struct slice){0};
}

static const char *line_of(const char *table, struct slice key)
{
    bool high = slice_eq_cstr(table_cell_nocase(table, key, "confidence"), "high");
    return high ? "event" : "event_unofficial";
}

/* The row whose cell in that column is the text, ASCII letters without case. */
static struct slice key_by(const char *name, const char *column, struct slice text)
{
    const struct schema_table *table = schema_table_find(name);
    size_t at = schema_column(table, column);
    for (size_t row = 0; row < table->row_count; row++) {
        if (slice_ieq_cstr(text, schema_cell(table, row, at)))
            return slice_from_cstr(schema_cell(table, row, 0));
    }
    return (struct slice){0};
}

/* Of the code that the message has; else the one whose name, or whose very word (as in the icons of
 * entries), is the event's text: enough for a name, not for a code. */
static struct slice capcp_event_of(const struct work *work, const struct cap_info *info)
{
    if (!slice_is_empty(work->capcp_event))
        return work->capcp_event;
    struct slice named = key_by("capcp_events", "name_en", info->event);
    return slice_is_empty(named) ? key_by("capcp_events", "code", info->event) : named;
}

static struct generated_event by_capcp(struct work *work, const struct cap_info *info)
{
    struct slice key = capcp_event_of(work, info);
    char class[32];
    snprintf(class, sizeof(class), "%.*s", SLICE_ARG(work->event_class));
    struct slice name = table_cell_nocase("capcp_events", key, "name_fr");
    struct slice class_name = table_words(WORDS_FRENCH, "class", class);
    if (!slice_is_empty(name) && !slice_is_empty(class_name))
        name = PHRASE(work, "event", "class", {"event", name}, {"class", class_name});
    return (struct generated_event){
        .name = name,
        .line = line_of("capcp_events", key),
        .by = arena_printf(work->arena, "capcp_events:%.*s", SLICE_ARG(key))};
}

static struct generated_event french_event_of(struct work *work, size_t info)
{
    const struct cap_info *derived = &work->derived->infos[info];
    struct slice key = us_key(work, derived);
    if (!slice_is_empty(key))
        return (struct generated_event){
            .name = us_name_of(key),
            .line = line_of("event_names_fr", key),
            .by = arena_printf(work->arena, "event_names_fr:%.*s", SLICE_ARG(key))};
    struct generated_event event = by_capcp(work, derived);
    return slice_is_empty(event.name)
               ? (struct generated_event){.name = derived->event, .line = "event_original"}
               : event;
}

/* The CAP-CP code that the source gives, else the one that its event's text names in French. */
static struct slice capcp_key(const struct cap_info *info)
{
    for (size_t i = 0; i < info->event_codes.count; i++) {
        const struct cap_pair *code = &info->event_codes.items[i];
        if (slice_istarts_with(code->name, "profile:CAP-CP:Event:"))
            return table_cell_nocase("capcp_events", code->value, "code");
    }
    return key_by("capcp_events", "name_fr", info->event);
}

static struct generated_event english_event_of(struct work *work, size_t info)
{
    const struct cap_info *source = work->infos[info];
    struct slice key = capcp_key(source);
    struct slice name = table_cell("capcp_events", key, "name_en");
    if (!slice_is_empty(name))
        return (struct generated_event){
            .name = name,
            .line = "event",
            .by = arena_printf(work->arena, "capcp_events:%.*s", SLICE_ARG(key))};
    name = key_by("event_names_fr", "name_fr", source->event);
    if (!slice_is_empty(name))
        return (struct generated_event){
            .name = name,
            .line = line_of("event_names_fr", name),
            .by = arena_printf(work->arena, "event_names_fr:%.*s", SLICE_ARG(name))};
    return (struct generated_event){.name = source->event, .line = "event_original"};
}

struct generated_event generated_event_of(struct work *work, size_t info)
{
    return work_to_us(work) ? english_event_of(work, info) : french_event_of(work, info);
}
