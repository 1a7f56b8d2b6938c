/*
 * grid: which units lie in which half-degree cell.
 */
#ifndef CAPRELAY_BOUNDARIES_GRID_H
#define CAPRELAY_BOUNDARIES_GRID_H

#include "geo/format.h"

#include <stddef.h>

struct grid_entry {
    uint32_t cell, entry; /* entry as in the file */
};

struct grid {
    struct grid_entry *items;
    size_t count, capacity;
};

/* One unit given by its rings. */
void grid_add(struct grid *grid, uint32_t unit, const struct geo_file_ring *rings,
              size_t ring_count, const struct geo_point *points);
/* By cell, then unit. */
void grid_sort(struct grid *grid);

#endif
