/*
 * schemas: the texts and tables of cap-schemas/, built into the program.
 *
 * A table is a TSV file: comment lines with '#' say where it comes from, the first other line names
 * the columns. Everything here is constant and lives for ever; safe from any thread.
 */
#ifndef CAPRELAY_CAP_SCHEMAS_SCHEMAS_H
#define CAPRELAY_CAP_SCHEMAS_SCHEMAS_H

#include <stddef.h>

struct schema_text {
    const char *name; /* "cap-1.2.xsd" */
    const char *text;
    size_t len;
};

struct schema_table {
    const char *name;           /* "same_events": the file's name without .tsv */
    const char *const *columns; /* column names */
    size_t column_count;
    const char *const *cells; /* row after row; never NULL, "" where empty */
    size_t row_count;         /* sorted by the first column, byte order */
    const char *sha256;       /* of the file, hex */
};

/* NULL where there is none of that name. */
const struct schema_text *schema_text_find(const char *name);
const struct schema_table *schema_table_find(const char *name);
size_t schema_table_count(void);
const struct schema_table *schema_table_at(size_t index);

/* Index of a column; aborts on a name that the table does not have: a table and its reader are
 * built together. */
size_t schema_column(const struct schema_table *table, const char *column);
/* The cell of that row and column. */
const char *schema_cell(const struct schema_table *table, size_t row, size_t column);
/* First row whose first column is that key (binary search); row_count where there is none. */
size_t schema_row_find(const struct schema_table *table, const char *key, size_t key_len);

#endif
