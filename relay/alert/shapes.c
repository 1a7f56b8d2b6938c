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

/* What stands between the numbers of a pair is a comma; CAP has no blank there. */
static bool is_comma_next(struct slice rest)
{
    return rest.len > 1 && rest.ptr[0] == ',' && !is_separator(rest.ptr[1]);
}

/* And behind a pair white space, without a comma, or the end. */
static bool is_space_next(struct slice rest)
{
    size_t at = 0;
    while (at < rest.len && slice_is_xml_space(rest.ptr[at]))
        at++;
    return rest.len == 0 || (at > 0 && (at == rest.len || rest.ptr[at] != ','));
}

/* The same numbers, digit for digit, joined as CAP joins them. */
static struct slice in_form(struct reader *r, struct slice text)
{
    char *out = arena_alloc(r->arena, text.len + 1);
    size_t len = 0, numbers = 0;
    for (size_t at = 0; at < text.len; at++) {
        if (is_separator(text.ptr[at]))
            continue;
        if (at == 0 || is_separator(text.ptr[at - 1])) {
            if (numbers++ > 0)
                out[len++] = numbers % 2 ? ' ' : ',';
        }
        out[len++] = text.ptr[at];
    }
    return slice_of(out, len);
}

static struct slice find_form(struct reader *r, const xmlNode *node, const char *rule,
                              struct slice text, const char *form)
{
    reader_find(r, rule, FINDING_WARNING, node, "'%.*s' is not of the form '%s'; read as that",
                SLICE_ARG(text_clip(text, SHOWN_MAX)), form);
    return in_form(r, text);
}

/* False for a number without partner, something that is no number or a place that does not exist.
 * `is_in_form`: whether the numbers are joined as CAP joins them. */
static bool read_points(struct reader *r, struct slice text, struct cap_polygon *polygon,
                        bool *is_in_form)
{
    struct slice rest = text;
    struct cap_point point;
    size_t capacity = 0;
    *is_in_form = !is_separator(text.ptr[0]);
    while (shape_next_number(&rest, &point.lat)) {
        *is_in_form &= is_comma_next(rest);
        if (!shape_next_number(&rest, &point.lon) || !is_on_earth(point))
            return false;
        *is_in_form &= is_space_next(rest);
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
    bool is_in_form;
    if (!read_points(r, polygon.text, &polygon, &is_in_form) || polygon.count < 3) {
        find_unreadable(r, node, area, "cap.polygon.unreadable", polygon.text);
        return;
    }
    if (!is_in_form)
        polygon.text = find_form(r, node, "cap.polygon.form", polygon.text, "lat,lon lat,lon ...");
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
    bool is_in_form = !is_separator(rest.ptr[0]);
    bool readable = shape_next_number(&rest, &circle.centre.lat);
    is_in_form &= is_comma_next(rest);
    readable = readable && shape_next_number(&rest, &circle.centre.lon);
    is_in_form &= is_space_next(rest);
    readable = readable && shape_next_number(&rest, &circle.radius_km);
    is_in_form &= rest.len == 0;
    readable = readable && !shape_next_number(&rest, &surplus) && rest.len == 0;
    if (!readable || !is_on_earth(circle.centre) || circle.radius_km < 0) {
        find_unreadable(r, node, area, "cap.circle.unreadable", circle.text);
        return;
    }
    if (!is_in_form)
        circle.text = find_form(r, node, "cap.circle.form", circle.text, "lat,lon radius");
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
