/* The loop's thread appends, collects and reads while the writer commits; for the thread sanitizer
 * above all. */
#include "fixture.h"

enum { ENTRIES = 3000, IN_FLIGHT = 300 };

static bool check_row(void *context, const struct journal_row *row)
{
    uint64_t *last = context;

    assert_int_equal(row->seq, *last + 1);
    *last = row->seq;
    return true;
}

/* Reads what is new, as the publisher does. */
static void follow(struct fixture *f, uint64_t *last)
{
    assert_ok(journal_since(f->journal, CLASS_ACTUAL, SLICE("actual.us.all."), *last, check_row,
                            last, err));
}

static size_t collect_all(struct fixture *f, uint64_t *next)
{
    struct journal_entry *entry;
    size_t count = 0;

    while ((entry = journal_collect(f->journal))) {
        assert_int_equal(entry->bulletins[0].seq, ++*next);
        journal_entry_destroy(entry);
        count++;
    }
    return count;
}

static void loop_and_writer_work_side_by_side(void **state)
{
    struct fixture *f = *state;
    uint64_t collected = 0, read = 0;
    size_t in_flight = 0;

    for (int i = 0; i < ENTRIES; i++) {
        append(f, relayed(f, CLASS_ACTUAL, "a", i % 2 ? "ME" : "NH", 500));
        in_flight++;
        while (in_flight >= IN_FLIGHT)
            in_flight -= collect_all(f, &collected);
        if (i % 50 == 0) {
            follow(f, &read);
            /* What can be read may not be collected yet, but what was collected can be read. */
            assert_true(read >= collected);
            assert_true(journal_state(f->journal).queued <= in_flight);
        }
    }
    assert_true(journal_wait(f->journal, WAIT_MS));
    collect_all(f, &collected);
    follow(f, &read);
    assert_int_equal(collected, ENTRIES);
    assert_int_equal(read, ENTRIES);
    assert_int_equal(journal_state(f->journal).arrivals, ENTRIES);
}

/* A reader that stays in the middle, an operator's sqlite3 say, must not stop commits. */
static bool append_more(void *context, const struct journal_row *row)
{
    struct fixture *f = context;

    if (row->seq == 1) {
        for (int i = 0; i < 500; i++)
            append(f, relayed(f, CLASS_ACTUAL, "b", "ME", 500));
        assert_true(journal_wait(f->journal, WAIT_MS));
    }
    return true;
}

static void a_reader_in_the_middle_does_not_stop_commits(void **state)
{
    struct fixture *f = *state;
    uint64_t last = 0;

    append(f, relayed(f, CLASS_ACTUAL, "a", "ME", 500));
    assert_true(journal_wait(f->journal, WAIT_MS));
    assert_ok(journal_since(f->journal, CLASS_ACTUAL, (struct slice){0}, 0, append_more, f, err));
    follow(f, &last);
    assert_int_equal(last, 501);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(loop_and_writer_work_side_by_side),
        TEST(a_reader_in_the_middle_does_not_stop_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
