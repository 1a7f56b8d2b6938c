#include "collection.h"

#include "base/mem.h"
#include "geo/format.h"
#include "schemas.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static struct slice cell(const struct schema_table *table, size_t row, const char *column)
{
    const char *text = schema_cell(table, row, schema_column(table, column));
    return text[0] ? slice_from_cstr(text) : (struct slice){NULL, 0};
}

/* Row of the table whose `column` is that text; row_count where there is none. */
static size_t row_by(const struct schema_table *table, const char *column, struct slice text)
{
    size_t row = 0;
    while (row < table->row_count && !slice_eq(cell(table, row, column), text)) {
        row++;
    }
    return row;
}

static bool is_letters(struct slice code)
{
    return code.len == 2 && isalpha((unsigned char)code.ptr[0]);
}

/* Where the state's or province's two digits stand in the code; absent in layers that have none. */
static struct slice region_digits(const struct feature *feature)
{
    switch (feature->layer) {
    case GEO_CA_PROVINCE:
    case GEO_CA_CD:
    case GEO_CA_CSD:
    case GEO_US_STATE:
        return slice_sub(feature->code, 0, 2);
    case GEO_US_COUNTY:
    case GEO_US_SAME_PART:
        return slice_sub(feature->code, 1, 3);
    default:
        return (struct slice){NULL, 0};
    }
}

static bool is_canadian(enum geo_layer layer)
{
    return layer == GEO_CA_PROVINCE || layer == GEO_CA_CD || layer == GEO_CA_CSD;
}

static void zone_describe(struct feature *feature)
{
    const struct schema_table *states = schema_table_find("us_states");
    struct slice letters = slice_sub(feature->code, 0, 2);
    if (row_by(states, "postal", letters) < states->row_count) {
        feature->region = letters; /* a marine prefix is no state */
    }
}

void feature_describe(struct feature *feature)
{
    if (feature->layer == GEO_US_ZONE) {
        zone_describe(feature);
        return;
    }
    bool canadian = is_canadian(feature->layer);
    const struct schema_table *table = schema_table_find(canadian ? "ca_provinces" : "us_states");
    if ((feature->layer == GEO_CA_PROVINCE || feature->layer == GEO_US_STATE) &&
        is_letters(feature->code)) {
        size_t row = row_by(table, "postal", feature->code);
        if (row < table->row_count) {
            feature->code = cell(table, row, canadian ? "sgc" : "fips");
        }
    }
    struct slice digits = region_digits(feature);
    size_t row = schema_row_find(table, digits.ptr ? digits.ptr : "", digits.len);
    if (row == table->row_count) {
        return;
    }
    feature->region = cell(table, row, "postal");
    if (feature->layer == GEO_CA_PROVINCE) {
        feature->name = cell(table, row, "name_en");
        feature->name_fr = cell(table, row, "name_fr");
    } else if (feature->layer == GEO_US_STATE) {
        feature->name = cell(table, row, "name");
    }
}

static size_t feature_at(const struct features *features, enum geo_layer layer, double lon,
                         double lat)
{
    GEOSGeometry *point = shape_must(GEOSGeom_createPointFromXY_r(
        features->geos, round(lon * GEO_SCALE), round(lat * GEO_SCALE)));
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < features->count && found == SIZE_MAX; i++) {
        const struct feature *feature = &features->items[i];
        if (feature->layer == layer && feature->shape &&
            GEOSIntersects_r(features->geos, feature->shape, point) == 1) {
            found = i;
        }
    }
    GEOSGeom_destroy_r(features->geos, point);
    return found;
}

enum err_code features_alias_points(struct features *features, const struct recipe_row *row,
                                    const char *table_name, struct err *err)
{
    const struct schema_table *table = schema_table_find(table_name);
    if (!table) {
        return err_set(err, ERR_NOT_FOUND, "no table '%s'", table_name);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        struct slice code = cell(table, i, "code");
        double lat, lon;
        if (features_find(features, row->layer, code) != SIZE_MAX ||
            !slice_to_double(cell(table, i, "lat"), &lat) ||
            !slice_to_double(cell(table, i, "lon"), &lon)) {
            continue;
        }
        size_t at = feature_at(features, row->layer, lon, lat);
        /* A point that fell into another province says nothing. */
        if (at == SIZE_MAX || strncmp(features->items[at].code.ptr, code.ptr, 2) != 0) {
            continue;
        }
        struct feature made = {.layer = row->layer,
                               .flags = GEO_UNIT_LOOKUP | GEO_UNIT_ALIAS,
                               .row = row->number,
                               .code = code,
                               .name = cell(table, i, "name_en"),
                               .name_fr = cell(table, i, "name_fr"),
                               .stands_for = at};
        feature_describe(&made);
        features_add(features, &made);
    }
    return OK;
}

static GEOSGeometry *neighbours_join(const struct features *features, size_t first, size_t except)
{
    GEOSContextHandle_t geos = features->geos;
    GEOSGeometry *joined = shape_must(GEOSGeom_createEmptyPolygon_r(geos));
    for (size_t i = first; i < features->count; i++) {
        if (i != except) {
            GEOSGeometry *more = shape_must(GEOSUnion_r(geos, joined, features->items[i].shape));
            GEOSGeom_destroy_r(geos, joined);
            joined = more;
        }
    }
    return joined;
}

static GEOSGeometry *fitted(const struct features *features, size_t first, size_t index,
                            const GEOSGeometry *country, double degrees)
{
    GEOSContextHandle_t geos = features->geos;
    GEOSGeometry *others = neighbours_join(features, first, index);
    GEOSGeometry *grown =
        shape_must(GEOSBuffer_r(geos, features->items[index].shape, degrees * GEO_SCALE, 2));
    GEOSGeometry *own = shape_must(GEOSDifference_r(geos, grown, others));
    GEOSGeometry *inside = shape_must(GEOSIntersection_r(geos, own, country));
    GEOSGeom_destroy_r(geos, own);
    GEOSGeom_destroy_r(geos, grown);
    GEOSGeom_destroy_r(geos, others);
    return shape_repair(geos, inside);
}

void features_fit(struct features *features, const struct recipe_row *row, size_t first,
                  double degrees)
{
    struct slice country_code = is_canadian(row->layer) ? SLICE("CA") : SLICE("US");
    size_t country = features_find(features, GEO_COUNTRY, country_code);
    if (country == SIZE_MAX) {
        return;
    }
    size_t count = features->count - first;
    GEOSGeometry **made = mem_alloc_array(count + 1, sizeof(*made));
    for (size_t i = 0; i < count; i++) {
        made[i] = fitted(features, first, first + i, features->items[country].shape, degrees);
    }
    for (size_t i = 0; i < count; i++) {
        GEOSGeom_destroy_r(features->geos, features->items[first + i].shape);
        features->items[first + i].shape = made[i];
    }
    free(made);
}
