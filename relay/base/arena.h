/*
 * arena: memory that is dropped as a whole.
 *
 * One alert has one arena; all that is parsed or derived from it is copied in, and destroying the
 * arena drops everything. Not for use by two threads at once; may be handed from one thread to
 * another.
 */
#ifndef CAPRELAY_BASE_ARENA_H
#define CAPRELAY_BASE_ARENA_H

#include "base/slice.h"

#include <stdarg.h>

struct arena;

struct arena *arena_create(void);
/* Accepts NULL. */
void arena_destroy(struct arena *arena);

/* Drops everything in it, and keeps some memory for what comes next. */
void arena_reset(struct arena *arena);

/* Zeroed and aligned for any type; lives as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);
/* A copy with a NUL behind it that is not counted. An absent slice stays absent. */
struct slice arena_copy(struct arena *arena, struct slice s);
char *arena_cstr(struct arena *arena, struct slice s);
struct slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Takes over what malloc() gave, and frees it with the arena. */
void arena_adopt(struct arena *arena, void *memory);
/* Grows an array inside the arena, doubling; the old block stays until the arena goes. Returns the
 * array. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
                 size_t item_size);

#endif
