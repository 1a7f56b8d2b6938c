/* What a hub has of the relay's own entries, from what it told. */
#include "outlets/masas/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { NOW = 1000, LATER = 2000 };

static int setup(void **state)
{
    *state = standing_create();
    return 0;
}

static int teardown(void **state)
{
    standing_destroy(*state);
    return 0;
}

static void take(struct standing *standing, const char *edit, const char *older, const char *newer,
                 int64_t until_s, bool is_newer)
{
    struct slice messages[] = {slice_from_cstr(older), slice_from_cstr(newer)};
    const struct standing_entry told = {.edit = edit ? slice_from_cstr(edit) : (struct slice){0},
                                        .until_s = until_s,
                                        .messages = messages,
                                        .count = newer ? 2 : 1};
    standing_take(standing, &told, is_newer, NOW);
}

static void assert_edit(const struct standing *standing, const char *message, const char *edit)
{
    const struct standing_entry *entry = standing_find(standing, slice_from_cstr(message), NOW);
    if (!entry)
        fail_msg("no entry has %s", message);
    if (!slice_eq_cstr(entry->edit, edit))
        fail_msg("%s is changed at %.*s, not %s", message, SLICE_ARG(entry->edit), edit);
}

static void what_an_entry_was_before_is_found_too(void **state)
{
    take(*state, "/1", "a", NULL, LATER, false);
    take(*state, "/1", "a", "b", LATER, true);
    take(*state, "/2", "c", NULL, LATER, true);
    assert_edit(*state, "a", "/1");
    assert_edit(*state, "b", "/1");
    assert_edit(*state, "c", "/2");
    const struct standing_entry *entry = standing_find(*state, SLICE("a"), NOW);
    assert_int_equal(entry->count, 2);
    assert_true(slice_eq_cstr(entry->messages[0], "a") && slice_eq_cstr(entry->messages[1], "b"));
    assert_null(standing_find(*state, SLICE("d"), NOW));
    standing_forget(*state);
    assert_null(standing_find(*state, SLICE("a"), NOW));
}

static void what_has_ended_stands_no_more(void **state)
{
    take(*state, "/1", "a", NULL, LATER, false);
    assert_null(standing_find(*state, SLICE("a"), LATER));
    take(*state, "/1", "a", "b", NOW, true); /* withdrawn */
    assert_null(standing_find(*state, SLICE("a"), NOW));
    assert_null(standing_find(*state, SLICE("b"), NOW));
    take(*state, "/2", "a", NULL, LATER, false); /* and shown anew */
    assert_edit(*state, "a", "/2");
    assert_null(standing_find(*state, SLICE("b"), NOW));
}

static void of_two_entries_of_a_chain_the_newer_one_counts(void **state)
{
    take(*state, "/2", "a", "b", LATER, false);
    take(*state, "/1", "a", NULL, LATER, false); /* a feed lists the newest first */
    assert_edit(*state, "a", "/2");
    take(*state, "/3", "b", NULL, LATER, true);
    assert_edit(*state, "a", "/3");
    assert_edit(*state, "b", "/3");
}

static void where_it_can_be_changed_may_be_told_later(void **state)
{
    take(*state, NULL, "a", NULL, LATER, true);
    assert_edit(*state, "a", "");
    take(*state, "/1", "a", NULL, LATER, false);
    assert_edit(*state, "a", "/1");
    take(*state, NULL, "a", "b", LATER, true);
    assert_edit(*state, "b", "/1");
}

static void the_last_that_a_message_refers_to_is_changed(void **state)
{
    struct cap_reference references[] = {
        {.identifier = SLICE("a")}, {.identifier = SLICE("b")}, {.identifier = SLICE("x")}};
    const struct alert alert = {.references = references, .reference_count = 3};
    const struct alert none = {.references = references + 2, .reference_count = 1};
    take(*state, "/1", "a", NULL, LATER, false);
    take(*state, "/2", "b", NULL, LATER, false);
    assert_ptr_equal(standing_find_referenced(*state, &alert, NOW),
                     standing_find(*state, SLICE("b"), NOW));
    assert_null(standing_find_referenced(*state, &none, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_an_entry_was_before_is_found_too, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_ended_stands_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(of_two_entries_of_a_chain_the_newer_one_counts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(where_it_can_be_changed_may_be_told_later, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_that_a_message_refers_to_is_changed, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
