#include "adapters/inject_http/row.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void row_fini(struct row *row)
{
    free(row->items);
    *row = (struct row){0};
}

void row_put(struct row *row, uint64_t id, struct slice whose)
{
    struct row_item item = {.id = id, .round = row->round, .whose = digest_of(whose)};
    size_t at = row->count;
    for (size_t i = 0; i < row->count; i++)
        if (digest_eq(&row->items[i].whose, &item.whose))
            item.round = row->items[i].round + 1;
    row->items = mem_grow(row->items, row->count, &row->capacity, sizeof *row->items);
    while (at > 0 && row->items[at - 1].round > item.round)
        at--;
    memmove(row->items + at + 1, row->items + at, (row->count - at) * sizeof item);
    row->items[at] = item;
    row->count++;
}

/* Who comes again at once comes behind those that had no turn yet. */
uint64_t row_take(struct row *row)
{
    struct row_item first = row->items[0];
    row->round = first.round + 1;
    row->count--;
    memmove(row->items, row->items + 1, row->count * sizeof first);
    return first.id;
}
