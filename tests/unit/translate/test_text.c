/* Forms of the schema: what is let through validates, and nothing usual is refused. */
#include "support.h"

#include "translate/internal.h"

static void test_uris(void **state)
{
    (void)state;
    const char *const good[] = {"http://a.example/b?c=d#e",
                                "https://u@a.example:8080/x",
                                "file.mp3",
                                "mailto:a@b",
                                "//host/x",
                                "/x/y:z",
                                "a/b:c",
                                "%41",
                                "urn:oid:1.2",
                                "#top"};
    const char *const bad[] = {"",
                               "a b",
                               "http://[::1",
                               "http://h:port/",
                               "http://h:99999/",
                               ":x",
                               "%zz",
                               "%4",
                               "a:",
                               "1:2",
                               "http:///x",
                               "//",
                               "a#b#c",
                               "\xC3\xA9",
                               "a:b c",
                               "x{y}"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!text_is_uri(slice_from_cstr(good[i])))
            fail_msg("%s is refused", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (text_is_uri(slice_from_cstr(bad[i])))
            fail_msg("%s is taken", bad[i]);
    }
}

static void test_uris_are_encoded(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_true(slice_eq_cstr(text_make_uri(arena, SLICE("http://a.example/b c\xC3\xA9")),
                              "http://a.example/b%20c%c3%a9"));
    assert_true(slice_eq_cstr(text_make_uri(arena, SLICE("100%")), "100%25"));
    assert_true(slice_eq_cstr(text_make_uri(arena, SLICE("a%20b")), "a%20b"));
    assert_true(slice_is_empty(text_make_uri(arena, SLICE("http://h:port/"))));
    arena_destroy(arena);
}

static void test_languages(void **state)
{
    (void)state;
    const char *const good[] = {"en", "fr-CA", "chp-CA", "zh-Hant-TW", "es-419", "EN-us"};
    const char *const bad[] = {"",    "e",      "english", "en_CA", "en-",
                               "-CA", "en--CA", "fr-CA-x", "en CA", "zh-TW-Hant"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!text_is_language(slice_from_cstr(good[i])))
            fail_msg("%s is refused", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (text_is_language(slice_from_cstr(bad[i])))
            fail_msg("%s is taken", bad[i]);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    assert_true(text_is_integer(SLICE("0")) && text_is_integer(SLICE("-12")) &&
                text_is_integer(SLICE("+7")));
    assert_false(text_is_integer(SLICE("")) || text_is_integer(SLICE("1.5")) ||
                 text_is_integer(SLICE("-")) || text_is_integer(SLICE("9999999999999999999")));
    assert_true(text_is_decimal(SLICE("1.50")) && text_is_decimal(SLICE("-3")));
    assert_false(text_is_decimal(SLICE("1.")) || text_is_decimal(SLICE(".5")) ||
                 text_is_decimal(SLICE("1e5")) || text_is_decimal(SLICE("")) ||
                 text_is_decimal(SLICE("1,5")));
}

static void test_senders(void **state)
{
    (void)state;
    assert_true(text_is_sender(SLICE("relay@example.org")));
    assert_true(text_is_sender(SLICE(TRANSLATE_SENDER_DEFAULT)));
    assert_false(text_is_sender(SLICE("")) || text_is_sender(SLICE("a b")) ||
                 text_is_sender(SLICE("a,b")) || text_is_sender(SLICE("a&b")) ||
                 text_is_sender(SLICE("a<b")));
}

static void test_short_texts_end_at_a_character(void **state)
{
    (void)state;
    assert_true(slice_eq_cstr(text_short(SLICE("d\xC3\xA9j\xC3\xA0"), 2), "d"));
    assert_true(slice_eq_cstr(text_short(SLICE("d\xC3\xA9j\xC3\xA0"), 3), "d\xC3\xA9"));
    assert_true(slice_eq_cstr(text_short(SLICE("abc"), 3), "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uris),      cmocka_unit_test(test_uris_are_encoded),
        cmocka_unit_test(test_languages), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_senders),   cmocka_unit_test(test_short_texts_end_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
