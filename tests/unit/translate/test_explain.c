/* What became of each element: by value where it is called copied, by row or rule elsewhere. */
#include "support.h"

#include "translate/explain.h"

#define HEAD(sender, code, more)                                                                   \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>x1</identifier>"              \
    "<sender>" sender "</sender><sent>2026-03-01T10:00:00-05:00</sent><status>Actual</status>"     \
    "<msgType>Alert</msgType><scope>Public</scope><code>" code "</code>" more
#define INFO(language, before, after)                                                              \
    "<info><language>" language "</language><category>Met</category><event>thunderstorm</event>"   \
    "<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>"       \
    "" before "<expires>2026-03-01T12:00:00-05:00</expires><headline>Storm</headline>" after       \
    "<area><areaDesc>Here</areaDesc><polygon>45,-67 45,-66 46,-66 45,-67</polygon></area></info>"

static const char canadian[] =
    HEAD("weather@example.ca", "profile:CAP-CP:0.4", "<code>layer:SOREM:1.0</code><note>n</note>")
        INFO("en-CA",
             "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>thunderstorm</value>"
             "</eventCode>",
             "<parameter><valueName>layer:SOREM:1.0:Broadcast_Immediately</valueName>"
             "<value>Yes</value></parameter>"
             "<parameter><valueName>other</valueName><value>1</value></parameter>") "</alert>";

static const char american[] = HEAD("w-nws@example.us", "IPAWSv1.0", "")
    INFO("en-US",
         "<eventCode><valueName></valueName><value>nameless</value></eventCode>"
         "<eventCode><valueName>SAME</valueName><value>SVR</value></eventCode>",
         "<parameter><valueName>WEAHandling</valueName><value>Imminent Threat</value>"
         "</parameter>")
        INFO("es-US", "<eventCode><valueName>SAME</valueName><value>SVR</value></eventCode>",
             "") "</alert>";

struct told {
    struct translation translation;
    struct trace trace;
    struct explanation explanation;
};

static void translate_traced(struct fixture *fixture, const struct alert *alert, enum target target,
                             const struct alert *const *referenced, size_t count, struct told *told)
{
    struct err err = {0};
    struct translate_options options = {.geo = fixture->geo,
                                        .derived_sender = SLICE("relay@test.example"),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT,
                                        .trace = &told->trace};
    struct translate_input input = {.alert = alert,
                                    .class = CLASS_ACTUAL,
                                    .target = target,
                                    .referenced = referenced,
                                    .referenced_count = count};
    told->trace = (struct trace){0};
    assert_int_equal(translate(&options, &input, fixture->arena, &told->translation, &err), OK);
    assert_true(
        explain(alert, &told->translation, &told->trace, fixture->arena, &told->explanation));
}

static const struct alert *told_of(struct fixture *fixture, const char *text, enum target target,
                                   struct told *told)
{
    const struct alert *alert = alert_of(fixture, slice_from_cstr(text));
    translate_traced(fixture, alert, target, NULL, 0, told);
    return alert;
}

/* The row between these two paths; fails where there is none. */
static const struct explain_row *row_of(const struct told *told, const char *from, const char *to)
{
    for (size_t i = 0; i < told->explanation.count; i++) {
        const struct explain_row *row = &told->explanation.rows[i];
        if (slice_eq_cstr(row->from, from) && slice_eq_cstr(row->to, to))
            return row;
    }
    fail_msg("no row from '%s' to '%s'", from, to);
    return NULL;
}

static void check_row(const struct told *told, const char *from, const char *to,
                      enum explain_how how, const char *by)
{
    const struct explain_row *row = row_of(told, from, to);
    if (row->how != how || slice_find(row->by, by) < 0)
        fail_msg("%s -> %s: %s, %.*s", from, to, explain_how_name(row->how), SLICE_ARG(row->by));
    if (how == EXPLAIN_COPIED)
        assert_true(slice_eq(row->from_value, row->to_value));
}

static void test_to_the_us(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    told_of(&fixture, canadian, TARGET_US_EXCHANGE, &told);
    check_row(&told, "alert/status", "alert/status", EXPLAIN_COPIED, "");
    check_row(&told, "alert/identifier", "alert/identifier", EXPLAIN_MAPPED, "rule: ");
    check_row(&told, "alert/code[1]", "", EXPLAIN_DROPPED, "value_names:code/profile:CAP-CP:*");
    check_row(&told, "", "alert/code[1]", EXPLAIN_ADDED, "rule: ");
    check_row(&told, "alert/info[1]/language", "alert/info[1]/language", EXPLAIN_MAPPED,
              "languages:en-CA");
    check_row(&told, "alert/info[1]/headline", "alert/info[1]/headline", EXPLAIN_COPIED, "");
    check_row(&told, "alert/info[1]/eventCode[1]", "alert/info[1]/eventCode[1]", EXPLAIN_MAPPED,
              "capcp_to_same:thunderstorm (warning by certainty and urgency, exact, high)");
    check_row(&told, "alert/info[1]/eventCode[1]", "alert/info[1]/eventCode[2]", EXPLAIN_COPIED,
              "");
    check_row(&told, "alert/info[1]/parameter[1]", "", EXPLAIN_DROPPED, "value_names:parameter/");
    check_row(&told, "alert/info[1]/parameter[2]", "alert/info[1]/parameter[1]", EXPLAIN_COPIED,
              "");
    check_row(&told, "", "alert/info[1]/parameter[2]", EXPLAIN_ADDED, "never broadcast");
    check_row(&told, "alert/info[1]/area[1]/polygon[1]", "alert/info[1]/area[1]/polygon[1]",
              EXPLAIN_COPIED, "");
    assert_int_equal(told.explanation.unaccounted, 0);
    fixture_close(&fixture);
}

/* The French info that joins moves those behind it, and the numbers follow. */
static void test_to_canada(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    told_of(&fixture, american, TARGET_CA_EXCHANGE, &told);
    assert_true(told.translation.derived->info_count > 2);
    check_row(&told, "alert/info[1]/eventCode[1]", "", EXPLAIN_DROPPED, "rule: ");
    check_row(&told, "alert/info[1]/eventCode[2]", "alert/info[1]/eventCode[1]", EXPLAIN_MAPPED,
              "same_to_capcp:SVR");
    check_row(&told, "alert/info[2]/headline", "alert/info[3]/headline", EXPLAIN_COPIED, "");
    check_row(&told, "alert/info[2]/language", "alert/info[3]/language", EXPLAIN_COPIED, "");
    check_row(&told, "", "alert/info[2]/language", EXPLAIN_ADDED, "French");
    check_row(&told, "alert/info[1]/severity", "alert/info[2]/severity", EXPLAIN_COPIED, "");
    assert_int_equal(told.explanation.unaccounted, 0);
    fixture_close(&fixture);
}

/* The source side shows what the cancelled alert says, not what a Cancel makes of it. */
static void check_ended(const struct told *told)
{
    const struct explain_row *row = row_of(told, "alert/info[1]/urgency", "alert/info[1]/urgency");
    assert_int_equal(row->how, EXPLAIN_MAPPED);
    assert_true(slice_eq_cstr(row->by, "rule: a Cancel is Past"));
    assert_true(slice_eq_cstr(row->from_value, "Immediate"));
    assert_true(slice_eq_cstr(row->to_value, "Past"));
    check_row(told, "alert/info[1]/responseType[1]", "", EXPLAIN_DROPPED, "rule: ");
    check_row(told, "alert/info[1]/responseType[2]", "", EXPLAIN_DROPPED, "rule: ");
    check_row(told, "alert/info[1]/instruction", "", EXPLAIN_DROPPED, "rule: ");
    /* Past before, and none at all. */
    check_row(told, "alert/info[2]/urgency", "alert/info[3]/urgency", EXPLAIN_COPIED, "");
    check_row(told, "", "alert/info[5]/urgency", EXPLAIN_ADDED, "rule: a Cancel is Past");
    check_row(told, "alert/info[1]/eventCode[2]", "alert/info[1]/eventCode[1]", EXPLAIN_MAPPED,
              "same_to_capcp:SVR");
    size_t urgencies = 0;
    for (size_t i = 0; i < told->explanation.count; i++)
        urgencies += slice_eq_cstr(told->explanation.rows[i].to, "alert/info[1]/urgency");
    assert_int_equal(urgencies, 1);
}

static void test_infos_of_what_is_cancelled(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    const struct alert *source = alert_of(&fixture, slice_from_cstr(american));
    enum cap_response_type response_types[] = {RESPONSE_SHELTER, RESPONSE_AVOID};
    struct cap_info infos[] = {source->infos[0], source->infos[1], source->infos[1]};
    infos[0].response_types = response_types;
    infos[0].response_type_count = 2;
    infos[0].instruction = SLICE("Go inside.");
    infos[1].urgency = URGENCY_PAST;
    infos[2].urgency = URGENCY_NONE;
    struct alert cancelled = *source;
    cancelled.infos = infos;
    cancelled.info_count = 3;
    const struct alert *const referenced[] = {&cancelled};
    struct alert cancel = *source;
    struct cap_reference reference = {
        .sender = source->sender, .identifier = source->identifier, .sent = source->sent};
    cancel.identifier = SLICE("x2");
    cancel.msg_type = MSG_TYPE_CANCEL;
    cancel.info_count = 0;
    cancel.references = &reference;
    cancel.reference_count = 1;
    translate_traced(&fixture, &cancel, TARGET_CA_EXCHANGE, referenced, 1, &told);
    check_row(&told, "alert/info[2]/headline", "alert/info[3]/headline", EXPLAIN_COPIED, "");
    check_row(&told, "alert/references[1]", "alert/references[1]", EXPLAIN_MAPPED, "rule: ");
    check_ended(&told);
    assert_int_equal(told.explanation.unaccounted, 0);
    fixture_close(&fixture);
}

/* What is changed or lost behind the back of every step is told of. */
static void test_what_nobody_accounts_for(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    const struct alert *alert = told_of(&fixture, canadian, TARGET_US_EXCHANGE, &told);
    struct cap_info *info = &told.translation.derived->infos[0];
    info->headline = SLICE("Something else");
    info->contact = SLICE("Somebody");
    info->parameters.items[0].value = SLICE("2");
    assert_true(explain(alert, &told.translation, &told.trace, fixture.arena, &told.explanation));
    assert_int_equal(told.explanation.unaccounted, 5);
    check_row(&told, "alert/info[1]/headline", "", EXPLAIN_UNACCOUNTED, "");
    check_row(&told, "", "alert/info[1]/headline", EXPLAIN_UNACCOUNTED, "");
    check_row(&told, "", "alert/info[1]/contact", EXPLAIN_UNACCOUNTED, "");
    check_row(&told, "alert/info[1]/parameter[2]", "", EXPLAIN_UNACCOUNTED, "");
    check_row(&told, "", "alert/info[1]/parameter[1]", EXPLAIN_UNACCOUNTED, "");
    fixture_close(&fixture);
}

static void test_a_trace_changes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    struct translation plain;
    struct err err = {0};
    fixture_open(&fixture);
    const struct alert *alert = told_of(&fixture, american, TARGET_CA_EXCHANGE, &told);
    assert_int_equal(translate_to(&fixture, alert, TARGET_CA_EXCHANGE, NULL, 0, &plain, &err), OK);
    assert_true(slice_eq(plain.xml, told.translation.xml));
    assert_int_equal(plain.notes.count, told.translation.notes.count);
    assert_true(told.trace.count > 10);
    fixture_close(&fixture);
}

static void test_a_broadcast_text_that_describes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    told_of(&fixture,
            HEAD("w@example.us", "IPAWSv1.0", "")
                INFO("en-US", "",
                     "<parameter><valueName>CMAMtext</valueName><value>Short.</value></parameter>"
                     "<parameter><valueName>CMAMlongtext</valueName><value>Long.</value>"
                     "</parameter>") "</alert>",
            TARGET_CA_EXCHANGE, &told);
    check_row(&told, "alert/info[1]/parameter[1]", "", EXPLAIN_DROPPED, "value_names:parameter/");
    check_row(&told, "alert/info[1]/parameter[2]", "alert/info[1]/description", EXPLAIN_MAPPED,
              "value_names:parameter/CMAMlongtext");
    assert_int_equal(told.explanation.unaccounted, 0);
    fixture_close(&fixture);
}

static void test_rows_are_in_the_order_of_the_message(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told;
    fixture_open(&fixture);
    told_of(&fixture, canadian, TARGET_US_EXCHANGE, &told);
    const struct explain_row *rows = told.explanation.rows;
    size_t groups = 1;
    for (size_t i = 1; i < told.explanation.count; i++) {
        assert_true(rows[i - 1].place < rows[i].place);
        groups += !slice_eq(rows[i - 1].group, rows[i].group);
    }
    assert_int_equal(groups, 3); /* alert, its info, its area: none is taken up again */
    fixture_close(&fixture);
}

static void test_note_meanings(void **state)
{
    (void)state;
    assert_false(slice_is_empty(explain_note_meaning(NOTE_EVENT_NONE)));
    assert_true(slice_is_empty(explain_note_meaning("no-such-note")));
}

/* Repeats are held against each other once, not each against all; and there is an end to it. */
static void test_very_many_elements(void **state)
{
    (void)state;
    struct fixture fixture;
    struct told told = {0};
    fixture_open(&fixture);
    const struct alert *given = alert_of(&fixture, slice_from_cstr(canadian));
    struct alert alert = *given;
    size_t most = 120000;
    struct slice *words = arena_alloc_array(fixture.arena, most, sizeof(*words));
    for (size_t i = 0; i < most; i++)
        words[i] = SLICE("same");
    alert.incidents = (struct cap_texts){.items = words, .count = 60000};
    translate_traced(&fixture, &alert, TARGET_US_EXCHANGE, NULL, 0, &told);
    assert_int_equal(told.explanation.unaccounted, 0);
    size_t copied = 0;
    for (size_t i = 0; i < told.explanation.count; i++)
        copied += told.explanation.rows[i].how == EXPLAIN_COPIED &&
                  slice_starts_with(told.explanation.rows[i].from, "alert/incidents[");
    assert_int_equal(copied, 60000);
    alert.incidents.count = most;
    struct err err = {0};
    struct translate_options options = {.derived_sender = SLICE("relay@test.example"),
                                        .trace = &told.trace};
    struct translate_input input = {
        .alert = &alert, .class = CLASS_ACTUAL, .target = TARGET_US_EXCHANGE};
    assert_int_equal(translate(&options, &input, fixture.arena, &told.translation, &err), OK);
    assert_false(explain(&alert, &told.translation, &told.trace, fixture.arena, &told.explanation));
    assert_int_equal(told.explanation.count, 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_the_us),
        cmocka_unit_test(test_to_canada),
        cmocka_unit_test(test_infos_of_what_is_cancelled),
        cmocka_unit_test(test_what_nobody_accounts_for),
        cmocka_unit_test(test_a_trace_changes_nothing),
        cmocka_unit_test(test_a_broadcast_text_that_describes),
        cmocka_unit_test(test_rows_are_in_the_order_of_the_message),
        cmocka_unit_test(test_note_meanings),
        cmocka_unit_test(test_very_many_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
