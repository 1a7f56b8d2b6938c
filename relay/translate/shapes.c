#include "translate/areas.h"

#include <math.h>

/* IPAWS takes rings of at most 200 vertices, whatever the channel; drawn geocodes keep to it on
 * both sides. */
enum { RING_VERTICES_MAX = 200 };

/* Vertices looked up for one message: more could not be written, and codes are cheap to list by the
 * thousand. */
enum { DRAWN_POINTS_MAX = 200000 };

struct shape_list {
    struct cap_polygon *polygons;
    size_t polygon_count, polygon_capacity;
    struct cap_circle *circles;
    size_t circle_count, circle_capacity;
};

static void shape_add(struct work *work, struct shape_list *list, const struct geo_shape *shape)
{
    for (size_t i = 0; i < shape->polygon_count; i++) {
        list->polygons = arena_grow(work->arena, list->polygons, list->polygon_count,
                                    &list->polygon_capacity, sizeof(*list->polygons));
        list->polygons[list->polygon_count++] = shape->polygons[i];
    }
    for (size_t i = 0; i < shape->circle_count; i++) {
        list->circles = arena_grow(work->arena, list->circles, list->circle_count,
                                   &list->circle_capacity, sizeof(*list->circles));
        list->circles[list->circle_count++] = shape->circles[i];
    }
}

static struct geo_shape shape_of(const struct shape_list *list)
{
    return (struct geo_shape){.polygons = list->polygons,
                              .polygon_count = list->polygon_count,
                              .circles = list->circles,
                              .circle_count = list->circle_count};
}

struct geo_shape areas_shape(struct work *work, const struct cap_info *info)
{
    struct shape_list list = {0};
    for (size_t i = 0; i < info->area_count; i++) {
        const struct cap_area *area = &info->areas[i];
        struct geo_shape shape = {.polygons = area->polygons,
                                  .polygon_count = area->polygon_count,
                                  .circles = area->circles,
                                  .circle_count = area->circle_count};
        shape_add(work, &list, &shape);
    }
    return shape_of(&list);
}

/* The union of the area's codes of one scheme. */
static struct place place_by_scheme(struct work *work, const struct cap_area *area,
                                    struct slice scheme)
{
    struct place place = {.scheme = scheme};
    struct shape_list list = {0};
    for (size_t i = 0; i < area->geocodes.count; i++) {
        const struct cap_pair *geocode = &area->geocodes.items[i];
        if (!slice_ieq(geocode->name, scheme))
            continue;
        struct geo_shape shape = {0};
        bool coarse = false, national = false;
        if (work->drawn_points > DRAWN_POINTS_MAX ||
            geo_geocode_shape(work->options->geo, work->arena, geocode->name, geocode->value,
                              &shape, &coarse, &national, NULL) != OK) {
            place.unknown++;
            continue;
        }
        for (size_t j = 0; j < shape.polygon_count; j++)
            work->drawn_points += shape.polygons[j].count;
        place.coarse |= coarse;
        place.national |= national;
        shape_add(work, &list, &shape);
    }
    place.shape = shape_of(&list);
    place.known = list.polygon_count + list.circle_count > 0;
    place.from_geocodes = place.known && !place.national;
    return place;
}

enum { QUALITY_BEST = 4 };

/* Whole before partial, exact before coarse; among equals the one that came first. */
static int quality(const struct place *place)
{
    if (!place->known)
        return 0;
    return 1 + 2 * (place->unknown == 0) + !place->coarse;
}

static bool is_usable_scheme(struct work *work, struct slice name)
{
    /* Six digits called SAME by a Canadian sender may be ECCC's own codes, which collide with
     * counties. */
    return !work_to_us(work) || work_name_rule(work, "geocode", name).keep;
}

enum { SCHEMES_MAX = 8 };

/* The area's distinct schemes that may be looked up, UGC first: a zone's UGC is the zone itself,
 * its SAME codes are all counties that the zone touches. */
static size_t list_schemes(struct work *work, const struct cap_area *area,
                           struct slice schemes[SCHEMES_MAX])
{
    size_t count = 0;
    if (is_usable_scheme(work, SLICE("UGC")))
        schemes[count++] = SLICE("UGC");
    for (size_t i = 0; i < area->geocodes.count && count < SCHEMES_MAX; i++) {
        struct slice name = area->geocodes.items[i].name;
        bool listed = false;
        for (size_t j = 0; j < count; j++)
            listed |= slice_ieq(schemes[j], name);
        if (!listed && is_usable_scheme(work, name))
            schemes[count++] = name;
    }
    return count;
}

static struct place place_by_geocodes(struct work *work, const struct cap_area *area)
{
    struct place best = {0};
    struct slice schemes[SCHEMES_MAX];
    size_t count = list_schemes(work, area, schemes);
    for (size_t i = 0; i < count && quality(&best) < QUALITY_BEST; i++) {
        struct place place = place_by_scheme(work, area, schemes[i]);
        bool tells = quality(&best) == 0 && place.unknown > best.unknown;
        if (quality(&place) > quality(&best) || tells)
            best = place;
    }
    return best;
}

struct place place_of(struct work *work, const struct cap_area *area)
{
    struct place place = {.shape = {.polygons = area->polygons,
                                    .polygon_count = area->polygon_count,
                                    .circles = area->circles,
                                    .circle_count = area->circle_count}};
    place.known = area->polygon_count + area->circle_count > 0;
    if (place.known || !work->options->geo)
        return place;
    return place_by_geocodes(work, area);
}

/*
 * Five decimals, about a metre, or as many more as the number needs: a point that is rounded moves
 * inward as easily as outward. By integers, so that no locale and no rounding mode has a say; with
 * 13 decimals they still fit a double, whose own steps are as fine.
 */
static void put_degrees(struct buf *out, double degrees)
{
    enum { DECIMALS_MIN = 5, DECIMALS_MAX = 13 };
    int decimals = DECIMALS_MIN;
    long long scale = 100000;
    while (decimals < DECIMALS_MAX &&
           fabs((double)llround(degrees * (double)scale) / (double)scale - degrees) > 3e-14) {
        decimals++;
        scale *= 10;
    }
    long long units = llround(degrees * (double)scale);
    unsigned long long size = (unsigned long long)(units < 0 ? -units : units);
    char text[24]; /* a sign, 19 digits and a point */
    size_t at = sizeof text;
    for (int put = 0; put <= decimals || size > 0; put++) {
        if (put == decimals)
            text[--at] = '.';
        text[--at] = (char)('0' + size % 10);
        size /= 10;
    }
    if (units < 0)
        text[--at] = '-';
    buf_put(out, slice_of(text + at, sizeof text - at));
}

static struct slice ring_text(struct work *work, const struct cap_polygon *ring)
{
    enum { POINT_BYTES_MAX = 40 };
    struct buf out;
    buf_init(&out, ring->count * POINT_BYTES_MAX + 1);
    for (size_t i = 0; i < ring->count; i++) {
        if (i > 0)
            buf_put_char(&out, ' ');
        put_degrees(&out, ring->points[i].lat);
        buf_put_char(&out, ',');
        put_degrees(&out, ring->points[i].lon);
    }
    struct slice text = arena_copy(work->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

static bool same_point(struct cap_point a, struct cap_point b)
{
    return a.lat == b.lat && a.lon == b.lon;
}

static struct cap_polygon closed(struct work *work, const struct cap_polygon *ring)
{
    if (ring->count == 0 || same_point(ring->points[0], ring->points[ring->count - 1]))
        return *ring;
    struct cap_polygon copy = {.count = ring->count + 1};
    copy.points = arena_alloc_array(work->arena, copy.count, sizeof(*copy.points));
    memcpy(copy.points, ring->points, ring->count * sizeof(*copy.points));
    copy.points[ring->count] = ring->points[0];
    return copy;
}

struct drawing {
    struct shape_list list;
    size_t repeating, simplified; /* rings that were changed */
};

static void ring_add(struct work *work, struct cap_polygon ring, struct drawing *drawing)
{
    if (slice_is_empty(ring.text))
        ring.text = ring_text(work, &ring);
    ring.line = 0;
    shape_add(work, &drawing->list, &(struct geo_shape){.polygons = &ring, .polygon_count = 1});
}

/* One that crosses itself is parted first: what is simplified outward must have an inside. The
 * boundaries' own rings do not cross. */
static void ring_simplify(struct work *work, const struct cap_polygon *ring, bool from_boundaries,
                          struct drawing *drawing)
{
    struct cap_polygon *parts = (struct cap_polygon *)ring;
    size_t count = from_boundaries ? 1 : geo_uncrossed_rings(work->arena, ring, &parts);
    for (size_t i = 0; i < count; i++) {
        struct cap_polygon part = geo_simplify_outward(work->arena, &parts[i], RING_VERTICES_MAX);
        part.text = (struct slice){0};
        ring_add(work, part, drawing);
    }
    drawing->simplified++;
}

/* As the source wrote it where nothing changed, else from its points. */
static void ring_write(struct work *work, const struct cap_polygon *given,
                       const struct place *place, struct drawing *drawing)
{
    bool limited = work_to_us(work) || place->from_geocodes;
    struct cap_polygon ring = closed(work, given);
    struct cap_polygon *rings = &ring;
    size_t count = work_to_us(work) ? geo_simple_rings(work->arena, &ring, &rings) : 1;
    drawing->repeating += count > 1 || rings[0].count != ring.count;
    for (size_t i = 0; i < count; i++) {
        if (limited && rings[i].count > RING_VERTICES_MAX)
            ring_simplify(work, &rings[i], place->from_geocodes, drawing);
        else
            ring_add(work, rings[i], drawing);
    }
}

static void note_drawing(struct work *work, const char *path, const struct drawing *drawing)
{
    if (drawing->repeating > 0)
        notes_add(work->notes, work->arena, NOTE_SHAPE_REPEATS, path,
                  "Points that a ring has twice are written once (rings: %zu).",
                  drawing->repeating);
    if (drawing->simplified > 0)
        notes_add(work->notes, work->arena, NOTE_SHAPE_SIMPLIFIED, path,
                  "Rings of more than %d vertices are drawn with fewer, outward.",
                  RING_VERTICES_MAX);
}

/* Where ring `given` of the source, or of its codes, went: rings `first` and on. */
static void trace_ring(struct work *work, const char *path, const struct place *place, size_t given,
                       size_t first, const struct drawing *drawing, const struct drawing *before)
{
    const struct cap_polygon *source = &place->shape.polygons[given];
    const struct shape_list *list = &drawing->list;
    if (!place->from_geocodes && list->polygon_count == first + 1 &&
        slice_eq(source->text, list->polygons[first].text))
        return;
    const char *from = arena_printf(work->arena, "%s/polygon[%zu]", path, given + 1).ptr;
    for (size_t i = first; i < list->polygon_count; i++)
        trace_add(work->trace, work->arena, TRACE_COMPUTED, place->from_geocodes ? path : from,
                  arena_printf(work->arena, "%s/polygon[%zu]", path, i + 1).ptr, "geo: %s%.*s%s",
                  place->from_geocodes ? "the boundaries of its codes, scheme " : "written anew",
                  SLICE_ARG(text_short(place->from_geocodes ? place->scheme : SLICE(""), 60)),
                  drawing->simplified > before->simplified ? ", simplified outward"
                  : drawing->repeating > before->repeating ? ", repeated points dropped"
                  : place->from_geocodes                   ? ""
                                                           : ", closed");
}

void shape_write(struct work *work, const char *path, const struct place *place,
                 struct cap_area *area)
{
    struct drawing drawing = {0};
    size_t count = place->national ? 0 : place->shape.polygon_count;
    for (size_t i = 0; i < count; i++) {
        const struct drawing before = drawing;
        ring_write(work, &place->shape.polygons[i], place, &drawing);
        if (work->trace)
            trace_ring(work, path, place, i, before.list.polygon_count, &drawing, &before);
    }
    area->polygons = drawing.list.polygons;
    area->polygon_count = drawing.list.polygon_count;
    note_drawing(work, path, &drawing);
    if (!place->from_geocodes)
        return;
    area->circles =
        arena_alloc_array(work->arena, place->shape.circle_count, sizeof(*area->circles));
    area->circle_count = place->shape.circle_count;
    if (area->circle_count > 0)
        memcpy(area->circles, place->shape.circles, area->circle_count * sizeof(*area->circles));
}
