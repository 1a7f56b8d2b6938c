#include "geo/query.h"

enum { WHOLE_CELLS_MAX = 4 };

static bool box_holds(struct geo_box outer, struct geo_box inner)
{
    return outer.x0 <= inner.x0 && inner.x1 <= outer.x1 && outer.y0 <= inner.y0 &&
           inner.y1 <= outer.y1;
}

/* Whether the grid alone tells that the box lies in the unit. */
static bool box_is_within(const struct geo *geo, struct geo_box box, uint32_t unit)
{
    struct geo_cells cells = geo_cells_of(box);
    if (!box_holds(geo->units[unit].box, box) ||
        (cells.column1 - cells.column0 + 1) * (cells.row1 - cells.row0 + 1) > WHOLE_CELLS_MAX) {
        return false;
    }
    enum geo_layer layer = (enum geo_layer)geo->units[unit].layer;
    for (int row = cells.row0; row <= cells.row1; row++) {
        for (int column = cells.column0; column <= cells.column1; column++) {
            uint32_t first, end;
            geo_cell_entries(geo, column, row, layer, &first, &end);
            while (first < end && geo->entries[first] != (unit | GEO_ENTRY_WHOLE)) {
                first++;
            }
            if (first == end) {
                return false;
            }
        }
    }
    return true;
}

static bool ring_crosses_unit(const struct geo *geo, struct geo_query *query,
                              const struct geo_ring *ring, const struct geo_file_unit *unit)
{
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        if (geo_boxes_meet(ring->box, geo->rings[unit->ring_first + i].box)) {
            struct geo_ring other = geo_ring_at(geo, unit->ring_first + i);
            if (geo_rings_cross(ring, &other, &query->work)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the ring goes around a whole ring of the unit: where lines do not cross, one point tells.
 */
static bool ring_holds_unit(const struct geo *geo, const struct geo_ring *ring,
                            const struct geo_file_unit *unit)
{
    for (uint32_t i = 0; i < unit->ring_count; i++) {
        const struct geo_file_ring *other = &geo->rings[unit->ring_first + i];
        if (!other->hole && box_holds(ring->box, other->box) &&
            geo_ring_locate(ring, geo->points[other->point_first]) != GEO_OUTSIDE) {
            return true;
        }
    }
    return false;
}

struct geo_relation geo_query_relate(const struct geo *geo, struct geo_query *query,
                                     const struct geo_file_unit *unit)
{
    struct geo_relation relation = {0};
    uint32_t index = (uint32_t)(unit - geo->units);
    for (size_t i = 0; i < query->ring_count; i++) {
        const struct geo_ring *ring = &query->rings[i];
        if (!geo_boxes_meet(ring->box, unit->box)) {
            continue;
        }
        if (query->work.exhausted) {
            relation.crosses = true;
            break;
        }
        query->work.left -= unit->ring_count + ring->count / GEO_RUN_EDGES;
        if (box_is_within(geo, ring->box, index)) {
            relation.shape_inside = true;
        } else if (ring_crosses_unit(geo, query, ring, unit)) {
            relation.crosses = true;
        } else if (geo_unit_locate(geo, unit, ring->points[0]) != GEO_OUTSIDE) {
            relation.shape_inside = true;
        }
        if (!relation.unit_inside) {
            relation.unit_inside = ring_holds_unit(geo, ring, unit);
        }
    }
    return relation;
}
