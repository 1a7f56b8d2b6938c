#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_equality(void **state)
{
    (void)state;
    assert_true(slice_eq(SLICE("abc"), SLICE("abc")));
    assert_false(slice_eq(SLICE("abc"), SLICE("abC")));
    assert_false(slice_eq(SLICE("abc"), SLICE("ab")));
    assert_true(slice_ieq(SLICE("Broadcast_IMMEDIATELY"), SLICE("broadcast_immediately")));
    /* Only ASCII letters fold: '[' and '{' differ in one bit as 'K' and 'k' do. */
    assert_false(slice_ieq(SLICE("["), SLICE("{")));
    assert_false(slice_ieq(SLICE("\xc9"), SLICE("\xe9")));
    assert_true(slice_eq((struct slice){NULL, 0}, SLICE("")));
}

static void test_order_is_total(void **state)
{
    (void)state;
    assert_true(slice_cmp(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_cmp(SLICE("a"), SLICE("aa")) < 0);
    assert_true(slice_cmp(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_cmp(SLICE(""), (struct slice){NULL, 0}), 0);
}

static void test_prefix_suffix_find(void **state)
{
    (void)state;
    assert_true(slice_starts_with(SLICE("profile:CAP-CP:0.4"), "profile:"));
    assert_false(slice_starts_with(SLICE("pro"), "profile:"));
    assert_true(slice_istarts_with(SLICE("PROFILE:x"), "profile:"));
    assert_true(slice_istarts_with(SLICE("x"), ""));
    assert_false(slice_istarts_with(SLICE("PROFIL"), "profile:"));
    assert_false(slice_istarts_with((struct slice){NULL, 0}, "p"));
    assert_true(slice_ieq_cstr(SLICE("Met"), "mET"));
    assert_false(slice_ieq_cstr(SLICE("Met"), "Me"));
    assert_false(slice_ieq_cstr(SLICE("Me"), "Met"));
    assert_false(slice_ieq_cstr(SLICE("Met\0x"), "Met"));
    assert_true(slice_ieq_cstr((struct slice){NULL, 0}, NULL));
    assert_false(slice_ieq_cstr(SLICE("x"), NULL));
    assert_true(slice_ends_with(SLICE("a.gc.ca"), ".ca"));
    assert_false(slice_ends_with(SLICE("ca"), ".ca"));
    assert_int_equal(slice_find(SLICE("abcabc"), "ca"), 2);
    assert_int_equal(slice_find(SLICE("abc"), "abcd"), -1);
    assert_int_equal(slice_find((struct slice){NULL, 0}, "a"), -1);
    assert_int_equal(slice_find(SLICE("abc"), ""), 0);
    assert_int_equal(slice_ifind(SLICE("NAADS-Heartbeat"), "heartBEAT"), 6);
    assert_int_equal(slice_ifind(SLICE("beat"), "heartbeat"), -1);
}

static void test_sub_is_clamped(void **state)
{
    (void)state;
    assert_true(slice_eq_cstr(slice_sub(SLICE("abcdef"), 2, 4), "cd"));
    assert_true(slice_eq_cstr(slice_sub(SLICE("abc"), 1, 99), "bc"));
    assert_int_equal(slice_sub(SLICE("abc"), 5, 2).len, 0);
    assert_null(slice_sub((struct slice){NULL, 0}, 0, 9).ptr);
}

static void test_trim_and_tokens(void **state)
{
    (void)state;
    assert_true(slice_eq_cstr(slice_trim(SLICE(" \t\r\n a b \n")), "a b"));
    assert_int_equal(slice_trim(SLICE(" \n ")).len, 0);
    /* A no-break space is text, not white space of XML. */
    assert_int_equal(slice_trim(SLICE("\xc2\xa0")).len, 2);
    struct slice rest = SLICE("  one\n two\t"), token;
    assert_true(slice_next_token(&rest, &token));
    assert_true(slice_eq_cstr(token, "one"));
    assert_true(slice_next_token(&rest, &token));
    assert_true(slice_eq_cstr(token, "two"));
    assert_false(slice_next_token(&rest, &token));
}

static void test_parts_keep_empty_ones(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,c,"), part;
    const char *const expected[] = {"a", "", "c", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(slice_next_part(&rest, ',', &part));
        assert_true(slice_eq_cstr(part, expected[i]));
    }
    assert_false(slice_next_part(&rest, ',', &part));
}

static void test_numbers(void **state)
{
    (void)state;
    unsigned long long u;
    double d;
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(slice_to_u64(SLICE("18446744073709551616"), &u));
    assert_false(slice_to_u64(SLICE("-1"), &u));
    assert_false(slice_to_u64(SLICE(" 1"), &u));
    assert_false(slice_to_u64(SLICE(""), &u));
    const char *const good[] = {"1", "-1.5", "+.5", "5.", "1e3", "1E-3", "48.99980000001234567890"};
    const double values[] = {1, -1.5, .5, 5, 1000, .001, 48.99980000001234567890};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(slice_to_double(slice_from_cstr(good[i]), &d));
        assert_true(d == values[i]);
    }
    const char *const bad[] = {"",    ".",  "-",   "1,5", "0x1p3", "nan",
                               "inf", "1e", "1e+", "1 ",  "--1",   "1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(slice_to_double(slice_from_cstr(bad[i]), &d));
}

/* The short way and the long way must round alike. */
static void test_coordinates_round_as_strtod_does(void **state)
{
    (void)state;
    unsigned long long random = 88172645463325252ULL;
    for (int i = 0; i < 200000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        char text[40];
        int places = (int)(random % 16);
        long long scaled = (long long)(random % 360000000000000ULL) - 180000000000000LL;
        int len = snprintf(text, sizeof text, "%lld.%0*llu", scaled / 1000000000000LL % 181,
                           places + 1, random / 7 % 1000000ULL);
        double value;
        assert_true(slice_to_double(slice_of(text, (size_t)len), &value));
        assert_true(value == strtod(text, NULL));
    }
}

static void test_a_number_in_front(void **state)
{
    (void)state;
    double d = 0;
    assert_int_equal(slice_scan_decimal(SLICE("-76.0733 38.1"), &d), 8);
    assert_true(d == -76.0733);
    assert_int_equal(slice_scan_decimal(SLICE("1.2.3"), &d), 3);
    assert_int_equal(slice_scan_decimal(SLICE("5.,6"), &d), 2);
    assert_int_equal(slice_scan_decimal(SLICE("123456789012345"), &d), 15);
    assert_true(d == 123456789012345);
    const char *const none[] = {"", "-", ".", "-.", " 1", "+1", "x", "1234567890123456", "--1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(slice_scan_decimal(slice_from_cstr(none[i]), &d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_order_is_total),
        cmocka_unit_test(test_prefix_suffix_find),
        cmocka_unit_test(test_sub_is_clamped),
        cmocka_unit_test(test_trim_and_tokens),
        cmocka_unit_test(test_parts_keep_empty_ones),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_coordinates_round_as_strtod_does),
        cmocka_unit_test(test_a_number_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
