#include "fixture.h"

#include "publish/in_force.h"

static struct in_force refresh(struct fixture *fixture, struct in_force *set, int64_t now_s)
{
    struct err err = {0};

    if (in_force_refresh(set, fixture->journal, CLASS_ACTUAL, now_s, &err))
        fail_msg("%s", err.text);
    return *set;
}

/* Each of the fixture's bulletins is in force for an hour. */
static void test_follows_commits_and_expiry(void **state)
{
    struct fixture *fixture = *state;
    struct in_force set = {0};
    int64_t now_s = clock_now_us(&clock_system) / 1000000;
    struct digest empty, one;

    assert_int_equal(refresh(fixture, &set, now_s).count, 0);
    empty = set.digest;
    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    assert_int_equal(refresh(fixture, &set, now_s).count, 1);
    one = set.digest;
    assert_false(digest_eq(&empty, &one));
    fixture_publish(fixture, CLASS_EXERCISE, "ME");
    assert_int_equal(refresh(fixture, &set, now_s).count, 1);
    assert_true(digest_eq(&set.digest, &one));
    assert_int_equal(refresh(fixture, &set, now_s + 2 * 3600).count, 0);
    assert_true(digest_eq(&set.digest, &empty));
}

/* A clock that is set back makes what had expired live again. */
static void test_follows_a_clock_that_goes_back(void **state)
{
    struct fixture *fixture = *state;
    struct in_force set = {0};
    int64_t now_s = clock_now_us(&clock_system) / 1000000;

    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    assert_int_equal(refresh(fixture, &set, now_s + 7200).count, 0);
    assert_int_equal(refresh(fixture, &set, now_s).count, 1);
}

/* As docs/protocol.md 3.5 says: over the numbers ascending, each as 8 bytes, big endian. */
static void test_the_digest_is_of_the_numbers(void **state)
{
    const char numbers[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2";
    struct fixture *fixture = *state;
    struct digest wanted = digest_of(slice_of(numbers, 16));
    struct in_force set = {0};

    fixture_publish(fixture, CLASS_ACTUAL, "ME");
    fixture_publish(fixture, CLASS_ACTUAL, "NH");
    refresh(fixture, &set, clock_now_us(&clock_system) / 1000000);
    assert_true(digest_eq(&set.digest, &wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_follows_commits_and_expiry, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_follows_a_clock_that_goes_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_digest_is_of_the_numbers, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
