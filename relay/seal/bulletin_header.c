#include "seal/bulletin_header.h"

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

static json_t *references_to_json(const struct alert *alert)
{
    json_t *array = json_array();

    for (size_t i = 0; i < alert->reference_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "sender", alert->references[i].sender);
        json_put_text(item, "identifier", alert->references[i].identifier);
        json_put_text(item, "sent", alert->references[i].sent.text);
        json_append(array, item);
    }
    return array;
}

static void put_if_any(json_t *object, const char *name, struct slice text)
{
    if (text.len)
        json_put_text(object, name, text);
}

static json_t *cap_to_json(const struct alert *alert)
{
    json_t *cap = json_object();

    json_put_cstr(cap, "status", cap_status_name(alert->status));
    json_put_cstr(cap, "msgType", cap_msg_type_name(alert->msg_type));
    json_put_text(cap, "sender", alert->sender);
    json_put_text(cap, "identifier", alert->identifier);
    json_put_text(cap, "sent", alert->sent.text);
    json_put(cap, "references", references_to_json(alert));
    if (alert->info_count) {
        const struct cap_info *info = &alert->infos[0];
        put_if_any(cap, "language", info->language);
        put_if_any(cap, "event", info->event);
        put_if_any(cap, "headline", info->headline);
        put_if_any(cap, "severity", slice_from_cstr(cap_severity_name(info->severity)));
        put_if_any(cap, "urgency", slice_from_cstr(cap_urgency_name(info->urgency)));
        put_if_any(cap, "certainty", slice_from_cstr(cap_certainty_name(info->certainty)));
        put_if_any(cap, "expires", info->expires.text);
    }
    return cap;
}

static json_t *recording_to_json(const struct bulletin_facts *facts)
{
    json_t *recording;

    if (!facts->recording)
        return json_null();
    recording = json_object();
    json_put_digest(recording, "digest", facts->recording);
    json_put_text(recording, "name", facts->recording_name);
    return recording;
}

static json_t *origin_to_json(const struct bulletin_facts *facts,
                              const struct bulletin_digests *digests)
{
    json_t *origin = json_object(), *signature = json_object();

    json_put_text(signature, "verdict", facts->signature_verdict);
    json_put_text(signature, "signer", facts->signature_signer);
    json_put_text(origin, "source", facts->source);
    json_put_text(origin, "sender", facts->original->sender);
    json_put_text(origin, "identifier", facts->original->identifier);
    json_put_text(origin, "sent", facts->original->sent.text);
    json_put_digest(origin, "digest", &digests->original);
    json_put_number(origin, "size", facts->original_bytes.len);
    json_put_flag(origin, "inline", digests->original_inline);
    json_put(origin, "signature", signature);
    json_put(origin, "recording", recording_to_json(facts));
    return origin;
}

static json_t *derived_to_json(const struct bulletin_facts *facts,
                               const struct bulletin_digests *digests)
{
    json_t *derived = json_object();

    json_put_text(derived, "target", facts->target);
    json_put_text(derived, "sender", facts->derived->sender);
    json_put_text(derived, "identifier", facts->derived->identifier);
    json_put_digest(derived, "digest", &digests->derived);
    json_put_number(derived, "size", facts->derived_xml.len);
    return derived;
}

static json_t *notes_to_json(const struct bulletin_note *notes, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();
        json_put_text(item, "where", notes[i].where);
        json_put_text(item, "code", notes[i].code);
        json_put_text(item, "text", notes[i].text);
        json_append(array, item);
    }
    return array;
}

static json_t *translation_to_json(const struct bulletin_facts *facts)
{
    json_t *translation = json_object();

    json_put_text(translation, "tables", facts->tables_version);
    json_put_text(translation, "version", facts->relay_version);
    json_put(translation, "notes", notes_to_json(facts->notes, facts->note_count));
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

    for (size_t i = 0; i < facts->geocode_count; i++) {
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
    json_put(header, "cap", cap_to_json(facts->original));
    json_put(header, "origin", origin_to_json(facts, digests));
    json_put(header, "derived", derived_to_json(facts, digests));
    json_put(header, "translation", translation_to_json(facts));
    json_put(header, "area", area_to_json(facts));
    json_put_texts(header, "copies", number->copies, number->copy_count);
    json_put(header, "conflict",
             number->conflict_seq ? json_integer((json_int_t)number->conflict_seq) : json_null());
    json_put(header, "remarks", notes_to_json(facts->remarks, facts->remark_count));
    json_put_time_us(header, "in_force_until", facts->in_force_until_s * INT64_C(1000000));
    return json_take_text(arena, header);
}
