#include "alert/identity.h"

#include "alert/vtec.h"
#include "base/buf.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DERIVED_PREFIX "urn:caprelay:"

enum { DERIVED_HEX = 32 };

struct identity identity_of(const struct alert *alert, enum alert_class class)
{
    return (struct identity){class, alert->sender, alert->identifier, alert->sent.utc_s};
}

struct identity identity_of_reference(const struct cap_reference *reference, enum alert_class class)
{
    return (struct identity){class, reference->sender, reference->identifier,
                             reference->sent.utc_s};
}

bool identity_eq(const struct identity *a, const struct identity *b)
{
    return a->class == b->class && a->sent_s == b->sent_s && slice_eq(a->sender, b->sender) &&
           slice_eq(a->identifier, b->identifier);
}

/* Lengths before the texts: two identities never run together to one key. */
struct slice identity_key(struct arena *arena, const struct identity *identity)
{
    return arena_printf(arena, "%s %" PRId64 " %zu:%.*s %zu:%.*s",
                        alert_class_name(identity->class), identity->sent_s, identity->sender.len,
                        SLICE_ARG(identity->sender), identity->identifier.len,
                        SLICE_ARG(identity->identifier));
}

static void add_part(struct digest_state *state, struct slice part)
{
    digest_add(state, part);
    digest_add(state, slice_of("", 1));
}

struct slice identity_derived(struct arena *arena, const struct identity *identity, enum side side,
                              const struct digest *conflict)
{
    struct digest_state state;
    char sent[32], hex[DIGEST_HEX_MAX];
    snprintf(sent, sizeof sent, "%" PRId64, identity->sent_s);
    digest_begin(&state);
    add_part(&state, slice_from_cstr(alert_class_name(identity->class)));
    add_part(&state, slice_from_cstr(side_name(side)));
    add_part(&state, identity->sender);
    add_part(&state, identity->identifier);
    digest_add(&state, slice_from_cstr(sent));
    if (conflict) {
        digest_add(&state, slice_of("", 1));
        digest_add(&state, slice_from_cstr(digest_hex(conflict, hex)));
    }
    struct digest digest = digest_end(&state);
    return arena_printf(arena, DERIVED_PREFIX "%.*s", DERIVED_HEX, digest_hex(&digest, hex));
}

bool identity_is_derived(struct slice identifier)
{
    uint8_t bytes[DERIVED_HEX / 2];
    return slice_starts_with(identifier, DERIVED_PREFIX) &&
           hex_decode(slice_sub(identifier, strlen(DERIVED_PREFIX), identifier.len), bytes,
                      sizeof bytes);
}

/* A list of texts that is sorted, and in which each stands once. */
struct text_set {
    struct slice *items;
    size_t count;
    size_t capacity;
};

static void set_add(struct text_set *set, struct arena *arena, struct slice text)
{
    set->items = arena_grow(arena, set->items, set->count, &set->capacity, sizeof *set->items);
    set->items[set->count++] = text;
}

static int compare_slices(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static void set_finish(struct text_set *set)
{
    size_t kept = 0;
    if (set->count)
        qsort(set->items, set->count, sizeof *set->items, compare_slices);
    for (size_t i = 0; i < set->count; i++) {
        if (kept == 0 || !slice_eq(set->items[i], set->items[kept - 1]))
            set->items[kept++] = set->items[i];
    }
    set->count = kept;
}

static int year_of(int64_t utc_s)
{
    int year, month, day;
    clock_civil_from_days(utc_s / 86400, &year, &month, &day);
    return year;
}

/* Event numbers start again each year; a continuation has no begin, and then the end tells the
 * year. */
static int vtec_year(const struct vtec *vtec, const struct alert *alert)
{
    return year_of(vtec->has_begin ? vtec->begin_s
                   : vtec->has_end ? vtec->end_s
                                   : alert->sent.utc_s);
}

static void collect_vtecs(struct arena *arena, const struct alert *alert, struct text_set *keys)
{
    struct vtec vtec;
    for (size_t i = 0; i < alert->info_count; i++) {
        for (struct vtec_walk walk = {0}; vtec_next(&alert->infos[i], &walk, &vtec);)
            set_add(keys, arena,
                    arena_printf(arena, " %.*s.%.*s.%.*s.%.*s.%d.%.*s", SLICE_ARG(vtec.office),
                                 SLICE_ARG(vtec.phenomenon), SLICE_ARG(vtec.significance),
                                 SLICE_ARG(vtec.event_number), vtec_year(&vtec, alert),
                                 SLICE_ARG(vtec.action)));
    }
    set_finish(keys);
}

static struct slice find_parameter(const struct alert *alert, const char *name)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        struct slice value = cap_pairs_find(&alert->infos[i].parameters, name);
        if (value.len)
            return value;
    }
    return (struct slice){NULL, 0};
}

bool alert_is_entry(const struct alert *alert)
{
    for (size_t i = 0; i < alert->codes.count; i++)
        if (slice_eq_cstr(alert->codes.items[i], ALERT_ENTRY_CODE))
            return true;
    return alert->form == FORM_ATOM_ENTRY;
}

struct slice alert_secondary_key(struct arena *arena, const struct alert *alert)
{
    if (alert_is_entry(alert))
        return arena_printf(arena, "entry %.*s %.*s", SLICE_ARG(alert->sender),
                            SLICE_ARG(alert->identifier));
    struct slice event = find_parameter(alert, "layer:EarthquakesCanada:0.1:eventId");
    if (event.len)
        return arena_printf(arena, "nrcan %.*s", SLICE_ARG(event));
    struct text_set keys = {0};
    collect_vtecs(arena, alert, &keys);
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < keys.count; i++)
        all = arena_printf(arena, "%.*s%.*s", SLICE_ARG(all), SLICE_ARG(keys.items[i]));
    return all.len ? arena_printf(arena, "vtec%.*s", SLICE_ARG(all)) : all;
}

static void add_time(struct text_set *set, struct arena *arena, const char *name,
                     const struct cap_time *time)
{
    if (time->set)
        set_add(set, arena, arena_printf(arena, "%s %" PRId64, name, time->utc_s));
}

static void add_area(struct text_set *set, struct arena *arena, const struct cap_area *area)
{
    char hex[DIGEST_HEX_MAX];
    for (size_t i = 0; i < area->geocodes.count; i++)
        set_add(set, arena,
                arena_printf(arena, "geocode %.*s=%.*s", SLICE_ARG(area->geocodes.items[i].name),
                             SLICE_ARG(area->geocodes.items[i].value)));
    for (size_t i = 0; i < area->polygon_count; i++) {
        const struct cap_polygon *polygon = &area->polygons[i];
        struct digest digest =
            digest_of(slice_of(polygon->points, polygon->count * sizeof *polygon->points));
        set_add(set, arena, arena_printf(arena, "polygon %s", digest_hex(&digest, hex)));
    }
    for (size_t i = 0; i < area->circle_count; i++) {
        const struct cap_circle *circle = &area->circles[i];
        set_add(set, arena,
                arena_printf(arena, "circle %a %a %a", circle->centre.lat, circle->centre.lon,
                             circle->radius_km));
    }
}

/* All that must be equal before two alerts of one event are taken for one, whatever the order or
 * the languages. */
static struct text_set event_facts(struct arena *arena, const struct alert *alert)
{
    struct text_set set = {0};
    set_add(&set, arena,
            arena_printf(arena, "class %d", (int)alert_class_of_status(alert->status)));
    set_add(&set, arena, arena_printf(arena, "type %d", (int)alert->msg_type));
    set_add(&set, arena, arena_printf(arena, "sent %" PRId64, alert->sent.utc_s / 60));
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        set_add(&set, arena,
                arena_printf(arena, "level %d %d %d", (int)info->urgency, (int)info->severity,
                             (int)info->certainty));
        add_time(&set, arena, "onset", &info->onset);
        add_time(&set, arena, "expires", &info->expires);
        struct slice magnitude =
            cap_pairs_find(&info->parameters, "layer:EarthquakesCanada:0.1:magnitude");
        set_add(&set, arena, arena_printf(arena, "magnitude %.*s", SLICE_ARG(magnitude)));
        for (size_t k = 0; k < info->area_count; k++)
            add_area(&set, arena, &info->areas[k]);
    }
    set_finish(&set);
    return set;
}

bool alert_same_event(const struct alert *a, const struct alert *b)
{
    struct arena *arena = arena_create();
    struct text_set left = event_facts(arena, a), right = event_facts(arena, b);
    bool same = left.count == right.count;
    for (size_t i = 0; same && i < left.count; i++)
        same = slice_eq(left.items[i], right.items[i]);
    arena_destroy(arena);
    return same;
}
