#include "embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct schema_text *schema_text_find(const char *name)
{
    for (size_t i = 0; i < embedded_text_count; i++) {
        if (strcmp(embedded_texts[i].name, name) == 0)
            return &embedded_texts[i];
    }
    return NULL;
}

const struct schema_table *schema_table_find(const char *name)
{
    size_t low = 0, high = embedded_table_count; /* sorted by name (embed.py) */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(embedded_tables[middle].name, name);
        if (order == 0)
            return &embedded_tables[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

size_t schema_table_count(void)
{
    return embedded_table_count;
}

const struct schema_table *schema_table_at(size_t index)
{
    return index < embedded_table_count ? &embedded_tables[index] : NULL;
}

size_t schema_column(const struct schema_table *table, const char *column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i], column) == 0)
            return i;
    }
    fprintf(stderr, "table %s has no column %s\n", table->name, column);
    abort();
}

const char *schema_cell(const struct schema_table *table, size_t row, size_t column)
{
    return table->cells[row * table->column_count + column];
}

static int compare_key(const char *cell, const char *key, size_t key_len)
{
    size_t len = strlen(cell);
    size_t shared = len < key_len ? len : key_len;
    int order = shared ? memcmp(cell, key, shared) : 0;
    return order != 0 ? order : (len > key_len) - (len < key_len);
}

size_t schema_row_find(const struct schema_table *table, const char *key, size_t key_len)
{
    size_t low = 0, high = table->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(schema_cell(table, middle, 0), key, key_len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < table->row_count && compare_key(schema_cell(table, low, 0), key, key_len) != 0)
        return table->row_count;
    return low;
}
