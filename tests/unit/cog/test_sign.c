/* Signatures of the relay's own, judged by python3-cryptography with lxml, by xmlsec1, and by the
 * room that judges those of others. */
#include "fixture.h"

#include "alert/parse.h"
#include "origin/origin.h"
#include "origin/sign.h"

#include <string.h>
#include <sys/stat.h>

#define ALERT                                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n"                                     \
    "<identifier>x-1</identifier>\n<sender>relay@example.org</sender>\n"                           \
    "<sent>2026-06-01T00:00:00-00:00</sent>\n<status>Actual</status>\n<msgType>Alert</msgType>\n"  \
    "<scope>Public</scope>\n<code>IPAWSv1.0</code>\n<info>\n<language>en-US</language>\n"          \
    "<category>Met</category>\n<event>Storm &amp; surge</event>\n<urgency>Expected</urgency>\n"    \
    "<severity>Severe</severity>\n<certainty>Likely</certainty>\n"                                 \
    "<description>c\303\264te,\r\nline&#13; two <![CDATA[<b> & c]]></description>\n"               \
    "<area><areaDesc  >a 'quoted' \"one\"</areaDesc></area>\n</info>\n</alert>\n"

static struct signer *signer_of(const char *certificate, const char *key)
{
    struct signer *signer = NULL;
    struct err err = {0};
    if (signer_create(fixture_path(certificate), key ? fixture_path(key) : NULL, &signer, &err))
        fail_msg("%s", err.text);
    return signer;
}

static struct slice signed_alert(const struct signer *signer)
{
    struct slice out = {0};
    struct err err = {0};
    if (sign_alert(signer, fixture.arena, SLICE(ALERT), &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void other_implementations_find_it_good(void **state)
{
    (void)state;
    fixture_need();
    struct signer *signer = signer_of("cog.pem", "cog.key");
    struct slice text = signed_alert(signer);
    assert_true(fixture_is_good("alert", text));
    char *changed = arena_cstr(fixture.arena, text);
    *strstr(changed, "surge") = 'S';
    assert_false(fixture_is_good("alert", slice_of(changed, text.len)));
    signer_destroy(signer);
}

static void not_a_byte_of_the_alert_is_changed(void **state)
{
    (void)state;
    fixture_need();
    struct signer *signer = signer_of("both.pem", NULL);
    struct slice text = signed_alert(signer), alert = SLICE(ALERT);
    size_t before = (size_t)slice_find(alert, "</alert>"), rest = alert.len - before;
    assert_memory_equal(text.ptr, alert.ptr, before);
    assert_memory_equal(text.ptr + text.len - rest, alert.ptr + before, rest);
    struct slice added = slice_sub(text, before, text.len - rest);
    assert_true(slice_starts_with(added, "<ds:Signature "));
    assert_true(slice_ends_with(added, "</ds:Signature>"));
    struct parser *parser = NULL;
    struct err err = {0};
    assert_int_equal(parser_create(&parser, &err), OK);
    if (parser_validate_cap12(parser, text, &err))
        fail_msg("not valid CAP 1.2: %s", err.text);
    parser_destroy(parser);
    signer_destroy(signer);
}

static void the_origin_room_knows_it_and_each_change_of_it(void **state)
{
    const struct origin_pin pin = {.name = SLICE("cog"), .file = fixture_path("cog.pem")};
    struct origin_trust *trust = NULL;
    struct origin origin;
    struct err err = {0};
    (void)state;
    fixture_need();
    struct signer *signer = signer_of("cog.pem", "cog.key");
    struct slice text = signed_alert(signer);
    int64_t now_s = signer_not_before_s(signer) + 1000;
    assert_int_equal(origin_trust_create(ORIGIN_REQUIRE, &pin, 1, &trust, &err), OK);
    origin_check(trust, fixture.arena, text, now_s, &origin);
    assert_string_equal(origin_verdict_name(origin.verdict), "valid");
    char *changed = arena_cstr(fixture.arena, text);
    /* From the identifier to the end of the info: all that is not white space between elements. */
    size_t from = (size_t)slice_find(text, "x-1"), to = (size_t)slice_find(text, "</info>");
    for (size_t i = from; i < to; i += 3) {
        struct arena *arena = arena_create();
        char kept = changed[i];
        changed[i] = kept == 'z' ? 'y' : 'z';
        origin_check(trust, arena, slice_of(changed, text.len), now_s, &origin);
        if (origin.accepted)
            fail_msg("still accepted with byte %zu changed", i);
        changed[i] = kept;
        arena_destroy(arena);
    }
    origin_trust_destroy(trust);
    signer_destroy(signer);
}

static void what_cannot_be_signed_well_is_refused(void **state)
{
    (void)state;
    fixture_need();
    struct signer *signer = signer_of("cog.pem", "cog.key");
    const struct {
        struct slice text;
        const char *why;
    } cases[] = {
        {signed_alert(signer), "signed already"},
        {SLICE(""), "cannot be signed"},
        {SLICE("<alert"), "cannot be signed"},
        {SLICE("<feed/>"), "cannot be signed"},
        {SLICE("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>"), "behind the alert's end"},
        {SLICE("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'></alert><!-- </alert> -->"),
         "behind the alert's end"},
        {SLICE("<!DOCTYPE alert><alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'></alert>"),
         "DOCTYPE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice out = {0};
        struct err err = {0};
        if (!sign_alert(signer, fixture.arena, cases[i].text, &out, &err))
            fail_msg("case %zu was signed", i);
        if (!strstr(err.text, cases[i].why))
            fail_msg("case %zu: %s", i, err.text);
        assert_null(out.ptr);
    }
    signer_destroy(signer);
}

static void keys_that_are_no_good_are_refused_by_name(void **state)
{
    static const struct {
        const char *certificate, *key, *why;
    } cases[] = {
        {"none.pem", NULL, "No such file"},
        {"cog.pem", NULL,
         "may be read by everybody"}, /* whoever puts no key there made it public */
        {"open.pem", NULL, "may be read by everybody"},
        {"cog.pem", "open.key", "may be read by everybody"},
        {"cog.pem", "none.key", "No such file"},
        {"cog.pem", "other.key", "not the certificate's"},
        {"cog.pem", "encrypted.key", "is encrypted"},
        {"curve.pem", NULL, "RSA of 2048"},
        {"short.pem", NULL, "RSA of 2048"},
        {"cog.key", NULL, "holds no certificate"},
        {"", NULL, "is no file"},
    };
    (void)state;
    fixture_need();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signer *signer = NULL;
        struct err err = {0};
        const char *key = cases[i].key ? fixture_path(cases[i].key) : NULL;
        assert_int_not_equal(signer_create(fixture_path(cases[i].certificate), key, &signer, &err),
                             OK);
        if (!strstr(err.text, cases[i].why) || !strstr(err.text, fixture.folder))
            fail_msg("%s: %s", cases[i].certificate, err.text);
        assert_null(signer);
    }
}

/* Two elements of one Id: nobody could tell which is meant. */
static void an_id_is_given_once(void **state)
{
    static const char *const references[] = {"#a"};
    (void)state;
    fixture_need();
    struct signer *signer = signer_of("cog.pem", "cog.key");
    struct slice template = sign_template(fixture.arena, references, 1, "");
    for (int twice = 0; twice <= 1; twice++) {
        struct slice text = arena_printf(fixture.arena,
                                         "<r xmlns:u='" SIGN_UTILITY
                                         "'><x u:Id='a'/><y u:Id='%s'/>%s</r>",
                                         twice ? "a" : "b", template.ptr),
                     out = {0};
        struct err err = {0};
        size_t at = (size_t)slice_find(text, "<ds:Signature");
        enum err_code code = sign_fill(signer, fixture.arena, text, at, template.len, &out, &err);
        assert_int_equal(code, twice ? ERR_CRYPTO : OK);
    }
    signer_destroy(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_implementations_find_it_good),
        cmocka_unit_test(not_a_byte_of_the_alert_is_changed),
        cmocka_unit_test(the_origin_room_knows_it_and_each_change_of_it),
        cmocka_unit_test(what_cannot_be_signed_well_is_refused),
        cmocka_unit_test(keys_that_are_no_good_are_refused_by_name),
        cmocka_unit_test(an_id_is_given_once),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_drop);
}
