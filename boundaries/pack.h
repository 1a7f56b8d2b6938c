/*
 * pack: all features into one file of relay/geo/format.h.
 */
#ifndef CAPRELAY_BOUNDARIES_PACK_H
#define CAPRELAY_BOUNDARIES_PACK_H

#include "collection.h"

/* Writes beside `path` and renames, so that a relay never maps half a file. The same input gives
 * the same bytes. */
enum err_code pack_write(const struct features *features, const struct recipe *recipe,
                         const char *path, struct err *err);
/* The text that must go with the data: every source once, with date, licence and attribution. */
enum err_code attribution_write(const struct recipe *recipe, const char *path, struct err *err);

#endif
