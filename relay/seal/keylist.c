#include "seal/keylist.h"

#include "seal/json.h"
#include "seal/packet.h"

#include <stdlib.h>

static json_t *key_to_json(const struct keylist_key *key)
{
    char hex[2 * KEY_PUBLIC_BYTES + 1];
    json_t *object = json_object();

    hex_encode(key->public_key, sizeof key->public_key, hex);
    json_put_cstr(object, "key", hex);
    json_put_cstr(object, "id", key->id);
    json_put_cstr(object, "purpose", key_purpose_name(key->purpose));
    json_put_text(object, "name", key->name);
    json_put_time_us(object, "not_before", key->not_before_us);
    json_put_time_us(object, "not_after", key->not_after_us);
    json_put_flag(object, "revoked", key->revoked);
    return object;
}

static struct slice keylist_header(struct arena *arena, const struct keylist *list)
{
    json_t *header = json_object(), *keys = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_append(keys, key_to_json(&list->keys[i]));
    json_put_number(header, "v", 1);
    json_put_text(header, "relay", list->relay);
    json_put_time_us(header, "issued", list->issued_us);
    json_put(header, "keys", keys);
    return json_take_text(arena, header);
}

enum err_code keylist_seal(const struct key *root, const struct keylist *list, struct buf *out,
                           struct err *err)
{
    struct arena *arena;

    if (root->purpose != KEY_ROOT || !root->has_secret)
        return err_set(err, ERR_CRYPTO, "a key list is signed with the root's secret key");
    if (list->count > KEYLIST_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "a key list has at most %d keys", KEYLIST_KEYS_MAX);
    arena = arena_create();
    packet_put_signed(out, root, SEAL_KEYLIST, keylist_header(arena, list));
    arena_destroy(arena);
    return buf_failed(out) ? err_set(err, ERR_LIMIT, "the key list is too large") : OK;
}

static void key_from_json(struct json_fields *fields, const json_t *object, struct keylist_key *out)
{
    struct slice public_hex = json_get_text(fields, object, "key");
    struct slice id = json_get_text(fields, object, "id");
    struct key named;

    out->purpose = key_purpose_from_name(json_get_text(fields, object, "purpose"));
    out->name = json_get_text_maybe(fields, object, "name");
    out->not_before_us = json_get_time_us_maybe(fields, object, "not_before");
    out->not_after_us = json_get_time_us_maybe(fields, object, "not_after");
    out->revoked = json_get_flag(fields, object, "revoked");
    if (!hex_decode(public_hex, out->public_key, sizeof out->public_key)) {
        json_fail(fields, "key", "64 hex digits");
        return;
    }
    key_from_public(&named, out->purpose, out->public_key);
    if (!slice_eq_cstr(id, named.id))
        json_fail(fields, "id", "that of its key");
    memcpy(out->id, named.id, sizeof out->id);
}

static void keylist_from_json(struct json_fields *fields, const json_t *header, struct keylist *out)
{
    const json_t *keys = json_get_array(fields, header, "keys");

    out->relay = json_get_text(fields, header, "relay");
    out->issued_us = json_get_time_us(fields, header, "issued");
    out->count = json_array_size(keys);
    if (out->count > KEYLIST_KEYS_MAX) {
        json_fail(fields, "keys", "at most 1000 keys");
        out->count = 0;
    }
    out->keys = arena_alloc_array(fields->arena, out->count + 1, sizeof *out->keys);
    for (size_t i = 0; i < out->count; i++)
        key_from_json(fields, json_array_get(keys, i), &out->keys[i]);
}

enum err_code keylist_open(struct arena *arena, const uint8_t root[KEY_PUBLIC_BYTES],
                           struct slice frame, struct keylist *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *header;

    *out = (struct keylist){0};
    if (packet_open(arena, frame, &packet, err) != OK)
        return err_wrap(err, "key list");
    if (packet.count != 2 || packet.parts[0].len > PACKET_HEADER_BYTES_MAX)
        return err_set(err, ERR_INVALID, "key list: not a header and a signature");
    if (!key_verify(root, SEAL_KEYLIST, packet.parts[0], packet.parts[1]))
        return err_set(err, ERR_CRYPTO, "key list: not signed by the root that the card names");
    header = json_read(packet.parts[0], err);
    if (!header)
        return err_wrap(err, "key list");
    keylist_from_json(&fields, header, out);
    json_decref(header);
    return json_failed(&fields) ? err_wrap(err, "key list") : OK;
}

const struct keylist_key *keylist_find(const struct keylist *list, struct slice id)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_eq_cstr(id, list->keys[i].id))
            return &list->keys[i];
    return NULL;
}

enum err_code keylist_check(const struct keylist *list, struct slice id, enum alert_class class,
                            int64_t time_us, const struct keylist_key **out, struct err *err)
{
    const struct keylist_key *key = keylist_find(list, id);
    struct key judged;

    *out = NULL;
    if (!key)
        return err_set(err, ERR_NOT_FOUND, "key: %.*s is not on the key list", SLICE_ARG(id));
    if (key->revoked)
        return err_set(err, ERR_CRYPTO, "key: %s is revoked", key->id);
    judged = (struct key){.purpose = key->purpose};
    if (class == CLASS_NONE || key_class(&judged) != class)
        return err_set(err, ERR_CRYPTO, "key: %s is for %s, not for %s", key->id,
                       key_purpose_name(key->purpose), alert_class_name(class));
    if (time_us < key->not_before_us || (key->not_after_us && time_us >= key->not_after_us))
        return err_set(err, ERR_CRYPTO, "key: %s is not valid at the time of the message", key->id);
    *out = key;
    return OK;
}
