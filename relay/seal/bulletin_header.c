#include "seal/bulletin_header.h"

#include "seal/bounds.h"
#include "seal/json_write.h"
#include "seal/packet.h"

#include <math.h>

static void write_topics(struct json_writer *writer, const struct bulletin_facts *facts,
                         const struct bulletin_number *number)
{
    json_begin(writer, "topics", '[');
    for (size_t i = 0; i < facts->topic_count; i++) {
        json_begin(writer, NULL, '{');
        json_write_text(writer, "topic", facts->topics[i]);
        json_write_number(writer, "prev", number->topic_prevs[i]);
        json_end(writer, '}');
    }
    json_end(writer, ']');
}

/* What three texts of a list's item take, their names and punctuation included. */
static size_t item_bytes(struct slice a, struct slice b, struct slice c)
{
    enum { AROUND_BYTES = 40 };

    return a.len + b.len + c.len + 3 * AROUND_BYTES;
}

static struct slice shortened(struct arena *arena, struct slice text)
{
    return bounds_text(arena, text, BOUNDS_TEXT_BYTES);
}

static void write_short(struct json_writer *writer, struct arena *arena, const char *name,
                        struct slice text)
{
    json_write_text(writer, name, shortened(arena, text));
}

static void write_if_any(struct json_writer *writer, struct arena *arena, const char *name,
                         struct slice text)
{
    if (text.len)
        write_short(writer, arena, name, text);
}

static void write_references(struct json_writer *writer, struct arena *arena,
                             const struct alert *alert)
{
    size_t bytes = 0, i = 0;

    json_begin(writer, "references", '[');
    for (; i < alert->reference_count; i++) {
        const struct cap_reference *reference = &alert->references[i];
        struct slice sender = shortened(arena, reference->sender),
                     identifier = shortened(arena, reference->identifier),
                     sent = shortened(arena, reference->sent.text);
        bytes += item_bytes(sender, identifier, sent);
        if (bytes > BOUNDS_LIST_BYTES)
            break;
        json_begin(writer, NULL, '{');
        json_write_text(writer, "sender", sender);
        json_write_text(writer, "identifier", identifier);
        json_write_text(writer, "sent", sent);
        json_end(writer, '}');
    }
    json_end(writer, ']');
    if (i < alert->reference_count)
        json_write_number(writer, "references_left_out", alert->reference_count - i);
}

static void write_cap(struct json_writer *writer, struct arena *arena, const struct alert *alert)
{
    json_begin(writer, "cap", '{');
    json_write_cstr(writer, "status", cap_status_name(alert->status));
    json_write_cstr(writer, "msgType", cap_msg_type_name(alert->msg_type));
    write_short(writer, arena, "sender", alert->sender);
    write_short(writer, arena, "identifier", alert->identifier);
    write_short(writer, arena, "sent", alert->sent.text);
    write_references(writer, arena, alert);
    if (alert->info_count) {
        const struct cap_info *info = &alert->infos[0];
        const char *severity = cap_severity_name(info->severity),
                   *urgency = cap_urgency_name(info->urgency),
                   *certainty = cap_certainty_name(info->certainty);
        write_if_any(writer, arena, "language", info->language);
        write_if_any(writer, arena, "event", info->event);
        write_if_any(writer, arena, "headline", info->headline);
        write_if_any(writer, arena, "severity", slice_from_cstr(severity));
        write_if_any(writer, arena, "urgency", slice_from_cstr(urgency));
        write_if_any(writer, arena, "certainty", slice_from_cstr(certainty));
        write_if_any(writer, arena, "expires", info->expires.text);
    }
    json_end(writer, '}');
}

static void write_recording(struct json_writer *writer, struct arena *arena,
                            const struct bulletin_facts *facts)
{
    if (!facts->recording) {
        json_write_null(writer, "recording");
        return;
    }
    json_begin(writer, "recording", '{');
    json_write_digest(writer, "digest", facts->recording);
    write_short(writer, arena, "name", facts->recording_name);
    json_end(writer, '}');
}

static void write_origin(struct json_writer *writer, struct arena *arena,
                         const struct bulletin_facts *facts, const struct bulletin_digests *digests)
{
    const struct alert *original = facts->original;

    json_begin(writer, "origin", '{');
    json_write_text(writer, "source", facts->source);
    if (original->form != FORM_CAP)
        json_write_cstr(writer, "form", alert_form_name(original->form));
    json_write_text(writer, "sender", bounds_name(arena, original->sender));
    json_write_text(writer, "identifier", bounds_name(arena, original->identifier));
    write_short(writer, arena, "sent", original->sent.text);
    json_write_digest(writer, "digest", &digests->original);
    json_write_number(writer, "size", facts->original_bytes.len);
    json_write_flag(writer, "inline", digests->original_inline);
    json_begin(writer, "signature", '{');
    json_write_text(writer, "verdict", facts->signature_verdict);
    write_short(writer, arena, "signer", facts->signature_signer);
    json_end(writer, '}');
    write_recording(writer, arena, facts);
    json_end(writer, '}');
}

static void write_derived(struct json_writer *writer, struct arena *arena,
                          const struct bulletin_facts *facts,
                          const struct bulletin_digests *digests)
{
    json_begin(writer, "derived", '{');
    json_write_text(writer, "target", facts->target);
    json_write_text(writer, "sender", bounds_name(arena, facts->derived->sender));
    json_write_text(writer, "identifier", bounds_name(arena, facts->derived->identifier));
    json_write_digest(writer, "digest", &digests->derived);
    json_write_number(writer, "size", facts->derived_xml.len);
    json_end(writer, '}');
}

static void write_note(struct json_writer *writer, struct slice where, struct slice code,
                       struct slice text)
{
    json_begin(writer, NULL, '{');
    json_write_text(writer, "where", where);
    json_write_text(writer, "code", code);
    json_write_text(writer, "text", text);
    json_end(writer, '}');
}

static void write_notes(struct json_writer *writer, struct arena *arena, const char *name,
                        const struct bulletin_note *notes, size_t count)
{
    size_t bytes = 0;

    json_begin(writer, name, '[');
    for (size_t i = 0; i < count; i++) {
        struct slice where = bounds_text(arena, notes[i].where, BOUNDS_WHERE_BYTES),
                     text = shortened(arena, notes[i].text);
        bytes += item_bytes(where, notes[i].code, text);
        if (bytes > BOUNDS_LIST_BYTES) {
            write_note(writer, (struct slice){0}, SLICE("left-out"),
                       arena_printf(arena, "%zu more", count - i));
            break;
        }
        write_note(writer, where, notes[i].code, text);
    }
    json_end(writer, ']');
}

static void write_translation(struct json_writer *writer, struct arena *arena,
                              const struct bulletin_facts *facts)
{
    json_begin(writer, "translation", '{');
    json_write_text(writer, "tables", facts->tables_version);
    json_write_text(writer, "version", facts->relay_version);
    write_notes(writer, arena, "notes", facts->notes, facts->note_count);
    json_end(writer, '}');
}

/* JSON has no word for a number that is not finite. */
static bool has_bbox(const struct bulletin_facts *facts)
{
    for (int i = 0; i < 4; i++)
        if (!facts->has_bbox || !isfinite(facts->bbox[i]))
            return false;
    return true;
}

static void write_bbox(struct json_writer *writer, const struct bulletin_facts *facts)
{
    if (!has_bbox(facts)) {
        json_write_null(writer, "bbox");
        return;
    }
    json_begin(writer, "bbox", '[');
    for (int i = 0; i < 4; i++)
        json_write_real(writer, NULL, facts->bbox[i]);
    json_end(writer, ']');
}

static bool is_code(const struct bulletin_geocode *geocode)
{
    return geocode->code.len <= BOUNDS_CODE_BYTES;
}

/* Whether none before it has its scheme; they are sorted by scheme, so that the last one tells. */
static bool is_first_of_scheme(const struct bulletin_geocode *geocodes, size_t at)
{
    for (size_t i = at; i-- > 0;)
        if (is_code(&geocodes[i]) && slice_eq(geocodes[i].scheme, geocodes[at].scheme))
            return false;
    return true;
}

static void write_scheme(struct json_writer *writer, const struct bulletin_geocode *geocodes,
                         size_t first, size_t count)
{
    struct slice scheme = geocodes[first].scheme;
    char name[32] = {0};

    memcpy(name, scheme.ptr, scheme.len < sizeof name ? scheme.len : sizeof name - 1);
    json_begin(writer, name, '[');
    for (size_t i = first; i < count; i++)
        if (is_code(&geocodes[i]) && slice_eq(geocodes[i].scheme, scheme))
            json_write_text(writer, NULL, geocodes[i].code);
    json_end(writer, ']');
}

static void write_geocodes(struct json_writer *writer, const struct bulletin_facts *facts)
{
    size_t count =
        facts->geocode_count < BOUNDS_CODES_MAX ? facts->geocode_count : BOUNDS_CODES_MAX;

    json_begin(writer, "geocodes", '{');
    for (size_t i = 0; i < count; i++)
        if (is_code(&facts->geocodes[i]) && is_first_of_scheme(facts->geocodes, i))
            write_scheme(writer, facts->geocodes, i, count);
    json_end(writer, '}');
}

static void write_area(struct json_writer *writer, const struct bulletin_facts *facts)
{
    json_begin(writer, "area", '{');
    write_bbox(writer, facts);
    json_write_text(writer, "grade", facts->boundary_grade);
    write_geocodes(writer, facts);
    json_end(writer, '}');
}

static void write_header(struct json_writer *writer, struct arena *arena, const struct key *key,
                         const struct bulletin_facts *facts, const struct bulletin_number *number,
                         const struct bulletin_digests *digests)
{
    json_begin(writer, NULL, '{');
    json_write_number(writer, "v", 1);
    json_write_text(writer, "relay", facts->relay);
    json_write_cstr(writer, "key", key->id);
    json_write_cstr(writer, "class", alert_class_name(facts->class));
    json_write_number(writer, "seq", number->seq);
    json_write_digest(writer, "chain_prev", &number->chain_prev);
    json_write_digest(writer, "chain", &digests->chain);
    write_topics(writer, facts, number);
    json_write_time_us(writer, "time", number->time_us);
    json_write_cstr(writer, "side", side_name(facts->side));
    json_write_texts(writer, "regions", facts->regions, facts->region_count);
    write_cap(writer, arena, facts->original);
    write_origin(writer, arena, facts, digests);
    write_derived(writer, arena, facts, digests);
    write_translation(writer, arena, facts);
    write_area(writer, facts);
    json_write_texts(writer, "copies", number->copies, number->copy_count);
    if (number->conflict_seq)
        json_write_number(writer, "conflict", number->conflict_seq);
    else
        json_write_null(writer, "conflict");
    write_notes(writer, arena, "remarks", facts->remarks, facts->remark_count);
    json_write_time_us(writer, "in_force_until", facts->in_force_until_s * INT64_C(1000000));
    json_end(writer, '}');
}

struct slice bulletin_header(struct arena *arena, const struct key *key,
                             const struct bulletin_facts *facts,
                             const struct bulletin_number *number,
                             const struct bulletin_digests *digests)
{
    struct buf out;
    struct json_writer writer = {.out = &out};
    struct slice header = {0};

    buf_init(&out, PACKET_BYTES_MAX);
    write_header(&writer, arena, key, facts, number, digests);
    if (!buf_failed(&out)) {
        char *bytes = buf_take(&out, &header.len);
        arena_adopt(arena, bytes);
        header.ptr = bytes;
    }
    buf_fini(&out);
    return header;
}
