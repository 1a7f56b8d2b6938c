#include "geo/outline.h"

#include <math.h>
#include <stdlib.h>

uint32_t geo_outline_points(const struct cap_polygon *ring, struct cap_point *out)
{
    uint32_t count = 0;
    for (size_t i = 0; i < ring->count; i++) {
        struct cap_point p = ring->points[i];
        if (count > 0) {
            p.lon += 360 * round((out[count - 1].lon - p.lon) / 360);
        }
        if (count == 0 || p.lat != out[count - 1].lat || p.lon != out[count - 1].lon) {
            out[count++] = p;
        }
    }
    if (count > 1 && out[0].lat == out[count - 1].lat && out[0].lon == out[count - 1].lon) {
        count--;
    }
    double area = 0;
    for (uint32_t i = 0; i < count; i++) {
        area += geo_turn(out[0], out[i], out[(i + 1) % count]);
    }
    for (uint32_t i = 0; area < 0 && i < count / 2; i++) {
        struct cap_point p = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = p;
    }
    return count;
}

static int point_cmp(const void *a, const void *b)
{
    const struct cap_point *p = a;
    const struct cap_point *q = b;
    if (p->lon != q->lon) {
        return p->lon < q->lon ? -1 : 1;
    }
    return (p->lat > q->lat) - (p->lat < q->lat);
}

uint32_t geo_outline_hull(struct cap_point *points, uint32_t count, struct cap_point *out)
{
    qsort(points, count, sizeof(*points), point_cmp);
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        while (made >= 2 && geo_turn(out[made - 2], out[made - 1], points[i]) <= 0) {
            made--;
        }
        out[made++] = points[i];
    }
    uint32_t lower = made + 1;
    for (uint32_t i = count - 1; i-- > 0;) {
        while (made >= lower && geo_turn(out[made - 2], out[made - 1], points[i]) <= 0) {
            made--;
        }
        out[made++] = points[i];
    }
    return made - 1;
}
