/* Resources: linked, described by what is true of their content, never embedded, never aired. */
#include "support.h"

#include "alert/resource.h"

#define RESOURCE(desc, rest)                                                                       \
    "<resource><resourceDesc>" desc "</resourceDesc><mimeType>audio/mpeg</mimeType>" rest          \
    "</resource>"
/* "un son", its SHA-1, and that of its base64 text */
#define SOUND "<derefUri>dW4gc29u</derefUri>"
#define OF_BYTES "dc9107b60efa607e9ccbb2af9720f04ec5bb559c"
#define OF_BASE64 "10C99DF0ED62316750F18F209EB715C44DE86777"

static const struct cap_info *translated(struct fixture *fixture, enum target target,
                                         const char *language, const char *resources,
                                         struct translation *out)
{
    struct err err = {0};
    struct slice text = arena_printf(
        fixture->arena,
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id-1</identifier>"
        "<sender>a@b.example</sender><sent>2026-04-15T20:05:00-04:00</sent><status>Actual</status>"
        "<msgType>Alert</msgType><scope>Public</scope><info><language>%s</language>"
        "<category>Met</category><event>wind</event><urgency>Future</urgency>"
        "<severity>Minor</severity><certainty>Likely</certainty>%s</info></alert>",
        language, resources);
    const struct alert *alert = alert_of(fixture, text);
    if (translate_to(fixture, alert, target, NULL, 0, out, &err) != OK)
        fail_msg("%s", err.text);
    check_translation(fixture, alert, target, out, true);
    assert_true(slice_find(out->xml, "derefUri") < 0);
    return alert_of(fixture, out->xml)->infos;
}

static void assert_text(struct slice got, const char *expected)
{
    if (!slice_eq_cstr(got, expected))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, SLICE_ARG(got));
}

static void test_digest_and_size_are_those_of_the_content(void **state)
{
    static const struct {
        const char *content, *digest, *size, *want_digest, *want_size, *note;
    } cases[] = {
        {SOUND, OF_BYTES, "6", OF_BYTES, "6", NOTE_EMBEDDED_LEFT_OUT},
        {SOUND, OF_BASE64, "6", OF_BYTES, "6", NOTE_DIGEST_CORRECTED},
        {SOUND, "0123456789abcdef0123456789abcdef01234567", "6", "", "6", NOTE_DIGEST_DROPPED},
        {SOUND, OF_BYTES, "8", OF_BYTES, "6", NOTE_SIZE_CORRECTED},
        {SOUND, OF_BYTES, "6 KB", OF_BYTES, "", NOTE_SIZE_DROPPED},
        {SOUND, OF_BYTES, "-6", OF_BYTES, "", NOTE_SIZE_DROPPED},
        /* A link is never followed: what is said of it stays. */
        {"", OF_BASE64, "9", OF_BASE64, "9", NULL},
        {"", "abc", "9", "", "9", NOTE_DIGEST_DROPPED},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct translation out;
        struct slice text = arena_printf(
            fixture->arena,
            RESOURCE("siren",
                     "<size>%s</size><uri>https://a.example/s.mp3</uri>%s<digest>%s</digest>"),
            cases[i].size, cases[i].content, cases[i].digest);
        const struct cap_info *info = translated(fixture, TARGET_US_EXCHANGE, "en-CA",
                                                 arena_cstr(fixture->arena, text), &out);
        assert_int_equal(info->resource_count, 1);
        assert_text(info->resources[0].digest, cases[i].want_digest);
        assert_text(info->resources[0].size, cases[i].want_size);
        assert_text(info->resources[0].uri, "https://a.example/s.mp3");
        assert_text(info->resources[0].resource_desc, "siren");
        if (cases[i].note)
            assert_true(notes_have(&out.notes, cases[i].note));
    }
}

static void test_uris(void **state)
{
    static const struct {
        enum target target;
        const char *uri, *want;
    } cases[] = {
        {TARGET_US_EXCHANGE, "http://a.example/a b.png", "http://a.example/a%20b.png"},
        {TARGET_US_EXCHANGE, "ftp://a.example/a.png", ""},
        {TARGET_US_EXCHANGE, "a.png", ""},
        {TARGET_US_EXCHANGE, "data:text/plain;base64,QQ==", ""},
        {TARGET_CA_EXCHANGE, "ftp://a.example/a.png", "ftp://a.example/a.png"},
        {TARGET_CA_EXCHANGE, "a.png", "a.png"},
        {TARGET_CA_EXCHANGE, "data:text/plain;base64,QQ==", ""},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct translation out;
        struct slice text =
            arena_printf(fixture->arena, RESOURCE("map", "<uri>%s</uri>"), cases[i].uri);
        const struct cap_info *info =
            translated(fixture, cases[i].target, "en-US", arena_cstr(fixture->arena, text), &out);
        assert_text(info->resources[0].uri, cases[i].want);
        assert_int_equal(notes_have(&out.notes, NOTE_URI_DROPPED), !*cases[i].want);
    }
}

static void test_a_uri_longer_than_ipaws_takes(void **state)
{
    struct fixture *fixture = *state;
    struct translation out;
    char path[2100];
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    const char *text = arena_cstr(
        fixture->arena,
        arena_printf(fixture->arena, RESOURCE("map", "<uri>https://a.example/%s</uri>"), path));
    assert_true(slice_is_empty(
        translated(fixture, TARGET_US_EXCHANGE, "en-CA", text, &out)->resources[0].uri));
    assert_true(notes_have(&out.notes, NOTE_URI_DROPPED));
    assert_false(slice_is_empty(
        translated(fixture, TARGET_CA_EXCHANGE, "en-CA", text, &out)->resources[0].uri));
}

static void test_content_without_link_says_where_it_is(void **state)
{
    struct translation out;
    const char *text = RESOURCE("siren", "<uri>s.mp3</uri>" SOUND "<digest>" OF_BASE64 "</digest>");
    const struct cap_info *info = translated(*state, TARGET_US_EXCHANGE, "en-CA", text, &out);
    assert_text(info->resources[0].resource_desc, "siren (embedded in the original message)");
    assert_text(info->resources[0].digest, OF_BYTES);
    assert_true(slice_is_empty(info->resources[0].uri));
    info = translated(*state, TARGET_US_EXCHANGE, "fr-CA", text, &out);
    assert_text(info->resources[0].resource_desc, "siren (contenu intégré au message d'origine)");
    info = translated(*state, TARGET_CA_EXCHANGE, "en-US", text, &out);
    assert_text(info[0].resources[0].resource_desc, "siren (embedded in the original message)");
    assert_text(info[1].language, "fr-CA");
    assert_text(info[1].resources[0].resource_desc, "siren (contenu intégré au message d'origine)");
}

static void test_nothing_that_would_be_aired(void **state)
{
    struct translation out;
    const char *text = RESOURCE("eas broadcast-content", "<uri>https://a.example/e.mp3</uri>")
        RESOURCE("Broadcast Audio", "<uri>https://a.example/b.mp3</uri>")
            RESOURCE("map", "<uri>https://a.example/m.png</uri>");
    const struct cap_info *info = translated(*state, TARGET_US_EXCHANGE, "en-CA", text, &out);
    assert_int_equal(info->resource_count, 2);
    assert_text(info->resources[0].resource_desc, "Broadcast Audio");
    assert_true(notes_have(&out.notes, NOTE_RESOURCE_DROPPED));
    info = translated(*state, TARGET_CA_EXCHANGE, "en-US", text, &out);
    assert_int_equal(info[0].resource_count, 1);
    assert_int_equal(info[1].resource_count, 1);
    assert_text(info[1].resources[0].resource_desc, "map");
}

/* Real megabytes: what NAADS computes over the text becomes what is true of the sound. */
static void test_recorded_audio(void **state)
{
    static const char *const files[] = {
        "naad/alert_4~9dd11e9.xml",
        "naad/2example_CAPCP_with_Embedded_Large_Audio_File~b827370.xml"};
    struct fixture *fixture = *state;
    size_t embedded = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/corpus/%s", CAPRELAY_SHARED, files[i]);
        struct slice bytes = read_whole(fixture->arena, path);
        if (slice_is_empty(bytes)) {
            print_message("skipped: no %s\n", path);
            skip();
        }
        const struct alert *alert = alert_of(fixture, bytes);
        struct translation out;
        struct err err = {0};
        assert_int_equal(translate_to(fixture, alert, TARGET_US_EXCHANGE, NULL, 0, &out, &err), OK);
        assert_true(out.xml.len < 40000);
        for (size_t j = 0; j < alert->info_count; j++) {
            for (size_t k = 0; k < alert->infos[j].resource_count; k++) {
                const struct cap_resource *given = &alert->infos[j].resources[k];
                struct embedded content;
                if (!resource_embedded(given, &content))
                    continue;
                embedded++;
                assert_int_equal(resource_digest(given), DIGEST_OF_BASE64);
                assert_true(out.derived->infos[j].resource_count > k);
                assert_text(out.derived->infos[j].resources[k].digest, content.sha1);
            }
        }
    }
    assert_true(embedded >= 2);
}

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

#define CASE(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_digest_and_size_are_those_of_the_content),
        CASE(test_uris),
        CASE(test_a_uri_longer_than_ipaws_takes),
        CASE(test_content_without_link_says_where_it_is),
        CASE(test_nothing_that_would_be_aired),
        CASE(test_recorded_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
