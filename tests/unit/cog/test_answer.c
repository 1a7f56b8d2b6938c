/* What IPAWS may answer, good, bad and hostile, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cog/answer.h"
#include "cog/verdict.h"
#include "schemas.h"

#include <string.h>

#define CAP "urn:oasis:names:tc:emergency:cap:1.2"
#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define SERVICE "http://gov.fema.ipaws.services/IPAWS_CAPService/"
#define RESPONSE "http://gov.fema.ipaws.services/capresponse"
#define ENVELOPE(body)                                                                             \
    "<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S='" SOAP "'><S:Body>" body           \
    "</S:Body></S:Envelope>"
#define PAIR(name, value)                                                                          \
    "<r:subParaListItem><r:subParameterName>" name                                                 \
    "</r:subParameterName><r:subParameterValue>" value                                             \
    "</r:subParameterValue></r:subParaListItem>"
#define STATUS(channel, code, error, text)                                                         \
    PAIR("CHANNELNAME", channel)                                                                   \
    PAIR("STATUSITEMID", code) PAIR("ERROR", error) PAIR("STATUS", text)
#define LIST(statuses) "<r:parameterListItem>" statuses "</r:parameterListItem>"
#define IDENTIFIER(value)                                                                          \
    "<r:parameterListItem><r:parameterName>identifier</r:parameterName><r:parameterValue>" value   \
    "</r:parameterValue></r:parameterListItem>"
#define POSTED(items)                                                                              \
    ENVELOPE("<p:postCAPResponseTypeDef xmlns:p='" SERVICE "' xmlns:r='" RESPONSE "'>" items       \
             "</p:postCAPResponseTypeDef>")
#define GOOD                                                                                       \
    STATUS("CAPEXCH", "200", "N", "Ack")                                                           \
    STATUS("CAPEXCH", "202", "N", "alert-signature-is-valid") STATUS("IPAWS", "300", "N", "Ack")
#define NO_BROADCAST                                                                               \
    STATUS("NWEM", "401", "N", "message-not-disseminated-as-NWEM")                                 \
    STATUS("EAS", "501", "N", "message-not-disseminated-as-EAS")

enum { NWEM = 1 << COG_NWEM, EAS = 1 << COG_EAS, CMAS = 1 << COG_CMAS, PUBLIC = 1 << COG_PUBLIC };

static struct cog_verdict judged(struct arena *arena, const char *text, unsigned asked)
{
    struct cog_answer answer;
    struct cog_verdict verdict;
    cog_answer_read(arena, slice_from_cstr(text), &answer);
    cog_judge(arena, &answer, SLICE("x-1"), asked, &verdict);
    return verdict;
}

static const struct {
    const char *text;
    unsigned asked;
    enum cog_outcome outcome;
    const char *why;
    unsigned acked, refused;
} verdicts[] = {
    {POSTED(IDENTIFIER("x-1") LIST(GOOD NO_BROADCAST STATUS("PUBLIC", "800", "N", "Ack"))), PUBLIC,
     COG_TAKEN, "CAPEXCH 200 Ack; CAPEXCH 202 alert-signature-is-valid; IPAWS 300 Ack; NWEM 401",
     PUBLIC, 0},
    /* The identifier need not be told, and the statuses may come in several lists. */
    {POSTED(LIST(GOOD) LIST(STATUS("PUBLIC", "800", "n", "ack"))
                LIST(STATUS("sendinggatewayid", "10", "N", "Ack"))),
     PUBLIC, COG_TAKEN, "sendinggatewayid 10 Ack", PUBLIC, 0},
    {POSTED(LIST(GOOD STATUS("EAS", "500", "N", "Ack") STATUS("CMAS", "600", "N", "Ack")
                     STATUS("PUBLIC", "801", "N", "message-not-disseminated-as-non-EAS-public"))),
     EAS | CMAS, COG_TAKEN, "EAS 500 Ack", EAS | CMAS, 0},
    /* An alert without info asks for no channel. */
    {POSTED(LIST(GOOD)), 0, COG_TAKEN, "CAPEXCH 200", 0, 0},
    /* No error, and yet it went nowhere. */
    {POSTED(LIST(GOOD NO_BROADCAST STATUS("PUBLIC", "800", "N", "Ack"))), EAS | PUBLIC, COG_REFUSED,
     "refused in part, though PUBLIC sent it out: ", PUBLIC, 0},
    {POSTED(LIST(GOOD NO_BROADCAST STATUS("PUBLIC", "801", "N", "Ack"))), PUBLIC, COG_REFUSED,
     "refused: ", 0, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "801", "N", "message-not-disseminated-as-non-EAS-public"))),
     PUBLIC, COG_REFUSED, "801", 0, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "N", "queued"))), PUBLIC, COG_REFUSED, "queued", 0,
     0},
    {POSTED(LIST(GOOD)), PUBLIC, COG_REFUSED, "refused: ", 0, 0},
    {POSTED(LIST(STATUS("PUBLIC", "800", "N", "Ack"))), PUBLIC, COG_REFUSED, "refused in part",
     PUBLIC, 0},
    /* HTTP 200 with one channel that said no. */
    {POSTED(LIST(GOOD STATUS("EAS", "500", "N", "Ack")
                     STATUS("CMAS", "615", "Y", "signer-not-authorized-for-event-code-CMAS"))),
     EAS | CMAS, COG_REFUSED, "though EAS sent it out: ", EAS, CMAS},
    /* One that was not asked for. */
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "N", "Ack") STATUS("CMAS", "199", "Y", "gateway"))),
     PUBLIC, COG_REFUSED, "CMAS 199 gateway", PUBLIC, CMAS},
    {POSTED(LIST(STATUS("CAPEXCH", "208", "Y", "alert-signature-not-valid")
                     STATUS("CAPEXCH", "221", "Y", "invalid-CAPEXCHANGE-message"))),
     PUBLIC, COG_REFUSED, "refused: CAPEXCH 208 alert-signature-not-valid; CAPEXCH 221", 0, 0},
    {POSTED(IDENTIFIER("x-1") LIST(STATUS("IPAWS", "307", "Y", "reference-element-invalid"))),
     PUBLIC, COG_REFUSED, "307", 0, 0},
    {POSTED(LIST(GOOD STATUS("IPAWS", "303", "Y", "sent-time-invalid")
                     STATUS("PUBLIC", "800", "N", "Ack"))),
     PUBLIC, COG_REFUSED, "303", PUBLIC, 0},
    /* The flag does not make good what the code says; an unknown code counts by its flag. */
    {POSTED(LIST(GOOD STATUS("CAPEXCH", "208", "N", "alert-signature-not-valid")
                     STATUS("PUBLIC", "800", "N", "Ack"))),
     PUBLIC, COG_REFUSED, "208", PUBLIC, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "999", "Y", "Ack"))), PUBLIC, COG_REFUSED, "999", 0, PUBLIC},
    {POSTED(LIST(GOOD STATUS("CAPEXCH", "998", "N", "new-advice")
                     STATUS("PUBLIC", "800", "N", "Ack"))),
     PUBLIC, COG_TAKEN, "new-advice", PUBLIC, 0},
    /* A channel that says both. */
    {POSTED(LIST(GOOD STATUS("EAS", "500", "N", "Ack") STATUS("EAS", "501", "N", "not"))), EAS,
     COG_REFUSED, "refused: ", 0, 0},
    {POSTED(LIST(STATUS("CAPEXCH", "201", "Y", "duplicate-message"))), PUBLIC, COG_KNOWN,
     "CAPEXCH 201 duplicate-message", 0, 0},
    {POSTED(LIST(STATUS("CAPEXCH", "201", "N", "duplicate"))), PUBLIC, COG_KNOWN, "201", 0, 0},
    /* About another alert. */
    {POSTED(IDENTIFIER("x-2") LIST(GOOD STATUS("PUBLIC", "800", "N", "Ack"))), PUBLIC, COG_UNCLEAR,
     "about another alert: x-2", 0, 0},
    {POSTED(IDENTIFIER("x-1") IDENTIFIER("x-2") LIST(GOOD STATUS("PUBLIC", "800", "N", "Ack"))),
     PUBLIC, COG_UNCLEAR, "not told as it should be", 0, 0},
    /* Statuses that are no statuses. */
    {POSTED(""), PUBLIC, COG_UNCLEAR, "no channel's status is told", 0, 0},
    {POSTED(IDENTIFIER("x-1")), PUBLIC, COG_UNCLEAR, "no channel's status is told", 0, 0},
    {POSTED(LIST(GOOD PAIR("STATUSITEMID", "800") PAIR("ERROR", "N") PAIR("STATUS", "Ack"))),
     PUBLIC, COG_UNCLEAR, "not told as it should be", 0, 0},
    {POSTED(LIST(GOOD PAIR("CHANNELNAME", "PUBLIC") PAIR("STATUSITEMID", "800")
                     PAIR("STATUS", "Ack"))),
     PUBLIC, COG_UNCLEAR, "not told as it should be", 0, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "", "Ack"))), PUBLIC, COG_UNCLEAR, "not told", 0, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "no", "Ack"))), PUBLIC, COG_UNCLEAR, "not told", 0,
     0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "N", ""))), PUBLIC, COG_UNCLEAR, "not told", 0, 0},
    {POSTED(LIST(GOOD STATUS("", "800", "N", "Ack"))), PUBLIC, COG_UNCLEAR, "not told", 0, 0},
    {POSTED(LIST(GOOD STATUS("PUBLIC", "800", "N", "Ack") PAIR("ERROR", "Y"))), PUBLIC, COG_UNCLEAR,
     "not told", 0, 0},
    /* No answer to postCAP. */
    {ENVELOPE("<S:Fault><faultcode>S:Client</faultcode><faultstring>signed with\ninvalid "
              "certificate</faultstring></S:Fault>"),
     PUBLIC, COG_UNCLEAR, "a fault: S:Client: signed with invalid certificate", 0, 0},
    {ENVELOPE("<S:Fault/>"), PUBLIC, COG_UNCLEAR, "a fault: ", 0, 0},
    {ENVELOPE("<g:getResponseTypeDef xmlns:g='" SERVICE "'/>"), PUBLIC, COG_UNCLEAR,
     "to another question", 0, 0},
    {ENVELOPE("<g:postCAPResponse xmlns:g='" SERVICE "'><return>0</return></g:postCAPResponse>"),
     PUBLIC, COG_UNCLEAR, "no answer that is known", 0, 0},
    {ENVELOPE("<postCAPResponseTypeDef>" LIST(GOOD) "</postCAPResponseTypeDef>"), PUBLIC,
     COG_UNCLEAR, "not understood", 0, 0},
    {ENVELOPE(""), PUBLIC, COG_UNCLEAR, "does not hold one element", 0, 0},
    {ENVELOPE("<a/><b/>"), PUBLIC, COG_UNCLEAR, "does not hold one element", 0, 0},
    {"<S:Envelope xmlns:S='" SOAP "'><S:Body/><S:Body/></S:Envelope>", PUBLIC, COG_UNCLEAR,
     "one Body", 0, 0},
    {"<Envelope><Body/></Envelope>", PUBLIC, COG_UNCLEAR, "not a SOAP envelope", 0, 0},
    {"<html>Bad Gateway</html>", PUBLIC, COG_UNCLEAR, "not a SOAP envelope", 0, 0},
    {"", PUBLIC, COG_UNCLEAR, "not XML that is read", 0, 0},
    {"\1\2\3", PUBLIC, COG_UNCLEAR, "not XML that is read", 0, 0},
    {"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>", PUBLIC, COG_UNCLEAR,
     "DOCTYPE", 0, 0},
};

static void every_answer_is_judged_and_doubt_is_no_yes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct arena *arena = arena_create();
        struct cog_verdict verdict = judged(arena, verdicts[i].text, verdicts[i].asked);
        if (verdict.outcome != verdicts[i].outcome ||
            slice_find(verdict.text, verdicts[i].why) < 0 || verdict.acked != verdicts[i].acked ||
            verdict.refused != verdicts[i].refused)
            fail_msg("case %zu: outcome %d, acked %x, refused %x: %.*s", i, verdict.outcome,
                     verdict.acked, verdict.refused, SLICE_ARG(verdict.text));
        arena_destroy(arena);
    }
}

/* Wherever a good answer is cut off, and whichever byte is lost, it is never taken for more. */
static void a_damaged_answer_is_never_better(void **state)
{
    static const char whole[] =
        POSTED(IDENTIFIER("x-1") LIST(GOOD STATUS("EAS", "500", "N", "Ack")));
    (void)state;
    for (size_t len = 0; len + 1 < sizeof whole; len++) {
        struct arena *arena = arena_create();
        struct cog_verdict verdict =
            judged(arena, arena_cstr(arena, slice_of(whole, len)), EAS | PUBLIC);
        assert_int_not_equal(verdict.outcome, COG_TAKEN);
        verdict = judged(arena, arena_cstr(arena, slice_of(whole, len)), EAS);
        assert_int_not_equal(verdict.outcome, COG_TAKEN);
        arena_destroy(arena);
    }
    for (size_t at = 0; at + 1 < sizeof whole; at++) {
        struct arena *arena = arena_create();
        char *text = arena_cstr(arena, slice_of(whole, sizeof whole - 1));
        text[at] = text[at] == 'Y' ? 'Z' : 'Y';
        assert_int_not_equal(judged(arena, text, EAS | PUBLIC).outcome, COG_TAKEN);
        arena_destroy(arena);
    }
}

static void too_many_statuses_are_not_understood(void **state)
{
    struct arena *arena = arena_create();
    struct buf text;
    (void)state;
    buf_init(&text, 1024 * 1024);
    buf_put_cstr(&text, "<S:Envelope xmlns:S='" SOAP "'><S:Body><p:postCAPResponseTypeDef "
                        "xmlns:p='" SERVICE "' xmlns:r='" RESPONSE "'>");
    for (int i = 0; i <= COG_STATUSES_MAX; i++)
        buf_put_cstr(&text, LIST(STATUS("CAPEXCH", "200", "N", "Ack")));
    buf_put_cstr(&text, "</p:postCAPResponseTypeDef></S:Body></S:Envelope>");
    assert_int_equal(judged(arena, arena_cstr(arena, buf_slice(&text)), 0).outcome, COG_UNCLEAR);
    buf_fini(&text);
    arena_destroy(arena);
}

/* --- what an alert asks for --- */

static void what_is_not_blocked_is_asked_for(void **state)
{
    static const struct {
        const char *blocked[5];
        unsigned asked;
    } infos[] = {
        {{"EAS", "CMAS", "NWEM"}, PUBLIC}, {{"eas", "nwem", "cmas", "public"}, 0},
        {{NULL}, NWEM | EAS | CMAS},       {{"EAS"}, NWEM | CMAS | PUBLIC},
        {{"EAS", "PUBLIC"}, NWEM | CMAS},  {{"RADIO"}, NWEM | EAS | CMAS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++) {
        struct cap_pair pairs[6] = {{SLICE("EAS-ORG"), SLICE("WXR"), 0}};
        struct cap_info info = {.parameters = {pairs, 1}};
        const struct alert alert = {.infos = &info, .info_count = 1};
        for (size_t k = 0; k < 5 && infos[i].blocked[k]; k++)
            pairs[info.parameters.count++] =
                (struct cap_pair){SLICE("BLOCKCHANNEL"), slice_from_cstr(infos[i].blocked[k]), 0};
        assert_int_equal(cog_channels_asked(&alert), infos[i].asked);
    }
    /* Each info must block for itself. */
    struct cap_pair block[] = {{SLICE("BLOCKCHANNEL"), SLICE("EAS"), 0},
                               {SLICE("BLOCKCHANNEL"), SLICE("CMAS"), 0},
                               {SLICE("BLOCKCHANNEL"), SLICE("NWEM"), 0}};
    struct cap_info two[] = {{.parameters = {block, 3}}, {.parameters = {block, 2}}};
    const struct alert alert = {.infos = two, .info_count = 2}, empty = {0};
    assert_int_equal(cog_channels_asked(&alert), NWEM | PUBLIC);
    assert_int_equal(cog_channels_asked(&empty), 0);
    assert_int_equal(cog_channel_find(SLICE("Eas")), COG_EAS);
    assert_int_equal(cog_channel_find(SLICE("EA")), COG_CHANNELS);
}

static void every_code_of_the_table_is_of_a_known_kind(void **state)
{
    static const char *const kinds[] = {"ack", "note", "absent", "duplicate", "refusal"};
    const struct schema_table *table = schema_table_find("ipaws_status");
    (void)state;
    assert_non_null(table);
    for (size_t row = 0; row < table->row_count; row++) {
        const char *kind = schema_cell(table, row, schema_column(table, "kind"));
        size_t i = 0;
        while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i], kind) != 0)
            i++;
        assert_true(i < sizeof kinds / sizeof *kinds);
        assert_true(*schema_cell(table, row, schema_column(table, "source")));
    }
}

/* --- messages --- */

#define ALERT(id)                                                                                  \
    "<identifier>" id "</identifier><sender>s@x</sender><sent>2026-06-01T00:00:00-00:00</sent>"
#define MESSAGES(alerts)                                                                           \
    ENVELOPE("<m:messageResponseTypeDef xmlns:m='" SERVICE "' xmlns:c='" CAP "'>" alerts           \
             "</m:messageResponseTypeDef>")

static struct cog_answer read_answer(struct arena *arena, const char *text)
{
    struct cog_answer answer;
    cog_answer_read(arena, slice_from_cstr(text), &answer);
    return answer;
}

/* What the alerts are like does not matter, nor how many there are. */
static void messages_are_known_by_what_is_around_them(void **state)
{
    static const struct {
        const char *text;
        enum cog_kind kind;
        size_t alerts;
    } cases[] = {
        {MESSAGES(""), COG_MESSAGES, 0},
        {MESSAGES("\n<alert xmlns='" CAP "'>" ALERT("a") "</alert>\n<c:alert/>"), COG_MESSAGES, 2},
        {MESSAGES("<x><alert xmlns='" CAP "'><alert/></alert></x>"), COG_MESSAGES, 1},
        {MESSAGES("<alert xmlns='" CAP "'><a></b>&nonsense;\1</alert><c:alert/>"), COG_MESSAGES, 2},
        /* Malformed ones harm neither the others nor what is around. */
        {MESSAGES("<alert xmlns='" CAP "'><a></alert><c:alert/>"), COG_MESSAGES, 2},
        {MESSAGES("<alert xmlns='" CAP "'></a></alert><c:alert/>"), COG_MESSAGES, 2},
        {MESSAGES("<alert xmlns='" CAP "'><a><c:alert/><c:alert><b>"), COG_MESSAGES, 3},
        {ENVELOPE("<alert xmlns='" CAP "'/>"), COG_STRANGE, 1},
        {"<alert xmlns='" CAP "'/>", COG_STRANGE, 1},
        {ENVELOPE("<S:Fault><faultstring>x</faultstring><detail><alert xmlns='" CAP
                  "'/></detail></S:Fault>"),
         COG_STRANGE, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_create();
        struct cog_answer answer = read_answer(arena, cases[i].text);
        if (answer.kind != cases[i].kind || answer.alert_count != cases[i].alerts)
            fail_msg("case %zu: kind %d with %zu alerts: %.*s", i, answer.kind, answer.alert_count,
                     SLICE_ARG(answer.text));
        arena_destroy(arena);
    }
}

/* More elements than are read as one document. */
static void a_days_alerts_are_one_answer(void **state)
{
    struct arena *arena = arena_create();
    struct cog_answer answer;
    struct buf text;
    (void)state;
    buf_init(&text, 64 * 1024 * 1024);
    buf_put_cstr(&text, "<S:Envelope xmlns:S='" SOAP
                        "'><S:Body><m:messageResponseTypeDef xmlns:m='" SERVICE "'>");
    for (int i = 0; i < 6000; i++) {
        buf_put_cstr(&text, "<alert xmlns='" CAP "'>" ALERT("a"));
        for (int k = 0; k < 100; k++)
            buf_put_cstr(&text, "<a></a>");
        buf_put_cstr(&text, "</alert>");
    }
    buf_put_cstr(&text, "</m:messageResponseTypeDef></S:Body></S:Envelope>");
    assert_false(buf_failed(&text));
    cog_answer_read(arena, buf_slice(&text), &answer);
    assert_int_equal(answer.kind, COG_MESSAGES);
    assert_int_equal(answer.alert_count, 6000);
    buf_fini(&text);
    arena_destroy(arena);
}

static void an_alert_that_says_that_there_is_none_is_none(void **state)
{
    static const struct {
        const char *alert;
        bool none;
    } cases[] = {
        {"<alert xmlns='" CAP "'>" ALERT(" No Message Found ") "</alert>", true},
        {"<c:alert xmlns:c='" CAP "'><c:identifier>NO MESSAGE FOUND</c:identifier></c:alert>",
         true},
        {"<alert xmlns='" CAP "'>" ALERT("a") "</alert>", false},
        {"<alert xmlns='" CAP "'>" ALERT("a") "<note>No message found</note></alert>", false},
        {"<alert xmlns='" CAP "'>" ALERT("No Message Found") "<b></alert>", false},
        {"<alert xmlns='urn:x'>" ALERT("No Message Found") "</alert>", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_create();
        if (cog_says_none(arena, slice_from_cstr(cases[i].alert)) != cases[i].none)
            fail_msg("case %zu", i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_judged_and_doubt_is_no_yes),
        cmocka_unit_test(a_damaged_answer_is_never_better),
        cmocka_unit_test(too_many_statuses_are_not_understood),
        cmocka_unit_test(what_is_not_blocked_is_asked_for),
        cmocka_unit_test(every_code_of_the_table_is_of_a_known_kind),
        cmocka_unit_test(messages_are_known_by_what_is_around_them),
        cmocka_unit_test(a_days_alerts_are_one_answer),
        cmocka_unit_test(an_alert_that_says_that_there_is_none_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
