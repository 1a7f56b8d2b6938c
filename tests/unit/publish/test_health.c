#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/health.h"

#define SECOND INT64_C(1000000)
#define NOW (1000 * SECOND)

static void test_idle_is_ok_however_long(void **state)
{
    struct health health = {0};
    struct journal_state journal = {.condition = JOURNAL_GOOD, .progress_us = 0};

    (void)state;
    health_add_journal(&health, &journal, NOW);
    assert_int_equal(health.reason_count, 0);
    assert_false(health.hung);
}

static void test_work_without_progress_hangs(void **state)
{
    struct health health = {0};
    struct journal_state journal = {.queued = 1, .progress_us = NOW - HEALTH_STALL_US};

    (void)state;
    health_add_journal(&health, &journal, NOW);
    assert_int_equal(health.reason_count, 0);
    health_add_journal(&health, &journal, NOW + 1);
    assert_int_equal(health.reason_count, 1);
    assert_true(strstr(health.reasons[0], "journal-stalled") != NULL);
    assert_true(health.hung);
}

/* A full disk degrades at once; the watchdog bites only where waiting did not help. */
static void test_stuck_degrades_and_waits(void **state)
{
    struct health health = {0};
    struct journal_state journal = {.condition = JOURNAL_STUCK,
                                    .text = "disk is full",
                                    .queued = 3,
                                    .progress_us = NOW - HEALTH_STUCK_US};

    (void)state;
    health_add_journal(&health, &journal, NOW);
    assert_int_equal(health.reason_count, 1);
    assert_string_equal(health.reasons[0], "journal-stuck: disk is full");
    assert_false(health.hung);
    health_add_journal(&health, &journal, NOW + SECOND);
    assert_true(health.hung);
}

static void test_low_degrades(void **state)
{
    struct health health = {0};
    struct journal_state journal = {.condition = JOURNAL_LOW, .free_bytes = 42};

    (void)state;
    health_add_journal(&health, &journal, NOW);
    assert_string_equal(health.reasons[0], "journal-low: 42 bytes free");
    assert_false(health.hung);
}

static void test_sources(void **state)
{
    struct health health = {0};

    (void)state;
    health_add_source(&health, SLICE("naad"), "live", SLICE(""));
    health_add_source(&health, SLICE("naad"), "connecting", SLICE("soon"));
    assert_int_equal(health.reason_count, 0);
    health_add_source(&health, SLICE("naad"), "down", SLICE("refused"));
    health_add_source(&health, SLICE("nws"), "degraded", SLICE(""));
    assert_string_equal(health.reasons[0], "source-down: naad: refused");
    assert_string_equal(health.reasons[1], "source-degraded: nws");
}

static void test_reasons_are_bounded(void **state)
{
    struct health health = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        health_add_source(&health, SLICE("many"), "down", SLICE("r"));
    assert_int_equal(health.reason_count, HEALTH_REASONS_MAX);
    assert_string_equal(health.reasons[HEALTH_REASONS_MAX - 1], "more");
}

static void test_feed(void **state)
{
    struct health health = {0};

    (void)state;
    health_add_feed(&health, false, 1000);
    assert_int_equal(health.reason_count, 0);
    health_add_feed(&health, true, 1000);
    assert_string_equal(health.reasons[0], "feed-blocked: subscribers hold 1000 bytes");
}

static void test_a_key_that_has_ended(void **state)
{
    struct health health = {0};

    (void)state;
    health_add_key(&health, "actual", 0, NOW);
    health_add_key(&health, "actual", NOW + 1, NOW);
    assert_int_equal(health.reason_count, 0);
    health_add_key(&health, "actual", NOW, NOW);
    assert_string_equal(health.reasons[0], "key-ended: actual");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_is_ok_however_long),
        cmocka_unit_test(test_work_without_progress_hangs),
        cmocka_unit_test(test_stuck_degrades_and_waits),
        cmocka_unit_test(test_low_degrades),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_reasons_are_bounded),
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_a_key_that_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
