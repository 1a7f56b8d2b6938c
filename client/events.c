#include "client/internal.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *const event_names[] = {
    [CAPRELAY_BULLETIN] = "bulletin",
    [CAPRELAY_BEAT] = "beat",
    [CAPRELAY_GAP] = "gap",
    [CAPRELAY_FILLED] = "filled",
    [CAPRELAY_LINK_LOST] = "link-lost",
    [CAPRELAY_LINK_BACK] = "link-back",
    [CAPRELAY_REFUSED_MESSAGE] = "refused",
    [CAPRELAY_DEGRADED] = "degraded",
    [CAPRELAY_HEALTHY] = "healthy",
};

const char *caprelay_event_name(enum caprelay_event_type type)
{
    return type > 0 && type < sizeof event_names / sizeof event_names[0] ? event_names[type] : "";
}

static struct pending *event_add(struct caprelay *relay, struct arena *arena,
                                 enum caprelay_event_type type)
{
    struct pending *pending = mem_alloc(sizeof *pending);

    pending->arena = arena;
    pending->event.type = type;
    pending->event.reason = "";
    if (relay->queue.last)
        relay->queue.last->next = pending;
    else
        relay->queue.first = pending;
    relay->queue.last = pending;
    return pending;
}

struct pending *event_take(struct caprelay *relay)
{
    struct pending *pending = relay->queue.first;

    if (!pending)
        return NULL;
    relay->queue.first = pending->next;
    if (!relay->queue.first)
        relay->queue.last = NULL;
    return pending;
}

void event_free(struct pending *pending)
{
    if (!pending)
        return;
    arena_destroy(pending->arena);
    free(pending);
}

void event_put(struct caprelay *relay, enum caprelay_event_type type, uint64_t from, uint64_t to,
               const char *format, ...)
{
    struct arena *arena = arena_create();
    struct pending *pending = event_add(relay, arena, type);
    va_list args;

    va_start(args, format);
    pending->event.reason = arena_vprintf(arena, format, args).ptr;
    va_end(args);
    pending->event.from_seq = from;
    pending->event.to_seq = to;
}

void bulletin_export(struct arena *arena, const struct verified_bulletin *bulletin, bool caught_up,
                     struct caprelay_bulletin *out)
{
    const char **regions = arena_alloc_array(arena, bulletin->region_count + 1, sizeof *regions);

    for (size_t i = 0; i < bulletin->region_count; i++)
        regions[i] = arena_cstr(arena, bulletin->regions[i]);
    *out = (struct caprelay_bulletin){
        .seq = bulletin->seq,
        .class_name = alert_class_name(bulletin->header.class),
        .side = side_name(bulletin->side),
        .regions = regions,
        .region_count = bulletin->region_count,
        .source = arena_cstr(arena, bulletin->source),
        .sender = arena_cstr(arena, bulletin->sender),
        .identifier = arena_cstr(arena, bulletin->identifier),
        .sent = arena_cstr(arena, bulletin->sent),
        .derived_identifier = arena_cstr(arena, bulletin->derived_identifier),
        .signature_verdict = arena_cstr(arena, bulletin->signature_verdict),
        .key_id = arena_cstr(arena, bulletin->header.key_id),
        .note_count = bulletin->note_count,
        .time_us = bulletin->header.time_us,
        .in_force_until_us = bulletin->in_force_until_us,
        .header_json = arena_cstr(arena, bulletin->header.json),
        .header_json_len = bulletin->header.json.len,
        .derived = arena_cstr(arena, bulletin->derived_xml),
        .derived_len = bulletin->derived_xml.len,
        .original = bulletin->original.ptr ? arena_cstr(arena, bulletin->original) : NULL,
        .original_len = bulletin->original.len,
        .caught_up = caught_up,
    };
}

void event_put_bulletin(struct caprelay *relay, struct arena *arena,
                        const struct verified_bulletin *bulletin, bool caught_up)
{
    struct pending *pending = event_add(relay, arena, CAPRELAY_BULLETIN);

    bulletin_export(arena, bulletin, caught_up, &pending->bulletin);
    pending->event.bulletin = &pending->bulletin;
}

void event_put_beat(struct caprelay *relay, struct arena *arena, const struct verified_beat *beat)
{
    struct pending *pending = event_add(relay, arena, CAPRELAY_BEAT);

    pending->beat = (struct caprelay_beat){
        .time_us = beat->header.time_us,
        .head_seq = beat->head.seq,
        .in_force_count = beat->in_force_count,
        .interval_ms = beat->interval_ms,
        .degraded = beat->degraded,
        .header_json = arena_cstr(arena, beat->header.json),
        .header_json_len = beat->header.json.len,
    };
    pending->event.beat = &pending->beat;
}
