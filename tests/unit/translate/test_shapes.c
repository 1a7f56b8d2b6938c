/* Shapes for the US side, judged by GEOS on the text as read back: never smaller than the source's,
 * and no point of a ring twice. */
#include "support.h"

#define GEOS_USE_ONLY_R_API
#include "base/mem.h"

#include <dirent.h>
#include <geos_c.h>
#include <math.h>
#include <sys/stat.h>

static GEOSContextHandle_t geos;

static int setup(void **state)
{
    (void)state;
    geos = GEOS_init_r();
    return geos ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    GEOS_finish_r(geos);
    return 0;
}

static GEOSGeometry *drawn(const struct cap_polygon *ring)
{
    double *xy = mem_alloc_array(ring->count + 1, 2 * sizeof(double));
    for (size_t i = 0; i <= ring->count; i++) {
        struct cap_point p = ring->points[i % ring->count];
        xy[2 * i] = p.lon < 0 ? p.lon + 360 : p.lon; /* all lie in the west, or around 180 */
        xy[2 * i + 1] = p.lat;
    }
    unsigned count = (unsigned)ring->count + 1; /* a closed ring's first point thrice: no matter */
    GEOSGeometry *made = GEOSGeom_createPolygon_r(
        geos,
        GEOSGeom_createLinearRing_r(geos, GEOSCoordSeq_copyFromBuffer_r(geos, xy, count, 0, 0)),
        NULL, 0);
    free(xy);
    return made;
}

static GEOSGeometry *geometry_of(const struct cap_polygon *ring)
{
    GEOSGeometry *made = drawn(ring);
    GEOSGeometry *valid = GEOSMakeValid_r(geos, made);
    assert_non_null(valid);
    GEOSGeom_destroy_r(geos, made);
    return valid;
}

/* Not one that only touches itself. */
static bool crosses_itself(const struct cap_polygon *ring)
{
    GEOSGeometry *made = drawn(ring);
    char *reason = GEOSisValidReason_r(geos, made);
    bool crosses = strncmp(reason, "Self-intersection", 17) == 0;
    GEOSFree_r(geos, reason);
    GEOSGeom_destroy_r(geos, made);
    return crosses;
}

/* Square degrees. A ring of more than 200 points that crosses itself keeps every point, but may
 * lose a sliver of a fold between them: a hundred square metres at most in what was recorded. */
static double loss_allowed(const struct alert *alert)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        for (size_t j = 0; j < alert->infos[i].area_count; j++) {
            const struct cap_area *area = &alert->infos[i].areas[j];
            for (size_t k = 0; k < area->polygon_count; k++) {
                if (area->polygons[k].count > 200 && crosses_itself(&area->polygons[k]))
                    return 1e-8;
            }
        }
    }
    return 1e-9;
}

static GEOSGeometry *union_of(const struct alert *alert)
{
    GEOSGeometry *all = GEOSGeom_createEmptyPolygon_r(geos);
    for (size_t i = 0; i < alert->info_count; i++) {
        for (size_t j = 0; j < alert->infos[i].area_count; j++) {
            const struct cap_area *area = &alert->infos[i].areas[j];
            for (size_t k = 0; k < area->polygon_count; k++) {
                GEOSGeometry *one = geometry_of(&area->polygons[k]);
                GEOSGeometry *more = GEOSUnion_r(geos, all, one);
                assert_non_null(more);
                GEOSGeom_destroy_r(geos, one);
                GEOSGeom_destroy_r(geos, all);
                all = more;
            }
        }
    }
    return all;
}

static double area_of(const GEOSGeometry *shape)
{
    double area = NAN;
    assert_int_equal(GEOSArea_r(geos, shape, &area), 1);
    return area;
}

/* Of what `from` has beyond `other`. */
static double area_beyond(const GEOSGeometry *from, const GEOSGeometry *other)
{
    GEOSGeometry *left = GEOSDifference_r(geos, from, other);
    assert_non_null(left);
    double area = area_of(left);
    GEOSGeom_destroy_r(geos, left);
    return area;
}

static size_t points_twice(const struct alert *alert)
{
    size_t twice = 0;
    for (size_t i = 0; i < alert->info_count; i++) {
        for (size_t j = 0; j < alert->infos[i].area_count; j++) {
            const struct cap_area *area = &alert->infos[i].areas[j];
            for (size_t k = 0; k < area->polygon_count; k++) {
                const struct cap_polygon *ring = &area->polygons[k];
                for (size_t a = 0; a + 1 < ring->count; a++) {
                    for (size_t b = a + 1; b + 1 < ring->count; b++)
                        twice += ring->points[a].lat == ring->points[b].lat &&
                                 ring->points[a].lon == ring->points[b].lon;
                }
            }
        }
    }
    return twice;
}

struct shape_result {
    struct translation translation;
    const struct alert *derived;
    double grown; /* square degrees beyond the source */
};

static struct shape_result check(struct fixture *fixture, const struct alert *alert,
                                 const char *what)
{
    struct shape_result result;
    struct err err = {0};
    if (translate_to(fixture, alert, TARGET_US_EXCHANGE, NULL, 0, &result.translation, &err) != OK)
        fail_msg("%s: %s", what, err.text);
    result.derived = alert_of(fixture, result.translation.xml);
    GEOSGeometry *before = union_of(alert);
    GEOSGeometry *after = union_of(result.derived);
    double lost = area_beyond(before, after);
    if (lost > loss_allowed(alert))
        fail_msg("%s: %g square degrees of the source are not in the translation", what, lost);
    result.grown = area_beyond(after, before);
    GEOSGeom_destroy_r(geos, before);
    GEOSGeom_destroy_r(geos, after);
    if (points_twice(result.derived) > 0)
        fail_msg("%s: %zu points twice", what, points_twice(result.derived));
    return result;
}

static struct shape_result check_polygon(struct fixture *fixture, const char *polygon)
{
    struct slice xml = arena_printf(
        fixture->arena,
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>id</identifier>"
        "<sender>s@a.example</sender><sent>2026-04-15T20:51:47-00:00</sent><status>Actual</status>"
        "<msgType>Alert</msgType><scope>Public</scope><code>profile:CAP-CP:0.4</code><info>"
        "<language>en</language><category>Met</category><event>flood</event>"
        "<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"
        "<area><areaDesc>x</areaDesc><polygon>%s</polygon></area></info></alert>",
        polygon);
    return check(fixture, alert_of(fixture, xml), "written here");
}

static double next(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Some points are there two times in a row, some rings are not closed. */
static struct slice star(struct arena *arena, uint64_t *seed, size_t corners, int decimals)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    double raggedness = 0.6 * next(seed);
    char first[100] = "";
    for (size_t i = 0; i < corners; i++) {
        double angle = 2 * M_PI * (double)i / (double)corners;
        double radius = 1 - raggedness * next(seed);
        char text[100];
        snprintf(text, sizeof(text), "%.*f,%.*f ", decimals, 49 + radius * sin(angle), decimals,
                 -97 + 1.4 * radius * cos(angle));
        if (i == 0)
            memcpy(first, text, sizeof(first));
        for (int times = next(seed) < 0.1 ? 2 : 1; times > 0; times--)
            buf_put_cstr(&out, text);
    }
    if (next(seed) < 0.7)
        buf_put_cstr(&out, first);
    struct slice text = arena_printf(arena, "%.*s", SLICE_ARG(buf_slice(&out)));
    buf_fini(&out);
    return text;
}

static void test_random_rings(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t seed = 20260415;
    size_t simplified = 0;
    fixture_open(&fixture);
    for (int i = 0; i < 120; i++) {
        size_t corners = 5 + (size_t)(900 * next(&seed));
        int decimals = 3 + i % 11;
        struct slice text = star(fixture.arena, &seed, corners, decimals);
        struct shape_result result = check_polygon(&fixture, text.ptr);
        bool drawn_anew = notes_have(&result.translation.notes, NOTE_SHAPE_SIMPLIFIED);
        assert_true(result.derived->infos[0].areas[0].polygons[0].count <= 200);
        if (!drawn_anew)
            assert_true(result.grown <= 1e-9);
        simplified += drawn_anew;
    }
    assert_true(simplified > 60);
    fixture_close(&fixture);
}

static void test_rings_that_touch_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *polygon;
        size_t rings;
        double grown;
    } cases[] = {
        /* A point three times in a row, once across the end. */
        {"49,-97 49,-96 49,-96 49,-96 50,-96 50,-97 49,-97 49,-97", 1, 0},
        /* There and back: a spike. */
        {"49,-97 49,-96 50,-96 51,-96 50,-96 50,-97 49,-97", 1, 0},
        /* Two squares that share a corner. */
        {"49,-97 49,-96 50,-96 50,-95 51,-95 51,-96 50,-96 50,-97 49,-97", 2, 0},
        /* A bow that crosses in a point of its own. */
        {"49,-97 50,-96 51,-95 51,-97 50,-96 49,-95 49,-97", 2, 0},
        /* A hole reached from a corner: covered, since a ring has no holes without it. */
        {"49,-97 49,-95 51,-95 51,-97 49,-97 50.5,-96.5 50.5,-95.5 49.5,-95.5 49,-97", 2, 1},
        /* The ring goes on from the shared point: three petals. */
        {"50,-96 51,-96 51,-95 50,-96 49,-96 49,-97 50,-96 50,-98 51,-98 50,-96", 3, 0},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shape_result result = check_polygon(&fixture, cases[i].polygon);
        print_message("%s: %g more\n", cases[i].polygon, result.grown);
        assert_int_equal(result.derived->infos[0].areas[0].polygon_count, cases[i].rings);
        assert_true(cases[i].grown > 0 ? result.grown > 0.1 : result.grown <= 1e-9);
        assert_true(notes_have(&result.translation.notes, NOTE_SHAPE_REPEATS));
    }
    fixture_close(&fixture);
}

/* As it was written, and without a word: nothing was changed. */
static void test_a_sound_ring_is_copied(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture);
    static const char polygon[] = "49.0,-97 49.123456789012345,-96.50 50,-96 49.0,-97";
    struct shape_result result = check_polygon(&fixture, polygon);
    assert_true(slice_eq_cstr(result.derived->infos[0].areas[0].polygons[0].text, polygon));
    assert_false(notes_have(&result.translation.notes, NOTE_SHAPE_REPEATS));
    /* What has no area is left, for it says where. */
    const struct alert *line = check_polygon(&fixture, "49,-97 49,-96 49,-95 49,-97").derived;
    assert_int_equal(line->infos[0].areas[0].polygon_count, 1);
    fixture_close(&fixture);
}

static void run_file(struct fixture *fixture, const char *path, size_t *shapes)
{
    arena_destroy(fixture->arena);
    fixture->arena = arena_create();
    struct parsed parsed =
        parser_read(fixture->parser, fixture->arena, read_whole(fixture->arena, path));
    for (size_t i = 0; i < parsed.count; i++) {
        const struct alert *alert = parsed.alerts[i];
        if (!alert->relayable || alert->info_count == 0)
            continue;
        GEOSGeometry *shape = union_of(alert);
        *shapes += area_of(shape) > 0;
        GEOSGeom_destroy_r(geos, shape);
        check(fixture, alert, path);
    }
}

static void run_folder(struct fixture *fixture, const char *folder, size_t *shapes)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        free(entries[i]);
        if (hidden || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            run_folder(fixture, path, shapes);
        else
            run_file(fixture, path, shapes);
    }
    free(entries);
}

static void test_recorded_alerts(void **state)
{
    (void)state;
    struct fixture fixture;
    size_t shapes = 0;
    struct stat status;
    if (stat(CAPRELAY_SHARED "/corpus", &status) != 0) {
        print_message("skipped: no recorded messages at %s\n", CAPRELAY_SHARED "/corpus");
        skip();
    }
    fixture_open(&fixture);
    run_folder(&fixture, CAPRELAY_SHARED "/corpus", &shapes);
    print_message("%zu alerts with shapes\n", shapes);
    assert_true(shapes > 20);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_rings),
        cmocka_unit_test(test_rings_that_touch_themselves),
        cmocka_unit_test(test_a_sound_ring_is_copied),
        cmocka_unit_test(test_recorded_alerts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
