/* The rules of the IPAWS profile that hold for every exchange; those of one broadcast channel are
 * not here. */
#include "profile/rules.h"
#include "schemas.h"

enum { SAME_GEOCODES_MAX = 31, VERTICES_MAX = 200, SOURCE_MAX = 30, URI_MAX = 2083 };

static bool no_profile_code(const struct alert *alert)
{
    return !texts_have_prefix(&alert->codes, "IPAWSv");
}

static bool public_not_actual(const struct alert *alert)
{
    return alert->scope == SCOPE_PUBLIC && alert->status != STATUS_ACTUAL;
}

static bool bad_identifier(const struct alert *alert)
{
    return text_has_any(alert->identifier, " ,'<>&{}|\\/^~[]()");
}

static bool bad_sender(const struct alert *alert)
{
    return text_has_any(alert->sender, " \",<>&{}|\\^~");
}

static bool bad_source(const struct alert *alert)
{
    return alert->source.len == 0 || alert->source.len > SOURCE_MAX;
}

static bool zero_offset(const struct alert *alert)
{
    return alert->sent.set && alert->sent.offset_min == 0;
}

static bool no_info(const struct alert *alert)
{
    return alert->info_count == 0 && alert->msg_type != MSG_TYPE_CANCEL &&
           alert->scope != SCOPE_PRIVATE;
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

static bool differing_infos(const struct alert *alert)
{
    for (size_t i = 1; i < alert->info_count; i++) {
        const struct cap_info *first = &alert->infos[0], *other = &alert->infos[i];
        if (!is_covered(first, other) || !is_covered(other, first))
            return true;
    }
    return false;
}

static const struct alert_rule alert_rules[] = {
    {"ipaws.code", FINDING_WARNING, "code", "no code names the profile (IPAWSv1.0)",
     no_profile_code},
    {"ipaws.status", FINDING_WARNING, "status", "scope Public needs status Actual",
     public_not_actual},
    {"ipaws.identifier", FINDING_WARNING, "identifier", "has a character that IPAWS refuses",
     bad_identifier},
    {"ipaws.sender", FINDING_WARNING, "sender", "has a character that IPAWS refuses", bad_sender},
    {"ipaws.source", FINDING_NOTE, "source", "is recommended, with at most 30 characters",
     bad_source},
    {"ipaws.sent.offset", FINDING_NOTE, "sent", "IPAWS takes an offset of zero for an error",
     zero_offset},
    {"ipaws.info", FINDING_WARNING, "info", "is needed unless the message is a Cancel or Private",
     no_info},
    {"ipaws.samevalues", FINDING_WARNING, "info",
     "categories and event codes must be the same in every info", differing_infos},
};

static bool not_one_same(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return pairs_count(&info->event_codes, "SAME", true) != 1;
}

static bool unaccepted_same(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    struct slice code = cap_pairs_find(&info->event_codes, "SAME");
    const struct schema_table *table = schema_table_find("same_events");
    if (!code.ptr || !table)
        return false;
    size_t row = schema_row_find(table, code.ptr, code.len);
    return row == table->row_count ||
           strcmp(schema_cell(table, row, schema_column(table, "accepted")), "yes") != 0;
}

static bool no_expires(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return !info->expires.set;
}

static bool no_place(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    for (size_t i = 0; i < info->area_count; i++) {
        if (info->areas[i].geocodes.count > 0)
            return false;
    }
    return true;
}

static bool bad_web(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    struct slice web = info->web;
    bool http = slice_istarts_with(web, "http://") || slice_istarts_with(web, "https://");
    return web.len > 0 && (!http || web.len > URI_MAX || text_has_any(web, " ?"));
}

static bool bad_channel(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    static const char *const channels[] = {"NWEM", "EAS", "CMAS", "PUBLIC"};
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *parameter = &info->parameters.items[i];
        bool known = !slice_ieq_cstr(parameter->name, "BLOCKCHANNEL");
        for (size_t k = 0; k < sizeof channels / sizeof channels[0]; k++)
            known = known || slice_eq_cstr(parameter->value, channels[k]);
        if (!known)
            return true;
    }
    return false;
}

static const struct info_rule info_rules[] = {
    {"ipaws.samecode", FINDING_WARNING, "eventCode", "there must be exactly one SAME event code",
     not_one_same},
    {"ipaws.samecode.list", FINDING_NOTE, "eventCode",
     "the SAME event code is not one that IPAWS takes", unaccepted_same},
    {"ipaws.expires", FINDING_WARNING, "expires", "is missing", no_expires},
    {"ipaws.area", FINDING_WARNING, "area", "an area with a geocode is needed", no_place},
    {"ipaws.uri", FINDING_NOTE, "web", "must be http or https without blank or question mark",
     bad_web},
    {"ipaws.block", FINDING_WARNING, "parameter", "BLOCKCHANNEL is not one of NWEM, EAS, CMAS",
     bad_channel},
};

static bool bad_same_geocode(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    for (size_t i = 0; i < area->geocodes.count; i++) {
        const struct cap_pair *geocode = &area->geocodes.items[i];
        unsigned long long number;
        if (slice_ieq_cstr(geocode->name, "SAME") &&
            (geocode->value.len != 6 || !slice_to_u64(geocode->value, &number)))
            return true;
    }
    return false;
}

static bool many_geocodes(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    return pairs_count(&area->geocodes, "SAME", true) > SAME_GEOCODES_MAX;
}

static bool many_vertices(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    for (size_t i = 0; i < area->polygon_count; i++) {
        if (area->polygons[i].count > VERTICES_MAX)
            return true;
    }
    return false;
}

static const struct area_rule area_rules[] = {
    {"ipaws.geosame", FINDING_WARNING, "geocode", "a SAME geocode has six digits",
     bad_same_geocode},
    {"ipaws.geo31", FINDING_NOTE, "geocode", "broadcast uses the first 31 SAME geocodes",
     many_geocodes},
    {"ipaws.poly", FINDING_WARNING, "polygon", "has more than 200 points", many_vertices},
};

const struct rule_set rules_ipaws = {
    alert_rules, sizeof alert_rules / sizeof alert_rules[0],
    info_rules,  sizeof info_rules / sizeof info_rules[0],
    area_rules,  sizeof area_rules / sizeof area_rules[0],
};
