/* The shape of a geocode, in every scheme, with what stands in where a grade has no boundary of its
 * own. */
#include "support.h"

struct lookup {
    enum err_code result;
    bool coarse, national;
    size_t polygon_count;
    char inside[64]; /* codes of the layer that the shape covers */
};

static struct lookup look_up(const struct geo *geo, const char *scheme, const char *code,
                             enum geo_layer layer)
{
    struct arena *arena = arena_create();
    struct geo_shape shape;
    struct err err = {0};
    struct lookup lookup = {0};
    lookup.result = geo_geocode_shape(geo, arena, slice_from_cstr(scheme), slice_from_cstr(code),
                                      &shape, &lookup.coarse, &lookup.national, &err);
    lookup.polygon_count = shape.polygon_count;
    if (lookup.result != OK) {
        assert_true(err.text[0] != '\0');
        assert_int_equal(shape.polygon_count, 0);
    } else if (layer != GEO_NONE) {
        struct geo_units units = geo_cover(geo, arena, &shape, layer, 0.05, NULL);
        snprintf(lookup.inside, sizeof(lookup.inside), "%s", units_text(arena, &units));
    }
    arena_destroy(arena);
    return lookup;
}

static void found(const struct geo *geo, const char *scheme, const char *code, enum geo_layer layer,
                  const char *inside, bool coarse)
{
    struct lookup lookup = look_up(geo, scheme, code, layer);
    if (lookup.result != OK || strcmp(lookup.inside, inside) != 0 || lookup.coarse != coarse) {
        fail_msg("%s %s: result %d, covers '%s', coarse %d", scheme, code, lookup.result,
                 lookup.inside, lookup.coarse);
    }
    assert_false(lookup.national);
}

static void unknown(const struct geo *geo, const char *scheme, const char *code)
{
    if (look_up(geo, scheme, code, GEO_NONE).result != ERR_NOT_FOUND) {
        fail_msg("%s '%s' is not unknown", scheme, code);
    }
}

static const char capcp[] = "profile:CAP-CP:Location:0.3";
static const char clc[] = "layer:EC-MSC-SMC:1.0:CLC";

static void test_standard(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    found(geo, "SAME", "023029", GEO_US_COUNTY, "023029", false);
    found(geo, "same", " 023029 ", GEO_US_COUNTY, "023029", false);
    found(geo, "FIPS6", "023029", GEO_US_COUNTY, "023029", false);
    found(geo, "FIPS", "23029", GEO_US_COUNTY, "023029", false);
    found(geo, "UGC", "MEC029", GEO_US_COUNTY, "023029", false);
    found(geo, "SAME", "023000", GEO_US_STATE, "23", false);
    found(geo, "UGC", "MEZ000", GEO_US_STATE, "23", false);
    found(geo, "UGC", "MEZALL", GEO_US_STATE, "23", false);
    found(geo, capcp, "13", GEO_CA_PROVINCE, "13", false);
    /* Parts, zones and subdivisions are not in this grade. */
    found(geo, "SAME", "123029", GEO_US_COUNTY, "023029", true);
    found(geo, "SAME", "002063", GEO_US_STATE, "02", true);
    found(geo, "UGC", "MEZ017", GEO_US_STATE, "23", true);
    found(geo, capcp, "1302", GEO_CA_PROVINCE, "13", true);
    found(geo, capcp, "1302037", GEO_CA_PROVINCE, "13", true);
    found(geo, "profile:CAP-CP:Location:0.4", "3537039", GEO_CA_PROVINCE, "35", true);
    found(geo, clc, "081100", GEO_CA_PROVINCE, "59", true);
    found(geo, "layer:EC-MSC-SMC:1.1:CLC", "024110", GEO_CA_PROVINCE, "10", true);
    geo_close(geo);
}

static void test_national(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct lookup canada = look_up(geo, capcp, "00", GEO_NONE);
    assert_int_equal(canada.result, OK);
    assert_true(canada.national && !canada.coarse && canada.polygon_count > 0);
    struct lookup states = look_up(geo, "SAME", "000000", GEO_NONE);
    assert_int_equal(states.result, OK);
    assert_true(states.national && states.polygon_count > 40);
    geo_close(geo);
}

static void test_unknown(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    unknown(geo, capcp, "none");
    unknown(geo, capcp, "99");
    unknown(geo, capcp, "130203");
    unknown(geo, capcp, "");
    unknown(geo, "SAME", "099001");
    unknown(geo, "SAME", "02302");
    unknown(geo, "SAME", "0230x9");
    unknown(geo, "SAME", "057130"); /* marine, and no shape of it here */
    unknown(geo, "UGC", "XXZ001");
    unknown(geo, "UGC", "MEX001");
    unknown(geo, "UGC", "ME");
    unknown(geo, clc, "001110");
    unknown(geo, clc, "81100");
    unknown(geo, "layer:EC-MSC-SMC:1.0:Alert_Location_Status", "081100");
    unknown(geo, "layer:SOREM:1.0:Broadcast_Text", "1302");
    unknown(geo, "", "1302");
    geo_close(geo);
}

static void test_full(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    found(geo, capcp, "1302", GEO_CA_CD, "1302", false);
    found(geo, capcp, "1302037", GEO_CA_CSD, "1302037", false);
    found(geo, clc, "081100", GEO_CA_CLC, "081100", false);
    found(geo, "UGC", "MEZ017", GEO_US_ZONE, "MEZ017", false);
    found(geo, "UGC", "mez017", GEO_US_ZONE, "MEZ017", false);
    found(geo, "UGC", "PZZ130", GEO_US_ZONE, "PZZ130", false);
    found(geo, "SAME", "057130", GEO_US_SAME_PART, "057130", false);
    found(geo, "SAME", "023000", GEO_US_STATE, "23", false);
    found(geo, "SAME", "227021", GEO_US_COUNTY, "027021", false); /* a part of Cass County MN */
    found(geo, "SAME", "323029", GEO_US_COUNTY, "023029", true);
    geo_close(geo);
}

/* Codes that the list of CAP-CP has and the boundaries' vintage has not: the boundary that stands
 * there now, and said to be coarse. */
static void test_vintages(void **state)
{
    (void)state;
    struct geo *geo = open_full_or_skip();
    struct geo_file_layer at = geo->layers[GEO_CA_CSD];
    size_t aliases = 0;
    for (uint32_t i = 0; i < at.unit_count; i++) {
        const struct geo_file_unit *unit = &geo->units[at.unit_first + i];
        if (!(unit->flags & GEO_UNIT_ALIAS)) {
            continue;
        }
        char code[8] = {0};
        memcpy(code, geo->text + unit->code.offset, 7);
        struct lookup lookup = look_up(geo, capcp, code, GEO_NONE);
        assert_int_equal(lookup.result, OK);
        assert_true(lookup.coarse);
        aliases++;
    }
    printf("%zu codes of another vintage\n", aliases);
    assert_true(aliases > 200);
    geo_close(geo);
}

static void test_unit_find(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct geo_unit unit;
    assert_true(geo_unit_find(geo, GEO_CA_PROVINCE, SLICE("24"), &unit));
    assert_true(slice_eq_cstr(unit.name, "Quebec"));
    assert_true(slice_eq_cstr(unit.name_fr, "Québec"));
    assert_true(slice_eq_cstr(unit.region, "QC"));
    assert_true(geo_unit_find(geo, GEO_US_STATE, SLICE("23"), &unit));
    assert_true(slice_eq_cstr(unit.region, "ME"));
    assert_true(slice_eq_cstr(unit.name, "Maine"));
    assert_false(geo_unit_find(geo, GEO_US_STATE, SLICE("03"), &unit));
    assert_null(unit.code.ptr);
    assert_false(geo_unit_find(geo, GEO_CA_CD, SLICE("1302"), &unit));
    assert_false(geo_unit_find(geo, GEO_US_COUNTY, SLICE(""), &unit));
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard), cmocka_unit_test(test_national),
        cmocka_unit_test(test_unknown),  cmocka_unit_test(test_full),
        cmocka_unit_test(test_vintages), cmocka_unit_test(test_unit_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
