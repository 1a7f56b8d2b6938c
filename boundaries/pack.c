#include "pack.h"

#include "grid.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "geo/format.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const size_t file_max_bytes = (size_t)1 << 30;

struct pack {
    GEOSContextHandle_t geos;
    struct buf sections[GEO_SECTION_COUNT];
    struct geo_file_unit *units; /* in the features' order until they are sorted */
    struct grid grid;
};

static void put(struct pack *pack, enum geo_section_id id, const void *record)
{
    buf_put(&pack->sections[id], slice_of(record, geo_record_size(id)));
}

static uint32_t count_of(const struct pack *pack, enum geo_section_id id)
{
    return (uint32_t)(pack->sections[id].len / geo_record_size(id));
}

static struct geo_text text_put(struct pack *pack, struct slice text)
{
    struct geo_text made = {(uint32_t)pack->sections[GEO_SECTION_TEXT].len, (uint32_t)text.len};
    buf_put(&pack->sections[GEO_SECTION_TEXT], text);
    return made;
}

static void box_add(struct geo_box *box, struct geo_point p)
{
    box->x0 = p.x < box->x0 ? p.x : box->x0;
    box->y0 = p.y < box->y0 ? p.y : box->y0;
    box->x1 = p.x > box->x1 ? p.x : box->x1;
    box->y1 = p.y > box->y1 ? p.y : box->y1;
}

static struct geo_box box_of(const struct geo_point *points, uint32_t count)
{
    struct geo_box box = {points[0].x, points[0].y, points[0].x, points[0].y};
    for (uint32_t i = 1; i < count; i++) {
        box_add(&box, points[i]);
    }
    return box;
}

static void runs_put(struct pack *pack, const struct geo_point *points, uint32_t count)
{
    for (uint32_t first = 0; first + 1 < count; first += GEO_RUN_EDGES) {
        uint32_t left = count - first;
        struct geo_box box =
            box_of(points + first, left < GEO_RUN_EDGES + 1 ? left : GEO_RUN_EDGES + 1);
        put(pack, GEO_SECTION_RUNS, &box);
    }
}

static void ring_put(struct pack *pack, const GEOSGeometry *ring, bool hole,
                     struct geo_file_unit *unit)
{
    const GEOSCoordSequence *sequence =
        shape_must((void *)GEOSGeom_getCoordSeq_r(pack->geos, ring));
    unsigned count = 0;
    GEOSCoordSeq_getSize_r(pack->geos, sequence, &count);
    double *xy = mem_alloc_array(count, 2 * sizeof(double));
    struct geo_point *points = mem_alloc_array(count, sizeof(*points));
    GEOSCoordSeq_copyToBuffer_r(pack->geos, sequence, xy, 0, 0);
    double area = 0;
    for (unsigned i = 0; i < count; i++) {
        points[i] = (struct geo_point){(int32_t)lround(xy[2 * i]), (int32_t)lround(xy[2 * i + 1])};
        area += i > 0 ? geo_edge_area_km2(points[i - 1], points[i]) : 0;
    }
    struct geo_file_ring made = {count_of(pack, GEO_SECTION_POINTS), count,
                                 count_of(pack, GEO_SECTION_RUNS), hole, box_of(points, count)};
    runs_put(pack, points, count);
    buf_put(&pack->sections[GEO_SECTION_POINTS], slice_of(points, count * sizeof(*points)));
    put(pack, GEO_SECTION_RINGS, &made);
    unit->area_km2 += hole ? -fabs(area) : fabs(area);
    unit->ring_count++;
    free(points);
    free(xy);
}

static void polygon_put(struct pack *pack, const GEOSGeometry *polygon, struct geo_file_unit *unit)
{
    ring_put(pack, shape_must((void *)GEOSGetExteriorRing_r(pack->geos, polygon)), false, unit);
    for (int i = 0; i < GEOSGetNumInteriorRings_r(pack->geos, polygon); i++) {
        ring_put(pack, shape_must((void *)GEOSGetInteriorRingN_r(pack->geos, polygon, i)), true,
                 unit);
    }
}

/* The middle of the largest circle in the largest polygon, found to a tenth of the polygon's size.
 */
static struct geo_point inner_point(GEOSContextHandle_t geos, const GEOSGeometry *shape)
{
    const GEOSGeometry *largest = NULL;
    double largest_area = 0;
    for (int i = 0; i < GEOSGetNumGeometries_r(geos, shape); i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, shape, i);
        double area = 0;
        if (GEOSArea_r(geos, part, &area) && (!largest || area > largest_area)) {
            largest = part;
            largest_area = area;
        }
    }
    GEOSGeometry *line =
        shape_must(GEOSMaximumInscribedCircle_r(geos, largest, fmax(1, sqrt(largest_area) / 10)));
    GEOSGeometry *start = shape_must(GEOSGeomGetStartPoint_r(geos, line));
    double x = 0;
    double y = 0;
    GEOSGeomGetX_r(geos, start, &x);
    GEOSGeomGetY_r(geos, start, &y);
    GEOSGeom_destroy_r(geos, start);
    GEOSGeom_destroy_r(geos, line);
    return (struct geo_point){(int32_t)lround(x), (int32_t)lround(y)};
}

static void shape_put(struct pack *pack, const GEOSGeometry *shape, struct geo_file_unit *unit)
{
    unit->ring_first = count_of(pack, GEO_SECTION_RINGS);
    for (int i = 0; i < GEOSGetNumGeometries_r(pack->geos, shape); i++) {
        polygon_put(pack, GEOSGetGeometryN_r(pack->geos, shape, i), unit);
    }
    const struct geo_file_ring *rings =
        (const void *)(pack->sections[GEO_SECTION_RINGS].ptr +
                       unit->ring_first * sizeof(struct geo_file_ring));
    unit->box = rings[0].box;
    for (uint32_t i = 1; i < unit->ring_count; i++) {
        box_add(&unit->box, (struct geo_point){rings[i].box.x0, rings[i].box.y0});
        box_add(&unit->box, (struct geo_point){rings[i].box.x1, rings[i].box.y1});
    }
    unit->inner = inner_point(pack->geos, shape);
}

static void unit_put(struct pack *pack, const struct features *features, size_t index)
{
    const struct feature *feature = &features->items[index];
    struct geo_file_unit *unit = &pack->units[index];
    if (feature->shape) {
        shape_put(pack, feature->shape, unit);
    } else {
        *unit = pack->units[feature->stands_for];
    }
    unit->layer = feature->layer;
    unit->flags = feature->flags;
    unit->code = text_put(pack, feature->code);
    unit->name = text_put(pack, feature->name);
    unit->name_fr = text_put(pack, feature->name_fr);
    unit->region = text_put(pack, feature->region);
}

static int unit_cmp(const void *a, const void *b, void *text)
{
    const struct geo_file_unit *x = a;
    const struct geo_file_unit *y = b;
    if (x->layer != y->layer) {
        return x->layer < y->layer ? -1 : 1;
    }
    return slice_cmp(slice_of((char *)text + x->code.offset, x->code.length),
                     slice_of((char *)text + y->code.offset, y->code.length));
}

static void units_put(struct pack *pack, const struct features *features)
{
    pack->units = mem_alloc_array(features->count, sizeof(*pack->units));
    for (size_t i = 0; i < features->count; i++) {
        unit_put(pack, features, i);
    }
    qsort_r(pack->units, features->count, sizeof(*pack->units), unit_cmp,
            pack->sections[GEO_SECTION_TEXT].ptr);
    struct geo_file_layer layers[GEO_LAYER_COUNT] = {0};
    for (size_t i = features->count; i-- > 0;) {
        struct geo_file_layer *layer = &layers[pack->units[i].layer];
        layer->unit_first = (uint32_t)i;
        layer->unit_count++;
    }
    buf_put(&pack->sections[GEO_SECTION_LAYERS], slice_of(layers, sizeof(layers)));
    buf_put(&pack->sections[GEO_SECTION_UNITS],
            slice_of(pack->units, features->count * sizeof(*pack->units)));
}

static void grid_put(struct pack *pack)
{
    const struct geo_file_ring *rings = (const void *)pack->sections[GEO_SECTION_RINGS].ptr;
    const struct geo_point *points = (const void *)pack->sections[GEO_SECTION_POINTS].ptr;
    uint32_t unit_count = count_of(pack, GEO_SECTION_UNITS);
    for (uint32_t i = 0; i < unit_count; i++) {
        const struct geo_file_unit *unit = &pack->units[i];
        if (!(unit->flags & GEO_UNIT_LOOKUP)) {
            grid_add(&pack->grid, i, rings + unit->ring_first, unit->ring_count, points);
        }
    }
    grid_sort(&pack->grid);
    size_t next = 0;
    for (uint32_t cell = 0; cell <= GEO_GRID_ROWS * GEO_GRID_COLUMNS; cell++) {
        uint32_t first = count_of(pack, GEO_SECTION_ENTRIES);
        put(pack, GEO_SECTION_CELLS, &first);
        for (; next < pack->grid.count && pack->grid.items[next].cell == cell; next++) {
            put(pack, GEO_SECTION_ENTRIES, &pack->grid.items[next].entry);
        }
    }
}

static bool source_is_first(const struct recipe *recipe, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(recipe->rows[i].source, recipe->rows[index].source) == 0) {
            return false;
        }
    }
    return true;
}

static void sources_put(struct pack *pack, const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->count; i++) {
        const struct recipe_row *row = &recipe->rows[i];
        if (source_is_first(recipe, i)) {
            struct geo_file_source source = {
                text_put(pack, slice_from_cstr(row->source)),
                text_put(pack, slice_from_cstr(row->date)),
                text_put(pack, slice_from_cstr(row->licence)),
                text_put(pack, slice_from_cstr(row->attribution)),
            };
            put(pack, GEO_SECTION_SOURCES, &source);
        }
    }
}

/* Header and sections behind each other in `out`, the checksum filled in. */
static void file_make(struct pack *pack, const struct recipe *recipe, struct buf *out)
{
    struct geo_file_header header = {
        .magic = GEO_MAGIC, .version = GEO_FORMAT_VERSION, .byte_order = GEO_BYTE_ORDER};
    header.grade = text_put(pack, slice_from_cstr(recipe->grade));
    buf_put(out, slice_of(&header, sizeof(header)));
    for (int id = 0; id < GEO_SECTION_COUNT; id++) {
        while (out->len % 8 != 0) {
            buf_put_char(out, '\0');
        }
        header.sections[id] =
            (struct geo_file_section){out->len, count_of(pack, (enum geo_section_id)id)};
        buf_put(out, buf_slice(&pack->sections[id]));
    }
    header.size = out->len;
    memcpy(out->ptr, &header, sizeof(header));
    struct digest digest = digest_of(buf_slice(out));
    memcpy(out->ptr + offsetof(struct geo_file_header, checksum), digest.bytes, DIGEST_BYTES);
}

static enum err_code file_write(const char *path, struct slice bytes, struct err *err)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary)) {
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    }
    FILE *file = fopen(temporary, "we");
    if (!file) {
        return err_errno(err, errno, "%s", temporary);
    }
    size_t written = fwrite(bytes.ptr, 1, bytes.len, file);
    if (fclose(file) != 0 || written != bytes.len) {
        return err_errno(err, errno, "writing %s", temporary);
    }
    if (rename(temporary, path) != 0) {
        return err_errno(err, errno, "renaming %s", temporary);
    }
    return OK;
}

enum err_code pack_write(const struct features *features, const struct recipe *recipe,
                         const char *path, struct err *err)
{
    struct pack pack = {.geos = features->geos};
    struct buf out;
    for (int id = 0; id < GEO_SECTION_COUNT; id++) {
        buf_init(&pack.sections[id], file_max_bytes);
    }
    buf_init(&out, file_max_bytes);
    units_put(&pack, features);
    grid_put(&pack);
    sources_put(&pack, recipe);
    file_make(&pack, recipe, &out);
    bool failed = buf_failed(&out);
    for (int id = 0; id < GEO_SECTION_COUNT; id++) {
        failed = failed || buf_failed(&pack.sections[id]);
        buf_fini(&pack.sections[id]);
    }
    enum err_code code = failed ? err_set(err, ERR_LIMIT, "more than %zu bytes", file_max_bytes)
                                : file_write(path, buf_slice(&out), err);
    free(pack.units);
    free(pack.grid.items);
    buf_fini(&out);
    return code;
}

enum err_code attribution_write(const struct recipe *recipe, const char *path, struct err *err)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    buf_printf(&out, "Boundaries of caprelay, %s grade: sources and licences\n", recipe->grade);
    for (size_t i = 0; i < recipe->count; i++) {
        const struct recipe_row *row = &recipe->rows[i];
        if (source_is_first(recipe, i)) {
            buf_printf(&out, "\n%s (%s)\n  licence: %s\n  %s\n", row->source, row->date,
                       row->licence, row->attribution);
        }
    }
    enum err_code code = file_write(path, buf_slice(&out), err);
    buf_fini(&out);
    return code;
}
