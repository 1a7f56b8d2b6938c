#include "collection.h"

#include "base/mem.h"
#include "geo/format.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void features_init(struct features *features, GEOSContextHandle_t geos)
{
    *features = (struct features){.geos = geos, .arena = arena_create(), .places = map_create()};
}

void features_fini(struct features *features)
{
    for (size_t i = 0; i < features->count; i++) {
        GEOSGeom_destroy_r(features->geos, features->items[i].shape);
    }
    free(features->items);
    map_destroy(features->places, NULL);
    arena_destroy(features->arena);
}

enum { PLACE_TEXT_MAX = 80 };

static struct slice place_of(enum geo_layer layer, struct slice code, char *text)
{
    int len = snprintf(text, PLACE_TEXT_MAX, "%d %.*s", (int)layer, SLICE_ARG(code));
    return slice_of(text, (size_t)len < PLACE_TEXT_MAX ? (size_t)len : PLACE_TEXT_MAX - 1);
}

void features_add(struct features *features, const struct feature *feature)
{
    char place[PLACE_TEXT_MAX];
    features->items =
        mem_grow(features->items, features->count, &features->capacity, sizeof(*features->items));
    features->items[features->count++] = *feature;
    map_put(features->places, place_of(feature->layer, feature->code, place),
            (void *)(uintptr_t)features->count);
}

size_t features_find(const struct features *features, enum geo_layer layer, struct slice code)
{
    char place[PLACE_TEXT_MAX];
    return (size_t)(uintptr_t)map_get(features->places, place_of(layer, code, place)) - 1;
}

static struct slice property_text(struct features *features, const json_t *properties,
                                  const char *name)
{
    const json_t *value = name[0] ? json_object_get(properties, name) : NULL;
    if (json_is_integer(value)) {
        return arena_printf(features->arena, "%lld", (long long)json_integer_value(value));
    }
    if (!json_is_string(value)) {
        return (struct slice){NULL, 0};
    }
    struct slice text = slice_trim(slice_from_cstr(json_string_value(value)));
    return text.len ? arena_copy(features->arena, text) : (struct slice){NULL, 0};
}

/* PROPERTY or PROPERTY:OFFSET:LENGTH */
static struct slice code_read(struct features *features, const json_t *properties, const char *spec)
{
    char name[64];
    int offset = 0;
    int length = 0;
    if (sscanf(spec, "%63[^:]:%d:%d", name, &offset, &length) != 3) {
        return property_text(features, properties, spec);
    }
    struct slice whole = property_text(features, properties, name);
    return slice_sub(whole, (size_t)offset, (size_t)offset + (size_t)length);
}

/* PROPERTY=GLOB or PROPERTY!=GLOB; an absent property is the empty text. */
static bool where_matches(struct features *features, const json_t *properties, const char *where)
{
    char name[64];
    char glob[64];
    if (where[0] == '\0') {
        return true;
    }
    bool wanted = sscanf(where, "%63[^!=]=%63s", name, glob) == 2;
    if (!wanted && sscanf(where, "%63[^!=]!=%63s", name, glob) != 2) {
        return false;
    }
    struct slice text = property_text(features, properties, name);
    return (fnmatch(glob, text.ptr ? text.ptr : "", 0) == 0) == wanted;
}

/* The other codes of a feature that joins several (A-B-C): each has the shape of all of them. */
static void codes_add(struct features *features, struct feature made, struct slice codes,
                      size_t stands_for)
{
    made.shape = NULL;
    made.stands_for = stands_for;
    while (slice_next_part(&codes, '-', &made.code)) {
        if (features_find(features, made.layer, made.code) == SIZE_MAX) {
            features_add(features, &made);
        }
    }
}

/* Two features of one code are one unit; one that was only named among others now has its own
 * shape. */
static void feature_merge(struct features *features, struct feature *twin,
                          const struct feature *made)
{
    if (twin->shape) {
        twin->shape = shape_collect(features->geos, twin->shape, made->shape);
        twin->joined = true;
    } else {
        *twin = *made;
    }
}

static enum err_code feature_read(struct features *features, const struct recipe_row *row,
                                  const json_t *json, size_t first, struct err *err)
{
    const json_t *properties = json_object_get(json, "properties");
    if (!where_matches(features, properties, row->where)) {
        return OK;
    }
    struct slice codes = code_read(features, properties, row->code);
    struct feature made = {
        .layer = row->layer,
        .flags = recipe_option(row, "lookup").ptr ? GEO_UNIT_LOOKUP : 0,
        .row = row->number,
        .name = property_text(features, properties, row->name),
        .name_fr = property_text(features, properties, row->name_fr),
        .region = property_text(features, properties, row->region),
    };
    if (!slice_next_part(&codes, '-', &made.code) || slice_is_empty(made.code)) {
        return err_set(err, ERR_INVALID, "a feature has no property '%s'", row->code);
    }
    made.flags |= codes.len ? GEO_UNIT_ALIAS : 0;
    feature_describe(&made);
    size_t known = features_find(features, made.layer, made.code);
    if (known < first) {
        return OK; /* an earlier row has this code: rows are in order of trust */
    }
    enum err_code code = shape_read(features->geos, json_object_get(json, "geometry"),
                                    &features->counts, &made.shape, err);
    if (code != OK) {
        return err_wrap(err, "%.*s", SLICE_ARG(made.code));
    }
    if (known != SIZE_MAX) {
        feature_merge(features, &features->items[known], &made);
        return OK;
    }
    features_add(features, &made);
    codes_add(features, made, codes, features->count - 1);
    return OK;
}

static void features_join(struct features *features, size_t first)
{
    for (size_t i = first; i < features->count; i++) {
        struct feature *feature = &features->items[i];
        if (feature->joined) {
            feature->shape = shape_unite(features->geos, feature->shape);
        }
    }
}

static enum err_code geojson_read(struct features *features, const struct recipe_row *row,
                                  const char *path, struct err *err)
{
    json_error_t json_error;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &json_error);
    if (!json) {
        return err_set(err, ERR_INVALID, "%s: line %d: %s", path, json_error.line, json_error.text);
    }
    const json_t *list = json_object_get(json, "features");
    enum err_code code = OK;
    size_t first = features->count;
    for (size_t i = 0; code == OK && i < json_array_size(list); i++) {
        code = feature_read(features, row, json_array_get(list, i), first, err);
    }
    json_decref(json);
    features_join(features, first);
    if (code == OK && features->count == first) {
        code = err_set(err, ERR_INVALID, "no feature for this row of the recipe");
    }
    return code == OK ? OK : err_wrap(err, "%s", path);
}

/* A TSV of code and the code of a unit in the layer that option target= names: the first takes the
 * other's shape. */
static void alias_line_read(struct features *features, const struct recipe_row *row,
                            struct slice line)
{
    struct slice code, target;
    if (!slice_next_token(&line, &code) || !slice_next_token(&line, &target)) {
        return;
    }
    enum geo_layer layer = layer_from_name(recipe_option(row, "target"));
    size_t found = features_find(features, layer, target);
    if (found == SIZE_MAX || features_find(features, row->layer, code) != SIZE_MAX) {
        return;
    }
    struct feature made = {.layer = row->layer,
                           .row = row->number,
                           .code = arena_copy(features->arena, code),
                           .name = features->items[found].name,
                           .stands_for = found};
    feature_describe(&made);
    features_add(features, &made);
}

static enum err_code aliases_read(struct features *features, const struct recipe_row *row,
                                  const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return err_set(err, ERR_IO, "%s cannot be opened", path);
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    size_t first = features->count;
    while ((len = getline(&line, &size, file)) >= 0) {
        alias_line_read(features, row, slice_of(line, (size_t)len));
    }
    free(line);
    fclose(file);
    return features->count > first ? OK : err_set(err, ERR_INVALID, "%s: no line is of use", path);
}

enum err_code features_read(struct features *features, const struct recipe_row *row,
                            const char *folder, struct err *err)
{
    struct slice path = row->file[0] == '/'
                            ? arena_copy(features->arena, slice_from_cstr(row->file))
                            : arena_printf(features->arena, "%s/%s", folder, row->file);
    if (slice_ends_with(path, ".tsv")) {
        return aliases_read(features, row, path.ptr, err);
    }
    return geojson_read(features, row, path.ptr, err);
}
