#include "fixture.h"

static size_t find(struct fixture *fixture, const char *id, struct known_message *out)
{
    struct identity identity = fixture_identity(NULL, id, 0);
    return known_find(fixture->known, fixture->arena, &identity, out, 8);
}

static void test_in_flight_counts_as_known(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    assert_int_equal(find(fixture, "a", found), 0);
    int64_t arrival = fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    assert_int_equal(known_in_flight(fixture->known), 1);
    assert_int_equal(find(fixture, "a", found), 1);
    assert_int_equal(found[0].row.arrival, arrival);
    assert_int_equal(found[0].row.sent_count, 1);
    assert_true(slice_eq_cstr(found[0].row.sent[0].regions[0], "ME"));
    fixture_commit(fixture);
    assert_int_equal(find(fixture, "a", found), 1);
    assert_int_equal(found[0].row.arrival, arrival);
    assert_int_equal(found[0].row.sent[0].seq, 1);
}

/* Committed, but not yet collected: it stands in the journal and in the table. */
static void test_nothing_is_found_twice(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    assert_true(journal_wait(fixture->journal, WAIT_MS));
    assert_int_equal(find(fixture, "a", found), 1);
}

static void test_class_and_instant_are_part_of_identity(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    fixture_put(fixture, (struct given){.id = "a"});
    struct identity identity = fixture_identity(NULL, "a", 0);
    identity.class = CLASS_EXERCISE;
    assert_int_equal(known_find(fixture->known, fixture->arena, &identity, found, 8), 0);
    identity = fixture_identity(NULL, "a", 1001);
    assert_int_equal(known_find(fixture->known, fixture->arena, &identity, found, 8), 0);
    identity = fixture_identity("other", "a", 0);
    assert_int_equal(known_find(fixture->known, fixture->arena, &identity, found, 8), 0);
}

static void test_refused_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    static const char *const silent[] = {"refused", "unreadable", "loop", "not-published"};
    struct known_message found[8];
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        fixture_put(fixture, (struct given){.id = "a", .verdict = silent[i]});
    assert_int_equal(find(fixture, "a", found), 0);
    fixture_commit(fixture);
    assert_int_equal(find(fixture, "a", found), 0);
}

static void test_copies_are_not_found_conflicts_are(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    int64_t first = fixture_put(fixture, (struct given){.id = "a", .region = "ME"});
    fixture_put(fixture, (struct given){.id = "a",
                                        .verdict = "duplicate",
                                        .reason = "identity",
                                        .first_arrival = first});
    int64_t conflict = fixture_put(fixture, (struct given){.id = "a",
                                                           .verdict = "conflict",
                                                           .content = "other",
                                                           .region = "ME",
                                                           .first_arrival = first});
    for (int committed = 0; committed < 2; committed++) {
        assert_int_equal(find(fixture, "a", found), 2);
        assert_int_equal(found[0].row.arrival, first);
        assert_int_equal(found[1].row.arrival, conflict);
        fixture_commit(fixture);
    }
}

static void test_merged_leads_to_its_first(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    int64_t first =
        fixture_put(fixture, (struct given){.sender = "nws", .id = "a", .region = "ME"});
    fixture_put(fixture, (struct given){.id = "b",
                                        .verdict = "duplicate",
                                        .reason = "secondary-key",
                                        .first_arrival = first});
    for (int committed = 0; committed < 2; committed++) {
        assert_int_equal(find(fixture, "b", found), 1);
        assert_int_equal(found[0].row.arrival, first);
        assert_true(slice_eq_cstr(found[0].merged_sender, "s"));
        fixture_commit(fixture);
    }
}

static void test_secondary_keys_newest_first(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    int64_t a = fixture_put(fixture, (struct given){.id = "a", .key = "k", .region = "ME"});
    fixture_commit(fixture);
    int64_t b = fixture_put(fixture, (struct given){.id = "b", .key = "k", .region = "ME"});
    fixture_put(fixture, (struct given){.id = "c", .key = "k"}); /* went nowhere */
    fixture_put(fixture, (struct given){.id = "d", .key = "k2", .region = "ME"});
    assert_int_equal(
        known_find_secondary(fixture->known, fixture->arena, CLASS_ACTUAL, SLICE("k"), found, 8),
        2);
    assert_int_equal(found[0].row.arrival, b);
    assert_int_equal(found[1].row.arrival, a);
    assert_int_equal(
        known_find_secondary(fixture->known, fixture->arena, CLASS_EXERCISE, SLICE("k"), found, 8),
        0);
}

static void test_referencing(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    struct identity target = fixture_identity(NULL, "a", 0);
    int64_t update = fixture_put(fixture, (struct given){.id = "u",
                                                         .msg_type = MSG_TYPE_UPDATE,
                                                         .references = &target,
                                                         .reference_count = 1});
    for (int committed = 0; committed < 2; committed++) {
        assert_int_equal(known_find_referencing(fixture->known, fixture->arena, &target, found, 8),
                         1);
        assert_int_equal(found[0].row.arrival, update);
        assert_int_equal(found[0].row.msg_type, MSG_TYPE_UPDATE);
        fixture_commit(fixture);
    }
}

static void test_the_table_empties_in_any_mixture(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    for (int i = 0; i < 50; i++) {
        char id[8];
        snprintf(id, sizeof(id), "%d", i % 7);
        fixture_put(fixture, (struct given){.id = arena_cstr(fixture->arena, slice_from_cstr(id)),
                                            .key = "k",
                                            .region = "ME"});
        if (i % 11 == 10)
            fixture_commit(fixture);
    }
    fixture_commit(fixture);
    assert_true(find(fixture, "3", found) > 0);
}

#define XML                                                                                        \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>%s</identifier>"              \
    "<sender>s</sender><sent>1970-01-01T00:16:40-00:00</sent><status>Actual</status>"              \
    "<msgType>Alert</msgType><scope>Public</scope></alert>"

static void test_the_alert_is_read_again_from_the_journal(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    char xml[600];
    snprintf(xml, sizeof(xml), "<envelope>" XML XML "</envelope>", "x", "a");
    fixture_put(fixture, (struct given){.id = "a", .xml = xml});
    fixture_commit(fixture);
    assert_int_equal(find(fixture, "a", found), 1);
    assert_null(found[0].alert);
    const struct alert *alert = known_alert(fixture->known, fixture->arena, &found[0]);
    assert_non_null(alert);
    assert_true(slice_eq_cstr(alert->identifier, "a"));
}

static void test_no_trouble(void **state)
{
    struct fixture *fixture = *state;
    struct known_message found[8];
    struct err err;
    find(fixture, "a", found);
    assert_false(known_trouble(fixture->known, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_flight_counts_as_known),
        TEST(test_nothing_is_found_twice),
        TEST(test_class_and_instant_are_part_of_identity),
        TEST(test_refused_leaves_no_trace),
        TEST(test_copies_are_not_found_conflicts_are),
        TEST(test_merged_leads_to_its_first),
        TEST(test_secondary_keys_newest_first),
        TEST(test_referencing),
        TEST(test_the_table_empties_in_any_mixture),
        TEST(test_the_alert_is_read_again_from_the_journal),
        TEST(test_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
