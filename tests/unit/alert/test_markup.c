#include "alert/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void is(struct slice got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.ptr ? got.ptr : "", wanted, got.len);
}

static void test_each_piece_ends_where_it_ends(void **state)
{
    static const struct {
        enum markup_kind kind;
        const char *text;
    } pieces[] = {
        {MARKUP_OTHER, "<?xml version='1.0'?>"},
        {MARKUP_OTHER, "<!-- <b> -->"},
        {MARKUP_START, "<a:b c='>' d=\"'>\">"},
        {MARKUP_OTHER, "<![CDATA[ </a:b> ]]>"},
        {MARKUP_EMPTY, "<e f='/'/>"},
        {MARKUP_END, "</a:b >"},
    };
    char text[400] = "";
    struct markup found = {0};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        strcat(text, " between ");
        strcat(text, pieces[i].text);
    }
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        found = markup_next(slice_from_cstr(text), found.end);
        assert_int_equal(found.kind, pieces[i].kind);
        is(slice_sub(slice_from_cstr(text), found.begin, found.end), pieces[i].text);
    }
    assert_int_equal(markup_next(slice_from_cstr(text), found.end).kind, MARKUP_NONE);
}

static void test_what_does_not_end_is_nothing(void **state)
{
    static const char *const texts[] = {
        "",   "no markup", "<",      "<a",          "<a b='>",      "<!-- >",
        "</", "<?xml",     "<?xml>", "<![CDATA[ >", "<!DOCTYPE a>", "<!-->"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(markup_next(slice_from_cstr(texts[i]), 0).kind, MARKUP_NONE);
}

static void test_names_and_attributes(void **state)
{
    struct slice tag = SLICE("<p:alert xmlns = 'u' xmlns:p=\"v/>\"\n a='' b/>"), name, value,
                 prefix;
    size_t at = 0;
    (void)state;
    is(markup_name(tag), "p:alert");
    is(markup_prefix(markup_name(tag)), "p");
    is(markup_local(markup_name(tag)), "alert");
    is(markup_name(SLICE("</alert >")), "alert");
    is(markup_prefix(SLICE("alert")), "");
    is(markup_local(SLICE("alert")), "alert");
    assert_true(markup_attribute(tag, &at, &name, &value));
    is(value, "'u'");
    assert_true(markup_declares(name, &prefix));
    is(prefix, "");
    assert_true(markup_attribute(tag, &at, &name, &value));
    is(value, "\"v/>\"");
    assert_true(markup_declares(name, &prefix));
    is(prefix, "p");
    assert_true(markup_attribute(tag, &at, &name, &value));
    is(name, "a");
    is(value, "''");
    assert_false(markup_declares(name, &prefix));
    assert_false(markup_attribute(tag, &at, &name, &value)); /* `b` has no value */
}

static void test_a_foreign_encoding_is_declared(void **state)
{
    static const char foreign[] = "<?xml version=\"1.0\" encoding='ISO-8859-1'?>";
    (void)state;
    is(markup_foreign_declaration(SLICE("\xef\xbb\xbf<?xml encoding='x'?><a/>")),
       "<?xml encoding='x'?>");
    is(markup_foreign_declaration(
           SLICE("\n<?xml version=\"1.0\" encoding='ISO-8859-1'?><a encoding='x'/>")),
       foreign);
    is(markup_foreign_declaration(SLICE("<?xml version='1.0' encoding='utf-8'?><a/>")), "");
    is(markup_foreign_declaration(SLICE("<?xml encoding='US-ASCII'?><a/>")), "");
    is(markup_foreign_declaration(SLICE("<?xml version='1.0'?><a encoding='x'/>")), "");
    is(markup_foreign_declaration(SLICE("<a encoding='x'/>")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_piece_ends_where_it_ends),
        cmocka_unit_test(test_what_does_not_end_is_nothing),
        cmocka_unit_test(test_names_and_attributes),
        cmocka_unit_test(test_a_foreign_encoding_is_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
