#include "profile/profile.h"
#include "profile/rules.h"

#include <stdio.h>

struct place {
    char path[80];
    unsigned line;
};

static void add(struct alert *alert, struct arena *arena, const char *id,
                enum finding_severity severity, const char *below, const struct place *place,
                const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s%s", place->path, *below ? "/" : "", below);
    findings_add(&alert->findings, arena, id, severity, path, place->line, "%s%s%s", below,
                 *below ? ": " : "", text);
}

static void run_on_area(struct alert *alert, struct arena *arena, const struct rule_set *rules,
                        size_t info, size_t index)
{
    const struct cap_area *area = &alert->infos[info].areas[index];
    struct place place = {.line = area->line};
    snprintf(place.path, sizeof place.path, "alert/info[%zu]/area[%zu]", info + 1, index + 1);
    for (size_t i = 0; i < rules->area_rule_count; i++) {
        const struct area_rule *rule = &rules->area_rules[i];
        if (rule->broken(alert, area))
            add(alert, arena, rule->id, rule->severity, rule->where, &place, rule->text);
    }
}

static void run_on_info(struct alert *alert, struct arena *arena, const struct rule_set *rules,
                        size_t index)
{
    const struct cap_info *info = &alert->infos[index];
    struct place place = {.line = info->line};
    snprintf(place.path, sizeof place.path, "alert/info[%zu]", index + 1);
    for (size_t i = 0; i < rules->info_rule_count; i++) {
        const struct info_rule *rule = &rules->info_rules[i];
        if (rule->broken(alert, info))
            add(alert, arena, rule->id, rule->severity, rule->where, &place, rule->text);
    }
    for (size_t i = 0; i < info->area_count; i++)
        run_on_area(alert, arena, rules, index, i);
}

static void run(struct alert *alert, struct arena *arena, const struct rule_set *rules)
{
    struct place place = {.path = "alert", .line = alert->line};
    for (size_t i = 0; i < rules->alert_rule_count; i++) {
        const struct alert_rule *rule = &rules->alert_rules[i];
        if (rule->broken(alert))
            add(alert, arena, rule->id, rule->severity, rule->where, &place, rule->text);
    }
    for (size_t i = 0; i < alert->info_count; i++)
        run_on_info(alert, arena, rules, i);
}

void profile_check(struct alert *alert, struct arena *arena, enum profile profile)
{
    if (alert->kind == KIND_UNREADABLE)
        return;
    run(alert, arena, &rules_cap);
    /* A heartbeat is no warning: the profiles' rules for content do not concern it. */
    if (alert->kind == KIND_HEARTBEAT)
        return;
    if (profile == PROFILE_CAP_CP)
        run(alert, arena, &rules_capcp);
    else if (profile == PROFILE_IPAWS)
        run(alert, arena, &rules_ipaws);
}
