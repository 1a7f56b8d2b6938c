#include "shape.h"

#include "base/mem.h"
#include "geo/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAND_IN_UNITS = 200 };

void *shape_must(void *result)
{
    if (!result) {
        fputs("caprelay-boundaries: GEOS gave up on a geometry (see above)\n", stderr);
        exit(1);
    }
    return result;
}

struct polygons {
    GEOSGeometry **items;
    size_t count, capacity;
};

struct coordinates {
    double *xy;
    size_t count;
};

static void polygons_add(struct polygons *polygons, GEOSGeometry *polygon)
{
    polygons->items =
        mem_grow(polygons->items, polygons->count, &polygons->capacity, sizeof(*polygons->items));
    polygons->items[polygons->count++] = polygon;
}

static enum err_code position_read(const json_t *position, double *x, double *y, struct err *err)
{
    const json_t *lon = json_array_get(position, 0);
    const json_t *lat = json_array_get(position, 1);
    if (!json_is_number(lon) || !json_is_number(lat)) {
        return err_set(err, ERR_INVALID, "a position is not two numbers");
    }
    *x = json_number_value(lon);
    *y = json_number_value(lat);
    if (!(fabs(*x) <= 360) || !(fabs(*y) <= 90)) {
        return err_set(err, ERR_INVALID,
                       "position %g %g is not in degrees: convert the file to WGS 84 first", *x,
                       *y);
    }
    return OK;
}

/* Rounded to the grid, without repeats, closed. A ring that jumps over the antimeridian goes on
 * beyond 180 degrees. */
static enum err_code ring_read(const json_t *ring, struct coordinates *out, struct err *err)
{
    size_t size = json_array_size(ring);
    out->xy = mem_alloc_array(size + 1, 2 * sizeof(double));
    double turn = 0;
    double before = 0;
    for (size_t i = 0; i < size; i++) {
        double x, y;
        enum err_code code = position_read(json_array_get(ring, i), &x, &y, err);
        if (code != OK) {
            return code;
        }
        if (i > 0 && fabs(x - before) > 180) {
            turn += x < before ? 360 : -360;
        }
        before = x;
        double *next = &out->xy[2 * out->count];
        next[0] = round((x + turn) * GEO_SCALE);
        next[1] = round(y * GEO_SCALE);
        if (out->count == 0 || next[0] != next[-2] || next[1] != next[-1]) {
            out->count++;
        }
    }
    double *last = &out->xy[2 * out->count];
    if (out->count > 0 && (out->xy[0] != last[-2] || out->xy[1] != last[-1])) {
        last[0] = out->xy[0];
        last[1] = out->xy[1];
        out->count++;
    }
    return OK;
}

static GEOSCoordSequence *sequence_make(GEOSContextHandle_t geos, const struct coordinates *from)
{
    return shape_must(GEOSCoordSeq_copyFromBuffer_r(geos, from->xy, (unsigned)from->count, 0, 0));
}

/* *out stays NULL where the ring has no area left on the grid. */
static enum err_code ring_make(GEOSContextHandle_t geos, const json_t *json, GEOSGeometry **out,
                               struct err *err)
{
    struct coordinates coordinates = {0};
    enum err_code code = ring_read(json, &coordinates, err);
    if (code == OK && coordinates.count >= 4) {
        *out = shape_must(GEOSGeom_createLinearRing_r(geos, sequence_make(geos, &coordinates)));
    }
    free(coordinates.xy);
    return code;
}

static enum err_code polygon_read(GEOSContextHandle_t geos, const json_t *rings,
                                  struct polygons *polygons, struct err *err)
{
    GEOSGeometry *shell = NULL;
    struct polygons holes = {0};
    enum err_code code = ring_make(geos, json_array_get(rings, 0), &shell, err);
    for (size_t i = 1; code == OK && shell && i < json_array_size(rings); i++) {
        GEOSGeometry *hole = NULL;
        code = ring_make(geos, json_array_get(rings, i), &hole, err);
        if (hole) {
            polygons_add(&holes, hole);
        }
    }
    if (shell) {
        polygons_add(polygons, shape_must(GEOSGeom_createPolygon_r(geos, shell, holes.items,
                                                                   (unsigned)holes.count)));
    }
    free(holes.items);
    return code;
}

static enum err_code polygons_read(GEOSContextHandle_t geos, const json_t *geometry,
                                   struct polygons *polygons, struct err *err)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    const json_t *members = json_object_get(geometry, "geometries");
    enum err_code code = OK;
    if (!type) {
        return err_set(err, ERR_INVALID, "a feature has no geometry");
    }
    if (strcmp(type, "Polygon") == 0) {
        return polygon_read(geos, coordinates, polygons, err);
    }
    if (strcmp(type, "MultiPolygon") == 0) {
        for (size_t i = 0; code == OK && i < json_array_size(coordinates); i++) {
            code = polygon_read(geos, json_array_get(coordinates, i), polygons, err);
        }
    } else if (strcmp(type, "GeometryCollection") == 0) {
        for (size_t i = 0; code == OK && i < json_array_size(members); i++) {
            code = polygons_read(geos, json_array_get(members, i), polygons, err);
        }
    }
    return code;
}

static void polygons_collect(GEOSContextHandle_t geos, const GEOSGeometry *shape,
                             struct polygons *polygons)
{
    int type = GEOSGeomTypeId_r(geos, shape);
    if (type == GEOS_POLYGON) {
        if (!GEOSisEmpty_r(geos, shape)) {
            polygons_add(polygons, shape_must(GEOSGeom_clone_r(geos, shape)));
        }
        return;
    }
    if (type != GEOS_MULTIPOLYGON && type != GEOS_GEOMETRYCOLLECTION) {
        return;
    }
    for (int i = 0; i < GEOSGetNumGeometries_r(geos, shape); i++) {
        polygons_collect(geos, GEOSGetGeometryN_r(geos, shape, i), polygons);
    }
}

static GEOSGeometry *polygons_join(GEOSContextHandle_t geos, struct polygons *polygons)
{
    GEOSGeometry *joined = shape_must(GEOSGeom_createCollection_r(
        geos, GEOS_MULTIPOLYGON, polygons->items, (unsigned)polygons->count));
    free(polygons->items);
    *polygons = (struct polygons){0};
    return joined;
}

static GEOSGeometry *polygons_of(GEOSContextHandle_t geos, GEOSGeometry *shape)
{
    struct polygons polygons = {0};
    polygons_collect(geos, shape, &polygons);
    GEOSGeom_destroy_r(geos, shape);
    return polygons_join(geos, &polygons);
}

static int move_x(double *x, double *y, void *by)
{
    (void)y;
    *x += *(const double *)by;
    return 1;
}

static void part_collect(GEOSContextHandle_t geos, const GEOSGeometry *shape, double by,
                         struct polygons *polygons)
{
    GEOSGeometry *moved = shape_must(GEOSGeom_transformXY_r(geos, shape, move_x, &by));
    GEOSGeometry *world = shape_must(GEOSGeom_createRectangle_r(
        geos, -GEO_HALF_TURN, -GEO_HALF_TURN, GEO_HALF_TURN, GEO_HALF_TURN));
    GEOSGeometry *part = shape_must(GEOSIntersection_r(geos, moved, world));
    polygons_collect(geos, part, polygons);
    GEOSGeom_destroy_r(geos, part);
    GEOSGeom_destroy_r(geos, world);
    GEOSGeom_destroy_r(geos, moved);
}

static bool shape_is_beyond(GEOSContextHandle_t geos, const GEOSGeometry *shape)
{
    double x0 = 0;
    double x1 = 0;
    return !GEOSisEmpty_r(geos, shape) && GEOSGeom_getXMin_r(geos, shape, &x0) &&
           GEOSGeom_getXMax_r(geos, shape, &x1) && (x0 < -GEO_HALF_TURN || x1 > GEO_HALF_TURN);
}

/* Cuts at the antimeridian what reaches beyond it. */
static GEOSGeometry *shape_wrap(GEOSContextHandle_t geos, GEOSGeometry *shape)
{
    if (!shape_is_beyond(geos, shape)) {
        return shape;
    }
    struct polygons parts = {0};
    for (int turn = -1; turn <= 1; turn++) {
        part_collect(geos, shape, turn * 2.0 * GEO_HALF_TURN, &parts);
    }
    GEOSGeom_destroy_r(geos, shape);
    return polygons_join(geos, &parts);
}

static GEOSGeometry *shape_make_valid(GEOSContextHandle_t geos, GEOSGeometry *shape)
{
    if (GEOSisValid_r(geos, shape) == 1) {
        return shape;
    }
    GEOSMakeValidParams *params = shape_must(GEOSMakeValidParams_create_r(geos));
    GEOSMakeValidParams_setMethod_r(geos, params, GEOS_MAKE_VALID_STRUCTURE);
    GEOSGeometry *valid = shape_must(GEOSMakeValidWithParams_r(geos, shape, params));
    GEOSMakeValidParams_destroy_r(geos, params);
    GEOSGeom_destroy_r(geos, shape);
    GEOSGeometry *gridded = shape_must(GEOSGeom_setPrecision_r(geos, valid, 1.0, 0));
    GEOSGeom_destroy_r(geos, valid);
    return gridded;
}

GEOSGeometry *shape_repair(GEOSContextHandle_t geos, GEOSGeometry *shape)
{
    GEOSGeometry *valid = polygons_of(geos, shape_make_valid(geos, shape_wrap(geos, shape)));
    GEOSGeometry *gridded = shape_must(GEOSGeom_setPrecision_r(geos, valid, 1.0, 0));
    GEOSGeom_destroy_r(geos, valid);
    return polygons_of(geos, gridded);
}

/* A disc around the first position: a code whose area vanished must still be found where it lies.
 */
static enum err_code stand_in_make(GEOSContextHandle_t geos, const json_t *geometry,
                                   GEOSGeometry **out, struct err *err)
{
    const json_t *position = json_object_get(geometry, "coordinates");
    while (json_is_array(json_array_get(position, 0))) {
        position = json_array_get(position, 0);
    }
    double x, y;
    enum err_code code = position_read(position, &x, &y, err);
    if (code != OK) {
        return code;
    }
    GEOSGeometry *point =
        shape_must(GEOSGeom_createPointFromXY_r(geos, round(x * GEO_SCALE), round(y * GEO_SCALE)));
    *out = shape_repair(geos, shape_must(GEOSBuffer_r(geos, point, STAND_IN_UNITS, 2)));
    GEOSGeom_destroy_r(geos, point);
    return OK;
}

enum err_code shape_read(GEOSContextHandle_t geos, const json_t *geometry,
                         struct shape_counts *counts, GEOSGeometry **out, struct err *err)
{
    struct polygons polygons = {0};
    enum err_code code = polygons_read(geos, geometry, &polygons, err);
    GEOSGeometry *shape = polygons_join(geos, &polygons);
    if (code != OK) {
        GEOSGeom_destroy_r(geos, shape);
        return code;
    }
    /* Most are valid as they are; only the others pay for a repair on the grid. */
    if (shape_is_beyond(geos, shape) || GEOSisValid_r(geos, shape) != 1) {
        counts->repaired++;
        shape = shape_repair(geos, shape);
    }
    if (GEOSisEmpty_r(geos, shape)) {
        counts->collapsed++;
        GEOSGeom_destroy_r(geos, shape);
        return stand_in_make(geos, geometry, out, err);
    }
    *out = shape;
    return OK;
}

GEOSGeometry *shape_collect(GEOSContextHandle_t geos, GEOSGeometry *a, GEOSGeometry *b)
{
    GEOSGeometry *both[] = {a, b};
    return shape_must(GEOSGeom_createCollection_r(geos, GEOS_GEOMETRYCOLLECTION, both, 2));
}

GEOSGeometry *shape_unite(GEOSContextHandle_t geos, GEOSGeometry *collection)
{
    GEOSGeometry *united = shape_must(GEOSUnaryUnion_r(geos, collection));
    GEOSGeom_destroy_r(geos, collection);
    return shape_repair(geos, united);
}
