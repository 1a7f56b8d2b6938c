#include "adapters/nws/listing.h"

#include "alert/alert.h"
#include "alert/atom.h"

#include <jansson.h>

static struct slice text_of(const json_t *value)
{
    return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value))
                                 : (struct slice){0};
}

/* What would need escaping in an address is no identifier of theirs. */
static bool is_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c && strchr("-._~:", c))))
            return false;
    }
    return id.len > 0 && id.len <= NWS_ID_MAX && !slice_starts_with(id, ".");
}

static struct slice id_in_address(struct slice address)
{
    size_t start = address.len;
    while (start > 0 && address.ptr[start - 1] != '/')
        start--;
    struct slice id = slice_sub(address, start, address.len);
    return is_id(id) ? id : (struct slice){0};
}

/* `properties.id` is the identifier, `id` the alert's address; either will do. */
static struct slice id_of(const json_t *feature)
{
    struct slice id = text_of(json_object_get(json_object_get(feature, "properties"), "id"));
    if (is_id(id))
        return id;
    return id_in_address(text_of(json_object_get(feature, "id")));
}

static void read_features(struct arena *arena, const json_t *features, struct nws_listing *out)
{
    size_t i;
    json_t *feature;
    out->entries = arena_alloc_array(arena, json_array_size(features), sizeof *out->entries);
    json_array_foreach(features, i, feature)
    {
        struct slice id = id_of(feature);
        if (!id.ptr) {
            out->nameless++;
            continue;
        }
        struct cap_time sent = cap_time_parse(
            text_of(json_object_get(json_object_get(feature, "properties"), "sent")));
        out->entries[out->count++] =
            (struct nws_entry){arena_copy(arena, id), sent.set ? sent.utc_s : 0};
    }
}

enum err_code nws_listing_read(struct arena *arena, struct slice json, struct nws_listing *out,
                               struct err *err)
{
    json_error_t fault;
    *out = (struct nws_listing){0};
    json_t *root = json_loadb(json.ptr ? json.ptr : "", json.len, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        return err_set(err, ERR_INVALID, "the list of alerts is not JSON: line %d: %s", fault.line,
                       fault.text);
    const json_t *features = json_object_get(root, "features");
    enum err_code code = OK;
    if (!json_is_array(features))
        code = err_set(err, ERR_INVALID,
                       "the list of alerts has no `features`: not the GeoJSON of "
                       "this API");
    else if (json_array_size(features) > NWS_ENTRIES_MAX)
        code = err_set(err, ERR_LIMIT, "the list has %zu alerts; at most %d are read",
                       json_array_size(features), NWS_ENTRIES_MAX);
    else
        read_features(arena, features, out);
    if (code == OK)
        out->next = arena_copy(
            arena, text_of(json_object_get(json_object_get(root, "pagination"), "next")));
    json_decref(root);
    return code;
}

enum err_code nws_listing_read_atom(struct arena *arena, struct slice xml, struct nws_listing *out,
                                    struct err *err)
{
    struct atom_feed feed;
    *out = (struct nws_listing){0};
    enum err_code code = atom_read(arena, xml, &feed, err);
    if (code != OK)
        return code;
    out->nameless = feed.left_out;
    out->entries = arena_alloc_array(arena, feed.count + 1, sizeof *out->entries);
    for (size_t i = 0; i < feed.count; i++) {
        struct slice id = id_in_address(feed.entries[i].id);
        if (id.ptr)
            out->entries[out->count++] = (struct nws_entry){id, 0};
        else
            out->nameless++;
    }
    return OK;
}
