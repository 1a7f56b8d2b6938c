#include "seal/bulletin_header.h"

#include "seal/bounds.h"
#include "seal/json.h"

#include <math.h>

static json_t *topics_to_json(const struct bulletin_facts *facts,
                              const struct bulletin_number *number)
{
    json_t *array = json_array();

    for (size_t i = 0; i < facts->topic_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "topic", facts->topics[i]);
        json_put_number(item, "prev", number->topic_prevs[i]);
        json_append(array, item);
    }
    return array;
}

/* What an item of a list takes, its names and punctuation included (40 bytes and more a text). */
static size_t text_bytes(const json_t *item)
{
    enum { AROUND_BYTES = 40 };
    const char *name;
    json_t *value;
    size_t bytes = 0;

    json_object_foreach((json_t *)(uintptr_t)item, name, value) bytes +=
        json_string_length(value) + AROUND_BYTES;
    return bytes;
}

static void put_short(json_t *object, struct arena *arena, const char *name, struct slice text)
{
    json_put_text(object, name, bounds_text(arena, text, BOUNDS_TEXT_BYTES));
}

static void put_if_any(json_t *object, struct arena *arena, const char *name, struct slice text)
{
    if (text.len)
        put_short(object, arena, name, text);
}

static void put_references(json_t *cap, struct arena *arena, const struct alert *alert)
{
    json_t *array = json_array();
    size_t bytes = 0, i = 0;

    for (; i < alert->reference_count; i++) {
        const struct cap_reference *reference = &alert->references[i];
        json_t *item = json_object();
        put_short(item, arena, "sender", reference->sender);
        put_short(item, arena, "identifier", reference->identifier);
        put_short(item, arena, "sent", reference->sent.text);
        bytes += text_bytes(item);
        if (bytes > BOUNDS_LIST_BYTES) {
            json_decref(item);
            break;
        }
        json_append(array, item);
    }
    json_put(cap, "references", array);
    if (i < alert->reference_count)
        json_put_number(cap, "references_left_out", alert->reference_count - i);
}

static json_t *cap_to_json(struct arena *arena, const struct alert *alert)
{
    json_t *cap = json_object();

    json_put_cstr(cap, "status", cap_status_name(alert->status));
    json_put_cstr(cap, "msgType", cap_msg_type_name(alert->msg_type));
    put_short(cap, arena, "sender", alert->sender);
    put_short(cap, arena, "identifier", alert->identifier);
    put_short(cap, arena, "sent", alert->sent.text);
    put_references(cap, arena, alert);
    if (alert->info_count) {
        const struct cap_info *info = &alert->infos[0];
        put_if_any(cap, arena, "language", info->language);
        put_if_any(cap, arena, "event", info->event);
        put_if_any(cap, arena, "headline", info->headline);
        put_if_any(cap, arena, "severity", slice_from_cstr(cap_severity_name(info->severity)));
        put_if_any(cap, arena, "urgency", slice_from_cstr(cap_urgency_name(info->urgency)));
        put_if_any(cap, arena, "certainty", slice_from_cstr(cap_certainty_name(info->certainty)));
        put_if_any(cap, arena, "expires", info->expires.text);
    }
    return cap;
}

static json_t *recording_to_json(struct arena *arena, const struct bulletin_facts *facts)
{
    json_t *recording;

    if (!facts->recording)
        return json_null();
    recording = json_object();
    json_put_digest(recording, "digest", facts->recording);
    put_short(recording, arena, "name", facts->recording_name);
    return recording;
}

static json_t *origin_to_json(struct arena *arena, const struct bulletin_facts *facts,
                              const struct bulletin_digests *digests)
{
    json_t *origin = json_object(), *signature = json_object();

    json_put_text(signature, "verdict", facts->signature_verdict);
    put_short(signature, arena, "signer", facts->signature_signer);
    json_put_text(origin, "source", facts->source);
    if (facts->original->form != FORM_CAP)
        json_put_text(origin, "form", slice_from_cstr(alert_form_name(facts->original->form)));
    json_put_text(origin, "sender", bounds_name(arena, facts->original->sender));
    json_put_text(origin, "identifier", bounds_name(arena, facts->original->identifier));
    put_short(origin, arena, "sent", facts->original->sent.text);
    json_put_digest(origin, "digest", &digests->original);
    json_put_number(origin, "size", facts->original_bytes.len);
    json_put_flag(origin, "inline", digests->original_inline);
    json_put(origin, "signature", signature);
    json_put(origin, "recording", recording_to_json(arena, facts));
    return origin;
}

static json_t *derived_to_json(struct arena *arena, const struct bulletin_facts *facts,
                               const struct bulletin_digests *digests)
{
    json_t *derived = json_object();

    json_put_text(derived, "target", facts->target);
    json_put_text(derived, "sender", bounds_name(arena, facts->derived->sender));
    json_put_text(derived, "identifier", bounds_name(arena, facts->derived->identifier));
    json_put_digest(derived, "digest", &digests->derived);
    json_put_number(derived, "size", facts->derived_xml.len);
    return derived;
}

static json_t *note_to_json(struct slice where, struct slice code, struct slice text)
{
    json_t *item = json_object();

    json_put_text(item, "where", where);
    json_put_text(item, "code", code);
    json_put_text(item, "text", text);
    return item;
}

static json_t *notes_to_json(struct arena *arena, const struct bulletin_note *notes, size_t count)
{
    json_t *array = json_array();
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        json_t *item =
            note_to_json(bounds_text(arena, notes[i].where, BOUNDS_WHERE_BYTES), notes[i].code,
                         bounds_text(arena, notes[i].text, BOUNDS_TEXT_BYTES));
        bytes += text_bytes(item);
        if (bytes > BOUNDS_LIST_BYTES) {
            json_decref(item);
            item = note_to_json((struct slice){0}, SLICE("left-out"),
                                arena_printf(arena, "%zu more", count - i));
            i = count;
        }
        json_append(array, item);
    }
    return array;
}

static json_t *translation_to_json(struct arena *arena, const struct bulletin_facts *facts)
{
    json_t *translation = json_object();

    json_put_text(translation, "tables", facts->tables_version);
    json_put_text(translation, "version", facts->relay_version);
    json_put(translation, "notes", notes_to_json(arena, facts->notes, facts->note_count));
    return translation;
}

static json_t *bbox_to_json(const struct bulletin_facts *facts)
{
    json_t *bbox;

    /* JSON has no word for a number that is not finite. */
    for (int i = 0; i < 4; i++)
        if (!facts->has_bbox || !isfinite(facts->bbox[i]))
            return json_null();
    bbox = json_array();
    for (int i = 0; i < 4; i++)
        json_append(bbox, json_real(facts->bbox[i]));
    return bbox;
}

static json_t *area_to_json(const struct bulletin_facts *facts)
{
    json_t *area = json_object(), *schemes = json_object();

    for (size_t i = 0; i < facts->geocode_count && i < BOUNDS_CODES_MAX; i++) {
        if (facts->geocodes[i].code.len > BOUNDS_CODE_BYTES)
            continue;
        char scheme[32] = {0};
        struct slice name = slice_sub(facts->geocodes[i].scheme, 0, sizeof scheme - 1);
        memcpy(scheme, name.ptr, name.len);
        if (!json_object_get(schemes, scheme))
            json_put(schemes, scheme, json_array());
        json_append(json_object_get(schemes, scheme), json_text(facts->geocodes[i].code));
    }
    json_put(area, "bbox", bbox_to_json(facts));
    json_put_text(area, "grade", facts->boundary_grade);
    json_put(area, "geocodes", schemes);
    return area;
}

struct slice bulletin_header(struct arena *arena, const struct key *key,
                             const struct bulletin_facts *facts,
                             const struct bulletin_number *number,
                             const struct bulletin_digests *digests)
{
    json_t *header = json_object();

    json_put_number(header, "v", 1);
    json_put_text(header, "relay", facts->relay);
    json_put_cstr(header, "key", key->id);
    json_put_cstr(header, "class", alert_class_name(facts->class));
    json_put_number(header, "seq", number->seq);
    json_put_digest(header, "chain_prev", &number->chain_prev);
    json_put_digest(header, "chain", &digests->chain);
    json_put(header, "topics", topics_to_json(facts, number));
    json_put_time_us(header, "time", number->time_us);
    json_put_cstr(header, "side", side_name(facts->side));
    json_put_texts(header, "regions", facts->regions, facts->region_count);
    json_put(header, "cap", cap_to_json(arena, facts->original));
    json_put(header, "origin", origin_to_json(arena, facts, digests));
    json_put(header, "derived", derived_to_json(arena, facts, digests));
    json_put(header, "translation", translation_to_json(arena, facts));
    json_put(header, "area", area_to_json(facts));
    json_put_texts(header, "copies", number->copies, number->copy_count);
    json_put(header, "conflict",
             number->conflict_seq ? json_integer((json_int_t)number->conflict_seq) : json_null());
    json_put(header, "remarks", notes_to_json(arena, facts->remarks, facts->remark_count));
    json_put_time_us(header, "in_force_until", facts->in_force_until_s * INT64_C(1000000));
    return json_take_text(arena, header);
}
