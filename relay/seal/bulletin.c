#include "seal/bulletin.h"

#include "seal/bulletin_header.h"
#include "seal/packet.h"

static enum err_code check_class(const struct key *key, const struct bulletin_facts *facts,
                                 struct err *err)
{
    const char *name = alert_class_name(facts->class);

    if (facts->class == CLASS_NONE || facts->side == SIDE_NONE)
        return err_set(err, ERR_INVALID, "a bulletin without class or side");
    if (key_class(key) != facts->class || !key->has_secret)
        return err_set(err, ERR_CRYPTO, "key %s does not sign bulletins of class %s", key->id,
                       name);
    if (alert_class_of_status(facts->original->status) != facts->class)
        return err_set(err, ERR_INVALID, "class %s, but the original's status is %s", name,
                       cap_status_name(facts->original->status));
    if (alert_class_of_status(facts->derived->status) != facts->class)
        return err_set(err, ERR_INVALID, "class %s, but the derived message's status is %s", name,
                       cap_status_name(facts->derived->status));
    return OK;
}

static enum err_code check_topics(const struct bulletin_facts *facts, struct err *err)
{
    struct slice class = slice_from_cstr(alert_class_name(facts->class));
    struct slice side = slice_from_cstr(side_name(facts->side));

    if (facts->topic_count == 0)
        return err_set(err, ERR_INVALID, "a bulletin without topics");
    for (size_t i = 0; i < facts->topic_count; i++) {
        if (!bulletin_topic_fits(facts->topics[i], class, side))
            return err_set(err, ERR_INVALID, "topic %.*s is not of %.*s.%.*s",
                           SLICE_ARG(facts->topics[i]), SLICE_ARG(class), SLICE_ARG(side));
        if (i && slice_cmp(facts->topics[i - 1], facts->topics[i]) >= 0)
            return err_set(err, ERR_INVALID, "topics are not sorted: %.*s",
                           SLICE_ARG(facts->topics[i]));
    }
    return OK;
}

bool bulletin_topic_fits(struct slice topic, struct slice class, struct slice side)
{
    struct slice rest = topic, part;

    return slice_next_part(&rest, '.', &part) && slice_eq(part, class) &&
           slice_next_part(&rest, '.', &part) && slice_eq(part, side) &&
           slice_next_part(&rest, '.', &part) && part.len >= 2 && part.len <= 3 && rest.len == 0 &&
           topic.ptr[topic.len - 1] == '.';
}

struct digest chain_next(const struct digest *chain_prev, uint64_t seq, struct slice class_name,
                         struct slice side_text, const struct slice *topics, size_t topic_count,
                         const struct digest *derived, const struct digest *original)
{
    struct digest_state state;

    digest_begin(&state);
    digest_add_sized(&state, slice_of(chain_prev->bytes, DIGEST_BYTES));
    digest_add_u64be(&state, seq);
    digest_add_sized(&state, class_name);
    digest_add_sized(&state, side_text);
    for (size_t i = 0; i < topic_count; i++)
        digest_add_sized(&state, topics[i]);
    digest_add_sized(&state, slice_of(derived->bytes, DIGEST_BYTES));
    digest_add_sized(&state, slice_of(original->bytes, DIGEST_BYTES));
    return digest_end(&state);
}

static enum err_code put_frame(const struct bulletin_options *options, struct slice packet,
                               struct buf *frame, struct err *err)
{
    if (options->compress)
        return packet_compress(packet, frame, err);
    buf_put(frame, packet);
    return buf_failed(frame) ? err_set(err, ERR_LIMIT, "no room for the bulletin's frame") : OK;
}

enum err_code bulletin_seal(const struct bulletin_options *options, const struct key *key,
                            const struct bulletin_facts *facts,
                            const struct bulletin_number *number, struct buf *frame,
                            struct digest *chain, struct err *err)
{
    struct bulletin_digests digests = {
        .derived = digest_of(facts->derived_xml),
        .original = digest_of(facts->original_bytes),
        .original_inline = facts->original_bytes.len <= options->inline_max_bytes,
    };
    struct arena *arena;
    struct buf packet;
    struct slice header;
    enum err_code code;

    code = check_class(key, facts, err);
    if (code == OK)
        code = check_topics(facts, err);
    if (code != OK)
        return code;
    *chain = chain_next(&number->chain_prev, number->seq,
                        slice_from_cstr(alert_class_name(facts->class)),
                        slice_from_cstr(side_name(facts->side)), facts->topics, facts->topic_count,
                        &digests.derived, &digests.original);
    digests.chain = *chain;
    arena = arena_create();
    packet_begin(&packet);
    header = bulletin_header(arena, key, facts, number, &digests);
    packet_put_signed(&packet, key, SEAL_BULLETIN, header);
    packet_put(&packet, facts->derived_xml);
    packet_put(&packet, digests.original_inline ? facts->original_bytes : slice_of("", 0));
    if (!header.ptr || header.len > PACKET_HEADER_BYTES_MAX || buf_failed(&packet))
        code =
            err_set(err, ERR_LIMIT, "the bulletin is too large (header of %zu bytes)", header.len);
    else
        code = put_frame(options, buf_slice(&packet), frame, err);
    packet_end(&packet);
    arena_destroy(arena);
    return code;
}
