/*
 * format: the packed file of boundaries, as boundaries/ writes it and relay/geo maps it.
 *
 * One header, then sections: plain arrays of fixed records, each starting at a multiple of 8 bytes.
 * Numbers are in the byte order of the machine that packed the file; `byte_order` refuses a foreign
 * one. Coordinates are integers of 1e-5 degree (x: longitude, y: latitude), so that every test of
 * sides is exact in 64 bits.
 *
 * The checksum is BLAKE2b-256 over the whole file with the checksum's own bytes taken as zero. It
 * finds damage, not malice: the file is the operator's own.
 *
 * A change of any record, or of what one means, needs another GEO_FORMAT_VERSION.
 */
#ifndef CAPRELAY_GEO_FORMAT_H
#define CAPRELAY_GEO_FORMAT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { GEO_FORMAT_VERSION = 1, GEO_BYTE_ORDER = 0x01020304 };
enum {
    GEO_SCALE = 100000,       /* units in a degree */
    GEO_HALF_TURN = 18000000, /* 180 degrees */
    GEO_CELL = 50000,         /* a grid cell is half a degree wide */
    GEO_GRID_COLUMNS = 720,
    GEO_GRID_ROWS = 360,
    GEO_RUN_EDGES = 32,  /* edges under one box */
    GEO_LAYER_COUNT = 10 /* enum geo_layer with GEO_NONE */
};

#define GEO_MAGIC "CAPRGEO"

enum geo_section_id {
    GEO_SECTION_SOURCES = 0, /* struct geo_file_source */
    GEO_SECTION_LAYERS,      /* struct geo_file_layer, one for each enum geo_layer */
    GEO_SECTION_UNITS,       /* struct geo_file_unit, by layer, then code */
    GEO_SECTION_RINGS,       /* struct geo_file_ring: an outer ring, then its holes */
    GEO_SECTION_RUNS,        /* struct geo_box: box of every GEO_RUN_EDGES edges of a ring */
    GEO_SECTION_POINTS,      /* struct geo_point; a ring's last point repeats its first */
    GEO_SECTION_CELLS,   /* uint32_t: first entry of each grid cell, row by row from the south-west;
                            one more at the end */
    GEO_SECTION_ENTRIES, /* uint32_t: unit index, rising within a cell; GEO_ENTRY_WHOLE where the
                            unit fills the cell */
    GEO_SECTION_TEXT,    /* char */
    GEO_SECTION_COUNT
};

#define GEO_ENTRY_WHOLE 0x80000000u

struct geo_point {
    int32_t x, y;
};

/* Closed on all sides. */
struct geo_box {
    int32_t x0, y0, x1, y1;
};

/* Bytes in the text section; length 0 is an absent text. */
struct geo_text {
    uint32_t offset, length;
};

struct geo_file_source {
    struct geo_text name, date, licence, attribution;
};

struct geo_file_layer {
    uint32_t unit_first, unit_count;
};

enum geo_unit_flag {
    /* Only for looking up a code: never an answer to what an area covers (fire weather zones, codes
       of another vintage). */
    GEO_UNIT_LOOKUP = 1,
    /* The shape is that of a wider or neighbouring unit which stands in for this code. */
    GEO_UNIT_ALIAS = 2
};

struct geo_file_unit {
    uint32_t layer, flags;
    struct geo_text code, name, name_fr, region;
    uint32_t ring_first, ring_count; /* several units may share rings */
    struct geo_box box;
    struct geo_point inner; /* a point inside, away from the boundary */
    double area_km2;
};

struct geo_file_ring {
    uint32_t point_first, point_count, run_first, hole;
    struct geo_box box;
};

struct geo_file_section {
    uint64_t offset, count;
};

struct geo_file_header {
    char magic[8];
    uint32_t version, byte_order;
    uint64_t size; /* of the file */
    uint8_t checksum[32];
    struct geo_text grade;
    struct geo_file_section sections[GEO_SECTION_COUNT];
};

static inline uint32_t geo_run_count(uint32_t point_count)
{
    return (point_count - 1 + GEO_RUN_EDGES - 1) / GEO_RUN_EDGES;
}

#define GEO_EARTH_RADIUS_KM 6371.0088 /* IUGG mean radius R1 */
#define GEO_RADIANS_PER_UNIT (3.14159265358979323846 / 180.0 / GEO_SCALE)

/*
 * Signed area between an edge and the meridian of longitude 0, in km2: the sum over a ring is its
 * area, positive when counter-clockwise. Exact on the sphere for edges along meridians and
 * parallels, and within 1e-4 for edges of some degrees.
 */
static inline double geo_strip_area_km2(int32_t ax, double a_sine, int32_t bx, double b_sine)
{
    double mean_x = ((double)ax + bx) / 2 * GEO_RADIANS_PER_UNIT;
    return mean_x * (b_sine - a_sine) * GEO_EARTH_RADIUS_KM * GEO_EARTH_RADIUS_KM;
}

/* Of its latitude. */
static inline double geo_sine_of(struct geo_point p)
{
    return sin(p.y * GEO_RADIANS_PER_UNIT);
}

static inline double geo_edge_area_km2(struct geo_point a, struct geo_point b)
{
    return geo_strip_area_km2(a.x, geo_sine_of(a), b.x, geo_sine_of(b));
}

/* Bytes of one record of a section. */
static inline size_t geo_record_size(enum geo_section_id id)
{
    static const size_t sizes[GEO_SECTION_COUNT] = {
        [GEO_SECTION_SOURCES] = sizeof(struct geo_file_source),
        [GEO_SECTION_LAYERS] = sizeof(struct geo_file_layer),
        [GEO_SECTION_UNITS] = sizeof(struct geo_file_unit),
        [GEO_SECTION_RINGS] = sizeof(struct geo_file_ring),
        [GEO_SECTION_RUNS] = sizeof(struct geo_box),
        [GEO_SECTION_POINTS] = sizeof(struct geo_point),
        [GEO_SECTION_CELLS] = sizeof(uint32_t),
        [GEO_SECTION_ENTRIES] = sizeof(uint32_t),
        [GEO_SECTION_TEXT] = 1,
    };
    return sizes[id];
}

#endif
