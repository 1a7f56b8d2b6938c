/*
 * fixture: alerts with areas, and the boundaries of the standard grade as the build made them.
 */
#ifndef CAPRELAY_TESTS_UNIT_ROUTE_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_ROUTE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "route/area.h"

#include <stdio.h>

struct fixture {
    struct arena *arena;
    struct geo *geo;
    struct alert alert;
};

static inline int fixture_open(void **state)
{
    struct err err = {0};
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    fixture->arena = arena_create();
    if (geo_open(CAPRELAY_BUILD "/boundaries-standard.bin", &fixture->geo, &err) != OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = fixture;
    return 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    geo_close(fixture->geo);
    arena_destroy(fixture->arena);
    test_free(fixture);
    return 0;
}

static inline struct cap_info *fixture_info(struct fixture *fixture)
{
    struct alert *alert = &fixture->alert;
    struct cap_info *grown =
        arena_alloc_array(fixture->arena, alert->info_count + 1, sizeof(*grown));
    for (size_t i = 0; i < alert->info_count; i++)
        grown[i] = alert->infos[i];
    alert->infos = grown;
    return &grown[alert->info_count++];
}

static inline struct cap_area *fixture_area(struct fixture *fixture, struct cap_info *info)
{
    struct cap_area *grown =
        arena_alloc_array(fixture->arena, info->area_count + 1, sizeof(*grown));
    for (size_t i = 0; i < info->area_count; i++)
        grown[i] = info->areas[i];
    info->areas = grown;
    grown[info->area_count].area_desc = SLICE("an area");
    return &grown[info->area_count++];
}

/* A square of so many degrees around a point. */
static inline void fixture_square(struct fixture *fixture, struct cap_area *area, double lat,
                                  double lon, double half)
{
    struct cap_point *points = arena_alloc_array(fixture->arena, 5, sizeof(*points));
    const double corners[5][2] = {{-1, -1}, {-1, 1}, {1, 1}, {1, -1}, {-1, -1}};
    for (int i = 0; i < 5; i++) {
        double x = lon + half * corners[i][1];
        points[i] = (struct cap_point){lat + half * corners[i][0], x > 180    ? x - 360
                                                                   : x < -180 ? x + 360
                                                                              : x};
    }
    area->polygons = arena_alloc(fixture->arena, sizeof(*area->polygons));
    area->polygons[0] = (struct cap_polygon){
        .points = points,
        .count = 5,
        .text = arena_printf(fixture->arena, "%f %f %f", lat, lon, half),
    };
    area->polygon_count = 1;
}

static inline void fixture_geocode(struct fixture *fixture, struct cap_area *area,
                                   struct slice name, struct slice value)
{
    struct cap_pair *grown =
        arena_alloc_array(fixture->arena, area->geocodes.count + 1, sizeof(*grown));
    for (size_t i = 0; i < area->geocodes.count; i++)
        grown[i] = area->geocodes.items[i];
    grown[area->geocodes.count] = (struct cap_pair){.name = name, .value = value};
    area->geocodes.items = grown;
    area->geocodes.count++;
}

#endif
