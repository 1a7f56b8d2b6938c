/* Documents out of a stream without lengths: however it is cut, whatever is in it. */
#include "adapters/framer.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 400 };

/* What came, as text: "W<...>|B<...>|". */
struct record {
    struct buf text;
    struct framer *reset; /* to be reset at the first document */
    size_t count;
};

static void take(void *context, enum frame_kind kind, struct slice bytes)
{
    struct record *record = context;
    buf_printf(&record->text, "%c%.*s|", "WBLNC"[kind], SLICE_ARG(bytes));
    record->count++;
    if (record->reset)
        framer_reset(record->reset);
}

static struct record frames(struct slice stream, size_t piece)
{
    struct record record = {0};
    buf_init(&record.text, 64 << 20);
    struct framer *framer = framer_create(LIMIT, take, &record);
    for (size_t at = 0; at < stream.len; at += piece) {
        size_t end = at + piece < stream.len ? at + piece : stream.len;
        framer_feed(framer, slice_sub(stream, at, end));
    }
    framer_end(framer);
    framer_destroy(framer);
    return record;
}

static void assert_frames(const char *stream, const char *expected)
{
    struct slice bytes = slice_from_cstr(stream);
    for (size_t piece = 1; piece <= bytes.len + 1; piece++) {
        struct record record = frames(bytes, piece);
        struct slice got = buf_slice(&record.text);
        if (!slice_eq_cstr(got, expected))
            fail_msg("in pieces of %zu:\n%.*s\nwanted:\n%s", piece, SLICE_ARG(got), expected);
        buf_fini(&record.text);
    }
}

#define XML "<?xml version='1.0' encoding='UTF-8'?>"

static void test_ordinary_streams(void **state)
{
    (void)state;
    assert_frames("", "");
    assert_frames(" \r\n\xEF\xBB\xBF\n", "");
    assert_frames("<alert>a</alert>", "W<alert>a</alert>|");
    assert_frames(XML "<alert>a</alert>\n" XML "\n<alert>b</alert>\n",
                  "W" XML "<alert>a</alert>|W" XML "\n<alert>b</alert>|");
    assert_frames("<alert>a</alert><alert>b</alert>" XML "<alert>c</alert>",
                  "W<alert>a</alert>|W<alert>b</alert>|W" XML "<alert>c</alert>|");
    assert_frames("<cap:alert xmlns:cap='x'>a</cap:alert >\n<alert/>",
                  "W<cap:alert xmlns:cap='x'>a</cap:alert >|W<alert/>|");
    assert_frames("<alert>\xC3\xA9t\xC3\xA9 \xE2\x80\x93 \xF0\x9F\x8C\x8A</alert>",
                  "W<alert>\xC3\xA9t\xC3\xA9 \xE2\x80\x93 \xF0\x9F\x8C\x8A</alert>|");
}

static void test_end_tags_that_end_nothing(void **state)
{
    (void)state;
    assert_frames("<alert><!-- </alert> --><![CDATA[ </alert> ]]]></alert>",
                  "W<alert><!-- </alert> --><![CDATA[ </alert> ]]]></alert>|");
    assert_frames("<alert a=\"x>y\" b='/>'>t<b c='>'/></alert>",
                  "W<alert a=\"x>y\" b='/>'>t<b c='>'/></alert>|");
}

static void test_what_breaks_off_swallows_nothing(void **state)
{
    (void)state;
    assert_frames("<alert><info>half" XML "<alert>b</alert>",
                  "B<alert><info>half|W" XML "<alert>b</alert>|");
    assert_frames("<alert><info>half<alert>b</alert>", "B<alert><info>half|W<alert>b</alert>|");
    assert_frames("<alert><info a='half" XML "<alert>b</alert>",
                  "B<alert><info a='half|W" XML "<alert>b</alert>|");
    assert_frames("<alert><!-- half" XML "<alert>b</alert>",
                  "B<alert><!-- half|W" XML "<alert>b</alert>|");
    assert_frames("<alert><![CDATA[half" XML "<alert>b</alert>",
                  "B<alert><![CDATA[half|W" XML "<alert>b</alert>|");
    assert_frames("<alert><info>never closed</alert><alert>b</alert>",
                  "W<alert><info>never closed</alert>|W<alert>b</alert>|");
    assert_frames(XML XML "<alert>b</alert>", "B" XML "|W" XML "<alert>b</alert>|");
    assert_frames("<alert>half", "C<alert>half|");
    assert_frames("<alert>half<", "C<alert>half<|");
    assert_frames("<ale", "C<ale|");
}

static void test_noise(void **state)
{
    (void)state;
    assert_frames("hello <alert>a</alert> and\n<alert>b</alert>!",
                  "Nhello |W<alert>a</alert>|Nand\n|W<alert>b</alert>|C!|");
    assert_frames("</alert><b>c</b><alert>a</alert>", "N</alert><b>c</b>|W<alert>a</alert>|");
    assert_frames("< <<? <alert>a</alert>", "N< <<? |W<alert>a</alert>|");
    assert_frames(XML "<html><p>busy</p></html><alert>a</alert>",
                  "W" XML "<html><p>busy</p></html>|W<alert>a</alert>|");
    assert_frames("<alerts>x</alerts><alert>a</alert>", "N<alerts>x</alerts>|W<alert>a</alert>|");
}

/* The first limit + 1 bytes, whether it came at once or in pieces, and the next document whole. */
static void test_too_long(void **state)
{
    (void)state;
    char stream[3 * LIMIT];
    int filler = LIMIT + 50;
    int len = snprintf(stream, sizeof stream, "<alert>%0*d</alert><alert>b</alert>", filler, 0);
    for (size_t piece = 1; piece <= (size_t)len; piece += 7) {
        struct record record = frames(slice_of(stream, (size_t)len), piece);
        struct slice got = buf_slice(&record.text);
        assert_int_equal(record.count, 2);
        assert_int_equal(got.ptr[0], 'L');
        assert_memory_equal(got.ptr + 1, stream, LIMIT + 1);
        assert_true(slice_ends_with(got, "|W<alert>b</alert>|"));
        buf_fini(&record.text);
    }
}

/* Neither memory nor time grows with what is thrown at it. */
static void test_floods(void **state)
{
    (void)state;
    static const char *const floods[] = {"x", "<",       "<a ", "<!--",      "<![CDATA[",
                                         "'", "<alert>", "</",  "<alert a='"};
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        struct record record = {0};
        buf_init(&record.text, 64 << 20);
        struct framer *framer = framer_create(LIMIT, take, &record);
        for (int j = 0; j < 20000; j++) {
            framer_feed(framer, slice_from_cstr(floods[i]));
            assert_true(framer_pending(framer) <= LIMIT + 1);
        }
        record.count = 0;
        framer_feed(framer, SLICE("-->]]>'>" XML "<alert>b</alert>"));
        assert_true(slice_ends_with(buf_slice(&record.text), "W" XML "<alert>b</alert>|"));
        framer_destroy(framer);
        buf_fini(&record.text);
    }
}

static void test_reset_from_within(void **state)
{
    (void)state;
    struct record record = {0};
    buf_init(&record.text, 1 << 20);
    struct framer *framer = framer_create(LIMIT, take, &record);
    record.reset = framer;
    framer_feed(framer, SLICE("<alert>a</alert><alert>b</alert>"));
    assert_int_equal(record.count, 1);
    framer_feed(framer, SLICE("<alert>c</alert>"));
    assert_true(slice_eq_cstr(buf_slice(&record.text), "W<alert>a</alert>|W<alert>c</alert>|"));
    framer_destroy(framer);
    buf_fini(&record.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_streams),
        cmocka_unit_test(test_end_tags_that_end_nothing),
        cmocka_unit_test(test_what_breaks_off_swallows_nothing),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_reset_from_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
