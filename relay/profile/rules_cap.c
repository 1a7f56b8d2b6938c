/* What CAP 1.2 asks for in its text and no schema can say (OASIS CAP-v1.2, section 3.2). */
#include "alert/resource.h"
#include "profile/rules.h"

enum { HEADLINE_MAX = 160, TAG_PART_MAX = 8, RING_POINTS_MIN = 4 };

static bool no_restriction(struct subject *s)
{
    return s->alert->scope == SCOPE_RESTRICTED && s->alert->restriction.len == 0;
}

static bool no_addresses(struct subject *s)
{
    return s->alert->scope == SCOPE_PRIVATE && s->alert->addresses.count == 0;
}

static bool no_references(struct subject *s)
{
    return s->alert->msg_type != MSG_TYPE_NONE && s->alert->msg_type != MSG_TYPE_ALERT &&
           s->alert->reference_count == 0 && s->alert->kind == KIND_ALERT;
}

/* A heartbeat's references are what it reports, not what it follows. */
static bool references_later(struct subject *s)
{
    for (size_t i = 0; i < s->alert->reference_count; i++) {
        const struct cap_reference *reference = &s->alert->references[i];
        if (reference->sent.set && s->alert->sent.set &&
            reference->sent.utc_s > s->alert->sent.utc_s)
            return found_text(s, reference->identifier);
    }
    return false;
}

static bool references_itself(struct subject *s)
{
    for (size_t i = 0; i < s->alert->reference_count; i++) {
        const struct cap_reference *reference = &s->alert->references[i];
        if (slice_eq(reference->identifier, s->alert->identifier) &&
            slice_eq(reference->sender, s->alert->sender) && reference->sent.set &&
            reference->sent.utc_s == s->alert->sent.utc_s)
            return found_text(s, reference->identifier);
    }
    return false;
}

static bool bad_identifier(struct subject *s)
{
    return text_has_any(s->alert->identifier, " \t\r\n,<&");
}

static bool bad_sender(struct subject *s)
{
    return text_has_any(s->alert->sender, " \t\r\n,<&");
}

static bool no_exercise_note(struct subject *s)
{
    return s->alert->status == STATUS_EXERCISE && s->alert->note.len == 0;
}

static bool no_error_note(struct subject *s)
{
    return s->alert->msg_type == MSG_TYPE_ERROR && s->alert->note.len == 0;
}

static bool no_info(struct subject *s)
{
    const struct alert *alert = s->alert;
    bool speaks = alert->msg_type == MSG_TYPE_ALERT || alert->msg_type == MSG_TYPE_UPDATE;
    return speaks && alert->info_count == 0 && alert->kind == KIND_ALERT;
}

static bool expires_too_early(struct subject *s)
{
    return s->info->expires.set && s->alert->sent.set &&
           s->info->expires.utc_s <= s->alert->sent.utc_s && found_text(s, s->info->expires.text);
}

static bool expires_before_effective(struct subject *s)
{
    return s->info->expires.set && s->info->effective.set &&
           s->info->expires.utc_s < s->info->effective.utc_s &&
           found_text(s, s->info->expires.text);
}

static bool long_headline(struct subject *s)
{
    return s->info->headline.len > HEADLINE_MAX && text_length(s->info->headline) > HEADLINE_MAX;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3066: letters, then parts of letters and digits, each of 1 to 8. */
static bool is_language_tag(struct slice text)
{
    struct slice rest = text, part;
    for (bool first = true; slice_next_part(&rest, '-', &part); first = false) {
        if (part.len == 0 || part.len > TAG_PART_MAX)
            return false;
        for (size_t i = 0; i < part.len; i++) {
            bool digit = part.ptr[i] >= '0' && part.ptr[i] <= '9';
            if (!is_letter(part.ptr[i]) && (first || !digit))
                return false;
        }
    }
    return true;
}

static bool bad_language(struct subject *s)
{
    struct slice language = s->info->language;
    return language.len > 0 && (!is_language_tag(language) || slice_ends_with(language, "-")) &&
           found_text(s, language);
}

static bool assess(struct subject *s)
{
    return s->alert->scope == SCOPE_PUBLIC && info_has_response(s->info, RESPONSE_ASSESS);
}

static bool no_area_desc(struct subject *s)
{
    return s->area->area_desc.len == 0;
}

static bool ceiling_alone(struct subject *s)
{
    return s->area->ceiling.len > 0 && s->area->altitude.len == 0;
}

static bool no_place(struct subject *s)
{
    return s->area->polygon_count == 0 && s->area->circle_count == 0 &&
           s->area->geocodes.count == 0;
}

static bool is_open(const struct cap_polygon *polygon)
{
    const struct cap_point *first = &polygon->points[0],
                           *last = &polygon->points[polygon->count - 1];
    return first->lat != last->lat || first->lon != last->lon;
}

static bool open_polygon(struct subject *s)
{
    for (size_t i = 0; i < s->area->polygon_count; i++) {
        const struct cap_polygon *polygon = &s->area->polygons[i];
        s->line = polygon->line;
        if (polygon->count > 0 && is_open(polygon))
            return true;
    }
    return false;
}

static bool few_points(struct subject *s)
{
    for (size_t i = 0; i < s->area->polygon_count; i++) {
        const struct cap_polygon *polygon = &s->area->polygons[i];
        s->line = polygon->line;
        if (polygon->count < RING_POINTS_MIN && !is_open(polygon))
            return true;
    }
    return false;
}

static bool wrong_digest(struct subject *s)
{
    return resource_digest(s->resource) == DIGEST_MISMATCH && found_text(s, s->resource->digest);
}

static bool empty_resource(struct subject *s)
{
    return s->resource->uri.len == 0 && s->resource->deref_uri.len == 0;
}

static const struct rule rules[] = {
    {"cap.addresses.missing", ON_ALERT, no_addresses},
    {"cap.area.place", ON_AREA, no_place},
    {"cap.areadesc.missing", ON_AREA, no_area_desc},
    {"cap.ceiling.alone", ON_AREA, ceiling_alone},
    {"cap.expires.before-effective", ON_INFO, expires_before_effective},
    {"cap.expires.before-sent", ON_INFO, expires_too_early},
    {"cap.headline.length", ON_INFO, long_headline},
    {"cap.identifier.characters", ON_ALERT, bad_identifier},
    {"cap.info.missing", ON_ALERT, no_info},
    {"cap.language.form", ON_INFO, bad_language},
    {"cap.note.error", ON_ALERT, no_error_note},
    {"cap.note.exercise", ON_ALERT, no_exercise_note},
    {"cap.polygon.open", ON_AREA, open_polygon},
    {"cap.polygon.points", ON_AREA, few_points},
    {"cap.references.later", ON_ALERT, references_later},
    {"cap.references.missing", ON_ALERT, no_references},
    {"cap.references.self", ON_ALERT, references_itself},
    {"cap.resource.digest", ON_RESOURCE, wrong_digest},
    {"cap.resource.empty", ON_RESOURCE, empty_resource},
    {"cap.responsetype.assess", ON_INFO, assess},
    {"cap.restriction.missing", ON_ALERT, no_restriction},
    {"cap.sender.characters", ON_ALERT, bad_sender},
};

const struct rule_set rules_cap = {PROFILE_CAP, rules, COUNT(rules)};
