#include "seal/card.h"

#include "seal/json.h"

#include <errno.h>
#include <stdio.h>

enum { CARD_BYTES_MAX = 16 * 1024 };

static void key_field(struct json_fields *fields, const json_t *object, const char *name,
                      uint8_t *out)
{
    if (!hex_decode(json_get_text(fields, object, name), out, KEY_PUBLIC_BYTES))
        json_fail(fields, name, "64 hex digits");
}

static const char *endpoint_field(struct json_fields *fields, const json_t *object,
                                  const char *name)
{
    struct slice text = json_get_text(fields, object, name);

    if (slice_find(text, "://") <= 0)
        json_fail(fields, name, "an endpoint (tcp://host:port)");
    return text.ptr;
}

enum err_code card_read(struct arena *arena, struct slice text, struct card *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    json_t *object = json_read(text, err);

    *out = (struct card){0};
    if (!object)
        return ERR_INVALID;
    out->relay = json_get_text(&fields, object, "relay").ptr;
    out->feed = endpoint_field(&fields, object, "feed");
    out->query = endpoint_field(&fields, object, "query");
    if (json_is_string(json_object_get(object, "inject")))
        out->inject = endpoint_field(&fields, object, "inject");
    out->has_curve = json_is_string(json_object_get(object, "curve"));
    if (out->has_curve)
        key_field(&fields, object, "curve", out->curve);
    else if (!json_is_null(json_object_get(object, "curve")))
        json_fail(&fields, "curve", "a key or null"); /* never plain by a slip of the pen */
    key_field(&fields, object, "root", out->root);
    json_decref(object);
    return fields.code;
}

enum err_code card_load(struct arena *arena, const char *path, struct card *out, struct err *err)
{
    struct err own = {0};
    FILE *file = fopen(path, "re");
    char *text;
    size_t len;
    enum err_code code;

    *out = (struct card){0};
    if (!file)
        return err_errno(err, errno, "cannot open the card %s", path);
    text = arena_alloc(arena, CARD_BYTES_MAX + 1);
    len = fread(text, 1, CARD_BYTES_MAX + 1, file);
    if (ferror(file))
        code = err_errno(&own, errno, "cannot be read");
    else if (len > CARD_BYTES_MAX)
        code = err_set(&own, ERR_LIMIT, "no card: more than %d bytes", CARD_BYTES_MAX);
    else
        code = card_read(arena, slice_of(text, len), out, &own);
    fclose(file);
    return code == OK ? OK : err_set(err, code, "%s: %s", path, own.text);
}

static void put_key(json_t *object, const char *name, const uint8_t *key)
{
    char hex[2 * KEY_PUBLIC_BYTES + 1];

    hex_encode(key, KEY_PUBLIC_BYTES, hex);
    json_put_cstr(object, name, hex);
}

void card_write(const struct card *card, struct buf *out)
{
    struct arena *arena = arena_create();
    json_t *object = json_object();

    json_put_number(object, "v", 1);
    json_put_cstr(object, "relay", card->relay);
    json_put_cstr(object, "feed", card->feed);
    json_put_cstr(object, "query", card->query);
    json_put_cstr(object, "inject", card->inject);
    if (card->has_curve)
        put_key(object, "curve", card->curve);
    else
        json_put(object, "curve", json_null());
    put_key(object, "root", card->root);
    buf_put(out, json_take_text(arena, object));
    buf_put_char(out, '\n');
    arena_destroy(arena);
}
