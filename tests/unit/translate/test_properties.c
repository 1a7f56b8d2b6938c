/* Whatever comes in, what goes out is valid, says nothing stronger and asks for no broadcast. Fixed
 * seeds; CAPRELAY_MESSAGES for a long run. */
#include "support.h"

#include <stdlib.h>

enum { ALERTS = 900 };

static size_t how_many(void)
{
    const char *wanted = getenv("CAPRELAY_MESSAGES");
    long count = wanted ? atol(wanted) : 0;
    return count > 0 ? (size_t)count : ALERTS;
}

struct dice {
    uint64_t state;
    struct arena *arena;
};

static uint64_t roll(struct dice *dice)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state;
}

static size_t below(struct dice *dice, size_t limit)
{
    return (size_t)(roll(dice) % limit);
}

#define PICK(dice, list) slice_from_cstr((list)[below(dice, sizeof(list) / sizeof((list)[0]))])

static const char *const texts[] = {
    "",
    "plain text",
    "<b>&amp; markup",
    "  blanks  ",
    "ligne\navec\r\nretours",
    "\x01 control",
    "d\xC3\xA9j\xC3\xA0 vu",
    "\xFF\xFE broken",
    "a,b c",
    "\xEF\xBF\xBE nonchar",
    "]]>",
    "%s%n",
};
static const char *const uris[] = {
    "",
    "http://example.org/a?b=c#d",
    "not a uri",
    "http://[::1",
    "http://host:port/",
    ":x",
    "%zz",
    "a:b:c",
    "http://ex\xC3\xA9.org/",
    "file.mp3",
    "http:///x",
    "//",
    "a b:c/d",
    "1:2",
    "mailto:a@b",
};
static const char *const names[] = {
    "layer:SOREM:1.0:Broadcast_Immediately",
    "LAYER:SOREM:2.0:WIRELESSIMMEDIATE",
    "WirelessText",
    "broadcast_text",
    "BroadcastImmediately",
    "Broadcast.Immediately",
    "Broadcast/Immediately",
    "layer:SOREM",
    "Wireless\xC2\xA0Immediate",
    "Wireless\xE2\x80\x8BText",
    "EAS\xE2\x80\x91ORG",
    "EAS*ORG",
    "E.A.S.O.R.G",
    "ＥＡＳ-ORG",
    "ImmediateBroadcast",
    "Broadcast Immediately",
    "x:Broadcast-Text:y",
    "EAS-ORG",
    "eas_org",
    "EAS ORG",
    "my.EAS-ORG",
    "EASText",
    "easText",
    "EAS-Must-Carry",
    "WEAHandling",
    "weahandling",
    "WEA Handling",
    "CMAMtext",
    "cmam text",
    "CMAMlongtext",
    "BLOCKCHANNEL",
    "blockchannel",
    "Block Channel",
    "layer:WPAM:1.0:Expires",
    "layer:EC-MSC-SMC:1.1:Event_End_Time",
    "eventEndingTime",
    "VTEC",
    "",
    "layer:EC-MSC-SMC:1.0:Alert_Type",
    "profile:CAP-CP:0.4:AutoTranslated",
    "profile:CAP-CP:0.4:MinorChange",
    "layer:EC-MSC-SMC:1.0:Broadcast_Intrusive",
    "anything",
};
static const char *const values[] = {
    "Yes",
    "yes",
    "WXR",
    "Imminent Threat",
    "EAS",
    "warning",
    "watch",
    "2026-09-13T00:00:00.000Z",
    "no",
    "",
    "/O.NEW.KCLE.TO.W.0063.260414T0016Z-260414T0100Z/",
    "/..../",
    "2026-13-45T99:00:00-00:00",
};
static const char *const event_names[] = {
    "SAME",
    "same",
    "profile:CAP-CP:Event:0.4",
    "profile:CAP-CP:Event:1.0",
    "NationalWeatherService",
    "other",
    "",
};
static const char *const event_values[] = {
    "TOR", "RWT", "RMT",     "DMO",         "NPT",      "WFW",      "BHW",        "CEM",
    "NWS", "EAN", "tornado", "testMessage", "wildFire", "snowfall", "civilEmerg", "TOW",
    "FWW", "xyz", "",        "TORNADO",
};
static const char *const geocode_names[] = {
    "SAME", "same",  "FIPS6", "UGC", "layer:EC-MSC-SMC:1.0:CLC", "profile:CAP-CP:Location:0.3",
    "",     "Other",
};
static const char *const geocode_values[] = {
    "023029", "000000", "00",     "none", "1302", "1302037",
    "055121", "MEZ030", "MEC029", "abc",  "",     "99",
};
static const char *const languages[] = {
    "",      "en-CA", "fr-CA", "en-US", "es-US", "en", "fr",  "english", "x",
    "zh-TW", "iu-CA", "en_CA", "-",     "en-",   "e",  "und", "1",
};
static const char *const numbers[] = {
    "", "12", "-3.5", "3.", ".5", "many", "1e5", "99999999999999999999999", "+7"};

static struct cap_pairs pairs(struct dice *dice, const char *const *from, size_t from_count,
                              const char *const *value, size_t value_count)
{
    struct cap_pairs made = {.count = below(dice, 6)};
    made.items = arena_alloc_array(dice->arena, made.count, sizeof(*made.items));
    for (size_t i = 0; i < made.count; i++)
        made.items[i] =
            (struct cap_pair){.name = slice_from_cstr(from[below(dice, from_count)]),
                              .value = slice_from_cstr(value[below(dice, value_count)])};
    return made;
}
#define PAIRS(dice, from, value)                                                                   \
    pairs(dice, from, sizeof(from) / sizeof(from[0]), value, sizeof(value) / sizeof(value[0]))

static struct cap_time a_time(struct dice *dice)
{
    static const int offsets[] = {0, -240, -300, 330, 840, -720, 1000};
    if (below(dice, 8) == 0)
        return (struct cap_time){.text = SLICE("tomorrow")};
    return (struct cap_time){.set = true,
                             .utc_s = 1700000000 + (int64_t)below(dice, 100000000),
                             .offset_min = offsets[below(dice, 7)]};
}

static struct cap_polygon a_polygon(struct dice *dice)
{
    struct cap_polygon made = {.count = 4 + below(dice, below(dice, 8) == 0 ? 400 : 12)};
    made.points = arena_alloc_array(dice->arena, made.count, sizeof(*made.points));
    double lat = 40 + (double)below(dice, 1500) / 100, lon = -125 + (double)below(dice, 6500) / 100;
    for (size_t i = 0; i < made.count; i++)
        made.points[i] = (struct cap_point){lat + (double)below(dice, 10000) / 10000,
                                            lon + (double)below(dice, 10000) / 10000};
    if (below(dice, 4) > 0)
        made.points[made.count - 1] = made.points[0];
    return made;
}

static struct cap_area an_area(struct dice *dice)
{
    struct cap_area made = {.area_desc = PICK(dice, texts),
                            .polygon_count = below(dice, 3),
                            .circle_count = below(dice, 2),
                            .geocodes = PAIRS(dice, geocode_names, geocode_values),
                            .altitude = PICK(dice, numbers),
                            .ceiling = PICK(dice, numbers),
                            .unreadable_shapes = (unsigned)below(dice, 2)};
    made.polygons = arena_alloc_array(dice->arena, made.polygon_count, sizeof(*made.polygons));
    for (size_t i = 0; i < made.polygon_count; i++)
        made.polygons[i] = a_polygon(dice);
    made.circles = arena_alloc_array(dice->arena, made.circle_count, sizeof(*made.circles));
    for (size_t i = 0; i < made.circle_count; i++)
        made.circles[i] =
            (struct cap_circle){.centre = {45, -67}, .radius_km = (double)below(dice, 300)};
    return made;
}

static struct cap_resource a_resource(struct dice *dice)
{
    return (struct cap_resource){.resource_desc = PICK(dice, texts),
                                 .mime_type = PICK(dice, texts),
                                 .size = PICK(dice, numbers),
                                 .uri = PICK(dice, uris),
                                 .deref_uri = PICK(dice, texts),
                                 .digest = PICK(dice, texts)};
}

static void fill_lists(struct dice *dice, struct cap_info *info)
{
    info->category_count = below(dice, 3);
    info->categories =
        arena_alloc_array(dice->arena, info->category_count, sizeof(*info->categories));
    for (size_t i = 0; i < info->category_count; i++)
        info->categories[i] = (enum cap_category)(1 + below(dice, CATEGORY_OTHER));
    info->response_type_count = below(dice, 3);
    info->response_types =
        arena_alloc_array(dice->arena, info->response_type_count, sizeof(*info->response_types));
    for (size_t i = 0; i < info->response_type_count; i++)
        info->response_types[i] = (enum cap_response_type)(1 + below(dice, RESPONSE_NONE));
    info->resource_count = below(dice, 3);
    info->resources =
        arena_alloc_array(dice->arena, info->resource_count, sizeof(*info->resources));
    for (size_t i = 0; i < info->resource_count; i++)
        info->resources[i] = a_resource(dice);
    info->area_count = below(dice, 3);
    info->areas = arena_alloc_array(dice->arena, info->area_count, sizeof(*info->areas));
    for (size_t i = 0; i < info->area_count; i++)
        info->areas[i] = an_area(dice);
}

static struct cap_info an_info(struct dice *dice)
{
    struct cap_info made = {.language = PICK(dice, languages),
                            .event = PICK(dice, texts),
                            .urgency = (enum cap_urgency)below(dice, URGENCY_UNKNOWN + 1),
                            .severity = (enum cap_severity)below(dice, SEVERITY_UNKNOWN + 1),
                            .certainty = (enum cap_certainty)below(dice, CERTAINTY_UNKNOWN + 1),
                            .audience = PICK(dice, texts),
                            .event_codes = PAIRS(dice, event_names, event_values),
                            .effective = a_time(dice),
                            .onset = a_time(dice),
                            .expires = a_time(dice),
                            .sender_name = PICK(dice, texts),
                            .headline = PICK(dice, texts),
                            .description = PICK(dice, texts),
                            .instruction = PICK(dice, texts),
                            .web = PICK(dice, uris),
                            .contact = PICK(dice, texts),
                            .parameters = PAIRS(dice, names, values)};
    fill_lists(dice, &made);
    return made;
}

static struct cap_texts some_texts(struct dice *dice)
{
    static const char *const items[] = {
        "profile:CAP-CP:0.4",   "IPAWSv1.0", "layer:SOREM:1.0",    "x",
        "layer:EC-MSC-SMC:1.0", "two words", "caprelay:derived:1", ""};
    struct cap_texts made = {.count = below(dice, 4)};
    made.items = arena_alloc_array(dice->arena, made.count, sizeof(*made.items));
    for (size_t i = 0; i < made.count; i++)
        made.items[i] = PICK(dice, items);
    return made;
}

static struct alert *an_alert(struct dice *dice)
{
    struct alert *made = arena_alloc(dice->arena, sizeof(*made));
    made->version = (enum cap_version)(1 + below(dice, 3));
    made->relayable = true;
    made->identifier = arena_printf(dice->arena, "id-%zu", below(dice, 1000));
    made->sender = SLICE("someone@example.org");
    made->sent = a_time(dice);
    made->sent.set = true;
    made->sent.utc_s += made->sent.utc_s ? 0 : 1700000000;
    made->status = (enum cap_status)(1 + below(dice, STATUS_DRAFT));
    made->msg_type = (enum cap_msg_type)(1 + below(dice, MSG_TYPE_ERROR));
    made->scope = (enum cap_scope)(1 + below(dice, SCOPE_PRIVATE));
    made->source = PICK(dice, texts);
    made->restriction = PICK(dice, texts);
    made->addresses = some_texts(dice);
    made->codes = some_texts(dice);
    made->note = PICK(dice, texts);
    made->incidents = some_texts(dice);
    made->reference_count = below(dice, 4);
    made->references =
        arena_alloc_array(dice->arena, made->reference_count, sizeof(*made->references));
    for (size_t i = 0; i < made->reference_count; i++) {
        made->references[i] = (struct cap_reference){
            .sender = made->sender, .identifier = SLICE("earlier"), .sent = a_time(dice)};
    }
    made->info_count = below(dice, 40) == 0 ? 100 : below(dice, 4);
    made->infos = arena_alloc_array(dice->arena, made->info_count, sizeof(*made->infos));
    for (size_t i = 0; i < made->info_count; i++)
        made->infos[i] = an_info(dice);
    return made;
}

static void run(struct fixture *fixture, uint64_t seed, size_t alerts)
{
    struct dice dice = {.state = seed};
    for (size_t i = 0; i < alerts; i++) {
        arena_destroy(fixture->arena);
        fixture->arena = dice.arena = arena_create();
        const struct alert *source = an_alert(&dice);
        for (int target = TARGET_US_EXCHANGE; target <= TARGET_CA_EXCHANGE; target++) {
            struct translation one, two;
            struct err err = {0};
            if (translate_to(fixture, source, (enum target)target, NULL, 0, &one, &err) != OK)
                fail_msg("alert %zu: %s", i, err.text);
            assert_int_equal(
                translate_to(fixture, source, (enum target)target, NULL, 0, &two, &err), OK);
            assert_true(slice_eq(one.xml, two.xml));
            check_translation(fixture, source, (enum target)target, &one, true);
            check_explained(fixture, source, (enum target)target);
        }
    }
}

static void test_without_boundaries(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture);
    run(&fixture, 0x5eed0001, how_many());
    fixture_close(&fixture);
}

static void test_with_boundaries(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    fixture_open(&fixture);
    if (geo_open(CAPRELAY_BUILD "/boundaries-standard.bin", &fixture.geo, &err) != OK) {
        fixture_close(&fixture);
        print_message("skipped: %s\n", err.text);
        skip();
    }
    run(&fixture, 0x5eed0002, 1 + how_many() / 3);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_boundaries),
        cmocka_unit_test(test_with_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
