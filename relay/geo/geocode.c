#include "geo/index.h"

#include "schemas.h"

#include <ctype.h>

/* One look-up on its way: where it may go on, wider, when a code has no boundary of its own. */
struct lookup {
    const struct geo *geo;
    struct arena *arena;
    struct geo_shape *out;
    bool coarse, national;
};

static size_t outer_ring_count(const struct geo *geo, const struct geo_file_unit *unit)
{
    size_t count = 0;
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        count += geo->rings[unit->ring_first + i].hole == 0;
    }
    return count;
}

static struct cap_polygon polygon_make(const struct geo *geo, struct arena *arena,
                                       const struct geo_file_ring *ring)
{
    struct cap_polygon polygon = {
        .points = arena_alloc_array(arena, ring->point_count, sizeof(struct cap_point)),
        .count = ring->point_count};
    for (uint32_t i = 0; i < ring->point_count; i++) {
        struct geo_point p = geo->points[ring->point_first + i];
        polygon.points[i] = (struct cap_point){(double)p.y / GEO_SCALE, (double)p.x / GEO_SCALE};
    }
    return polygon;
}

/* CAP has no holes: the outer rings, which hold them. Adds to what is there already. */
static void shape_add(struct lookup *lookup, uint32_t index)
{
    const struct geo *geo = lookup->geo;
    const struct geo_file_unit *unit = &geo->units[index];
    struct geo_shape *out = lookup->out;
    size_t count = out->polygon_count + outer_ring_count(geo, unit);
    struct cap_polygon *polygons = arena_alloc_array(lookup->arena, count, sizeof(*polygons));
    for (size_t i = 0; i < out->polygon_count; i++) {
        polygons[i] = out->polygons[i];
    }
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        const struct geo_file_ring *ring = &geo->rings[unit->ring_first + i];
        if (ring->hole == 0) {
            polygons[out->polygon_count++] = polygon_make(geo, lookup->arena, ring);
        }
    }
    out->polygons = polygons;
    lookup->coarse = lookup->coarse || (unit->flags & GEO_UNIT_ALIAS);
}

static bool unit_take(struct lookup *lookup, enum geo_layer layer, struct slice code)
{
    uint32_t index = geo_unit_index(lookup->geo, layer, code);
    if (index != UINT32_MAX) {
        shape_add(lookup, index);
    }
    return index != UINT32_MAX;
}

static bool unit_take_wider(struct lookup *lookup, enum geo_layer layer, struct slice code)
{
    bool taken = unit_take(lookup, layer, code);
    lookup->coarse = lookup->coarse || taken;
    return taken;
}

static bool is_digits(struct slice code)
{
    for (size_t i = 0; i < code.len; i++) {
        if (!isdigit((unsigned char)code.ptr[i])) {
            return false;
        }
    }
    return code.len > 0;
}

static const char *cell(const struct schema_table *table, size_t row, const char *column)
{
    return schema_cell(table, row, schema_column(table, column));
}

/* First cell of the row whose `column` is that text; absent where there is none. */
static struct slice key_by(const char *table_name, const char *column, struct slice text)
{
    const struct schema_table *table = schema_table_find(table_name);
    for (size_t row = 0; row < table->row_count; row++) {
        if (slice_ieq_cstr(text, cell(table, row, column))) {
            return slice_from_cstr(schema_cell(table, row, 0));
        }
    }
    return (struct slice){NULL, 0};
}

static bool national_take(struct lookup *lookup, struct slice country)
{
    lookup->national = unit_take(lookup, GEO_COUNTRY, country);
    return lookup->national;
}

static bool sgc_take(struct lookup *lookup, struct slice code)
{
    if (slice_eq_cstr(code, "00")) {
        return national_take(lookup, SLICE("CA"));
    }
    if (!is_digits(code)) {
        return false;
    }
    switch (code.len) {
    case 2:
        return unit_take(lookup, GEO_CA_PROVINCE, code);
    case 4:
        return unit_take(lookup, GEO_CA_CD, code) ||
               unit_take_wider(lookup, GEO_CA_PROVINCE, slice_sub(code, 0, 2));
    case 7:
        return unit_take(lookup, GEO_CA_CSD, code) ||
               unit_take_wider(lookup, GEO_CA_CD, slice_sub(code, 0, 4)) ||
               unit_take_wider(lookup, GEO_CA_PROVINCE, slice_sub(code, 0, 2));
    default:
        return false;
    }
}

/* PSSCCC: part, state or marine area, county or zone; 000000 the whole country, SS000 a whole
 * state. */
static bool same_take(struct lookup *lookup, struct slice code)
{
    if (code.len != 6 || !is_digits(code)) {
        return false;
    }
    if (slice_eq_cstr(code, "000000")) {
        return national_take(lookup, SLICE("US"));
    }
    struct slice state = slice_sub(code, 1, 3);
    if (slice_eq_cstr(slice_sub(code, 3, 6), "000")) {
        return unit_take(lookup, GEO_US_STATE, state);
    }
    if (unit_take(lookup, GEO_US_COUNTY, code) || unit_take(lookup, GEO_US_SAME_PART, code)) {
        return true;
    }
    char county[6] = {'0', code.ptr[1], code.ptr[2], code.ptr[3], code.ptr[4], code.ptr[5]};
    return unit_take_wider(lookup, GEO_US_COUNTY, slice_of(county, sizeof(county))) ||
           unit_take_wider(lookup, GEO_US_STATE, state);
}

/* Five digits without the part in front, or six with it. */
static bool fips_take(struct lookup *lookup, struct slice code)
{
    char same[6] = {'0'};
    if (code.len == 5) {
        memcpy(same + 1, code.ptr, 5);
        return same_take(lookup, slice_of(same, sizeof(same)));
    }
    return same_take(lookup, code);
}

/* ssCnnn is a county, ssZnnn a zone; nnn is ALL or 000 for the whole state. */
static bool ugc_take(struct lookup *lookup, struct slice code)
{
    if (code.len != 6) {
        return false;
    }
    struct slice fips = key_by("us_states", "postal", slice_sub(code, 0, 2));
    struct slice number = slice_sub(code, 3, 6);
    char kind = (char)toupper((unsigned char)code.ptr[2]);
    if (slice_ieq_cstr(number, "ALL") || slice_eq_cstr(number, "000")) {
        return fips.ptr && unit_take(lookup, GEO_US_STATE, fips);
    }
    if (!is_digits(number) || (kind != 'C' && kind != 'Z')) {
        return false;
    }
    if (kind == 'C' && fips.ptr) {
        char same[6] = {'0', fips.ptr[0], fips.ptr[1], number.ptr[0], number.ptr[1], number.ptr[2]};
        return same_take(lookup, slice_of(same, sizeof(same)));
    }
    char upper[6];
    for (size_t i = 0; i < sizeof(upper); i++) {
        upper[i] = (char)toupper((unsigned char)code.ptr[i]);
    }
    return unit_take(lookup, GEO_US_ZONE, slice_of(upper, sizeof(upper))) ||
           (fips.ptr && unit_take_wider(lookup, GEO_US_STATE, fips));
}

/* Every province whose location codes begin so: 01 is shared by three. */
static bool clc_prefix_take(struct lookup *lookup, struct slice prefix)
{
    const struct schema_table *provinces = schema_table_find("ca_provinces");
    bool taken = false;
    for (size_t row = 0; row < provinces->row_count; row++) {
        if (slice_eq_cstr(prefix, cell(provinces, row, "clc_prefix"))) {
            struct slice sgc = slice_from_cstr(schema_cell(provinces, row, 0));
            taken = unit_take_wider(lookup, GEO_CA_PROVINCE, sgc) || taken;
        }
    }
    return taken;
}

static bool clc_take(struct lookup *lookup, struct slice code)
{
    if (code.len != 6 || !is_digits(code)) {
        return false;
    }
    if (unit_take(lookup, GEO_CA_CLC, code)) {
        return true;
    }
    const struct schema_table *zones = schema_table_find("clc_zones");
    size_t row = schema_row_find(zones, code.ptr, code.len);
    if (row == zones->row_count) {
        return clc_prefix_take(lookup, slice_sub(code, 0, 2));
    }
    struct slice letters = slice_from_cstr(cell(zones, row, "province"));
    struct slice sgc = key_by("ca_provinces", "postal", letters);
    struct slice fips = key_by("us_states", "postal", letters);
    return (sgc.ptr && unit_take_wider(lookup, GEO_CA_PROVINCE, sgc)) ||
           (fips.ptr && unit_take_wider(lookup, GEO_US_STATE, fips));
}

typedef bool take_fn(struct lookup *lookup, struct slice code);

static take_fn *taker_of(struct slice scheme)
{
    if (slice_ieq_cstr(scheme, "SAME")) {
        return same_take;
    }
    if (slice_ieq_cstr(scheme, "FIPS6") || slice_ieq_cstr(scheme, "FIPS")) {
        return fips_take;
    }
    if (slice_ieq_cstr(scheme, "UGC")) {
        return ugc_take;
    }
    if (slice_istarts_with(scheme, "profile:CAP-CP:Location") || slice_ieq_cstr(scheme, "SGC")) {
        return sgc_take;
    }
    bool is_eccc = slice_istarts_with(scheme, "layer:EC-MSC-SMC:");
    if (slice_ieq_cstr(scheme, "CLC") ||
        (is_eccc && scheme.len > 4 &&
         slice_ieq_cstr(slice_sub(scheme, scheme.len - 4, scheme.len), ":CLC"))) {
        return clc_take;
    }
    return NULL;
}

enum err_code geo_geocode_shape(const struct geo *geo, struct arena *arena, struct slice scheme,
                                struct slice code, struct geo_shape *out, bool *coarse,
                                bool *national, struct err *err)
{
    *out = (struct geo_shape){0};
    struct lookup lookup = {.geo = geo, .arena = arena, .out = out};
    take_fn *take = taker_of(scheme);
    bool taken = take && take(&lookup, slice_trim(code));
    *coarse = taken && lookup.coarse;
    *national = taken && lookup.national;
    if (!take) {
        return err_set(err, ERR_NOT_FOUND, "no boundaries for geocodes of the scheme '%.*s'",
                       SLICE_ARG(scheme));
    }
    return taken ? OK
                 : err_set(err, ERR_NOT_FOUND, "no boundary for %.*s '%.*s'", SLICE_ARG(scheme),
                           SLICE_ARG(code));
}
