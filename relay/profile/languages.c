/* Rule 6 of CAP-CP: what may not differ between the languages of one message. Texts may, and so may
 * parameters: ECCC localises some of them. */
#include "profile/rules.h"

static bool same_codes(const struct cap_info *a, const struct cap_info *b)
{
    if (a->category_count != b->category_count)
        return false;
    for (size_t i = 0; i < a->category_count; i++) {
        if (a->categories[i] != b->categories[i])
            return false;
    }
    return true;
}

static bool same_responses(const struct cap_info *a, const struct cap_info *b)
{
    if (a->response_type_count != b->response_type_count)
        return false;
    for (size_t i = 0; i < a->response_type_count; i++) {
        if (a->response_types[i] != b->response_types[i])
            return false;
    }
    return true;
}

static bool same_pairs(const struct cap_pairs *a, const struct cap_pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!slice_ieq(a->items[i].name, b->items[i].name) ||
            !slice_ieq(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

static bool same_time(const struct cap_time *a, const struct cap_time *b)
{
    return a->set == b->set && (!a->set || a->utc_s == b->utc_s);
}

static bool same_shapes(const struct cap_area *a, const struct cap_area *b)
{
    if (a->polygon_count != b->polygon_count || a->circle_count != b->circle_count)
        return false;
    for (size_t i = 0; i < a->polygon_count; i++) {
        if (!slice_eq(a->polygons[i].text, b->polygons[i].text))
            return false;
    }
    for (size_t i = 0; i < a->circle_count; i++) {
        if (!slice_eq(a->circles[i].text, b->circles[i].text))
            return false;
    }
    return true;
}

static bool same_areas(const struct cap_info *a, const struct cap_info *b)
{
    if (a->area_count != b->area_count)
        return false;
    for (size_t i = 0; i < a->area_count; i++) {
        if (!same_shapes(&a->areas[i], &b->areas[i]) ||
            !same_pairs(&a->areas[i].geocodes, &b->areas[i].geocodes))
            return false;
    }
    return true;
}

const char *infos_difference(const struct cap_info *a, const struct cap_info *b)
{
    if (a->urgency != b->urgency)
        return "urgency";
    if (a->severity != b->severity)
        return "severity";
    if (a->certainty != b->certainty)
        return "certainty";
    if (!same_codes(a, b))
        return "category";
    if (!same_responses(a, b))
        return "responseType";
    if (!same_pairs(&a->event_codes, &b->event_codes))
        return "eventCode";
    if (!same_time(&a->effective, &b->effective))
        return "effective";
    if (!same_time(&a->onset, &b->onset))
        return "onset";
    if (!same_time(&a->expires, &b->expires))
        return "expires";
    return same_areas(a, b) ? NULL : "area";
}
