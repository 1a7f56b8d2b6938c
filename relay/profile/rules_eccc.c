/* Habits of Environment and Climate Change Canada on top of CAP-CP. Values of its own parameters
 * that are localised (Alert_Name, Colour, ...) are never looked at. */
#include "profile/rules.h"

#define LAYER "layer:EC-MSC-SMC:"
#define LOCATION_STATUS ":Alert_Location_Status"

enum { YEAR_LEN = 4, CLC_LEN = 6 };

static const struct cap_pair *parameter_of(const struct cap_info *info, const char *name)
{
    size_t position = 0;
    return pairs_next(&info->parameters, &position, LAYER, name);
}

/* urn:oid:2.49.0.1.124.<ten digits>.<year>; before 2014 without urn:oid: and with eight hex digits.
 */
static bool foreign_identifier(struct subject *s)
{
    struct slice identifier = s->alert->identifier;
    struct slice year = slice_sub(identifier, identifier.len - YEAR_LEN, identifier.len);
    bool own = slice_find(identifier, "2.49.0.1.124.") >= 0 && text_is_digits(year, YEAR_LEN) &&
               identifier.ptr[identifier.len - YEAR_LEN - 1] == '.';
    return !own && found_text(s, identifier);
}

static bool is_ended(const struct cap_info *info)
{
    return info->urgency == URGENCY_PAST && info_has_response(info, RESPONSE_ALL_CLEAR);
}

static bool ended_by_cancel(struct subject *s)
{
    for (size_t i = 0; i < s->alert->info_count; i++) {
        if (!is_ended(&s->alert->infos[i]))
            return false;
    }
    return s->alert->info_count > 0 && s->alert->msg_type != MSG_TYPE_UPDATE &&
           found_text(s, slice_from_cstr(cap_msg_type_name(s->alert->msg_type)));
}

static bool unknown_alert_type(struct subject *s)
{
    static const char *const types[] = {"warning", "watch", "advisory", "statement"};
    const struct cap_pair *type = parameter_of(s->info, ":Alert_Type");
    return type && !text_is_one_of(type->value, types, COUNT(types)) && found_pair(s, type);
}

static bool bad_event_end(struct subject *s)
{
    const struct cap_pair *end = parameter_of(s->info, ":Event_End_Time");
    return end && end->value.len > 0 && !cap_time_parse_lenient(end->value).set &&
           found_pair(s, end);
}

static bool contradicting_status(struct subject *s)
{
    const struct cap_pair *status = parameter_of(s->info, LOCATION_STATUS);
    if (!status)
        return false;
    bool contradicts = (slice_ieq_cstr(status->value, "ended") && !is_ended(s->info)) ||
                       (slice_ieq_cstr(status->value, "active") && is_ended(s->info));
    return contradicts && found_pair(s, status);
}

static bool differing_status(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *other, *first = parameter_of(s->info, LOCATION_STATUS);
    while ((other = pairs_next(&s->info->parameters, &position, LAYER, LOCATION_STATUS))) {
        if (!slice_ieq(other->value, first->value))
            return found_pair(s, other);
    }
    return false;
}

static bool unknown_status(struct subject *s)
{
    static const char *const values[] = {"active", "ended"};
    const struct cap_pair *status = parameter_of(s->info, LOCATION_STATUS);
    return status && !text_is_one_of(status->value, values, COUNT(values)) && found_pair(s, status);
}

static bool unknown_same(struct subject *s)
{
    size_t position = 0, row;
    const struct cap_pair *code = pairs_next(&s->info->event_codes, &position, "SAME", "SAME");
    return code && !table_row("same_events", code->value, &row) && found_pair(s, code);
}

static bool bad_clc(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode;
    while ((geocode = pairs_next(&s->area->geocodes, &position, LAYER, ":CLC"))) {
        if (!text_is_digits(geocode->value, CLC_LEN) || geocode->value.ptr[0] != '0')
            return found_pair(s, geocode);
    }
    return false;
}

static const struct rule rules[] = {
    {"eccc.alert-type", ON_INFO, unknown_alert_type},
    {"eccc.clc-form", ON_AREA, bad_clc},
    {"eccc.ending", ON_ALERT, ended_by_cancel},
    {"eccc.event-end", ON_INFO, bad_event_end},
    {"eccc.identifier", ON_ALERT, foreign_identifier},
    {"eccc.location-status", ON_INFO, contradicting_status},
    {"eccc.location-status.twice", ON_INFO, differing_status},
    {"eccc.location-status.value", ON_INFO, unknown_status},
    {"eccc.same", ON_INFO, unknown_same},
};

const struct rule_set rules_eccc = {PROFILE_ECCC, rules, COUNT(rules)};
