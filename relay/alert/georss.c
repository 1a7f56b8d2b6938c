#include "alert/georss.h"

#include "alert/fields.h"
#include "alert/text.h"
#include "base/buf.h"

#include <math.h>

enum { SHOWN_MAX = 80, DESCRIBED_CODES_MAX = 20, TEXT_BYTES_MAX = 16 * 1024 * 1024 };

/* Half the width that a line gets, some hundred metres. */
static const double line_margin_deg = 0.001;

static bool is_named(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

static bool in_namespace(const xmlNode *node, const char *prefix)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           slice_starts_with(slice_from_cstr((const char *)node->ns->href), prefix);
}

static bool is_georss(const xmlNode *node)
{
    return in_namespace(node, "http://www.georss.org/georss");
}

static bool is_gml(const xmlNode *node)
{
    return in_namespace(node, "http://www.opengis.net/gml");
}

static void find_unreadable(struct reader *r, const xmlNode *node, struct slice text,
                            struct cap_area *area, const char *why)
{
    area->unreadable_shapes++;
    reader_find(r, "georss.unreadable", FINDING_WARNING, node, "'%.*s' is left out: %s",
                SLICE_ARG(text_clip(text, SHOWN_MAX)), why);
}

static bool next_token(struct slice *rest, struct slice *token)
{
    size_t begin = 0;
    while (begin < rest->len && (rest->ptr[begin] == ',' || slice_is_xml_space(rest->ptr[begin])))
        begin++;
    size_t end = begin;
    while (end < rest->len && rest->ptr[end] != ',' && !slice_is_xml_space(rest->ptr[end]))
        end++;
    *token = slice_sub(*rest, begin, end);
    *rest = slice_sub(*rest, end, rest->len);
    return token->len > 0;
}

/* "1 2 3 4" to "1,2 3,4" with the digits as they are; `swapped` exchanges the two of a pair. */
static void put_pairs(struct buf *out, struct slice text, bool swapped)
{
    struct slice first, second;
    while (next_token(&text, &first)) {
        if (!next_token(&text, &second))
            second = SLICE("");
        if (out->len)
            buf_put_char(out, ' ');
        buf_put(out, swapped ? second : first);
        buf_put_char(out, ',');
        buf_put(out, swapped ? first : second);
    }
}

static struct slice take_text(struct reader *r, struct buf *buf)
{
    struct slice text = buf_failed(buf) ? SLICE("") : arena_copy(r->arena, buf_slice(buf));
    buf_fini(buf);
    return text;
}

static struct slice pairs_of(struct reader *r, struct slice text, bool swapped)
{
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    put_pairs(&out, text, swapped);
    return take_text(r, &out);
}

static void add_point(struct reader *r, const xmlNode *node, struct slice pair,
                      struct cap_area *area)
{
    if (pair.len)
        shape_add_circle(r, node, arena_printf(r->arena, "%.*s 0", SLICE_ARG(pair)), area);
}

static void add_circle(struct reader *r, const xmlNode *node, struct slice pair, double radius_m,
                       struct cap_area *area)
{
    if (!isfinite(radius_m) || radius_m < 0)
        find_unreadable(r, node, pair, area, "its radius is no length in metres");
    else
        shape_add_circle(
            r, node, arena_printf(r->arena, "%.*s %.10g", SLICE_ARG(pair), radius_m / 1000), area);
}

/* Two corners, south-west then north-east. */
static void add_box(struct reader *r, const xmlNode *node, struct slice pairs,
                    struct cap_area *area)
{
    struct slice tokens[4], rest = pairs, more;
    size_t count = 0;
    while (count < 4 && next_token(&rest, &tokens[count]))
        count++;
    if (count < 4 || next_token(&rest, &more)) {
        find_unreadable(r, node, pairs, area, "a box has two corners");
        return;
    }
    double west, east;
    if (slice_to_double(tokens[1], &west) && slice_to_double(tokens[3], &east) && west > east) {
        find_unreadable(r, node, pairs, area, "its west is east of its east");
        return;
    }
#define CORNER(lat, lon) SLICE_ARG(tokens[lat]), SLICE_ARG(tokens[lon])
    struct slice text =
        arena_printf(r->arena, "%.*s,%.*s %.*s,%.*s %.*s,%.*s %.*s,%.*s %.*s,%.*s", CORNER(0, 1),
                     CORNER(0, 3), CORNER(2, 3), CORNER(2, 1), CORNER(0, 1));
#undef CORNER
    shape_add_polygon(r, node, text, area);
}

struct box {
    double south, west, north, east;
    size_t count;
};

static void box_add(struct box *box, double lat, double lon)
{
    box->south = box->count ? fmin(box->south, lat) : lat;
    box->north = box->count ? fmax(box->north, lat) : lat;
    box->west = box->count ? fmin(box->west, lon) : lon;
    box->east = box->count ? fmax(box->east, lon) : lon;
    box->count++;
}

static double within(double low, double value, double high)
{
    return fmin(fmax(value, low), high);
}

static void add_line(struct reader *r, const xmlNode *node, struct slice pairs,
                     struct cap_area *area)
{
    struct slice rest = pairs;
    struct box box = {0};
    double lat, lon;
    while (shape_next_number(&rest, &lat) && shape_next_number(&rest, &lon))
        box_add(&box, lat, lon);
    if (rest.len || box.count < 2) {
        find_unreadable(r, node, pairs, area, "not a line of latitudes and longitudes");
        return;
    }
    reader_find(r, "georss.line", FINDING_WARNING, node,
                "CAP has no lines: the box around it is taken, with a margin of %g degrees",
                line_margin_deg);
    add_box(r, node,
            arena_printf(r->arena, "%.6f,%.6f %.6f,%.6f",
                         within(-90, box.south - line_margin_deg, 90),
                         within(-180, box.west - line_margin_deg, 180),
                         within(-90, box.north + line_margin_deg, 90),
                         within(-180, box.east + line_margin_deg, 180)),
            area);
}

/* --- GeoRSS Simple --- */

static void read_simple_circle(struct reader *r, const xmlNode *node, struct slice text,
                               struct cap_area *area)
{
    struct slice lat, lon, radius, more, rest = text;
    double radius_m;
    if (!next_token(&rest, &lat) || !next_token(&rest, &lon) || !next_token(&rest, &radius) ||
        next_token(&rest, &more) || !slice_to_double(radius, &radius_m))
        find_unreadable(r, node, text, area, "not a latitude, a longitude and a radius");
    else
        add_circle(r, node, arena_printf(r->arena, "%.*s,%.*s", SLICE_ARG(lat), SLICE_ARG(lon)),
                   radius_m, area);
}

static bool read_simple(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    struct slice text = field_words(r, node);
    if (is_named(node, "circle"))
        read_simple_circle(r, node, text, area);
    else if (is_named(node, "point"))
        add_point(r, node, pairs_of(r, text, false), area);
    else if (is_named(node, "polygon"))
        shape_add_polygon(r, node, pairs_of(r, text, false), area);
    else if (is_named(node, "box"))
        add_box(r, node, pairs_of(r, text, false), area);
    else if (is_named(node, "line"))
        add_line(r, node, pairs_of(r, text, false), area);
    else if (slice_ieq_cstr(slice_from_cstr((const char *)node->name), "featurename"))
        area->area_desc = text;
    else
        return false;
    return true;
}

/* --- GML --- */

/* The nearest srsName decides; the default of GeoRSS is WGS 84, latitude first. */
static bool is_longitude_first(const xmlNode *node)
{
    for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
        xmlChar *name = xmlGetNoNsProp(node, (const xmlChar *)"srsName");
        if (!name)
            continue;
        bool first = slice_find(slice_from_cstr((const char *)name), "CRS84") >= 0;
        xmlFree(name);
        return first;
    }
    return false;
}

/* Every pos, posList and coordinates below, in order. */
static void put_positions(struct reader *r, const xmlNode *node, bool swapped, struct buf *out)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (is_named(child, "interior"))
            reader_find(r, "georss.hole", FINDING_NOTE, child, "CAP has no holes: it is covered");
        else if (is_named(child, "pos") || is_named(child, "posList") ||
                 is_named(child, "lowerCorner") || is_named(child, "upperCorner") ||
                 is_named(child, "coordinates"))
            put_pairs(out, field_words(r, child), swapped);
        else
            put_positions(r, child, swapped, out);
    }
}

static struct slice positions(struct reader *r, const xmlNode *node)
{
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    put_positions(r, node, is_longitude_first(node), &out);
    return take_text(r, &out);
}

static double metres_per(struct slice unit)
{
    static const struct {
        const char *name;
        double metres;
    } units[] = {
        {"m", 1},          {"metre", 1},         {"meter", 1},
        {"km", 1000},      {"[mi_i]", 1609.344}, {"urn:ogc:def:uom:EPSG::9001", 1},
        {"[nmi_i]", 1852}, {"[ft_i]", 0.3048},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (slice_ieq_cstr(unit, units[i].name))
            return units[i].metres;
    return NAN;
}

static void read_gml_circle(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    double radius = NAN, unit = 1;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || !is_named(child, "radius"))
            continue;
        xmlChar *uom = xmlGetNoNsProp(child, (const xmlChar *)"uom");
        unit = uom ? metres_per(slice_from_cstr((const char *)uom)) : 1;
        xmlFree(uom);
        if (!slice_to_double(field_words(r, child), &radius))
            radius = NAN;
    }
    add_circle(r, node, positions(r, node), radius * unit, area);
}

static bool is_planar(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    xmlChar *dimension = xmlGetNoNsProp(node, (const xmlChar *)"srsDimension");
    bool planar = !dimension || strcmp((const char *)dimension, "2") == 0;
    xmlFree(dimension);
    if (!planar)
        find_unreadable(r, node, slice_from_cstr((const char *)node->name), area,
                        "only shapes of two dimensions are read");
    return planar;
}

static bool read_gml(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    bool point = is_named(node, "Point"), line = is_named(node, "LineString"),
         polygon = is_named(node, "Polygon"), box = is_named(node, "Envelope"),
         circle = is_named(node, "CircleByCenterPoint");
    if (!point && !line && !polygon && !box && !circle)
        return georss_read_below(r, node, area);
    if (!is_planar(r, node, area))
        return true;
    if (point)
        add_point(r, node, positions(r, node), area);
    else if (line)
        add_line(r, node, positions(r, node), area);
    else if (polygon)
        shape_add_polygon(r, node, positions(r, node), area);
    else if (box)
        add_box(r, node, positions(r, node), area);
    else
        read_gml_circle(r, node, area);
    return true;
}

bool georss_read_below(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    bool any = false;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            any |= georss_read(r, child, area) ||
                   (!is_georss(child) && !is_gml(child) && georss_read_below(r, child, area));
    return any;
}

bool georss_read(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    if (is_georss(node))
        return is_named(node, "where") ? georss_read_below(r, node, area)
                                       : read_simple(r, node, area);
    return is_gml(node) && read_gml(r, node, area);
}

/* --- areaDesc --- */

static struct box box_of(const struct cap_area *area)
{
    struct box box = {0};
    for (size_t i = 0; i < area->polygon_count; i++)
        for (size_t k = 0; k < area->polygons[i].count; k++)
            box_add(&box, area->polygons[i].points[k].lat, area->polygons[i].points[k].lon);
    for (size_t i = 0; i < area->circle_count; i++)
        box_add(&box, area->circles[i].centre.lat, area->circles[i].centre.lon);
    return box;
}

void area_describe(struct arena *arena, struct cap_area *area)
{
    if (area->area_desc.len)
        return;
    struct slice text = {NULL, 0};
    for (size_t i = 0; i < area->geocodes.count && i < DESCRIBED_CODES_MAX; i++)
        text = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(text), i ? ", " : "",
                            SLICE_ARG(text_clip(area->geocodes.items[i].value, SHOWN_MAX)));
    struct box box = box_of(area);
    bool point = box.south == box.north && box.west == box.east;
    if (!text.len && box.count && point)
        text = arena_printf(arena, "%.5g, %.6g", box.south, box.west);
    else if (!text.len && box.count)
        text = arena_printf(arena, "%.5g, %.6g - %.5g, %.6g", box.south, box.west, box.north,
                            box.east);
    area->area_desc = text;
}
