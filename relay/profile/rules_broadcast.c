/* The rules of IPAWS for one broadcast channel (EAS, NWEM, WEA): rows with a channel, held against
 * messages that ask for it. */
#include "profile/rules.h"
#include "schemas.h"

enum {
    EAS_SPAN_MAX_S = 358200, /* 99.5 hours */
    WEA_SPAN_MAX_S = 24 * 3600,
    TEXT_MAX = 1800,
    GEOCODES_MAX = 31,
    NWEM_POINTS_MAX = 20,
    WEA_POINTS_MAX = 100,
    WEA_SHAPES_MAX = 10,
    WEA_TEXT_MAX = 90,
    WEA_LONG_TEXT_MAX = 360
};

static bool lasts_longer(struct subject *s, int64_t span_max_s)
{
    return s->info->expires.set && s->alert->sent.set &&
           s->info->expires.utc_s - s->alert->sent.utc_s > span_max_s &&
           found_text(s, s->info->expires.text);
}

static bool too_long_for_eas(struct subject *s)
{
    return lasts_longer(s, EAS_SPAN_MAX_S);
}

static bool too_long_for_wea(struct subject *s)
{
    return lasts_longer(s, WEA_SPAN_MAX_S);
}

static bool no_description(struct subject *s)
{
    return s->info->description.len == 0;
}

static bool long_text(struct subject *s)
{
    return text_length(s->info->description) + text_length(s->info->instruction) > TEXT_MAX;
}

static const struct cap_pair *parameter_of(const struct cap_info *info, const char *name)
{
    size_t position = 0;
    return pairs_next(&info->parameters, &position, name, name);
}

static bool bad_originator(struct subject *s)
{
    static const char *const originators[] = {"PEP", "EAS", "WXR", "CIV"};
    const struct cap_pair *originator = parameter_of(s->info, "EAS-ORG");
    if (!originator)
        return true;
    return !text_is_one_of(originator->value, originators, COUNT(originators)) &&
           found_pair(s, originator);
}

static bool many_geocodes(struct subject *s)
{
    return pairs_count(&s->area->geocodes, "SAME", true) > GEOCODES_MAX;
}

static bool too_fine_for_nwem(struct subject *s)
{
    for (size_t i = 0; i < s->area->polygon_count; i++) {
        if (s->area->polygons[i].count > NWEM_POINTS_MAX)
            return true;
    }
    return s->area->circle_count > 0;
}

static bool too_fine_for_wea(struct subject *s)
{
    size_t points = 0;
    for (size_t i = 0; i < s->area->polygon_count; i++)
        points += s->area->polygons[i].count;
    return points > WEA_POINTS_MAX ||
           s->area->polygon_count + s->area->circle_count > WEA_SHAPES_MAX;
}

/* Both spellings of the audio types are in use: IPAWS's own and those of the ECIG guide. */
static bool bad_broadcast_content(struct subject *s)
{
    static const char *const types[] = {
        "audio/x-ipaws-audio-mp3",       "audio/x-ipaws-audio-wav",
        "audio/x-ipaws-streaming-audio", "audio/x-ipaws-streaming-audio-mp3",
        "video/x-ipaws-video",           "video/x-ipaws-streaming-video",
    };
    return slice_ieq_cstr(s->resource->resource_desc, "EAS Broadcast Content") &&
           !text_is_one_of(s->resource->mime_type, types, COUNT(types)) &&
           found_text(s, s->resource->mime_type);
}

static bool bad_sender_name(struct subject *s)
{
    size_t commas = 0;
    for (size_t i = 0; i < s->info->sender_name.len; i++)
        commas += s->info->sender_name.ptr[i] == ',';
    return commas < 2;
}

static bool is_allowed_with(struct slice handling, struct slice code)
{
    const struct schema_table *table = schema_table_find("wea_handling");
    size_t row;
    if (!table_row("wea_handling", code, &row))
        return false;
    struct slice rest = slice_from_cstr(schema_cell(table, row, schema_column(table, "handling"))),
                 allowed;
    while (slice_next_part(&rest, '|', &allowed)) {
        if (slice_ieq(allowed, handling))
            return true;
    }
    return false;
}

static bool bad_handling(struct subject *s)
{
    const struct cap_pair *handling = parameter_of(s->info, "WEAHandling");
    if (pairs_count(&s->info->parameters, "WEAHandling", true) != 1)
        return true;
    return !is_allowed_with(handling->value, cap_pairs_find(&s->info->event_codes, "SAME")) &&
           found_pair(s, handling);
}

/* By the standard no language means en-US. */
static bool not_wea_language(struct subject *s)
{
    static const char *const languages[] = {"en-US", "es-US", ""};
    return !text_is_one_of(s->info->language, languages, COUNT(languages)) &&
           found_text(s, s->info->language);
}

static bool too_weak_for_wea(struct subject *s)
{
    const struct cap_info *info = s->info;
    return (info->urgency != URGENCY_IMMEDIATE && info->urgency != URGENCY_EXPECTED) ||
           (info->severity != SEVERITY_EXTREME && info->severity != SEVERITY_SEVERE) ||
           (info->certainty != CERTAINTY_OBSERVED && info->certainty != CERTAINTY_LIKELY);
}

static bool not_wea_response(struct subject *s)
{
    for (size_t i = 0; i < s->info->response_type_count; i++) {
        enum cap_response_type response = s->info->response_types[i];
        if (response < RESPONSE_SHELTER || response > RESPONSE_MONITOR)
            return found_text(s, slice_from_cstr(cap_response_type_name(response)));
    }
    return false;
}

static bool bad_wea_text(struct subject *s)
{
    static const struct {
        const char *name;
        size_t max;
    } texts[] = {{"CMAMtext", WEA_TEXT_MAX}, {"CMAMlongtext", WEA_LONG_TEXT_MAX}};
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct cap_pair *text = parameter_of(s->info, texts[i].name);
        if (text &&
            (text_length(text->value) > texts[i].max || text_has_any(text->value, "{}|\\^~[]")))
            return found_pair(s, text);
    }
    return false;
}

static const struct rule rules[] = {
    {"ipaws.desc", ON_INFO, no_description},
    {"ipaws.easorg", ON_INFO, bad_originator},
    {"ipaws.expires.eas", ON_INFO, too_long_for_eas},
    {"ipaws.expires.wea", ON_INFO, too_long_for_wea},
    {"ipaws.geo31", ON_AREA, many_geocodes},
    {"ipaws.poly.nwem", ON_AREA, too_fine_for_nwem},
    {"ipaws.poly.wea", ON_AREA, too_fine_for_wea},
    {"ipaws.resource", ON_RESOURCE, bad_broadcast_content},
    {"ipaws.sendername", ON_INFO, bad_sender_name},
    {"ipaws.text", ON_INFO, long_text},
    {"ipaws.wea.handling", ON_INFO, bad_handling},
    {"ipaws.wea.language", ON_INFO, not_wea_language},
    {"ipaws.wea.level", ON_INFO, too_weak_for_wea},
    {"ipaws.wea.response", ON_INFO, not_wea_response},
    {"ipaws.wea.text", ON_INFO, bad_wea_text},
};

const struct rule_set rules_broadcast = {PROFILE_IPAWS, rules, COUNT(rules)};
