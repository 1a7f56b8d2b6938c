#include "adapters/atom/items.h"

#include "base/mem.h"

#include <stdlib.h>

static char *keep(struct slice text)
{
    char *copy = mem_alloc(text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

void atom_items_init(struct atom_items *items)
{
    *items = (struct atom_items){.by_key = map_create(), .look = 1};
    items->end = &items->first;
}

static void free_item(void *value)
{
    struct atom_item *item = value;
    free((char *)item->bytes.ptr);
    free(item->url);
    free(item->key);
    free(item);
}

void atom_items_fini(struct atom_items *items)
{
    map_destroy(items->by_key, free_item);
    free(items->fresh);
    *items = (struct atom_items){0};
}

struct atom_item *atom_items_see(struct atom_items *items, struct slice key)
{
    struct atom_item *item = map_get(items->by_key, key);
    if (item)
        item->listed = items->look;
    return item;
}

static struct atom_item *add(struct atom_items *items, struct slice key)
{
    struct atom_item *item = mem_alloc(sizeof *item);
    item->key = keep(key);
    item->listed = items->look;
    map_put(items->by_key, key, item);
    return item;
}

void atom_items_add_settled(struct atom_items *items, struct slice key)
{
    add(items, key)->stage = ATOM_SETTLED;
}

struct atom_item *atom_items_add(struct atom_items *items, struct slice key, struct slice url,
                                 struct slice bytes, int64_t updated_s)
{
    struct atom_item *item = add(items, key);
    item->stage = ATOM_FRESH;
    item->updated_s = updated_s;
    item->url = url.ptr ? keep(url) : NULL;
    if (bytes.ptr)
        atom_items_hold(items, item, keep(bytes), bytes.len);
    items->fresh =
        mem_grow(items->fresh, items->fresh_count, &items->fresh_capacity, sizeof *items->fresh);
    item->place = items->fresh_count;
    items->fresh[items->fresh_count++] = item;
    return item;
}

void atom_items_hold(struct atom_items *items, struct atom_item *item, char *bytes, size_t len)
{
    item->bytes = slice_of(bytes, len);
    items->bytes += len;
}

struct slice atom_items_release(struct atom_items *items, struct atom_item *item)
{
    struct slice bytes = item->bytes;
    item->bytes = (struct slice){0};
    items->bytes -= bytes.len;
    return bytes;
}

/* Of two with the same time the one further down is the older. */
static int by_age(const void *a, const void *b)
{
    const struct atom_item *one = *(struct atom_item *const *)a;
    const struct atom_item *other = *(struct atom_item *const *)b;
    if (one->updated_s != other->updated_s)
        return one->updated_s < other->updated_s ? -1 : 1;
    return one->place > other->place ? -1 : one->place < other->place;
}

void atom_items_queue_fresh(struct atom_items *items)
{
    if (items->fresh_count)
        qsort(items->fresh, items->fresh_count, sizeof *items->fresh, by_age);
    for (size_t i = 0; i < items->fresh_count; i++)
        atom_items_queue(items, items->fresh[i]);
    items->fresh_count = 0;
}

void atom_items_queue(struct atom_items *items, struct atom_item *item)
{
    item->stage = item->bytes.ptr ? ATOM_HELD : ATOM_WANTED;
    item->request = NULL;
    item->next = NULL;
    *items->end = item;
    items->end = &item->next;
    items->queued++;
}

static struct atom_item *unlink_at(struct atom_items *items, struct atom_item **place)
{
    struct atom_item *item = *place;
    *place = item->next;
    if (!*place)
        items->end = place;
    item->next = NULL;
    items->queued--;
    return item;
}

struct atom_item *atom_items_take(struct atom_items *items, bool asking, int64_t now_us,
                                  int64_t *wait_until_us)
{
    *wait_until_us = INT64_MAX;
    for (struct atom_item **place = &items->first; *place; place = &(*place)->next) {
        const struct atom_item *item = *place;
        if (item->stage == ATOM_HELD || (asking && item->not_before_us <= now_us))
            return unlink_at(items, place);
        if (item->not_before_us < *wait_until_us)
            *wait_until_us = item->not_before_us;
    }
    return NULL;
}

void atom_items_give_up(struct atom_items *items, struct atom_item *item)
{
    item->stage = ATOM_GIVEN_UP;
    item->request = NULL;
    items->given_up++;
}

void atom_items_look(struct atom_items *items)
{
    items->look++;
}

/* The map must not change while it is walked: one at a time. */
static struct atom_item *find_forgettable(const struct atom_items *items, size_t *position)
{
    struct slice key;
    void *value;
    while (map_next(items->by_key, position, &key, &value)) {
        struct atom_item *item = value;
        if (item->listed != items->look &&
            (item->stage == ATOM_SETTLED || item->stage == ATOM_GIVEN_UP))
            return item;
    }
    return NULL;
}

void atom_items_looked(struct atom_items *items)
{
    size_t count = 0, position = 0;
    struct atom_item **gone = mem_alloc_array(map_count(items->by_key) + 1, sizeof *gone);
    while ((gone[count] = find_forgettable(items, &position)))
        count++;
    for (size_t i = 0; i < count; i++) {
        items->given_up -= gone[i]->stage == ATOM_GIVEN_UP;
        map_remove(items->by_key, slice_from_cstr(gone[i]->key));
        free_item(gone[i]);
    }
    free(gone);
}
