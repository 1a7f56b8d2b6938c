#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/passage.h"

#include <jansson.h>

static int set_up(void **state)
{
    struct passage *passage = test_calloc(1, sizeof(*passage));
    passage->arena = arena_create();
    passage->alert = arena_alloc(passage->arena, sizeof(*passage->alert));
    *state = passage;
    return 0;
}

static int tear_down(void **state)
{
    struct passage *passage = *state;
    arena_destroy(passage->arena);
    test_free(passage);
    return 0;
}

static json_t *read(const struct passage *passage)
{
    json_error_t error;
    struct slice text = notes_json(passage);
    json_t *json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s: %.*s", error.text, SLICE_ARG(text));
    return json;
}

static const char *text_at(const json_t *json, const char *list, size_t index, const char *name)
{
    const json_t *item = json_array_get(json_object_get(json, list), index);
    const char *text = json_string_value(json_object_get(item, name));
    return text ? text : "(none)";
}

static void test_empty(void **state)
{
    json_t *json = read(*state);
    assert_int_equal(json_array_size(json_object_get(json, "findings")), 0);
    assert_int_equal(json_array_size(json_object_get(json, "remarks")), 0);
    assert_int_equal(json_array_size(json_object_get(json, "notes")), 0);
    json_decref(json);
}

static void test_all_three(void **state)
{
    struct passage *passage = *state;
    findings_add(&passage->alert->findings, passage->arena, "cap.sent.form", FINDING_WARNING,
                 "alert/sent", 7, "odd \"%s\"\n\x01", "\xc3\xa9t\xc3\xa9\\");
    passage_remark(passage, "late", "by %d s", 5);
    passage->leg_count = 2;
    passage->legs[0] = (struct leg){.side = SIDE_CA};
    passage->legs[1] = (struct leg){.side = SIDE_US, .crosses = true};
    notes_add(&passage->legs[0].translation.notes, passage->arena, "not-sent", "alert", "x");
    notes_add(&passage->legs[1].translation.notes, passage->arena, "event-none", "alert/info[1]",
              "no row");
    json_t *json = read(passage);
    assert_string_equal(text_at(json, "findings", 0, "rule"), "cap.sent.form");
    assert_string_equal(text_at(json, "findings", 0, "severity"), "warning");
    assert_string_equal(text_at(json, "findings", 0, "text"), "odd \"\xc3\xa9t\xc3\xa9\\\"\n\x01");
    assert_string_equal(text_at(json, "remarks", 0, "text"), "by 5 s");
    assert_string_equal(text_at(json, "remarks", 0, "where"), "(none)");
    assert_int_equal(json_array_size(json_object_get(json, "notes")), 1);
    assert_string_equal(text_at(json, "notes", 0, "code"), "event-none");
    assert_string_equal(text_at(json, "notes", 0, "side"), "us");
    json_decref(json);
}

/* Hostile bytes must not make the row unreadable. */
static void test_what_is_not_utf8(void **state)
{
    static const char *const bad[] = {
        "\x80",      "a\xff",    "\xc0\xaf",    "\xe2\x82", "\xf5\x80\x80\x80",
        "\xe2(\xa1", "\xed\xa0", "\xf0\x9f\x98"};
    struct passage *passage = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        passage_remark(passage, "code", "%s", bad[i]);
    json_t *json = read(passage);
    assert_int_equal(json_array_size(json_object_get(json, "remarks")), 8);
    assert_string_equal(text_at(json, "remarks", 1, "text"), "a?");
    json_decref(json);
}

static void test_surrogates_and_overlong_forms(void **state)
{
    static const char *const bad[] = {"\xed\xa0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80"};
    struct passage *passage = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        passage_remark(passage, "code", "%s", bad[i]);
    json_decref(read(passage));
}

static void test_it_is_bounded(void **state)
{
    struct passage *passage = *state;
    char text[4000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    passage->leg_count = 1;
    passage->legs[0] = (struct leg){.side = SIDE_US, .crosses = true};
    for (int i = 0; i < 1000; i++) {
        notes_add(&passage->legs[0].translation.notes, passage->arena, "code", "", "%s", text);
        passage_remark(passage, "code", "%s", text);
    }
    struct slice json = notes_json(passage);
    assert_true(json.len > 200 * 1024 && json.len < 300 * 1024);
    json_decref(read(passage));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_all_three),
        TEST(test_what_is_not_utf8),
        TEST(test_surrogates_and_overlong_forms),
        TEST(test_it_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
