#include "outlets/masas/standing.h"

#include "base/map.h"
#include "base/mem.h"
#include "outlets/masas/entry.h"

#include <stdlib.h>

struct standing {
    struct arena *arena; /* of the entries and their texts */
    struct map *messages;
};

static struct slice edit_link(struct arena *arena, const struct atom_entry *entry,
                              const struct hub_access *access, struct slice base)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        struct slice url = http_url_join(arena, base, entry->links[i].href);
        if (slice_eq_cstr(entry->links[i].rel, "edit") && url.ptr && hub_access_is_own(access, url))
            return url;
    }
    return (struct slice){NULL, 0};
}

static bool is_message(const struct atom_category *category)
{
    return slice_eq_cstr(category->scheme, MASAS_MESSAGE_SCHEME) ||
           slice_eq_cstr(category->scheme, MASAS_REPLACED_SCHEME);
}

struct standing_entry standing_read(struct arena *arena, const struct atom_entry *entry,
                                    const struct hub_access *access, struct slice base)
{
    struct standing_entry told = {
        .edit = edit_link(arena, entry, access, base),
        .until_s = entry->expires.set ? entry->expires.utc_s : INT64_MAX,
        .messages = arena_alloc_array(arena, entry->category_count, sizeof *told.messages),
    };

    for (size_t i = entry->category_count; i-- > 0;) /* they are written newest first */
        if (is_message(&entry->categories[i]))
            told.messages[told.count++] = entry->categories[i].term;
    return told;
}

struct standing *standing_create(void)
{
    struct standing *standing = mem_alloc(sizeof *standing);

    standing->arena = arena_create();
    standing->messages = map_create();
    return standing;
}

void standing_destroy(struct standing *standing)
{
    if (!standing)
        return;
    map_destroy(standing->messages, NULL);
    arena_destroy(standing->arena);
    free(standing);
}

void standing_forget(struct standing *standing)
{
    map_destroy(standing->messages, NULL);
    standing->messages = map_create();
    arena_reset(standing->arena);
}

struct standing_entry *standing_find(const struct standing *standing, struct slice message,
                                     int64_t now_s)
{
    struct standing_entry *entry = map_get(standing->messages, message);

    return entry && entry->until_s > now_s ? entry : NULL;
}

struct standing_entry *standing_find_referenced(const struct standing *standing,
                                                const struct alert *alert, int64_t now_s)
{
    struct standing_entry *entry = NULL;

    for (size_t i = alert->reference_count; i-- > 0 && !entry;)
        entry = standing_find(standing, alert->references[i].identifier, now_s);
    return entry;
}

static void place(struct standing *standing, struct standing_entry *entry, struct slice message)
{
    entry->messages = arena_grow(standing->arena, entry->messages, entry->count, &entry->capacity,
                                 sizeof *entry->messages);
    entry->messages[entry->count++] = arena_copy(standing->arena, message);
    map_put(standing->messages, message, entry);
}

void standing_take(struct standing *standing, const struct standing_entry *told, bool is_newer,
                   int64_t now_s)
{
    struct standing_entry *entry = NULL;

    for (size_t i = 0; i < told->count && !entry; i++)
        entry = standing_find(standing, told->messages[i], now_s);
    bool elsewhere = entry && entry->edit.ptr && !slice_eq(entry->edit, told->edit);
    if (elsewhere && !is_newer)
        return;
    if (!entry)
        entry = arena_alloc(standing->arena, sizeof *entry);
    if (told->edit.ptr && (elsewhere || !entry->edit.ptr))
        entry->edit = arena_copy(standing->arena, told->edit);
    entry->until_s = INT64_MAX; /* or what is placed is not found again */
    for (size_t i = 0; i < told->count; i++)
        if (!standing_find(standing, told->messages[i], now_s))
            place(standing, entry, told->messages[i]);
    entry->until_s = told->until_s;
}
