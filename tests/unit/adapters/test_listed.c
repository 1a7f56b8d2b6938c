/* What a source that is asked for lists remembers, and for how long. */
#include "adapters/listed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct listed list;

static int begin(void **state)
{
    (void)state;
    listed_init(&list, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    listed_fini(&list);
    return 0;
}

/* A whole look that names this one, and nothing else. */
static void look_at(const char *key)
{
    listed_look(&list);
    if (key)
        listed_see(&list, slice_from_cstr(key));
    listed_looked(&list);
}

static void what_is_settled_is_forgotten_once_it_is_not_listed(void **state)
{
    (void)state;
    listed_add(&list, SLICE("a"), LISTED_SETTLED);
    listed_add(&list, SLICE("b"), LISTED_SETTLED);
    look_at("a");
    assert_int_equal(map_count(list.by_key), 1);
    look_at("a");
    assert_non_null(listed_see(&list, SLICE("a")));
    look_at(NULL);
    assert_int_equal(map_count(list.by_key), 0);
}

static void what_is_given_up_counts_while_it_is_listed(void **state)
{
    (void)state;
    int64_t wait_us;
    listed_add(&list, SLICE("a"), LISTED_WANTED);
    listed_give_up(&list, listed_take(&list, true, 0, &wait_us));
    look_at("a");
    assert_int_equal(list.given_up, 1);
    look_at(NULL);
    assert_int_equal(list.given_up, 0);
    assert_null(listed_see(&list, SLICE("a")));
}

static void what_is_not_settled_stays_though_it_is_not_listed(void **state)
{
    (void)state;
    int64_t wait_us;
    listed_add(&list, SLICE("wanted"), LISTED_WANTED);
    listed_add(&list, SLICE("delivered"), LISTED_DELIVERED);
    listed_add_fresh(&list, SLICE("fresh"), (struct slice){0}, SLICE("<a/>"), 1);
    look_at(NULL);
    look_at(NULL);
    assert_int_equal(map_count(list.by_key), 3);
    assert_string_equal(listed_take(&list, true, 0, &wait_us)->key, "wanted");
    assert_null(listed_take(&list, true, 0, &wait_us)); /* the fresh one is not queued yet */
    listed_queue_fresh(&list);
    assert_string_equal(listed_take(&list, false, 0, &wait_us)->key, "fresh");
    assert_int_equal(list.queued, 0);
    assert_in_range(list.bytes, 4, 1000);
}

/* By all that it takes up, fetched or not. */
static void what_waits_is_weighed(void **state)
{
    (void)state;
    int64_t wait_us;
    listed_add(&list, SLICE("settled"), LISTED_SETTLED);
    listed_add(&list, SLICE("delivered"), LISTED_DELIVERED);
    assert_int_equal(list.bytes, 0);
    listed_add_fresh(&list, SLICE("a"), SLICE("http://example.org/a"), (struct slice){0}, 1);
    size_t one = list.bytes;
    assert_true(one >= sizeof(struct listed_item) + strlen("http://example.org/a"));
    listed_add_fresh(&list, SLICE("b"), SLICE("http://example.org/b"), (struct slice){0}, 2);
    assert_int_equal(list.bytes, 2 * one);
    listed_queue_fresh(&list);
    struct listed_item *item = listed_take(&list, true, 0, &wait_us);
    listed_hold(&list, item, strdup("<a/>"), 4);
    assert_int_equal(list.bytes, 2 * one + 4);
    struct slice bytes = listed_release(&list, item);
    assert_int_equal(bytes.len, 4);
    free((char *)bytes.ptr);
    assert_int_equal(list.bytes, one);
    listed_give_up(&list, listed_take(&list, true, 0, &wait_us));
    assert_int_equal(list.bytes, 0);
}

static void one_that_must_wait_holds_up_nobody(void **state)
{
    (void)state;
    int64_t wait_us;
    listed_add(&list, SLICE("late"), LISTED_WANTED)->not_before_mono_us = 50;
    listed_add(&list, SLICE("later"), LISTED_WANTED)->not_before_mono_us = 70;
    listed_add(&list, SLICE("now"), LISTED_WANTED);
    assert_string_equal(listed_take(&list, true, 10, &wait_us)->key, "now");
    assert_null(listed_take(&list, true, 10, &wait_us));
    assert_int_equal(wait_us, 50);
    listed_add(&list, SLICE("last"), LISTED_WANTED);
    assert_string_equal(listed_take(&list, true, 60, &wait_us)->key, "late");
    assert_string_equal(listed_take(&list, true, 60, &wait_us)->key, "last");
    assert_string_equal(listed_take(&list, true, 70, &wait_us)->key, "later");
    assert_null(listed_take(&list, true, 70, &wait_us));
    assert_int_equal(wait_us, INT64_MAX);
}

static void the_oldest_goes_first(void **state)
{
    (void)state;
    int64_t wait_us;
    static const struct {
        const char *key;
        int64_t time_s;
    } fresh[] = {{"4", 30}, {"3", 20}, {"2", 20}, {"1", 10}};
    for (size_t i = 0; i < 4; i++)
        listed_add_fresh(&list, slice_from_cstr(fresh[i].key), SLICE("http://x/"),
                         (struct slice){0}, fresh[i].time_s);
    listed_queue_fresh(&list);
    for (char key[] = "1"; *key <= '4'; ++*key)
        assert_string_equal(listed_take(&list, true, 0, &wait_us)->key, key);
}

int main(void)
{
#define LISTED_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        LISTED_TEST(what_is_settled_is_forgotten_once_it_is_not_listed),
        LISTED_TEST(what_is_given_up_counts_while_it_is_listed),
        LISTED_TEST(what_is_not_settled_stays_though_it_is_not_listed),
        LISTED_TEST(what_waits_is_weighed),
        LISTED_TEST(one_that_must_wait_holds_up_nobody),
        LISTED_TEST(the_oldest_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
