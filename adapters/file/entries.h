/*
 * entries: what the file adapter knows of the files in its folder. No I/O.
 */
#ifndef CAPRELAY_ADAPTERS_FILE_ENTRIES_H
#define CAPRELAY_ADAPTERS_FILE_ENTRIES_H

#include "base/map.h"
#include "base/slice.h"

#include <stdint.h>

enum file_state {
    FILE_SEEN = 0,  /* nothing was decided about this size and time yet */
    FILE_QUEUED,    /* to be read */
    FILE_IN_FLIGHT, /* delivered, its verdict is to come */
    FILE_DONE,      /* settled, or read by an earlier run */
    FILE_TROUBLE    /* cannot be read or moved, reason was logged */
};

struct file_entry {
    char *path; /* relative to the folder */
    enum file_state state;
    int64_t size;
    int64_t mtime_ns;
    int64_t seen_mono_us; /* when this size and time were first seen */
    uint64_t receipt;     /* while in flight */
    uint64_t scan;        /* the scan that saw it last */
    bool settled;         /* its verdict is known; a spool has yet to move it */
    bool refused;         /* DONE in a spool, and to be moved to refused/ */
    struct file_entry *next_queued;
};

struct file_entries {
    struct map *by_path;
    struct map *by_receipt;
    struct file_entry *queue, **queue_end;
    size_t in_flight;
    size_t troubles;
    uint64_t last_receipt;
};

void file_entries_init(struct file_entries *entries);
void file_entries_fini(struct file_entries *entries);

struct file_entry *file_entry_find(const struct file_entries *entries, const char *path);
/* Finds or makes it. */
struct file_entry *file_entry_take(struct file_entries *entries, const char *path);
/* Not while it is queued or in flight. */
void file_entry_drop(struct file_entries *entries, struct file_entry *entry);
/* Drops all that the scan of that number did not see, other than queued ones and those in flight.
 */
void file_entries_drop_unseen(struct file_entries *entries, uint64_t scan);

void file_entry_set(struct file_entries *entries, struct file_entry *entry, enum file_state state);
/* Notes size and time; true where they differ from what was known. */
bool file_entry_changed(struct file_entry *entry, int64_t size, int64_t mtime_ns,
                        int64_t now_mono_us);

void file_entry_queue(struct file_entries *entries, struct file_entry *entry);
/* The oldest queued one, NULL for none; its state is for the caller to set. */
struct file_entry *file_entries_next(struct file_entries *entries);

/* Gives it a receipt number and counts it in flight. */
uint64_t file_entry_launch(struct file_entries *entries, struct file_entry *entry);
/* The entry of a receipt, no longer in flight, its state FILE_DONE. */
struct file_entry *file_entries_land(struct file_entries *entries, uint64_t receipt);

/* "size:mtime_ns", the mark of a file that was read; `out` has FILE_MARK_MAX bytes. */
enum { FILE_MARK_MAX = 48 };
struct slice file_entry_mark(const struct file_entry *entry, char *out);

#endif
