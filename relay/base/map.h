/*
 * map: a hash map from byte strings to pointers.
 *
 * Keys are copied, values are the caller's. Keyed with a random seed, so that nobody who sends
 * alerts can choose colliding keys. Not for use by two threads at once.
 */
#ifndef CAPRELAY_BASE_MAP_H
#define CAPRELAY_BASE_MAP_H

#include "base/slice.h"

struct map;

struct map *map_create(void);
/* Accepts NULL. Calls `drop` (if not NULL) for every value left. */
void map_destroy(struct map *map, void (*drop)(void *value));

/* NULL where there is none. */
void *map_get(const struct map *map, struct slice key);
/* Returns the value that was there before, or NULL. `value` must not be NULL. */
void *map_put(struct map *map, struct slice key, void *value);
/* Returns what was removed, or NULL. */
void *map_remove(struct map *map, struct slice key);
size_t map_count(const struct map *map);

/* Walks in no particular order; start with *position = 0. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *position, struct slice *key, void **value);

#endif
