/* What CAP 1.2 asks for in its text and no schema can say (OASIS CAP-v1.2, section 3.2). */
#include "profile/rules.h"

static bool no_restriction(const struct alert *alert)
{
    return alert->scope == SCOPE_RESTRICTED && alert->restriction.len == 0;
}

static bool no_addresses(const struct alert *alert)
{
    return alert->scope == SCOPE_PRIVATE && alert->addresses.count == 0;
}

static bool no_references(const struct alert *alert)
{
    return alert->msg_type != MSG_TYPE_NONE && alert->msg_type != MSG_TYPE_ALERT &&
           alert->reference_count == 0;
}

static bool bad_identifier(const struct alert *alert)
{
    return text_has_any(alert->identifier, " \t\r\n,<&");
}

static bool bad_sender(const struct alert *alert)
{
    return text_has_any(alert->sender, " \t\r\n,<&");
}

static bool no_exercise_note(const struct alert *alert)
{
    return alert->status == STATUS_EXERCISE && alert->note.len == 0;
}

static bool no_error_note(const struct alert *alert)
{
    return alert->msg_type == MSG_TYPE_ERROR && alert->note.len == 0;
}

static bool no_info(const struct alert *alert)
{
    bool speaks = alert->msg_type == MSG_TYPE_ALERT || alert->msg_type == MSG_TYPE_UPDATE;
    return speaks && alert->info_count == 0 && alert->kind == KIND_ALERT;
}

static const struct alert_rule alert_rules[] = {
    {"cap.restriction.missing", FINDING_WARNING, "restriction", "scope Restricted needs it",
     no_restriction},
    {"cap.addresses.missing", FINDING_WARNING, "addresses", "scope Private needs it", no_addresses},
    {"cap.references.missing", FINDING_WARNING, "references", "every msgType but Alert needs it",
     no_references},
    {"cap.identifier.characters", FINDING_WARNING, "identifier",
     "may not hold white space, comma, < or &", bad_identifier},
    {"cap.sender.characters", FINDING_WARNING, "sender", "may not hold white space, comma, < or &",
     bad_sender},
    {"cap.note.exercise", FINDING_NOTE, "note", "should name the exercise", no_exercise_note},
    {"cap.note.error", FINDING_NOTE, "note", "should say what the error is", no_error_note},
    {"cap.info.missing", FINDING_NOTE, "info", "a message without info tells the public nothing",
     no_info},
};

static bool expires_too_early(const struct alert *alert, const struct cap_info *info)
{
    return info->expires.set && alert->sent.set && info->expires.utc_s <= alert->sent.utc_s;
}

static bool expires_before_effective(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    return info->expires.set && info->effective.set && info->expires.utc_s < info->effective.utc_s;
}

static bool long_headline(const struct alert *alert, const struct cap_info *info)
{
    (void)alert;
    size_t characters = 0;
    for (size_t i = 0; i < info->headline.len; i++)
        characters += ((unsigned char)info->headline.ptr[i] & 0xc0) != 0x80;
    return characters > 160;
}

static const struct info_rule info_rules[] = {
    {"cap.expires.before-sent", FINDING_WARNING, "expires", "is not later than sent",
     expires_too_early},
    {"cap.expires.before-effective", FINDING_WARNING, "expires", "is earlier than effective",
     expires_before_effective},
    {"cap.headline.length", FINDING_NOTE, "headline", "has more than 160 characters",
     long_headline},
};

static bool no_area_desc(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    return area->area_desc.len == 0;
}

static bool ceiling_alone(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    return area->ceiling.len > 0 && area->altitude.len == 0;
}

static bool no_place(const struct alert *alert, const struct cap_area *area)
{
    (void)alert;
    return area->polygon_count == 0 && area->circle_count == 0 && area->geocodes.count == 0;
}

static const struct area_rule area_rules[] = {
    {"cap.areadesc.missing", FINDING_WARNING, "areaDesc", "is missing or empty", no_area_desc},
    {"cap.ceiling.alone", FINDING_WARNING, "ceiling", "may not be without altitude", ceiling_alone},
    {"cap.area.place", FINDING_NOTE, "", "has neither polygon nor circle nor geocode", no_place},
};

const struct rule_set rules_cap = {
    alert_rules, sizeof alert_rules / sizeof alert_rules[0],
    info_rules,  sizeof info_rules / sizeof info_rules[0],
    area_rules,  sizeof area_rules / sizeof area_rules[0],
};
