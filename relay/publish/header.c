#include "publish/header.h"

#include "seal/packet.h"

json_t *header_begin(struct slice relay_name, const struct key *key, enum alert_class class,
                     int64_t now_us)
{
    json_t *object = json_object();

    json_put_number(object, "v", 1);
    json_put_text(object, "relay", relay_name);
    json_put_cstr(object, "key", key->id);
    json_put_cstr(object, "class", alert_class_name(class));
    json_put_time_us(object, "time", now_us);
    return object;
}

enum err_code header_seal(json_t *object, const struct key *key, enum seal_kind kind,
                          struct buf *out, struct err *err)
{
    struct arena *arena = arena_create();
    struct slice text = json_take_text(arena, object);
    enum err_code code = OK;

    if (text.len > PACKET_HEADER_BYTES_MAX)
        code = err_set(err, ERR_LIMIT, "a header of %zu bytes is too large", text.len);
    else
        packet_put_signed(out, key, kind, text);
    arena_destroy(arena);
    return code;
}
