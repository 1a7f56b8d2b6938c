#include "seal/bounds.h"
#include "seal/bulletin.h"
#include "seal/bulletin_header.h"
#include "seal/verify_internal.h"

/* What is read from the header only to be compared. */
struct claims {
    struct slice cap_status;
    struct slice derived_sender;
    uint64_t derived_size;
    bool original_inline;
};

static void topic_fields(struct json_fields *fields, const json_t *json,
                         struct verified_bulletin *out)
{
    const json_t *topics = json_get_array(fields, json, "topics");

    out->topic_count = json_array_size(topics);
    out->topics = arena_alloc_array(fields->arena, out->topic_count + 1, sizeof *out->topics);
    for (size_t i = 0; i < out->topic_count; i++) {
        const json_t *item = json_array_get(topics, i);
        out->topics[i].topic = json_get_text(fields, item, "topic");
        out->topics[i].seq = json_get_number(fields, item, "prev");
    }
}

static void origin_fields(struct json_fields *fields, const json_t *json,
                          struct verified_bulletin *out, struct claims *claims)
{
    const json_t *origin = json_get_object(fields, json, "origin");
    const json_t *signature = json_get_object(fields, origin, "signature");

    out->source = json_get_text(fields, origin, "source");
    out->sender = json_get_text(fields, origin, "sender");
    out->identifier = json_get_text(fields, origin, "identifier");
    out->sent = json_get_text(fields, origin, "sent");
    out->original_digest = json_get_digest(fields, origin, "digest");
    out->original_size = json_get_number(fields, origin, "size");
    out->signature_verdict = json_get_text(fields, signature, "verdict");
    claims->original_inline = json_get_flag(fields, origin, "inline");
}

static void derived_fields(struct json_fields *fields, const json_t *json,
                           struct verified_bulletin *out, struct claims *claims)
{
    const json_t *derived = json_get_object(fields, json, "derived");

    out->derived_identifier = json_get_text(fields, derived, "identifier");
    out->derived_digest = json_get_digest(fields, derived, "digest");
    claims->derived_sender = json_get_text(fields, derived, "sender");
    claims->derived_size = json_get_number(fields, derived, "size");
}

static void bulletin_fields(struct json_fields *fields, const json_t *json,
                            struct verified_bulletin *out, struct claims *claims)
{
    const json_t *translation = json_get_object(fields, json, "translation");

    out->seq = json_get_number(fields, json, "seq");
    out->chain_prev = json_get_digest(fields, json, "chain_prev");
    out->chain = json_get_digest(fields, json, "chain");
    topic_fields(fields, json, out);
    out->side = side_from_name(json_get_text(fields, json, "side"));
    out->regions = json_get_texts(fields, json, "regions", &out->region_count);
    claims->cap_status = json_get_text(fields, json_get_object(fields, json, "cap"), "status");
    origin_fields(fields, json, out, claims);
    derived_fields(fields, json, out, claims);
    out->note_count = json_array_size(json_get_array(fields, translation, "notes"));
    out->in_force_until_us = json_get_time_us_maybe(fields, json, "in_force_until");
    if (out->seq == 0)
        json_fail(fields, "seq", "above 0");
    if (out->side == SIDE_NONE)
        json_fail(fields, "side", "ca or us");
}

static enum err_code check_part(struct slice part, uint64_t size, const struct digest *digest,
                                const char *name, struct err *err)
{
    struct digest found = digest_of(part);

    if (part.len != size || !digest_eq(&found, digest))
        return err_set(err, ERR_CRYPTO, "digest: the %s is not what was signed", name);
    return OK;
}

static enum err_code check_parts(const struct packet *packet, const struct verified_bulletin *out,
                                 const struct claims *claims, struct err *err)
{
    if (check_part(packet->parts[2], claims->derived_size, &out->derived_digest, "derived message",
                   err) != OK)
        return err->code;
    if (claims->original_inline)
        return check_part(packet->parts[3], out->original_size, &out->original_digest, "original",
                          err);
    if (packet->parts[3].len)
        return err_set(err, ERR_INVALID, "frame: an original that is said to travel by digest");
    return OK;
}

static enum err_code check_topics(const struct verified_bulletin *bulletin, struct slice topic,
                                  struct err *err)
{
    struct slice class = slice_from_cstr(alert_class_name(bulletin->header.class));
    struct slice side = slice_from_cstr(side_name(bulletin->side));
    bool listed = !topic.ptr;

    for (size_t i = 0; i < bulletin->topic_count; i++) {
        struct slice own = bulletin->topics[i].topic;
        if (!bulletin_topic_fits(own, class, side))
            return err_set(err, ERR_CRYPTO, "topic: %.*s in a bulletin of %.*s.%.*s",
                           SLICE_ARG(own), SLICE_ARG(class), SLICE_ARG(side));
        if (i && slice_cmp(bulletin->topics[i - 1].topic, own) >= 0)
            return err_set(err, ERR_INVALID, "topic: the list is not sorted");
        if (bulletin->topics[i].seq >= bulletin->seq)
            return err_set(err, ERR_INVALID, "topic: the number before %llu is %llu",
                           (unsigned long long)bulletin->seq,
                           (unsigned long long)bulletin->topics[i].seq);
        listed = listed || slice_eq(own, topic);
    }
    if (!listed || !bulletin->topic_count)
        return err_set(err, ERR_CRYPTO, "topic: came on %.*s, which is not in its list",
                       SLICE_ARG(topic));
    return OK;
}

static enum err_code check_chain(struct arena *arena, const struct verified_bulletin *bulletin,
                                 struct err *err)
{
    struct slice *topics = arena_alloc_array(arena, bulletin->topic_count, sizeof *topics);
    struct digest chain;

    for (size_t i = 0; i < bulletin->topic_count; i++)
        topics[i] = bulletin->topics[i].topic;
    chain = chain_next(&bulletin->chain_prev, bulletin->seq,
                       slice_from_cstr(alert_class_name(bulletin->header.class)),
                       slice_from_cstr(side_name(bulletin->side)), topics, bulletin->topic_count,
                       &bulletin->derived_digest, &bulletin->original_digest);
    if (!digest_eq(&chain, &bulletin->chain))
        return err_set(err, ERR_CRYPTO, "chain: not what its parts give");
    return OK;
}

/* Every alert of that identity in the document must say a status of the class; at least one must be
 * there. */
static enum err_code check_document(const struct verifier *verifier, struct arena *arena,
                                    struct slice bytes, struct slice sender,
                                    struct slice identifier, enum alert_class class,
                                    const char *name, const struct alert **found, struct err *err)
{
    struct parsed parsed = parser_read_bare(verifier->parser, arena, bytes);

    *found = NULL;
    for (size_t i = 0; i < parsed.count; i++) {
        const struct alert *alert = parsed.alerts[i];
        if (!slice_eq(bounds_name(arena, alert->sender), sender) ||
            !slice_eq(bounds_name(arena, alert->identifier), identifier))
            continue;
        if (findings_have(&alert->findings, "cap.contradiction"))
            return err_set(err, ERR_CRYPTO, "class: the %s contradicts itself", name);
        if (alert_class_of_status(alert->status) != class)
            return err_set(err, ERR_CRYPTO, "class: %s, but the status of the %s is %s",
                           alert_class_name(class), name,
                           alert->status ? cap_status_name(alert->status) : "not readable");
        if (!*found)
            *found = alert;
    }
    if (!*found)
        return err_set(err, ERR_CRYPTO, "identity: the %s is not %.*s of %.*s", name,
                       SLICE_ARG(identifier), SLICE_ARG(sender));
    return OK;
}

static enum err_code check_meaning(const struct verifier *verifier, struct arena *arena,
                                   const struct claims *claims, struct verified_bulletin *out,
                                   struct err *err)
{
    enum alert_class class = out->header.class;
    enum alert_class claimed = CLASS_NONE;
    const struct alert *original;

    if (slice_eq_cstr(claims->cap_status, "Actual"))
        claimed = CLASS_ACTUAL;
    else if (slice_eq_cstr(claims->cap_status, "Exercise") ||
             slice_eq_cstr(claims->cap_status, "Test"))
        claimed = CLASS_EXERCISE;
    if (claimed != class)
        return err_set(err, ERR_CRYPTO, "class: %s, but the header's status is %.*s",
                       alert_class_name(class), SLICE_ARG(claims->cap_status));
    if (check_document(verifier, arena, out->derived_xml, claims->derived_sender,
                       out->derived_identifier, class, "derived message", &out->derived, err) != OK)
        return err->code;
    if (!claims->original_inline)
        return OK;
    return check_document(verifier, arena, out->original, out->sender, out->identifier, class,
                          "original", &original, err);
}

static enum err_code check_bulletin(const struct verifier *verifier, struct arena *arena,
                                    struct slice topic, const struct packet *packet,
                                    const struct claims *claims, struct verified_bulletin *out,
                                    struct err *err)
{
    enum err_code code = check_parts(packet, out, claims, err);

    if (code == OK)
        code = check_topics(out, topic, err);
    if (code == OK)
        code = check_chain(arena, out, err);
    if (code != OK)
        return code;
    out->derived_xml = packet->parts[2];
    if (claims->original_inline)
        out->original = packet->parts[3];
    return check_meaning(verifier, arena, claims, out, err);
}

enum err_code verify_bulletin(const struct verifier *verifier, struct arena *arena,
                              struct slice topic, struct slice frame, struct verified_bulletin *out,
                              struct err *err)
{
    struct err own = {0};
    struct json_fields fields = {.arena = arena, .err = &own};
    struct claims claims = {0};
    struct packet packet;
    json_t *json;
    enum err_code code;

    *out = (struct verified_bulletin){0};
    code = verify_signed(verifier, arena, frame, SEAL_BULLETIN, 4, false, &packet, &out->header,
                         &json, &own);
    if (code == OK) {
        bulletin_fields(&fields, json, out, &claims);
        json_decref(json);
        code = fields.code;
    }
    if (code == OK)
        code = check_bulletin(verifier, arena, topic, &packet, &claims, out, &own);
    if (code != OK) {
        *out = (struct verified_bulletin){0};
        return err_set(err, code, "%s", own.text);
    }
    return OK;
}

enum err_code verify_original(const struct verifier *verifier, struct arena *arena,
                              struct slice frame, struct verified_bulletin *bulletin,
                              struct err *err)
{
    const struct alert *original;
    struct packet packet;
    enum err_code code = packet_open(arena, frame, &packet, err);

    if (code != OK)
        return code;
    if (packet.count != 1)
        return err_set(err, ERR_INVALID, "frame: %zu parts instead of the original", packet.count);
    code = check_part(packet.parts[0], bulletin->original_size, &bulletin->original_digest,
                      "original", err);
    if (code == OK)
        code =
            check_document(verifier, arena, packet.parts[0], bulletin->sender, bulletin->identifier,
                           bulletin->header.class, "original", &original, err);
    if (code == OK)
        bulletin->original = packet.parts[0];
    return code;
}
