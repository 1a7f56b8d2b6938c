/* One struct geo, several threads: the same answers as alone. */
#include "support.h"

#include <pthread.h>

enum { THREADS = 4, QUERIES = 300 };

struct worker {
    const struct geo *geo;
    uint64_t sum;
};

/* A number that depends on every answer. */
static void *work(void *context)
{
    struct worker *worker = context;
    struct dice dice = {.state = 99};
    for (int i = 0; i < QUERIES; i++) {
        struct arena *arena = arena_create();
        struct cap_circle circle = {
            .centre = {dice_between(&dice, 42, 49), dice_between(&dice, -123, -66)},
            .radius_km = dice_between(&dice, 0, 60)};
        struct geo_shape shape = shape_of_circle(&circle);
        struct geo_units units = geo_cover(worker->geo, arena, &shape, GEO_US_COUNTY, 0.01, NULL);
        for (size_t k = 0; k < units.count; k++) {
            struct digest digest = digest_of(units.items[k].code);
            worker->sum = worker->sum * 31 + digest.bytes[0];
        }
        worker->sum = worker->sum * 31 + geo_within(worker->geo, &shape, SIDE_CA, 50);
        worker->sum = worker->sum * 31 + geo_side_of(worker->geo, &shape);
        worker->sum = worker->sum * 31 + geo_regions(worker->geo, arena, &shape, SIDE_US, 50).count;
        arena_destroy(arena);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct geo *geo = open_or_fail(STANDARD_FILE);
    struct worker alone = {.geo = geo};
    work(&alone);
    assert_true(alone.sum != 0);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.geo = geo};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].sum == alone.sum);
    }
    geo_close(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
