/* Polygons and circles as CAP writes them: "lat,lon lat,lon ..." and "lat,lon radius". */
#include "alert/fields.h"
#include "alert/text.h"

enum { SHOWN_MAX = 80 };

static bool is_separator(char c)
{
    return c == ',' || slice_is_xml_space(c);
}

bool shape_next_number(struct slice *rest, double *value)
{
    size_t begin = 0;
    while (begin < rest->len && is_separator(rest->ptr[begin]))
        begin++;
    size_t end = begin + slice_scan_decimal(slice_sub(*rest, begin, rest->len), value);
    if (end > begin && (end == rest->len || is_separator(rest->ptr[end]))) {
        *rest = slice_sub(*rest, end, rest->len);
        return true;
    }
    while (end < rest->len && !is_separator(rest->ptr[end]))
        end++;
    if (begin == end) {
        *rest = slice_sub(*rest, end, end);
        return false;
    }
    if (!slice_to_double(slice_sub(*rest, begin, end), value))
        return false;
    *rest = slice_sub(*rest, end, rest->len);
    return true;
}

static bool is_on_earth(struct cap_point point)
{
    return point.lat >= -90 && point.lat <= 90 && point.lon >= -180 && point.lon <= 180;
}

/* False for a number without partner, something that is no number or a place that does not exist.
 */
static bool read_points(struct reader *r, struct slice text, struct cap_polygon *polygon)
{
    struct slice rest = text;
    struct cap_point point;
    size_t capacity = 0;
    while (shape_next_number(&rest, &point.lat)) {
        if (!shape_next_number(&rest, &point.lon) || !is_on_earth(point))
            return false;
        polygon->points =
            arena_grow(r->arena, polygon->points, polygon->count, &capacity, sizeof point);
        polygon->points[polygon->count++] = point;
    }
    return rest.len == 0;
}

static void find_unreadable(struct reader *r, const xmlNode *node, struct cap_area *area,
                            const char *rule, struct slice text)
{
    area->unreadable_shapes++;
    reader_find(r, rule, FINDING_WARNING, node, "'%.*s' cannot be read and is left out",
                SLICE_ARG(text_clip(text, SHOWN_MAX)));
}

static bool is_closed(const struct cap_polygon *polygon)
{
    const struct cap_point *first = &polygon->points[0],
                           *last = &polygon->points[polygon->count - 1];
    return first->lat == last->lat && first->lon == last->lon;
}

void shape_add_polygon(struct reader *r, const xmlNode *node, struct slice text,
                       struct cap_area *area)
{
    struct cap_polygon polygon = {.text = text, .line = reader_line(r, node)};
    if (polygon.text.len == 0)
        return;
    if (!read_points(r, polygon.text, &polygon) || polygon.count < 3) {
        find_unreadable(r, node, area, "cap.polygon.unreadable", polygon.text);
        return;
    }
    if (!is_closed(&polygon))
        reader_find(r, "cap.polygon.open", FINDING_WARNING, node,
                    "the last point is not the first");
    else if (polygon.count < 4)
        reader_find(r, "cap.polygon.points", FINDING_WARNING, node,
                    "%zu points; at least 4 are needed", polygon.count);
    struct cap_polygon *place =
        field_append(r, &area->polygons, &area->polygon_count, sizeof *area->polygons);
    *place = polygon;
}

void shape_add_circle(struct reader *r, const xmlNode *node, struct slice text,
                      struct cap_area *area)
{
    struct cap_circle circle = {.text = text, .line = reader_line(r, node)};
    if (circle.text.len == 0)
        return;
    struct slice rest = circle.text;
    double surplus;
    bool readable = shape_next_number(&rest, &circle.centre.lat) &&
                    shape_next_number(&rest, &circle.centre.lon) &&
                    shape_next_number(&rest, &circle.radius_km) &&
                    !shape_next_number(&rest, &surplus) && rest.len == 0;
    if (!readable || !is_on_earth(circle.centre) || circle.radius_km < 0) {
        find_unreadable(r, node, area, "cap.circle.unreadable", circle.text);
        return;
    }
    struct cap_circle *place =
        field_append(r, &area->circles, &area->circle_count, sizeof *area->circles);
    *place = circle;
}

void field_polygon(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    shape_add_polygon(r, node, field_words(r, node), area);
}

void field_circle(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    shape_add_circle(r, node, field_words(r, node), area);
}
