#include "adapters/replay/timeline.h"

enum { TIMELINE_ROWS_MAX = 100000 };

static bool stays_below(struct slice file)
{
    struct slice part;
    if (file.len == 0 || file.ptr[0] == '/')
        return false;
    while (slice_next_part(&file, '/', &part))
        if (slice_eq_cstr(part, "..") || part.len == 0)
            return false;
    return true;
}

static enum err_code read_row(struct arena *arena, struct slice line, unsigned number,
                              struct timeline_row *out, struct err *err)
{
    struct slice offset = {0}, file = {0}, country = {0}, more;
    bool full = slice_next_part(&line, '\t', &offset) && slice_next_part(&line, '\t', &file) &&
                slice_next_part(&line, '\t', &country);
    if (!full || slice_next_part(&line, '\t', &more))
        return err_set(err, ERR_INVALID,
                       "timeline.tsv:%u: three columns with tabs between them are wanted", number);
    if (!slice_to_double(offset, &out->offset_s) || out->offset_s < 0 || out->offset_s > 1e9)
        return err_set(err, ERR_INVALID, "timeline.tsv:%u: `%.*s` is no number of seconds", number,
                       SLICE_ARG(offset));
    if (!stays_below(file))
        return err_set(err, ERR_INVALID, "timeline.tsv:%u: `%.*s` is no file below the folder",
                       number, SLICE_ARG(file));
    out->country = side_from_name(country);
    if (out->country == SIDE_NONE)
        return err_set(err, ERR_INVALID, "timeline.tsv:%u: country `%.*s` is neither ca nor us",
                       number, SLICE_ARG(country));
    out->file = arena_cstr(arena, file);
    return OK;
}

static struct slice without_cr(struct slice line)
{
    return slice_ends_with(line, "\r") ? slice_sub(line, 0, line.len - 1) : line;
}

enum err_code timeline_read(struct arena *arena, struct slice text, struct timeline *out,
                            struct err *err)
{
    struct slice line;
    size_t capacity = 0;
    bool named = false;
    *out = (struct timeline){0};
    for (unsigned number = 1; slice_next_part(&text, '\n', &line); number++) {
        line = without_cr(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (!named && !slice_eq_cstr(line, "offset_s\tfile\tcountry"))
            return err_set(err, ERR_INVALID,
                           "timeline.tsv:%u: the columns must be offset_s, file, country", number);
        if (!named) {
            named = true;
            continue;
        }
        if (out->count == TIMELINE_ROWS_MAX)
            return err_set(err, ERR_LIMIT, "timeline.tsv:%u: more than %d rows", number,
                           TIMELINE_ROWS_MAX);
        out->rows = arena_grow(arena, out->rows, out->count, &capacity, sizeof *out->rows);
        enum err_code code = read_row(arena, line, number, &out->rows[out->count], err);
        if (code != OK)
            return code;
        out->count++;
    }
    return out->count > 0 ? OK : err_set(err, ERR_INVALID, "timeline.tsv: no rows");
}
