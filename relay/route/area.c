#include "route/area.h"

#include <math.h>

#define KM_PER_DEGREE 111.195

/*
 * Real alerts have two or three schemes and some thousand vertices. What goes beyond counts as not
 * resolved, so that nobody can keep the relay busy with one message.
 */
enum { SCHEMES_MAX = 16, VERTICES_MAX = 1000 * 1000, INFOS_COMPARED = 8 };

struct gather {
    const struct geo *geo;
    struct arena *arena;
    bool shapes_outrank_codes;
    struct cap_polygon *polygons;
    size_t polygon_count, polygon_capacity;
    struct cap_circle *circles;
    size_t circle_count, circle_capacity;
    size_t *vertices; /* that geocodes gave, over the whole alert */
    struct route_area *out;
};

static void add_shape(struct gather *gather, const struct geo_shape *shape)
{
    for (size_t i = 0; i < shape->polygon_count; i++) {
        gather->polygons = arena_grow(gather->arena, gather->polygons, gather->polygon_count,
                                      &gather->polygon_capacity, sizeof(*gather->polygons));
        gather->polygons[gather->polygon_count++] = shape->polygons[i];
    }
    for (size_t i = 0; i < shape->circle_count; i++) {
        gather->circles = arena_grow(gather->arena, gather->circles, gather->circle_count,
                                     &gather->circle_capacity, sizeof(*gather->circles));
        gather->circles[gather->circle_count++] = shape->circles[i];
    }
}

/* What the codes of one scheme give. */
struct scheme {
    struct gather gather;
    bool whole;  /* every code has a shape */
    bool coarse; /* a wider unit stands in for one */
};

static void add_geocode(struct scheme *scheme, const struct cap_pair *pair)
{
    struct gather *gather = &scheme->gather;
    struct geo_shape shape = {0};
    bool coarse = false, national = false;
    if (!gather->geo || *gather->vertices > VERTICES_MAX ||
        geo_geocode_shape(gather->geo, gather->arena, pair->name, pair->value, &shape, &coarse,
                          &national, NULL) != OK) {
        scheme->whole = false;
        return;
    }
    scheme->coarse |= coarse;
    gather->out->national |= national;
    for (size_t i = 0; i < shape.polygon_count; i++)
        *gather->vertices += shape.polygons[i].count;
    add_shape(gather, &shape);
}

static struct scheme read_scheme(const struct gather *gather, const struct cap_pairs *codes,
                                 struct slice name)
{
    struct scheme scheme = {.gather = {.geo = gather->geo,
                                       .arena = gather->arena,
                                       .vertices = gather->vertices,
                                       .out = gather->out},
                            .whole = true};
    for (size_t i = 0; i < codes->count; i++)
        if (slice_ieq(codes->items[i].name, name))
            add_geocode(&scheme, &codes->items[i]);
    return scheme;
}

static struct geo_shape shape_of(const struct gather *gather)
{
    return (struct geo_shape){gather->polygons, gather->polygon_count, gather->circles,
                              gather->circle_count};
}

static size_t schemes_of(const struct cap_pairs *codes, struct slice names[SCHEMES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < codes->count && count < SCHEMES_MAX; i++) {
        size_t k = 0;
        while (k < count && !slice_ieq(names[k], codes->items[i].name))
            k++;
        if (k == count)
            names[count++] = codes->items[i].name;
    }
    return count;
}

/*
 * Schemes of one area say the same in other words. Those that are whole and exact count; where
 * there is none, and no shape either, whatever the others give.
 */
static bool add_geocodes(struct gather *gather, const struct cap_pairs *codes, bool has_shape)
{
    struct slice names[SCHEMES_MAX];
    size_t name_count = schemes_of(codes, names);
    bool exact = false, whole = false;
    struct gather rest = {.arena = gather->arena};
    for (size_t i = 0; i < name_count; i++) {
        struct scheme scheme = read_scheme(gather, codes, names[i]);
        struct geo_shape shape = shape_of(&scheme.gather);
        bool counts = scheme.whole && !scheme.coarse;
        add_shape(counts ? gather : &rest, &shape);
        exact |= counts;
        whole |= scheme.whole;
    }
    if (exact || has_shape)
        return exact;
    struct geo_shape shape = shape_of(&rest);
    add_shape(gather, &shape);
    return whole;
}

static void add_area(struct gather *gather, const struct cap_area *area)
{
    struct geo_shape own = {area->polygons, area->polygon_count, area->circles, area->circle_count};
    bool has_shape = own.polygon_count || own.circle_count;
    add_shape(gather, &own);
    bool resolved = has_shape && !area->unreadable_shapes;
    if (!has_shape || !gather->shapes_outrank_codes || !resolved)
        resolved |= add_geocodes(gather, &area->geocodes, has_shape);
    gather->out->given = true;
    if (resolved)
        return;
    if (!gather->out->unresolved)
        gather->out->unresolved_desc = area->area_desc;
    gather->out->unresolved = true;
}

/* --- language blocks repeat their areas --- */

static bool same_pairs(const struct cap_pairs *a, const struct cap_pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!slice_eq(a->items[i].name, b->items[i].name) ||
            !slice_eq(a->items[i].value, b->items[i].value))
            return false;
    return true;
}

static bool same_area(const struct cap_area *a, const struct cap_area *b)
{
    if (a->polygon_count != b->polygon_count || a->circle_count != b->circle_count ||
        a->unreadable_shapes != b->unreadable_shapes)
        return false;
    for (size_t i = 0; i < a->polygon_count; i++)
        if (!slice_eq(a->polygons[i].text, b->polygons[i].text))
            return false;
    for (size_t i = 0; i < a->circle_count; i++)
        if (!slice_eq(a->circles[i].text, b->circles[i].text))
            return false;
    return same_pairs(&a->geocodes, &b->geocodes);
}

static bool repeats(const struct alert *alert, size_t info, size_t area)
{
    const struct cap_area *self = &alert->infos[info].areas[area];
    for (size_t i = info > INFOS_COMPARED ? info - INFOS_COMPARED : 0; i < info; i++)
        if (area < alert->infos[i].area_count && same_area(self, &alert->infos[i].areas[area]))
            return true;
    return false;
}

/* --- the box --- */

struct span {
    double low, high;
};

static void widen(struct span *span, double low, double high)
{
    span->low = fmin(span->low, low);
    span->high = fmax(span->high, high);
}

static double eastward(double lon)
{
    return lon < 0 ? lon + 360 : lon;
}

/* Longitudes are spanned both from -180 and from 0; the narrower one is the box. */
static void add_point(struct cap_point point, double margin_km, struct span *lat, struct span *lon,
                      struct span *east)
{
    double dlat = margin_km / KM_PER_DEGREE;
    double shrink = cos(fmin(fabs(point.lat) + dlat, 89.0) * M_PI / 180);
    double dlon = fmin(dlat / shrink, 180);
    widen(lat, fmax(point.lat - dlat, -90), fmin(point.lat + dlat, 90));
    widen(lon, point.lon - dlon, point.lon + dlon);
    widen(east, eastward(point.lon) - dlon, eastward(point.lon) + dlon);
}

static double wrapped(double lon)
{
    return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}

static struct route_box box_of(const struct geo_shape *shape)
{
    struct span lat = {INFINITY, -INFINITY}, lon = lat, east = lat;
    for (size_t i = 0; i < shape->polygon_count; i++)
        for (size_t k = 0; k < shape->polygons[i].count; k++)
            add_point(shape->polygons[i].points[k], 0, &lat, &lon, &east);
    for (size_t i = 0; i < shape->circle_count; i++)
        add_point(shape->circles[i].centre, shape->circles[i].radius_km, &lat, &lon, &east);
    if (lat.low > lat.high)
        return (struct route_box){0};
    struct span *best = east.high - east.low < lon.high - lon.low ? &east : &lon;
    if (best->high - best->low >= 360)
        return (struct route_box){true, -180, lat.low, 180, lat.high};
    return (struct route_box){true, wrapped(best->low), lat.low, wrapped(best->high), lat.high};
}

void route_area_of(const struct geo *geo, struct arena *arena, const struct alert *alert,
                   bool shapes_outrank_codes, struct route_area *out)
{
    size_t vertices = 0;
    *out = (struct route_area){0};
    struct gather gather = {.geo = geo,
                            .arena = arena,
                            .vertices = &vertices,
                            .shapes_outrank_codes = shapes_outrank_codes,
                            .out = out};
    for (size_t i = 0; i < alert->info_count; i++)
        for (size_t k = 0; k < alert->infos[i].area_count; k++)
            if (!repeats(alert, i, k))
                add_area(&gather, &alert->infos[i].areas[k]);
    out->shape = shape_of(&gather);
    out->usable = gather.polygon_count || gather.circle_count;
    if (!out->given)
        out->unresolved = true;
    out->box = box_of(&out->shape);
}
