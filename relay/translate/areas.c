/*
 * Areas: shapes are copied, geocodes of the target side are computed from them, and those of the
 * source side stay where they cannot be mistaken. What has only geocodes gets their shape.
 */
#include "translate/areas.h"

#include "translate/internal.h"

/* Codes of one area for one note, with the first of them spelled out. */
struct code_list {
    struct slice text;
    size_t count;
};

enum { CODES_SPELLED_MAX = 12 };

static void list_code(struct work *work, struct code_list *list, struct slice code)
{
    list->count++;
    if (list->count <= CODES_SPELLED_MAX)
        list->text = arena_printf(work->arena, "%.*s%s%.*s", SLICE_ARG(list->text),
                                  list->count > 1 ? ", " : "", SLICE_ARG(text_short(code, 40)));
    else if (list->count == CODES_SPELLED_MAX + 1)
        list->text = arena_printf(work->arena, "%.*s, ...", SLICE_ARG(list->text));
}

static void note_codes(struct work *work, const char *code, const char *path,
                       const struct code_list *list, const char *what)
{
    if (list->count > 0)
        notes_add(work->notes, work->arena, code, path, "%s (%zu): %.*s.", what, list->count,
                  SLICE_ARG(list->text));
}

static const char *target_location(const struct work *work)
{
    return work_to_us(work) ? "SAME" : "profile:CAP-CP:Location:0.3";
}

struct coverage {
    struct work *work;
    const char *path; /* of the area */
    struct geo_ready *shape;
    struct pair_list *list;
    struct code_list slivers;
    bool coarse;
};

static bool is_marine_same(struct slice same)
{
    return same.len == 6 &&
           !slice_is_empty(table_cell("same_marine_areas", slice_sub(same, 1, 3), "ugc_prefix"));
}

static struct geo_units cover(struct coverage *coverage, enum geo_layer layer)
{
    const struct translate_options *options = coverage->work->options;
    struct geo_units slivers = {0};
    struct geo_units units = geo_ready_cover(options->geo, coverage->work->arena, coverage->shape,
                                             layer, options->sliver_share, &slivers);
    for (size_t i = 0; i < slivers.count; i++) {
        const struct geo_unit *unit = &slivers.items[i];
        if (layer == GEO_US_SAME_PART && !is_marine_same(unit->code))
            continue;
        double percent = 100 * unit->share;
        struct slice told = percent < 0.01 ? SLICE("less than 0.01")
                                           : arena_printf(coverage->work->arena, "%.2g", percent);
        list_code(coverage->work, &coverage->slivers,
                  arena_printf(coverage->work->arena, "%.*s (%.*s %% of it)", SLICE_ARG(unit->code),
                               SLICE_ARG(told)));
    }
    coverage->coarse |= units.coarse;
    return units;
}

/* One code, and in the trace what it rests on. */
static void add_code(struct coverage *coverage, const char *name, struct slice code,
                     const struct geo_unit *unit)
{
    static const char *const layers[] = {
        [GEO_CA_PROVINCE] = "province",      [GEO_CA_CD] = "census division",
        [GEO_CA_CSD] = "census subdivision", [GEO_US_COUNTY] = "county",
        [GEO_US_SAME_PART] = "marine zone",
    };
    struct work *work = coverage->work;
    size_t before = coverage->list->pairs.count;
    pair_list_add_once(work, coverage->list, slice_from_cstr(name), code);
    if (!work->trace || coverage->list->pairs.count == before)
        return;
    struct slice to = arena_printf(work->arena, "%s/geocode[%zu]", coverage->path, before + 1);
    trace_add(work->trace, work->arena, TRACE_COMPUTED, coverage->path, to.ptr,
              "geo: %.3f of the %s %.*s, %.3f of the shape", unit->share, layers[unit->layer],
              SLICE_ARG(unit->code), unit->share_of_shape);
}

/* ssCnnn of the county, ssZnnn of the marine zone with that SAME code 0SSnnn. */
static void add_same_and_ugc(struct coverage *coverage, const struct geo_unit *unit, bool marine)
{
    struct slice letters =
        marine ? table_cell("same_marine_areas", slice_sub(unit->code, 1, 3), "ugc_prefix")
               : table_cell("us_states", slice_sub(unit->code, 1, 3), "postal");
    add_code(coverage, "SAME", unit->code, unit);
    if (unit->code.len == 6 && !slice_is_empty(letters))
        add_code(coverage, "UGC",
                 arena_printf(coverage->work->arena, "%.*s%c%.*s", SLICE_ARG(letters),
                              marine ? 'Z' : 'C', SLICE_ARG(slice_sub(unit->code, 3, 6))),
                 unit);
}

static void cover_counties(struct coverage *coverage)
{
    struct geo_units counties = cover(coverage, GEO_US_COUNTY);
    for (size_t i = 0; i < counties.count; i++)
        add_same_and_ugc(coverage, &counties.items[i], false);
}

/* Parts of counties are in the same layer; their county's code says enough. */
static void cover_marine(struct coverage *coverage)
{
    struct geo_units zones = cover(coverage, GEO_US_SAME_PART);
    for (size_t i = 0; i < zones.count; i++) {
        if (is_marine_same(zones.items[i].code))
            add_same_and_ugc(coverage, &zones.items[i], true);
    }
}

/* Of a unit's area from which on it counts as covered whole, so that its own code says no more than
 * its parts' would. */
#define WHOLE_SHARE 0.98

/*
 * Canadian readers take a code for all that lies in it, so the finest layer speaks: a province or a
 * census division only where it is covered whole, or where the boundaries know nothing finer
 * inside.
 */
static void cover_parts(struct coverage *coverage, struct geo_units units,
                        const enum geo_layer *finer)
{
    struct geo_units parts = {0};
    if (*finer != GEO_NONE && geo_has_layer(coverage->work->options->geo, *finer))
        parts = cover(coverage, *finer);
    for (size_t i = 0; i < units.count; i++) {
        const struct geo_unit *unit = &units.items[i];
        struct geo_units inside = {
            .items = arena_alloc_array(coverage->work->arena, parts.count, sizeof(*inside.items))};
        for (size_t j = 0; j < parts.count && unit->share < WHOLE_SHARE; j++) {
            if (parts.items[j].code.len >= unit->code.len &&
                slice_eq(slice_sub(parts.items[j].code, 0, unit->code.len), unit->code))
                inside.items[inside.count++] = parts.items[j];
        }
        if (inside.count > 0)
            cover_parts(coverage, inside, finer + 1);
        else
            add_code(coverage, target_location(coverage->work), unit->code, unit);
    }
}

static void cover_provinces(struct coverage *coverage)
{
    static const enum geo_layer finer[] = {GEO_CA_CD, GEO_CA_CSD, GEO_NONE, GEO_NONE};
    cover_parts(coverage, cover(coverage, GEO_CA_PROVINCE), finer);
}

/* Forty times the largest recorded alert; what goes beyond is meant to be slow. */
enum { COVERED_AREAS_MAX = 10000 };

static void add_coverage(struct work *work, const char *path, const struct geo_shape *shape,
                         struct pair_list *list)
{
    struct coverage coverage = {.work = work, .path = path, .list = list};
    size_t before = list->pairs.count;
    if (work->covered_areas++ >= COVERED_AREAS_MAX) {
        notes_add(work->notes, work->arena, NOTE_AREA_UNCODED, path,
                  "Only the first %d areas of a message are coded.", COVERED_AREAS_MAX);
        return;
    }
    if (work->ready)
        geo_ready_renew(work->ready, shape);
    else
        work->ready = geo_ready_create(shape);
    coverage.shape = work->ready;
    if (work_to_us(work)) {
        cover_counties(&coverage);
        cover_marine(&coverage);
    } else {
        cover_provinces(&coverage);
    }
    note_codes(work, NOTE_GEOCODE_SLIVER, path, &coverage.slivers,
               "Overlapped by too little to be coded");
    if (coverage.coarse)
        notes_add(work->notes, work->arena, NOTE_GEOCODE_COARSE, path,
                  "So many vertices that coverage was answered by boxes.");
    if (list->pairs.count == before)
        notes_add(work->notes, work->arena, NOTE_AREA_UNCODED, path,
                  "The shape overlaps no %s of the target side.",
                  work_to_us(work) ? "county or known marine zone" : "province");
}

/* Location codes that the source gave and that say the same on both sides. */
static void keep_geocodes(struct work *work, const char *path, const struct cap_area *area,
                          struct pair_list *list)
{
    struct code_list dropped = {0}, refused = {0};
    struct name_rule rule = {0};
    for (size_t i = 0; i < area->geocodes.count; i++) {
        const struct cap_pair *geocode = &area->geocodes.items[i];
        /* Names come in runs of dozens. */
        if (i == 0 || !slice_eq(geocode->name, geocode[-1].name))
            rule = work_name_rule(work, "geocode", geocode->name);
        if (slice_is_empty(geocode->name) || slice_is_empty(geocode->value)) {
            if (work->trace)
                trace_add(work->trace, work->arena, TRACE_DROPPED,
                          arena_printf(work->arena, "%s/geocode[%zu]", path, i + 1).ptr, "",
                          "rule: a code without name or value says nothing");
            continue;
        }
        if (rule.keep)
            pair_list_add(work, list, geocode->name, geocode->value);
        else
            list_code(work, work_to_us(work) ? &refused : &dropped, geocode->value);
        if (work->trace && !rule.keep)
            trace_add(work->trace, work->arena, TRACE_DROPPED,
                      arena_printf(work->arena, "%s/geocode[%zu]", path, i + 1).ptr, "",
                      "value_names:geocode: %.*s", SLICE_ARG(rule.reason));
    }
    note_codes(work, NOTE_GEOCODE_DROPPED, path, &dropped,
               "Codes that a Canadian reader could take for others are left out");
    note_codes(work, NOTE_GEOCODE_REFUSED, path, &refused,
               "US location codes from a Canadian source are not taken over");
}

/* A zone at sea or on the Great Lakes by ECCC's code: what lies beside it on the US side are marine
 * zones, which only the full grade of boundaries has. */
static void note_marine(struct work *work, const char *path, const struct cap_area *area)
{
    if (!work_to_us(work) || !work->options->geo ||
        geo_has_layer(work->options->geo, GEO_US_SAME_PART))
        return;
    struct code_list list = {0};
    for (size_t i = 0; i < area->geocodes.count; i++) {
        const struct cap_pair *geocode = &area->geocodes.items[i];
        struct slice name = table_cell("clc_marine_zones", geocode->value, "name_en");
        if (!slice_is_empty(name) && slice_ends_with(geocode->name, ":CLC"))
            list_code(work, &list, name);
    }
    note_codes(work, NOTE_GEOCODE_UNKNOWN, path, &list,
               "These boundaries have no marine zones, so none is coded beside ECCC's");
}

static void note_derived_shape(struct work *work, const char *path, const struct place *place)
{
    if (place->national)
        notes_add(work->notes, work->arena, NOTE_AREA_NATIONAL, path,
                  "The whole country; no shape is drawn for it.");
    if (place->from_geocodes)
        notes_add(work->notes, work->arena, NOTE_SHAPE_FROM_GEOCODE, path,
                  "The shape is that of its %.*s codes.", SLICE_ARG(text_short(place->scheme, 60)));
    if (place->coarse)
        notes_add(work->notes, work->arena, NOTE_GEOCODE_COARSE, path,
                  "A wider unit stands in for a code without boundary of its own.");
    if (place->unknown > 0)
        notes_add(work->notes, work->arena, NOTE_GEOCODE_UNKNOWN, path,
                  "No boundary for %zu of its location codes.", place->unknown);
}

static void drop_height(struct work *work, const char *path, const char *element,
                        struct slice *height, const char *why)
{
    notes_add(work->notes, work->arena, NOTE_ALTITUDE_DROPPED, path, "%s: %.*s.", why,
              SLICE_ARG(text_short(*height, 40)));
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_DROPPED,
                  arena_printf(work->arena, "%s/%s", path, element).ptr, "", "rule: %s", why);
    *height = (struct slice){0};
}

static void fill_area(struct work *work, const char *path, struct cap_area *area)
{
    if (slice_is_empty(area->area_desc)) {
        area->area_desc = SLICE("Unnamed area");
        if (work->trace)
            trace_add(work->trace, work->arena, TRACE_ADDED, "",
                      arena_printf(work->arena, "%s/areaDesc", path).ptr,
                      "rule: areaDesc is mandatory");
        notes_add(work->notes, work->arena, NOTE_AREA_FILLED, path, "areaDesc was missing.");
    }
    if (area->unreadable_shapes > 0)
        notes_add(work->notes, work->arena, NOTE_SHAPE_UNREADABLE, path,
                  "%u unreadable polygons or circles are left out.", area->unreadable_shapes);
    if (!slice_is_empty(area->altitude) && !text_is_decimal(area->altitude))
        drop_height(work, path, "altitude", &area->altitude, "Not a height");
    if (!slice_is_empty(area->ceiling) && !text_is_decimal(area->ceiling))
        drop_height(work, path, "ceiling", &area->ceiling, "Not a height");
    if (!slice_is_empty(area->ceiling) && slice_is_empty(area->altitude))
        drop_height(work, path, "ceiling", &area->ceiling, "A ceiling without an altitude");
}

/* CAP-CP wants a location in each area. */
static void add_unknown_location(struct work *work, const char *path, struct pair_list *list)
{
    pair_list_add(work, list, slice_from_cstr(target_location(work)), SLICE("none"));
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_ADDED, "",
                  arena_printf(work->arena, "%s/geocode[%zu]", path, list->pairs.count).ptr,
                  "rule: a Canadian location that is not known is `none`");
}

static void translate_area(struct work *work, size_t i, size_t j, const struct cap_area *given,
                           struct cap_area *area)
{
    const char *path = path_area(work, i, j, NULL);
    struct pair_list list = {0};
    struct place place = place_of(work, given);
    *area = *given;
    area->line = 0;
    fill_area(work, path, area);
    note_derived_shape(work, path, &place);
    note_marine(work, path, given);
    keep_geocodes(work, path, given, &list);
    if (work->options->geo && place.known && !place.national)
        add_coverage(work, path, &place.shape, &list);
    if (!work_to_us(work) && slice_is_empty(cap_pairs_find(&list.pairs, target_location(work))))
        add_unknown_location(work, path, &list);
    area->geocodes = list.pairs;
    shape_write(work, path, &place, area);
}

static bool same_pairs(const struct cap_pairs *a, const struct cap_pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!slice_eq(a->items[i].name, b->items[i].name) ||
            !slice_eq(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

static bool same_place(const struct cap_area *a, const struct cap_area *b)
{
    if (a->polygon_count != b->polygon_count || a->circle_count != b->circle_count ||
        a->unreadable_shapes != b->unreadable_shapes || !same_pairs(&a->geocodes, &b->geocodes))
        return false;
    for (size_t i = 0; i < a->polygon_count; i++) {
        if (a->polygons[i].count != b->polygons[i].count ||
            memcmp(a->polygons[i].points, b->polygons[i].points,
                   a->polygons[i].count * sizeof(struct cap_point)) != 0)
            return false;
    }
    for (size_t i = 0; i < a->circle_count; i++) {
        const struct cap_circle *one = &a->circles[i], *other = &b->circles[i];
        if (one->centre.lat != other->centre.lat || one->centre.lon != other->centre.lon ||
            one->radius_km != other->radius_km)
            return false;
    }
    return true;
}

/* The same place in an earlier info, under whatever name: languages repeat areas, and coverage is
 * the costly part. */
enum {
    LOOK_BACK_MAX = 8
}; /* infos; a bilingual message with endings has its languages four apart */

static const struct cap_area *translated_before(struct work *work, size_t i, size_t j, size_t *info)
{
    for (size_t k = i; k-- > 0 && i - k <= LOOK_BACK_MAX;) {
        if (j < work->infos[k]->area_count &&
            same_place(&work->infos[k]->areas[j], &work->infos[i]->areas[j])) {
            *info = k;
            return &work->derived->infos[k].areas[j];
        }
    }
    return NULL;
}

static void copy_place(struct work *work, size_t i, size_t j, size_t before_info,
                       const struct cap_area *before, struct cap_area *area)
{
    if (work->trace)
        trace_repeat(work->trace, work->arena, path_area(work, before_info, j, NULL),
                     path_area(work, i, j, NULL));
    *area = work->infos[i]->areas[j];
    area->line = 0;
    fill_area(work, path_area(work, i, j, NULL), area);
    area->polygons = before->polygons;
    area->polygon_count = before->polygon_count;
    area->circles = before->circles;
    area->circle_count = before->circle_count;
    area->geocodes = before->geocodes;
}

enum err_code step_areas(struct work *work, struct err *err)
{
    (void)err;
    bool any = false;
    for (size_t i = 0; i < work->derived->info_count; i++) {
        const struct cap_info *given = work->infos[i];
        struct cap_info *info = &work->derived->infos[i];
        info->areas = arena_alloc_array(work->arena, given->area_count, sizeof(*info->areas));
        for (size_t j = 0; j < given->area_count; j++) {
            size_t before_info = 0;
            const struct cap_area *before = translated_before(work, i, j, &before_info);
            any = true;
            if (before)
                copy_place(work, i, j, before_info, before, &info->areas[j]);
            else
                translate_area(work, i, j, &given->areas[j], &info->areas[j]);
        }
    }
    geo_ready_destroy(work->ready);
    work->ready = NULL;
    if (any && !work->options->geo)
        notes_add(work->notes, work->arena, NOTE_NO_BOUNDARIES, "alert/info/area",
                  "No boundaries: shapes are copied, location codes are not computed.");
    return OK;
}
