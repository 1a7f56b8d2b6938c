/* Numbers, chain, topics, groups, faults: what goes in. */
#include "fixture.h"

static void numbers_are_per_class_from_one(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    commit_away(f, relayed(f, CLASS_EXERCISE, "x1", "ME", 0));
    commit_away(f, relayed(f, CLASS_ACTUAL, "a1", "ME", 0));
    commit_away(f, relayed(f, CLASS_EXERCISE, "x2", "ME", 0));
    assert_string_equal(since_text(f, CLASS_EXERCISE, NULL, 0, &rows), "1:us 2:us ");
    assert_string_equal(since_text(f, CLASS_ACTUAL, NULL, 0, &rows), "1:us ");
    assert_string_equal(since_text(f, CLASS_EXERCISE, NULL, 1, &rows), "2:us ");
    assert_string_equal(since_text(f, CLASS_EXERCISE, NULL, UINT64_MAX, &rows), "");
}

static void two_sides_take_two_numbers(void **state)
{
    struct fixture *f = *state;
    struct rows rows;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "both", "ME", 0);

    add_bulletin(entry, SIDE_CA, "NB", 0);
    entry = commit(f, entry);
    assert_int_equal(entry->bulletins[0].seq, 1);
    assert_int_equal(entry->bulletins[1].seq, 2);
    struct digest second = entry->bulletins[1].chain;
    struct digest expected = chain_of(&entry->bulletins[0].chain, 2);
    assert_true(digest_eq(&second, &expected));
    journal_entry_destroy(entry);
    assert_string_equal(since_text(f, CLASS_ACTUAL, NULL, 0, &rows), "1:us 2:ca ");

    struct journal_head head;
    assert_ok(journal_head(f->journal, CLASS_ACTUAL, &head, err));
    assert_int_equal(head.seq, 2);
    assert_true(digest_eq(&head.chain, &second));
    assert_ok(journal_head(f->journal, CLASS_EXERCISE, &head, err));
    assert_int_equal(head.seq, 0);
}

static void each_topic_has_its_own_prev(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    commit_away(f, relayed(f, CLASS_ACTUAL, "1", "ME", 0));
    commit_away(f, relayed(f, CLASS_ACTUAL, "2", "NH", 0));
    commit_away(f, relayed(f, CLASS_ACTUAL, "3", "ME VT", 0));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 1, &rows), "seq 1 prev 0,0 "));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 2, &rows), "seq 2 prev 0,1 "));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 3, &rows), "seq 3 prev 1,0,2 "));
    assert_string_equal(since_text(f, CLASS_ACTUAL, "actual.us.ME.", 0, &rows), "1:us 3:us ");
    assert_string_equal(since_text(f, CLASS_ACTUAL, "actual.us.ME.", 1, &rows), "3:us ");
    assert_string_equal(since_text(f, CLASS_ACTUAL, "actual.us.M", 0, &rows), "");
    assert_string_equal(since_text(f, CLASS_EXERCISE, "actual.us.ME.", 0, &rows), "");
}

static void note_topic(void *context, struct slice topic, uint64_t seq)
{
    char *text = context;
    snprintf(text + strlen(text), 200 - strlen(text), "%.*s=%llu ", SLICE_ARG(topic),
             (unsigned long long)seq);
}

static void topics_give_their_last_number(void **state)
{
    struct fixture *f = *state;
    char text[200] = "";

    assert_ok(journal_topics(f->journal, CLASS_ACTUAL, note_topic, text, err));
    assert_string_equal(text, "");
    commit_away(f, relayed(f, CLASS_ACTUAL, "1", "ME", 0));
    commit_away(f, relayed(f, CLASS_ACTUAL, "2", "NH", 0));
    commit_away(f, relayed(f, CLASS_EXERCISE, "3", "VT", 0));
    assert_ok(journal_topics(f->journal, CLASS_ACTUAL, note_topic, text, err));
    assert_string_equal(text, "actual.us.ME.=1 actual.us.NH.=2 actual.us.all.=2 ");
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct rows rows;
    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "1", "ME", 0));
    struct journal_head before, after;

    assert_ok(journal_head(f->journal, CLASS_ACTUAL, &before, err));
    fixture_close(f);
    fixture_open(f);
    assert_ok(journal_head(f->journal, CLASS_ACTUAL, &after, err));
    assert_memory_equal(&before, &after, sizeof before);
    struct journal_entry *entry = commit(f, relayed(f, CLASS_ACTUAL, "2", "ME", 0));
    struct digest expected = chain_of(&before.chain, 2);
    assert_true(entry->arrival > first);
    assert_int_equal(entry->bulletins[0].seq, 2);
    assert_true(digest_eq(&entry->bulletins[0].chain, &expected));
    journal_entry_destroy(entry);
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 2, &rows), "prev 1,1 "));
    assert_int_equal(journal_state(f->journal).arrivals, 2);
}

static void entries_come_back_in_their_order(void **state)
{
    struct fixture *f = *state;
    int64_t last = 0;

    for (int i = 0; i < 1000; i++) {
        char identifier[20];
        snprintf(identifier, sizeof identifier, "n%d", i);
        append(f, relayed(f, CLASS_ACTUAL, identifier, "ME", 0));
    }
    assert_true(journal_wait(f->journal, WAIT_MS));
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        struct journal_entry *entry = journal_collect(f->journal);
        assert_non_null(entry);
        assert_int_equal(entry->bulletins[0].seq, seq);
        assert_true(entry->arrival > last);
        last = entry->arrival;
        journal_entry_destroy(entry);
    }
    assert_null(journal_collect(f->journal));
    assert_true(atomic_load(&f->wakes) > 0);
}

static void copies_of_one_group_are_told_to_the_seal(void **state)
{
    struct fixture *f = *state;
    struct rows rows;
    const char *const sources[] = {"eccc", "nrcan"};

    gate_close(f);
    struct journal_entry *first = relayed(f, CLASS_ACTUAL, "c", "ME", 0);
    append(f, first);
    for (int i = 0; i < 2; i++) {
        struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "c", "duplicate");
        copy->first_arrival = first->arrival;
        copy->source = slice_from_cstr(sources[i]);
        append(f, copy);
    }
    append(f, relayed(f, CLASS_ACTUAL, "d", "ME", 0));
    gate_open(f);
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 1, &rows), " copies eccc,nrcan time"));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 2, &rows), " copies  time"));
}

static void conflict_names_the_number_of_the_other(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    commit_away(f, relayed(f, CLASS_ACTUAL, "else", "ME", 0));
    struct journal_entry *first = relayed(f, CLASS_ACTUAL, "c", "ME", 0);
    add_bulletin(first, SIDE_CA, "NB", 0);
    int64_t arrival = commit_away(f, first);
    struct journal_entry *conflict = entry_of(f, CLASS_ACTUAL, "c", "conflict");
    conflict->first_arrival = arrival;
    add_bulletin(conflict, SIDE_CA, "NB", 0);
    add_bulletin(conflict, SIDE_US, "ME", 0);
    commit_away(f, conflict);
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 4, &rows), " conflict 3 "));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 5, &rows), " conflict 2 "));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, 3, &rows), " conflict 0 "));
}

static void what_cannot_be_sealed_is_refused_and_the_rest_goes_on(void **state)
{
    struct fixture *f = *state;
    struct rows rows;
    int64_t target = commit_away(f, relayed(f, CLASS_ACTUAL, "target", "ME", 5000));

    f->refuse_event = "poison";
    struct journal_entry *bad = relayed(f, CLASS_ACTUAL, "bad", "ME", 0);
    bad->event = SLICE("poison");
    bad->ends = &target;
    bad->ends_count = 1;
    append(f, relayed(f, CLASS_ACTUAL, "before", "ME", 0));
    append(f, bad);
    append(f, relayed(f, CLASS_ACTUAL, "after", "ME", 0));
    assert_true(journal_wait(f->journal, WAIT_MS));
    journal_entry_destroy(journal_collect(f->journal));
    bad = journal_collect(f->journal);
    assert_true(slice_eq_cstr(bad->verdict, "refused"));
    assert_true(slice_eq_cstr(bad->reason, "journal.fault"));
    assert_true(slice_find(bad->detail, "parts disagree") >= 0);
    assert_int_equal(bad->bulletin_count, 0);
    journal_entry_destroy(bad);
    assert_string_equal(since_text(f, CLASS_ACTUAL, NULL, 0, &rows), "1:us 2:us 3:us ");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, NULL, 10, &rows), "1:us ");
    assert_int_equal(journal_state(f->journal).condition, JOURNAL_GOOD);
    assert_int_equal(journal_state(f->journal).arrivals, 4);
}

static void bulletin_without_class_is_refused(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *entry = relayed(f, CLASS_NONE, "none", "ME", 0);

    entry = commit(f, entry);
    assert_true(slice_eq_cstr(entry->verdict, "refused"));
    journal_entry_destroy(entry);
}

static void receipt_comes_back_and_is_kept(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "inj", "ME", 0);
    struct digest digest = entry->digest;
    struct slice found;

    entry->authority = SLICE("nb-emo");
    entry = commit(f, entry);
    assert_true(slice_ends_with(entry->receipt, " seq 1"));
    struct arena *arena = arena_create();
    struct slice first = arena_copy(arena, entry->receipt);
    int64_t arrival = entry->arrival;
    journal_entry_destroy(entry);
    assert_ok(journal_find_receipt(f->journal, arena, SLICE("nb-emo"), &digest, &found, err));
    assert_true(slice_eq(found, first));
    assert_code(ERR_NOT_FOUND,
                journal_find_receipt(f->journal, arena, SLICE("me-ema"), &digest, &found, err));

    /* the same bytes again, a duplicate by now: the same receipt */
    atomic_store(&f->now_us, 9999);
    entry = entry_of(f, CLASS_ACTUAL, "inj", "duplicate");
    entry->authority = SLICE("nb-emo");
    entry->first_arrival = arrival;
    entry = commit(f, entry);
    assert_true(slice_eq(entry->receipt, first));
    journal_entry_destroy(entry);
    arena_destroy(arena);
}

/* Bytes that came twice before the first was committed: one transaction, one receipt. */
static void the_same_bytes_in_one_group_share_a_receipt(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *same[3];

    gate_close(f);
    for (size_t i = 0; i < 3; i++) {
        same[i] = i ? entry_of(f, CLASS_ACTUAL, "inj", "duplicate")
                    : relayed(f, CLASS_ACTUAL, "inj", "ME", 0);
        same[i]->authority = SLICE("nb-emo");
        if (i)
            same[i]->first_arrival = same[0]->arrival;
        append(f, same[i]);
    }
    gate_open(f);
    journal_entry_destroy(journal_collect(f->journal));
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(journal_collect(f->journal), same[i]);
    assert_true(slice_starts_with(same[0]->receipt, "relayed "));
    assert_true(slice_eq(same[1]->receipt, same[0]->receipt));
    assert_true(slice_eq(same[2]->receipt, same[0]->receipt));
    for (size_t i = 0; i < 3; i++)
        journal_entry_destroy(same[i]);
}

/* Refused twice at once: both get the one receipt that is stored. */
static void the_same_bytes_refused_share_a_receipt(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct slice receipts[2], stored;
    struct digest digest = {0};

    for (size_t i = 0; i < 2; i++) {
        struct journal_entry *entry = entry_of(f, CLASS_ACTUAL, "inj", "refused");
        entry->authority = SLICE("nb-emo");
        digest = entry->digest;
        entry = commit(f, entry);
        receipts[i] = arena_copy(arena, entry->receipt);
        journal_entry_destroy(entry);
    }
    assert_true(slice_starts_with(receipts[0], "refused "));
    assert_true(slice_eq(receipts[0], receipts[1]));
    assert_ok(journal_find_receipt(f->journal, arena, SLICE("nb-emo"), &digest, &stored, err));
    assert_true(slice_eq(receipts[0], stored));
    arena_destroy(arena);
}

/* Another authority's copy, while the first waits for its number in the same transaction. */
static void a_copy_learns_the_numbers_of_a_first_in_flight(void **state)
{
    struct fixture *f = *state;

    gate_close(f);
    struct journal_entry *first = relayed(f, CLASS_ACTUAL, "inj", "ME NH", 0);
    add_bulletin(first, SIDE_CA, "NB", 0);
    struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "inj", "duplicate");
    copy->authority = SLICE("me-ema");
    copy->first_arrival = first->arrival;
    append(f, first);
    append(f, copy);
    gate_open(f);
    journal_entry_destroy(journal_collect(f->journal));
    assert_ptr_equal(journal_collect(f->journal), first);
    assert_ptr_equal(journal_collect(f->journal), copy);
    assert_true(slice_ends_with(copy->receipt, " first 1 2"));
    assert_int_equal(copy->first_count, 2);
    const struct journal_bulletin *us = &copy->first[0];
    assert_int_equal(us->side, SIDE_US);
    assert_int_equal(us->region_count, 2);
    assert_true(slice_eq_cstr(us->regions[1], "NH"));
    assert_int_equal(us->topic_count, 3);
    assert_true(slice_eq_cstr(us->topics[0], "actual.us.ME."));
    assert_true(slice_eq_cstr(us->derived_identifier, "urn:caprelay:inj-us"));
    assert_int_equal(copy->first[1].side, SIDE_CA);
    journal_entry_destroy(first);
    journal_entry_destroy(copy);
}

static void a_refusal_does_not_stick_to_the_bytes(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *entry = entry_of(f, CLASS_ACTUAL, "inj", "refused");

    entry->authority = SLICE("nb-emo");
    entry = commit(f, entry);
    assert_true(slice_starts_with(entry->receipt, "refused "));
    journal_entry_destroy(entry);
    entry = relayed(f, CLASS_ACTUAL, "inj", "ME", 0);
    entry->authority = SLICE("nb-emo");
    entry = commit(f, entry);
    assert_true(slice_starts_with(entry->receipt, "relayed "));
    journal_entry_destroy(entry);
}

static void without_receipts_it_does_not_stand_still(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "inj", "ME", 0);

    f->refuse_receipts = true;
    entry->authority = SLICE("nb-emo");
    entry = commit(f, entry);
    assert_true(slice_eq_cstr(entry->verdict, "refused"));
    assert_null(entry->receipt.ptr);
    journal_entry_destroy(entry);
}

static void marks_are_stored_with_their_message(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct slice value;

    assert_code(ERR_NOT_FOUND,
                journal_mark(f->journal, arena, SLICE("naad"), SLICE("k"), &value, err));
    for (int i = 0; i < 2; i++) {
        struct journal_entry *entry = entry_of(f, CLASS_ACTUAL, "m", "irrelevant");
        entry->mark_key = SLICE("k");
        entry->mark_value = i ? SLICE("second") : SLICE("first");
        commit_away(f, entry);
    }
    assert_ok(journal_mark(f->journal, arena, SLICE("naad"), SLICE("k"), &value, err));
    assert_true(slice_eq_cstr(value, "second"));
    assert_code(ERR_NOT_FOUND,
                journal_mark(f->journal, arena, SLICE("nws"), SLICE("k"), &value, err));
    arena_destroy(arena);
}

static void queue_is_full_by_count_and_by_size(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    f->options.queue_max = 3;
    f->options.queue_max_bytes = 1000;
    fixture_open(f);
    gate_close(f);
    assert_false(journal_full(f->journal));
    append(f, entry_of(f, CLASS_ACTUAL, "1", "irrelevant"));
    assert_false(journal_full(f->journal));
    assert_int_equal(journal_state(f->journal).queued, 2);
    assert_int_equal(journal_state(f->journal).oldest_us, 1000);
    append(f, entry_of(f, CLASS_ACTUAL, "2", "irrelevant"));
    assert_true(journal_full(f->journal));
    gate_open(f);
    assert_false(journal_full(f->journal));
    gate_close(f);
    struct journal_entry *large = entry_of(f, CLASS_ACTUAL, "3", "irrelevant");
    large->bytes = slice_of(arena_alloc(large->arena, 1000), 1000);
    append(f, large);
    assert_true(journal_full(f->journal));
    gate_open(f);
    assert_int_equal(journal_state(f->journal).oldest_us, 0);
    assert_int_equal(journal_state(f->journal).arrivals, 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_per_class_from_one),
        TEST(two_sides_take_two_numbers),
        TEST(each_topic_has_its_own_prev),
        TEST(topics_give_their_last_number),
        TEST(numbers_go_on_after_a_restart),
        TEST(entries_come_back_in_their_order),
        TEST(copies_of_one_group_are_told_to_the_seal),
        TEST(conflict_names_the_number_of_the_other),
        TEST(what_cannot_be_sealed_is_refused_and_the_rest_goes_on),
        TEST(bulletin_without_class_is_refused),
        TEST(receipt_comes_back_and_is_kept),
        TEST(the_same_bytes_in_one_group_share_a_receipt),
        TEST(the_same_bytes_refused_share_a_receipt),
        TEST(a_copy_learns_the_numbers_of_a_first_in_flight),
        TEST(a_refusal_does_not_stick_to_the_bytes),
        TEST(without_receipts_it_does_not_stand_still),
        TEST(marks_are_stored_with_their_message),
        TEST(queue_is_full_by_count_and_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
