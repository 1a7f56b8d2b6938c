/* The tables, as an operator with sqlite3 sees them: the comments stay in `.schema`. */
#include "journal/internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { APPLICATION_ID = 0x43415052 /* "CAPR" */, SCHEMA_VERSION = 1 };

static const char *const schema[] = {
    "CREATE TABLE arrivals ( -- one row for every message that arrived, whatever became of it\n"
    "  arrival INTEGER PRIMARY KEY, -- in the order in which they were taken in\n"
    "  received_us INTEGER NOT NULL, -- microseconds since 1970, UTC\n"
    "  source TEXT NOT NULL, -- its name in the configuration\n"
    "  authority TEXT, -- who injected it\n"
    "  class TEXT CHECK (class IN ('actual', 'exercise')), -- NULL: none, never published\n"
    "  verdict TEXT NOT NULL, -- relayed, duplicate, conflict, expired, irrelevant, refused, ...\n"
    "  reason TEXT, -- the rule or stage that decided\n"
    "  detail TEXT, -- the same for a person\n"
    "  sender TEXT, -- CAP identity: sender, identifier, sent; NULL where it could not be read\n"
    "  identifier TEXT,\n"
    "  sent_s INTEGER, -- seconds since 1970, UTC\n"
    "  msg_type TEXT,\n"
    "  status TEXT,\n"
    "  event TEXT, -- of the first info\n"
    "  digest BLOB NOT NULL, -- BLAKE2b-256 of the bytes as received\n"
    "  content BLOB, -- BLAKE2b-256 of what the message says\n"
    "  secondary_key TEXT, -- finds the same alert in another wrapper\n"
    "  first_arrival INTEGER, -- the message that this one copies or contradicts\n"
    "  notes TEXT -- JSON: findings and remarks\n"
    ") STRICT",
    "CREATE INDEX arrivals_identity ON arrivals (identifier, sender, sent_s, class)\n"
    "  WHERE identifier IS NOT NULL",
    "CREATE INDEX arrivals_digest ON arrivals (digest)",
    "CREATE INDEX arrivals_secondary ON arrivals (secondary_key, class)\n"
    "  WHERE secondary_key IS NOT NULL",
    "CREATE INDEX arrivals_first ON arrivals (first_arrival) WHERE first_arrival IS NOT NULL",

    "CREATE TABLE originals ( -- the received bytes, apart so that arrivals stay quick to read\n"
    "  arrival INTEGER PRIMARY KEY,\n"
    "  coding TEXT NOT NULL CHECK (coding IN ('plain', 'zstd')),\n"
    "  size INTEGER NOT NULL, -- of the bytes as received\n"
    "  bytes BLOB NOT NULL\n"
    ") STRICT",

    "CREATE TABLE message_references ( -- what a message references\n"
    "  arrival INTEGER NOT NULL,\n"
    "  class TEXT,\n"
    "  sender TEXT NOT NULL,\n"
    "  identifier TEXT NOT NULL,\n"
    "  sent_s INTEGER NOT NULL\n"
    ") STRICT",
    "CREATE UNIQUE INDEX message_references_arrival\n"
    "  ON message_references (arrival, identifier, sender, sent_s, class)",
    "CREATE INDEX message_references_target\n"
    "  ON message_references (identifier, sender, sent_s, class)",

    "CREATE TABLE bulletins ( -- what was published, as it was signed\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  class TEXT NOT NULL CHECK (class IN ('actual', 'exercise')),\n"
    "  seq INTEGER NOT NULL, -- its number: per class from 1 without gaps\n"
    "  arrival INTEGER NOT NULL,\n"
    "  side TEXT NOT NULL CHECK (side IN ('ca', 'us')),\n"
    "  regions TEXT NOT NULL, -- parted by a blank\n"
    "  topics TEXT NOT NULL, -- parted by a blank\n"
    "  derived_identifier TEXT,\n"
    "  time_us INTEGER NOT NULL, -- when it got its number\n"
    "  until_s INTEGER, -- in force until then; NULL: never in force\n"
    "  ended_by INTEGER, -- the arrival that ended it before\n"
    "  chain BLOB NOT NULL,\n"
    "  frame BLOB NOT NULL -- header, signature, derived message and original\n"
    ") STRICT",
    "CREATE UNIQUE INDEX bulletins_number ON bulletins (class, seq)",
    "CREATE INDEX bulletins_arrival ON bulletins (arrival)",
    "CREATE INDEX bulletins_derived ON bulletins (derived_identifier)",
    "CREATE INDEX bulletins_in_force ON bulletins (class, until_s)\n"
    "  WHERE ended_by IS NULL AND until_s > 0",

    "CREATE TABLE topic_numbers ( -- the bulletins on each topic, each with the one before it\n"
    "  class TEXT NOT NULL,\n"
    "  topic TEXT NOT NULL,\n"
    "  seq INTEGER NOT NULL,\n"
    "  prev INTEGER NOT NULL, -- 0: the first on the topic\n"
    "  PRIMARY KEY (class, topic, seq)\n"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE receipts ( -- the signed answer to an injection; the same bytes get it again\n"
    "  authority TEXT NOT NULL,\n"
    "  digest BLOB NOT NULL,\n"
    "  arrival INTEGER NOT NULL,\n"
    "  receipt BLOB NOT NULL,\n"
    "  PRIMARY KEY (authority, digest)\n"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE marks ( -- how far a source has read\n"
    "  source TEXT NOT NULL,\n"
    "  key TEXT NOT NULL,\n"
    "  value TEXT NOT NULL,\n"
    "  PRIMARY KEY (source, key)\n"
    ") STRICT, WITHOUT ROWID",

    "CREATE TABLE crashes ( -- messages in work when the relay died\n"
    "  digest BLOB PRIMARY KEY,\n"
    "  count INTEGER NOT NULL,\n"
    "  last_us INTEGER NOT NULL\n"
    ") STRICT, WITHOUT ROWID",

    "CREATE VIEW why AS -- what became of each message: SELECT * FROM why WHERE identifier = ...\n"
    "SELECT a.arrival, datetime(a.received_us / 1000000, 'unixepoch') AS received, a.source,\n"
    "  a.class, a.verdict, a.reason, a.detail, a.sender, a.identifier,\n"
    "  datetime(a.sent_s, 'unixepoch') AS sent, a.msg_type, a.status, a.event,\n"
    "  (SELECT group_concat(b.side || ' ' || b.seq, ', ') FROM bulletins b\n"
    "    WHERE b.arrival = a.arrival) AS numbers,\n"
    "  a.first_arrival, a.authority, lower(hex(a.digest)) AS digest, a.notes\n"
    "FROM arrivals a",
    "CREATE VIEW in_force AS -- what is in force now\n"
    "SELECT b.class, b.side, b.seq, b.regions, datetime(b.until_s, 'unixepoch') AS until,\n"
    "  a.event, a.msg_type, a.sender, a.identifier, b.derived_identifier\n"
    "FROM bulletins b JOIN arrivals a ON a.arrival = b.arrival\n"
    "WHERE b.ended_by IS NULL AND b.until_s > unixepoch()",
};

static enum err_code create_tables(struct store *store, struct err *err)
{
    char pragmas[100];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, SCHEMA_VERSION);

    enum err_code code = store_exec(store, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; code == OK && i < sizeof schema / sizeof *schema; i++)
        code = store_exec(store, schema[i], err);
    if (code == OK)
        code = store_exec(store, pragmas, err);
    if (code == OK)
        code = store_exec(store, "COMMIT", err);
    return code == OK ? OK : err_wrap(err, "creating the tables");
}

/* The chain of numbers must be whole, or the next one would be wrong. */
static enum err_code check_numbers(struct store *store, const char *class_name, struct err *err)
{
    char sql[200];
    int64_t count = 0, last = 0, chained = 0;

    snprintf(sql, sizeof sql, "SELECT count(*) FROM bulletins WHERE class = '%s'", class_name);
    enum err_code code = store_int(store, sql, &count, err);
    snprintf(sql, sizeof sql, "SELECT ifnull(max(seq), 0) FROM bulletins WHERE class = '%s'",
             class_name);
    if (code == OK)
        code = store_int(store, sql, &last, err);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM bulletins WHERE class = '%s' AND seq = %" PRId64
             " AND length(chain) = %d",
             class_name, last, DIGEST_BYTES);
    if (code == OK)
        code = store_int(store, sql, &chained, err);
    if (code != OK)
        return code;
    if (count != last || chained != (last > 0))
        return err_set(err, ERR_INVALID,
                       "the journal is damaged: class %s has %" PRId64
                       " bulletins, the last number is %" PRId64 "%s; restore a copy of it",
                       class_name, count, last, chained || !last ? "" : ", without its chain");
    return OK;
}

enum err_code schema_check_version(int64_t application, int64_t version, struct err *err)
{
    if (application != APPLICATION_ID)
        return err_set(err, ERR_INVALID,
                       "this is an SQLite database, but not a journal; move it away, or name "
                       "another path");
    if (version > SCHEMA_VERSION)
        return err_set(err, ERR_INVALID,
                       "the journal has version %" PRId64 ", written by a newer caprelayd; this "
                       "one knows versions up to %d",
                       version, SCHEMA_VERSION);
    if (version < 1)
        return err_set(err, ERR_INVALID, "the journal has version %" PRId64, version);
    return OK;
}

enum err_code schema_check(struct store *store, bool *is_new, struct err *err)
{
    int64_t application = 0, version = 0, tables = 0;

    enum err_code code = store_int(store, "PRAGMA application_id", &application, err);
    if (code == OK)
        code = store_int(store, "PRAGMA user_version", &version, err);
    if (code == OK)
        code = store_int(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    *is_new = code == OK && !application && !version && !tables;
    if (code != OK || *is_new)
        return code;
    code = schema_check_version(application, version, err);
    if (code == OK)
        code = check_numbers(store, "actual", err);
    if (code == OK)
        code = check_numbers(store, "exercise", err);
    return code;
}

enum err_code schema_prepare(struct store *store, const char *path, struct err *err)
{
    bool is_new = false;

    enum err_code code = schema_check(store, &is_new, err);
    if (code == OK && is_new)
        code = create_tables(store, err);
    return code == OK ? OK : err_wrap(err, "%s", path);
}
