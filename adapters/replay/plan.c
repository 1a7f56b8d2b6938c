#include "adapters/replay/plan.h"

#include "alert/lifecycle.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

void plan_init(struct plan *plan)
{
    *plan = (struct plan){.arena = arena_create()};
}

void plan_fini(struct plan *plan)
{
    arena_destroy(plan->arena);
    free(plan->items);
    *plan = (struct plan){0};
}

void plan_add(struct plan *plan, const char *path, unsigned index, const struct alert *alert,
              double offset_s, bool left_out)
{
    struct arena *arena = plan->arena;
    plan->items = mem_grow(plan->items, plan->count, &plan->capacity, sizeof *plan->items);
    struct plan_item *item = &plan->items[plan->count++];
    *item = (struct plan_item){.path = arena_cstr(arena, slice_from_cstr(path)),
                               .index = index,
                               .sender = arena_copy(arena, alert->sender),
                               .identifier = arena_copy(arena, alert->identifier),
                               .sent_s = alert->sent.utc_s,
                               .msg_type = alert->msg_type,
                               .offset_s = offset_s,
                               .left_out = left_out,
                               .reference_count = alert->reference_count};
    item->has_end = alert_latest_end(alert, &item->end_s);
    struct cap_reference *references =
        arena_alloc_array(arena, alert->reference_count, sizeof *references);
    for (size_t i = 0; i < alert->reference_count; i++) {
        references[i] = alert->references[i];
        references[i].sender = arena_copy(arena, references[i].sender);
        references[i].identifier = arena_copy(arena, references[i].identifier);
        references[i].sent.text = (struct slice){0};
    }
    item->references = references;
}

/* --- order --- */

static int by_offset(const void *a, const void *b)
{
    const struct plan_item *x = a, *y = b;
    if (x->offset_s != y->offset_s)
        return x->offset_s < y->offset_s ? -1 : 1;
    if (x->sent_s != y->sent_s)
        return x->sent_s < y->sent_s ? -1 : 1;
    if (x->msg_type != y->msg_type)
        return x->msg_type < y->msg_type ? -1 : 1; /* the Alert before its Update and Cancel */
    int order = strcmp(x->path, y->path);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int64_t first_sent(const struct plan *plan)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < plan->count; i++)
        first = plan->items[i].sent_s < first ? plan->items[i].sent_s : first;
    return first;
}

static void order_items(struct plan *plan)
{
    int64_t first = first_sent(plan);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].offset_s < 0)
            plan->items[i].offset_s = (double)(plan->items[i].sent_s - first);
    if (plan->count > 0)
        qsort(plan->items, plan->count, sizeof *plan->items, by_offset);
}

/* --- shifts --- */

static int64_t minutes_down(int64_t seconds)
{
    return (seconds / 60 - (seconds % 60 < 0)) * 60;
}

static void shift_run(struct plan *plan, int64_t start_s)
{
    int64_t shift = plan->count ? minutes_down(start_s - first_sent(plan)) : 0;
    for (size_t i = 0; i < plan->count; i++)
        plan->items[i].shift_s = shift;
}

/* Union-find over the items; parents point towards the root. */
static size_t root_of(size_t *parents, size_t i)
{
    while (parents[i] != i) {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    return i;
}

/* All that name one alert, by being it or by referencing it, belong together, even if it is not in
 * the recording itself. `names` has the first that named it, plus one. */
static void join_name(struct map *names, size_t *parents, struct arena *arena, struct slice sender,
                      struct slice identifier, size_t i)
{
    struct slice key =
        arena_printf(arena, "%zu:%.*s%.*s", sender.len, SLICE_ARG(sender), SLICE_ARG(identifier));
    void *named = map_get(names, key);
    if (named)
        parents[root_of(parents, i)] = root_of(parents, (size_t)(uintptr_t)named - 1);
    else
        map_put(names, key, (void *)(uintptr_t)(i + 1));
}

static void join_chains(const struct plan *plan, size_t *parents)
{
    struct map *names = map_create();
    struct arena *arena = arena_create();
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        join_name(names, parents, arena, item->sender, item->identifier, i);
        for (size_t j = 0; j < item->reference_count; j++)
            join_name(names, parents, arena, item->references[j].sender,
                      item->references[j].identifier, i);
    }
    arena_destroy(arena);
    map_destroy(names, NULL);
}

static int64_t minutes_up(int64_t seconds)
{
    return minutes_down(seconds + 59);
}

/* What one item asks of its chain. The first `sent` asks for the most of its kind, so that the
 * largest wish decides. */
static int64_t wished_shift(const struct plan_item *item, int64_t start_s)
{
    int64_t wish = minutes_down(start_s - item->sent_s);
    if (item->msg_type == MSG_TYPE_ALERT && item->has_end) {
        int64_t in_force = minutes_up(start_s + PLAN_IN_FORCE_S - item->end_s);
        wish = in_force > wish ? in_force : wish;
    }
    return wish;
}

static void shift_chains(struct plan *plan, int64_t start_s)
{
    size_t *parents = mem_alloc_array(plan->count + 1, sizeof *parents);
    int64_t *shifts = mem_alloc_array(plan->count + 1, sizeof *shifts);
    for (size_t i = 0; i < plan->count; i++) {
        parents[i] = i;
        shifts[i] = INT64_MIN;
    }
    join_chains(plan, parents);
    for (size_t i = 0; i < plan->count; i++) {
        int64_t wish = wished_shift(&plan->items[i], start_s);
        size_t root = root_of(parents, i);
        shifts[root] = wish > shifts[root] ? wish : shifts[root];
    }
    for (size_t i = 0; i < plan->count; i++)
        plan->items[i].shift_s = shifts[root_of(parents, i)];
    free(shifts);
    free(parents);
}

void plan_make(struct plan *plan, enum plan_shift shift, int64_t start_s)
{
    order_items(plan);
    if (shift == PLAN_SHIFT_CHAIN)
        shift_chains(plan, start_s);
    else
        shift_run(plan, start_s);
}
