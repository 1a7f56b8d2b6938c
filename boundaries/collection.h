/*
 * collection: the features (units) of all layers while a packed file is being made.
 */
#ifndef CAPRELAY_BOUNDARIES_COLLECTION_H
#define CAPRELAY_BOUNDARIES_COLLECTION_H

#include "recipe.h"
#include "shape.h"

#include "base/arena.h"
#include "base/map.h"

struct feature {
    enum geo_layer layer;
    unsigned flags; /* enum geo_unit_flag */
    unsigned row;   /* of the recipe; features of one row with the same code are joined */
    struct slice code, name, name_fr, region; /* in the arena */
    GEOSGeometry *shape;                      /* owned; shared with no other; NULL in an alias */
    bool joined;                              /* shape is a collection that is to be united */
    size_t stands_for;                        /* alias: index of the feature whose shape it takes */
};

struct features {
    GEOSContextHandle_t geos;
    struct arena *arena;
    struct feature *items;
    size_t count, capacity;
    struct map *places; /* layer and code to index + 1 */
    struct shape_counts counts;
};

void features_init(struct features *features, GEOSContextHandle_t geos);
void features_fini(struct features *features);

void features_add(struct features *features, const struct feature *feature);
/* SIZE_MAX where there is none. */
size_t features_find(const struct features *features, enum geo_layer layer, struct slice code);

/* Adds what one row of the recipe says. `folder` holds its file. */
enum err_code features_read(struct features *features, const struct recipe_row *row,
                            const char *folder, struct err *err);
/* Option fit=DEGREES: grows the units of a coarse layer by that much inside their country, so that
 * they end at its exact border. */
void features_fit(struct features *features, const struct recipe_row *row, size_t first,
                  double degrees);
/* Codes of another list get the shape of the unit that their point lies in. `table` has columns
 * code, name_en, name_fr, lat, lon. */
enum err_code features_alias_points(struct features *features, const struct recipe_row *row,
                                    const char *table, struct err *err);
/* Fills region and missing names from the tables of provinces and states. */
void feature_describe(struct feature *feature);

#endif
