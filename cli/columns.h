/*
 * columns: a table whose columns are as wide as what is in them, for people.
 */
#ifndef CAPRELAY_CLI_COLUMNS_H
#define CAPRELAY_CLI_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

struct columns;

/* `titles` is the first row. */
struct columns *columns_create(const char *const *titles, size_t width);
/* The next cell, row by row; copied. Control characters become spaces. */
void columns_cell(struct columns *columns, const char *text);
/* Prints what is there, and frees it. */
void columns_finish(struct columns *columns, FILE *out);

#endif
