#include "schemas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_every_table_is_sorted_and_found(void **state)
{
    (void)state;
    assert_true(schema_table_count() > 5);
    for (size_t i = 0; i < schema_table_count(); i++) {
        const struct schema_table *table = schema_table_at(i);
        assert_ptr_equal(schema_table_find(table->name), table);
        assert_int_equal(strlen(table->sha256), 64);
        assert_true(table->column_count > 1);
        for (size_t row = 1; row < table->row_count; row++)
            assert_true(strcmp(schema_cell(table, row - 1, 0), schema_cell(table, row, 0)) <= 0);
    }
    assert_null(schema_table_at(schema_table_count()));
    assert_null(schema_table_find("no_such_table"));
}

static void test_rows_are_found_by_their_first_cell(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_table_count(); i++) {
        const struct schema_table *table = schema_table_at(i);
        for (size_t row = 0; row < table->row_count; row++) {
            const char *key = schema_cell(table, row, 0);
            size_t found = schema_row_find(table, key, strlen(key));
            assert_true(found <= row);
            assert_string_equal(schema_cell(table, found, 0), key);
            assert_true(found == 0 || strcmp(schema_cell(table, found - 1, 0), key) != 0);
        }
        assert_int_equal(schema_row_find(table, "\xff\xff", 2), table->row_count);
    }
}

static void test_a_prefix_is_not_the_key(void **state)
{
    (void)state;
    const struct schema_table *table = schema_table_find("us_states");
    assert_non_null(table);
    size_t row = schema_row_find(table, "23", 2);
    assert_string_equal(schema_cell(table, row, schema_column(table, "postal")), "ME");
    assert_int_equal(schema_row_find(table, "2", 1), table->row_count);
    assert_int_equal(schema_row_find(table, "233", 3), table->row_count);
    assert_int_equal(schema_row_find(table, "", 0), table->row_count);
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const names[] = {"cap-1.0.xsd", "cap-1.1.xsd", "cap-1.2.xsd"};
    for (size_t i = 0; i < 3; i++) {
        const struct schema_text *text = schema_text_find(names[i]);
        assert_non_null(text);
        assert_int_equal(strlen(text->text), text->len);
        assert_non_null(strstr(text->text, "</schema>"));
    }
    assert_null(schema_text_find("cap-1.3.xsd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table_is_sorted_and_found),
        cmocka_unit_test(test_rows_are_found_by_their_first_cell),
        cmocka_unit_test(test_a_prefix_is_not_the_key),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
