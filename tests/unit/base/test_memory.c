#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    unsigned char *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        size_t size = 1 + i * 37 % 9000;
        blocks[i] = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < 300; i++) {
        size_t size = 1 + i * 37 % 9000;
        assert_int_equal(blocks[i][0], i & 0xff);
        assert_int_equal(blocks[i][size - 1], i & 0xff);
    }
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void test_arena_copies(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct slice copy = arena_copy(arena, slice_of("abcdef", 3));
    assert_true(slice_eq_cstr(copy, "abc"));
    assert_int_equal(copy.ptr[3], '\0');
    assert_null(arena_copy(arena, (struct slice){NULL, 0}).ptr);
    assert_non_null(arena_copy(arena, SLICE("")).ptr);
    assert_true(slice_eq_cstr(arena_printf(arena, "%d-%s", 7, "x"), "7-x"));
    char *large = mem_alloc(100001);
    memset(large, 'y', 100000);
    assert_int_equal(arena_printf(arena, "%s", large).len, 100000);
    free(large);
    arena_destroy(arena);
}

static void test_arena_keeps_what_it_adopts(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    for (int i = 0; i < 3; i++) {
        char *memory = malloc(4);
        assert_non_null(memory);
        memcpy(memory, "abc", 4);
        arena_adopt(arena, memory);
        arena_alloc(arena, 100000);
        assert_string_equal(memory, "abc");
    }
    arena_destroy(arena); /* a leak is the sanitizer's to find */
}

static void test_an_arena_is_used_again(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    arena_reset(arena);
    for (int round = 0; round < 3; round++) {
        arena_adopt(arena, malloc(8));
        for (size_t size = 1; size < 300000; size *= 3) {
            unsigned char *bytes = arena_alloc(arena, size);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 0xff, size);
        }
        arena_reset(arena);
    }
    arena_destroy(arena);
}

static void test_arena_grow_keeps_items(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    int *items = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        items = arena_grow(arena, items, (size_t)i, &capacity, sizeof *items);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    arena_destroy(arena);
}

static void test_mem_grow(void **state)
{
    (void)state;
    long *items = NULL;
    size_t capacity = 0;
    for (long i = 0; i < 100; i++) {
        items = mem_grow(items, (size_t)i, &capacity, sizeof *items);
        items[i] = i;
    }
    assert_int_equal(items[99], 99);
    free(items);
}

static void test_buf_fails_at_its_maximum_and_stays_failed(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    buf_put_cstr(&buf, "12345");
    buf_put_cstr(&buf, "67890");
    assert_false(buf_failed(&buf));
    buf_put_char(&buf, 'x');
    assert_true(buf_failed(&buf));
    assert_true(slice_eq_cstr(buf_slice(&buf), "1234567890"));
    buf_put_cstr(&buf, "");
    assert_true(buf_failed(&buf));
    buf_reset(&buf);
    buf_printf(&buf, "%s", "0123456789");
    assert_false(buf_failed(&buf));
    assert_int_equal(buf_slice(&buf).len, 10);
    buf_printf(&buf, "%d", 1);
    assert_true(buf_failed(&buf));
    buf_fini(&buf);
}

static void test_buf_big_endian(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    buf_put_u32be(&buf, 0x01020304);
    buf_put_u64be(&buf, 0x05060708090a0b0cULL);
    assert_memory_equal(buf_slice(&buf).ptr, "\1\2\3\4\5\6\7\10\11\12\13\14", 12);
    size_t len;
    char *taken = buf_take(&buf, &len);
    assert_int_equal(len, 12);
    assert_int_equal(buf_slice(&buf).len, 0);
    free(taken);
    taken = buf_take(&buf, &len);
    assert_non_null(taken);
    assert_int_equal(len, 0);
    free(taken);
    buf_fini(&buf);
}

static void test_buf_reserve(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    char *place = buf_reserve(&buf, 8);
    assert_non_null(place);
    memcpy(place, "abc", 3);
    buf_commit(&buf, 3);
    assert_true(slice_eq_cstr(buf_slice(&buf), "abc"));
    assert_null(buf_reserve(&buf, 6));
    assert_true(buf_failed(&buf));
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_arena_copies),
        cmocka_unit_test(test_arena_keeps_what_it_adopts),
        cmocka_unit_test(test_an_arena_is_used_again),
        cmocka_unit_test(test_arena_grow_keeps_items),
        cmocka_unit_test(test_mem_grow),
        cmocka_unit_test(test_buf_fails_at_its_maximum_and_stays_failed),
        cmocka_unit_test(test_buf_big_endian),
        cmocka_unit_test(test_buf_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
