/* Marks that come with no message: stored soon, the newest wins, and they are there after a
 * restart. */
#include "fixture.h"

static void assert_mark(struct fixture *f, const char *key, const char *expected)
{
    struct arena *arena = arena_create();
    struct slice value = {0};
    struct err err = {0};
    enum err_code code =
        journal_mark(f->journal, arena, SLICE("outlet:eoc"), slice_from_cstr(key), &value, &err);

    assert_int_equal(code, expected ? OK : ERR_NOT_FOUND);
    if (expected && !slice_eq_cstr(value, expected))
        fail_msg("%s is %.*s, not %s", key, SLICE_ARG(value), expected);
    arena_destroy(arena);
}

static void set(struct fixture *f, const char *key, const char *value)
{
    journal_set_mark(f->journal, SLICE("outlet:eoc"), slice_from_cstr(key), slice_from_cstr(value));
}

static void are_stored_without_a_message(void **state)
{
    struct fixture *f = *state;
    assert_mark(f, "actual", NULL);
    set(f, "actual", "17");
    assert_true(journal_wait(f->journal, WAIT_MS));
    assert_mark(f, "actual", "17");
    assert_mark(f, "exercise", NULL);
    assert_null(journal_collect(f->journal));
    assert_int_equal(journal_state(f->journal).arrivals, 0);
}

static void the_newest_of_a_key_wins(void **state)
{
    struct fixture *f = *state;
    gate_close(f); /* the writer is inside a transaction: all of these wait */
    for (int i = 1; i <= 500; i++) {
        char value[20];
        snprintf(value, sizeof value, "%d", i);
        set(f, i % 2 ? "actual" : "exercise", value);
    }
    assert_mark(f, "actual", NULL);
    gate_open(f);
    assert_mark(f, "actual", "499");
    assert_mark(f, "exercise", "500");
    set(f, "actual", "3");
    assert_true(journal_wait(f->journal, WAIT_MS));
    assert_mark(f, "actual", "3");
    journal_entry_destroy(journal_collect(f->journal));
}

static void closing_stores_what_waits(void **state)
{
    struct fixture *f = *state;
    set(f, "actual", "21");
    fixture_close(f);
    fixture_open(f);
    assert_mark(f, "actual", "21");
}

/* A message with a mark of its own and one without a message share the table and a transaction. */
static void they_go_along_with_messages(void **state)
{
    struct fixture *f = *state;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "a", "ME", 0);
    struct arena *arena = arena_create();
    struct slice value = {0};
    entry->mark_key = SLICE("cursor");
    entry->mark_value = SLICE("9");
    set(f, "actual", "1");
    commit_away(f, entry);
    assert_mark(f, "actual", "1");
    assert_ok(journal_mark(f->journal, arena, SLICE("naad"), SLICE("cursor"), &value, err));
    assert_true(slice_eq_cstr(value, "9"));
    arena_destroy(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(are_stored_without_a_message),
        TEST(the_newest_of_a_key_wins),
        TEST(closing_stores_what_waits),
        TEST(they_go_along_with_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
