#include "alert/lifecycle.h"

#include "alert/identity.h"

#include "alert/vtec.h"

static bool has_response(const struct cap_info *info, enum cap_response_type type)
{
    for (size_t i = 0; i < info->response_type_count; i++) {
        if (info->response_types[i] == type)
            return true;
    }
    return false;
}

/* "layer:EC-MSC-SMC:1.x:NAME" */
static bool is_eccc_name(struct slice name, const char *suffix)
{
    return slice_istarts_with(name, "layer:EC-MSC-SMC:1.") && slice_ends_with(name, suffix);
}

static bool eccc_says_ended(const struct cap_info *info)
{
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (is_eccc_name(pair->name, ":Alert_Location_Status") &&
            slice_ieq_cstr(pair->value, "ended"))
            return true;
    }
    return false;
}

/* One that cannot be read may go on, so it ends nothing. */
static bool every_vtec_ends(const struct cap_info *info)
{
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (vtec_is_name(pair->name) && !vtec_is_readable(pair->value))
            return false;
    }
    struct vtec vtec;
    size_t count = 0;
    for (struct vtec_walk walk = {0}; vtec_next(info, &walk, &vtec); count++) {
        if (vtec_effect(&vtec) == VTEC_GOES_ON)
            return false;
    }
    return count > 0;
}

enum ending info_ending(const struct cap_info *info)
{
    bool past = info->urgency == URGENCY_PAST;
    if (has_response(info, RESPONSE_ALL_CLEAR) || eccc_says_ended(info))
        return ENDING_SAID;
    if (every_vtec_ends(info))
        return past ? ENDING_SAID : ENDING_VTEC;
    return past ? ENDING_PAST : ENDING_NONE;
}

bool info_is_ending(const struct cap_info *info)
{
    return info_ending(info) != ENDING_NONE;
}

bool alert_is_ending(const struct alert *alert)
{
    if (alert->msg_type == MSG_TYPE_CANCEL)
        return true;
    for (size_t i = 0; i < alert->info_count; i++) {
        if (!info_is_ending(&alert->infos[i]))
            return false;
    }
    return alert->info_count > 0;
}

static bool is_event_end_name(struct slice name)
{
    if (slice_ieq_cstr(name, "ends") || slice_ieq_cstr(name, "eventEndingTime"))
        return true;
    return is_eccc_name(name, ":Event_End_Time");
}

static void take_later(struct cap_time *latest, const struct cap_time *time)
{
    if (time->set && (!latest->set || time->utc_s > latest->utc_s))
        *latest = *time;
}

struct cap_time info_event_end(const struct cap_info *info)
{
    struct cap_time latest = {0};
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (is_event_end_name(pair->name)) {
            struct cap_time time = cap_time_parse_lenient(pair->value);
            take_later(&latest, &time);
        }
    }
    struct vtec vtec;
    for (struct vtec_walk walk = {0}; vtec_next(info, &walk, &vtec);) {
        struct cap_time end = {.utc_s = vtec.end_s, .set = vtec.has_end};
        take_later(&latest, &end);
    }
    return latest;
}

bool alert_latest_end(const struct alert *alert, int64_t *utc_s)
{
    struct cap_time latest = {0};
    for (size_t i = 0; i < alert->info_count; i++) {
        struct cap_time event_end = info_event_end(&alert->infos[i]);
        take_later(&latest, &alert->infos[i].expires);
        take_later(&latest, &event_end);
    }
    *utc_s = latest.utc_s;
    return latest.set;
}

bool alert_has_expired(const struct alert *alert, int64_t now_s)
{
    int64_t end_s;
    return alert->msg_type == MSG_TYPE_ALERT && alert_latest_end(alert, &end_s) && end_s < now_s;
}

bool alert_in_force_until(const struct alert *alert, unsigned default_hours, int64_t *utc_s)
{
    bool begins = alert->msg_type == MSG_TYPE_ALERT || alert->msg_type == MSG_TYPE_UPDATE;
    if (!begins || alert_is_ending(alert))
        return false;
    if (alert_latest_end(alert, utc_s))
        return true;
    struct cap_time begin = {0};
    for (size_t i = 0; i < alert->info_count; i++)
        take_later(&begin, &alert->infos[i].effective);
    int64_t begin_s = begin.set ? begin.utc_s : alert->sent.utc_s;
    *utc_s = begin_s + (int64_t)default_hours * 3600;
    return true;
}

bool alert_entry_is_over(const struct alert *alert)
{
    if (!alert_is_entry(alert) || !alert->info_count || !alert->sent.set)
        return false;
    const struct cap_time *expires = &alert->infos[0].expires; /* all of them have the same */
    return expires->set && expires->utc_s <= alert->sent.utc_s;
}
