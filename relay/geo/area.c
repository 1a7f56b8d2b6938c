#include "geo/query.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
    LINES = 64,
    UNIT_OWNER = 0,
    CROSSING_WORK = 8 /* a crossing costs memory too */
};

/* A boundary crosses a line of latitude there. */
struct crossing {
    double x;
    uint32_t owner; /* UNIT_OWNER, or a ring of the shape + 1 */
    int turn;       /* +1 going north, -1 going south */
};

struct line {
    struct crossing *items;
    size_t count, capacity;
};

/* Kept from one overlap to the next, for their memory. */
struct geo_lines {
    struct line items[LINES];
};

/* Lines of latitude between a lowest and a highest; no point lies on one: each is half a unit above
 * a whole one. */
struct scan {
    struct line *lines;
    int line_count;
    double y0, step;
};

static double line_y(const struct scan *scan, int line)
{
    return floor(scan->y0 + (line + 0.5) * scan->step) + 0.5;
}

static int line_at(const struct scan *scan, double y)
{
    int line = (int)floor((y - scan->y0) / scan->step) - 1;
    line = line < 0 ? 0 : line;
    while (line < scan->line_count && line_y(scan, line) < y) {
        line++;
    }
    return line;
}

static void edge_scan(struct scan *scan, struct geo_point a, struct geo_point b, uint32_t owner,
                      struct geo_work *work)
{
    struct geo_point low = a.y < b.y ? a : b;
    struct geo_point high = a.y < b.y ? b : a;
    double top = scan->y0 + scan->line_count * scan->step;
    if (low.y == high.y || high.y < scan->y0 || low.y > top) {
        return;
    }
    double slope = ((double)high.x - low.x) / ((double)high.y - low.y);
    for (int i = line_at(scan, low.y); i < scan->line_count; i++) {
        double y = line_y(scan, i);
        if (y > high.y) {
            break;
        }
        struct line *line = &scan->lines[i];
        work->left -= CROSSING_WORK;
        line->items = mem_grow(line->items, line->count, &line->capacity, sizeof(*line->items));
        line->items[line->count++] =
            (struct crossing){low.x + (y - low.y) * slope, owner, a.y < b.y ? 1 : -1};
    }
}

static void ring_scan(struct scan *scan, const struct geo_ring *ring, uint32_t owner,
                      struct geo_box window, struct geo_work *work)
{
    uint32_t run_count = geo_run_count(ring->count);
    for (uint32_t run = 0; run < run_count && work->left >= 0; run++) {
        struct geo_box box = ring->runs[run];
        if (box.y1 < window.y0 || box.y0 > window.y1 || box.x0 > window.x1) {
            continue;
        }
        uint32_t first;
        uint32_t edges = geo_run_edges(ring, run, &first);
        work->left -= edges;
        for (uint32_t i = 0; i < edges; i++) {
            edge_scan(scan, ring->points[first + i], ring->points[first + i + 1], owner, work);
        }
    }
}

static int crossing_cmp(const void *a, const void *b)
{
    const struct crossing *p = a;
    const struct crossing *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

/* Most lines have a handful of crossings. */
static void line_sort(struct line *line)
{
    if (line->count > 32) {
        qsort(line->items, line->count, sizeof(*line->items), crossing_cmp);
        return;
    }
    for (size_t i = 1; i < line->count; i++) {
        struct crossing crossing = line->items[i];
        size_t at = i;
        for (; at > 0 && line->items[at - 1].x > crossing.x; at--) {
            line->items[at] = line->items[at - 1];
        }
        line->items[at] = crossing;
    }
}

/* Length in units along the line that lies in the unit and in ring `owner`, and in no ring before
 * it. */
static double line_overlap(struct line *line, uint32_t owner, int *windings)
{
    int earlier = 0; /* rings before `owner` that go around the place */
    bool in_unit = false;
    double length = 0;
    line_sort(line);
    for (size_t i = 0; i < line->count; i++) {
        const struct crossing *crossing = &line->items[i];
        if (in_unit && windings[owner] != 0 && earlier == 0) {
            length += crossing->x - line->items[i - 1].x;
        }
        if (crossing->owner == UNIT_OWNER) {
            in_unit = !in_unit;
            continue;
        }
        int *winding = &windings[crossing->owner];
        earlier -= crossing->owner != owner && *winding != 0;
        *winding += crossing->turn;
        earlier += crossing->owner != owner && *winding != 0;
    }
    for (size_t i = 0; i < line->count; i++) {
        windings[line->items[i].owner] = 0; /* runs to the right of the window were left out */
    }
    line->count = 0;
    return length;
}

static struct geo_box box_common(struct geo_box a, struct geo_box b)
{
    return (struct geo_box){a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0,
                            a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1};
}

static void rings_scan(const struct geo *geo, struct geo_query *query,
                       const struct geo_file_unit *unit, size_t index, struct geo_box window,
                       struct scan *scan)
{
    for (size_t i = 0; i <= index; i++) {
        if (geo_boxes_meet(query->rings[i].box, window)) {
            ring_scan(scan, &query->rings[i], (uint32_t)i + 1, window, &query->work);
        }
    }
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        if (geo_boxes_meet(geo->rings[unit->ring_first + i].box, window)) {
            struct geo_ring ring = geo_ring_at(geo, unit->ring_first + i);
            ring_scan(scan, &ring, UNIT_OWNER, window, &query->work);
        }
    }
}

/* What ring `index` adds to the rings before it. */
static double ring_overlap(const struct geo *geo, struct geo_query *query,
                           const struct geo_file_unit *unit, size_t index, int *windings)
{
    struct geo_box window = box_common(query->rings[index].box, unit->box);
    int32_t height = window.y1 - window.y0;
    if (height <= 0 || window.x1 <= window.x0) {
        return 0;
    }
    struct scan scan = {.lines = query->lines->items,
                        .y0 = window.y0,
                        .line_count = height < LINES ? height : LINES};
    scan.step = (double)height / scan.line_count;
    rings_scan(geo, query, unit, index, window, &scan);
    double area = 0;
    for (int i = 0; i < scan.line_count; i++) {
        double length = line_overlap(&scan.lines[i], (uint32_t)index + 1, windings);
        area += length * cos(line_y(&scan, i) * GEO_RADIANS_PER_UNIT);
    }
    return area * scan.step;
}

double geo_query_overlap_km2(const struct geo *geo, struct geo_query *query,
                             const struct geo_file_unit *unit)
{
    if (!query->lines) {
        query->lines = mem_alloc(sizeof(*query->lines));
    }
    int *windings = mem_alloc_array(query->ring_count + 1, sizeof(int));
    double area = 0;
    for (size_t i = 0; i < query->ring_count && query->work.left >= 0; i++) {
        area += ring_overlap(geo, query, unit, i, windings);
    }
    free(windings);
    if (query->work.left < 0) {
        query->work.exhausted = true;
        return unit->area_km2;
    }
    double side = GEO_RADIANS_PER_UNIT * GEO_EARTH_RADIUS_KM;
    return area * side * side;
}

void geo_lines_destroy(struct geo_lines *lines)
{
    for (int i = 0; lines && i < LINES; i++) {
        free(lines->items[i].items);
    }
    free(lines);
}
