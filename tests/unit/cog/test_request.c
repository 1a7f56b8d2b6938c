/* What is sent to IPAWS, judged by python3-cryptography with lxml and by xmlsec1. */
#include "fixture.h"

#include "cog/request.h"

#include <string.h>

#define ALERT                                                                                      \
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n<identifier>x-1</identifier>\n"       \
    "<sender>relay@example.org</sender>\n<sent>2026-06-01T00:00:00-00:00</sent>\n"                 \
    "<status>Actual</status><note>a\r\nb <![CDATA[<c>]]></note>\n"

enum { NOW_S = 1780272000 }; /* 2026-06-01T00:00:00Z */

static struct cog_access *access_of(const char *file, const char *cog_id, bool timestamp)
{
    const struct cog_access_options options = {.certificate = slice_from_cstr(fixture_path(file)),
                                               .cog_id = slice_from_cstr(cog_id),
                                               .user = SLICE("ops <duty> & night"),
                                               .timestamp = timestamp};
    struct cog_access *access = NULL;
    struct err err = {0};
    if (cog_access_create(&options, &access, &err))
        fail_msg("%s", err.text);
    return access;
}

static struct slice asked(const struct cog_access *access, enum cog_call call,
                          const struct cog_question *question)
{
    struct slice out = {0};
    struct err err = {0};
    if (cog_ask(access, fixture.arena, call, question, NOW_S, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void assert_holds(struct slice text, const char *what)
{
    if (slice_find(text, what) < 0)
        fail_msg("no %s in %.*s", what, SLICE_ARG(text));
}

static void questions_are_signed_and_say_what_is_asked(void **state)
{
    const struct cog_question messages = {"getMessageAll", "sent", "greaterthan",
                                          SLICE("2026-06-01T00:00:00-00:00")};
    const struct cog_question ping = {.operation = "getACK", .name = "ping"};
    (void)state;
    fixture_need();
    for (int timestamp = 0; timestamp <= 1; timestamp++) {
        struct cog_access *access = access_of("both.pem", "120999", timestamp);
        struct slice text = asked(access, COG_GET_MESSAGE, &messages);
        assert_true(fixture_is_good("request", text));
        assert_holds(text, "<ipaws:logonUser>ops &lt;duty&gt; &amp; night</ipaws:logonUser>"
                           "<ipaws:logonCogId>120999</ipaws:logonCogId>");
        assert_holds(text, "<ipaws:getMessageTypeDef xmlns:req=\"http://gov.fema.ipaws.services/"
                           "caprequest\"><req:requestAPI>REQUEST1</req:requestAPI>"
                           "<req:requestOperation>getMessageAll</req:requestOperation>"
                           "<req:parameters><req:parameterName>sent</req:parameterName>"
                           "<req:comparisonOp>greaterthan</req:comparisonOp>"
                           "<req:parameterValue>2026-06-01T00:00:00-00:00</req:parameterValue>"
                           "</req:parameters></ipaws:getMessageTypeDef>");
        assert_int_equal(slice_find(text, "<wsu:Created>2026-06-01T00:00:00Z</wsu:Created>"
                                          "<wsu:Expires>2026-06-01T00:05:00Z") >= 0,
                         timestamp);
        text = asked(access, COG_GET_REQUEST, &ping);
        assert_true(fixture_is_good("request", text));
        assert_holds(text, "<req:requestOperation>getACK</req:requestOperation><req:parameters>"
                           "<req:parameterName>ping</req:parameterName></req:parameters>"
                           "</ipaws:getRequestTypeDef>");
        cog_access_destroy(access);
    }
    assert_string_equal(cog_soap_action(COG_POST_CAP),
                        "SOAPAction: "
                        "\"http://gov.fema.ipaws.services/IPAWS_CAPService/postCAP\"");
}

static void a_posted_alert_has_both_signatures_and_its_own_bytes(void **state)
{
    struct slice alert = SLICE("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" ALERT "</alert>\n"),
                 out = {0};
    struct err err = {0};
    (void)state;
    fixture_need();
    struct cog_access *access = access_of("both.pem", "120999", true);
    assert_int_equal(cog_post(access, fixture.arena, alert, NOW_S, &out, &err), OK);
    assert_true(fixture_is_good("request", out));
    assert_holds(out, "<ipaws:postCAPRequestTypeDef>" ALERT "<ds:Signature ");
    assert_holds(out, "</ds:Signature></alert></ipaws:postCAPRequestTypeDef></soap:Body>");
    /* Each of the two is there and counts. */
    char *changed = arena_cstr(fixture.arena, out);
    *strstr(changed, "x-1") = 'y';
    assert_false(fixture_is_good("request", slice_of(changed, out.len)));
    changed = arena_cstr(fixture.arena, out);
    *strstr(changed, "<wsu:Created>2") = '<';
    strstr(changed, "<wsu:Created>2")[13] = '1';
    assert_false(fixture_is_good("request", slice_of(changed, out.len)));
    cog_access_destroy(access);
}

static void nothing_is_posted_that_cannot_be(void **state)
{
    static const char *const bad[] = {"", "<alert", "<feed xmlns='x'></feed>",
                                      ALERT "</alert><x/>"};
    (void)state;
    fixture_need();
    struct cog_access *access = access_of("both.pem", "120999", false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct slice out = {0};
        struct err err = {0};
        assert_int_not_equal(
            cog_post(access, fixture.arena, slice_from_cstr(bad[i]), NOW_S, &out, &err), OK);
        assert_null(out.ptr);
    }
    cog_access_destroy(access);
}

static void the_certificate_is_the_cogs_and_in_date(void **state)
{
    static const char *const strangers[] = {"", "120998", "12O999", "IPAWSOPEN_120999"};
    struct err err = {0};
    (void)state;
    fixture_need();
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        const struct cog_access_options options = {.certificate =
                                                       slice_from_cstr(fixture_path("both.pem")),
                                                   .cog_id = slice_from_cstr(strangers[i])};
        struct cog_access *access = NULL;
        assert_int_equal(cog_access_create(&options, &access, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "COG id"));
        assert_null(access);
    }
    struct cog_access *access = access_of("ended.pem", "120999", false);
    int64_t end_s = cog_access_ends_s(access);
    assert_int_equal(cog_access_check(access, end_s - 1, &err), OK);
    assert_int_equal(cog_access_check(access, end_s, &err), ERR_STATE);
    assert_non_null(strstr(err.text, "certificate ended at 20"));
    cog_access_destroy(access);
    access = access_of("early.pem", "120999", false);
    assert_int_equal(cog_access_check(access, end_s, &err), ERR_STATE);
    assert_non_null(strstr(err.text, "not valid before 20"));
    cog_access_destroy(access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_signed_and_say_what_is_asked),
        cmocka_unit_test(a_posted_alert_has_both_signatures_and_its_own_bytes),
        cmocka_unit_test(nothing_is_posted_that_cannot_be),
        cmocka_unit_test(the_certificate_is_the_cogs_and_in_date),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_drop);
}
