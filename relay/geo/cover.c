#include "base/mem.h"
#include "geo/query.h"

#include <stdlib.h>

/* Layers of different makers disagree about one border by up to this (measured: 1.1 km). */
static const double disagreement_km = 1.2;
/* A shape that is no wider may lie within the disagreement as a whole. */
static const double small_shape_km2 = 2.4 * 2.4;
/* What must be in the country, of a small shape, for its units there to count. */
static const double small_share = 0.05;

struct cover {
    const struct geo *geo;
    struct geo_query *query;
    struct arena *arena;
    enum geo_layer layer;
    double least_share;
    struct geo_units kept;
    struct geo_units slivers; /* within the disagreement, or under the least share */
    size_t kept_capacity, slivers_capacity;
};

static void units_add(struct arena *arena, struct geo_units *units, size_t *capacity,
                      struct geo_unit unit)
{
    units->items = arena_grow(arena, units->items, units->count, capacity, sizeof(*units->items));
    units->items[units->count++] = unit;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? fmin(1, part / whole) : 0;
}

/* Fills both shares of a unit that the shape meets. A shape without area lies in the unit as a
 * whole. */
static void shares_set(struct cover *cover, const struct geo_file_unit *unit,
                       struct geo_relation relation, struct geo_unit *out)
{
    struct geo_query *query = cover->query;
    if (geo_query_area_km2(query) <= 0) {
        out->share = 0;
        out->share_of_shape = 1;
        return;
    }
    bool apart = !relation.crosses;
    double overlap;
    if (apart && !relation.unit_inside && query->ring_count == 1) {
        overlap = geo_query_area_km2(query);
    } else if (apart && !relation.shape_inside && unit->ring_count == 1) {
        overlap = unit->area_km2;
    } else {
        overlap = geo_query_overlap_km2(cover->geo, query, unit);
    }
    out->share = ratio(overlap, unit->area_km2);
    out->share_of_shape = ratio(overlap, geo_query_area_km2(query));
}

/* How far into a unit counts as more than touching: less in units that are small themselves. */
static double depth_of(const struct geo_file_unit *unit)
{
    return fmax(0.05, fmin(disagreement_km, sqrt(unit->area_km2) / 5));
}

static bool is_real_overlap(struct cover *cover, const struct geo_file_unit *unit,
                            struct geo_relation relation, const struct geo_unit *view)
{
    /* The border between the two countries is one line in the data: nothing to be careful about. */
    if (relation.shape_inside || view->share >= 0.5 || view->share_of_shape >= 0.5 ||
        cover->layer == GEO_COUNTRY || cover->query->work.exhausted) {
        return true;
    }
    return geo_query_is_deep(cover->geo, cover->query, unit, depth_of(unit));
}

static void unit_judge(struct cover *cover, uint32_t index)
{
    const struct geo_file_unit *unit = &cover->geo->units[index];
    struct geo_relation relation = geo_query_relate(cover->geo, cover->query, unit);
    if (!geo_relation_meets(relation)) {
        return;
    }
    struct geo_unit view = geo_unit_view(cover->geo, index);
    shares_set(cover, unit, relation, &view);
    bool too_little = view.share < cover->least_share && view.share_of_shape < cover->least_share;
    /* In this order: depth is dear to find, and most neighbours overlap by too little. */
    if (too_little || !is_real_overlap(cover, unit, relation, &view)) {
        units_add(cover->arena, &cover->slivers, &cover->slivers_capacity, view);
    } else {
        units_add(cover->arena, &cover->kept, &cover->kept_capacity, view);
    }
}

static enum side side_of_layer(enum geo_layer layer)
{
    switch (layer) {
    case GEO_CA_PROVINCE:
    case GEO_CA_CD:
    case GEO_CA_CSD:
    case GEO_CA_CLC:
        return SIDE_CA;
    case GEO_US_STATE:
    case GEO_US_COUNTY:
    case GEO_US_SAME_PART:
    case GEO_US_ZONE:
        return SIDE_US;
    default:
        return SIDE_NONE;
    }
}

/* UINT32_MAX where the country is not known. */
static uint32_t country_index(const struct geo *geo, enum side side)
{
    struct slice code = side == SIDE_CA ? SLICE("CA") : SLICE("US");
    return side == SIDE_NONE ? UINT32_MAX : geo_unit_index(geo, GEO_COUNTRY, code);
}

/* Share of the shape that lies in the country; 0 where the country is not known. */
static double country_share(const struct geo *geo, struct geo_query *query, enum side side)
{
    uint32_t index = country_index(geo, side);
    if (index == UINT32_MAX) {
        return 0;
    }
    const struct geo_file_unit *unit = &geo->units[index];
    struct geo_relation relation = geo_query_relate(geo, query, unit);
    if (!relation.crosses) {
        return geo_relation_meets(relation) ? 1 : 0;
    }
    double area_km2 = geo_query_area_km2(query);
    return area_km2 > 0 ? ratio(geo_query_overlap_km2(geo, query, unit), area_km2) : 0.5;
}

/* Layers that leave nothing of their country's land uncovered. */
static bool layer_is_gapless(enum geo_layer layer)
{
    return layer != GEO_COUNTRY && layer != GEO_CA_CLC && layer != GEO_US_SAME_PART;
}

/* That unit with its shares, taken off the slivers; both shares are 0 where the shape does not
 * meet it. */
static struct geo_unit sliver_take(struct cover *cover, struct geo_unit unit)
{
    unit.share = unit.share_of_shape = 0;
    for (size_t i = 0; i < cover->slivers.count; i++) {
        if (slice_eq(cover->slivers.items[i].code, unit.code)) {
            unit = cover->slivers.items[i];
            cover->slivers.items[i] = cover->slivers.items[--cover->slivers.count];
            break;
        }
    }
    return unit;
}

/* The one unit that is nearest, within the disagreement. */
static void nearest_keep(struct cover *cover)
{
    struct geo_candidates candidates =
        geo_query_candidates(cover->geo, cover->query, cover->layer, disagreement_km);
    uint32_t nearest = UINT32_MAX;
    double nearest_km = disagreement_km;
    for (size_t i = 0; i < candidates.count; i++) {
        double km = geo_query_distance_km(cover->geo, cover->query,
                                          &cover->geo->units[candidates.units[i]], nearest_km, 0);
        if (km <= nearest_km && (nearest == UINT32_MAX || km < nearest_km)) {
            nearest = candidates.units[i];
            nearest_km = km;
        }
    }
    if (nearest != UINT32_MAX) {
        units_add(cover->arena, &cover->kept, &cover->kept_capacity,
                  sliver_take(cover, geo_unit_view(cover->geo, nearest)));
    }
}

/*
 * A shape so small that all of it may fall into the gap or overlap between two layers: the
 * country's border is exact and decides whether it is there at all; then what it touches counts, or
 * what is next to it.
 */
static void small_shape_settle(struct cover *cover)
{
    enum side side = side_of_layer(cover->layer);
    if (cover->kept.count > 0 || cover->query->ring_count == 0 ||
        !geo_query_is_small(cover->query, small_shape_km2) ||
        country_share(cover->geo, cover->query, side) < small_share) {
        return;
    }
    size_t left = 0;
    for (size_t i = 0; i < cover->slivers.count; i++) {
        struct geo_unit unit = cover->slivers.items[i];
        if (unit.share_of_shape >= small_share) {
            units_add(cover->arena, &cover->kept, &cover->kept_capacity, unit);
        } else {
            cover->slivers.items[left++] = unit;
        }
    }
    cover->slivers.count = left;
    if (cover->kept.count == 0 && layer_is_gapless(cover->layer)) {
        nearest_keep(cover);
    }
}

static int unit_cmp(const void *a, const void *b)
{
    return slice_cmp(((const struct geo_unit *)a)->code, ((const struct geo_unit *)b)->code);
}

static void slivers_give(struct cover *cover, struct geo_units *slivers)
{
    if (cover->slivers.count > 1) {
        qsort(cover->slivers.items, cover->slivers.count, sizeof(*cover->slivers.items), unit_cmp);
    }
    cover->slivers.coarse = cover->query->coarse;
    *slivers = cover->slivers;
}

/* What is asked most often is an area far from the other country: then the box says it all, and no
 * query is made of the shape. */
struct geo_ready {
    struct geo_shape shape;
    bool is_plain;
    struct geo_box box; /* where it is plain */
    struct geo_query query;
    bool has_query; /* of this shape */
    bool coarse;    /* before any work */
};

struct geo_ready *geo_ready_create(const struct geo_shape *shape)
{
    struct geo_ready *ready = mem_alloc(sizeof(*ready));
    ready->query.arena = arena_create();
    geo_ready_renew(ready, shape);
    return ready;
}

void geo_ready_renew(struct geo_ready *ready, const struct geo_shape *shape)
{
    ready->shape = *shape;
    ready->is_plain = geo_plain_box(shape, &ready->box);
    ready->has_query = false;
}

void geo_ready_destroy(struct geo_ready *ready)
{
    if (ready) {
        geo_query_fini(&ready->query);
        free(ready);
    }
}

/* Nothing of the layer is near, nor its country, in which a small shape takes the nearest unit. */
static bool is_far_from(const struct geo *geo, const struct geo_ready *ready, enum geo_layer layer)
{
    if (!ready->is_plain || !geo_box_is_clear(geo, ready->box, layer, UINT32_MAX)) {
        return false;
    }
    uint32_t country = country_index(geo, side_of_layer(layer));
    return country == UINT32_MAX || geo_box_is_clear(geo, ready->box, GEO_COUNTRY, country);
}

static struct geo_query *query_of(struct geo_ready *ready)
{
    struct geo_query *query = &ready->query;
    if (!ready->has_query) {
        geo_query_renew(query, &ready->shape, 0);
        ready->has_query = true;
        ready->coarse = query->coarse;
    }
    /* Each layer has all of the work that one may do, whatever was asked before. */
    query->coarse = ready->coarse;
    query->work = (struct geo_work){.left = GEO_WORK_MAX};
    return query;
}

struct geo_units geo_ready_cover(const struct geo *geo, struct arena *arena,
                                 struct geo_ready *ready, enum geo_layer layer, double least_share,
                                 struct geo_units *slivers)
{
    if (is_far_from(geo, ready, layer)) {
        if (slivers) {
            *slivers = (struct geo_units){0};
        }
        return (struct geo_units){0};
    }
    struct geo_query *query = query_of(ready);
    struct cover cover = {
        .geo = geo, .query = query, .arena = arena, .layer = layer, .least_share = least_share};
    struct geo_candidates candidates = geo_query_candidates(geo, query, layer, 0);
    for (size_t i = 0; i < candidates.count; i++) {
        unit_judge(&cover, candidates.units[i]);
    }
    small_shape_settle(&cover);
    query->coarse = query->coarse || query->work.exhausted;
    cover.kept.coarse = query->coarse;
    if (slivers) {
        slivers_give(&cover, slivers);
    }
    return cover.kept;
}

struct geo_units geo_cover(const struct geo *geo, struct arena *arena,
                           const struct geo_shape *shape, enum geo_layer layer, double least_share,
                           struct geo_units *slivers)
{
    struct geo_ready *ready = geo_ready_create(shape);
    struct geo_units units = geo_ready_cover(geo, arena, ready, layer, least_share, slivers);
    geo_ready_destroy(ready);
    return units;
}

enum side geo_side_of(const struct geo *geo, const struct geo_shape *shape)
{
    struct geo_query query;
    geo_query_init(&query, shape, 0);
    double ca = country_share(geo, &query, SIDE_CA);
    double us = country_share(geo, &query, SIDE_US);
    geo_query_fini(&query);
    if (ca <= 0 && us <= 0) {
        return SIDE_NONE;
    }
    return ca >= us ? SIDE_CA : SIDE_US;
}
