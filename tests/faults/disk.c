/* The journal on a disk that is full, that fails, and that recovers: nothing lost, no number twice.
 */
#include "../unit/journal/fixture.h"
#include "faulty_vfs.h"

#include <limits.h>
#include <sqlite3.h>

enum { BATCH = 6 };

static int setup(void **state)
{
    fault_none();
    return fixture_setup(state);
}

static int teardown(void **state)
{
    fault_none();
    return fixture_teardown(state);
}

static void append_batch(struct fixture *f, int first)
{
    for (int i = 0; i < BATCH; i++) {
        char identifier[20];
        snprintf(identifier, sizeof identifier, "m%d", first + i);
        append(f, relayed(f, CLASS_ACTUAL, identifier, i % 2 ? "ME" : "NH", 0));
    }
}

struct check {
    uint64_t last;
    struct digest chain;
};

static bool check_row(void *context, const struct journal_row *row)
{
    struct check *check = context;
    char text[40];

    assert_int_equal(row->seq, check->last + 1);
    snprintf(text, sizeof text, "seq %llu prev ", (unsigned long long)row->seq);
    assert_true(slice_starts_with(row->frame, text));
    check->last = row->seq;
    check->chain = chain_of(&check->chain, row->seq);
    return true;
}

/* Numbers 1 to `count` without gap, each frame under its own number, the chain as it must be. */
static void check_all(struct fixture *f, uint64_t count)
{
    struct check check = {0};
    struct journal_head head;

    assert_ok(
        journal_since(f->journal, CLASS_ACTUAL, (struct slice){0}, 0, check_row, &check, err));
    assert_int_equal(check.last, count);
    assert_ok(journal_head(f->journal, CLASS_ACTUAL, &head, err));
    assert_int_equal(head.seq, count);
    assert_true(digest_eq(&head.chain, &check.chain));
}

/* All come back, in order, with the number that the journal has. */
static void collect_from(struct fixture *f, int first, int count)
{
    for (int i = 0; i < count; i++) {
        struct journal_entry *entry = journal_collect(f->journal);
        char identifier[20];
        assert_non_null(entry);
        snprintf(identifier, sizeof identifier, "m%d", first + i);
        assert_true(slice_eq_cstr(entry->identity.identifier, identifier));
        assert_true(slice_eq_cstr(entry->verdict, "relayed"));
        assert_int_equal(entry->bulletins[0].seq, first + i);
        journal_entry_destroy(entry);
    }
    assert_null(journal_collect(f->journal));
}

static void wait_for(struct fixture *f, enum journal_condition condition)
{
    for (int i = 0; journal_state(f->journal).condition != condition; i++) {
        if (i > 2000)
            fail_msg("the journal is not in condition %d", (int)condition);
        usleep(10000);
    }
}

/* Fails each call of a kind in its turn, once, and sees that nothing is missing. */
static void fail_each(struct fixture *f, unsigned call, int code)
{
    int next = 1;
    long at = 0;

    for (bool hit = true; hit && at < 60; at++) {
        gate_close(f);
        fault_plan(call, FAULT_WAL, at, 1, code);
        append_batch(f, next);
        gate_open(f);
        hit = fault_hits() > 0;
        fault_none();
        /* The gate's own entry was first in the queue. */
        journal_entry_destroy(journal_collect(f->journal));
        collect_from(f, next, BATCH);
        next += BATCH;
        check_all(f, (uint64_t)next - 1);
        assert_int_equal(journal_state(f->journal).condition, JOURNAL_GOOD);
    }
    assert_true(at > 2);
    fixture_close(f);
    fixture_open(f);
    check_all(f, (uint64_t)next - 1);
}

static void a_full_disk_at_any_write(void **state)
{
    fail_each(*state, FAULT_WRITE, SQLITE_FULL);
}

static void an_error_at_any_write(void **state)
{
    fail_each(*state, FAULT_WRITE, SQLITE_IOERR_WRITE);
}

static void an_error_at_any_sync(void **state)
{
    fail_each(*state, FAULT_SYNC, SQLITE_IOERR_FSYNC);
}

static void a_full_disk_keeps_everything_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    append_batch(f, 1);
    assert_true(journal_wait(f->journal, WAIT_MS));
    collect_from(f, 1, BATCH);
    fault_plan(FAULT_WRITE, FAULT_WAL | FAULT_DB, 0, LONG_MAX, SQLITE_FULL);
    unsigned wakes = atomic_load(&f->wakes);
    append_batch(f, 1 + BATCH);
    wait_for(f, JOURNAL_STUCK);

    struct journal_state said = journal_state(f->journal);
    assert_non_null(strstr(said.text, "full"));
    assert_int_equal(said.queued, BATCH);
    assert_int_equal(said.oldest_us, 1000);
    assert_true(atomic_load(&f->wakes) > wakes);
    assert_null(journal_collect(f->journal));
    assert_non_null(strstr(frame_text(f, CLASS_ACTUAL, BATCH, &rows), "seq 6 "));
    check_all(f, BATCH);
    append_batch(f, 1 + 2 * BATCH); /* still taken */

    fault_none();
    assert_true(journal_wait(f->journal, WAIT_MS));
    collect_from(f, 1 + BATCH, 2 * BATCH);
    check_all(f, 3 * BATCH);
    wait_for(f, JOURNAL_GOOD);
    assert_string_equal(journal_state(f->journal).text, "");
}

static void a_journal_that_cannot_be_opened_again_is_tried_until_it_can(void **state)
{
    struct fixture *f = *state;

    fault_plan(FAULT_WRITE | FAULT_OPEN, FAULT_WAL | FAULT_DB, 0, 4, SQLITE_CANTOPEN);
    append_batch(f, 1);
    assert_true(journal_wait(f->journal, WAIT_MS));
    assert_int_equal(fault_hits(), 4);
    collect_from(f, 1, BATCH);
    check_all(f, BATCH);
}

static void closing_a_stuck_journal_tells_what_is_left(void **state)
{
    struct fixture *f = *state;
    size_t left = 0;

    fault_plan(FAULT_WRITE, FAULT_WAL | FAULT_DB, 0, LONG_MAX, SQLITE_FULL);
    append_batch(f, 1);
    wait_for(f, JOURNAL_STUCK);
    journal_close(f->journal, 1, &left);
    f->journal = NULL;
    assert_int_equal(left, BATCH);
    fault_none();
    fixture_open(f);
    check_all(f, 0);
}

/* A mark without a message waits for the disk like everything else, and its newest value is kept.
 */
static void marks_are_stored_when_the_disk_takes_again(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct slice value = {0};

    fault_plan(FAULT_WRITE, FAULT_WAL | FAULT_DB, 0, LONG_MAX, SQLITE_FULL);
    journal_set_mark(f->journal, SLICE("outlet:eoc"), SLICE("actual"), SLICE("1"));
    wait_for(f, JOURNAL_STUCK);
    journal_set_mark(f->journal, SLICE("outlet:eoc"), SLICE("actual"), SLICE("2"));
    append_batch(f, 1);
    assert_code(ERR_NOT_FOUND,
                journal_mark(f->journal, arena, SLICE("outlet:eoc"), SLICE("actual"), &value, err));
    fault_none();
    assert_true(journal_wait(f->journal, WAIT_MS));
    assert_ok(journal_mark(f->journal, arena, SLICE("outlet:eoc"), SLICE("actual"), &value, err));
    assert_true(slice_eq_cstr(value, "2"));
    collect_from(f, 1, BATCH);
    check_all(f, BATCH);
    arena_destroy(arena);
}

/* 128 KiB that zstd cannot shrink. */
static struct journal_entry *incompressible(struct fixture *f, unsigned *seed)
{
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "large", "ME", 0);
    char *bytes = arena_alloc(entry->arena, 131072);

    for (size_t i = 0; i < 131072; i++)
        bytes[i] = (char)((*seed = *seed * 1103515245u + 12345u) >> 16);
    entry->bytes = slice_of(bytes, 131072);
    return entry;
}

static void commit_large(struct fixture *f, int count, unsigned *seed)
{
    for (int i = 0; i < count; i++)
        append(f, incompressible(f, seed));
    assert_true(journal_wait(f->journal, WAIT_MS));
    for (struct journal_entry *entry; (entry = journal_collect(f->journal));)
        journal_entry_destroy(entry);
}

/* The WAL still takes commits when the database file cannot grow. */
static void a_checkpoint_without_room_is_told_and_made_up_for(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 1;

    fault_plan(FAULT_WRITE, FAULT_DB, 0, LONG_MAX, SQLITE_FULL);
    commit_large(f, 60, &seed);
    wait_for(f, JOURNAL_LOW);
    assert_non_null(strstr(journal_state(f->journal).text, "checkpoint"));
    assert_true(fault_hits() > 0);
    check_all(f, 60);
    fault_none();
    commit_large(f, 1, &seed);
    wait_for(f, JOURNAL_GOOD);
    check_all(f, 61);
}

static void a_crash_is_counted_although_the_disk_is_full(void **state)
{
    struct fixture *f = *state;
    struct digest digest = digest_of(SLICE("poison"));

    journal_guard(f->journal, &digest);
    fixture_close(f);
    fault_plan(FAULT_WRITE, FAULT_WAL | FAULT_DB, 0, LONG_MAX, SQLITE_FULL);
    fixture_open(f);
    assert_int_equal(journal_crashes(f->journal, &digest), 1);
    fault_none();
    fixture_close(f);
    fixture_open(f); /* the guard was left as it was: counted now */
    assert_int_equal(journal_crashes(f->journal, &digest), 1);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(journal_crashes(f->journal, &digest), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_at_any_write),
        TEST(an_error_at_any_write),
        TEST(an_error_at_any_sync),
        TEST(a_full_disk_keeps_everything_and_says_so),
        TEST(a_journal_that_cannot_be_opened_again_is_tried_until_it_can),
        TEST(marks_are_stored_when_the_disk_takes_again),
        TEST(closing_a_stuck_journal_tells_what_is_left),
        TEST(a_checkpoint_without_room_is_told_and_made_up_for),
        TEST(a_crash_is_counted_although_the_disk_is_full),
    };
    faulty_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
