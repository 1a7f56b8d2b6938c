#include "grid.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_OUT = 0, CELL_EDGE, CELL_WHOLE };

/* The cells of one unit, from its lowest column and row on. */
struct patch {
    int column, row, columns, rows;
    char *cells;
    double *crossings; /* of one row's middle latitude */
    size_t crossing_count, crossing_capacity;
};

static int column_of(int32_t x)
{
    int column = (x + GEO_HALF_TURN) / GEO_CELL;
    return column < GEO_GRID_COLUMNS ? column : GEO_GRID_COLUMNS - 1;
}

static int row_of(int32_t y)
{
    int row = (y + GEO_HALF_TURN / 2) / GEO_CELL;
    return row < GEO_GRID_ROWS ? row : GEO_GRID_ROWS - 1;
}

static void edge_mark(struct patch *patch, struct geo_point a, struct geo_point b)
{
    int c0 = column_of(a.x < b.x ? a.x : b.x) - patch->column;
    int c1 = column_of(a.x < b.x ? b.x : a.x) - patch->column;
    int r0 = row_of(a.y < b.y ? a.y : b.y) - patch->row;
    int r1 = row_of(a.y < b.y ? b.y : a.y) - patch->row;
    for (int row = r0; row <= r1; row++) {
        memset(patch->cells + (size_t)row * patch->columns + c0, CELL_EDGE, (size_t)(c1 - c0 + 1));
    }
}

/* Half a unit above the middle no point can lie. */
static double row_middle(const struct patch *patch, int row)
{
    return (patch->row + row) * (double)GEO_CELL - GEO_HALF_TURN / 2 + GEO_CELL / 2 + 0.5;
}

static void edge_cross(struct patch *patch, double y, struct geo_point a, struct geo_point b)
{
    if ((a.y > y) != (b.y > y)) {
        patch->crossings = mem_grow(patch->crossings, patch->crossing_count,
                                    &patch->crossing_capacity, sizeof(double));
        patch->crossings[patch->crossing_count++] =
            a.x + (y - a.y) * ((double)b.x - a.x) / ((double)b.y - a.y);
    }
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void row_fill(struct patch *patch, int row)
{
    if (patch->crossing_count > 1)
        qsort(patch->crossings, patch->crossing_count, sizeof(double), double_cmp);
    char *cells = patch->cells + (size_t)row * patch->columns;
    size_t passed = 0;
    for (int column = 0; column < patch->columns; column++) {
        double middle = (patch->column + column) * (double)GEO_CELL - GEO_HALF_TURN + GEO_CELL / 2;
        while (passed < patch->crossing_count && patch->crossings[passed] < middle) {
            passed++;
        }
        if (cells[column] == CELL_OUT && passed % 2 == 1) {
            cells[column] = CELL_WHOLE;
        }
    }
}

typedef void edge_fn(struct patch *patch, double y, struct geo_point a, struct geo_point b);

static void mark(struct patch *patch, double y, struct geo_point a, struct geo_point b)
{
    (void)y;
    edge_mark(patch, a, b);
}

static void edges_walk(struct patch *patch, double y, const struct geo_file_ring *rings,
                       size_t ring_count, const struct geo_point *points, edge_fn *take)
{
    for (size_t i = 0; i < ring_count; i++) {
        const struct geo_point *p = points + rings[i].point_first;
        for (uint32_t edge = 0; edge + 1 < rings[i].point_count; edge++) {
            take(patch, y, p[edge], p[edge + 1]);
        }
    }
}

static struct patch patch_make(const struct geo_file_ring *rings, size_t ring_count)
{
    struct geo_box box = rings[0].box;
    for (size_t i = 1; i < ring_count; i++) {
        box.x0 = rings[i].box.x0 < box.x0 ? rings[i].box.x0 : box.x0;
        box.y0 = rings[i].box.y0 < box.y0 ? rings[i].box.y0 : box.y0;
        box.x1 = rings[i].box.x1 > box.x1 ? rings[i].box.x1 : box.x1;
        box.y1 = rings[i].box.y1 > box.y1 ? rings[i].box.y1 : box.y1;
    }
    struct patch patch = {.column = column_of(box.x0), .row = row_of(box.y0)};
    patch.columns = column_of(box.x1) - patch.column + 1;
    patch.rows = row_of(box.y1) - patch.row + 1;
    patch.cells = mem_alloc_array((size_t)patch.columns, (size_t)patch.rows);
    return patch;
}

void grid_add(struct grid *grid, uint32_t unit, const struct geo_file_ring *rings,
              size_t ring_count, const struct geo_point *points)
{
    struct patch patch = patch_make(rings, ring_count);
    edges_walk(&patch, 0, rings, ring_count, points, mark);
    for (int row = 0; row < patch.rows; row++) {
        patch.crossing_count = 0;
        edges_walk(&patch, row_middle(&patch, row), rings, ring_count, points, edge_cross);
        row_fill(&patch, row);
        for (int column = 0; column < patch.columns; column++) {
            char state = patch.cells[(size_t)row * patch.columns + column];
            if (state == CELL_OUT) {
                continue;
            }
            grid->items = mem_grow(grid->items, grid->count, &grid->capacity, sizeof(*grid->items));
            grid->items[grid->count++] = (struct grid_entry){
                (uint32_t)((patch.row + row) * GEO_GRID_COLUMNS + patch.column + column),
                unit | (state == CELL_WHOLE ? GEO_ENTRY_WHOLE : 0)};
        }
    }
    free(patch.crossings);
    free(patch.cells);
}

static int entry_cmp(const void *a, const void *b)
{
    const struct grid_entry *x = a;
    const struct grid_entry *y = b;
    if (x->cell != y->cell) {
        return x->cell < y->cell ? -1 : 1;
    }
    uint32_t ux = x->entry & ~GEO_ENTRY_WHOLE;
    uint32_t uy = y->entry & ~GEO_ENTRY_WHOLE;
    return (ux > uy) - (ux < uy);
}

void grid_sort(struct grid *grid)
{
    qsort(grid->items, grid->count, sizeof(*grid->items), entry_cmp);
}
