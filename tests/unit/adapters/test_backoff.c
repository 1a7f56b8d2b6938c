#include "adapters/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static void pauses_grow_to_a_limit(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct backoff backoff;
        backoff_init(&backoff, SECOND, 300 * SECOND, seed);
        int64_t whole = SECOND;
        for (int i = 0; i < 80; i++) {
            int64_t pause = backoff_next(&backoff, 0);
            assert_in_range(pause, whole / 2, whole);
            whole = whole * 2 < 300 * SECOND ? whole * 2 : 300 * SECOND;
        }
        backoff_reset(&backoff);
        assert_in_range(backoff_next(&backoff, 0), SECOND / 2, SECOND);
    }
}

static void relays_do_not_come_back_together(void **state)
{
    (void)state;
    enum { RELAYS = 1000, SLOTS = 10 };
    int slots[SLOTS] = {0};
    for (uint64_t seed = 0; seed < RELAYS; seed++) {
        struct backoff backoff;
        backoff_init(&backoff, 10 * SECOND, 60 * SECOND, seed);
        int64_t pause = backoff_next(&backoff, 0);
        slots[(pause - 5 * SECOND) * SLOTS / (5 * SECOND + 1)]++;
    }
    for (int i = 0; i < SLOTS; i++)
        assert_in_range(slots[i], RELAYS / SLOTS / 2, RELAYS / SLOTS * 2);
}

static void never_sooner_than_asked(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, SECOND, 60 * SECOND, 7);
    assert_in_range(backoff_next(&backoff, 120 * SECOND), 120 * SECOND, 132 * SECOND);
    assert_in_range(backoff_next(&backoff, -1), SECOND, 2 * SECOND); /* the second failure */
    assert_in_range(backoff_next(&backoff, INT64_MAX), BACKOFF_ASKED_MAX_S * SECOND,
                    BACKOFF_ASKED_MAX_S * SECOND * 11 / 10);
    for (int i = 0; i < 10; i++)
        backoff_next(&backoff, 0);
    assert_in_range(backoff_next(&backoff, SECOND), 30 * SECOND, 60 * SECOND); /* asked less */
}

static void intervals_are_spread_upwards(void **state)
{
    (void)state;
    struct backoff backoff;
    int64_t least = INT64_MAX, most = 0;
    backoff_init(&backoff, SECOND, SECOND, 1);
    for (int i = 0; i < 1000; i++) {
        int64_t interval = backoff_spread(&backoff, 30 * SECOND);
        assert_in_range(interval, 30 * SECOND, 33 * SECOND);
        least = interval < least ? interval : least;
        most = interval > most ? interval : most;
    }
    assert_true(most - least > 2 * SECOND);
}

static void seeds_differ_where_they_should(void **state)
{
    (void)state;
    uint64_t seed = backoff_seed(SLICE("east"), SLICE("nws"), 1);
    assert_true(seed == backoff_seed(SLICE("east"), SLICE("nws"), 1));
    assert_true(seed != backoff_seed(SLICE("west"), SLICE("nws"), 1));
    assert_true(seed != backoff_seed(SLICE("east"), SLICE("nw"), 1));
    assert_true(seed != backoff_seed(SLICE("eastn"), SLICE("ws"), 1));
    assert_true(seed != backoff_seed(SLICE("east"), SLICE("nws"), 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_grow_to_a_limit),
        cmocka_unit_test(relays_do_not_come_back_together),
        cmocka_unit_test(never_sooner_than_asked),
        cmocka_unit_test(intervals_are_spread_upwards),
        cmocka_unit_test(seeds_differ_where_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
