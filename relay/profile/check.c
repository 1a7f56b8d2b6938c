/* Every rule in turn over all that it concerns: predicates find, rows say what it means. */
#include "alert/text.h"
#include "profile/rules.h"
#include "schemas.h"

#include <stdio.h>

enum { PLACES_MAX = 4, SHOWN_MAX = 80 };

/* One check: the alert, and the column that says which rules count. */
struct run {
    struct alert *alert;
    struct arena *arena;
    const char *column;
    enum profile_target target;
};

/* Where a rule is broken: the first places, and how many there are. */
struct places {
    struct subject first[PLACES_MAX];
    size_t count;
};

static const char *const targets[] = {"", "us-exchange", "ca-exchange", "us-post"};

const char *profile_target_name(enum profile_target target)
{
    return targets[target];
}

enum profile_target profile_target_from_name(const char *name)
{
    for (unsigned i = PROFILE_US_EXCHANGE; i < COUNT(targets); i++) {
        if (strcmp(name, targets[i]) == 0)
            return (enum profile_target)i;
    }
    return PROFILE_NO_TARGET;
}

/* The cell of a rule's row. A rule without row, which a unit test excludes, has empty cells.
 */
static const char *rule_cell(const char *id, const char *column)
{
    const struct schema_table *table = schema_table_find("profile_rules");
    size_t row = schema_row_find(table, id, strlen(id));
    return row < table->row_count ? schema_cell(table, row, schema_column(table, column)) : "";
}

bool profile_of_rule(const char *rule, enum profile *out)
{
    const struct schema_table *table = schema_table_find("profile_rules");
    size_t row = schema_row_find(table, rule, strlen(rule));
    return row < table->row_count &&
           profile_from_name(schema_cell(table, row, schema_column(table, "profile")), out);
}

/* A rule of a broadcast channel counts where the message asks for that channel. */
static bool wants_channel(const struct subject *subject, const char *channels)
{
    if (!*channels)
        return true;
    if (subject->info)
        return info_wants_channel(subject->info, subject->target, channels);
    for (size_t i = 0; i < subject->alert->info_count; i++) {
        if (info_wants_channel(&subject->alert->infos[i], subject->target, channels))
            return true;
    }
    return false;
}

static void hold(const struct rule *rule, struct subject subject, struct places *places)
{
    if (!rule->broken(&subject) || !wants_channel(&subject, rule_cell(rule->id, "channel")))
        return;
    if (places->count < PLACES_MAX)
        places->first[places->count] = subject;
    places->count++;
}

static void hold_info(const struct rule *rule, struct subject subject, struct places *places)
{
    if (rule->level == ON_INFO)
        hold(rule, subject, places);
    for (size_t i = 0; rule->level == ON_AREA && i < subject.info->area_count; i++) {
        subject.area = &subject.info->areas[i];
        hold(rule, subject, places);
    }
    for (size_t i = 0; rule->level == ON_RESOURCE && i < subject.info->resource_count; i++) {
        subject.resource = &subject.info->resources[i];
        hold(rule, subject, places);
    }
}

/* "alert/info[2]/area[1]/polygon" from where the rule is broken and the place in its row. */
static struct slice path_of(struct arena *arena, const struct subject *subject, const char *place,
                            const char **element)
{
    static const char *const above[] = {"alert", "alert/info", "alert/info/area",
                                        "alert/info/resource"};
    const struct alert *alert = subject->alert;
    const struct cap_info *info = subject->info;
    enum rule_level level = subject->area       ? ON_AREA
                            : subject->resource ? ON_RESOURCE
                            : info              ? ON_INFO
                                                : ON_ALERT;
    *element = place + strlen(above[level]);
    size_t number = info ? (size_t)(info - alert->infos) + 1 : 0;
    if (level == ON_ALERT)
        return arena_printf(arena, "alert%s", *element);
    if (level == ON_INFO)
        return arena_printf(arena, "alert/info[%zu]%s", number, *element);
    if (level == ON_AREA)
        return arena_printf(arena, "alert/info[%zu]/area[%zu]%s", number,
                            (size_t)(subject->area - info->areas) + 1, *element);
    return arena_printf(arena, "alert/info[%zu]/resource[%zu]%s", number,
                        (size_t)(subject->resource - info->resources) + 1, *element);
}

static unsigned line_of(const struct subject *subject)
{
    if (subject->line)
        return subject->line;
    return subject->area       ? subject->area->line
           : subject->resource ? subject->resource->line
           : subject->info     ? subject->info->line
                               : subject->alert->line;
}

static void report(const struct run *run, const char *id, const struct subject *subject,
                   size_t others)
{
    const char *element;
    bool warning = strcmp(rule_cell(id, "severity"), "warning") == 0 &&
                   strcmp(rule_cell(id, run->column), "note") != 0;
    struct slice path = path_of(run->arena, subject, rule_cell(id, "place"), &element);
    struct slice found = text_clip(subject->found, SHOWN_MAX);
    char more[48] = "";
    if (others)
        snprintf(more, sizeof more, " (and in %zu more places)", others);
    element += *element == '/';
    findings_add(&run->alert->findings, run->arena, id, warning ? FINDING_WARNING : FINDING_NOTE,
                 path.ptr, line_of(subject), "%s%s%s%s%.*s%s%s", element, *element ? ": " : "",
                 rule_cell(id, "text"), found.len ? " ('" : "", SLICE_ARG(found),
                 found.len ? "')" : "", more);
}

static void run_rule(const struct run *run, const struct rule *rule)
{
    struct subject subject = {.alert = run->alert, .target = run->target};
    struct places places = {.count = 0};
    if (rule->level == ON_ALERT)
        hold(rule, subject, &places);
    for (size_t i = 0; rule->level != ON_ALERT && i < run->alert->info_count; i++) {
        subject.info = &run->alert->infos[i];
        hold_info(rule, subject, &places);
    }
    if (places.count == 0 || strcmp(rule_cell(rule->id, run->column), "no") == 0 ||
        findings_have(&run->alert->findings, rule->id))
        return;
    for (size_t i = 0; i < places.count && i < PLACES_MAX; i++)
        report(run, rule->id, &places.first[i], i + 1 == PLACES_MAX ? places.count - i - 1 : 0);
}

/* A heartbeat is no warning: the profiles' rules for content do not concern it. */
static void run_sets(const struct run *run, enum profile profile)
{
    if (run->alert->kind == KIND_UNREADABLE)
        return;
    for (size_t i = 0; i < RULE_SETS; i++) {
        const struct rule_set *set = rule_sets[i];
        if (!profile_includes(profile, set->profile) ||
            (run->alert->kind == KIND_HEARTBEAT && set->profile != PROFILE_CAP))
            continue;
        for (size_t k = 0; k < set->count; k++)
            run_rule(run, &set->rules[k]);
    }
}

void profile_check(struct alert *alert, struct arena *arena, enum profile profile)
{
    struct run run = {.alert = alert, .arena = arena, .column = "received"};
    run_sets(&run, profile);
}

void profile_check_target(struct alert *alert, struct arena *arena, enum profile_target target)
{
    struct run run = {
        .alert = alert, .arena = arena, .column = profile_target_name(target), .target = target};
    if (target != PROFILE_NO_TARGET)
        run_sets(&run, target == PROFILE_CA_EXCHANGE ? PROFILE_CAP_CP : PROFILE_IPAWS);
}
