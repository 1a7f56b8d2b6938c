#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_civil_agrees_with_the_system(void **state)
{
    (void)state;
    for (int64_t days = -719162; days <= 2932896; days += 137) { /* years 1 to 9999 */
        time_t seconds = (time_t)days * 86400;
        struct tm utc;
        int year, month, day;
        assert_non_null(gmtime_r(&seconds, &utc));
        clock_civil_from_days(days, &year, &month, &day);
        assert_int_equal(year, utc.tm_year + 1900);
        assert_int_equal(month, utc.tm_mon + 1);
        assert_int_equal(day, utc.tm_mday);
        assert_true(clock_days_from_civil(year, month, day) == days);
    }
    assert_true(clock_days_from_civil(1970, 1, 1) == 0);
    assert_true(clock_days_from_civil(2000, 3, 1) - clock_days_from_civil(2000, 2, 28) == 2);
    assert_true(clock_days_from_civil(1900, 3, 1) - clock_days_from_civil(1900, 2, 28) == 1);
}

static void test_format(void **state)
{
    (void)state;
    char out[CLOCK_TEXT_MAX];
    assert_string_equal(clock_format_s(1776286307, out), "2026-04-15T20:51:47Z");
    assert_string_equal(clock_format_us(1776286307123456, out), "2026-04-15T20:51:47.123456Z");
    assert_string_equal(clock_format_us(-1, out), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(clock_format_s(0, out), "1970-01-01T00:00:00Z");
    assert_string_equal(clock_format_s(INT64_C(253402300799), out), "9999-12-31T23:59:59Z");
    assert_string_equal(clock_format_s(INT64_C(253402300800), out), "10000-01-01T00:00:00Z");
    assert_string_equal(clock_format_s(INT64_C(-30610224000), out), "1000-01-01T00:00:00Z");
    assert_string_equal(clock_format_s(INT64_C(-30610224001), out), "0999-12-31T23:59:59Z");
}

static int64_t fixed_now(void *context)
{
    return *(int64_t *)context;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void test_clock_is_a_value(void **state)
{
    (void)state;
    int64_t now = 42;
    struct clock clock = {fixed_now, never, &now};
    assert_true(clock_now_us(&clock) == 42);
    now = 43;
    assert_true(clock_now_us(&clock) == 43);
    assert_false(clock_synchronised(&clock));
    assert_true(clock_now_us(&clock_system) > 1600000000000000);
}

/* BLAKE2b with 32 bytes of output: values from an independent implementation (Python's hashlib). */
static void test_digest_vectors(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_MAX];
    struct digest empty = digest_of(SLICE("")), abc = digest_of(SLICE("abc"));
    assert_string_equal(digest_hex(&empty, hex),
                        "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    assert_string_equal(digest_hex(&abc, hex),
                        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_false(digest_eq(&empty, &abc));
}

static void test_sized_parts_do_not_run_together(void **state)
{
    (void)state;
    struct digest_state a, b;
    digest_begin(&a);
    digest_add_sized(&a, SLICE("ab"));
    digest_add_sized(&a, SLICE("c"));
    digest_begin(&b);
    digest_add_sized(&b, SLICE("a"));
    digest_add_sized(&b, SLICE("bc"));
    struct digest first = digest_end(&a), second = digest_end(&b);
    assert_false(digest_eq(&first, &second));
    struct digest_state c;
    digest_begin(&c);
    digest_add_sized(&c, SLICE("a"));
    digest_add_u64be(&c, 7);
    struct digest parts = digest_end(&c),
                  whole = digest_of(slice_of("\0\0\0\1a\0\0\0\0\0\0\0\7", 13));
    assert_true(digest_eq(&parts, &whole));
}

static void test_hex(void **state)
{
    (void)state;
    uint8_t bytes[3];
    assert_true(hex_decode(SLICE("00fFa0"), bytes, 3));
    assert_memory_equal(bytes, "\x00\xff\xa0", 3);
    char text[7];
    hex_encode(bytes, 3, text);
    assert_string_equal(text, "00ffa0");
    assert_false(hex_decode(SLICE("00ffa"), bytes, 3));
    assert_false(hex_decode(SLICE("00ffag"), bytes, 3));
    assert_false(hex_decode(SLICE("00ffa000"), bytes, 3));
    assert_false(hex_decode(SLICE("00 fa0"), bytes, 3));
}

static enum err_code refuse_them(struct err *err)
{
    return err_set(err, ERR_LIMIT, "%d of %s", 9, "them");
}

static void test_err(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(refuse_them(&err), ERR_LIMIT);
    assert_string_equal(err.text, "9 of them");
    assert_int_equal(err_wrap(&err, "reading %s", "x"), ERR_LIMIT);
    assert_string_equal(err.text, "reading x: 9 of them");
    assert_int_equal(refuse_them(NULL), ERR_LIMIT);
    assert_int_equal(err_errno(&err, EACCES, "open %s", "f"), ERR_IO);
    assert_non_null(strstr(err.text, "open f: "));
    assert_int_equal(err_errno(&err, ENOSPC, "write"), ERR_FULL);
    char huge[2000];
    memset(huge, 'z', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    err_set(&err, ERR_IO, "%s", huge);
    err_wrap(&err, "%s", huge);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not-found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_civil_agrees_with_the_system),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_clock_is_a_value),
        cmocka_unit_test(test_digest_vectors),
        cmocka_unit_test(test_sized_parts_do_not_run_together),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_err),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
