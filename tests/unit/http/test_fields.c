#include "http/fields.h"
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
/* Tue, 01 Sep 2026 10:00:00 GMT */
#define NOW (INT64_C(1788256800) * SECOND)

static int64_t after(const char *value)
{
    return http_retry_after_us(slice_from_cstr(value), NOW);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    assert_int_equal(after("0"), 0);
    assert_int_equal(after("120"), 120 * SECOND);
    assert_int_equal(after(" 7 "), 7 * SECOND);
    assert_int_equal(after("Tue, 01 Sep 2026 10:02:00 GMT"), 120 * SECOND);
    assert_int_equal(after("Tuesday, 01-Sep-26 10:02:00 GMT"), 120 * SECOND);
    assert_int_equal(after("Tue, 01 Sep 2026 09:59:00 GMT"), 0);
    assert_int_equal(after("99999999999999999999999"), 366 * 24 * 3600 * SECOND);
    assert_int_equal(after("Tue, 01 Sep 2099 10:02:00 GMT"), 366 * 24 * 3600 * SECOND);
    static const char *const bad[] = {NULL, "", "soon", "-5", "1.5", "1e3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(after(bad[i]), -1);
}

static void a_date_is_an_instant(void **state)
{
    (void)state;
    assert_int_equal(http_date_us(SLICE("Tue, 01 Sep 2026 10:00:00 GMT")), NOW);
    assert_int_equal(http_date_us(SLICE("Tue Sep  1 10:00:00 2026")), NOW);
    assert_int_equal(http_date_us(SLICE("soon")), -1);
    assert_int_equal(http_date_us((struct slice){0}), -1);
}

static int64_t max_age(const char *cache_control, const char *age)
{
    return http_max_age_us(slice_from_cstr(cache_control), slice_from_cstr(age));
}

static void max_age_is_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(max_age("max-age=5", NULL), 5 * SECOND);
    assert_int_equal(max_age("public, max-age=30, s-maxage=30", NULL), 30 * SECOND);
    assert_int_equal(max_age("public,MAX-AGE=\"30\"", "10"), 20 * SECOND);
    assert_int_equal(max_age("max-age=30", "31"), 0);
    assert_int_equal(max_age("max-age=0, must-revalidate", NULL), 0);
    assert_int_equal(max_age("no-cache, max-age=30", NULL), 0);
    assert_int_equal(max_age("max-age=30, no-store", NULL), 0);
    assert_int_equal(max_age("public", NULL), -1);
    assert_int_equal(max_age("max-age=soon", NULL), -1);
    assert_int_equal(max_age(NULL, NULL), -1);
    assert_int_equal(max_age(NULL, "10"), -1);
}

static void urls_are_checked_joined_and_masked(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct err err = {0};
    assert_int_equal(http_url_check(SLICE("https://api.weather.gov/alerts"), &err), OK);
    assert_int_equal(http_url_check(SLICE("http://[::1]:8080/"), &err), OK);
    static const char *const bad[] = {
        "",           "api.weather.gov", "ftp://x/",        "https://",
        "http://a b", "http://x\n",      "https://x:99999/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(http_url_check(slice_from_cstr(bad[i]), &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "https://HOST"));
    }
    const struct {
        const char *base, *reference, *joined;
    } joins[] = {
        {"https://h/alerts?x=1", "?cursor=a%20b", "https://h/alerts?cursor=a%20b"},
        {"https://h/a/b", "/c", "https://h/c"},
        {"https://h/a/b", "https://other/c", "https://other/c"},
        {"https://h/a/b", "file:///etc/passwd", NULL},
        {"https://h/a/b", "", NULL},
    };
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        struct slice joined = http_url_join(arena, slice_from_cstr(joins[i].base),
                                            slice_from_cstr(joins[i].reference));
        if (joins[i].joined)
            assert_true(slice_eq_cstr(joined, joins[i].joined));
        else
            assert_null(joined.ptr);
    }
    assert_true(slice_eq_cstr(http_url_shown(arena, SLICE("https://u:p@h:8/a?secret=1#x")),
                              "https://h:8/a"));
    assert_true(slice_eq_cstr(http_url_shown(arena, SLICE("u:p@h")), "(not a URL)"));
    assert_string_equal(http_url_line(SLICE("https://u:p@h:8/a?secret=1#x")).text, "https://h:8/a");
    assert_true(slice_eq_cstr(http_url_escape(arena, slice_of("a:\xc3\xa9 /+\0~", 9)),
                              "a%3A%C3%A9%20%2F%2B%00~"));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(a_date_is_an_instant),
        cmocka_unit_test(max_age_is_what_is_left),
        cmocka_unit_test(urls_are_checked_joined_and_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
