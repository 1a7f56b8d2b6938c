/*
 * index: the mapped file of boundaries. For relay/geo only.
 *
 * Everything in it is checked when it is opened: each index and range is inside its section, so
 * that the queries need not look again.
 */
#ifndef CAPRELAY_GEO_INDEX_H
#define CAPRELAY_GEO_INDEX_H

#include "geo/format.h"
#include "geo/geo.h"

struct geo {
    const void *map;
    size_t size;
    const struct geo_file_header *header;
    const struct geo_file_source *sources;
    const struct geo_file_layer *layers;
    const struct geo_file_unit *units;
    const struct geo_file_ring *rings;
    const struct geo_box *runs;
    const struct geo_point *points;
    const uint32_t *cells;
    const uint32_t *entries;
    const char *text;
};

struct slice geo_text_at(const struct geo *geo, struct geo_text text);
/* The unit as callers see it; shares are 1. */
struct geo_unit geo_unit_view(const struct geo *geo, uint32_t unit);
/* Index of the unit of that code; UINT32_MAX where there is none. */
uint32_t geo_unit_index(const struct geo *geo, enum geo_layer layer, struct slice code);

/* Grid cells that a box touches; the box is cut to the world first. */
struct geo_cells {
    int column0, column1, row0, row1;
};
struct geo_cells geo_cells_of(struct geo_box box);
/* Entries of one cell that belong to that layer: [*first, *end) of geo->entries. */
void geo_cell_entries(const struct geo *geo, int column, int row, enum geo_layer layer,
                      uint32_t *first, uint32_t *end);

/* What the grid alone tells of a place: its cell holds nothing of the unit, or is all in it, or the
 * unit's boundary may go through it (always for units that are there to be looked up only). */
enum geo_cell_state { GEO_CELL_OUT, GEO_CELL_WHOLE, GEO_CELL_EDGE };
enum geo_cell_state geo_unit_cell(const struct geo *geo, const struct geo_file_unit *unit,
                                  struct geo_point p);

#endif
