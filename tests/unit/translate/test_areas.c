/* Where an area lies, by the boundaries of both grades. Coordinates are known towns at the border.
 */
#include "support.h"

#include "schemas.h"

#define ALERT(code, geocodes, shape)                                                               \
    "<alert "                                                                                      \
    "xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id</identifier><sender>s@a.example"  \
    "</sender><sent>2026-04-15T20:51:47-00:00</sent><status>Actual</status><msgType>Alert</"       \
    "msgType>"                                                                                     \
    "<scope>Public</scope><code>" code                                                             \
    "</code><info><language>en</language><category>Met</category>"                                 \
    "<event>flood</event><urgency>Expected</urgency><severity>Severe</severity>"                   \
    "<certainty>Likely</certainty><area><areaDesc>x</areaDesc>" shape geocodes                     \
    "</area></info></alert>"
#define GEOCODE(name, value)                                                                       \
    "<geocode><valueName>" name "</valueName><value>" value "</value></geocode>"
#define CA "profile:CAP-CP:0.4"
#define US "IPAWSv1.0"
/* Windsor and Detroit; Calais and St. Stephen; the middle of Saskatchewan. */
#define DETROIT_RIVER                                                                              \
    "<polygon>42.25,-83.15 42.25,-82.90 42.40,-82.90 42.40,-83.15 42.25,-83.15</polygon>"
#define ST_CROIX                                                                                   \
    "<polygon>45.10,-67.40 45.10,-67.15 45.25,-67.15 45.25,-67.40 45.10,-67.40</polygon>"
#define PRAIRIE "<polygon>52.0,-106.0 52.0,-105.5 52.4,-105.5 52.4,-106.0 52.0,-106.0</polygon>"

static const char standard[] = CAPRELAY_BUILD "/boundaries-standard.bin";
static const char full[] = CAPRELAY_BUILD "/boundaries-full.bin";

struct place_test {
    struct fixture fixture;
    struct translation translation;
    const struct cap_area *area;
};

static void open_place(struct place_test *test, const char *boundaries)
{
    struct err err;
    *test = (struct place_test){0};
    fixture_open(&test->fixture);
    if (geo_open(boundaries, &test->fixture.geo, &err) == OK)
        return;
    fixture_close(&test->fixture);
    print_message("skipped: %s\n", err.text);
    skip();
}

static void translate_place(struct place_test *test, enum target target, const char *xml)
{
    struct err err = {0};
    const struct alert *alert = alert_of(&test->fixture, slice_from_cstr(xml));
    assert_int_equal(translate_to(&test->fixture, alert, target, NULL, 0, &test->translation, &err),
                     OK);
    check_translation(&test->fixture, alert, target, &test->translation, true);
    test->area = &alert_of(&test->fixture, test->translation.xml)->infos[0].areas[0];
}

static bool coded(const struct place_test *test, const char *name, const char *value)
{
    for (size_t i = 0; i < test->area->geocodes.count; i++) {
        const struct cap_pair *pair = &test->area->geocodes.items[i];
        if (slice_eq_cstr(pair->name, name) && slice_eq_cstr(pair->value, value))
            return true;
    }
    return false;
}

#define LOCATION "profile:CAP-CP:Location:0.3"

static void test_counties(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, GEOCODE(LOCATION, "3537"), DETROIT_RIVER));
    assert_true(coded(&test, "SAME", "026163"));
    assert_true(coded(&test, "UGC", "MIC163"));
    assert_true(coded(&test, LOCATION, "3537"));
    assert_true(slice_eq_cstr(test.area->polygons[0].text,
                              "42.25,-83.15 42.25,-82.90 42.40,-82.90 42.40,-83.15 42.25,-83.15"));
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, "", ST_CROIX));
    assert_true(coded(&test, "SAME", "023029"));
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, "", PRAIRIE));
    assert_int_equal(test.area->geocodes.count, 0);
    assert_int_equal(test.area->polygon_count, 1);
    assert_true(notes_have(&test.translation.notes, NOTE_AREA_UNCODED));
    fixture_close(&test.fixture);
}

static void test_provinces_where_nothing_finer_is_known(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, GEOCODE("SAME", "026163"), DETROIT_RIVER));
    assert_true(coded(&test, LOCATION, "35"));
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, "", ST_CROIX));
    assert_true(coded(&test, LOCATION, "13"));
    assert_false(coded(&test, LOCATION, "none"));
    fixture_close(&test.fixture);
}

static void test_subdivisions(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, full);
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, GEOCODE("SAME", "026163"), DETROIT_RIVER));
    assert_true(coded(&test, LOCATION, "3537039"));
    assert_false(coded(&test, LOCATION, "35") || coded(&test, LOCATION, "3537"));
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, "", ST_CROIX));
    assert_true(coded(&test, LOCATION, "1302037"));
    fixture_close(&test.fixture);
}

static void test_a_division_covered_whole_has_its_own_code(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, full);
    /* All of Prince Edward Island, and water around it. */
    translate_place(
        &test, TARGET_CA_EXCHANGE,
        ALERT(
            US, "",
            "<polygon>45.85,-64.60 47.20,-64.60 47.20,-61.80 45.85,-61.80 45.85,-64.60</polygon>"));
    assert_true(coded(&test, LOCATION, "11"));
    for (size_t i = 0; i < test.area->geocodes.count; i++) {
        struct slice value = test.area->geocodes.items[i].value;
        assert_true(value.len == 2 || !slice_starts_with(value, "11"));
    }
    fixture_close(&test.fixture);
}

static void test_shape_of_geocodes(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, GEOCODE("SAME", "023029"), ""));
    assert_true(test.area->polygon_count > 0);
    for (size_t i = 0; i < test.area->polygon_count; i++)
        assert_true(test.area->polygons[i].count >= 4 && test.area->polygons[i].count <= 200);
    assert_true(notes_have(&test.translation.notes, NOTE_SHAPE_FROM_GEOCODE));
    /* Unknown, and all of a country: no shape, and no guess. */
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, GEOCODE("SAME", "099999"), ""));
    assert_int_equal(test.area->polygon_count, 0);
    assert_true(coded(&test, LOCATION, "none"));
    assert_true(notes_have(&test.translation.notes, NOTE_GEOCODE_UNKNOWN));
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, GEOCODE(LOCATION, "00"), ""));
    assert_int_equal(test.area->polygon_count, 0);
    assert_true(coded(&test, LOCATION, "00"));
    assert_true(notes_have(&test.translation.notes, NOTE_AREA_NATIONAL));
    fixture_close(&test.fixture);
}

static void test_same_from_canada_is_never_looked_up(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    /* 055121 is ECCC's code of a place in Manitoba and the SAME code of a county in Wisconsin. */
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, GEOCODE("SAME", "055121"), ""));
    assert_int_equal(test.area->polygon_count, 0);
    assert_int_equal(test.area->geocodes.count, 0);
    assert_true(notes_have(&test.translation.notes, NOTE_GEOCODE_REFUSED));
    fixture_close(&test.fixture);
}

/* Every ECCC code that is a US county's as well, in both directions. */
static void check_collision(struct place_test *test, const char *code)
{
    char xml[2000];
    snprintf(xml, sizeof(xml), ALERT(CA, GEOCODE("layer:EC-MSC-SMC:1.0:CLC", "%s"), ""), code);
    translate_place(test, TARGET_US_EXCHANGE, xml);
    assert_false(coded(test, "SAME", code));
    snprintf(xml, sizeof(xml), ALERT(CA, GEOCODE("SAME", "%s"), ""), code);
    translate_place(test, TARGET_US_EXCHANGE, xml);
    assert_int_equal(test->area->geocodes.count + test->area->polygon_count, 0);
    assert_true(notes_have(&test->translation.notes, NOTE_GEOCODE_REFUSED));
    snprintf(xml, sizeof(xml), ALERT(US, GEOCODE("SAME", "%s"), ""), code);
    translate_place(test, TARGET_CA_EXCHANGE, xml);
    for (size_t i = 0; i < test->area->geocodes.count; i++)
        assert_false(slice_eq_cstr(test->area->geocodes.items[i].value, code));
    assert_true(notes_have(&test->translation.notes, NOTE_GEOCODE_DROPPED));
}

static void test_colliding_codes_are_never_taken_for_each_other(void **state)
{
    (void)state;
    static const char *const tables[] = {"clc_zones", "clc_marine_zones"};
    struct place_test test;
    size_t collisions = 0;
    open_place(&test, standard);
    for (size_t i = 0; i < 2; i++) {
        const struct schema_table *table = schema_table_find(tables[i]);
        for (size_t row = 0; row < table->row_count; row++) {
            struct geo_unit unit;
            struct slice code = slice_from_cstr(schema_cell(table, row, 0));
            if (!geo_unit_find(test.fixture.geo, GEO_US_COUNTY, code, &unit))
                continue;
            check_collision(&test, schema_cell(table, row, 0));
            collisions++;
        }
    }
    print_message("%zu codes of both systems\n", collisions);
    assert_true(collisions >= 20);
    fixture_close(&test.fixture);
}

/* Codes of the list of collisions that are in neither table (sea ice, forecast areas). */
static void test_every_listed_collision(void **state)
{
    (void)state;
    struct place_test test;
    FILE *list = fopen(CAPRELAY_SHARED "/facts/tables/clc_fips_collisions.tsv", "r");
    if (!list) {
        print_message("skipped: no list of collisions beside the checkout\n");
        skip();
    }
    open_place(&test, standard);
    char line[400];
    size_t count = 0;
    while (fgets(line, sizeof(line), list)) {
        if (line[0] != '0' || line[6] != '\t')
            continue;
        line[6] = '\0';
        check_collision(&test, line);
        count++;
    }
    fclose(list);
    assert_int_equal(count, 175);
    fixture_close(&test.fixture);
}

#define CHANNEL_AT_DETROIT                                                                         \
    "<polygon>42.10,-83.20 42.10,-83.05 42.35,-83.05 42.35,-83.20 42.10,-83.20</polygon>"
#define JUAN_DE_FUCA                                                                               \
    "<polygon>48.25,-123.9 48.25,-123.5 48.35,-123.5 48.35,-123.9 48.25,-123.9</polygon>"

static void test_marine_zones_by_geometry(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, full);
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, "", JUAN_DE_FUCA));
    assert_true(coded(&test, "SAME", "057131"));
    assert_true(coded(&test, "UGC", "PZZ131"));
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, "", CHANNEL_AT_DETROIT));
    assert_true(coded(&test, "SAME", "094423"));
    assert_true(coded(&test, "SAME", "026163"));
    translate_place(&test, TARGET_US_EXCHANGE, ALERT(CA, "", PRAIRIE));
    assert_int_equal(test.area->geocodes.count, 0);
    /* The zone of a US code has its shape, and Canada's code only where land is reached. */
    translate_place(&test, TARGET_CA_EXCHANGE, ALERT(US, GEOCODE("SAME", "057131"), ""));
    assert_true(test.area->polygon_count > 0);
    assert_false(coded(&test, "SAME", "057131"));
    fixture_close(&test.fixture);
}

/* Without their boundaries the notes say so, and no code is guessed. */
static void test_marine_zones_without_boundaries(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    translate_place(&test, TARGET_US_EXCHANGE,
                    ALERT(CA, GEOCODE("layer:EC-MSC-SMC:1.0:CLC", "001112"), JUAN_DE_FUCA));
    assert_false(coded(&test, "SAME", "057131") || coded(&test, "SAME", "001112"));
    assert_true(coded(&test, "layer:EC-MSC-SMC:1.0:CLC", "001112"));
    assert_true(notes_have(&test.translation.notes, NOTE_GEOCODE_UNKNOWN));
    fixture_close(&test.fixture);
}

static void test_rings_keep_to_the_limit(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    struct buf xml;
    buf_init(&xml, 1 << 20);
    buf_put_cstr(&xml, "<polygon>");
    for (int i = 0; i <= 400; i++)
        buf_printf(&xml, "%d.%03d,-%d.%03d ", 44 + (i % 200 + 1) / 200,
                   (i * 5 + 5) % 1000 / (1 + (i > 200)), 66 + i / 300, (i * 3) % 1000);
    buf_put_cstr(&xml, "44.005,-66.000</polygon>");
    struct slice text =
        arena_printf(test.fixture.arena, ALERT(CA, "", "%.*s"), SLICE_ARG(buf_slice(&xml)));
    buf_fini(&xml);
    translate_place(&test, TARGET_US_EXCHANGE, text.ptr);
    assert_true(test.area->polygons[0].count <= 200);
    assert_true(notes_have(&test.translation.notes, NOTE_SHAPE_SIMPLIFIED));
    fixture_close(&test.fixture);
}

static void test_offset_of_the_first_region(void **state)
{
    (void)state;
    struct place_test test;
    open_place(&test, standard);
    const char *const cases[][2] = {{ALERT(CA, "", ST_CROIX), "-05:00"},
                                    {ALERT(CA, "", PRAIRIE), "-06:00"},
                                    {ALERT(CA, "", "<circle>49.2,-122.9 1</circle>"), "-08:00"}};
    for (size_t i = 0; i < 3; i++) {
        translate_place(&test, TARGET_US_EXCHANGE, cases[i][0]);
        struct slice sent = alert_of(&test.fixture, test.translation.xml)->sent.text;
        if (!slice_ends_with(sent, cases[i][1]))
            fail_msg("%.*s, expected %s", SLICE_ARG(sent), cases[i][1]);
    }
    fixture_close(&test.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counties),
        cmocka_unit_test(test_provinces_where_nothing_finer_is_known),
        cmocka_unit_test(test_subdivisions),
        cmocka_unit_test(test_a_division_covered_whole_has_its_own_code),
        cmocka_unit_test(test_shape_of_geocodes),
        cmocka_unit_test(test_same_from_canada_is_never_looked_up),
        cmocka_unit_test(test_colliding_codes_are_never_taken_for_each_other),
        cmocka_unit_test(test_every_listed_collision),
        cmocka_unit_test(test_marine_zones_by_geometry),
        cmocka_unit_test(test_marine_zones_without_boundaries),
        cmocka_unit_test(test_rings_keep_to_the_limit),
        cmocka_unit_test(test_offset_of_the_first_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
