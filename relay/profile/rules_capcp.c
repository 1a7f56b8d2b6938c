/* The rules of the Canadian profile; numbers are those of CAP-CP Beta 0.4A. */
#include "profile/rules.h"
#include "schemas.h"

#define EVENT_NAME "profile:CAP-CP:Event:"
#define LOCATION_NAME "profile:CAP-CP:Location:"
#define PARAMETER_NAME "profile:CAP-CP:"
#define MINOR_CHANGE ":MinorChange"
#define AUTO_TRANSLATED ":AutoTranslated"

/* Infos beyond INFOS_MAX are not compared with others: the time grows with the square, and real
 * messages have four. */
enum { EVENT_CODE_MIN = 4, EVENT_CODE_MAX = 12, UUID_MIN = 8, INFOS_MAX = 64 };

static const struct cap_pair *event_of(const struct cap_info *info)
{
    size_t position = 0;
    return pairs_next(&info->event_codes, &position, EVENT_NAME, "");
}

static const struct cap_pair *parameter_of(const struct cap_info *info, const char *name)
{
    size_t position = 0;
    return pairs_next(&info->parameters, &position, PARAMETER_NAME, name);
}

static bool not_cap_1_2(struct subject *s)
{
    return s->alert->version != CAP_1_2;
}

static bool differing_events(struct subject *s)
{
    const struct cap_pair *first = s->alert->info_count ? event_of(&s->alert->infos[0]) : NULL;
    for (size_t i = 1; i < s->alert->info_count; i++) {
        const struct cap_pair *event = event_of(&s->alert->infos[i]);
        if (!event && !first)
            continue;
        if (!event || !first || !slice_ieq(event->value, first->value))
            return event ? found_pair(s, event) : true;
    }
    return false;
}

static bool no_profile_code(struct subject *s)
{
    return !texts_have_prefix(&s->alert->codes, "profile:CAP-CP:");
}

/* +hh:mm or -hh:mm at the end, whatever else is wrong with the time. */
static bool has_zone(struct slice text)
{
    if (text.len == 0)
        return true;
    if (text.len < 6)
        return false;
    const char *zone = text.ptr + text.len - 6;
    return (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
}

static bool no_zone(struct subject *s)
{
    for (size_t i = 0; i < s->alert->info_count; i++) {
        const struct cap_info *info = &s->alert->infos[i];
        const struct cap_time *times[] = {&info->effective, &info->onset, &info->expires};
        for (size_t k = 0; k < COUNT(times); k++) {
            if (!has_zone(times[k]->text))
                return found_text(s, times[k]->text);
        }
    }
    return !has_zone(s->alert->sent.text) && found_text(s, s->alert->sent.text);
}

static bool no_public_info(struct subject *s)
{
    const struct alert *alert = s->alert;
    bool speaks = alert->msg_type == MSG_TYPE_ALERT || alert->msg_type == MSG_TYPE_UPDATE;
    return speaks && alert->scope == SCOPE_PUBLIC && alert->info_count == 0;
}

static bool no_cancel_info(struct subject *s)
{
    return s->alert->msg_type == MSG_TYPE_CANCEL && s->alert->scope == SCOPE_PUBLIC &&
           s->alert->info_count == 0;
}

static bool no_language(struct subject *s)
{
    return s->info->language.len == 0;
}

static struct slice primary_language(const struct cap_info *info)
{
    struct slice rest = info->language, primary;
    return slice_next_part(&rest, '-', &primary) ? primary : (struct slice){NULL, 0};
}

/* An info's counterpart is one of the first info's language with the same values: a message may
 * hold several pairs, as when it is ended in one place and active in another. Where none fits, the
 * one in the same turn is what it should have been. */
static bool differing_values(struct subject *s)
{
    const struct alert *alert = s->alert;
    struct slice first = primary_language(&alert->infos[0]), own = primary_language(s->info);
    const char *difference = NULL;
    size_t turn = 0, index = 0;
    size_t compared = alert->info_count < INFOS_MAX ? alert->info_count : INFOS_MAX;
    if (slice_ieq(own, first) || s->info >= alert->infos + compared)
        return false;
    for (const struct cap_info *info = alert->infos; info < s->info; info++)
        turn += slice_ieq(primary_language(info), own);
    for (size_t i = 0; i < compared; i++) {
        if (!slice_ieq(primary_language(&alert->infos[i]), first))
            continue;
        const char *found = infos_difference(&alert->infos[i], s->info);
        if (!found)
            return false;
        if (index++ <= turn)
            difference = found;
    }
    return difference && found_text(s, slice_from_cstr(difference));
}

static bool is_established(struct slice event)
{
    const struct schema_table *table = schema_table_find("capcp_events");
    size_t english = schema_column(table, "name_en"), french = schema_column(table, "name_fr");
    for (size_t row = 0; row < table->row_count; row++) {
        if (text_is_same_name(event, schema_cell(table, row, english)) ||
            text_is_same_name(event, schema_cell(table, row, french)) ||
            text_is_same_name(event, schema_cell(table, row, 0)))
            return true;
    }
    return false;
}

/* What federal producers call an event is established by their use: ECCC says heat for
 * `temperature`, in two languages, and NRCan has a plural of its own. */
static bool is_federal(const struct alert *alert)
{
    return slice_ends_with(alert->sender, ".gc.ca") || slice_ends_with(alert->sender, "@canada.ca");
}

static bool unestablished_event(struct subject *s)
{
    return s->info->event.len > 0 && !is_federal(s->alert) && !is_established(s->info->event) &&
           found_text(s, s->info->event);
}

static bool no_event(struct subject *s)
{
    return !event_of(s->info);
}

static bool repeated_event(struct subject *s)
{
    return pairs_count(&s->info->event_codes, EVENT_NAME, false) > 1;
}

static bool bad_event_form(struct subject *s)
{
    const struct cap_pair *event = event_of(s->info);
    return event &&
           (event->value.len < EVENT_CODE_MIN || event->value.len > EVENT_CODE_MAX ||
            text_has_any(event->value, " \t\r\n")) &&
           found_pair(s, event);
}

/* Both spellings of geophysical are in the table: the misspelled one is a code of 0.4. */
static bool unlisted_event(struct subject *s)
{
    const struct cap_pair *event = event_of(s->info);
    size_t row;
    return event && !table_row("capcp_events", event->value, &row) && found_pair(s, event);
}

static bool no_area(struct subject *s)
{
    return s->info->area_count == 0;
}

/* A number or a UUID names nobody. */
static bool nameless_sender(struct subject *s)
{
    struct slice sender = s->alert->sender;
    bool digits = false;
    for (size_t i = 0; i < sender.len; i++) {
        if (!strchr("0123456789abcdefABCDEF-.:", sender.ptr[i]))
            return false;
        digits = digits || (sender.ptr[i] >= '0' && sender.ptr[i] <= '9');
    }
    return sender.len > 0 && (digits || sender.len >= UUID_MIN) && found_text(s, sender);
}

static bool no_references(struct subject *s)
{
    bool follows = s->alert->msg_type == MSG_TYPE_UPDATE || s->alert->msg_type == MSG_TYPE_CANCEL;
    return follows && s->alert->reference_count == 0;
}

static bool no_expires(struct subject *s)
{
    return !s->info->expires.set;
}

static bool no_sender_name(struct subject *s)
{
    return s->info->sender_name.len == 0;
}

static bool no_response_type(struct subject *s)
{
    return s->info->response_type_count == 0;
}

/* What only watches, ends or does nothing needs no instruction. */
static bool no_instruction(struct subject *s)
{
    for (size_t i = 0; i < s->info->response_type_count; i++) {
        enum cap_response_type response = s->info->response_types[i];
        if (response >= RESPONSE_SHELTER && response <= RESPONSE_AVOID)
            return s->info->instruction.len == 0 &&
                   found_text(s, slice_from_cstr(cap_response_type_name(response)));
    }
    return false;
}

static bool scattered_minor_change(struct subject *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->alert->info_count; i++)
        count += parameter_of(&s->alert->infos[i], MINOR_CHANGE) != NULL;
    return count > 0 && count < s->alert->info_count;
}

static bool misplaced_minor_change(struct subject *s)
{
    bool place = s->alert->msg_type == MSG_TYPE_UPDATE && s->alert->reference_count > 0;
    const struct cap_pair *change = parameter_of(s->info, MINOR_CHANGE);
    return change && !place && found_pair(s, change);
}

static bool unexplained_minor_change(struct subject *s)
{
    for (size_t i = 0; i < s->alert->info_count; i++) {
        const struct cap_pair *change = parameter_of(&s->alert->infos[i], MINOR_CHANGE);
        if (change && slice_ieq_cstr(change->value, "other") && s->alert->note.len == 0)
            return true;
    }
    return false;
}

static bool bad_minor_change(struct subject *s)
{
    static const char *const values[] = {"none",     "text",  "correction",
                                         "resource", "layer", "other"};
    size_t position = 0;
    const struct cap_pair *change;
    while ((change = pairs_next(&s->info->parameters, &position, PARAMETER_NAME, MINOR_CHANGE))) {
        if (!text_is_one_of(change->value, values, COUNT(values)))
            return found_pair(s, change);
    }
    return false;
}

static bool repeated_auto_translated(struct subject *s)
{
    size_t position = 0, count = 0;
    while (pairs_next(&s->info->parameters, &position, PARAMETER_NAME, AUTO_TRANSLATED))
        count++;
    return count > 1;
}

static bool bad_auto_translated(struct subject *s)
{
    static const char *const values[] = {"yes", "no"};
    const struct cap_pair *flag = parameter_of(s->info, AUTO_TRANSLATED);
    return flag && !text_is_one_of(flag->value, values, COUNT(values)) && found_pair(s, flag);
}

static bool no_shape(struct subject *s)
{
    return s->area->polygon_count == 0 && s->area->circle_count == 0;
}

/* In 1.0 a shape is enough. */
static bool no_location(struct subject *s)
{
    bool enough = !no_shape(s) && texts_have_prefix(&s->alert->codes, "profile:CAP-CP:1");
    return pairs_count(&s->area->geocodes, LOCATION_NAME, false) == 0 && !enough;
}

/* Province, census division or subdivision by digits; `none` for an unknown place, 00 for all of
 * Canada. */
static bool is_location(struct slice value)
{
    return slice_ieq_cstr(value, "none") || text_is_digits(value, 2) || text_is_digits(value, 4) ||
           text_is_digits(value, 7);
}

static bool bad_location(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode;
    while ((geocode = pairs_next(&s->area->geocodes, &position, LOCATION_NAME, ""))) {
        if (!is_location(geocode->value))
            return found_pair(s, geocode);
    }
    return false;
}

static bool same_geocode(struct subject *s)
{
    size_t position = 0;
    const struct cap_pair *geocode = pairs_next(&s->area->geocodes, &position, "SAME", "SAME");
    return geocode && found_pair(s, geocode);
}

static const struct rule rules[] = {
    {"capcp.1.version", ON_ALERT, not_cap_1_2},
    {"capcp.2.one-event", ON_ALERT, differing_events},
    {"capcp.3.code", ON_ALERT, no_profile_code},
    {"capcp.4.zone", ON_ALERT, no_zone},
    {"capcp.5.cancel", ON_ALERT, no_cancel_info},
    {"capcp.5.info", ON_ALERT, no_public_info},
    {"capcp.6.language", ON_INFO, no_language},
    {"capcp.6.same", ON_INFO, differing_values},
    {"capcp.7.event", ON_INFO, unestablished_event},
    {"capcp.8.event", ON_INFO, no_event},
    {"capcp.8.event-form", ON_INFO, bad_event_form},
    {"capcp.8.event-list", ON_INFO, unlisted_event},
    {"capcp.8.event-once", ON_INFO, repeated_event},
    {"capcp.9.location", ON_AREA, no_location},
    {"capcp.9.location-form", ON_AREA, bad_location},
    {"capcp.9.same", ON_AREA, same_geocode},
    {"capcp.10.area", ON_INFO, no_area},
    {"capcp.11.sender", ON_ALERT, nameless_sender},
    {"capcp.12.references", ON_ALERT, no_references},
    {"capcp.13.expires", ON_INFO, no_expires},
    {"capcp.14.sendername", ON_INFO, no_sender_name},
    {"capcp.15.instruction", ON_INFO, no_instruction},
    {"capcp.15.responsetype", ON_INFO, no_response_type},
    {"capcp.16.everywhere", ON_ALERT, scattered_minor_change},
    {"capcp.16.minorchange", ON_INFO, misplaced_minor_change},
    {"capcp.16.note", ON_ALERT, unexplained_minor_change},
    {"capcp.16.value", ON_INFO, bad_minor_change},
    {"capcp.17.autotranslated", ON_INFO, repeated_auto_translated},
    {"capcp.17.value", ON_INFO, bad_auto_translated},
    {"capcp.18.shape", ON_AREA, no_shape},
};

const struct rule_set rules_capcp = {PROFILE_CAP_CP, rules, COUNT(rules)};
