#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *ptr, size_t size)
{
    if (!ptr) {
        fprintf(stderr, "out of memory: %zu bytes refused\n", size);
        abort();
    }
    return ptr;
}

static size_t product(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        checked(NULL, SIZE_MAX);
    return total;
}

void *mem_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1), size);
}

void *mem_alloc_array(size_t count, size_t size)
{
    return mem_alloc(product(count, size));
}

void *mem_realloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1), size);
}

char *mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(mem_alloc(size), text, size);
}

void *mem_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    size_t grown = *capacity ? product(*capacity, 2) : 8;
    items = mem_realloc(items, product(grown, item_size));
    *capacity = grown;
    return items;
}
