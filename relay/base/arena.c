#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES_MIN = 8 * 1024, BLOCK_BYTES_MAX = 256 * 1024 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct adopted {
    struct adopted *next;
    void *memory;
};

struct arena {
    struct block *head; /* the block that is being filled */
    struct adopted *adopted;
    size_t next_size;
};

struct arena *arena_create(void)
{
    struct arena *arena = mem_alloc(sizeof *arena);
    arena->next_size = BLOCK_BYTES_MIN;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

static void free_adopted(struct arena *arena)
{
    for (struct adopted *item = arena->adopted; item; item = item->next)
        free(item->memory);
    arena->adopted = NULL;
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    free_adopted(arena);
    free_blocks(arena->head);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    free_adopted(arena);
    if (!arena->head)
        return;
    free_blocks(arena->head->next);
    arena->head->next = NULL;
    arena->head->used = 0;
}

/* A large item gets a block of its own behind the head, so that the head goes on being filled. */
static struct block *add_block(struct arena *arena, size_t size)
{
    bool alone = size > arena->next_size / 2;
    size_t block_size = alone ? size : arena->next_size;
    struct block *block = mem_realloc(NULL, sizeof *block + block_size);
    *block = (struct block){.size = block_size};
    if (alone && arena->head) {
        block->next = arena->head->next;
        arena->head->next = block;
        return block;
    }
    block->next = arena->head;
    arena->head = block;
    if (arena->next_size < BLOCK_BYTES_MAX)
        arena->next_size *= 2;
    return block;
}

/* Not zeroed, for what is written over as a whole. */
static void *take(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return mem_alloc(SIZE_MAX); /* aborts */
    size_t rounded = (size + align - 1) / align * align;
    struct block *block = arena->head;
    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    void *ptr = block->bytes + block->used;
    block->used += rounded;
    return ptr;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        total = SIZE_MAX;
    return arena_alloc(arena, total);
}

char *arena_cstr(struct arena *arena, struct slice s)
{
    char *copy = take(arena, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    return s.ptr ? slice_of(arena_cstr(arena, s), s.len) : s;
}

struct slice arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char brief[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(brief, sizeof brief, format, args);
    struct slice text = SLICE("");
    if (len >= 0 && (size_t)len < sizeof brief) {
        text = arena_copy(arena, slice_of(brief, (size_t)len));
    } else if (len >= 0) {
        char *place = take(arena, (size_t)len + 1);
        vsnprintf(place, (size_t)len + 1, format, again);
        text = slice_of(place, (size_t)len);
    }
    va_end(again);
    return text;
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct slice text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_adopt(struct arena *arena, void *memory)
{
    struct adopted *item = take(arena, sizeof *item);
    *item = (struct adopted){.next = arena->adopted, .memory = memory};
    arena->adopted = item;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    size_t grown = *capacity ? *capacity * 2 : 4;
    void *moved = arena_alloc_array(arena, grown, item_size);
    if (count)
        memcpy(moved, items, count * item_size);
    *capacity = grown;
    return moved;
}
