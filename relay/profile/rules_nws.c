/* Habits of the National Weather Service on top of the IPAWS profile. */
#include "alert/vtec.h"
#include "profile/rules.h"

/* What it wrote in CAP 1.1 had other identifiers, one event code and no channels. */
static bool is_current(const struct subject *s)
{
    return s->alert->version == CAP_1_2;
}

static bool foreign_identifier(struct subject *s)
{
    struct slice identifier = s->alert->identifier;
    return is_current(s) && !slice_starts_with(identifier, "urn:oid:2.49.0.1.840.0.") &&
           !slice_starts_with(identifier, "NWS-IDP-PROD-") && found_text(s, identifier);
}

static bool one_event_code(struct subject *s)
{
    return is_current(s) &&
           (pairs_count(&s->info->event_codes, "SAME", true) == 0 ||
            pairs_count(&s->info->event_codes, "NationalWeatherService", true) == 0);
}

static bool not_blocked(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *block;
    while ((block = pairs_next(&s->info->parameters, &position, "BLOCKCHANNEL", "BLOCKCHANNEL"))) {
        if (slice_ieq_cstr(block->value, "NWEM"))
            return false;
    }
    return is_current(s);
}

static bool bad_event_end(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *end =
        pairs_next(&s->info->parameters, &position, "eventEndingTime", "eventEndingTime");
    return end && !cap_time_parse_lenient(end->value).set && found_pair(s, end);
}

static bool bad_vtec(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *pair;
    while ((pair = pairs_next(&s->info->parameters, &position, "", "VTEC"))) {
        if (vtec_is_name(pair->name) && !vtec_is_readable(pair->value))
            return found_pair(s, pair);
    }
    return false;
}

/* NEW is no ending, and what ends all its events is no new alert. */
static bool contradicting_action(struct subject *s)
{
    size_t ended = 0, count = 0;
    struct vtec_walk walk = {0};
    struct vtec vtec = {0};
    while (vtec_next(s->info, &walk, &vtec)) {
        bool new_event = slice_eq_cstr(vtec.action, "NEW");
        if (new_event && s->alert->msg_type == MSG_TYPE_CANCEL)
            return found_text(s, vtec.action);
        ended += vtec_effect(&vtec) != VTEC_GOES_ON;
        count++;
    }
    return count > 0 && ended == count && s->alert->msg_type == MSG_TYPE_ALERT &&
           found_text(s, vtec.action);
}

/* X is a test feature of an operational product, and so real. */
static bool test_product(struct subject *s)
{
    struct vtec_walk walk = {0};
    struct vtec vtec;
    while (vtec_next(s->info, &walk, &vtec)) {
        bool test = vtec.product_class == 'T' || vtec.product_class == 'E';
        if (test && s->alert->status == STATUS_ACTUAL)
            return found_text(s, vtec.event_number);
    }
    return false;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_ugc(struct slice code)
{
    if (code.len != 6 || !is_capital(code.ptr[0]) || !is_capital(code.ptr[1]))
        return false;
    struct slice number = slice_sub(code, 3, 6);
    return (code.ptr[2] == 'C' || code.ptr[2] == 'Z') &&
           (text_is_digits(number, 3) || slice_eq_cstr(number, "ALL"));
}

static bool bad_ugc(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode;
    while ((geocode = pairs_next(&s->area->geocodes, &position, "UGC", "UGC"))) {
        if (!is_ugc(geocode->value))
            return found_pair(s, geocode);
    }
    return false;
}

static const struct rule rules[] = {
    {"nws.block", ON_INFO, not_blocked},
    {"nws.event-end", ON_INFO, bad_event_end},
    {"nws.eventcodes", ON_INFO, one_event_code},
    {"nws.identifier", ON_ALERT, foreign_identifier},
    {"nws.ugc", ON_AREA, bad_ugc},
    {"nws.vtec", ON_INFO, bad_vtec},
    {"nws.vtec.action", ON_INFO, contradicting_action},
    {"nws.vtec.test", ON_INFO, test_product},
};

const struct rule_set rules_nws = {PROFILE_NWS, rules, COUNT(rules)};
