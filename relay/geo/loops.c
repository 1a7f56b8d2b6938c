#include "geo/geo.h"

#include "base/mem.h"

#include <stdlib.h>

/* Points by place: equal ones have the same id. */
struct mark {
    struct cap_point p;
    size_t index;
};

struct loops {
    struct arena *arena;
    const struct cap_point *points;
    const size_t *ids; /* of each point */
    struct cap_polygon *rings;
    size_t count, capacity;
};

static int mark_cmp(const void *a, const void *b)
{
    const struct cap_point *p = &((const struct mark *)a)->p;
    const struct cap_point *q = &((const struct mark *)b)->p;
    if (p->lat != q->lat) {
        return p->lat < q->lat ? -1 : 1;
    }
    return (p->lon > q->lon) - (p->lon < q->lon);
}

/* Returns how many different points there are. */
static size_t ids_make(const struct cap_point *points, size_t count, size_t *ids)
{
    struct mark *marks = mem_alloc_array(count, sizeof(*marks));
    for (size_t i = 0; i < count; i++) {
        marks[i] = (struct mark){points[i], i};
    }
    qsort(marks, count, sizeof(*marks), mark_cmp);
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        last += i > 0 && mark_cmp(&marks[i - 1], &marks[i]) != 0;
        ids[marks[i].index] = last;
    }
    free(marks);
    return last + 1;
}

/* For rings so short that comparing all with all is quicker than sorting: most are, and most have
 * no point twice. False where that is not known. */
static bool all_differ(const struct cap_point *points, size_t count)
{
    enum { SHORT = 64 };
    for (size_t i = 0; i < count && count <= SHORT; i++) {
        for (size_t k = 0; k < i; k++) {
            if (points[i].lat == points[k].lat && points[i].lon == points[k].lon) {
                return false;
            }
        }
    }
    return count <= SHORT;
}

/* `loop`: indices of its points, the first not repeated at the end. What has no area adds
 * nothing. */
static void loop_add(struct loops *loops, const size_t *loop, size_t count)
{
    struct cap_polygon ring = {.count = count + 1};
    double area = 0;
    ring.points = arena_alloc_array(loops->arena, ring.count, sizeof(*ring.points));
    for (size_t i = 0; i <= count; i++) {
        ring.points[i] = loops->points[loop[i % count]];
    }
    struct cap_point a = ring.points[0];
    for (size_t i = 1; i < count; i++) {
        struct cap_point b = ring.points[i];
        struct cap_point c = ring.points[i + 1];
        area += (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
    }
    if (count < 3 || area == 0) {
        return;
    }
    loops->rings = arena_grow(loops->arena, loops->rings, loops->count, &loops->capacity,
                              sizeof(*loops->rings));
    loops->rings[loops->count++] = ring;
}

/* Walks along the ring; a point met again closes the loop since it was met first. */
static void loops_walk(struct loops *loops, size_t count, size_t distinct)
{
    size_t *path = mem_alloc_array(count, sizeof(*path));
    size_t *place = mem_alloc_array(distinct, sizeof(*place)); /* in the path, from 1; 0: not */
    size_t length = 0;
    memset(place, 0, distinct * sizeof(*place));
    for (size_t i = 0; i < count; i++) {
        size_t met = place[loops->ids[i]];
        if (met > 0) {
            loop_add(loops, path + met - 1, length - met + 1);
            for (; length > met; length--) {
                place[loops->ids[path[length - 1]]] = 0;
            }
            continue;
        }
        path[length++] = i;
        place[loops->ids[i]] = length;
    }
    loop_add(loops, path, length);
    free(path);
    free(place);
}

static void loops_find(struct loops *loops, size_t count)
{
    size_t *ids = mem_alloc_array(count + 1, sizeof(*ids));
    size_t distinct = count > 0 ? ids_make(loops->points, count, ids) : 0;
    loops->ids = ids;
    if (distinct < count) {
        loops_walk(loops, count, distinct);
    }
    free(ids);
}

size_t geo_simple_rings(struct arena *arena, const struct cap_polygon *ring,
                        struct cap_polygon **out)
{
    struct loops loops = {.arena = arena, .points = ring->points};
    size_t count = ring->count;
    count -= count > 1 && ring->points[0].lat == ring->points[count - 1].lat &&
             ring->points[0].lon == ring->points[count - 1].lon;
    if (!all_differ(ring->points, count)) {
        loops_find(&loops, count);
    }
    if (loops.count == 0) {
        loops.rings = arena_alloc_array(arena, 1, sizeof(*loops.rings));
        loops.rings[loops.count++] = *ring;
    }
    *out = loops.rings;
    return loops.count;
}
