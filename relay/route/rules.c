#include "route/rules.h"

static enum cap_severity severity_of(const struct alert *alert)
{
    enum cap_severity strongest = SEVERITY_UNKNOWN;
    for (size_t i = 0; i < alert->info_count; i++)
        if (alert->infos[i].severity != SEVERITY_NONE && alert->infos[i].severity < strongest)
            strongest = alert->infos[i].severity;
    return strongest;
}

static bool listed(struct slice text, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_ieq(text, list[i]))
            return true;
    return false;
}

static bool event_listed(const struct alert *alert, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        if (listed(info->event, list, count))
            return true;
        for (size_t k = 0; k < info->event_codes.count; k++)
            if (listed(info->event_codes.items[k].value, list, count))
                return true;
    }
    return false;
}

static bool distance_fits(const struct route_rule *rule, const struct rule_subject *subject)
{
    if (rule->within_km < 0 && rule->beyond_km < 0)
        return true;
    if (!subject->has_distance)
        return false;
    if (rule->within_km >= 0 && subject->distance_km > rule->within_km)
        return false;
    return rule->beyond_km < 0 || subject->distance_km > rule->beyond_km;
}

/* A smaller severity is the stronger one. */
static bool severity_fits(const struct route_rule *rule, enum cap_severity severity)
{
    return (!rule->severity_at_least || severity <= rule->severity_at_least) &&
           (!rule->severity_at_most || severity >= rule->severity_at_most);
}

static bool fits(const struct route_rule *rule, const struct rule_subject *subject)
{
    return (!rule->status || rule->status == subject->alert->status) &&
           (!rule->to || rule->to == subject->to) &&
           (!rule->event_count || event_listed(subject->alert, rule->events, rule->event_count)) &&
           severity_fits(rule, severity_of(subject->alert)) &&
           (!rule->source_count || listed(subject->source, rule->sources, rule->source_count)) &&
           distance_fits(rule, subject);
}

const struct route_rule *rules_match(const struct route_policy *policy,
                                     const struct rule_subject *subject)
{
    for (size_t i = 0; i < policy->rule_count; i++)
        if (fits(&policy->rules[i], subject))
            return &policy->rules[i];
    return NULL;
}

double rules_farthest_km(const struct route_policy *policy)
{
    double farthest = -1;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct route_rule *rule = &policy->rules[i];
        double km = rule->within_km > rule->beyond_km ? rule->within_km : rule->beyond_km;
        farthest = km > farthest ? km : farthest;
    }
    return farthest;
}
