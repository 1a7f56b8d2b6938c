/* The header's writer against jansson's: the same bytes for the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seal/json.h"
#include "seal/json_write.h"

static void assert_written(struct buf *out, json_t *value)
{
    struct arena *arena = arena_create();
    struct slice wanted = json_take_text(arena, value), got = buf_slice(out);
    if (!slice_eq(got, wanted))
        fail_msg("%.*s instead of %.*s", SLICE_ARG(got), SLICE_ARG(wanted));
    arena_destroy(arena);
    buf_fini(out);
}

static void test_every_kind(void **state)
{
    (void)state;
    const struct slice texts[] = {SLICE("a"), SLICE(""), {NULL, 0}};
    struct digest digest = {{1, 2, 3}};
    struct buf out;
    struct json_writer writer = {.out = &out};
    json_t *object = json_object(), *inner = json_object(), *reals = json_array();
    buf_init(&out, 10000);
    json_begin(&writer, NULL, '{');
    json_begin(&writer, "empty", '{');
    json_end(&writer, '}');
    json_begin(&writer, "inner", '{');
    json_write_text(&writer, "text", SLICE("t"));
    json_write_cstr(&writer, "none", NULL);
    json_end(&writer, '}');
    json_write_number(&writer, "zero", 0);
    json_write_number(&writer, "large", UINT64_C(9007199254740991));
    json_write_flag(&writer, "yes", true);
    json_write_flag(&writer, "no", false);
    json_write_null(&writer, "null");
    json_write_digest(&writer, "digest", &digest);
    json_write_time_us(&writer, "time", INT64_C(1776286307123456));
    json_write_time_us(&writer, "never", 0);
    json_write_texts(&writer, "texts", texts, 3);
    json_write_texts(&writer, "no texts", texts, 0);
    json_begin(&writer, "reals", '[');
    const double values[] = {0, -0.0, -66.5, 1e-12, 123456789.25, 180};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_write_real(&writer, NULL, values[i]);
        json_append(reals, json_real(values[i]));
    }
    json_end(&writer, ']');
    json_end(&writer, '}');

    json_put(object, "empty", json_object());
    json_put_text(inner, "text", SLICE("t"));
    json_put_cstr(inner, "none", NULL);
    json_put(object, "inner", inner);
    json_put_number(object, "zero", 0);
    json_put_number(object, "large", UINT64_C(9007199254740991));
    json_put_flag(object, "yes", true);
    json_put_flag(object, "no", false);
    json_put(object, "null", json_null());
    json_put_digest(object, "digest", &digest);
    json_put_time_us(object, "time", INT64_C(1776286307123456));
    json_put_time_us(object, "never", 0);
    json_put_texts(object, "texts", texts, 3);
    json_put_texts(object, "no texts", texts, 0);
    json_put(object, "reals", reals);
    assert_written(&out, object);
}

static void assert_text(struct slice text)
{
    struct buf out;
    struct json_writer writer = {.out = &out};
    json_t *array = json_array();
    buf_init(&out, 10000);
    json_write_texts(&writer, NULL, &text, 1);
    json_append(array, json_text(text));
    assert_written(&out, array);
}

static void test_every_byte(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        assert_text(slice_of(text, sizeof text));
    }
}

static void test_texts_of_other_scripts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xc3\xa9t\xc3\xa9 / \"fin\"", "\xf0\x9f\x8c\x80", "\xed\xa0\x80", "\xc0\xaf", "\xc3",
        "\xe2\x80\xa6\x7f\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_text(slice_from_cstr(texts[i]));
    assert_text(SLICE("a\0b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_texts_of_other_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
