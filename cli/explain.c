/* The table that `caprelay translate --explain` prints: 100 columns, whatever the alert holds. */
#include "cli/explain.h"

#include "cli/common.h"

enum { SIDE_COLUMNS = 34, HOW_COLUMNS = 30 };

/* --- cells --- */

/* How many bytes of the text fill at most so many columns; one column for each character. */
static size_t fitting(struct slice text, size_t columns)
{
    size_t at = 0, used = 0;
    while (at < text.len && used < columns) {
        at++;
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
            at++;
        used++;
    }
    return at;
}

static size_t columns_of(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

static void print_cell(FILE *out, struct slice text, size_t columns)
{
    bool cut = fitting(text, columns) < text.len;
    struct slice part = slice_sub(text, 0, fitting(text, cut ? columns - 3 : columns));
    common_print(out, part);
    if (cut)
        fputs("...", out);
    for (size_t used = columns_of(part) + (cut ? 3 : 0); used < columns; used++)
        fputc(' ', out);
}

/* What of a long text still fits the line, up to a blank where there is one. */
static struct slice next_line(struct slice *rest, size_t columns)
{
    size_t end = fitting(*rest, columns);
    size_t blank = end;
    while (end < rest->len && blank > columns / 2 && rest->ptr[blank] != ' ')
        blank--;
    if (end < rest->len && blank > columns / 2)
        end = blank;
    struct slice line = slice_sub(*rest, 0, end);
    *rest = slice_trim(slice_sub(*rest, end, rest->len));
    return line;
}

static struct slice element_of(struct slice path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return slice_sub(path, at, path.len);
}

/* Long texts go on for lines; what a table needs of them is what they begin with. */
enum { VALUE_LINES_MAX = 2 };

struct cell {
    struct slice rest;
    size_t columns, lines_left;
};

static void print_cell_line(FILE *out, struct cell *cell)
{
    struct slice line = {0};
    if (cell->lines_left == 1)
        line = cell->rest;
    else if (cell->lines_left > 1)
        line = next_line(&cell->rest, cell->columns);
    print_cell(out, line, cell->columns);
    if (cell->lines_left > 0)
        cell->lines_left--;
    if (slice_is_empty(cell->rest))
        cell->lines_left = 0;
}

static struct cell side_cell(char *text, size_t size, struct slice path, struct slice value)
{
    struct slice shown = slice_sub(value, 0, fitting(value, 4 * SIDE_COLUMNS));
    struct slice element = element_of(path);
    int len = slice_is_empty(path)
                  ? snprintf(text, size, "-")
                  : snprintf(text, size, "%.*s%s%.*s", SLICE_ARG(element),
                             slice_is_empty(shown) ? "" : ": ", SLICE_ARG(slice_trim(shown)));
    struct slice whole = slice_of(text, (size_t)len < size ? (size_t)len : size - 1);
    return (struct cell){whole, SIDE_COLUMNS, VALUE_LINES_MAX};
}

static void print_row(FILE *out, const struct explain_row *row)
{
    char from[1024], to[1024], how[512];
    int len = snprintf(how, sizeof(how), "%s%s%.*s",
                       row->how == EXPLAIN_UNACCOUNTED ? "UNACCOUNTED" : explain_how_name(row->how),
                       slice_is_empty(row->by) ? "" : ", ", SLICE_ARG(row->by));
    struct cell cells[] = {
        side_cell(from, sizeof(from), row->from, row->from_value),
        side_cell(to, sizeof(to), row->to, row->to_value),
        {slice_of(how, (size_t)len < sizeof(how) ? (size_t)len : sizeof(how) - 1), HOW_COLUMNS, 1}};
    while (cells[0].lines_left + cells[1].lines_left + cells[2].lines_left > 0) {
        for (size_t i = 0; i < 2; i++) {
            print_cell_line(out, &cells[i]);
            fputc(' ', out);
        }
        common_print(out, next_line(&cells[2].rest, HOW_COLUMNS));
        fputc('\n', out);
        cells[2].lines_left = slice_is_empty(cells[2].rest) ? 0 : 1;
    }
}

/* --- the whole --- */

static void print_rule(FILE *out)
{
    for (size_t i = 0; i < 2 * SIDE_COLUMNS + HOW_COLUMNS + 2; i++)
        fputc('-', out);
    fputc('\n', out);
}

static void print_group(FILE *out, struct slice group)
{
    fputc('\n', out);
    common_print(out, group);
    fputc('\n', out);
    print_rule(out);
}

static void print_rows(FILE *out, const struct explanation *explanation)
{
    struct slice group = {0};
    print_cell(out, SLICE("SOURCE"), SIDE_COLUMNS + 1);
    print_cell(out, SLICE("DERIVED"), SIDE_COLUMNS + 1);
    fputs("HOW\n", out);
    for (size_t i = 0; i < explanation->count; i++) {
        const struct explain_row *row = &explanation->rows[i];
        if (!slice_eq(row->group, group))
            print_group(out, row->group);
        group = row->group;
        print_row(out, row);
    }
}

static void print_long(FILE *out, const char *lead, struct slice text)
{
    enum { TEXT_COLUMNS = 94 };
    fputs(lead, out);
    fputc('\n', out);
    while (!slice_is_empty(text)) {
        fputs("      ", out);
        common_print(out, next_line(&text, TEXT_COLUMNS));
        fputc('\n', out);
    }
}

static void print_notes(FILE *out, const struct notes *notes)
{
    print_group(out, SLICE("Notes: what the derived message says otherwise, or not at all"));
    for (size_t i = 0; i < notes->count; i++) {
        char lead[256];
        snprintf(lead, sizeof(lead), "%s at %.*s", notes->items[i].code,
                 SLICE_ARG(notes->items[i].where));
        print_long(out, lead, notes->items[i].text);
    }
    if (notes->count == 0)
        fputs("none\n", out);
}

static void print_checks(FILE *out, const struct explained *explained)
{
    const struct findings *findings = &explained->checked->findings;
    print_group(out, SLICE("Checks of the derived message"));
    fprintf(out, "%s by the schema of CAP 1.2; held against the rules of %s\n",
            explained->checked->schema_valid ? "valid" : "NOT VALID",
            target_name(explained->target));
    for (size_t i = 0; i < findings->count; i++) {
        char lead[256];
        snprintf(lead, sizeof(lead), "%s: %s at %.*s",
                 finding_severity_name(findings->items[i].severity), findings->items[i].rule,
                 SLICE_ARG(findings->items[i].where));
        print_long(out, lead, findings->items[i].text);
    }
    if (findings->count == 0)
        fputs("no finding\n", out);
}

void explain_print(FILE *out, const struct explained *explained)
{
    fputs("Translation for ", out);
    fprintf(out, "%s of ", target_name(explained->target));
    common_print(out, explained->source->identifier);
    fputs("\n", out);
    if (explained->infos_of_other)
        fputs("It has no info of its own; those below are of what it cancels.\n", out);
    fputs("\n", out);
    print_rows(out, explained->explanation);
    print_notes(out, &explained->translation->notes);
    print_checks(out, explained);
    fprintf(out, "\nTables: version %s\n", translate_tables_version());
    if (explained->explanation->unaccounted > 0)
        fprintf(out, "%zu elements are UNACCOUNTED: a defect of this program, please report it\n",
                explained->explanation->unaccounted);
}

static json_t *text_json(struct slice text)
{
    return json_stringn_nocheck(text.ptr ? text.ptr : "", text.len);
}

static json_t *rows_json(const struct explanation *explanation)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < explanation->count; i++) {
        const struct explain_row *row = &explanation->rows[i];
        json_array_append_new(
            rows, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "how", explain_how_name(row->how),
                            "from", text_json(row->from), "from_value", text_json(row->from_value),
                            "to", text_json(row->to), "to_value", text_json(row->to_value), "by",
                            text_json(row->by)));
    }
    return rows;
}

json_t *explain_json(const struct explained *explained)
{
    json_t *checks = json_array();
    const struct findings *findings = &explained->checked->findings;
    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(checks, json_pack("{s:s, s:s, s:o, s:o}", "rule",
                                                findings->items[i].rule, "severity",
                                                finding_severity_name(findings->items[i].severity),
                                                "where", text_json(findings->items[i].where),
                                                "text", text_json(findings->items[i].text)));
    return json_pack("{s:s, s:s, s:b, s:I, s:o, s:o}", "target", target_name(explained->target),
                     "tables", translate_tables_version(), "schema_valid",
                     explained->checked->schema_valid, "unaccounted",
                     (json_int_t)explained->explanation->unaccounted, "rows",
                     rows_json(explained->explanation), "checks", checks);
}
