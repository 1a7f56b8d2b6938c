#include "geo/index.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t section_count(const struct geo *geo, enum geo_section_id id)
{
    return geo->header->sections[id].count;
}

static const void *section(const struct geo *geo, enum geo_section_id id)
{
    return (const char *)geo->map + geo->header->sections[id].offset;
}

/* [first, first + count) lies in [0, limit). */
static bool range_fits(uint64_t first, uint64_t count, uint64_t limit)
{
    return first <= limit && count <= limit - first;
}

static bool text_fits(const struct geo *geo, struct geo_text text)
{
    return range_fits(text.offset, text.length, section_count(geo, GEO_SECTION_TEXT));
}

static bool box_fits(struct geo_box box)
{
    return box.x0 >= -GEO_HALF_TURN && box.x1 <= GEO_HALF_TURN && box.x0 <= box.x1 &&
           box.y0 >= -GEO_HALF_TURN / 2 && box.y1 <= GEO_HALF_TURN / 2 && box.y0 <= box.y1;
}

static enum err_code header_check(const struct geo_file_header *header, size_t size,
                                  struct err *err)
{
    if (memcmp(header->magic, GEO_MAGIC, sizeof(header->magic)) != 0) {
        return err_set(err, ERR_INVALID, "not a boundary file");
    }
    if (header->byte_order != GEO_BYTE_ORDER) {
        return err_set(err, ERR_INVALID, "packed on a machine of another byte order");
    }
    if (header->version != GEO_FORMAT_VERSION) {
        return err_set(err, ERR_INVALID, "format version %u, this relay reads %d: pack it again",
                       header->version, GEO_FORMAT_VERSION);
    }
    if (header->size != size) {
        return err_set(err, ERR_INVALID, "%zu bytes instead of %llu: truncated or overgrown", size,
                       (unsigned long long)header->size);
    }
    return OK;
}

static enum err_code sections_check(const struct geo_file_header *header, struct err *err)
{
    for (int id = 0; id < GEO_SECTION_COUNT; id++) {
        struct geo_file_section at = header->sections[id];
        if (at.offset % 8 != 0 || at.offset < sizeof(*header) || at.offset > header->size ||
            at.count > (header->size - at.offset) / geo_record_size(id) || at.count > INT32_MAX) {
            return err_set(err, ERR_INVALID, "section %d lies outside the file", id);
        }
    }
    if (header->sections[GEO_SECTION_LAYERS].count != GEO_LAYER_COUNT ||
        header->sections[GEO_SECTION_CELLS].count != GEO_GRID_COLUMNS * GEO_GRID_ROWS + 1) {
        return err_set(err, ERR_INVALID, "layers or grid have another size");
    }
    return OK;
}

static enum err_code checksum_check(const struct geo *geo, struct err *err)
{
    struct geo_file_header header = *geo->header;
    memset(header.checksum, 0, sizeof(header.checksum));
    struct digest_state state;
    digest_begin(&state);
    digest_add(&state, slice_of(&header, sizeof(header)));
    digest_add(&state,
               slice_of((const char *)geo->map + sizeof(header), geo->size - sizeof(header)));
    struct digest sum = digest_end(&state);
    if (memcmp(sum.bytes, geo->header->checksum, DIGEST_BYTES) != 0) {
        return err_set(err, ERR_CRYPTO, "the checksum does not agree: damaged");
    }
    return OK;
}

static bool unit_fits(const struct geo *geo, const struct geo_file_unit *unit, uint32_t layer)
{
    return unit->layer == layer && text_fits(geo, unit->code) && text_fits(geo, unit->name) &&
           text_fits(geo, unit->name_fr) && text_fits(geo, unit->region) && unit->ring_count > 0 &&
           box_fits(unit->box) && unit->area_km2 >= 0 &&
           range_fits(unit->ring_first, unit->ring_count, section_count(geo, GEO_SECTION_RINGS));
}

static enum err_code units_check(const struct geo *geo, struct err *err)
{
    for (uint32_t layer = 0; layer < GEO_LAYER_COUNT; layer++) {
        struct geo_file_layer at = geo->layers[layer];
        if (!range_fits(at.unit_first, at.unit_count, section_count(geo, GEO_SECTION_UNITS))) {
            return err_set(err, ERR_INVALID, "layer %u lies outside the units", layer);
        }
        for (uint32_t i = 0; i < at.unit_count; i++) {
            if (!unit_fits(geo, &geo->units[at.unit_first + i], layer)) {
                return err_set(err, ERR_INVALID, "unit %u is out of bounds", at.unit_first + i);
            }
        }
    }
    for (uint64_t i = 0; i < section_count(geo, GEO_SECTION_SOURCES); i++) {
        const struct geo_file_source *source = &geo->sources[i];
        if (!text_fits(geo, source->name) || !text_fits(geo, source->date) ||
            !text_fits(geo, source->licence) || !text_fits(geo, source->attribution)) {
            return err_set(err, ERR_INVALID, "a source is out of bounds");
        }
    }
    return text_fits(geo, geo->header->grade) ? OK : err_set(err, ERR_INVALID, "no grade is given");
}

static enum err_code rings_check(const struct geo *geo, struct err *err)
{
    for (uint64_t i = 0; i < section_count(geo, GEO_SECTION_RINGS); i++) {
        const struct geo_file_ring *ring = &geo->rings[i];
        if (ring->point_count < 4 || !box_fits(ring->box) ||
            !range_fits(ring->point_first, ring->point_count,
                        section_count(geo, GEO_SECTION_POINTS)) ||
            !range_fits(ring->run_first, geo_run_count(ring->point_count),
                        section_count(geo, GEO_SECTION_RUNS))) {
            return err_set(err, ERR_INVALID, "ring %llu is out of bounds", (unsigned long long)i);
        }
    }
    for (uint64_t i = 0; i < section_count(geo, GEO_SECTION_POINTS); i++) {
        struct geo_point p = geo->points[i];
        if (!box_fits((struct geo_box){p.x, p.y, p.x, p.y})) {
            return err_set(err, ERR_INVALID, "point %llu is not on the globe",
                           (unsigned long long)i);
        }
    }
    return OK;
}

static enum err_code grid_check(const struct geo *geo, struct err *err)
{
    uint64_t entry_count = section_count(geo, GEO_SECTION_ENTRIES);
    for (uint32_t cell = 0; cell < GEO_GRID_COLUMNS * GEO_GRID_ROWS; cell++) {
        if (geo->cells[cell] > geo->cells[cell + 1] || geo->cells[cell + 1] > entry_count) {
            return err_set(err, ERR_INVALID, "grid cell %u is out of bounds", cell);
        }
    }
    for (uint64_t i = 0; i < entry_count; i++) {
        if ((geo->entries[i] & ~GEO_ENTRY_WHOLE) >= section_count(geo, GEO_SECTION_UNITS)) {
            return err_set(err, ERR_INVALID, "grid entry %llu is out of bounds",
                           (unsigned long long)i);
        }
    }
    return OK;
}

static void sections_set(struct geo *geo)
{
    geo->sources = section(geo, GEO_SECTION_SOURCES);
    geo->layers = section(geo, GEO_SECTION_LAYERS);
    geo->units = section(geo, GEO_SECTION_UNITS);
    geo->rings = section(geo, GEO_SECTION_RINGS);
    geo->runs = section(geo, GEO_SECTION_RUNS);
    geo->points = section(geo, GEO_SECTION_POINTS);
    geo->cells = section(geo, GEO_SECTION_CELLS);
    geo->entries = section(geo, GEO_SECTION_ENTRIES);
    geo->text = section(geo, GEO_SECTION_TEXT);
}

static enum err_code content_check(struct geo *geo, struct err *err)
{
    enum err_code code = header_check(geo->header, geo->size, err);
    if (code == OK) {
        code = sections_check(geo->header, err);
    }
    if (code == OK) {
        code = checksum_check(geo, err);
    }
    if (code != OK) {
        return code;
    }
    sections_set(geo);
    code = units_check(geo, err);
    if (code == OK) {
        code = rings_check(geo, err);
    }
    return code == OK ? grid_check(geo, err) : code;
}

static enum err_code file_map(const char *path, struct geo *geo, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* waits for no writer of a FIFO */
    if (fd < 0) {
        return err_errno(err, errno, "opening");
    }
    struct stat status;
    enum err_code code = OK;
    if (fstat(fd, &status) != 0) {
        code = err_errno(err, errno, "stat");
    } else if (!S_ISREG(status.st_mode)) {
        code = err_set(err, ERR_INVALID, "is no file");
    } else if ((size_t)status.st_size < sizeof(struct geo_file_header)) {
        code = err_set(err, ERR_INVALID, "too short for a boundary file");
    } else {
        void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            code = err_errno(err, errno, "mapping");
        } else {
            geo->map = geo->header = map;
            geo->size = (size_t)status.st_size;
        }
    }
    close(fd);
    return code;
}

enum err_code geo_open(const char *path, struct geo **out, struct err *err)
{
    struct geo *geo = mem_alloc(sizeof(*geo));
    *out = NULL;
    enum err_code code = file_map(path, geo, err);
    if (code == OK) {
        code = content_check(geo, err);
    }
    if (code != OK) {
        geo_close(geo);
        return err ? err_wrap(err, "boundaries %s", path) : code;
    }
    /* The checks read every page; queries need few of them. */
    madvise((void *)geo->map, geo->size, MADV_DONTNEED);
    *out = geo;
    return OK;
}

void geo_close(struct geo *geo)
{
    if (geo && geo->map) {
        munmap((void *)geo->map, geo->size);
    }
    free(geo);
}
