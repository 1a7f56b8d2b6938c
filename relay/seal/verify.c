#include "seal/verify_internal.h"

/* A link that could be dead for longer without a word is no link. */
enum { BEAT_INTERVAL_MAX_MS = 3600 * 1000 };

/* Key, relay, class and time: what the key list is asked about. */
static enum err_code read_common(const struct verifier *verifier, struct json_fields *fields,
                                 const json_t *json, bool class_maybe, struct signed_header *out,
                                 const struct keylist_key **key)
{
    struct slice relay = json_get_text(fields, json, "relay");
    struct slice class = class_maybe ? json_get_text_maybe(fields, json, "class")
                                     : json_get_text(fields, json, "class");

    out->key_id = json_get_text(fields, json, "key");
    out->time_us = json_get_time_us(fields, json, "time");
    out->class = alert_class_from_name(class);
    if (out->class == CLASS_NONE && !(class_maybe && !class.ptr))
        json_fail(fields, "class", "actual or exercise");
    if (json_failed(fields))
        return fields->code;
    if (!slice_eq(relay, verifier->keys->relay))
        return err_set(fields->err, ERR_CRYPTO, "key: from the relay %.*s, the key list is %.*s's",
                       SLICE_ARG(relay), SLICE_ARG(verifier->keys->relay));
    return keylist_check(verifier->keys, out->key_id,
                         out->class == CLASS_NONE ? CLASS_ACTUAL : out->class, out->time_us, key,
                         fields->err);
}

enum err_code verify_signed(const struct verifier *verifier, struct arena *arena,
                            struct slice frame, enum seal_kind kind, size_t part_count,
                            bool class_maybe, struct packet *packet, struct signed_header *header,
                            json_t **json, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    const struct keylist_key *key = NULL;
    enum err_code code = packet_open(arena, frame, packet, err);

    *json = NULL;
    if (code != OK)
        return code;
    if (packet->count != part_count)
        return err_set(err, ERR_INVALID, "frame: %zu parts, a %s has %zu", packet->count,
                       seal_kind_name(kind), part_count);
    header->json = packet->parts[0];
    if (header->json.len > PACKET_HEADER_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "frame: a header of %zu bytes", header->json.len);
    *json = json_read(header->json, err);
    if (!*json)
        return ERR_INVALID;
    code = read_common(verifier, &fields, *json, class_maybe, header, &key);
    if (code == OK && !key_verify(key->public_key, kind, header->json, packet->parts[1]))
        code = err_set(err, ERR_CRYPTO, "signature: not good for %s by key %s",
                       seal_kind_name(kind), key->id);
    if (code != OK) {
        json_decref(*json);
        *json = NULL;
    }
    return code;
}

struct head json_get_head(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_get_object(fields, object, name);

    return (struct head){.seq = json_get_number(fields, value, "seq"),
                         .chain = json_get_digest(fields, value, "chain")};
}

struct topic_number *json_get_topic_numbers(struct json_fields *fields, const json_t *object,
                                            const char *name, size_t *count)
{
    json_t *map = (json_t *)(uintptr_t)json_get_object_maybe(fields, object, name);
    struct topic_number *list;
    const char *topic;
    json_t *value;

    *count = 0;
    list = arena_alloc_array(fields->arena, json_object_size(map) + 1, sizeof *list);
    json_object_foreach(map, topic, value) list[(*count)++] = (struct topic_number){
        .topic = arena_copy(fields->arena, slice_from_cstr(topic)),
        .seq = json_get_number(fields, map, topic),
    };
    return list;
}

static void beat_fields(struct json_fields *fields, const json_t *json, struct verified_beat *out)
{
    const json_t *in_force = json_get_object(fields, json, "in_force");
    struct slice state = json_get_text(fields, json, "state");

    out->interval_ms = json_get_number(fields, json, "interval_ms");
    out->started = json_get_text(fields, json, "started");
    out->degraded = !slice_eq_cstr(state, "ok");
    out->reasons = json_get_texts(fields, json, "reasons", &out->reason_count);
    out->head = json_get_head(fields, json, "head");
    json_get_object(fields, json, "topics");
    out->topics = json_get_topic_numbers(fields, json, "topics", &out->topic_count);
    out->in_force_count = json_get_number(fields, in_force, "count");
    out->in_force_digest = json_get_digest(fields, in_force, "digest");
    out->keys_issued_us = json_get_time_us_maybe(fields, json, "keys_issued");
    if (out->interval_ms == 0 || out->interval_ms > BEAT_INTERVAL_MAX_MS)
        json_fail(fields, "interval_ms", "between 1 and an hour");
}

enum err_code verify_beat(const struct verifier *verifier, struct arena *arena,
                          enum alert_class class, struct slice frame, struct verified_beat *out,
                          struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *json;
    enum err_code code;

    *out = (struct verified_beat){0};
    code = verify_signed(verifier, arena, frame, SEAL_BEAT, 2, false, &packet, &out->header, &json,
                         err);
    if (code != OK)
        return code;
    beat_fields(&fields, json, out);
    json_decref(json);
    if (json_failed(&fields))
        return fields.code;
    if (out->header.class != class)
        return err_set(err, ERR_CRYPTO, "class: a beat of %s on the topic of %s",
                       alert_class_name(out->header.class), alert_class_name(class));
    return OK;
}

static enum err_code check_question(struct json_fields *fields, const json_t *json,
                                    const struct question *question)
{
    struct slice verb = json_get_text(fields, json, "verb");
    struct slice class = json_get_text(fields, json, "class");
    struct slice nonce = json_get_text(fields, json, "nonce");

    if (json_failed(fields))
        return fields->code;
    if (!slice_eq(verb, question->verb) || !slice_eq(nonce, question->nonce) ||
        !slice_eq_cstr(class, alert_class_name(question->class)))
        return err_set(fields->err, ERR_CRYPTO, "answer: to another question");
    return OK;
}

static enum err_code check_digests(struct json_fields *fields, const json_t *json,
                                   const struct slice *frames, size_t count)
{
    const json_t *digests = json_get_array(fields, json, "digests");
    uint64_t told = json_get_number(fields, json, "count");

    if (json_failed(fields))
        return fields->code;
    if (told != count || json_array_size(digests) != count)
        return err_set(fields->err, ERR_CRYPTO, "answer: %zu frames follow, %llu were signed",
                       count, (unsigned long long)told);
    for (size_t i = 0; i < count; i++) {
        struct digest digest = digest_of(frames[i]);
        char hex[DIGEST_HEX_MAX];
        const char *listed = json_string_value(json_array_get(digests, i));
        if (!slice_eq_cstr(slice_from_cstr(digest_hex(&digest, hex)), listed ? listed : ""))
            return err_set(fields->err, ERR_CRYPTO, "digest: frame %zu is not what was signed",
                           i + 1);
    }
    return OK;
}

static void answer_fields(struct json_fields *fields, const json_t *json,
                          struct verified_answer *out)
{
    const json_t *error = json_get_object_maybe(fields, json, "error");

    if (error) {
        out->error_code = json_get_text(fields, error, "code");
        out->error_text = json_get_text_maybe(fields, error, "text");
    }
    out->more = json_get_flag(fields, json, "more");
    if (json_get_object_maybe(fields, json, "head"))
        out->head = json_get_head(fields, json, "head");
    out->as_of = json_get_topic_numbers(fields, json, "as_of", &out->as_of_count);
}

enum err_code verify_answer(const struct verifier *verifier, struct arena *arena,
                            const struct question *question, const struct slice *frames,
                            size_t frame_count, struct verified_answer *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *json;
    enum err_code code;

    *out = (struct verified_answer){0};
    code = verify_signed(verifier, arena, frames[0], SEAL_ANSWER, 2, false, &packet, &out->header,
                         &json, err);
    if (code != OK)
        return code;
    code = check_question(&fields, json, question);
    if (code == OK)
        code = check_digests(&fields, json, frames + 1, frame_count - 1);
    if (code == OK) {
        answer_fields(&fields, json, out);
        code = fields.code;
    }
    json_decref(json);
    return code;
}

static void receipt_fields(struct json_fields *fields, const json_t *json,
                           struct verified_receipt *out)
{
    const json_t *digest = json_object_get(json, "digest");

    out->authority = json_get_text_maybe(fields, json, "authority");
    out->has_digest = digest && !json_is_null(digest);
    if (out->has_digest)
        out->digest = json_get_digest(fields, json, "digest");
    out->dry_run = json_get_flag(fields, json, "dry_run");
    out->outcome = json_get_text(fields, json, "outcome");
    out->verdict = json_get_text(fields, json, "verdict");
    out->reason = json_get_text_maybe(fields, json, "reason");
    out->text = json_get_text_maybe(fields, json, "text");
    json_get_array(fields, json, "bulletins");
}

enum err_code verify_receipt(const struct verifier *verifier, struct arena *arena,
                             struct slice frame, struct verified_receipt *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *json;
    enum err_code code;

    *out = (struct verified_receipt){0};
    code = verify_signed(verifier, arena, frame, SEAL_RECEIPT, 2, true, &packet, &out->header,
                         &json, err);
    if (code != OK)
        return code;
    receipt_fields(&fields, json, out);
    json_decref(json);
    return fields.code;
}

enum err_code verify_copies(const struct verifier *verifier, struct arena *arena,
                            enum alert_class class, uint64_t seq, struct slice frame,
                            struct signed_header *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *json;
    enum err_code code;

    *out = (struct signed_header){0};
    code = verify_signed(verifier, arena, frame, SEAL_COPIES, 2, false, &packet, out, &json, err);
    if (code != OK)
        return code;
    json_get_array(&fields, json, "copies");
    if (out->class != class || json_get_number(&fields, json, "seq") != seq)
        code = err_set(err, ERR_CRYPTO, "copies: of another bulletin");
    json_decref(json);
    return code == OK ? fields.code : code;
}
