#include "base/map.h"

#include "base/mem.h"

#include <sodium/crypto_shorthash.h>
#include <sodium/randombytes.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Open addressing with linear probing in a power-of-two table at most half full. Removal shifts the
 * run behind the hole back, so that there are no tombstones and a long-lived map stays fast.
 */
struct entry {
    char *key; /* NULL: free */
    size_t key_len;
    uint64_t hash;
    void *value;
};

struct map {
    struct entry *entries;
    size_t capacity;
    size_t count;
    unsigned char seed[crypto_shorthash_KEYBYTES];
};

enum { FIRST_CAPACITY = 16 };

struct map *map_create(void)
{
    struct map *map = mem_alloc(sizeof *map);
    map->capacity = FIRST_CAPACITY;
    map->entries = mem_alloc_array(map->capacity, sizeof *map->entries);
    randombytes_buf(map->seed, sizeof map->seed);
    return map;
}

void map_destroy(struct map *map, void (*drop)(void *value))
{
    if (!map)
        return;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].key && drop)
            drop(map->entries[i].value);
        free(map->entries[i].key);
    }
    free(map->entries);
    free(map);
}

static uint64_t hash_of(const struct map *map, struct slice key)
{
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, (const unsigned char *)(key.ptr ? key.ptr : ""), key.len, map->seed);
    uint64_t hash;
    memcpy(&hash, out, sizeof hash);
    return hash;
}

/* The entry of that key, or the free one where it would go. */
static struct entry *probe(const struct map *map, struct slice key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct entry *entry = &map->entries[i];
        if (!entry->key ||
            (entry->hash == hash && slice_eq(slice_of(entry->key, entry->key_len), key)))
            return entry;
    }
}

static void grow(struct map *map)
{
    struct entry *old = map->entries;
    size_t old_capacity = map->capacity;
    map->capacity *= 2;
    map->entries = mem_alloc_array(map->capacity, sizeof *map->entries);
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].key)
            *probe(map, slice_of(old[i].key, old[i].key_len), old[i].hash) = old[i];
    }
    free(old);
}

void *map_get(const struct map *map, struct slice key)
{
    const struct entry *entry = probe(map, key, hash_of(map, key));
    return entry->key ? entry->value : NULL;
}

void *map_put(struct map *map, struct slice key, void *value)
{
    uint64_t hash = hash_of(map, key);
    struct entry *entry = probe(map, key, hash);
    if (entry->key) {
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    if ((map->count + 1) * 2 > map->capacity) {
        grow(map);
        entry = probe(map, key, hash);
    }
    char *copy = mem_alloc(key.len + 1);
    if (key.len)
        memcpy(copy, key.ptr, key.len);
    *entry = (struct entry){.key = copy, .key_len = key.len, .hash = hash, .value = value};
    map->count++;
    return NULL;
}

static void close_hole(struct map *map, size_t hole)
{
    size_t mask = map->capacity - 1;
    for (size_t i = (hole + 1) & mask; map->entries[i].key; i = (i + 1) & mask) {
        size_t home = map->entries[i].hash & mask;
        /* It may move into the hole unless its home lies behind the hole. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->entries[hole] = map->entries[i];
            hole = i;
        }
    }
    map->entries[hole] = (struct entry){0};
}

void *map_remove(struct map *map, struct slice key)
{
    struct entry *entry = probe(map, key, hash_of(map, key));
    if (!entry->key)
        return NULL;
    void *value = entry->value;
    free(entry->key);
    close_hole(map, (size_t)(entry - map->entries));
    map->count--;
    return value;
}

size_t map_count(const struct map *map)
{
    return map->count;
}

bool map_next(const struct map *map, size_t *position, struct slice *key, void **value)
{
    while (*position < map->capacity) {
        const struct entry *entry = &map->entries[(*position)++];
        if (entry->key) {
            *key = slice_of(entry->key, entry->key_len);
            *value = entry->value;
            return true;
        }
    }
    return false;
}
