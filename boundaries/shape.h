/*
 * shape: GeoJSON geometry to valid GEOS polygons in the packed file's integer units.
 */
#ifndef CAPRELAY_BOUNDARIES_SHAPE_H
#define CAPRELAY_BOUNDARIES_SHAPE_H

#define GEOS_USE_ONLY_R_API
#include "base/err.h"

#include <geos_c.h>
#include <jansson.h>
#include <stdbool.h>

struct shape_counts {
    size_t repaired;  /* geometries that were not valid */
    size_t collapsed; /* geometries without area, for which a disc of some 200 m stands in */
};

/* Polygon, MultiPolygon, or a GeometryCollection's polygons. The caller destroys *out. */
enum err_code shape_read(GEOSContextHandle_t geos, const json_t *geometry,
                         struct shape_counts *counts, GEOSGeometry **out, struct err *err);
/* Takes `shape`; gives its polygons, valid and on the grid, all within 180 degrees; may be empty.
 */
GEOSGeometry *shape_repair(GEOSContextHandle_t geos, GEOSGeometry *shape);
/* Takes both; a collection of the two that shape_unite makes one shape of. */
GEOSGeometry *shape_collect(GEOSContextHandle_t geos, GEOSGeometry *a, GEOSGeometry *b);
GEOSGeometry *shape_unite(GEOSContextHandle_t geos, GEOSGeometry *collection);
/* Aborts with a message where GEOS failed: its results are never NULL for another reason. */
void *shape_must(void *result);

#endif
