/*
 * One scalar as its row wants it. YAML 1.1 and 1.2 read 050, 1_000, 0x1F, 12:30, yes and no
 * differently: whatever is not decimal and plain is refused with what would be right.
 */
#include "conf/internal.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = {
    {"ms", 1000},
    {"s", 1000000},
    {"m", 60000000},
    {"h", 3600 * 1000000LL},
    {"d", 86400 * 1000000LL},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024LL}, {NULL, 0},
};

/* Decimal digits without a leading zero; false where there is none, or more than int64_t holds. */
static bool take_digits(struct slice *rest, int64_t *out)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    unsigned long long value = 0;
    if (n == 0 || (n > 1 && rest->ptr[0] == '0') || !slice_to_u64(slice_sub(*rest, 0, n), &value) ||
        value > INT64_MAX)
        return false;
    *out = (int64_t)value;
    *rest = slice_sub(*rest, n, rest->len);
    return true;
}

static bool parse_int(struct slice text, int64_t *out)
{
    bool negative = slice_starts_with(text, "-");
    struct slice rest = slice_sub(text, negative ? 1 : 0, text.len);
    if (!take_digits(&rest, out) || rest.len > 0)
        return false;
    if (negative)
        *out = -*out;
    return true;
}

static bool parse_number(struct slice text, double *out)
{
    struct slice rest = slice_sub(text, slice_starts_with(text, "-") ? 1 : 0, text.len);
    int64_t whole = 0;
    if (!take_digits(&rest, &whole))
        return false;
    if (rest.len > 0) {
        if (rest.ptr[0] != '.' || rest.len < 2)
            return false;
        for (size_t i = 1; i < rest.len; i++)
            if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
                return false;
    }
    return slice_to_double(text, out);
}

static bool parse_with_unit(struct slice text, const struct unit *units, int64_t *out)
{
    struct slice rest = text;
    int64_t count = 0;
    if (!take_digits(&rest, &count))
        return false;
    for (; units->name; units++)
        if (slice_eq_cstr(rest, units->name))
            return !__builtin_mul_overflow(count, units->factor, out);
    return false;
}

static enum err_code check_range(const struct conf_node *node, const struct conf_row *row,
                                 double value, struct err *err)
{
    if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max))
        return OK;
    const char *unit = row->unit                    ? row->unit
                       : row->type == CONF_DURATION ? "s"
                       : row->type == CONF_SIZE     ? "bytes"
                                                    : "";
    return conf_refuse(node, err, "`%s` is out of range; from %.15g to %.15g%s%s is allowed",
                       node->text.ptr, row->min, row->max, *unit ? " " : "", unit);
}

/* What to say of a number in a form that readers disagree on. */
static const char *number_hint(struct slice text)
{
    if (slice_starts_with(text, "0x") || slice_starts_with(text, "0o") ||
        slice_starts_with(text, "0b"))
        return "only decimal numbers are read";
    if (text.len > 1 && text.ptr[0] == '0' && text.ptr[1] != '.')
        return "a leading zero can mean octal; leave it out";
    if (slice_find(text, "_") >= 0 || slice_find(text, ",") >= 0)
        return "write the digits without separators";
    if (slice_ifind(text, "e") >= 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9')
        return "write it without an exponent";
    return "write a decimal number";
}

static enum err_code read_int(const struct conf_node *node, const struct conf_row *row, void *out,
                              struct err *err)
{
    int64_t value = 0;
    if (node->quoted)
        return conf_refuse(node, err, "\"%s\" is a text; write the number without quotes",
                           node->text.ptr);
    if (!parse_int(node->text, &value))
        return conf_refuse(node, err, "`%s` is no whole number; %s", node->text.ptr,
                           number_hint(node->text));
    *(int64_t *)out = value;
    return check_range(node, row, (double)value, err);
}

static enum err_code read_number(const struct conf_node *node, const struct conf_row *row,
                                 void *out, struct err *err)
{
    double value = 0;
    if (node->quoted)
        return conf_refuse(node, err, "\"%s\" is a text; write the number without quotes",
                           node->text.ptr);
    if (!parse_number(node->text, &value))
        return conf_refuse(node, err, "`%s` is no number; %s", node->text.ptr,
                           number_hint(node->text));
    *(double *)out = value;
    return check_range(node, row, value, err);
}

static enum err_code read_duration(const struct conf_node *node, const struct conf_row *row,
                                   void *out, struct err *err)
{
    int64_t value = 0;
    if (!parse_with_unit(node->text, duration_units, &value))
        return conf_refuse(node, err,
                           "`%s` is no duration; write a whole number with ms, s, m, h or d, as 5s",
                           node->text.ptr);
    *(int64_t *)out = value;
    return check_range(node, row, (double)value / 1e6, err);
}

static enum err_code read_size(const struct conf_node *node, const struct conf_row *row, void *out,
                               struct err *err)
{
    int64_t value = 0;
    if (!parse_with_unit(node->text, size_units, &value))
        return conf_refuse(
            node, err, "`%s` is no size; write a whole number with B, KiB, MiB or GiB, as 512KiB",
            node->text.ptr);
    *(int64_t *)out = value;
    return check_range(node, row, (double)value, err);
}

/* The row says that a truth value is meant, so the words of YAML 1.1 can be read in one way only.
 */
static enum err_code read_bool(const struct conf_node *node, const struct conf_row *row, void *out,
                               struct err *err)
{
    static const char *const words[][2] = {{"false", "true"}, {"no", "yes"}, {"off", "on"}};
    (void)row;
    for (size_t i = 0; i < sizeof words / sizeof *words && !node->quoted; i++)
        for (int value = 0; value < 2; value++)
            if (slice_eq_cstr(node->text, words[i][value])) {
                *(bool *)out = value;
                return OK;
            }
    return conf_refuse(node, err, "`%s` is neither true nor false; write one of these two",
                       node->text.ptr);
}

static enum err_code find_choice(const struct conf_node *node, const struct conf_row *row, int *out,
                                 struct err *err)
{
    for (const struct conf_choice *choice = row->choices; choice->name; choice++)
        if (slice_eq_cstr(node->text, choice->name)) {
            *out = choice->value;
            return OK;
        }
    char names[200] = "";
    size_t len = 0;
    for (const struct conf_choice *choice = row->choices; choice->name; choice++) {
        int n = snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", choice->name);
        len += n > 0 && (size_t)n < sizeof names - len ? (size_t)n : 0;
    }
    return conf_refuse(node, err, "`%s` is not known; one of %s", node->text.ptr, names);
}

static enum err_code read_choice(const struct conf_node *node, const struct conf_row *row,
                                 void *out, struct err *err)
{
    return find_choice(node, row, out, err);
}

static enum err_code read_choice_bit(const struct conf_node *node, const struct conf_row *row,
                                     void *out, struct err *err)
{
    int value = 0;
    enum err_code code = find_choice(node, row, &value, err);
    if (code == OK)
        *(unsigned *)out |= 1u << value;
    return code;
}

static enum err_code read_text(const struct conf_node *node, const struct conf_row *row, void *out,
                               struct err *err)
{
    (void)row;
    (void)err;
    *(struct slice *)out = node->text;
    return OK;
}

static enum err_code read_path(const struct conf_node *node, const struct conf_row *row, void *out,
                               struct err *err)
{
    (void)row;
    if (node->text.len == 0 || memchr(node->text.ptr, '\n', node->text.len))
        return conf_refuse(node, err, "is no path");
    *(struct slice *)out =
        node->text.ptr[0] == '/'
            ? node->text
            : arena_printf(node->doc->arena, "%s/%s", node->doc->folder.ptr, node->text.ptr);
    return OK;
}

typedef enum err_code (*scalar_fn)(const struct conf_node *node, const struct conf_row *row,
                                   void *out, struct err *err);
/* CONF_TEXTS and CONF_CHOICES: one item of the list. */
static const scalar_fn scalar_readers[] = {
    [CONF_TEXT] = read_text,     [CONF_PATH] = read_path,
    [CONF_BOOL] = read_bool,     [CONF_INT] = read_int,
    [CONF_NUMBER] = read_number, [CONF_DURATION] = read_duration,
    [CONF_SIZE] = read_size,     [CONF_CHOICE] = read_choice,
    [CONF_TEXTS] = read_text,    [CONF_CHOICES] = read_choice_bit,
};

enum err_code conf_scalar(const struct conf_node *node, const struct conf_row *row, void *out,
                          struct err *err)
{
    if (node->kind != CONF_SCALAR)
        return conf_refuse(node, err, "a single value is wanted, not a %s",
                           node->kind == CONF_MAPPING ? "mapping" : "list");
    bool nothing = !node->quoted && (node->text.len == 0 || slice_eq_cstr(node->text, "~") ||
                                     slice_ieq_cstr(node->text, "null"));
    if (nothing)
        return conf_refuse(node, err, "has no value; write one or leave the key out");
    return scalar_readers[row->type](node, row, out, err);
}
