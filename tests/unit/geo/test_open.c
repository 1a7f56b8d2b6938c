/* A file that is not whole, or not ours, is refused with the reason; never a crash. */
#include "support.h"

#include <math.h>

static char path[] = "/tmp/caprelay-geo-XXXXXX";

struct bytes {
    char *ptr;
    size_t len;
};

static struct bytes file_read(const char *name)
{
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    struct bytes bytes = {.len = (size_t)ftell(file)};
    rewind(file);
    bytes.ptr = mem_alloc(bytes.len);
    assert_int_equal(fread(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
    return bytes;
}

static void file_write(const char *ptr, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(ptr, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    int fd = mkstemp(path);
    if (fd < 0) {
        return -1;
    }
    close(fd);
    struct bytes *bytes = mem_alloc(sizeof(*bytes));
    *bytes = file_read(STANDARD_FILE);
    *state = bytes;
    return 0;
}

static int teardown(void **state)
{
    struct bytes *bytes = *state;
    free(bytes->ptr);
    free(bytes);
    return unlink(path);
}

static void refused(enum err_code expected, const char *reason)
{
    struct geo *geo = NULL;
    struct err err = {0};
    assert_int_equal(geo_open(path, &geo, &err), expected);
    assert_null(geo);
    if (!strstr(err.text, reason) || !strstr(err.text, path)) {
        fail_msg("'%s' does not say '%s'", err.text, reason);
    }
    assert_int_equal(geo_open(path, &geo, NULL), expected);
}

/* The checksum made good again, so that the checks behind it are reached. */
static void file_write_summed(struct bytes bytes)
{
    struct geo_file_header *header = (struct geo_file_header *)(void *)bytes.ptr;
    memset(header->checksum, 0, sizeof(header->checksum));
    struct digest digest = digest_of(slice_of(bytes.ptr, bytes.len));
    memcpy(header->checksum, digest.bytes, DIGEST_BYTES);
    file_write(bytes.ptr, bytes.len);
}

static void test_open_good(void **state)
{
    const struct bytes *bytes = *state;
    file_write(bytes->ptr, bytes->len);
    struct geo *geo = open_or_fail(path);
    assert_true(slice_eq_cstr(geo_grade(geo), "standard"));
    assert_true(geo_has_layer(geo, GEO_US_COUNTY));
    assert_false(geo_has_layer(geo, GEO_CA_CD));
    assert_int_equal(geo_source_count(geo), 3);
    struct geo_source source = geo_source_at(geo, 0);
    assert_true(slice_find(source.licence, "ODbL") >= 0);
    assert_true(slice_find(source.attribution, "OpenStreetMap") >= 0);
    struct digest digest = geo_checksum(geo);
    const struct geo_file_header *header = (const void *)bytes->ptr;
    assert_memory_equal(digest.bytes, header->checksum, DIGEST_BYTES);
    geo_close(geo);
    geo_close(NULL);
}

static void test_missing(void **state)
{
    (void)state;
    struct geo *geo = NULL;
    struct err err = {0};
    assert_int_equal(geo_open("/nonexistent/boundaries.bin", &geo, &err), ERR_IO);
    assert_non_null(strstr(err.text, "/nonexistent/boundaries.bin"));
    assert_int_equal(geo_open("/tmp", &geo, &err), ERR_INVALID);
}

static void test_truncated(void **state)
{
    const struct bytes *bytes = *state;
    const size_t lengths[] = {
        0, 7, 100, sizeof(struct geo_file_header), bytes->len / 2, bytes->len - 1};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        file_write(bytes->ptr, lengths[i]);
        refused(ERR_INVALID, i < 3 ? "too short" : "truncated");
    }
}

static void test_one_bit_anywhere(void **state)
{
    const struct bytes *bytes = *state;
    struct dice dice = {.state = 42};
    for (int i = 0; i < 50; i++) {
        size_t at = (size_t)dice_between(&dice, sizeof(struct geo_file_header), (double)bytes->len);
        bytes->ptr[at] ^= 4;
        file_write(bytes->ptr, bytes->len);
        bytes->ptr[at] ^= 4;
        refused(ERR_CRYPTO, "checksum");
    }
    struct geo_file_header *header = (struct geo_file_header *)(void *)bytes->ptr;
    header->checksum[5] ^= 1;
    file_write(bytes->ptr, bytes->len);
    header->checksum[5] ^= 1;
    refused(ERR_CRYPTO, "checksum");
}

static void test_foreign(void **state)
{
    const struct bytes *bytes = *state;
    struct geo_file_header *header = (struct geo_file_header *)(void *)bytes->ptr;
    header->version++;
    file_write(bytes->ptr, bytes->len);
    header->version--;
    refused(ERR_INVALID, "format version 2");
    header->byte_order = 0x04030201;
    file_write(bytes->ptr, bytes->len);
    header->byte_order = GEO_BYTE_ORDER;
    refused(ERR_INVALID, "byte order");
    header->magic[0] = 'X';
    file_write(bytes->ptr, bytes->len);
    header->magic[0] = 'C';
    refused(ERR_INVALID, "not a boundary file");
}

/* A good checksum over bad content: each index is looked at before it is used. */
static void test_content_out_of_bounds(void **state)
{
    const struct bytes *bytes = *state;
    struct geo_file_header *header = (struct geo_file_header *)(void *)bytes->ptr;
    struct geo_file_header good = *header;
    for (int id = 0; id < GEO_SECTION_COUNT; id++) {
        const uint64_t offsets[] = {UINT64_MAX - 7, 8, good.size + 8, good.sections[id].offset + 4};
        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            header->sections[id].offset = offsets[i];
            file_write_summed(*bytes);
            *header = good;
            refused(ERR_INVALID, "outside the file");
        }
        header->sections[id].count = UINT64_MAX / 2;
        file_write_summed(*bytes);
        *header = good;
        refused(ERR_INVALID, "outside the file");
    }
}

static void damage(const struct bytes *bytes, enum geo_section_id id, size_t at, uint32_t value,
                   const char *reason)
{
    const struct geo_file_header *header = (const void *)bytes->ptr;
    struct geo_file_header good = *header;
    char *place = bytes->ptr + header->sections[id].offset + at;
    uint32_t before;
    memcpy(&before, place, sizeof(before));
    memcpy(place, &value, sizeof(value));
    file_write_summed(*bytes);
    memcpy(place, &before, sizeof(before));
    memcpy(bytes->ptr, &good, sizeof(good));
    refused(ERR_INVALID, reason);
}

static void test_records_out_of_bounds(void **state)
{
    const struct bytes *bytes = *state;
    const uint32_t far = 0x7fffffff;
    damage(bytes, GEO_SECTION_LAYERS, 8 * GEO_US_COUNTY, far, "layer 7");
    damage(bytes, GEO_SECTION_UNITS, offsetof(struct geo_file_unit, layer), 9, "unit 0");
    damage(bytes, GEO_SECTION_UNITS, offsetof(struct geo_file_unit, ring_first), far, "unit 0");
    damage(bytes, GEO_SECTION_UNITS, offsetof(struct geo_file_unit, ring_count), 0, "unit 0");
    damage(bytes, GEO_SECTION_UNITS, offsetof(struct geo_file_unit, code), far, "unit 0");
    damage(bytes, GEO_SECTION_RINGS, offsetof(struct geo_file_ring, point_count), far, "ring 0");
    damage(bytes, GEO_SECTION_RINGS, offsetof(struct geo_file_ring, point_count), 0, "ring 0");
    damage(bytes, GEO_SECTION_RINGS, offsetof(struct geo_file_ring, run_first), far, "ring 0");
    damage(bytes, GEO_SECTION_POINTS, 0, far, "point 0");
    damage(bytes, GEO_SECTION_CELLS, 4, far, "grid cell 0");
    damage(bytes, GEO_SECTION_ENTRIES, 0, far, "grid entry 0");
    damage(bytes, GEO_SECTION_SOURCES, 0, far, "source");
}

/* The rings alone, without the grid. */
static enum geo_where locate_by_rings(const struct geo *geo, const struct geo_file_unit *unit,
                                      struct geo_point p)
{
    bool inside = false;
    for (uint32_t k = 0; k < unit->ring_count; k++) {
        struct geo_ring ring = geo_ring_at(geo, unit->ring_first + k);
        enum geo_where where = geo_ring_locate(&ring, p);
        if (where == GEO_ON_EDGE)
            return GEO_ON_EDGE;
        inside ^= where == GEO_INSIDE;
    }
    return inside ? GEO_INSIDE : GEO_OUTSIDE;
}

static void grid_check(const struct geo *geo, const struct geo_file_unit *unit)
{
    static uint32_t random = 2463534242U;
    struct geo_box box = unit->box;
    for (int i = 0; i < 8; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        struct geo_point p = {box.x0 + (int32_t)(random % (uint32_t)(box.x1 - box.x0 + 1)),
                              box.y0 + (int32_t)(random / 7 % (uint32_t)(box.y1 - box.y0 + 1))};
        /* And where cells meet. */
        if (i % 4 == 3)
            p.x -= p.x % GEO_CELL, p.y -= p.y % GEO_CELL;
        assert_int_equal(geo_unit_locate(geo, unit, p), locate_by_rings(geo, unit, p));
    }
}

/* Areas say the same as the rings do, and the inner point lies inside: what the builder promises.
 */
static void units_check(const char *file)
{
    struct geo *geo = open_or_fail(file);
    for (uint64_t i = 0; i < geo->header->sections[GEO_SECTION_UNITS].count; i++) {
        const struct geo_file_unit *unit = &geo->units[i];
        double area = 0;
        for (uint32_t k = 0; k < unit->ring_count; k++) {
            struct geo_ring ring = geo_ring_at(geo, unit->ring_first + k);
            const struct geo_point *last = &ring.points[ring.count - 1];
            assert_true(ring.points[0].x == last->x && ring.points[0].y == last->y);
            area += (ring.hole ? -1 : 1) * geo_ring_area_km2(&ring);
        }
        assert_true(fabs(area - unit->area_km2) <= 1e-6 * area);
        assert_true(geo_unit_locate(geo, unit, unit->inner) != GEO_OUTSIDE);
        grid_check(geo, unit);
        assert_int_equal(
            geo_unit_index(geo, (enum geo_layer)unit->layer, geo_text_at(geo, unit->code)), i);
    }
    geo_close(geo);
}

static void test_units(void **state)
{
    (void)state;
    units_check(STANDARD_FILE);
    if (access(FULL_FILE, R_OK) == 0) {
        units_check(FULL_FILE);
    }
}

/* Against the figures that everybody knows, in km2, within a few percent (shores and lakes are
 * drawn differently). */
static void test_areas(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    static const struct {
        enum geo_layer layer;
        const char *code;
        double low, high;
    } known[] = {
        {GEO_US_STATE, "23", 80000, 95000},      {GEO_US_STATE, "48", 670000, 705000},
        {GEO_US_COUNTY, "023003", 17000, 18000}, {GEO_CA_PROVINCE, "48", 655000, 668000},
        {GEO_CA_PROVINCE, "47", 645000, 657000}, {GEO_COUNTRY, "CA", 9.5e6, 12.8e6},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint32_t unit = geo_unit_index(geo, known[i].layer, slice_from_cstr(known[i].code));
        assert_int_not_equal(unit, UINT32_MAX);
        double area = geo->units[unit].area_km2;
        if (area < known[i].low || area > known[i].high) {
            fail_msg("%s has %.0f km2", known[i].code, area);
        }
    }
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_good),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_one_bit_anywhere),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_content_out_of_bounds),
        cmocka_unit_test(test_records_out_of_bounds),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_areas),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
