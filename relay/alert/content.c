/* The digest of what a message says: every field in a fixed order with its length, times as
 * instants, no signatures. */
#include "alert/identity.h"

static void add_number(struct digest_state *state, int64_t value)
{
    digest_add_u64be(state, (uint64_t)value);
}

static void add_time(struct digest_state *state, const struct cap_time *time)
{
    add_number(state, time->set);
    add_number(state, time->set ? time->utc_s : 0);
}

static void add_double(struct digest_state *state, double value)
{
    uint64_t bits;
    value = value == 0 ? 0 : value; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    digest_add_u64be(state, bits);
}

static void add_texts(struct digest_state *state, const struct cap_texts *texts)
{
    add_number(state, (int64_t)texts->count);
    for (size_t i = 0; i < texts->count; i++)
        digest_add_sized(state, texts->items[i]);
}

static void add_pairs(struct digest_state *state, const struct cap_pairs *pairs)
{
    add_number(state, (int64_t)pairs->count);
    for (size_t i = 0; i < pairs->count; i++) {
        digest_add_sized(state, pairs->items[i].name);
        digest_add_sized(state, pairs->items[i].value);
    }
}

static void add_area(struct digest_state *state, const struct cap_area *area)
{
    digest_add_sized(state, area->area_desc);
    add_number(state, (int64_t)area->polygon_count);
    for (size_t i = 0; i < area->polygon_count; i++) {
        const struct cap_polygon *polygon = &area->polygons[i];
        add_number(state, (int64_t)polygon->count);
        for (size_t k = 0; k < polygon->count; k++) {
            add_double(state, polygon->points[k].lat);
            add_double(state, polygon->points[k].lon);
        }
    }
    add_number(state, (int64_t)area->circle_count);
    for (size_t i = 0; i < area->circle_count; i++) {
        add_double(state, area->circles[i].centre.lat);
        add_double(state, area->circles[i].centre.lon);
        add_double(state, area->circles[i].radius_km);
    }
    add_pairs(state, &area->geocodes);
    digest_add_sized(state, area->altitude);
    digest_add_sized(state, area->ceiling);
}

static void add_resource(struct digest_state *state, const struct cap_resource *resource)
{
    digest_add_sized(state, resource->resource_desc);
    digest_add_sized(state, resource->mime_type);
    digest_add_sized(state, resource->size);
    digest_add_sized(state, resource->uri);
    digest_add_sized(state, resource->deref_uri);
    digest_add_sized(state, resource->digest);
}

static void add_codes(struct digest_state *state, const struct cap_info *info)
{
    add_number(state, (int64_t)info->category_count);
    for (size_t i = 0; i < info->category_count; i++)
        add_number(state, info->categories[i]);
    add_number(state, (int64_t)info->response_type_count);
    for (size_t i = 0; i < info->response_type_count; i++)
        add_number(state, info->response_types[i]);
    add_number(state, info->urgency);
    add_number(state, info->severity);
    add_number(state, info->certainty);
}

static void add_info(struct digest_state *state, const struct cap_info *info)
{
    digest_add_sized(state, info->language);
    add_codes(state, info);
    digest_add_sized(state, info->event);
    digest_add_sized(state, info->audience);
    add_pairs(state, &info->event_codes);
    add_time(state, &info->effective);
    add_time(state, &info->onset);
    add_time(state, &info->expires);
    digest_add_sized(state, info->sender_name);
    digest_add_sized(state, info->headline);
    digest_add_sized(state, info->description);
    digest_add_sized(state, info->instruction);
    digest_add_sized(state, info->web);
    digest_add_sized(state, info->contact);
    add_pairs(state, &info->parameters);
    add_number(state, (int64_t)info->resource_count);
    for (size_t i = 0; i < info->resource_count; i++)
        add_resource(state, &info->resources[i]);
    add_number(state, (int64_t)info->area_count);
    for (size_t i = 0; i < info->area_count; i++)
        add_area(state, &info->areas[i]);
}

static void add_references(struct digest_state *state, const struct alert *alert)
{
    add_number(state, (int64_t)alert->reference_count);
    for (size_t i = 0; i < alert->reference_count; i++) {
        digest_add_sized(state, alert->references[i].sender);
        digest_add_sized(state, alert->references[i].identifier);
        add_time(state, &alert->references[i].sent);
    }
}

struct digest alert_content(const struct alert *alert)
{
    struct digest_state state;
    digest_begin(&state);
    digest_add_sized(&state, alert->identifier);
    digest_add_sized(&state, alert->sender);
    add_time(&state, &alert->sent);
    add_number(&state, alert->status);
    add_number(&state, alert->msg_type);
    add_number(&state, alert->scope);
    digest_add_sized(&state, alert->source);
    digest_add_sized(&state, alert->restriction);
    add_texts(&state, &alert->addresses);
    add_texts(&state, &alert->codes);
    digest_add_sized(&state, alert->note);
    add_references(&state, alert);
    add_texts(&state, &alert->incidents);
    add_number(&state, (int64_t)alert->info_count);
    for (size_t i = 0; i < alert->info_count; i++)
        add_info(&state, &alert->infos[i]);
    return digest_end(&state);
}
