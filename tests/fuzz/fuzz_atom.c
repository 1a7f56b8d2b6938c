/* A feed from outside: read, and each entry cut out as a document of its own, which has to be a
 * feed with that one entry again. */
#include "alert/atom.h"
#include "alert/parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 20 };

static void check_entry(struct arena *arena, const struct atom_feed *feed,
                        const struct atom_entry *entry)
{
    struct slice document = atom_document(arena, feed, entry);
    struct atom_feed again;
    struct err err = {0};
    if (!document.ptr || document.len > PARSE_BYTES_MAX)
        return;
    if (atom_read(arena, document, &again, &err) != OK || again.count != 1 ||
        !slice_eq(again.entries[0].id, entry->id) ||
        !slice_eq(again.entries[0].version, entry->version) ||
        again.entries[0].holds_cap != entry->holds_cap ||
        again.entries[0].is_incident != entry->is_incident ||
        !slice_eq(again.entries[0].author.name, entry->author.name))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct atom_feed feed;
    struct err err = {0};
    if (atom_read(arena, slice_of(data, size), &feed, &err) == OK) {
        for (size_t i = 0; i < feed.count && i < ENTRIES_MAX; i++) {
            check_entry(arena, &feed, &feed.entries[i]);
            for (size_t k = 0; k < feed.entries[i].link_count; k++)
                (void)atom_is_message_link(&feed.entries[i], &feed.entries[i].links[k]);
        }
        for (size_t i = 0; i < feed.deleted_count && i < ENTRIES_MAX; i++)
            (void)atom_deleted_document(arena, &feed, &feed.deleted[i], (struct slice){NULL, 0});
    }
    arena_destroy(arena);
    return 0;
}
