#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/stages.h"
#include "intake/verdict.h"

#include <string.h>

static size_t place_of(const char *name)
{
    for (size_t i = 0; i < stage_count; i++)
        if (strcmp(stages[i].name, name) == 0)
            return i;
    fail_msg("no stage %s", name);
    return 0;
}

/* semantics 5: loop, scope, class, duplicate, sides, rules; 4: grants are never overridden by
 * references. */
static void test_the_order_is_the_law(void **state)
{
    (void)state;
    static const char *const order[] = {
        "read",     "check",  "origin", "loop",  "scope",  "class",  "signature", "dedup",
        "versions", "grants", "chain",  "sides", "border", "expiry", "translate", "record"};
    assert_int_equal(stage_count, sizeof(order) / sizeof(order[0]));
    for (size_t i = 0; i < stage_count; i++)
        assert_int_equal(place_of(order[i]), i);
}

static void test_only_record_always_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < stage_count; i++)
        assert_int_equal(stages[i].always, i + 1 == stage_count);
}

static void test_verdicts(void **state)
{
    (void)state;
    for (int i = VERDICT_RELAYED; i < VERDICT_COUNT; i++) {
        assert_true(strlen(verdict_name((enum verdict)i)) > 0);
        bool alarm = i == VERDICT_REFUSED || i == VERDICT_UNREADABLE;
        assert_int_equal(verdict_is_alarm(verdict_slice((enum verdict)i)), alarm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_is_the_law),
        cmocka_unit_test(test_only_record_always_runs),
        cmocka_unit_test(test_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
