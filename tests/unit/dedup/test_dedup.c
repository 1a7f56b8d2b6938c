#include "fixture.h"

#include "dedup/dedup.h"

static struct dedup_answer judge(struct fixture *fixture, const char *id, const char *content)
{
    struct alert alert = {.msg_type = MSG_TYPE_ALERT};
    struct identity identity = fixture_identity(NULL, id, 0);
    struct digest digest = fixture_digest(content);
    struct dedup_question question = {.alert = &alert, .identity = &identity, .content = &digest};
    struct dedup_answer answer;
    dedup_judge(fixture->known, fixture->arena, &question, &answer);
    return answer;
}

static void test_new(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    assert_int_equal(judge(fixture, "b", "a").kind, DEDUP_NEW);
}

static void test_duplicate_of_what_was_relayed(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    struct dedup_answer answer = judge(fixture, "a", "a");
    assert_int_equal(answer.kind, DEDUP_DUPLICATE);
    assert_false(answer.by_secondary_key);
    assert_int_equal(answer.first.row.arrival, first);
}

static void test_what_went_nowhere_is_judged_again(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, (struct given){.id = "a", .verdict = "irrelevant"});
    assert_int_equal(judge(fixture, "a", "a").kind, DEDUP_NEW);
    int64_t second = fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    fixture_commit(fixture);
    struct dedup_answer answer = judge(fixture, "a", "a");
    assert_int_equal(answer.kind, DEDUP_DUPLICATE);
    assert_int_equal(answer.first.row.arrival, second);
}

static void test_conflict_names_what_was_relayed(void **state)
{
    struct fixture *fixture = *state;
    int64_t silent = fixture_put(fixture, (struct given){.id = "a", .verdict = "irrelevant"});
    struct dedup_answer answer = judge(fixture, "a", "other");
    assert_int_equal(answer.kind, DEDUP_CONFLICT);
    assert_int_equal(answer.first.row.arrival, silent);
    int64_t loud =
        fixture_put(fixture, (struct given){.id = "a", .content = "third", .region = "ME"});
    answer = judge(fixture, "a", "other");
    assert_int_equal(answer.first.row.arrival, loud);
}

static void test_copy_of_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    int64_t conflict = fixture_put(fixture, (struct given){.id = "a",
                                                           .verdict = "conflict",
                                                           .content = "other",
                                                           .region = "ME",
                                                           .first_arrival = first});
    assert_int_equal(judge(fixture, "a", "other").first.row.arrival, conflict);
    assert_int_equal(judge(fixture, "a", "other").kind, DEDUP_DUPLICATE);
    assert_int_equal(judge(fixture, "a", "a").first.row.arrival, first);
    assert_int_equal(judge(fixture, "a", "third").kind, DEDUP_CONFLICT);
}

/* --- secondary keys --- */

#define QUAKE                                                                                      \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>%s</identifier>"              \
    "<sender>s</sender><sent>1970-01-01T00:16:%s-00:00</sent><status>Actual</status>"              \
    "<msgType>%s</msgType><scope>Public</scope><info><category>Geo</category><event>e</event>"     \
    "<urgency>Immediate</urgency><severity>%s</severity><certainty>Likely</certainty>"             \
    "<parameter><valueName>layer:EarthquakesCanada:0.1:eventId</valueName><value>17</value>"       \
    "</parameter></info></alert>"

struct quake {
    const char *id, *second, *type, *severity;
};

static const struct quake first_quake = {"q1", "40", "Alert", "Severe"};

static void quake_text(char *out, size_t size, struct quake quake)
{
    snprintf(out, size, QUAKE, quake.id, quake.second, quake.type, quake.severity);
}

static struct dedup_answer judge_quake(struct fixture *fixture, struct quake quake,
                                       const struct identity *reference)
{
    char xml[1000];
    quake_text(xml, sizeof(xml), quake);
    const struct alert *alert =
        parser_read(fixture->parser, fixture->arena, slice_from_cstr(xml)).alerts[0];
    struct identity identity = identity_of(alert, CLASS_ACTUAL);
    struct digest content = alert_content(alert);
    struct dedup_question question = {
        .alert = alert,
        .identity = &identity,
        .content = &content,
        .secondary_key = alert_secondary_key(fixture->arena, alert),
        .references = reference,
        .reference_count = reference != NULL,
    };
    struct dedup_answer answer;
    assert_true(question.secondary_key.len > 0);
    dedup_judge(fixture->known, fixture->arena, &question, &answer);
    return answer;
}

static int64_t put_quake(struct fixture *fixture)
{
    char xml[1000];
    quake_text(xml, sizeof(xml), first_quake);
    const struct alert *alert =
        parser_read(fixture->parser, fixture->arena, slice_from_cstr(xml)).alerts[0];
    return fixture_put(fixture,
                       (struct given){.id = "q1",
                                      .xml = xml,
                                      .region = "ME",
                                      .key = alert_secondary_key(fixture->arena, alert).ptr});
}

static void test_rewrapped(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = put_quake(fixture);
    struct quake other = {"q2", "40", "Alert", "Severe"};
    for (int committed = 0; committed < 2; committed++) {
        struct dedup_answer answer = judge_quake(fixture, other, NULL);
        assert_int_equal(answer.kind, DEDUP_DUPLICATE);
        assert_true(answer.by_secondary_key);
        assert_false(answer.has_similar);
        assert_int_equal(answer.first.row.arrival, first);
        fixture_commit(fixture);
    }
}

/* Never over-deduplicate: whatever differs keeps them apart, with a word. */
static void test_similar_is_not_merged(void **state)
{
    struct fixture *fixture = *state;
    static const struct quake others[] = {{"q2", "40", "Update", "Severe"},
                                          {"q2", "40", "Alert", "Extreme"}};
    int64_t first = put_quake(fixture);
    fixture_commit(fixture);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct dedup_answer answer = judge_quake(fixture, others[i], NULL);
        assert_int_equal(answer.kind, DEDUP_NEW);
        assert_true(answer.has_similar);
        assert_int_equal(answer.similar.row.arrival, first);
    }
}

static void test_a_successor_is_not_similar(void **state)
{
    struct fixture *fixture = *state;
    put_quake(fixture);
    struct identity first = fixture_identity(NULL, "q1", 0);
    struct quake update = {"q2", "50", "Update", "Severe"};
    struct dedup_answer answer = judge_quake(fixture, update, &first);
    assert_int_equal(answer.kind, DEDUP_NEW);
    assert_false(answer.has_similar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new),
        TEST(test_duplicate_of_what_was_relayed),
        TEST(test_what_went_nowhere_is_judged_again),
        TEST(test_conflict_names_what_was_relayed),
        TEST(test_copy_of_a_conflict),
        TEST(test_rewrapped),
        TEST(test_similar_is_not_merged),
        TEST(test_a_successor_is_not_similar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
