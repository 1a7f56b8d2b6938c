#include "adapters/file/entries.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void entry_free(void *value)
{
    struct file_entry *entry = value;
    free(entry->path);
    free(entry);
}

void file_entries_init(struct file_entries *entries)
{
    *entries = (struct file_entries){.by_path = map_create(), .by_receipt = map_create()};
    entries->queue_end = &entries->queue;
}

void file_entries_fini(struct file_entries *entries)
{
    map_destroy(entries->by_receipt, NULL);
    map_destroy(entries->by_path, entry_free);
    *entries = (struct file_entries){0};
}

struct file_entry *file_entry_find(const struct file_entries *entries, const char *path)
{
    return map_get(entries->by_path, slice_from_cstr(path));
}

struct file_entry *file_entry_take(struct file_entries *entries, const char *path)
{
    struct file_entry *entry = file_entry_find(entries, path);
    if (entry)
        return entry;
    entry = mem_alloc(sizeof *entry);
    entry->path = mem_strdup(path);
    entry->size = -1; /* so that the first look is a change */
    map_put(entries->by_path, slice_from_cstr(path), entry);
    return entry;
}

void file_entry_drop(struct file_entries *entries, struct file_entry *entry)
{
    file_entry_set(entries, entry, FILE_SEEN);
    map_remove(entries->by_path, slice_from_cstr(entry->path));
    entry_free(entry);
}

void file_entries_drop_unseen(struct file_entries *entries, uint64_t scan)
{
    struct file_entry **gone = mem_alloc_array(map_count(entries->by_path) + 1, sizeof *gone);
    size_t count = 0, position = 0;
    struct slice key;
    void *value;
    while (map_next(entries->by_path, &position, &key, &value)) {
        struct file_entry *entry = value;
        if (entry->scan != scan && entry->state != FILE_QUEUED && entry->state != FILE_IN_FLIGHT)
            gone[count++] = entry;
    }
    for (size_t i = 0; i < count; i++)
        file_entry_drop(entries, gone[i]);
    free(gone);
}

void file_entry_set(struct file_entries *entries, struct file_entry *entry, enum file_state state)
{
    entries->troubles += (state == FILE_TROUBLE) - (size_t)(entry->state == FILE_TROUBLE);
    entry->state = state;
}

bool file_entry_changed(struct file_entry *entry, int64_t size, int64_t mtime_ns,
                        int64_t now_mono_us)
{
    if (entry->size == size && entry->mtime_ns == mtime_ns)
        return false;
    entry->size = size;
    entry->mtime_ns = mtime_ns;
    entry->seen_mono_us = now_mono_us;
    entry->settled = false;
    return true;
}

void file_entry_queue(struct file_entries *entries, struct file_entry *entry)
{
    file_entry_set(entries, entry, FILE_QUEUED);
    entry->next_queued = NULL;
    *entries->queue_end = entry;
    entries->queue_end = &entry->next_queued;
}

struct file_entry *file_entries_next(struct file_entries *entries)
{
    struct file_entry *entry = entries->queue;
    if (!entry)
        return NULL;
    entries->queue = entry->next_queued;
    if (!entries->queue)
        entries->queue_end = &entries->queue;
    return entry;
}

static struct slice receipt_key(const uint64_t *receipt)
{
    return slice_of(receipt, sizeof *receipt);
}

uint64_t file_entry_launch(struct file_entries *entries, struct file_entry *entry)
{
    entry->receipt = ++entries->last_receipt;
    map_put(entries->by_receipt, receipt_key(&entry->receipt), entry);
    file_entry_set(entries, entry, FILE_IN_FLIGHT);
    entries->in_flight++;
    return entry->receipt;
}

struct file_entry *file_entries_land(struct file_entries *entries, uint64_t receipt)
{
    struct file_entry *entry = map_remove(entries->by_receipt, receipt_key(&receipt));
    if (!entry)
        return NULL;
    entries->in_flight--;
    file_entry_set(entries, entry, FILE_DONE);
    entry->settled = true;
    return entry;
}

struct slice file_entry_mark(const struct file_entry *entry, char *out)
{
    int len = snprintf(out, FILE_MARK_MAX, "%" PRId64 ":%" PRId64, entry->size, entry->mtime_ns);
    return slice_of(out, (size_t)len);
}
