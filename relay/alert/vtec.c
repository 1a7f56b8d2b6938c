#include "alert/vtec.h"

#include "base/clock.h"
#include "schemas.h"

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* yymmddThhnnZ; all zeros is no time. */
static bool parse_time(struct slice text, bool *given, int64_t *utc_s)
{
    static const char form[] = "000000T0000Z";
    if (text.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (form[i] == '0' ? !digit : text.ptr[i] != form[i])
            return false;
    }
    *given = !slice_eq_cstr(text, form);
    if (!*given)
        return true;
    int month = two_digits(text.ptr + 2), day = two_digits(text.ptr + 4);
    int hour = two_digits(text.ptr + 7), minute = two_digits(text.ptr + 9);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59)
        return false;
    int64_t days = clock_days_from_civil(2000 + two_digits(text.ptr), month, day);
    *utc_s = days * 86400 + hour * 3600 + minute * 60;
    return true;
}

bool vtec_parse(struct slice text, struct vtec *out)
{
    struct slice rest = slice_trim(text), class, times, begin;
    *out = (struct vtec){0};
    if (rest.len < 2 || rest.ptr[0] != '/' || rest.ptr[rest.len - 1] != '/')
        return false;
    rest = slice_sub(rest, 1, rest.len - 1);
    bool complete = slice_next_part(&rest, '.', &class) &&
                    slice_next_part(&rest, '.', &out->action) &&
                    slice_next_part(&rest, '.', &out->office) &&
                    slice_next_part(&rest, '.', &out->phenomenon) &&
                    slice_next_part(&rest, '.', &out->significance) &&
                    slice_next_part(&rest, '.', &out->event_number) &&
                    slice_next_part(&rest, '.', &times) && !rest.ptr;
    unsigned long long number;
    if (!complete || class.len != 1 || out->action.len != 3 || out->office.len != 4 ||
        out->phenomenon.len != 2 || out->significance.len != 1 || out->event_number.len != 4 ||
        !slice_to_u64(out->event_number, &number))
        return false;
    out->product_class = class.ptr[0];
    return slice_next_part(&times, '-', &begin) && times.ptr &&
           parse_time(begin, &out->has_begin, &out->begin_s) &&
           parse_time(times, &out->has_end, &out->end_s);
}

bool vtec_is_name(struct slice name)
{
    return slice_ieq_cstr(name, "VTEC") || slice_ieq_cstr(name, "NWSVTEC");
}

/* /nwsli.s.ic.begin.crest.end.fr/: what a river does, in the line below the event. */
static bool is_hydrologic(struct slice text)
{
    static const size_t lengths[] = {5, 1, 2, 12, 12, 12, 2};
    enum { PARTS = sizeof(lengths) / sizeof(lengths[0]), FIRST_TIME = 3, LAST_TIME = 5 };
    if (text.len < 2 || text.ptr[0] != '/' || text.ptr[text.len - 1] != '/')
        return false;
    struct slice rest = slice_sub(text, 1, text.len - 1), part;
    size_t count = 0;
    for (; slice_next_part(&rest, '.', &part); count++) {
        bool given, time = count >= FIRST_TIME && count <= LAST_TIME;
        int64_t utc_s;
        if (count >= PARTS || part.len != lengths[count] ||
            (time && !parse_time(part, &given, &utc_s)))
            return false;
    }
    return count == PARTS;
}

bool vtec_is_readable(struct slice value)
{
    struct vtec vtec;
    struct slice text;
    size_t count = 0;
    for (; slice_next_token(&value, &text); count++) {
        if (!vtec_parse(text, &vtec) && !is_hydrologic(text))
            return false;
    }
    return count > 0;
}

bool vtec_next(const struct cap_info *info, struct vtec_walk *walk, struct vtec *out)
{
    struct slice text;
    for (;;) {
        while (slice_next_token(&walk->rest, &text)) {
            if (vtec_parse(text, out))
                return true;
        }
        if (walk->parameter == info->parameters.count)
            return false;
        const struct cap_pair *pair = &info->parameters.items[walk->parameter++];
        walk->rest = vtec_is_name(pair->name) ? pair->value : (struct slice){0};
    }
}

enum vtec_effect vtec_effect(const struct vtec *vtec)
{
    const struct schema_table *table = schema_table_find("vtec_actions");
    size_t row = table ? schema_row_find(table, vtec->action.ptr, vtec->action.len) : 0;
    if (!table || row == table->row_count)
        return VTEC_GOES_ON;
    struct slice effect = slice_from_cstr(schema_cell(table, row, schema_column(table, "effect")));
    if (slice_eq_cstr(effect, "replaced"))
        return VTEC_REPLACED;
    return slice_eq_cstr(effect, "ends") ? VTEC_ENDS : VTEC_GOES_ON;
}
