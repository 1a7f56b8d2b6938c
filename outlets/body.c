#include "outlets/body.h"

#include "base/sha1.h"
#include "seal/json.h"

const struct conf_choice outlet_body_choices[] = {{"json", OUTLET_BODY_JSON},
                                                  {"derived", OUTLET_BODY_DERIVED},
                                                  {"bulletin", OUTLET_BODY_BULLETIN},
                                                  {NULL, 0}};

/* Absent where the original travels by its digest alone. */
static struct slice original_text(struct arena *arena, struct slice original)
{
    if (!original.len)
        return (struct slice){NULL, 0};
    char *text = arena_alloc(arena, BASE64_MAX(original.len));
    base64_encode(original, text);
    return slice_from_cstr(text);
}

static struct slice make_json(struct arena *arena, const struct outlet_bulletin *bulletin)
{
    json_t *object = json_object();
    struct err err;

    json_put_number(object, "v", 1);
    json_put_text(object, "id", bulletin->id);
    json_put_cstr(object, "class", alert_class_name(bulletin->class));
    json_put_number(object, "number", bulletin->number);
    json_put(object, "header", json_read(bulletin->header, &err));
    json_put_text(object, "derived", bulletin->derived);
    json_put_text(object, "original", original_text(arena, bulletin->original));
    return json_take_text(arena, object);
}

struct slice outlet_body_make(struct arena *arena, enum outlet_body body,
                              const struct outlet_bulletin *bulletin, const char **content_type)
{
    switch (body) {
    case OUTLET_BODY_DERIVED:
        *content_type = "application/cap+xml";
        return bulletin->derived;
    case OUTLET_BODY_BULLETIN:
        *content_type = "application/vnd.caprelay.bulletin";
        return bulletin->frame;
    case OUTLET_BODY_JSON:
        break;
    }
    *content_type = "application/json";
    return make_json(arena, bulletin);
}
