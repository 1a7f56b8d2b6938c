/* Opening, closing, entries and their way in and out. */
#include "journal/journal.h"

#include "base/mem.h"
#include "journal/internal.h"

#include <stdlib.h>

enum { GROUP_MAX = 256, QUEUE_MAX = 4096 };
#define QUEUE_MAX_BYTES (INT64_C(256) << 20)

static struct journal_options with_defaults(const struct journal_options *options)
{
    struct journal_options filled = *options;

    if (!filled.group_max)
        filled.group_max = GROUP_MAX;
    if (!filled.queue_max)
        filled.queue_max = QUEUE_MAX;
    if (!filled.queue_max_bytes)
        filled.queue_max_bytes = QUEUE_MAX_BYTES;
    return filled;
}

static enum err_code count_crash(struct store *store, const struct digest *digest, unsigned weight,
                                 int64_t now_us, struct err *err)
{
    struct query query;

    query_begin(&query, store, COUNT_CRASH);
    query_digest(&query, digest);
    query_int(&query, weight);
    query_int(&query, now_us);
    return query_run(&query, "crashes", err);
}

/* Everything that is done once, over a connection that is closed again. */
static enum err_code prepare(struct journal *journal, const struct journal_options *options,
                             int64_t *arrivals, struct err *err)
{
    struct store store;
    unsigned weight = 0;
    struct digest digest;

    enum err_code code = guard_open(&journal->guard, options->path, &weight, &digest, err);
    if (code != OK)
        return code;
    code = store_open(&store, options->path, STORE_WRITER, err);
    if (code == OK)
        code = schema_prepare(&store, options->path, err);
    if (code == OK)
        code = store_int(&store, "SELECT ifnull(max(arrival), 0) + 1 FROM arrivals",
                         &journal->next_arrival, err);
    if (code == OK)
        code = store_int(&store, "SELECT count(*) FROM arrivals", arrivals, err);
    if (code == OK && weight) {
        code = count_crash(&store, &digest, weight, clock_now_us(options->clock), err);
        if (code == OK)
            guard_clear(&journal->guard);
        /* A full disk must not keep the relay from answering what it has. */
        journal->uncounted_weight = code == ERR_FULL ? weight : 0;
        journal->uncounted = digest;
        code = code == ERR_FULL ? OK : code;
    }
    store_close(&store);
    return code;
}

enum err_code journal_open(const struct journal_options *options, struct journal **out,
                           struct err *err)
{
    struct journal_options filled = with_defaults(options);
    struct journal *journal = mem_alloc(sizeof *journal);
    int64_t arrivals = 0;

    journal->guard.lock_fd = -1;
    enum err_code code = prepare(journal, &filled, &arrivals, err);
    if (code == OK)
        code = store_open(&journal->reader, filled.path, STORE_READER, err);
    if (code == OK)
        code = writer_start(&filled, arrivals, &journal->writer, err);
    if (code != OK) {
        journal_close(journal, 0, NULL);
        return code;
    }
    *out = journal;
    return OK;
}

static size_t close_all(struct journal *journal, int timeout_ms)
{
    size_t dropped = 0;

    store_close(&journal->reader);
    if (journal->writer)
        writer_stop(journal->writer, timeout_ms, &dropped);
    guard_close(&journal->guard);
    free(journal->topics);
    free(journal);
    return dropped;
}

void journal_close(struct journal *journal, int timeout_ms, size_t *left)
{
    size_t dropped = journal ? close_all(journal, timeout_ms) : 0;

    if (left)
        *left = dropped;
}

struct journal_entry *journal_entry_create(struct journal *journal)
{
    struct journal_entry *entry = mem_alloc(sizeof *entry);

    entry->arena = arena_create();
    entry->arrival = journal->next_arrival++;
    return entry;
}

void journal_entry_destroy(struct journal_entry *entry)
{
    if (!entry)
        return;
    arena_destroy(entry->arena);
    free(entry);
}

void journal_append(struct journal *journal, struct journal_entry **entry)
{
    writer_append(journal->writer, *entry);
    *entry = NULL;
}

void journal_set_mark(struct journal *journal, struct slice source, struct slice key,
                      struct slice value)
{
    writer_set_mark(journal->writer, source, key, value);
}

struct journal_entry *journal_collect(struct journal *journal)
{
    return writer_collect(journal->writer);
}

bool journal_full(const struct journal *journal)
{
    return writer_full(journal->writer);
}

bool journal_wait(struct journal *journal, int timeout_ms)
{
    return writer_wait(journal->writer, timeout_ms);
}

struct journal_state journal_state(const struct journal *journal)
{
    return writer_state(journal->writer);
}

void journal_guard(struct journal *journal, const struct digest *digest)
{
    guard_set(&journal->guard, digest);
}

void journal_unguard(struct journal *journal)
{
    guard_clear(&journal->guard);
}

void journal_fault(struct journal *journal)
{
    guard_fault(&journal->guard);
}

unsigned journal_crashes(struct journal *journal, const struct digest *digest)
{
    struct query query;
    struct err err;
    unsigned count = digest_eq(&journal->uncounted, digest) ? journal->uncounted_weight : 0;

    query_begin(&query, &journal->reader, SELECT_CRASHES);
    query_digest(&query, digest);
    if (query_row(&query))
        count += (unsigned)query_int_at(&query, 0);
    /* Not being able to tell is no reason to set a message aside. */
    return query_end(&query, "crashes", &err) == OK ? count : 0;
}
