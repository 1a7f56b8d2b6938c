#include "cli/columns.h"

#include "base/mem.h"
#include "cli/common.h"

#include <stdlib.h>

enum { GAP = 2 };

struct columns {
    size_t width, count, room; /* width: cells in a row */
    char **cells;
};

struct columns *columns_create(const char *const *titles, size_t width)
{
    struct columns *columns = mem_alloc(sizeof *columns);

    columns->width = width;
    for (size_t i = 0; i < width; i++)
        columns_cell(columns, titles[i]);
    return columns;
}

void columns_cell(struct columns *columns, const char *text)
{
    if (columns->count == columns->room) {
        columns->room = columns->room ? 2 * columns->room : 64;
        columns->cells = mem_realloc(columns->cells, columns->room * sizeof *columns->cells);
    }
    columns->cells[columns->count++] = mem_strdup(text);
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static size_t column_width(const struct columns *columns, size_t column)
{
    size_t widest = 0;

    for (size_t i = column; i < columns->count; i += columns->width)
        if (width_of(columns->cells[i]) > widest)
            widest = width_of(columns->cells[i]);
    return widest;
}

void columns_finish(struct columns *columns, FILE *out)
{
    size_t *widths = mem_alloc_array(columns->width, sizeof *widths);

    for (size_t i = 0; i + 1 < columns->width; i++)
        widths[i] = column_width(columns, i) + GAP;
    for (size_t i = 0; i < columns->count; i++) {
        size_t column = i % columns->width, width = width_of(columns->cells[i]);
        common_print_cstr(out, columns->cells[i]);
        if (column + 1 == columns->width)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (int)(widths[column] - width), "");
        free(columns->cells[i]);
    }
    free(widths);
    free(columns->cells);
    free(columns);
}
