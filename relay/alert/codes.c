#include "alert/codes.h"

#include "alert/alert.h"

#define LIST(names)                                                                                \
    {                                                                                              \
        names, sizeof names / sizeof names[0]                                                      \
    }

static const char *const status_names[] = {"", "Actual", "Exercise", "System", "Test", "Draft"};
static const char *const msg_type_names[] = {"", "Alert", "Update", "Cancel", "Ack", "Error"};
static const char *const scope_names[] = {"", "Public", "Restricted", "Private"};
static const char *const category_names[] = {"",       "Geo",   "Met",    "Safety", "Security",
                                             "Rescue", "Fire",  "Health", "Env",    "Transport",
                                             "Infra",  "CBRNE", "Other"};
static const char *const response_type_names[] = {"",         "Shelter", "Evacuate", "Prepare",
                                                  "Execute",  "Avoid",   "Monitor",  "Assess",
                                                  "AllClear", "None"};
static const char *const urgency_names[] = {"",       "Immediate", "Expected",
                                            "Future", "Past",      "Unknown"};
static const char *const severity_names[] = {"",         "Extreme", "Severe",
                                             "Moderate", "Minor",   "Unknown"};
static const char *const certainty_names[] = {"",         "Observed", "Likely",
                                              "Possible", "Unlikely", "Unknown"};
static const char *const version_names[] = {"", "1.0", "1.1", "1.2"};
static const char *const class_names[] = {"", "actual", "exercise"};
static const char *const side_names[] = {"", "ca", "us"};
static const char *const form_names[] = {"cap", "wrapped", "edxl-de", "atom", "atom-entry"};

const struct code_list codes_status = LIST(status_names);
const struct code_list codes_msg_type = LIST(msg_type_names);
const struct code_list codes_scope = LIST(scope_names);
const struct code_list codes_category = LIST(category_names);
const struct code_list codes_response_type = LIST(response_type_names);
const struct code_list codes_urgency = LIST(urgency_names);
const struct code_list codes_severity = LIST(severity_names);
const struct code_list codes_certainty = LIST(certainty_names);
static const struct code_list codes_version = LIST(version_names);
static const struct code_list codes_class = LIST(class_names);
static const struct code_list codes_side = LIST(side_names);
static const struct code_list codes_form = LIST(form_names);

unsigned code_find(const struct code_list *list, struct slice name)
{
    for (unsigned i = 1; i < list->count; i++) {
        if (slice_eq_cstr(name, list->names[i]))
            return i;
    }
    return 0;
}

unsigned code_ifind(const struct code_list *list, struct slice name)
{
    for (unsigned i = 1; i < list->count; i++) {
        if (slice_ieq_cstr(name, list->names[i]))
            return i;
    }
    return 0;
}

static const char *name_at(const struct code_list *list, unsigned value)
{
    return value < list->count ? list->names[value] : "";
}

const char *cap_status_name(enum cap_status status)
{
    return name_at(&codes_status, status);
}

const char *cap_msg_type_name(enum cap_msg_type type)
{
    return name_at(&codes_msg_type, type);
}

const char *cap_scope_name(enum cap_scope scope)
{
    return name_at(&codes_scope, scope);
}

const char *cap_category_name(enum cap_category category)
{
    return name_at(&codes_category, category);
}

const char *cap_response_type_name(enum cap_response_type type)
{
    return name_at(&codes_response_type, type);
}

const char *cap_urgency_name(enum cap_urgency urgency)
{
    return name_at(&codes_urgency, urgency);
}

const char *cap_severity_name(enum cap_severity severity)
{
    return name_at(&codes_severity, severity);
}

const char *cap_certainty_name(enum cap_certainty certainty)
{
    return name_at(&codes_certainty, certainty);
}

const char *cap_version_name(enum cap_version version)
{
    return name_at(&codes_version, version);
}

const char *alert_class_name(enum alert_class class)
{
    return name_at(&codes_class, class);
}

const char *side_name(enum side side)
{
    return name_at(&codes_side, side);
}

const char *alert_form_name(enum alert_form form)
{
    return name_at(&codes_form, form);
}

enum alert_class alert_class_from_name(struct slice name)
{
    return (enum alert_class)code_find(&codes_class, name);
}

enum side side_from_name(struct slice name)
{
    return (enum side)code_find(&codes_side, name);
}

enum side side_other(enum side side)
{
    static const enum side others[] = {
        [SIDE_NONE] = SIDE_NONE, [SIDE_CA] = SIDE_US, [SIDE_US] = SIDE_CA};
    return others[side];
}

enum alert_class alert_class_of_status(enum cap_status status)
{
    switch (status) {
    case STATUS_ACTUAL:
        return CLASS_ACTUAL;
    case STATUS_EXERCISE:
    case STATUS_TEST:
        return CLASS_EXERCISE;
    case STATUS_NONE:
    case STATUS_SYSTEM:
    case STATUS_DRAFT:
        return CLASS_NONE;
    }
    return CLASS_NONE;
}

struct slice cap_pairs_find(const struct cap_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (slice_ieq_cstr(pairs->items[i].name, name))
            return pairs->items[i].value;
    }
    return (struct slice){NULL, 0};
}
