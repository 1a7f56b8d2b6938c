/* The English that a Canadian alert without English gets for the US: every word from tables. */
#include "support.h"

#include "translate/tables.h"

#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define CAPCP(code) PAIR("eventCode", "profile:CAP-CP:Event:0.4", code)
#define INFO(language, event, codes, rest)                                                         \
    "<info><language>" language "</language><category>Safety</category><event>" event "</event>"   \
    "<urgency>Immediate</urgency><severity>Extreme</severity><certainty>Observed</certainty>"      \
    "" codes rest "</info>"
#define AREA                                                                                       \
    "<area><areaDesc>Montréal</areaDesc>" PAIR("geocode", "profile:CAP-CP:Location:0.3",           \
                                               "2466023") "</area>"

static int open_fixture(void **state)
{
    struct fixture *fixture = malloc(sizeof(*fixture));
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static const struct alert *to_us(struct fixture *fixture, const char *status, const char *infos,
                                 struct translation *out)
{
    struct err err = {0};
    const struct alert *alert = alert_of(
        fixture, arena_printf(fixture->arena,
                              "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>"
                              "<identifier>id-1</identifier><sender>alerte@quebec.example</sender>"
                              "<sent>2026-01-05T09:05:00-05:00</sent><status>%s</status>"
                              "<msgType>Alert</msgType><scope>Public</scope>"
                              "<code>profile:CAP-CP:0.4</code>%s</alert>",
                              status, infos));
    if (translate_to(fixture, alert, TARGET_US_EXCHANGE, NULL, 0, out, &err) != OK)
        fail_msg("%s", err.text);
    check_translation(fixture, alert, TARGET_US_EXCHANGE, out, true);
    check_explained(fixture, alert, TARGET_US_EXCHANGE);
    return alert_of(fixture, out->xml);
}

static void assert_text(struct slice got, const char *expected)
{
    if (!slice_eq_cstr(got, expected))
        fail_msg("expected\n%s\ngot\n%.*s", expected, SLICE_ARG(got));
}

static void test_a_whole_info(void **state)
{
    struct translation out;
    const struct alert *derived = to_us(
        *state, "Actual",
        INFO("fr-CA", "déversement", CAPCP("hazmat"),
             "<onset>2026-01-05T14:30:00-05:00</onset><expires>2026-01-06T00:00:00-05:00</expires>"
             "<senderName>Sûreté du Québec</senderName><headline>Fuite de chlore</headline>"
             "<description>Un nuage se déplace.</description>"
             "<instruction>Fermez les fenêtres.</instruction>" PAIR(
                 "parameter", "layer:SOREM:1.0:Broadcast_Immediately", "Yes") AREA),
        &out);
    assert_int_equal(derived->info_count, 2);
    /* The authority's own words, first and as they were. */
    assert_text(derived->infos[0].language, "fr-CA");
    assert_text(derived->infos[0].headline, "Fuite de chlore");
    const struct cap_info *english = &derived->infos[1];
    assert_true(is_generated(english));
    assert_text(english->event, "Hazardous Materials");
    assert_text(english->headline,
                "Hazardous Materials – in effect from January 5, 2026 at 14:30 (UTC−05:00) until "
                "January 6, 2026 at 00:00 (UTC−05:00)");
    assert_text(
        english->description,
        "Event: Hazardous Materials.\n"
        "Sender: Sûreté du Québec (alerte@quebec.example).\n"
        "Urgency: immediate (act at once).\n"
        "Severity: extreme (extraordinary threat to life or property).\n"
        "Certainty: observed (it has occurred or is ongoing).\n"
        "Beginning of the event: January 5, 2026 at 14:30 (UTC−05:00).\n"
        "Message valid until January 6, 2026 at 00:00 (UTC−05:00).\n"
        "Areas: Montréal (Quebec) (original text: Montréal).\n"
        "English text made automatically from the alert's coded values, not reviewed by a person.\n"
        "The original text follows, unaltered.\n\n"
        "Original event (French): déversement\n\n"
        "Original headline (French):\nFuite de chlore\n\n"
        "Original description (French):\nUn nuage se déplace.");
    assert_text(english->instruction, "Original instruction (French):\nFermez les fenêtres.");
    assert_text(english->areas[0].area_desc, "Montréal (Quebec) (original text: Montréal)");
    assert_true(notes_have(&out.notes, NOTE_ENGLISH_GENERATED));
    assert_false(notes_have(&out.notes, NOTE_FRENCH_GENERATED));
}

static void test_event_names(void **state)
{
    static const struct {
        const char *info, *event, *line;
    } cases[] = {
        {INFO("fr-CA", "orage", CAPCP("thunderstorm"), ""), "Thunderstorm",
         "Event: Thunderstorm.\n"},
        {INFO("fr-CA", "feu de FORÊT", "", ""), "feu de FORÊT",
         "Event: feu de FORÊT (as the sender calls it; it has no established English name).\n"},
        {INFO("fr-CA", "Feu de forêt", "", ""), "Forest Fire", "Event: Forest Fire.\n"},
        {INFO("fr-CA", "alerte AMBER", "", ""), "AMBER Alert",
         "Event: AMBER Alert (English name that is not official).\n"},
        {INFO("fr-CA", "Pluie de grenouilles", CAPCP("frogs"), ""), "Pluie de grenouilles",
         "Event: Pluie de grenouilles (as the sender calls it;"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct translation out;
        const struct alert *derived = to_us(*state, "Actual", cases[i].info, &out);
        assert_text(derived->infos[1].event, cases[i].event);
        assert_true(slice_starts_with(derived->infos[1].description, cases[i].line));
        assert_int_equal(notes_have(&out.notes, NOTE_ENGLISH_EVENT_KEPT), i == 1 || i == 4);
    }
}

/* Generated English, by place in the derived message. */
static void check_languages(struct fixture *fixture, const char *infos, const char *expected)
{
    struct translation out;
    char got[200] = "";
    const struct alert *derived = to_us(fixture, "Actual", infos, &out);
    for (size_t i = 0; i < derived->info_count; i++) {
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "%s%.*s%s", i ? " " : "",
                 SLICE_ARG(derived->infos[i].language),
                 is_generated(&derived->infos[i]) ? "*" : "");
    }
    assert_string_equal(got, expected);
}

static void test_one_english_for_each_without(void **state)
{
#define EN INFO("en-CA", "flood", CAPCP("flood"), AREA)
#define FR INFO("fr-CA", "inondation", CAPCP("flood"), AREA)
    check_languages(*state, EN, "en-US");
    check_languages(*state, EN FR, "en-US fr-CA");
    check_languages(*state, FR EN, "fr-CA en-US");
    check_languages(*state, FR, "fr-CA en-US*");
    check_languages(*state, FR EN FR, "fr-CA en-US fr-CA en-US*");
    check_languages(*state, INFO("iu-CA", "ulittaq", CAPCP("flood"), AREA) EN, "iu-CA en-US");
    check_languages(*state, INFO("iu-CA", "ulittaq", CAPCP("flood"), AREA), "iu-CA en-US*");
    check_languages(*state, INFO("iu-CA", "ulittaq", CAPCP("flood"), AREA) FR,
                    "iu-CA fr-CA en-US*");
}

/* Cree and Inuktitut beside English and French: all say the same, and English is there. */
static void test_third_languages_share_the_english(void **state)
{
#define IU INFO("iu-CA", "ulittaq", CAPCP("flood"), AREA)
#define CR INFO("cr-CA", "iskipew", CAPCP("flood"), AREA)
    check_languages(*state, EN FR IU CR, "en-US fr-CA iu-CA cr-CA");
    check_languages(*state, EN IU CR IU, "en-US iu-CA cr-CA iu-CA");
    check_languages(*state, FR IU CR, "fr-CA en-US* iu-CA cr-CA");
    check_languages(*state, IU CR, "iu-CA en-US* cr-CA");
    check_languages(*state, IU INFO("cr-CA", "iskotew", CAPCP("wildFire"), AREA),
                    "iu-CA en-US* cr-CA en-US*");
}

static void test_an_exercise_cannot_be_overlooked(void **state)
{
    struct translation out;
    const struct alert *derived = to_us(*state, "Exercise", FR, &out);
    assert_text(derived->infos[1].headline, "EXERCISE – Flood – in effect");
    assert_true(slice_starts_with(derived->infos[1].description, "This is an exercise: "));
}

static void test_what_is_too_large_comes_without(void **state)
{
    struct fixture *fixture = *state;
    struct translation out;
    struct err err = {0};
    struct alert alert = *alert_of(
        fixture,
        SLICE("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>i</identifier>"
              "<sender>s@ca.example</sender><sent>2026-01-05T09:05:00-05:00</sent>"
              "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
              "<code>profile:CAP-CP:0.4</code>" FR "</alert>"));
    struct cap_info info = alert.infos[0];
    size_t len = 5 * 1024 * 1024;
    char *text = arena_alloc(fixture->arena, len);
    memset(text, 'e', len);
    info.description = slice_of(text, len);
    alert.infos = &info;
    assert_int_equal(translate_to(fixture, &alert, TARGET_US_EXCHANGE, NULL, 0, &out, &err), OK);
    assert_int_equal(out.derived->info_count, 1);
    assert_true(notes_have(&out.notes, NOTE_ENGLISH_LEFT_OUT));
}

static size_t placeholders(const char *text, const char *name)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, name)); at++)
        count++;
    return count;
}

/* What can be said in one language can be said in the other, with the same values or fewer. */
static void test_both_languages_have_the_same_words(void **state)
{
    (void)state;
    const struct schema_table *french = schema_table_find("french");
    const struct schema_table *english = schema_table_find("english");
    for (size_t row = 0; row < french->row_count; row++) {
        const char *key = schema_cell(french, row, 0);
        if (strcmp(key, "note.authorship") != 0 &&
            slice_is_empty(table_cell("english", slice_from_cstr(key), "text")))
            fail_msg("%s is not in english.tsv", key);
    }
    for (size_t row = 0; row < english->row_count; row++) {
        const char *key = schema_cell(english, row, 0);
        const char *text = schema_cell(english, row, schema_column(english, "text"));
        struct slice other = table_cell("french", slice_from_cstr(key), "text");
        if (slice_is_empty(other))
            fail_msg("%s is not in french.tsv", key);
        for (const char *at = text; (at = strchr(at, '{')); at++) {
            char name[20];
            snprintf(name, sizeof(name), "%.*s", (int)(strcspn(at, "}") + 1), at);
            bool own = strcmp(name, "{hour2}") == 0 || strcmp(key, "date.first") == 0;
            if (!own && placeholders(other.ptr, name) == 0)
                fail_msg("%s: %s has no counterpart in French", key, name);
        }
    }
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_whole_info),
        CASE(test_event_names),
        CASE(test_one_english_for_each_without),
        CASE(test_third_languages_share_the_english),
        CASE(test_an_exercise_cannot_be_overlooked),
        CASE(test_what_is_too_large_comes_without),
        CASE(test_both_languages_have_the_same_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
