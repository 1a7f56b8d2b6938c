#include "route/border.h"

#include "route/rules.h"

#include <math.h>
#include <stdlib.h>

/* How far away the detail of "too far" still gives the distance: beyond, measuring costs more than
 * it tells. */
#define TOLD_KM 200.0

struct border {
    const struct border_question *question;
    struct arena *arena;
    struct border_answer *answer;
    bool measurable;
};

/* --- whether --- */

static double distance_to(const struct border *border, double limit_km)
{
    const struct border_question *question = border->question;
    return geo_distance_km(question->geo, &question->area->shape, question->to, limit_km);
}

/* The distance is measured only where a rule asks for it. */
static const struct route_rule *matching_rule(const struct border *border)
{
    const struct border_question *question = border->question;
    if (!question->policy->rule_count)
        return NULL;
    struct rule_subject subject = {
        .alert = question->alert, .source = question->source, .to = question->to};
    double farthest = rules_farthest_km(question->policy);
    if (farthest >= 0 && border->measurable) {
        subject.has_distance = true;
        subject.distance_km = distance_to(border, farthest + 1);
    }
    return rules_match(question->policy, &subject);
}

static bool decide(struct border *border, bool crosses, struct slice reason, struct slice detail)
{
    border->answer->crosses = crosses;
    border->answer->reason = reason;
    border->answer->detail = detail;
    return crosses;
}

static bool too_far(struct border *border)
{
    const struct border_question *question = border->question;
    double km = distance_to(border, TOLD_KM);
    bool exact = km < TOLD_KM;
    return decide(border, false, SLICE("border.too-far"),
                  arena_printf(border->arena, "%s%.0f km from %s; the limit is %.0f km",
                               exact ? "" : "more than ", ceil(fmin(km, TOLD_KM)),
                               question->to == SIDE_CA ? "Canada" : "the United States",
                               question->policy->within_km));
}

static bool judge_distance(struct border *border)
{
    const struct border_question *question = border->question;
    const struct route_area *area = question->area;
    struct slice none = {0};
    if (area->national)
        return decide(border, true, SLICE("border.national"), none);
    if (!border->measurable)
        return decide(border, true, SLICE("border.no-area"),
                      SLICE("no area of it could be placed on the map"));
    if (!question->policy->border_filter)
        return decide(border, true, SLICE("border.filter-off"), none);
    if (geo_within(question->geo, &area->shape, question->to, question->policy->within_km))
        return decide(border, true, SLICE("border.within"), none);
    if (area->unresolved)
        return decide(border, true, SLICE("border.unresolved"),
                      arena_printf(border->arena,
                                   "the area \"%.*s\" could not be placed on the map",
                                   SLICE_ARG(area->unresolved_desc)));
    return too_far(border);
}

static bool judge_crossing(struct border *border)
{
    const struct border_question *question = border->question;
    const struct route_rule *rule = matching_rule(border);
    struct slice reason = {0};
    if (rule)
        reason = arena_printf(border->arena, "rule:%.*s", SLICE_ARG(rule->name));
    if (rule && rule->relay)
        return decide(border, true, reason, (struct slice){0});
    if (question->led)
        return decide(border, true, SLICE("reference"),
                      SLICE("what it references was relayed to this side"));
    if (rule)
        return decide(border, false, reason, SLICE("a rule of the operator drops it"));
    return judge_distance(border);
}

/* --- where to --- */

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t sorted_unique(struct slice *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof(*items), by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || !slice_eq(items[kept - 1], items[i]))
            items[kept++] = items[i];
    return kept;
}

/* An ending without any area says where it belongs by what it ends. */
static bool region_is_unknown(const struct border *border)
{
    const struct border_question *question = border->question;
    const struct route_area *area = question->area;
    if (area->national || (area->given && !border->measurable))
        return true;
    if (!area->given && question->led && question->led_wholly)
        return false;
    return area->unresolved;
}

static void place(struct border *border)
{
    const struct border_question *question = border->question;
    struct geo_units units = {0};
    if (border->measurable)
        units = geo_regions(question->geo, border->arena, &question->area->shape, question->to,
                            question->policy->within_km);
    struct slice *regions = arena_alloc_array(
        border->arena, units.count + question->led_region_count + 1, sizeof(*regions));
    size_t count = 0;
    for (size_t i = 0; i < units.count; i++)
        regions[count++] = units.items[i].region;
    for (size_t i = 0; i < question->led_region_count; i++)
        regions[count++] = question->led_regions[i];
    if (region_is_unknown(border))
        regions[count++] = SLICE("--");
    border_topics(border->arena, question->class, question->to, regions,
                  sorted_unique(regions, count), border->answer);
}

void border_topics(struct arena *arena, enum alert_class class, enum side side,
                   const struct slice *regions, size_t region_count, struct border_answer *out)
{
    out->regions = arena_alloc_array(arena, region_count, sizeof(*out->regions));
    out->region_count = region_count;
    out->topics = arena_alloc_array(arena, region_count + 1, sizeof(*out->topics));
    for (size_t i = 0; i < region_count; i++) {
        out->regions[i] = arena_copy(arena, regions[i]);
        out->topics[i] = arena_printf(arena, "%s.%s.%.*s.", alert_class_name(class),
                                      side_name(side), SLICE_ARG(regions[i]));
    }
    out->topics[region_count] =
        arena_printf(arena, "%s.%s.all.", alert_class_name(class), side_name(side));
    out->topic_count = sorted_unique(out->topics, region_count + 1);
}

void border_judge(const struct border_question *question, struct arena *arena,
                  struct border_answer *out)
{
    *out = (struct border_answer){0};
    struct border border = {.question = question,
                            .arena = arena,
                            .answer = out,
                            .measurable = question->geo && question->area->usable};
    if (!judge_crossing(&border))
        return;
    place(&border);
}
