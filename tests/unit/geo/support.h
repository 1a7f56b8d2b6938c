/* support: the packed files and GEOS geometries of their units, for the tests of geo. */
#ifndef CAPRELAY_TESTS_GEO_SUPPORT_H
#define CAPRELAY_TESTS_GEO_SUPPORT_H

#define GEOS_USE_ONLY_R_API
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <geos_c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "geo/query.h"

#define STANDARD_FILE CAPRELAY_BUILD "/boundaries-standard.bin"
#define FULL_FILE CAPRELAY_BUILD "/boundaries-full.bin"

static inline struct geo *open_or_fail(const char *path)
{
    struct geo *geo = NULL;
    struct err err = {0};
    if (geo_open(path, &geo, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return geo;
}

/* The full grade needs files that are not part of the project. */
static inline struct geo *open_full_or_skip(void)
{
    if (access(FULL_FILE, R_OK) != 0) {
        printf("skipped: %s is not there (made from " CAPRELAY_SHARED "/geo)\n", FULL_FILE);
        skip();
    }
    return open_or_fail(FULL_FILE);
}

static inline struct geo_shape shape_of_polygons(const struct cap_polygon *polygons, size_t count)
{
    return (struct geo_shape){.polygons = polygons, .polygon_count = count};
}

static inline struct geo_shape shape_of_circle(const struct cap_circle *circle)
{
    return (struct geo_shape){.circles = circle, .circle_count = 1};
}

/* Whether that code is among the units. */
static inline bool units_have(const struct geo_units *units, const char *code)
{
    for (size_t i = 0; i < units->count; i++) {
        if (slice_eq_cstr(units->items[i].code, code)) {
            return true;
        }
    }
    return false;
}

/* Codes with blanks between, in the arena. */
static inline const char *units_text(struct arena *arena, const struct geo_units *units)
{
    struct slice text = SLICE("");
    for (size_t i = 0; i < units->count; i++) {
        text = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(text), i ? " " : "",
                            SLICE_ARG(units->items[i].code));
    }
    return text.ptr;
}

/* A fixed sequence (xorshift64*): the same queries in every run. */
struct dice {
    uint64_t state;
};

static inline double dice_between(struct dice *dice, double low, double high)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    uint64_t bits = (dice->state * 2685821657736338717ULL) >> 11;
    return low + (high - low) * ((double)bits / 9007199254740992.0);
}

static inline int dice_pick(struct dice *dice, int count)
{
    return (int)dice_between(dice, 0, count);
}

#endif
