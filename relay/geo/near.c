#include "geo/query.h"

#include <stdlib.h>

static const struct geo_file_unit *country_unit(const struct geo *geo, enum side side)
{
    struct slice code = side == SIDE_CA ? SLICE("CA") : SLICE("US");
    uint32_t index = geo_unit_index(geo, GEO_COUNTRY, code);
    return index == UINT32_MAX ? NULL : &geo->units[index];
}

static double country_km(const struct geo *geo, const struct geo_shape *shape, enum side side,
                         double limit_km, double enough_km)
{
    const struct geo_file_unit *unit = country_unit(geo, side);
    if (!unit) {
        return 0; /* not known where it is: as if it were here */
    }
    struct geo_query query;
    geo_query_init(&query, shape, limit_km);
    double km = geo_query_distance_km(geo, &query, unit, limit_km, enough_km);
    geo_query_fini(&query);
    return km;
}

bool geo_within(const struct geo *geo, const struct geo_shape *shape, enum side country, double km)
{
    return country_km(geo, shape, country, km, km) <= km;
}

double geo_distance_km(const struct geo *geo, const struct geo_shape *shape, enum side country,
                       double limit_km)
{
    double km = country_km(geo, shape, country, limit_km, 0);
    return km <= limit_km ? km : limit_km + 1;
}

static int region_cmp(const void *a, const void *b)
{
    const struct geo_unit *x = a;
    const struct geo_unit *y = b;
    return slice_cmp(x->region, y->region);
}

struct geo_units geo_regions(const struct geo *geo, struct arena *arena,
                             const struct geo_shape *shape, enum side side, double km)
{
    struct geo_query query;
    struct geo_units regions = {0};
    size_t capacity = 0;
    geo_query_init(&query, shape, km);
    struct geo_candidates candidates =
        geo_query_candidates(geo, &query, side == SIDE_CA ? GEO_CA_PROVINCE : GEO_US_STATE, km);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct geo_file_unit *unit = &geo->units[candidates.units[i]];
        if (geo_query_distance_km(geo, &query, unit, km, km) <= km) {
            regions.items =
                arena_grow(arena, regions.items, regions.count, &capacity, sizeof(*regions.items));
            regions.items[regions.count++] = geo_unit_view(geo, candidates.units[i]);
        }
    }
    if (regions.count > 1) {
        qsort(regions.items, regions.count, sizeof(*regions.items), region_cmp);
    }
    regions.coarse = query.coarse || query.work.exhausted;
    geo_query_fini(&query);
    return regions;
}
