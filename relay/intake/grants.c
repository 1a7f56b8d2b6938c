/* What an authority may inject. */
#include "intake/passage.h"

/* Overlaps under this share of the area are drawing accidents, not claims. */
#define SLIVER_SHARE 0.05

static bool listed(struct slice text, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_ieq(text, list[i]))
            return true;
    return false;
}

/* Returns how many units of the layer it covers, or -1 where one is not granted. */
static int covered(const struct intake_grants *grants, const struct geo *geo, struct arena *arena,
                   const struct geo_shape *shape, enum geo_layer layer, struct slice *detail)
{
    struct geo_units slivers = {0};
    struct geo_units units = geo_cover(geo, arena, shape, layer, SLIVER_SHARE, &slivers);
    for (size_t i = 0; i < units.count; i++) {
        if (listed(units.items[i].region, grants->regions, grants->region_count))
            continue;
        *detail = arena_printf(arena, "its area reaches into %.*s, which is not granted",
                               SLICE_ARG(units.items[i].region));
        return -1;
    }
    return units.count > 0;
}

bool grants_cover_area(const struct intake_grants *grants, const struct geo *geo,
                       struct arena *arena, const struct route_area *area, struct slice *detail)
{
    if (!grants->region_count)
        return true;
    *detail = SLICE("its area is a whole country, and the grant is not");
    if (area->national)
        return false;
    *detail = SLICE("an area of it could not be placed on the map");
    if (!geo || area->unresolved || !area->usable)
        return false;
    int provinces = covered(grants, geo, arena, &area->shape, GEO_CA_PROVINCE, detail);
    int states = covered(grants, geo, arena, &area->shape, GEO_US_STATE, detail);
    if (provinces < 0 || states < 0)
        return false;
    *detail = SLICE("its area lies in no granted province or state");
    return provinces || states;
}

/* An ending without area is bound to what it references, and may end only what is its own or
 * granted. */
static bool area_is_granted(struct passage *passage, struct slice *detail)
{
    const struct route_area *area = passage_area(passage);
    if (!area->given && passage_follows(passage) && passage->reference_count)
        return true;
    return grants_cover_area(passage->delivery.grants, passage->house->geo, passage->arena, area,
                             detail);
}

static bool event_is_granted(const struct intake_grants *grants, const struct cap_info *info)
{
    if (listed(info->event, grants->events, grants->event_count))
        return true;
    for (size_t i = 0; i < info->event_codes.count; i++)
        if (listed(info->event_codes.items[i].value, grants->events, grants->event_count))
            return true;
    return false;
}

static const struct cap_info *event_not_granted(const struct passage *passage)
{
    const struct intake_grants *grants = passage->delivery.grants;
    if (!grants->event_count)
        return NULL;
    for (size_t i = 0; i < passage->alert->info_count; i++)
        if (!event_is_granted(grants, &passage->alert->infos[i]))
            return &passage->alert->infos[i];
    return NULL;
}

bool stage_grants(struct passage *passage)
{
    const struct intake_grants *grants = passage->delivery.grants;
    if (!grants)
        return true;
    if (!(passage->class == CLASS_ACTUAL ? grants->actual : grants->exercise))
        return passage_stop(passage, VERDICT_REFUSED, SLICE("inject.grant.class"),
                            "%.*s has no grant for class %s", SLICE_ARG(grants->authority),
                            alert_class_name(passage->class));
    const struct cap_info *info = event_not_granted(passage);
    if (info)
        return passage_stop(passage, VERDICT_REFUSED, SLICE("inject.grant.event"),
                            "%.*s has no grant for the event \"%.*s\"",
                            SLICE_ARG(grants->authority), SLICE_ARG(info->event));
    struct slice detail = {0};
    if (!area_is_granted(passage, &detail))
        return passage_stop(passage, VERDICT_REFUSED, SLICE("inject.grant.region"), "%.*s",
                            SLICE_ARG(detail));
    return true;
}
