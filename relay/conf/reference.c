#include "conf/internal.h"

#include <stdio.h>

static const char *const type_names[] = {
    [CONF_TEXT] = "text",        [CONF_PATH] = "path",     [CONF_BOOL] = "true or false",
    [CONF_INT] = "whole number", [CONF_NUMBER] = "number", [CONF_DURATION] = "duration",
    [CONF_SIZE] = "size",        [CONF_CHOICE] = "one of", [CONF_TEXTS] = "list of texts",
    [CONF_CHOICES] = "list of",
};

/* Breaks at blanks so that a line keeps within 100 columns. */
static void put_wrapped(struct buf *out, const char *indent, const char *text)
{
    struct slice rest = slice_from_cstr(text), word;
    size_t column = 0;
    while (slice_next_token(&rest, &word)) {
        if (column > 0 && column + 1 + word.len > 100) {
            buf_put_char(out, '\n');
            column = 0;
        }
        buf_put_cstr(out, column == 0 ? indent : " ");
        column += (column == 0 ? strlen(indent) : 1) + word.len;
        buf_put(out, word);
    }
    buf_put_char(out, '\n');
}

static void put_type(struct buf *out, const struct conf_row *row)
{
    buf_printf(out, "%s", type_names[row->type]);
    if (row->choices)
        for (const struct conf_choice *choice = row->choices; choice->name; choice++)
            buf_printf(out, "%s%s", choice == row->choices ? " " : ", ", choice->name);
    if (row->unit)
        buf_printf(out, " (%s)", row->unit);
    if (row->min != 0 || row->max != 0)
        buf_printf(out, ", %.15g to %.15g%s", row->min, row->max,
                   row->type == CONF_DURATION ? " s"
                   : row->type == CONF_SIZE   ? " bytes"
                                              : "");
    if (row->required)
        buf_put_cstr(out, ", required");
    else if (row->fallback)
        buf_printf(out, ", default %s", row->fallback);
}

static void put_rows(struct buf *out, const char *prefix, const struct conf_row *rows)
{
    for (const struct conf_row *row = rows; row->type != CONF_END; row++) {
        if (!row->name)
            continue;
        char path[256];
        snprintf(path, sizeof path, "%s%s%s", prefix, row->name,
                 row->type == CONF_LIST ? "[]" : "");
        buf_put_cstr(out, path);
        if (row->rows) {
            buf_put_char(out, '\n');
            put_wrapped(out, "    ", row->help);
            strncat(path, ".", sizeof path - strlen(path) - 1);
            put_rows(out, path, row->rows);
            continue;
        }
        buf_put_cstr(out, "  ");
        put_type(out, row);
        buf_put_char(out, '\n');
        put_wrapped(out, "    ", row->help);
    }
}

void conf_reference_rows(struct buf *out, const char *title, const struct conf_row *rows)
{
    buf_printf(out, "%s\n\n", title);
    put_rows(out, "", rows);
    buf_put_char(out, '\n');
}
