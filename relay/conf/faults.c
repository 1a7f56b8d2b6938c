/* What was refused of a document: all of it, for who wants to mend it in one go. */
#include "conf/internal.h"

/* The nodes that a reader makes up for an absent key are gone when it returns: the mapping that
 * lacks it stays. */
static const struct conf_node *lasting(const struct conf_node *node)
{
    for (; node && node->parent; node = node->parent)
        for (const struct conf_node *child = node->parent->first; child; child = child->next)
            if (child == node)
                return node;
    return node;
}

void conf_record(const struct conf_doc *doc, const struct conf_node *node, unsigned line,
                 struct slice text)
{
    struct conf_faults *faults = doc->faults;
    struct conf_fault **place = &faults->first;
    for (const struct conf_fault *fault = faults->first; fault; fault = fault->next)
        if (slice_eq(fault->text, text))
            return;
    if (faults->count++ >= CONF_FAULTS_MAX)
        return;
    while (*place && (*place)->line <= line)
        place = &(*place)->next;
    struct conf_fault *fault = arena_alloc(doc->arena, sizeof *fault);
    *fault = (struct conf_fault){
        .next = *place, .node = lasting(node), .line = line, .text = arena_copy(doc->arena, text)};
    *place = fault;
}

static bool is_within(const struct conf_node *node, const struct conf_node *outer)
{
    while (node && node != outer)
        node = node->parent;
    return node != NULL;
}

bool conf_is_sound(const struct conf_node *map, const char *key)
{
    const struct conf_faults *faults = map->doc->faults;
    const struct conf_node *found = conf_innermost(map, &key);
    for (const struct conf_fault *fault = faults->first; fault; fault = fault->next)
        if (key ? fault->node == found : is_within(fault->node, found))
            return false;
    return faults->count <= CONF_FAULTS_MAX;
}

size_t conf_fault_count(const struct conf_node *node)
{
    return node->doc->faults->count;
}

void conf_faults_tell(const struct conf_node *node, void (*tell)(void *context, const char *text),
                      void *context)
{
    for (const struct conf_fault *fault = node->doc->faults->first; fault; fault = fault->next)
        tell(context, fault->text.ptr);
}

/* "keys.actual" in rows that name a table `keys` with a row `actual`. */
static bool names_row(const struct conf_row *rows, struct slice key)
{
    struct slice name;
    const struct conf_row *row = NULL;
    while (slice_next_part(&key, '.', &name)) {
        for (row = rows; row && row->type != CONF_END; row++)
            if (row->name && slice_eq_cstr(name, row->name))
                break;
        if (!row || row->type == CONF_END)
            return false;
        rows = row->type == CONF_MAP ? row->rows : NULL;
    }
    return row != NULL;
}

/* What stands before ": ". */
static struct slice leading_key(const struct err *err)
{
    struct slice text = slice_from_cstr(err->text);
    ptrdiff_t colon = slice_find(text, ": ");
    return slice_sub(text, 0, colon > 0 ? (size_t)colon : 0);
}

bool conf_begins_with_key(const struct err *err, const struct conf_row *rows)
{
    struct slice name = leading_key(err);
    return name.len > 0 && names_row(rows, name);
}

enum err_code conf_place(const struct conf_node *node, const struct conf_row *known,
                         const struct conf_row *rows, const struct err *inner, struct err *err)
{
    char key[80];
    struct slice name = leading_key(inner);
    if (name.len == 0 || name.len >= sizeof key ||
        (!names_row(rows, name) && !names_row(known, name)))
        return conf_fail(node, NULL, err, "%s", inner->text);
    memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    return conf_fail(node, key, err, "%s", name.ptr + name.len + strlen(": "));
}
