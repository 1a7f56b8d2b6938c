/* Warning, watch, advisory or statement: what the source says, before what its scales let one take
 * it for. */
#include "alert/lifecycle.h"
#include "alert/vtec.h"
#include "translate/internal.h"

/* The value of a parameter "layer:EC-MSC-SMC:N:NAME". */
static struct slice eccc_parameter(const struct cap_info *info, const char *name)
{
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (slice_istarts_with(pair->name, "layer:EC-MSC-SMC:") &&
            slice_ends_with(pair->name, name))
            return pair->value;
    }
    return (struct slice){0};
}

/* Where no source says it: what is near and likely is a warning, what is possible a watch. */
static struct slice class_by_scales(const struct cap_info *info)
{
    bool likely = info->certainty == CERTAINTY_OBSERVED || info->certainty == CERTAINTY_LIKELY;
    bool near = info->urgency == URGENCY_IMMEDIATE || info->urgency == URGENCY_EXPECTED;
    if (likely && near)
        return SLICE("warning");
    if (likely || info->certainty == CERTAINTY_POSSIBLE)
        return SLICE("watch");
    return SLICE("statement");
}

/* The scales of an ending tell nothing of what it was. */
static struct event_class class_of_canadian(const struct cap_info *info)
{
    struct slice given = table_class(eccc_parameter(info, ":Alert_Type"));
    if (!slice_is_empty(given))
        return (struct event_class){given, "Alert_Type"};
    given = table_cell_nocase("eccc_alert_names", eccc_parameter(info, ":Alert_Name"), "class");
    if (!slice_is_empty(given))
        return (struct event_class){given, "eccc_alert_names"};
    if (info_is_ending(info))
        return (struct event_class){{0}, "not told"};
    return (struct event_class){class_by_scales(info), "certainty and urgency"};
}

bool vtec_leading(const struct cap_info *info, struct vtec *out)
{
    struct vtec next;
    bool any = false;
    for (struct vtec_walk walk = {0}; vtec_next(info, &walk, &next); any = true) {
        bool goes_on = vtec_effect(&next) == VTEC_GOES_ON;
        if (!any || goes_on)
            *out = next;
        if (goes_on)
            return true;
    }
    return any;
}

struct slice vtec_key(struct work *work, const struct cap_info *info)
{
    struct vtec vtec;
    if (!vtec_leading(info, &vtec))
        return (struct slice){0};
    return arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(vtec.phenomenon),
                        SLICE_ARG(vtec.significance));
}

static struct event_class class_of_american(struct work *work, const struct cap_info *info)
{
    const struct {
        struct slice given;
        const char *column, *by;
    } ways[] = {{cap_pairs_find(&info->event_codes, "NationalWeatherService"), "nws_code",
                 "NationalWeatherService"},
                {vtec_key(work, info), "vtec", "VTEC"},
                {info->event, "nws_event", "event"}};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct slice class = table_nws_class(ways[i].column, ways[i].given);
        if (!slice_is_empty(class))
            return (struct event_class){class, ways[i].by};
    }
    struct vtec vtec;
    if (vtec_leading(info, &vtec)) {
        struct slice class = table_cell("vtec_significance", vtec.significance, "class");
        if (!slice_is_empty(class))
            return (struct event_class){class, "vtec_significance"};
    }
    struct slice same = cap_pairs_find(&info->event_codes, "SAME");
    return (struct event_class){table_cell_nocase("same_events", same, "class"), "same_events"};
}

struct event_class event_class_of(struct work *work, const struct cap_info *info)
{
    return work_to_us(work) ? class_of_canadian(info) : class_of_american(work, info);
}
