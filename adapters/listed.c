#include "adapters/listed.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static char *keep(struct slice text)
{
    char *copy = mem_alloc(text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

void listed_init(struct listed *list, void *owner)
{
    *list = (struct listed){.owner = owner, .by_key = map_create(), .look = 1};
    list->end = &list->first;
}

static void free_item(void *value)
{
    struct listed_item *item = value;
    free((char *)item->bytes.ptr);
    free(item->url);
    free(item->key);
    free(item);
}

void listed_fini(struct listed *list)
{
    map_destroy(list->by_key, free_item);
    free(list->fresh);
    *list = (struct listed){0};
}

static bool waits(const struct listed_item *item)
{
    return item->stage != LISTED_DELIVERED && item->stage != LISTED_SETTLED &&
           item->stage != LISTED_GIVEN_UP;
}

/* Once something of it has changed. */
static void weigh(struct listed *list, struct listed_item *item)
{
    size_t weight = 0;
    if (waits(item))
        weight = sizeof *item + strlen(item->key) + (item->url ? strlen(item->url) : 0) +
                 item->bytes.len;
    list->bytes += weight - item->weight;
    item->weight = weight;
}

struct listed_item *listed_see(struct listed *list, struct slice key)
{
    struct listed_item *item = map_get(list->by_key, key);
    if (item)
        item->listed = list->look;
    return item;
}

struct listed_item *listed_add(struct listed *list, struct slice key, enum listed_stage stage)
{
    struct listed_item *item = mem_alloc(sizeof *item);
    item->key = keep(key);
    item->listed = list->look;
    item->owner = list->owner;
    item->stage = stage;
    map_put(list->by_key, key, item);
    weigh(list, item);
    if (stage == LISTED_WANTED)
        listed_queue(list, item);
    return item;
}

struct listed_item *listed_add_fresh(struct listed *list, struct slice key, struct slice url,
                                     struct slice bytes, int64_t time_s)
{
    struct listed_item *item = listed_add(list, key, LISTED_FRESH);
    item->time_s = time_s;
    item->url = url.ptr ? keep(url) : NULL;
    item->bytes = bytes.ptr ? slice_of(keep(bytes), bytes.len) : bytes;
    weigh(list, item);
    list->fresh =
        mem_grow(list->fresh, list->fresh_count, &list->fresh_capacity, sizeof *list->fresh);
    item->place = list->fresh_count;
    list->fresh[list->fresh_count++] = item;
    return item;
}

void listed_hold(struct listed *list, struct listed_item *item, char *bytes, size_t len)
{
    listed_unrefuse(list, item);
    item->bytes = slice_of(bytes, len);
    weigh(list, item);
}

struct slice listed_release(struct listed *list, struct listed_item *item)
{
    struct slice bytes = item->bytes;
    item->bytes = (struct slice){0};
    item->stage = LISTED_DELIVERED;
    free(item->url);
    item->url = NULL;
    weigh(list, item);
    return bytes;
}

/* Of two with the same time the one further down is the older. */
static int by_age(const void *a, const void *b)
{
    const struct listed_item *one = *(struct listed_item *const *)a;
    const struct listed_item *other = *(struct listed_item *const *)b;
    if (one->time_s != other->time_s)
        return one->time_s < other->time_s ? -1 : 1;
    return one->place > other->place ? -1 : one->place < other->place;
}

void listed_queue_fresh(struct listed *list)
{
    if (list->fresh_count)
        qsort(list->fresh, list->fresh_count, sizeof *list->fresh, by_age);
    for (size_t i = 0; i < list->fresh_count; i++)
        listed_queue(list, list->fresh[i]);
    list->fresh_count = 0;
}

void listed_queue(struct listed *list, struct listed_item *item)
{
    item->stage = item->bytes.ptr ? LISTED_HELD : LISTED_WANTED;
    item->request = NULL;
    item->next = NULL;
    *list->end = item;
    list->end = &item->next;
    list->queued++;
}

static struct listed_item *unlink_at(struct listed *list, struct listed_item **place)
{
    struct listed_item *item = *place;
    *place = item->next;
    if (!*place)
        list->end = place;
    item->next = NULL;
    list->queued--;
    return item;
}

static int64_t ready_mono_us(const struct listed *list, const struct listed_item *item)
{
    bool again = item->tries > 0 && list->again_mono_us > item->not_before_mono_us;
    return again ? list->again_mono_us : item->not_before_mono_us;
}

struct listed_item *listed_take(struct listed *list, bool asking, int64_t now_mono_us,
                                int64_t *until_mono_us)
{
    *until_mono_us = INT64_MAX;
    for (struct listed_item **place = &list->first; *place; place = &(*place)->next) {
        const struct listed_item *item = *place;
        int64_t ready_us = ready_mono_us(list, item);
        if (item->stage == LISTED_HELD || (asking && ready_us <= now_mono_us))
            return unlink_at(list, place);
        if (ready_us < *until_mono_us)
            *until_mono_us = ready_us;
    }
    return NULL;
}

void listed_refuse(struct listed *list, struct listed_item *item, int64_t now_mono_us)
{
    if (item->refused_mono_us)
        return;
    item->refused_mono_us = now_mono_us;
    list->refused++;
}

void listed_unrefuse(struct listed *list, struct listed_item *item)
{
    list->refused -= item->refused_mono_us != 0;
    item->refused_mono_us = 0;
}

void listed_give_up(struct listed *list, struct listed_item *item)
{
    listed_unrefuse(list, item);
    item->stage = LISTED_GIVEN_UP;
    item->request = NULL;
    weigh(list, item);
    list->given_up++;
}

void listed_look(struct listed *list)
{
    list->look++;
}

/* The map must not change while it is walked: one at a time. */
static struct listed_item *find_forgettable(const struct listed *list, size_t *position)
{
    struct slice key;
    void *value;
    while (map_next(list->by_key, position, &key, &value)) {
        struct listed_item *item = value;
        if (item->listed != list->look &&
            (item->stage == LISTED_SETTLED || item->stage == LISTED_GIVEN_UP))
            return item;
    }
    return NULL;
}

void listed_looked(struct listed *list)
{
    size_t count = 0, position = 0;
    struct listed_item **gone = mem_alloc_array(map_count(list->by_key) + 1, sizeof *gone);
    while ((gone[count] = find_forgettable(list, &position)))
        count++;
    for (size_t i = 0; i < count; i++) {
        list->given_up -= gone[i]->stage == LISTED_GIVEN_UP;
        map_remove(list->by_key, slice_from_cstr(gone[i]->key));
        free_item(gone[i]);
    }
    free(gone);
}
