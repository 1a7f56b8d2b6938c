#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { KEYS = 5000 };

static struct slice key_of(unsigned i, char *out)
{
    return slice_of(out, (size_t)snprintf(out, 32, "key-%u", i));
}

/* Against a plain array as the model, with puts, replacements and removals mixed. */
static void test_agrees_with_a_model(void **state)
{
    (void)state;
    static int values[KEYS];
    static int *model[KEYS];
    struct map *map = map_create();
    unsigned random = 12345;
    size_t count = 0;
    char text[32];
    for (int step = 0; step < 60000; step++) {
        random = random * 1103515245u + 12345u;
        unsigned i = random / 65536 % KEYS;
        struct slice key = key_of(i, text);
        if (random / 16 % 3 == 0) {
            assert_ptr_equal(map_remove(map, key), model[i]);
            count -= model[i] != NULL;
            model[i] = NULL;
        } else {
            int *value = &values[random / 32 % KEYS];
            assert_ptr_equal(map_put(map, key, value), model[i]);
            count += model[i] == NULL;
            model[i] = value;
        }
        assert_int_equal(map_count(map), count);
    }
    for (unsigned i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(map, key_of(i, text)), model[i]);
    map_destroy(map, NULL);
}

static void test_walk_sees_each_once(void **state)
{
    (void)state;
    struct map *map = map_create();
    int seen[100] = {0};
    char text[32];
    for (unsigned i = 0; i < 100; i++)
        map_put(map, key_of(i, text), &seen[i]);
    size_t position = 0, count = 0;
    struct slice key;
    void *value;
    while (map_next(map, &position, &key, &value)) {
        (*(int *)value)++;
        assert_true(slice_starts_with(key, "key-"));
        count++;
    }
    assert_int_equal(count, 100);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    map_destroy(map, NULL);
}

static void test_keys_are_bytes(void **state)
{
    (void)state;
    struct map *map = map_create();
    int a, b, c;
    map_put(map, slice_of("x\0y", 3), &a);
    map_put(map, slice_of("x\0z", 3), &b);
    map_put(map, SLICE(""), &c);
    assert_ptr_equal(map_get(map, slice_of("x\0y", 3)), &a);
    assert_ptr_equal(map_get(map, slice_of("x\0z", 3)), &b);
    assert_ptr_equal(map_get(map, (struct slice){NULL, 0}), &c);
    assert_null(map_get(map, SLICE("x")));
    map_destroy(map, NULL);
}

static void test_destroy_drops_values(void **state)
{
    (void)state;
    struct map *map = map_create();
    map_put(map, SLICE("a"), mem_alloc(10));
    map_put(map, SLICE("b"), mem_alloc(10));
    free(map_remove(map, SLICE("a")));
    map_destroy(map, free); /* the leak checker sees what is left */
    map_destroy(NULL, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_a_model),
        cmocka_unit_test(test_walk_sees_each_once),
        cmocka_unit_test(test_keys_are_bytes),
        cmocka_unit_test(test_destroy_drops_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
