#include "geo/index.h"

struct slice geo_text_at(const struct geo *geo, struct geo_text text)
{
    return text.length ? slice_of(geo->text + text.offset, text.length) : (struct slice){NULL, 0};
}

struct slice geo_grade(const struct geo *geo)
{
    return geo_text_at(geo, geo->header->grade);
}

struct digest geo_checksum(const struct geo *geo)
{
    struct digest digest;
    memcpy(digest.bytes, geo->header->checksum, DIGEST_BYTES);
    return digest;
}

size_t geo_source_count(const struct geo *geo)
{
    return geo->header->sections[GEO_SECTION_SOURCES].count;
}

struct geo_source geo_source_at(const struct geo *geo, size_t index)
{
    const struct geo_file_source *source = &geo->sources[index];
    return (struct geo_source){geo_text_at(geo, source->name), geo_text_at(geo, source->date),
                               geo_text_at(geo, source->licence),
                               geo_text_at(geo, source->attribution)};
}

bool geo_has_layer(const struct geo *geo, enum geo_layer layer)
{
    return geo->layers[layer].unit_count > 0;
}

struct geo_unit geo_unit_view(const struct geo *geo, uint32_t index)
{
    const struct geo_file_unit *unit = &geo->units[index];
    return (struct geo_unit){
        .layer = (enum geo_layer)unit->layer,
        .code = geo_text_at(geo, unit->code),
        .name = geo_text_at(geo, unit->name),
        .name_fr = geo_text_at(geo, unit->name_fr),
        .region = geo_text_at(geo, unit->region),
        .share = 1,
        .share_of_shape = 1,
    };
}

uint32_t geo_unit_index(const struct geo *geo, enum geo_layer layer, struct slice code)
{
    uint32_t low = geo->layers[layer].unit_first;
    uint32_t end = low + geo->layers[layer].unit_count;
    uint32_t high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_cmp(geo_text_at(geo, geo->units[middle].code), code) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < end && slice_eq(geo_text_at(geo, geo->units[low].code), code);
    return found ? low : UINT32_MAX;
}

bool geo_unit_find(const struct geo *geo, enum geo_layer layer, struct slice code,
                   struct geo_unit *out)
{
    uint32_t index = geo_unit_index(geo, layer, code);
    *out = index == UINT32_MAX ? (struct geo_unit){0} : geo_unit_view(geo, index);
    return index != UINT32_MAX;
}

static int cell_clamp(int64_t units, int count)
{
    int64_t cell = units < 0 ? 0 : units / GEO_CELL;
    return cell < count ? (int)cell : count - 1;
}

struct geo_cells geo_cells_of(struct geo_box box)
{
    return (struct geo_cells){
        cell_clamp((int64_t)box.x0 + GEO_HALF_TURN, GEO_GRID_COLUMNS),
        cell_clamp((int64_t)box.x1 + GEO_HALF_TURN, GEO_GRID_COLUMNS),
        cell_clamp((int64_t)box.y0 + GEO_HALF_TURN / 2, GEO_GRID_ROWS),
        cell_clamp((int64_t)box.y1 + GEO_HALF_TURN / 2, GEO_GRID_ROWS),
    };
}

/* First entry in [low, high) of a unit that is not before `unit`. */
static uint32_t entry_from(const struct geo *geo, uint32_t low, uint32_t high, uint32_t unit)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((geo->entries[middle] & ~GEO_ENTRY_WHOLE) < unit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void geo_cell_entries(const struct geo *geo, int column, int row, enum geo_layer layer,
                      uint32_t *first, uint32_t *end)
{
    const uint32_t *cell = &geo->cells[row * GEO_GRID_COLUMNS + column];
    struct geo_file_layer at = geo->layers[layer];
    *first = entry_from(geo, cell[0], cell[1], at.unit_first);
    *end = entry_from(geo, *first, cell[1], at.unit_first + at.unit_count);
}

enum geo_cell_state geo_unit_cell(const struct geo *geo, const struct geo_file_unit *unit,
                                  struct geo_point p)
{
    if (unit->flags & GEO_UNIT_LOOKUP) {
        return GEO_CELL_EDGE;
    }
    uint32_t index = (uint32_t)(unit - geo->units);
    struct geo_cells at = geo_cells_of((struct geo_box){p.x, p.y, p.x, p.y});
    const uint32_t *cell = &geo->cells[at.row0 * GEO_GRID_COLUMNS + at.column0];
    uint32_t entry = entry_from(geo, cell[0], cell[1], index);
    if (entry == cell[1] || (geo->entries[entry] & ~GEO_ENTRY_WHOLE) != index) {
        return GEO_CELL_OUT;
    }
    return geo->entries[entry] & GEO_ENTRY_WHOLE ? GEO_CELL_WHOLE : GEO_CELL_EDGE;
}
