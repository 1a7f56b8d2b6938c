/* Times as chat rooms write them. */
#include "xmpp/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_reading(void **state)
{
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-31T23:59:59Z", 1769903999},
        {"2026-01-31T23:59:59.999999Z", 1769903999},
        {"2026-01-31T19:59:59-04:00", 1769903999},
        {"2026-02-01T03:29:59+03:30", 1769903999},
        {"20260131T23:59:59", 1769903999}, /* XEP-0091 */
        {"2024-02-29T12:00:00Z", 1709208000},
    };
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-01-31",
                                      "2026-13-01T00:00:00Z",
                                      "2026-01-31T24:00:00Z",
                                      "2026-01-31T23:59:59Zulu",
                                      "2026-01-31T23:59:59+25:00",
                                      "2026-01-31T23:59:59+0400",
                                      "-026-01-31T23:59:59Z",
                                      "2026-01-31T-1:59:59Z"};
    int64_t us;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(stamp_read(good[i].text, &us));
        assert_int_equal(us, good[i].s * 1000000);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(stamp_read(bad[i], &us));
}

static void test_writing(void **state)
{
    char text[STAMP_TEXT];
    (void)state;
    stamp_write(1769903999999999, text);
    assert_string_equal(text, "2026-01-31T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reading),
                                       cmocka_unit_test(test_writing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
