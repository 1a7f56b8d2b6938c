#include "base/mem.h"
#include "journal/internal.h"

/* The wait for a lock that an operator's own sqlite3 may hold. */
enum { BUSY_TIMEOUT_MS = 2000, RESTART_TIMEOUT_MS = 50 };
/* 64 MiB: past it the WAL is worth a short wait for readers. */
enum { WAL_PAGES_MAX = 16384, WAL_PAGES_STEP = 4096 };

static const char *const setup[] = {
    [STORE_WRITER] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                     "PRAGMA journal_size_limit = 67108864; "
                     "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; "
                     "PRAGMA cell_size_check = ON;",
    [STORE_READER] = "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; "
                     "PRAGMA trusted_schema = OFF;",
};

static int note_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct store *store = context;
    store->wal_pages = pages;
    return SQLITE_OK;
}

static enum err_code code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return ERR_INVALID;
    case SQLITE_MISUSE:
        return ERR_STATE;
    default:
        return ERR_IO;
    }
}

enum err_code store_fail(struct store *store, int rc, const char *what, struct err *err)
{
    int system = store->db ? sqlite3_system_errno(store->db) : 0;
    int extended = store->db ? sqlite3_extended_errcode(store->db) : rc;
    bool fits = (extended & 0xff) == (rc & 0xff);
    const char *text = fits && store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc);

    if ((rc & 0xff) == SQLITE_IOERR && system)
        return err_errno(err, system, "%s: %s (SQLite %d)", what, text, fits ? extended : rc);
    return err_set(err, code_of(rc), "%s: %s (SQLite %d)", what, text, fits ? extended : rc);
}

enum err_code store_exec(struct store *store, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? OK : store_fail(store, rc, "journal", err);
}

enum err_code store_int(struct store *store, const char *sql, int64_t *out, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    enum err_code code = rc == SQLITE_ROW ? OK : store_fail(store, rc, "journal", err);
    sqlite3_finalize(statement);
    return code;
}

enum err_code store_open(struct store *store, const char *path, enum store_mode mode,
                         struct err *err)
{
    *store = (struct store){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == STORE_WRITER ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(path, &store->db, flags, NULL);
    enum err_code code = rc == SQLITE_OK ? OK : store_fail(store, rc, "open", err);

    if (code == OK) {
        sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
        code = store_exec(store, setup[mode], err);
        /* In place of SQLite's own automatic checkpoint. */
        sqlite3_wal_hook(store->db, note_wal_pages, store);
    }
    if (code != OK) {
        err_wrap(err, "%s", path);
        store_close(store);
    }
    return code;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    *store = (struct store){0};
}

/*
 * PASSIVE takes what no reader still needs and waits for nobody. The WAL starts anew by itself once
 * all of it was taken and no reader is in it; the relay's own reader is in it for one call at a
 * time. Only when it has grown large is a short wait worth it.
 */
enum err_code store_checkpoint(struct store *store, struct err *err)
{
    bool large = store->wal_pages >= WAL_PAGES_MAX && store->wal_pages >= store->restart_from;

    if (large)
        sqlite3_busy_timeout(store->db, RESTART_TIMEOUT_MS);
    int rc = sqlite3_wal_checkpoint_v2(
        store->db, NULL, large ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (large)
        sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    /* An operator's long query is not waited for at every commit. */
    if (large)
        store->restart_from = rc == SQLITE_OK ? 0 : store->wal_pages + WAL_PAGES_STEP;
    if (rc == SQLITE_OK)
        store->wal_pages = 0;
    return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? OK
                                                         : store_fail(store, rc, "checkpoint", err);
}

void query_begin(struct query *query, struct store *store, enum statement statement)
{
    sqlite3_stmt **slot = &store->statements[statement];

    *query = (struct query){.store = store};
    if (!*slot)
        query->rc = sqlite3_prepare_v3(store->db, statement_sql(statement), -1,
                                       SQLITE_PREPARE_PERSISTENT, slot, NULL);
    else if (sqlite3_stmt_busy(*slot)) /* called from its own callback */
        query->rc = SQLITE_MISUSE;
    if (query->rc == SQLITE_OK)
        query->statement = *slot;
}

static void take_rc(struct query *query, int rc)
{
    if (query->rc == SQLITE_OK)
        query->rc = rc;
}

void query_int(struct query *query, int64_t value)
{
    query->parameter++;
    if (query->statement)
        take_rc(query, sqlite3_bind_int64(query->statement, query->parameter, value));
}

void query_optional(struct query *query, int64_t value)
{
    if (value)
        query_int(query, value);
    else
        query->parameter++; /* unbound is NULL */
}

void query_text(struct query *query, struct slice text)
{
    query->parameter++;
    if (query->statement && text.ptr)
        take_rc(query, sqlite3_bind_text64(query->statement, query->parameter, text.ptr, text.len,
                                           SQLITE_STATIC, SQLITE_UTF8));
}

void query_name(struct query *query, const char *name)
{
    query_text(query, name[0] ? slice_from_cstr(name) : (struct slice){0});
}

void query_blob(struct query *query, struct slice bytes)
{
    query->parameter++;
    if (query->statement)
        take_rc(query, sqlite3_bind_blob64(query->statement, query->parameter,
                                           bytes.ptr ? bytes.ptr : "", bytes.len, SQLITE_STATIC));
}

void query_digest(struct query *query, const struct digest *digest)
{
    query_blob(query, slice_of(digest->bytes, DIGEST_BYTES));
}

bool query_row(struct query *query)
{
    if (query->rc != SQLITE_OK || !query->statement)
        return false;
    int rc = sqlite3_step(query->statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        take_rc(query, rc);
    return rc == SQLITE_ROW;
}

int64_t query_int_at(struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

struct slice query_slice_at(struct query *query, int column)
{
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return (struct slice){0};
    const void *ptr = sqlite3_column_blob(query->statement, column);
    int len = sqlite3_column_bytes(query->statement, column);
    return slice_of(ptr ? ptr : "", (size_t)len);
}

struct digest query_digest_at(struct query *query, int column)
{
    struct digest digest = {{0}};
    struct slice bytes = query_slice_at(query, column);

    if (bytes.len == DIGEST_BYTES)
        memcpy(digest.bytes, bytes.ptr, DIGEST_BYTES);
    return digest;
}

enum err_code query_end(struct query *query, const char *what, struct err *err)
{
    enum err_code code =
        query->rc == SQLITE_OK ? OK : store_fail(query->store, query->rc, what, err);

    if (query->statement) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    return code;
}

enum err_code query_run(struct query *query, const char *what, struct err *err)
{
    while (query_row(query))
        continue;
    return query_end(query, what, err);
}

size_t words_count(struct slice text)
{
    size_t count = 0;
    struct slice rest = text, word;

    while (text.len && slice_next_part(&rest, ' ', &word))
        count++;
    return count;
}

void words_split(struct slice text, struct slice *out)
{
    struct slice rest = text;

    for (size_t i = 0; text.len && slice_next_part(&rest, ' ', &out[i]); i++)
        continue;
}

bool words_have(struct slice text, struct slice word)
{
    struct slice rest = text, one;

    while (text.len && slice_next_part(&rest, ' ', &one))
        if (slice_eq(one, word))
            return true;
    return false;
}
