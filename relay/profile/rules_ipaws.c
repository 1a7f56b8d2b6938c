/* The rules of the IPAWS profile that hold whatever channel a message goes to. */
#include "profile/rules.h"
#include "schemas.h"

enum { VERTICES_MAX = 200, SOURCE_MAX = 30, URI_MAX = 2083, EXPIRES_MIN_S = 5 * 60 };

static bool no_profile_code(struct subject *s)
{
    return !texts_have_prefix(&s->alert->codes, "IPAWSv");
}

static bool public_not_actual(struct subject *s)
{
    return s->alert->scope == SCOPE_PUBLIC && s->alert->status != STATUS_ACTUAL;
}

static bool bad_identifier(struct subject *s)
{
    return text_has_any(s->alert->identifier, " ,'<>&{}|\\/^~[]()");
}

static bool bad_sender(struct subject *s)
{
    return text_has_any(s->alert->sender, " \",<>&{}|\\^~");
}

static bool bad_source(struct subject *s)
{
    return s->alert->source.len == 0 || text_length(s->alert->source) > SOURCE_MAX;
}

static bool zero_offset(struct subject *s)
{
    return s->alert->sent.set && s->alert->sent.offset_min == 0 &&
           found_text(s, s->alert->sent.text);
}

static bool no_info(struct subject *s)
{
    return s->alert->info_count == 0 && s->alert->msg_type != MSG_TYPE_CANCEL &&
           s->alert->scope != SCOPE_PRIVATE;
}

static bool no_references(struct subject *s)
{
    bool follows = s->alert->msg_type == MSG_TYPE_UPDATE || s->alert->msg_type == MSG_TYPE_CANCEL;
    return follows && s->alert->reference_count == 0;
}

static bool unsigned_message(struct subject *s)
{
    return s->alert->signature_count == 0;
}

static bool has_category(const struct cap_info *info, enum cap_category category)
{
    for (size_t i = 0; i < info->category_count; i++) {
        if (info->categories[i] == category)
            return true;
    }
    return false;
}

static bool has_event_code(const struct cap_info *info, const struct cap_pair *code)
{
    for (size_t i = 0; i < info->event_codes.count; i++) {
        const struct cap_pair *other = &info->event_codes.items[i];
        if (slice_ieq(other->name, code->name) && slice_eq(other->value, code->value))
            return true;
    }
    return false;
}

/* Whether what the first has is also in the second. */
static bool is_covered(const struct cap_info *first, const struct cap_info *second)
{
    for (size_t i = 0; i < first->category_count; i++) {
        if (!has_category(second, first->categories[i]))
            return false;
    }
    for (size_t i = 0; i < first->event_codes.count; i++) {
        if (!has_event_code(second, &first->event_codes.items[i]))
            return false;
    }
    return true;
}

static bool differing_infos(struct subject *s)
{
    for (size_t i = 1; i < s->alert->info_count; i++) {
        const struct cap_info *first = &s->alert->infos[0], *other = &s->alert->infos[i];
        if (!is_covered(first, other) || !is_covered(other, first))
            return true;
    }
    return false;
}

static bool not_one_same(struct subject *s)
{
    return pairs_count(&s->info->event_codes, "SAME", true) != 1;
}

static bool unaccepted_same(struct subject *s)
{
    size_t position = 0, row;
    const struct cap_pair *code = pairs_next(&s->info->event_codes, &position, "SAME", "SAME");
    const struct schema_table *table = schema_table_find("same_events");
    if (!code)
        return false;
    bool accepted = table_row("same_events", code->value, &row) &&
                    strcmp(schema_cell(table, row, schema_column(table, "accepted")), "yes") == 0;
    /* NWS says so that there is no EAS event. */
    bool placeholder = slice_eq_cstr(code->value, "NWS");
    return !accepted && (!placeholder || s->target != PROFILE_NO_TARGET) && found_pair(s, code);
}

static bool no_expires(struct subject *s)
{
    return !s->info->expires.set;
}

static bool expires_soon(struct subject *s)
{
    int64_t span = s->info->expires.utc_s - s->alert->sent.utc_s;
    return s->info->expires.set && s->alert->sent.set && span > 0 && span < EXPIRES_MIN_S &&
           found_text(s, s->info->expires.text);
}

static bool has_ignored_times(struct subject *s)
{
    return s->info->effective.set || s->info->onset.set;
}

static bool no_area(struct subject *s)
{
    return s->info->area_count == 0;
}

static bool no_geocode(struct subject *s)
{
    for (size_t i = 0; i < s->info->area_count; i++) {
        if (s->info->areas[i].geocodes.count > 0)
            return false;
    }
    return s->info->area_count > 0;
}

static bool is_bad_uri(struct slice uri)
{
    bool http = slice_istarts_with(uri, "http://") || slice_istarts_with(uri, "https://");
    return uri.len > 0 && (!http || uri.len > URI_MAX || text_has_any(uri, " ?"));
}

/* A resource that is embedded may have a mere file name as its uri. */
static bool bad_uri(struct subject *s)
{
    for (size_t i = 0; i < s->info->resource_count; i++) {
        const struct cap_resource *resource = &s->info->resources[i];
        if (resource->deref_uri.len == 0 && is_bad_uri(resource->uri)) {
            s->line = resource->line;
            return found_text(s, resource->uri);
        }
    }
    return is_bad_uri(s->info->web) && found_text(s, s->info->web);
}

static bool bad_channel(struct subject *s)
{
    static const char *const channels[] = {"NWEM", "EAS", "CMAS", "PUBLIC", "CAPEXCH"};
    size_t position = 0;
    const struct cap_pair *block;
    while ((block = pairs_next(&s->info->parameters, &position, "BLOCKCHANNEL", "BLOCKCHANNEL"))) {
        bool known = false;
        for (size_t k = 0; k < COUNT(channels); k++)
            known = known || slice_eq_cstr(block->value, channels[k]);
        if (!known)
            return found_pair(s, block);
    }
    return false;
}

static bool bad_same_geocode(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode;
    while ((geocode = pairs_next(&s->area->geocodes, &position, "SAME", "SAME"))) {
        if (!text_is_digits(geocode->value, 6))
            return found_pair(s, geocode);
    }
    return false;
}

/* 175 of ECCC's location codes are a SAME code of another place. */
static bool canadian_same_geocode(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode = pairs_next(&s->area->geocodes, &position, "SAME", "SAME");
    bool canadian = slice_ends_with(s->alert->sender, ".ca") ||
                    slice_find(s->alert->identifier, "2.49.0.1.124.") >= 0;
    return geocode && canadian && found_pair(s, geocode);
}

static bool many_vertices(struct subject *s)
{
    for (size_t i = 0; i < s->area->polygon_count; i++) {
        s->line = s->area->polygons[i].line;
        if (s->area->polygons[i].count > VERTICES_MAX)
            return true;
    }
    return false;
}

static bool bad_ring(struct subject *s)
{
    for (size_t i = 0; i < s->area->polygon_count; i++) {
        const char *fault = ring_fault(&s->area->polygons[i], VERTICES_MAX);
        s->line = s->area->polygons[i].line;
        if (fault)
            return found_text(s, slice_from_cstr(fault));
    }
    return false;
}

static const struct rule rules[] = {
    {"ipaws.area", ON_INFO, no_area},
    {"ipaws.area.geocode", ON_INFO, no_geocode},
    {"ipaws.block", ON_INFO, bad_channel},
    {"ipaws.code", ON_ALERT, no_profile_code},
    {"ipaws.expires", ON_INFO, no_expires},
    {"ipaws.expires.soon", ON_INFO, expires_soon},
    {"ipaws.geosame", ON_AREA, bad_same_geocode},
    {"ipaws.geosame.canadian", ON_AREA, canadian_same_geocode},
    {"ipaws.identifier", ON_ALERT, bad_identifier},
    {"ipaws.ignored", ON_INFO, has_ignored_times},
    {"ipaws.info", ON_ALERT, no_info},
    {"ipaws.poly", ON_AREA, many_vertices},
    {"ipaws.poly.shape", ON_AREA, bad_ring},
    {"ipaws.references", ON_ALERT, no_references},
    {"ipaws.samecode", ON_INFO, not_one_same},
    {"ipaws.samecode.list", ON_INFO, unaccepted_same},
    {"ipaws.samevalues", ON_ALERT, differing_infos},
    {"ipaws.sender", ON_ALERT, bad_sender},
    {"ipaws.sent.offset", ON_ALERT, zero_offset},
    {"ipaws.sign", ON_ALERT, unsigned_message},
    {"ipaws.source", ON_ALERT, bad_source},
    {"ipaws.status", ON_ALERT, public_not_actual},
    {"ipaws.uri", ON_INFO, bad_uri},
};

const struct rule_set rules_ipaws = {PROFILE_IPAWS, rules, COUNT(rules)};
