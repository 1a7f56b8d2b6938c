/*
 * recipe: which layers a packed file is made of, read from a TSV file (boundaries/README.md
 * describes the columns).
 */
#ifndef CAPRELAY_BOUNDARIES_RECIPE_H
#define CAPRELAY_BOUNDARIES_RECIPE_H

#include "base/err.h"
#include "geo/geo.h"

enum { RECIPE_COLUMNS = 12 };

struct recipe_row {
    char *line; /* owns the texts below; absent columns are "" */
    unsigned number;
    enum geo_layer layer;
    const char *file;
    const char *code, *name, *name_fr,
        *region;       /* property names; code also PROPERTY:OFFSET:LENGTH */
    const char *where; /* PROPERTY=GLOB or PROPERTY!=GLOB */
    const char *options;
    const char *source, *date, *licence, *attribution;
};

struct recipe {
    char *grade;
    struct recipe_row *rows;
    size_t count;
};

enum err_code recipe_read(const char *path, struct recipe *out, struct err *err);
/* Accepts a zeroed recipe. */
void recipe_fini(struct recipe *recipe);

/* Value of KEY=VALUE in the blank-separated options, "" for a bare KEY, absent where it is not
 * there. */
struct slice recipe_option(const struct recipe_row *row, const char *key);
const char *layer_name(enum geo_layer layer);
/* GEO_NONE where there is none of that name. */
enum geo_layer layer_from_name(struct slice name);

#endif
