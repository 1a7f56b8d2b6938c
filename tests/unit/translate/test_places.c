/* What areas are called in French, by their codes. */
#include "support.h"

#include "translate/internal.h"

static const char standard[] = CAPRELAY_BUILD "/boundaries-standard.bin";
static const char full[] = CAPRELAY_BUILD "/boundaries-full.bin";

struct place_name {
    const char *scheme, *code, *desc, *french;
};

/* The name that one area of those codes (blanks between) gets. */
static void check_name(struct fixture *fixture, struct place_name name)
{
    struct translate_options options = {.geo = fixture->geo};
    struct translate_input input = {.target = TARGET_CA_EXCHANGE};
    struct cap_pair pairs[8];
    struct cap_area area = {.area_desc = slice_from_cstr(name.desc), .geocodes = {.items = pairs}};
    struct cap_info info = {.areas = &area, .area_count = 1};
    const struct cap_info *infos[] = {&info};
    struct slice rest = slice_from_cstr(name.code), code;
    while (area.geocodes.count < 8 && slice_next_token(&rest, &code))
        pairs[area.geocodes.count++] =
            (struct cap_pair){.name = slice_from_cstr(name.scheme), .value = code};
    struct work work = {.options = &options,
                        .input = &input,
                        .arena = fixture->arena,
                        .infos = infos,
                        .info_count = 1};
    struct slice made = area_desc_generated(&work, 0, 0);
    if (!slice_eq_cstr(made, name.french))
        fail_msg("%s %s: '%.*s', expected '%s'", name.scheme, name.code, SLICE_ARG(made),
                 name.french);
}

static void check_names(const char *boundaries, const struct place_name *names, size_t count)
{
    struct fixture fixture;
    struct err err;
    fixture_open(&fixture);
    if (geo_open(boundaries, &fixture.geo, &err) != OK) {
        fixture_close(&fixture);
        print_message("skipped: %s\n", err.text);
        skip();
    }
    for (size_t i = 0; i < count; i++)
        check_name(&fixture, names[i]);
    fixture_close(&fixture);
}

#define LOCATION "profile:CAP-CP:Location:0.3"
#define CLC "layer:EC-MSC-SMC:1.0:CLC"

static void test_names(void **state)
{
    (void)state;
    static const struct place_name names[] = {
        {"SAME", "023029", "Washington, ME",
         "comté de Washington (Maine) (texte d'origine : Washington, ME)"},
        {"SAME", "023003 036061", "x",
         "comté d'Aroostook (Maine); comté de New York (État de New York) (texte d'origine : x)"},
        {"UGC", "MEC029", "", "comté de Washington (Maine)"},
        {"FIPS6", "53073", "", "comté de Whatcom (État de Washington)"},
        {"SAME", "123029", "", "comté de Washington (Maine) – partie nord-ouest"},
        {"SAME", "023000", "Maine", "État du Maine (texte d'origine : Maine)"},
        {"UGC", "NYZALL", "", "État de New York"},
        {"SAME", "022071", "", "paroisse d'Orleans (Louisiane)"},
        {"SAME", "002110", "", "borough de Juneau (Alaska)"},
        {"SAME", "051510", "", "ville d'Alexandria (Virginie)"},
        {"SAME", "011001", "", "district de Columbia"},
        {"SAME", "000000", "", "ensemble des États-Unis"},
        {LOCATION, "13", "", "Nouveau-Brunswick"},
        {LOCATION, "00", "", "ensemble du Canada"},
        {LOCATION, "1001113", "", "Trepassey (Terre-Neuve-et-Labrador)"},
        {CLC, "011200", "", "comté d'Annapolis"},
        /* One without a name: none of them. */
        {"SAME", "023029 023999", "Washington, ME", ""},
        {"SAME", "99", "x", ""},
        {"other", "023029", "x", ""}};
    check_names(standard, names, sizeof(names) / sizeof(names[0]));
}

static void test_names_of_zones(void **state)
{
    (void)state;
    static const struct place_name names[] = {
        {"UGC", "MEZ029", "", "zone «\u00a0Coastal Hancock\u00a0» (Maine)"},
        {"UGC", "LCZ423", "", "zone maritime «\u00a0Detroit River\u00a0»"},
        {"SAME", "094423", "", "zone maritime «\u00a0Detroit River\u00a0»"},
    };
    check_names(full, names, sizeof(names) / sizeof(names[0]));
}

/* Nothing of a name is lost where no boundaries are there: the codes of whole states suffice. */
static void test_without_boundaries(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture);
    check_name(&fixture, (struct place_name){"SAME", "023000", "", "État du Maine"});
    check_name(&fixture, (struct place_name){"SAME", "023029", "x", ""});
    fixture_close(&fixture);
}

static void test_every_state_is_named(void **state)
{
    (void)state;
    const struct schema_table *states = schema_table_find("us_states");
    for (size_t row = 0; row < states->row_count; row++) {
        struct slice fips = slice_from_cstr(schema_cell(states, row, 0));
        char key[40];
        snprintf(key, sizeof(key), "county.%.*s",
                 SLICE_ARG(table_cell("us_states", fips, "county_kind")));
        assert_false(slice_is_empty(table_cell("us_states", fips, "name_fr")));
        assert_false(slice_is_empty(table_cell("us_states", fips, "whole_fr")));
        assert_true(strcmp(key, "county.whole") == 0 ||
                    !slice_is_empty(table_cell("french_places", slice_from_cstr(key), "text")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_of_zones),
        cmocka_unit_test(test_without_boundaries),
        cmocka_unit_test(test_every_state_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
