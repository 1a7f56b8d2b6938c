/* A ring as IPAWS takes it: no point twice, no edge across another, some area inside. */
#include "profile/rules.h"

static bool is_same(const struct cap_point *a, const struct cap_point *b)
{
    return a->lat == b->lat && a->lon == b->lon;
}

/* Twice the signed area of the triangle. */
static double turn(const struct cap_point *a, const struct cap_point *b, const struct cap_point *c)
{
    return (b->lon - a->lon) * (c->lat - a->lat) - (b->lat - a->lat) * (c->lon - a->lon);
}

/* Whether the edges cross in the inside of both; that they touch is not enough. */
static bool do_cross(const struct cap_point *a, const struct cap_point *b)
{
    return turn(&a[0], &a[1], &b[0]) * turn(&a[0], &a[1], &b[1]) < 0 &&
           turn(&b[0], &b[1], &a[0]) * turn(&b[0], &b[1], &a[1]) < 0;
}

static bool has_area(const struct cap_polygon *polygon)
{
    double twice = 0;
    for (size_t i = 1; i + 1 < polygon->count; i++)
        twice += turn(&polygon->points[0], &polygon->points[i], &polygon->points[i + 1]);
    return twice != 0;
}

const char *ring_fault(const struct cap_polygon *polygon, size_t points_max)
{
    const struct cap_point *points = polygon->points;
    if (polygon->count > points_max || polygon->count < 3)
        return NULL;
    size_t edges = polygon->count - 1;
    for (size_t i = 0; i < edges; i++) {
        for (size_t k = i + 1; k < edges; k++) {
            if (is_same(&points[i], &points[k]))
                return "repeats a point";
            if (do_cross(&points[i], &points[k]))
                return "crosses itself";
        }
    }
    return has_area(polygon) ? NULL : "has no area";
}
