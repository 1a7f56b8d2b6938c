#include "translate/leaves.h"

#include <stdio.h>

struct reading {
    struct leaves *leaves;
    struct arena *arena;
};

/* The leaf itself, its list, and all that contain it. */
static void add_range(struct reading *reading, struct slice path, size_t leaf)
{
    struct leaf_range *range = map_get(reading->leaves->ranges, path);
    if (!range) {
        range = arena_alloc(reading->arena, sizeof(*range));
        range->first = leaf;
        map_put(reading->leaves->ranges, path, range);
    }
    range->end = leaf + 1;
}

static void add_ranges(struct reading *reading, struct slice path, size_t leaf)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/' || path.ptr[i] == '[')
            add_range(reading, slice_sub(path, 0, i), leaf);
    }
    add_range(reading, path, leaf);
}

/* `item` counts from 0; a negative one is of an element that occurs once. */
static struct leaf *add(struct reading *reading, struct slice parent, const char *element,
                        long item, struct slice value)
{
    struct leaves *leaves = reading->leaves;
    leaves->too_many |= leaves->count == LEAVES_MAX;
    if (slice_is_empty(value) || leaves->too_many)
        return NULL;
    char number[32] = "";
    if (item >= 0)
        snprintf(number, sizeof(number), "[%ld]", item + 1);
    struct slice path =
        arena_printf(reading->arena, "%.*s/%s%s", SLICE_ARG(parent), element, number);
    leaves->items = arena_grow(reading->arena, leaves->items, leaves->count, &leaves->capacity,
                               sizeof(*leaves->items));
    struct leaf *leaf = &leaves->items[leaves->count++];
    *leaf = (struct leaf){
        .path = path, .value = value, .element = slice_from_cstr(element), .parent = parent};
    add_ranges(reading, path, leaves->count - 1);
    return leaf;
}

static void add_one(struct reading *reading, struct slice parent, const char *element,
                    struct slice value)
{
    add(reading, parent, element, -1, value);
}

static void add_name(struct reading *reading, struct slice parent, const char *element,
                     const char *name)
{
    add(reading, parent, element, -1, slice_from_cstr(name));
}

static struct slice time_text(struct reading *reading, const struct cap_time *time)
{
    if (!slice_is_empty(time->text) || !time->set)
        return time->text;
    return cap_time_make(reading->arena, time->utc_s, time->offset_min).text;
}

static void add_time(struct reading *reading, struct slice parent, const char *element,
                     const struct cap_time *time)
{
    add(reading, parent, element, -1, time_text(reading, time));
}

static void add_texts(struct reading *reading, struct slice parent, const char *element,
                      const struct cap_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        add(reading, parent, element, (long)i, texts->items[i]);
}

static void add_pairs(struct reading *reading, struct slice parent, const char *element,
                      const struct cap_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct cap_pair *pair = &pairs->items[i];
        if (!slice_is_empty(pair->name) || !slice_is_empty(pair->value))
            add(reading, parent, element, (long)i,
                arena_printf(reading->arena, "%.*s = %.*s", SLICE_ARG(pair->name),
                             SLICE_ARG(pair->value)));
    }
}

static void add_head(struct reading *reading, const struct alert *alert)
{
    struct slice at = SLICE("alert");
    add_one(reading, at, "identifier", alert->identifier);
    add_one(reading, at, "sender", alert->sender);
    add_time(reading, at, "sent", &alert->sent);
    add_name(reading, at, "status", cap_status_name(alert->status));
    add_name(reading, at, "msgType", cap_msg_type_name(alert->msg_type));
    add_one(reading, at, "source", alert->source);
    add_name(reading, at, "scope", cap_scope_name(alert->scope));
    add_one(reading, at, "restriction", alert->restriction);
    add_texts(reading, at, "addresses", &alert->addresses);
    add_texts(reading, at, "code", &alert->codes);
    add_one(reading, at, "note", alert->note);
    for (size_t i = 0; i < alert->reference_count; i++) {
        const struct cap_reference *reference = &alert->references[i];
        add(reading, at, "references", (long)i,
            arena_printf(reading->arena, "%.*s,%.*s,%.*s", SLICE_ARG(reference->sender),
                         SLICE_ARG(reference->identifier),
                         SLICE_ARG(time_text(reading, &reference->sent))));
    }
    add_texts(reading, at, "incidents", &alert->incidents);
    if (alert->signature_count > 0)
        add_one(reading, at, "Signature",
                arena_printf(reading->arena, "%u XML signatures", alert->signature_count));
}

static void add_polygon(struct reading *reading, struct slice parent, size_t k,
                        const struct cap_polygon *ring)
{
    struct slice value = slice_is_empty(ring->text)
                             ? arena_printf(reading->arena, "%zu points", ring->count)
                             : ring->text;
    struct leaf *leaf = add(reading, parent, "polygon", (long)k, value);
    if (leaf)
        leaf->ring = ring;
}

static void add_circle(struct reading *reading, struct slice parent, size_t k,
                       const struct cap_circle *circle)
{
    struct slice value = slice_is_empty(circle->text)
                             ? arena_printf(reading->arena, "%g,%g %g", circle->centre.lat,
                                            circle->centre.lon, circle->radius_km)
                             : circle->text;
    add(reading, parent, "circle", (long)k, value);
}

static void add_area(struct reading *reading, struct slice parent, const struct cap_area *area)
{
    add_one(reading, parent, "areaDesc", area->area_desc);
    for (size_t k = 0; k < area->polygon_count; k++)
        add_polygon(reading, parent, k, &area->polygons[k]);
    for (size_t k = 0; k < area->circle_count; k++)
        add_circle(reading, parent, k, &area->circles[k]);
    if (area->unreadable_shapes > 0)
        add_one(reading, parent, "unreadable",
                arena_printf(reading->arena, "%u polygons or circles", area->unreadable_shapes));
    add_pairs(reading, parent, "geocode", &area->geocodes);
    add_one(reading, parent, "altitude", area->altitude);
    add_one(reading, parent, "ceiling", area->ceiling);
}

static void add_resource(struct reading *reading, struct slice parent,
                         const struct cap_resource *resource)
{
    add_one(reading, parent, "resourceDesc", resource->resource_desc);
    add_one(reading, parent, "mimeType", resource->mime_type);
    add_one(reading, parent, "size", resource->size);
    add_one(reading, parent, "uri", resource->uri);
    add_one(reading, parent, "derefUri", resource->deref_uri);
    add_one(reading, parent, "digest", resource->digest);
}

static void add_words(struct reading *reading, struct slice at, const struct cap_info *info)
{
    add_one(reading, at, "senderName", info->sender_name);
    add_one(reading, at, "headline", info->headline);
    add_one(reading, at, "description", info->description);
    add_one(reading, at, "instruction", info->instruction);
    add_one(reading, at, "web", info->web);
    add_one(reading, at, "contact", info->contact);
}

static void add_info(struct reading *reading, struct slice at, const struct cap_info *info)
{
    add_one(reading, at, "language", info->language);
    for (size_t i = 0; i < info->category_count; i++)
        add(reading, at, "category", (long)i,
            slice_from_cstr(cap_category_name(info->categories[i])));
    add_one(reading, at, "event", info->event);
    for (size_t i = 0; i < info->response_type_count; i++)
        add(reading, at, "responseType", (long)i,
            slice_from_cstr(cap_response_type_name(info->response_types[i])));
    add_name(reading, at, "urgency", cap_urgency_name(info->urgency));
    add_name(reading, at, "severity", cap_severity_name(info->severity));
    add_name(reading, at, "certainty", cap_certainty_name(info->certainty));
    add_one(reading, at, "audience", info->audience);
    add_pairs(reading, at, "eventCode", &info->event_codes);
    add_time(reading, at, "effective", &info->effective);
    add_time(reading, at, "onset", &info->onset);
    add_time(reading, at, "expires", &info->expires);
    add_words(reading, at, info);
    add_pairs(reading, at, "parameter", &info->parameters);
    for (size_t j = 0; j < info->resource_count; j++)
        add_resource(reading,
                     arena_printf(reading->arena, "%.*s/resource[%zu]", SLICE_ARG(at), j + 1),
                     &info->resources[j]);
    for (size_t j = 0; j < info->area_count; j++)
        add_area(reading, arena_printf(reading->arena, "%.*s/area[%zu]", SLICE_ARG(at), j + 1),
                 &info->areas[j]);
}

void leaves_read(struct leaves *leaves, struct arena *arena, const struct alert *alert,
                 const struct cap_info *const *infos, size_t info_count)
{
    struct reading reading = {.leaves = leaves, .arena = arena};
    *leaves = (struct leaves){.ranges = map_create()};
    add_head(&reading, alert);
    for (size_t i = 0; i < info_count; i++)
        add_info(&reading, arena_printf(arena, "alert/info[%zu]", i + 1), infos[i]);
}

void leaves_fini(struct leaves *leaves)
{
    map_destroy(leaves->ranges, NULL);
}

struct leaf_range leaves_find(const struct leaves *leaves, struct slice path)
{
    const struct leaf_range *range = map_get(leaves->ranges, path);
    return range ? *range : (struct leaf_range){0};
}

static bool rings_same(const struct cap_polygon *a, const struct cap_polygon *b)
{
    return a->count == b->count && a->count > 0 &&
           memcmp(a->points, b->points, a->count * sizeof(*a->points)) == 0;
}

bool leaf_same(const struct leaf *a, const struct leaf *b)
{
    return slice_eq(a->value, b->value) || (a->ring && b->ring && rings_same(a->ring, b->ring));
}
