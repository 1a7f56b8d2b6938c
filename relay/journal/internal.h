/*
 * internal: what the files of the journal share. Not for other rooms.
 *
 * A store is one SQLite connection with its prepared statements, used by one thread at a time: the
 * reader's by the loop, the writer's by the writer thread.
 */
#ifndef CAPRELAY_JOURNAL_INTERNAL_H
#define CAPRELAY_JOURNAL_INTERNAL_H

#include "journal/journal.h"
#include "journal/statements.h"

#include <sqlite3.h>

struct store {
    sqlite3 *db; /* NULL: closed */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int wal_pages;    /* in the WAL after the last commit */
    int restart_from; /* pages from which a WAL that a reader held is tried again */
};

enum store_mode { STORE_WRITER, STORE_READER };

enum err_code store_open(struct store *store, const char *path, enum store_mode mode,
                         struct err *err);
/* Accepts a closed store. Rolls back what is open. */
void store_close(struct store *store);
enum err_code store_exec(struct store *store, const char *sql, struct err *err);
/* The first column of the first row. */
enum err_code store_int(struct store *store, const char *sql, int64_t *out, struct err *err);
/* The connection's last failure as an error, with what was tried before it. */
enum err_code store_fail(struct store *store, int rc, const char *what, struct err *err);
/* Moves the WAL into the database as far as readers let it; never waits for them for long. */
enum err_code store_checkpoint(struct store *store, struct err *err);

/*
 * One use of a prepared statement: parameters in their order, then rows, then query_end(). A
 * failure is sticky and told by query_end(), so that a caller binds and steps freely and checks
 * once. What is bound is lent until query_end(), what a row gives until the next one.
 */
struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int parameter;
    int rc;
};

void query_begin(struct query *query, struct store *store, enum statement statement);
void query_int(struct query *query, int64_t value);
/* 0 is stored as NULL. */
void query_optional(struct query *query, int64_t value);
/* Absent is stored as NULL. */
void query_text(struct query *query, struct slice text);
/* The name of a code value; "" is stored as NULL. */
void query_name(struct query *query, const char *name);
void query_blob(struct query *query, struct slice bytes);
void query_digest(struct query *query, const struct digest *digest);
bool query_row(struct query *query);
int64_t query_int_at(struct query *query, int column);
/* Absent for NULL. */
struct slice query_slice_at(struct query *query, int column);
/* All zero where it is NULL. */
struct digest query_digest_at(struct query *query, int column);
enum err_code query_end(struct query *query, const char *what, struct err *err);
/* For a statement without rows. */
enum err_code query_run(struct query *query, const char *what, struct err *err);

/* Creates the tables of a new journal; refuses what is none or a newer one; checks the numbers. */
enum err_code schema_prepare(struct store *store, const char *path, struct err *err);
/* The same, reading alone; *is_new: there are no tables yet, and nothing was looked at. */
enum err_code schema_check(struct store *store, bool *is_new, struct err *err);
enum err_code schema_check_version(int64_t application, int64_t version, struct err *err);

static inline struct slice slice_present(struct slice s)
{
    return s.ptr ? s : SLICE("");
}

/* Splits words parted by one blank, as regions and topics are stored; lent from `text`. */
size_t words_count(struct slice text);
void words_split(struct slice text, struct slice *out);
bool words_have(struct slice text, struct slice word);

/* --- recording: one group of entries as one transaction (record.c) --- */

/* One that waits to be stored with the next transaction. */
struct pending_mark {
    struct pending_mark *next;
    char *source, *key, *value;
};

struct recorder {
    struct store *store;
    const struct journal_hooks *hooks;
    const struct clock *clock;
    struct buf frame;
    struct buf packed;
    struct buf regions;
    struct buf topics;
    void *compressor; /* ZSTD_CCtx */
    bool in_hook;     /* the failure that is being told is a hook's */
    struct journal_head heads[CLASS_EXERCISE + 1];
    const struct pending_mark *marks; /* stored with each commit; the writer's */
};

void recorder_init(struct recorder *recorder, struct store *store,
                   const struct journal_hooks *hooks, const struct clock *clock);
void recorder_fini(struct recorder *recorder);
/*
 * BEGIN to COMMIT. On failure the transaction is still open, or its outcome is not known; *culprit
 * is the entry whose own content failed, NULL where the storage did.
 */
enum err_code recorder_commit(struct recorder *recorder, struct journal_entry *const *entries,
                              size_t count, struct journal_entry **culprit, struct err *err);
/* After a failed COMMIT: whether these entries are in the journal after all; if so their numbers
 * and receipts are loaded into them. */
enum err_code recorder_recover(struct recorder *recorder, struct journal_entry *const *entries,
                               size_t count, bool *committed, struct err *err);
/* Gives the entry's bulletins their numbers and seals them; then its receipt (number.c). */
enum err_code recorder_number(struct recorder *recorder, struct journal_entry *const *group,
                              size_t count, struct journal_entry *entry, struct err *err);
/* The stored one of the same bytes, or a new one (receipt.c). */
enum err_code recorder_give_receipt(struct recorder *recorder, struct journal_entry *entry,
                                    struct err *err);
enum err_code store_receipt(struct store *store, struct arena *arena, struct slice authority,
                            const struct digest *digest, struct slice *out, struct err *err);
enum err_code store_head(struct store *store, enum alert_class class, struct journal_head *out,
                         struct err *err);

/* --- the writer thread (writer.c) --- */

struct writer;

enum err_code writer_start(const struct journal_options *options, int64_t arrivals,
                           struct writer **out, struct err *err);
void writer_stop(struct writer *writer, int timeout_ms, size_t *left);
void writer_append(struct writer *writer, struct journal_entry *entry);
void writer_set_mark(struct writer *writer, struct slice source, struct slice key,
                     struct slice value);
struct journal_entry *writer_collect(struct writer *writer);
bool writer_full(struct writer *writer);
bool writer_wait(struct writer *writer, int timeout_ms);
struct journal_state writer_state(struct writer *writer);

/* --- the two files beside the journal (guard.c) --- */

struct guard {
    int lock_fd;
    void *map; /* the 40 bytes of PATH.guard */
};

/* Takes the lock and maps the guard; *weight is not 0 where `digest` was in work when the last
 * process died. */
enum err_code guard_open(struct guard *guard, const char *path, unsigned *weight,
                         struct digest *digest, struct err *err);
void guard_close(struct guard *guard);
void guard_set(struct guard *guard, const struct digest *digest);
void guard_clear(struct guard *guard);
void guard_fault(struct guard *guard);

struct journal {
    struct guard guard;
    struct store reader;
    struct writer *writer;
    int64_t next_arrival;
    struct slice *topics; /* room for the row that is given out */
    size_t topic_capacity;
    struct digest uncounted; /* a crash that a full disk kept from being counted */
    unsigned uncounted_weight;
};

#endif
