#include "seal/receipt.h"

#include "seal/bounds.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <stdlib.h>

const char *receipt_outcome(struct slice verdict)
{
    if (slice_eq_cstr(verdict, "relayed") || slice_eq_cstr(verdict, "conflict"))
        return "accepted";
    return slice_eq_cstr(verdict, "duplicate") ? "duplicate" : "refused";
}

/* The channels that the exchange targets shut, whatever the original asked for
 * (docs/translation.md).
 */
static json_t *blocked_channels(enum side side)
{
    static const char *const us[] = {"EAS", "CMAS", "NWEM"};
    static const char *const ca[] = {"Broadcast_Immediately", "WirelessImmediate"};
    const char *const *names = side == SIDE_US ? us : ca;
    size_t count = side == SIDE_US ? sizeof us / sizeof us[0] : sizeof ca / sizeof ca[0];
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_append(array, json_string(names[i]));
    return array;
}

static json_t *bulletin_to_json(const struct receipt_bulletin *bulletin)
{
    json_t *object = json_object();

    json_put_number(object, "seq", bulletin->seq);
    json_put_cstr(object, "side", side_name(bulletin->side));
    json_put_texts(object, "regions", bulletin->regions, bulletin->region_count);
    json_put_texts(object, "topics", bulletin->topics, bulletin->topic_count);
    json_put_text(object, "derived_identifier", bulletin->derived_identifier);
    json_put(object, "blocked", blocked_channels(bulletin->side));
    return object;
}

/* An absent or unreadable text is null; it comes from the relay's own rooms. */
static json_t *details_from_text(struct slice text)
{
    json_t *details = text.len ? json_loadb(text.ptr, text.len, 0, NULL) : NULL;

    return details ? details : json_null();
}

static struct slice receipt_header(struct arena *arena, const struct key *key,
                                   const struct receipt_facts *facts)
{
    const char *class = alert_class_name(facts->class);
    json_t *header = json_object(), *bulletins = json_array();

    for (size_t i = 0; i < facts->bulletin_count; i++)
        json_append(bulletins, bulletin_to_json(&facts->bulletins[i]));
    json_put_number(header, "v", 1);
    json_put_text(header, "relay", facts->relay);
    json_put_cstr(header, "key", key->id);
    json_put_time_us(header, "time", facts->time_us);
    json_put_text(header, "authority", facts->authority);
    if (facts->digest)
        json_put_digest(header, "digest", facts->digest);
    else
        json_put(header, "digest", json_null());
    json_put_flag(header, "dry_run", facts->dry_run);
    json_put_cstr(header, "class", *class ? class : NULL);
    json_put_cstr(header, "outcome", receipt_outcome(facts->verdict));
    json_put_text(header, "verdict", facts->verdict);
    json_put_text(header, "reason", facts->reason);
    json_put_text(header, "text", bounds_text(arena, facts->text, BOUNDS_TEXT_BYTES));
    json_put(header, "bulletins", bulletins);
    json_put(header, "details", details_from_text(facts->details_json));
    return json_take_text(arena, header);
}

enum err_code receipt_seal(const struct key *key, const struct receipt_facts *facts,
                           struct buf *frame, struct err *err)
{
    enum alert_class class = facts->class == CLASS_NONE ? CLASS_ACTUAL : facts->class;
    struct arena *arena;
    struct slice header;
    enum err_code code = OK;

    if (key_class(key) != class || !key->has_secret)
        return err_set(err, ERR_CRYPTO, "key %s does not sign receipts of class %s", key->id,
                       alert_class_name(class));
    arena = arena_create();
    header = receipt_header(arena, key, facts);
    if (header.len > PACKET_HEADER_BYTES_MAX)
        code = err_set(err, ERR_LIMIT, "a receipt of %zu bytes is too large", header.len);
    else
        packet_put_signed(frame, key, SEAL_RECEIPT, header);
    if (code == OK && buf_failed(frame))
        code = err_set(err, ERR_LIMIT, "no room for a receipt of %zu bytes", header.len);
    arena_destroy(arena);
    return code;
}
