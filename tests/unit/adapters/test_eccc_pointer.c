/* What the Datamart announces, in both forms, and what must not be fetched. */
#include "adapters/eccc/pointer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static enum err_code read_one(const char *body, struct pointer *pointer, struct err *err)
{
    return pointer_read(arena, slice_from_cstr(body), pointer, err);
}

#define FILE_PATH "20260415/WXO-DD/alerts/cap/20260415/CWUL/20/"
#define FILE_NAME "T_WWCN16_C_CWUL_202604152051_2486553930.cap"

static void test_both_forms(void **state)
{
    static const char *const bodies[] = {
        "20260415205147.123 https://dd.example /" FILE_PATH FILE_NAME "\n",
        "20260415205147.123 https://dd.example/ " FILE_PATH FILE_NAME,
        "{\"pubTime\":\"20260415T205147\",\"baseUrl\":\"https://dd.example/\","
        "\"relPath\":\"" FILE_PATH FILE_NAME "\"}",
        "{\"baseUrl\":\"https://dd.example\",\"relPath\":\"other\","
        "\"retPath\":\"/" FILE_PATH FILE_NAME "\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct pointer pointer;
        struct err err = {0};
        assert_int_equal(read_one(bodies[i], &pointer, &err), OK);
        assert_true(slice_eq_cstr(pointer.url, "https://dd.example/" FILE_PATH FILE_NAME));
        assert_true(slice_eq_cstr(pointer.name, FILE_NAME));
        assert_true(slice_eq_cstr(pointer.identifier, "urn:oid:2.49.0.1.124.2486553930.2026"));
    }
}

static void test_names_that_do_not_tell_the_identifier(void **state)
{
    static const char *const names[] = {"T_WWCN16_C_CWUL_202604152051_248655393.cap",
                                        "T_WWCN16_C_CWUL_2026041520_2486553930.cap",
                                        "T_WWCN16_C_CWUL_202604152051_2486553930.xml",
                                        "T_C_CWUL_202604152051_2486553930.cap",
                                        "T_WWCN16_C_CWUL_202604152051_24865x3930.cap",
                                        "T_A_B_C_D_E_F_G_H_I.cap",
                                        ".cap"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pointer pointer;
        struct err err = {0};
        struct slice body = arena_printf(arena, "1 https://dd.example/ a/%s", names[i]);
        assert_int_equal(pointer_read(arena, body, &pointer, &err), OK);
        assert_true(slice_is_empty(pointer.identifier));
    }
}

static void test_what_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "one two",
        "1 https://dd.example ../secret",
        "1 https://dd.example a?b",
        "1 ftp://dd.example a",
        "1 dd.example a",
        "{}",
        "{\"baseUrl\":1,\"relPath\":\"a\"}",
        "{\"baseUrl\":\"https://a/\",\"relPath\":\"a\",\"relPath\":\"b\"}",
        "{\"baseUrl\":",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct pointer pointer;
        struct err err = {0};
        assert_int_equal(read_one(bodies[i], &pointer, &err), ERR_INVALID);
        assert_true(strlen(err.text) > 0);
    }
}

static int begin(void **state)
{
    (void)state;
    arena = arena_create();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms),
        cmocka_unit_test(test_names_that_do_not_tell_the_identifier),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
