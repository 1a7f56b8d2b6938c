#include "conf/internal.h"

#include <stdlib.h>

static const struct conf_row *find_row(const struct conf_row *rows, struct slice name)
{
    for (; rows && rows->type != CONF_END; rows++)
        if (rows->name && slice_eq_cstr(name, rows->name))
            return rows;
    return NULL;
}

static bool has_rest(const struct conf_row *rows)
{
    for (; rows->type != CONF_END; rows++)
        if (rows->type == CONF_REST)
            return true;
    return false;
}

/* --- the nearest known name --- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters must be changed, added or left out. Both names are short (keys have at most 64
 * bytes). */
static size_t name_distance(struct slice a, const char *b)
{
    enum { MAX = 65 };
    size_t b_len = strlen(b), row[MAX + 1];
    if (a.len > MAX || b_len > MAX)
        return MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a.ptr[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[b_len];
}

static const char *nearest_name(struct slice name, const struct conf_row *rows,
                                const struct conf_row *more)
{
    size_t best = 2 + name.len / 4; /* farther away it would be a guess */
    const char *found = NULL;
    for (int table = 0; table < 2; table++)
        for (const struct conf_row *row = table ? more : rows; row && row->type != CONF_END; row++)
            if (row->name && name_distance(name, row->name) < best) {
                best = name_distance(name, row->name);
                found = row->name;
            }
    return found;
}

static enum err_code check_names(const struct conf_node *map, const struct conf_row *rows,
                                 const struct conf_row *known, struct err *err)
{
    enum err_code code = OK;
    for (const struct conf_node *child = map->first; child; child = child->next) {
        if (find_row(rows, child->key) || find_row(known, child->key))
            continue;
        const char *near = nearest_name(child->key, rows, known);
        struct err *first = code ? NULL : err;
        code = near ? conf_refuse_key(child, first, "no such key; is `%s` meant?", near)
                    : conf_refuse_key(child, first, "no such key here");
    }
    return code;
}

/* --- values --- */

static enum err_code read_map(const struct conf_node *map, const struct conf_row *rows,
                              const struct conf_row *known, void *out, struct err *err);

static enum err_code read_texts(const struct conf_node *node, const struct conf_row *row,
                                struct conf_texts *out, struct err *err)
{
    if (node->kind == CONF_SCALAR) {
        out->items = arena_alloc(node->doc->arena, sizeof *out->items);
        out->count = 1;
        return conf_scalar(node, row, &out->items[0], err);
    }
    if (node->kind != CONF_SEQUENCE)
        return conf_refuse(node, err, "a list is wanted");
    /* Where a list narrows, none would not mean none but all. */
    if (node->count == 0 && !row->fallback)
        return conf_refuse(node, err, "is empty; name one at least, or leave the key out");
    out->items = arena_alloc_array(node->doc->arena, node->count, sizeof *out->items);
    enum err_code code = OK;
    for (const struct conf_node *child = node->first; child; child = child->next) {
        enum err_code one =
            child->unread ? ERR_INVALID
                          : conf_scalar(child, row, &out->items[out->count], code ? NULL : err);
        if (one == OK)
            out->count++;
        code = code ? code : one;
    }
    return code;
}

static enum err_code read_choices(const struct conf_node *node, const struct conf_row *row,
                                  unsigned *out, struct err *err)
{
    *out = 0;
    if (node->kind == CONF_SCALAR)
        return conf_scalar(node, row, out, err);
    if (node->kind != CONF_SEQUENCE)
        return conf_refuse(node, err, "a list is wanted");
    if (node->count == 0)
        return conf_refuse(node, err, "is empty; leave the key out");
    enum err_code code = OK;
    for (const struct conf_node *child = node->first; child; child = child->next) {
        enum err_code one =
            child->unread ? ERR_INVALID : conf_scalar(child, row, out, code ? NULL : err);
        code = code ? code : one;
    }
    return code;
}

static enum err_code read_list(const struct conf_node *node, const struct conf_row *row,
                               struct conf_list *out, struct err *err)
{
    if (node->kind != CONF_SEQUENCE)
        return conf_refuse(node, err, "a list is wanted: each item begins with `- `");
    char *items = arena_alloc_array(node->doc->arena, node->count, row->item_size);
    out->items = items;
    enum err_code code = OK;
    for (const struct conf_node *child = node->first; child; child = child->next) {
        enum err_code one = child->unread
                                ? ERR_INVALID
                                : read_map(child, row->rows, NULL,
                                           items + out->count * row->item_size, code ? NULL : err);
        out->count++;
        code = code ? code : one;
    }
    return code;
}

static enum err_code read_value(const struct conf_node *node, const struct conf_row *row, void *out,
                                struct err *err)
{
    switch (row->type) {
    case CONF_TEXTS:
        return read_texts(node, row, out, err);
    case CONF_CHOICES:
        return read_choices(node, row, out, err);
    case CONF_LIST:
        return read_list(node, row, out, err);
    case CONF_MAP:
        return read_map(node, row->rows, NULL, out, err);
    default:
        return conf_scalar(node, row, out, err);
    }
}

/* Where the key is absent its default is read as if it stood there; a nested table is read as an
 * empty one. */
static enum err_code read_absent(const struct conf_node *map, const struct conf_row *row, void *out,
                                 struct err *err)
{
    struct conf_node stand_in = {
        .doc = map->doc, .parent = map, .line = map->line, .key = slice_from_cstr(row->name)};
    if (row->required)
        return conf_refuse(&stand_in, err, "is missing: %s", row->help);
    if (row->type == CONF_MAP) {
        stand_in.kind = CONF_MAPPING;
        return read_map(&stand_in, row->rows, NULL, out, err);
    }
    if (!row->fallback)
        return OK;
    stand_in.text = arena_copy(map->doc->arena, slice_from_cstr(row->fallback));
    return read_value(&stand_in, row, out, err);
}

static enum err_code check_value(const struct conf_node *node, const struct conf_row *row,
                                 const void *value, struct err *err)
{
    if (!row->check)
        return OK;
    struct err inner = {0};
    enum err_code code = row->check(value, &inner);
    if (code == OK)
        return OK;
    /* A list begins on its first item's line, which need not be the one that is meant. */
    return node->kind == CONF_SCALAR ? conf_refuse(node, err, "%s", inner.text)
                                     : conf_refuse_key(node, err, "%s", inner.text);
}

static enum err_code read_row(const struct conf_node *map, const struct conf_row *row, void *out,
                              struct err *err)
{
    void *place = (char *)out + row->offset;
    if (row->type == CONF_REST || row->type == CONF_NODE) {
        *(const struct conf_node **)place = map;
        return OK;
    }
    const struct conf_node *child = conf_child(map, slice_from_cstr(row->name));
    if (!child)
        return read_absent(map, row, place, err);
    if (child->unread)
        return ERR_INVALID;
    enum err_code code = read_value(child, row, place, err);
    return code == OK ? check_value(child, row, place, err) : code;
}

static enum err_code read_map(const struct conf_node *map, const struct conf_row *rows,
                              const struct conf_row *known, void *out, struct err *err)
{
    if (map->kind != CONF_MAPPING)
        return conf_refuse(map, err, "keys with values are wanted here");
    enum err_code code = has_rest(rows) ? OK : check_names(map, rows, known, err);
    for (const struct conf_row *row = rows; row->type != CONF_END; row++) {
        enum err_code one = read_row(map, row, out, code ? NULL : err);
        code = code ? code : one;
    }
    return code;
}

enum err_code conf_read(const struct conf_node *map, const struct conf_row *rows, void *out,
                        struct err *err)
{
    return read_map(map, rows, NULL, out, err);
}

enum err_code conf_read_rest(const struct conf_node *map, const struct conf_row *known,
                             const struct conf_row *rows, void *out, struct err *err)
{
    return read_map(map, rows, known, out, err);
}
