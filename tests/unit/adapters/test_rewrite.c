/* A recorded alert as an exercise: every rule of semantics 7, over real texts through parser and
 * writer. */
#include "adapters/replay/rewrite.h"

#include "adapters/replay/stamp.h"
#include "alert/parse.h"
#include "alert/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define NS12 "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>"
#define HEAD(status, scope)                                                                        \
    NS12 "<identifier>A1</identifier><sender>s@example</sender><sent>2026-01-10T12:00:00-05:00</"  \
         "sent>"                                                                                   \
         "<status>" status "</status><msgType>Update</msgType><scope>" scope "</scope>"            \
         "<note>Real note</note><references>s@example,A0,2026-01-10T11:00:00-05:00 "               \
         "t@example,B,2026-01-10T10:00:00-00:00</references>"
#define INFO(more)                                                                                 \
    "<info><language>en-CA</language><category>Met</category><event>storm "                        \
    "surge</event><urgency>Future</urgency>"                                                       \
    "<severity>Severe</severity><certainty>Likely</"                                               \
    "certainty><effective>2026-01-10T12:00:00-05:00</effective>"                                   \
    "<onset>2026-01-10T18:00:00-05:00</onset><expires>2026-01-11T00:00:00-05:00</expires>" more    \
    "</info>"

struct world {
    struct parser *parser;
    struct arena *arena;
};

static int begin(void **state)
{
    static struct world world;
    world.arena = arena_create();
    *state = &world;
    return parser_create(&world.parser, NULL);
}

static int end(void **state)
{
    struct world *world = *state;
    parser_destroy(world->parser);
    arena_destroy(world->arena);
    return 0;
}

static const struct alert *read_text(struct world *world, const char *text)
{
    struct parsed parsed = parser_read(world->parser, world->arena, slice_from_cstr(text));
    assert_int_equal(parsed.count, 1);
    return parsed.alerts[0];
}

/* Rewritten, written out, and read again: what subscribers get. */
static const struct alert *rewritten(struct world *world, const char *text, int64_t shift_s,
                                     struct slice *xml)
{
    const struct rewrite_options options = {
        .run_id = SLICE("run-1"), .shift_s = shift_s, .recording = SLICE("big storm")};
    struct buf out;
    buf_init(&out, 1 << 20);
    alert_write(rewrite_alert(world->arena, read_text(world, text), &options), &out);
    assert_false(buf_failed(&out));
    *xml = arena_copy(world->arena, buf_slice(&out));
    buf_fini(&out);
    struct parsed parsed = parser_read(world->parser, world->arena, *xml);
    assert_int_equal(parsed.count, 1);
    assert_int_equal(parsed.alerts[0]->kind, KIND_ALERT);
    return parsed.alerts[0];
}

static void identity_and_references_get_the_run(void **state)
{
    struct slice xml;
    const struct alert *alert =
        rewritten(*state, HEAD("Actual", "Public") INFO("") "</alert>", 86400, &xml);
    assert_string_equal(alert->identifier.ptr, "A1.xrun-1");
    assert_string_equal(alert->sender.ptr, "s@example");
    assert_string_equal(alert->sent.text.ptr, "2026-01-11T12:00:00-05:00");
    assert_int_equal(alert->reference_count, 2);
    assert_true(slice_eq_cstr(alert->references[0].identifier, "A0.xrun-1"));
    assert_true(slice_eq_cstr(alert->references[0].sent.text, "2026-01-11T11:00:00-05:00"));
    assert_true(slice_eq_cstr(alert->references[1].identifier, "B.xrun-1"));
    assert_int_equal(alert->msg_type, MSG_TYPE_UPDATE);
}

static void all_times_move_by_one_amount(void **state)
{
    struct slice xml;
    const struct alert *alert = rewritten(
        *state,
        HEAD("Actual", "Public")
            INFO("<parameter><valueName>eventEndingTime</"
                 "valueName><value>2026-01-11T02:00:00-05:00</value></parameter>"
                 "<parameter><valueName>layer:EC-MSC-SMC:1.1:Event_End_Time</"
                 "valueName><value>2026-01-11T07:00:00.000Z</value></parameter>"
                 "<parameter><valueName>VTEC</valueName><value>/"
                 "O.NEW.KCAR.WS.W.0001.260110T1700Z-260111T0500Z/</value></parameter>") "</alert>",
        -3600, &xml);
    const struct cap_info *info = &alert->infos[0];
    assert_string_equal(info->effective.text.ptr, "2026-01-10T11:00:00-05:00");
    assert_string_equal(info->onset.text.ptr, "2026-01-10T17:00:00-05:00");
    assert_string_equal(info->expires.text.ptr, "2026-01-10T23:00:00-05:00");
    assert_string_equal(info->parameters.items[0].value.ptr, "2026-01-11T01:00:00-05:00");
    assert_string_equal(info->parameters.items[1].value.ptr, "2026-01-11T06:00:00.000Z");
    assert_string_equal(info->parameters.items[2].value.ptr,
                        "/T.NEW.KCAR.WS.W.0001.260110T1600Z-260111T0400Z/");
}

static void status_becomes_exercise_and_test_stays(void **state)
{
    struct slice xml;
    assert_int_equal(
        rewritten(*state, HEAD("Actual", "Public") INFO("") "</alert>", 0, &xml)->status,
        STATUS_EXERCISE);
    assert_true(slice_find(xml, ">Actual<") < 0);
    assert_int_equal(
        rewritten(*state, HEAD("Exercise", "Public") INFO("") "</alert>", 0, &xml)->status,
        STATUS_EXERCISE);
    assert_int_equal(rewritten(*state, HEAD("Test", "Public") INFO("") "</alert>", 0, &xml)->status,
                     STATUS_TEST);
}

static void nothing_in_it_says_actual(void **state)
{
    struct slice xml;
    rewritten(*state,
              HEAD("Actual", "Public")
                  INFO("<parameter><valueName>MessageStatus</valueName><value>Actual</value></"
                       "parameter>") "</alert>",
              0, &xml);
    assert_true(slice_find(xml, "Actual") < 0);
}

static void headline_note_and_shown_texts_cannot_be_overlooked(void **state)
{
    struct slice xml;
    const struct alert *alert = rewritten(
        *state,
        HEAD("Actual", "Public")
            INFO("<headline>Surge warning</headline>"
                 "<parameter><valueName>CMAMtext</valueName><value>Flood now</value></parameter>")
                INFO("") INFO("<headline>EXERCISE / EXERCICE: Surge</headline>") "</alert>",
        0, &xml);
    assert_string_equal(alert->infos[0].headline.ptr, "EXERCISE / EXERCICE: Surge warning");
    assert_string_equal(alert->infos[0].parameters.items[0].value.ptr,
                        "EXERCISE / EXERCICE: Flood now");
    assert_string_equal(alert->infos[1].headline.ptr, "EXERCISE / EXERCICE: storm surge");
    assert_string_equal(alert->infos[2].headline.ptr, "EXERCISE / EXERCICE: Surge");
    assert_string_equal(
        alert->note.ptr,
        "EXERCISE / EXERCICE: replay of the recording big storm (run run-1). Real note");
}

static void signatures_are_gone(void **state)
{
    struct slice xml;
    const struct alert *alert = rewritten(
        *state,
        HEAD("Actual", "Public")
            INFO("") "<Signature "
                     "xmlns='http://www.w3.org/2000/09/xmldsig#'><SignedInfo/></Signature></alert>",
        0, &xml);
    assert_int_equal(alert->signature_count, 0);
    assert_true(slice_find(xml, "Signature") < 0);
}

static void recorded_alert_itself_is_left_as_it_is(void **state)
{
    struct world *world = *state;
    const struct alert *alert =
        read_text(world, HEAD("Actual", "Public") INFO("<headline>x</headline>") "</alert>");
    const struct rewrite_options options = {
        .run_id = SLICE("r"), .shift_s = 60, .recording = SLICE("n")};
    rewrite_alert(world->arena, alert, &options);
    assert_int_equal(alert->status, STATUS_ACTUAL);
    assert_string_equal(alert->identifier.ptr, "A1");
    assert_string_equal(alert->infos[0].headline.ptr, "x");
    assert_true(slice_eq_cstr(alert->references[0].identifier, "A0"));
}

static void two_copies_of_one_alert_stay_alike(void **state)
{
    struct slice one, two;
    rewritten(*state,
              HEAD("Actual", "Public")
                  INFO("") "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></alert>",
              600, &one);
    rewritten(*state, HEAD("Actual", "Public") INFO("") "</alert>", 600, &two);
    assert_true(slice_eq(one, two));
}

static void what_is_not_played_has_a_reason(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {HEAD("Actual", "Public") INFO("") "</alert>", NULL},
        {HEAD("Test", "Public") INFO("") "</alert>", NULL},
        {HEAD("Actual", "Restricted") INFO("") "</alert>", "not public"},
        {HEAD("Actual", "Private") INFO("") "</alert>", "not public"},
        {HEAD("System", "Public") INFO("") "</alert>", "status System is never published"},
        {HEAD("Draft", "Public") INFO("") "</alert>", "status Draft is never published"},
        {HEAD("Actuel", "Public") INFO("") "</alert>", "unreadable"},
        {"<alert", "unreadable"},
        {NS12 "<identifier>A1</identifier></alert>", "unreadable"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *reason = rewrite_refusal(world->arena, read_text(world, cases[i].text));
        if (!cases[i].reason)
            assert_null(reason);
        else if (!reason || strncmp(reason, cases[i].reason, strlen(cases[i].reason)) != 0)
            fail_msg("case %zu: %s", i, reason ? reason : "(played)");
    }
}

static void stamps_move_inside_texts(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"2026-12-31T23:30:00-00:00", "2027-01-01T00:30:00-00:00"},
        {"2024-02-28T23:30Z", "2024-02-29T00:30Z"},
        {"2026-01-01T10:00:00.123-04:00", "2026-01-01T11:00:00.123-04:00"},
        {"at 2026-01-01T10:00:00Z...storm...234DEG", "at 2026-01-01T11:00:00Z...storm...234DEG"},
        {"2026-01-01T10:00 and 2026-01-01T11:00", "2026-01-01T11:00 and 2026-01-01T12:00"},
        {"12026-01-01T10:00:00Z", "12026-01-01T10:00:00Z"}, /* no year */
        {"2026-13-01T10:00:00Z", "2026-13-01T10:00:00Z"},
        {"2026-01-01", "2026-01-01"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(
            stamp_shift_times(world->arena, slice_from_cstr(cases[i].from), 3600).ptr, cases[i].to);
}

static void vtec_becomes_a_test_product(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"/O.NEW.KBOX.WS.W.0001.260415T2330Z-260416T1200Z/",
         "/T.NEW.KBOX.WS.W.0001.260416T0030Z-260416T1300Z/"},
        {"/O.CON.KBOX.WS.W.0001.000000T0000Z-260416T1200Z/",
         "/T.CON.KBOX.WS.W.0001.000000T0000Z-260416T1300Z/"},
        {"/O.NEW.KCAR.FL.W.0002.260101T0000Z-000000T0000Z/ "
         "/MAIW1.2.ER.260101T0100Z.260102T0000Z.000000T0000Z.NO/",
         "/T.NEW.KCAR.FL.W.0002.260101T0100Z-000000T0000Z/ "
         "/MAIW1.2.ER.260101T0200Z.260102T0100Z.000000T0000Z.NO/"},
        {"/T.NEW.KBOX.WS.W.0001.260415T1200Z-260416T1200Z/",
         "/T.NEW.KBOX.WS.W.0001.260415T1300Z-260416T1300Z/"},
        {"none", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(
            stamp_exercise_vtec(world->arena, slice_from_cstr(cases[i].from), 3600).ptr,
            cases[i].to);
}

/* A CAP 1.0 or 1.1 recording is played as CAP 1.2. */
static void older_versions_are_played_as_1_2(void **state)
{
    struct world *world = *state;
    const char *text = "<cap:alert "
                       "xmlns:cap='urn:oasis:names:tc:emergency:cap:1.1'><cap:identifier>A1</"
                       "cap:identifier><cap:sender>s@example</cap:sender>"
                       "<cap:sent>2026-01-10T12:00:00-05:00</cap:sent><cap:status>Actual</"
                       "cap:status><cap:msgType>Alert</cap:msgType>"
                       "<cap:scope>Public</cap:scope></cap:alert>";
    struct slice xml;
    struct err err = {0};
    assert_int_equal(rewritten(world, text, 0, &xml)->version, CAP_1_2);
    assert_int_equal(parser_validate_cap12(world->parser, xml, &err), OK);
}

int main(void)
{
#define REWRITE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        REWRITE_TEST(identity_and_references_get_the_run),
        REWRITE_TEST(all_times_move_by_one_amount),
        REWRITE_TEST(status_becomes_exercise_and_test_stays),
        REWRITE_TEST(nothing_in_it_says_actual),
        REWRITE_TEST(headline_note_and_shown_texts_cannot_be_overlooked),
        REWRITE_TEST(signatures_are_gone),
        REWRITE_TEST(recorded_alert_itself_is_left_as_it_is),
        REWRITE_TEST(two_copies_of_one_alert_stay_alike),
        REWRITE_TEST(what_is_not_played_has_a_reason),
        REWRITE_TEST(stamps_move_inside_texts),
        REWRITE_TEST(vtec_becomes_a_test_product),
        REWRITE_TEST(older_versions_are_played_as_1_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
