/*
 * caprelay-boundaries: packs boundary files into the one file that the relay maps.
 *
 * usage: caprelay-boundaries RECIPE FOLDER OUT [ATTRIBUTION]
 */
#include "pack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void geos_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("caprelay-boundaries: geos: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static enum err_code row_finish(struct features *features, const struct recipe_row *row,
                                size_t first, struct err *err)
{
    struct slice fit = recipe_option(row, "fit");
    struct slice alias = recipe_option(row, "alias");
    double degrees;
    if (fit.ptr && !slice_to_double(fit, &degrees)) {
        return err_set(err, ERR_INVALID, "fit=%.*s is not a number", SLICE_ARG(fit));
    }
    if (fit.ptr) {
        features_fit(features, row, first, degrees);
    }
    if (alias.ptr) {
        return features_alias_points(features, row, arena_cstr(features->arena, alias), err);
    }
    return OK;
}

static enum err_code rows_read(struct features *features, const struct recipe *recipe,
                               const char *folder, struct err *err)
{
    for (size_t i = 0; i < recipe->count; i++) {
        const struct recipe_row *row = &recipe->rows[i];
        size_t first = features->count;
        struct shape_counts before = features->counts;
        enum err_code code = features_read(features, row, folder, err);
        if (code == OK) {
            code = row_finish(features, row, first, err);
        }
        if (code != OK) {
            return err_wrap(err, "recipe line %u", row->number);
        }
        printf("%-12s %6zu units  %4zu repaired  %3zu collapsed  %s\n", layer_name(row->layer),
               features->count - first, features->counts.repaired - before.repaired,
               features->counts.collapsed - before.collapsed, row->file);
    }
    return OK;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fputs("usage: caprelay-boundaries RECIPE FOLDER OUT [ATTRIBUTION]\n", stderr);
        return 2;
    }
    struct err err = {0};
    struct recipe recipe;
    struct features features;
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSContext_setErrorHandler_r(geos, geos_say);
    features_init(&features, geos);
    enum err_code code = recipe_read(argv[1], &recipe, &err);
    if (code == OK) {
        code = rows_read(&features, &recipe, argv[2], &err);
    }
    if (code == OK) {
        code = pack_write(&features, &recipe, argv[3], &err);
    }
    if (code == OK && argc == 5) {
        code = attribution_write(&recipe, argv[4], &err);
    }
    if (code != OK) {
        fprintf(stderr, "caprelay-boundaries: %s\n", err.text);
    }
    features_fini(&features);
    recipe_fini(&recipe);
    GEOS_finish_r(geos);
    return code == OK ? 0 : 1;
}
