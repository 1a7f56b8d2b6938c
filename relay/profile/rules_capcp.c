/* The rules of the Canadian profile; numbers are those of CAP-CP Beta 0.4A. */
#include "profile/rules.h"
#include "schemas.h"

#define EVENT_NAME "profile:CAP-CP:Event:"
#define LOCATION_NAME "profile:CAP-CP:Location:"

static struct slice first_with_prefix(const struct cap_pairs *pairs, const char *prefix)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (slice_istarts_with(pairs->items[i].name, prefix))
            return pairs->items[i].value;
    }
    return (struct slice){NULL, 0};
}

static struct slice event_of(const struct cap_info *info)
{
    return first_with_prefix(&info->event_codes, EVENT_NAME);
}

static bool not_cap_1_2(const struct alert *alert)
{
    return alert->version != CAP_1_2;
}

static bool no_profile_code(const struct alert *alert)
{
    return !texts_have_prefix(&alert->codes, "profile:CAP-CP:");
}

static bool differing_events(const struct alert *alert)
{
    for (size_t i = 1; i < alert->info_count; i++) {
        if (!slice_ieq(event_of(&alert->infos[i]), event_of(&alert->infos[0])))
            return true;
    }
    return false;
}

static bool no_public_info(const struct alert *alert)
{
    bool speaks = alert->msg_type == MSG_TYPE_ALERT || alert->msg_type == MSG_TYPE_UPDATE ||
                  alert->msg_type == MSG_TYPE_CANCEL;
    return speaks && alert->scope == SCOPE_PUBLIC && alert->info_count == 0 &&
           alert->kind == KIND_ALERT;
}

static const struct alert_rule alert_rules[] = {
    {"capcp.1.version", FINDING_WARNING, "", "the profile is one of CAP 1.2", not_cap_1_2},
    {"capcp.2.one-event", FINDING_WARNING, "info", "the infos have different CAP-CP event codes",
     differing_events},
    {"capcp.3.code", FINDING_WARNING, "code", "no code names the version of the profile",
     no_profile_code},
    {"capcp.5.info", FINDING_WARNING, "info", "a public Alert, Update or Cancel needs one",
     no_public_info},
};

static bool no_language(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return info->language.len == 0;
}

static bool not_one_event(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return pairs_count(&info->event_codes, EVENT_NAME, false) != 1;
}

static bool bad_event_form(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    struct slice event = event_of(info);
    return event.ptr && (event.len < 4 || event.len > 12 || text_has_any(event, " \t\r\n"));
}

static bool unlisted_event(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    const struct schema_table *table = schema_table_find("capcp_events");
    struct slice event = event_of(info);
    for (size_t row = 0; table && event.ptr && row < table->row_count; row++) {
        if (slice_ieq_cstr(event, schema_cell(table, row, 0)))
            return false;
    }
    return event.ptr != NULL;
}

static bool no_area(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return info->area_count == 0;
}

static bool no_expires(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return !info->expires.set;
}

static bool no_sender_name(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return info->sender_name.len == 0;
}

static bool no_response_type(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return info->response_type_count == 0;
}

/* profile:CAP-CP:<version>:<name> */
static bool is_profile_parameter(const struct cap_pair *pair, const char *name)
{
    size_t len = strlen(name);
    return slice_istarts_with(pair->name, "profile:CAP-CP:") && pair->name.len > len &&
           slice_ieq_cstr(slice_sub(pair->name, pair->name.len - len, pair->name.len), name);
}

static bool misplaced_minor_change(const struct alert *alert, const struct cap_info *info)
{
    for (size_t i = 0; i < info->parameters.count; i++) {
        if (is_profile_parameter(&info->parameters.items[i], ":MinorChange"))
            return alert->msg_type != MSG_TYPE_UPDATE;
    }
    return false;
}

static bool repeated_auto_translated(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    size_t count = 0;
    for (size_t i = 0; i < info->parameters.count; i++)
        count += is_profile_parameter(&info->parameters.items[i], ":AutoTranslated");
    return count > 1;
}

static const struct info_rule info_rules[] = {
    {"capcp.6.language", FINDING_WARNING, "language", "every info states its language",
     no_language},
    {"capcp.8.event", FINDING_WARNING, "eventCode", "there must be exactly one CAP-CP event code",
     not_one_event},
    {"capcp.8.event-form", FINDING_WARNING, "eventCode",
     "a CAP-CP event code has 4 to 12 characters without blanks", bad_event_form},
    {"capcp.8.event-list", FINDING_NOTE, "eventCode",
     "the CAP-CP event code is in no list known here", unlisted_event},
    {"capcp.10.area", FINDING_WARNING, "area", "every info needs one", no_area},
    {"capcp.13.expires", FINDING_NOTE, "expires", "is strongly recommended", no_expires},
    {"capcp.14.sendername", FINDING_NOTE, "senderName", "is strongly recommended", no_sender_name},
    {"capcp.15.responsetype", FINDING_NOTE, "responseType", "is strongly recommended",
     no_response_type},
    {"capcp.16.minorchange", FINDING_NOTE, "parameter", "MinorChange belongs to an Update",
     misplaced_minor_change},
    {"capcp.17.autotranslated", FINDING_WARNING, "parameter", "AutoTranslated may occur once",
     repeated_auto_translated},
};

static bool is_profile_1_0(const struct alert *alert)
{
    return texts_have_prefix(&alert->codes, "profile:CAP-CP:1");
}

static bool no_location(const struct alert *alert, const struct cap_area *area)
{
    bool shaped = area->polygon_count > 0 || area->circle_count > 0;
    return pairs_count(&area->geocodes, LOCATION_NAME, false) == 0 &&
           !(shaped && is_profile_1_0(alert));
}

/* Province, census division or subdivision by digits; `none` for an unknown place, 00 for all of
 * Canada. */
static bool is_location(struct slice value)
{
    unsigned long long number;
    return slice_ieq_cstr(value, "none") ||
           (slice_to_u64(value, &number) && (value.len == 2 || value.len == 4 || value.len == 7));
}

static bool bad_location(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    for (size_t i = 0; i < area->geocodes.count; i++) {
        const struct cap_pair *geocode = &area->geocodes.items[i];
        if (slice_istarts_with(geocode->name, LOCATION_NAME) && !is_location(geocode->value))
            return true;
    }
    return false;
}

static bool no_shape(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    return area->polygon_count == 0 && area->circle_count == 0;
}

static const struct area_rule area_rules[] = {
    {"capcp.9.location", FINDING_WARNING, "geocode", "there is no CAP-CP location code",
     no_location},
    {"capcp.9.location-form", FINDING_WARNING, "geocode",
     "a CAP-CP location code has 2, 4 or 7 digits or is none", bad_location},
    {"capcp.18.shape", FINDING_NOTE, "", "a polygon or circle is recommended", no_shape},
};

const struct rule_set rules_capcp = {
    alert_rules, sizeof alert_rules / sizeof alert_rules[0],
    info_rules,  sizeof info_rules / sizeof info_rules[0],
    area_rules,  sizeof area_rules / sizeof area_rules[0],
};
