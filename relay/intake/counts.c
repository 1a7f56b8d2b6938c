#include "intake/counts.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* Reasons are names, a few hundred at most; a source that could make them up must not fill the
 * memory. */
enum { KINDS_MAX = 4096 };

struct count {
    const char *class_name;
    const char *verdict;
    struct slice reason;
    uint64_t value;
};

struct counts {
    struct arena *arena;
    struct map *table;
};

struct counts *counts_create(void)
{
    struct counts *counts = mem_alloc(sizeof(*counts));
    counts->arena = arena_create();
    counts->table = map_create();
    return counts;
}

void counts_destroy(struct counts *counts)
{
    if (!counts)
        return;
    map_destroy(counts->table, NULL);
    arena_destroy(counts->arena);
    free(counts);
}

static struct count *count_new(struct counts *counts, const char *class_name, const char *verdict,
                               struct slice reason, struct slice key)
{
    struct count *count = arena_alloc(counts->arena, sizeof(*count));
    count->class_name = class_name;
    count->verdict = verdict;
    count->reason = arena_copy(counts->arena, reason);
    map_put(counts->table, key, count);
    return count;
}

void counts_add(struct counts *counts, const char *class_name, const char *verdict,
                struct slice reason)
{
    if (map_count(counts->table) >= KINDS_MAX)
        reason = SLICE("other");
    char text[256];
    int len = snprintf(text, sizeof(text), "%s/%s/%.*s", class_name, verdict, SLICE_ARG(reason));
    struct slice key = slice_of(text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1);
    struct count *count = map_get(counts->table, key);
    if (!count)
        count = count_new(counts, class_name, verdict, reason, key);
    count->value++;
}

void counts_each(const struct counts *counts, intake_count_fn each, void *context)
{
    size_t position = 0;
    struct slice key;
    void *value;
    while (map_next(counts->table, &position, &key, &value)) {
        const struct count *count = value;
        each(context, count->class_name, count->verdict, count->reason, count->value);
    }
}
