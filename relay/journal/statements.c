#include "journal/statements.h"

#define BULLETIN_COLUMNS "b.seq, b.side, b.topics, b.frame, ifnull(b.until_s, 0)"
/* A message that went out is a better first than one that was refused before it. */
#define PUBLISHED_FIRST                                                                            \
    "ORDER BY NOT EXISTS (SELECT 1 FROM bulletins b WHERE b.arrival = a.arrival), a.arrival "      \
    "LIMIT 1"
#define SAME_IDENTITY "a.identifier = ?1 AND a.sender = ?2 AND a.sent_s = ?3 AND a.class IS ?4"

static const char *const sql[STATEMENT_COUNT] = {
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [COMMIT_WRITE] = "COMMIT",
    [INSERT_ARRIVAL] =
        "INSERT INTO arrivals (arrival, received_us, source, authority, class, verdict, reason, "
        "detail, sender, identifier, sent_s, msg_type, status, event, digest, content, "
        "secondary_key, first_arrival, notes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_ORIGINAL] = "INSERT INTO originals (arrival, coding, size, bytes) VALUES (?, ?, ?, ?)",
    /* A message may name one reference twice. */
    [INSERT_REFERENCE] = "INSERT OR IGNORE INTO message_references "
                         "(arrival, class, sender, identifier, sent_s) VALUES (?, ?, ?, ?, ?)",
    [INSERT_BULLETIN] =
        "INSERT INTO bulletins (class, seq, arrival, side, regions, topics, derived_identifier, "
        "time_us, until_s, chain, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_TOPIC_NUMBER] =
        "INSERT INTO topic_numbers (class, topic, seq, prev) VALUES (?, ?, ?, ?)",
    [INSERT_RECEIPT] =
        "INSERT INTO receipts (authority, digest, arrival, receipt) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET arrival = excluded.arrival, receipt = excluded.receipt",
    [INSERT_MARK] = "INSERT INTO marks (source, key, value) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET value = excluded.value",
    [COUNT_CRASH] = "INSERT INTO crashes (digest, count, last_us) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                    "last_us = excluded.last_us",
    [END_BULLETINS] = "UPDATE bulletins SET ended_by = ? WHERE arrival = ? AND ended_by IS NULL",

    [SELECT_HEAD] = "SELECT seq, chain FROM bulletins WHERE class = ? ORDER BY seq DESC LIMIT 1",
    [SELECT_TOPIC_HEAD] = "SELECT max(seq) FROM topic_numbers WHERE class = ? AND topic = ?",
    [SELECT_CONFLICT_NUMBER] = "SELECT seq FROM bulletins WHERE arrival = ?1 AND class = ?2 "
                               "ORDER BY side <> ?3, seq LIMIT 1",
    [SELECT_ARRIVAL_EXISTS] = "SELECT 1 FROM arrivals WHERE arrival = ?",
    [SELECT_NUMBERS] = "SELECT seq, chain FROM bulletins WHERE arrival = ? ORDER BY seq",
    [SELECT_FIRST] = "SELECT seq, side, regions, topics, derived_identifier FROM bulletins "
                     "WHERE arrival = ? ORDER BY seq LIMIT 2",
    [SELECT_RECEIPT] = "SELECT receipt FROM receipts WHERE authority = ? AND digest = ?",

    [FIND_IDENTITY] = "SELECT a.arrival FROM arrivals a WHERE " SAME_IDENTITY
                      " AND a.verdict NOT IN ('duplicate', 'conflict') " PUBLISHED_FIRST,
    [FIND_REFERENCE] = "SELECT a.first_arrival FROM arrivals a WHERE " SAME_IDENTITY
                       " AND a.verdict = 'duplicate' AND a.first_arrival IS NOT NULL "
                       "ORDER BY a.arrival LIMIT 1",
    [FIND_ALL] = "SELECT a.arrival FROM arrivals a WHERE " SAME_IDENTITY
                 " AND (a.verdict <> 'duplicate' OR a.reason = 'secondary-key') "
                 "ORDER BY a.arrival LIMIT ?5",
    [FIND_CONTENT] = "SELECT a.arrival FROM arrivals a WHERE " SAME_IDENTITY
                     " AND a.content = ?5 AND a.verdict <> 'duplicate' " PUBLISHED_FIRST,
    [FIND_SECONDARY] = "SELECT arrival FROM arrivals WHERE secondary_key = ? AND class IS ? "
                       "AND verdict <> 'duplicate' ORDER BY arrival DESC LIMIT ?",
    [FIND_REFERENCING] =
        "SELECT r.arrival FROM message_references r JOIN arrivals a ON a.arrival = r.arrival "
        "WHERE r.identifier = ?1 AND r.sender = ?2 AND r.sent_s = ?3 AND r.class IS ?4 "
        "AND a.verdict <> 'duplicate' ORDER BY r.arrival LIMIT ?5",
    [FIND_WHOLE] = "SELECT arrival FROM arrivals WHERE identifier = ?1 "
                   "UNION SELECT arrival FROM bulletins WHERE derived_identifier = ?1 "
                   "UNION SELECT arrival FROM arrivals WHERE digest = ?2 "
                   "ORDER BY arrival DESC LIMIT ?3",
    [FIND_PART] =
        "SELECT arrival FROM arrivals WHERE arrival > ?1 "
        "AND (instr(identifier, ?2) OR instr(lower(hex(digest)), ?2)) "
        "UNION SELECT arrival FROM bulletins WHERE arrival > ?1 AND instr(derived_identifier, ?2) "
        "ORDER BY arrival DESC LIMIT ?3",
    [FIND_COPIES] = "SELECT a.arrival FROM bulletins b JOIN arrivals a ON a.first_arrival = "
                    "b.arrival WHERE b.class = ? AND b.seq = ? AND a.verdict = 'duplicate' "
                    "ORDER BY a.arrival",

    [SELECT_KNOWN] =
        "SELECT a.class, a.sender, a.identifier, a.sent_s, a.msg_type, a.source, a.verdict, "
        "a.authority, a.content, a.first_arrival FROM arrivals a WHERE a.arrival = ?",
    [SELECT_KNOWN_BYTES] = "SELECT coding, size, bytes FROM originals WHERE arrival = ?",
    [SELECT_SENT] = "SELECT side, seq, regions, ended_by IS NULL AND until_s > 0, "
                    "ifnull(until_s, 0) FROM bulletins WHERE arrival = ? ORDER BY seq LIMIT 2",
    [SELECT_REFERENCES] = "SELECT class, sender, identifier, sent_s FROM message_references "
                          "WHERE arrival = ? ORDER BY rowid",
    [SELECT_WHY] =
        "SELECT arrival, received_us, first_arrival, source, class, verdict, reason, detail, "
        "notes, sender, identifier, authority, sent_s, digest FROM arrivals WHERE arrival = ?",
    /* `signer` is told only where a pin accepted the signature. */
    [SELECT_SIGNED] = "SELECT 1 FROM arrivals WHERE identifier = ? "
                      "AND verdict NOT IN ('refused', 'loop') "
                      "AND json_extract(notes, '$.signature.signer') IS NOT NULL LIMIT 1",
    [SELECT_MARK] = "SELECT value FROM marks WHERE source = ? AND key = ?",
    [SELECT_CRASHES] = "SELECT count FROM crashes WHERE digest = ?",
    /* What was not published is nobody's to fetch: it may not be public. */
    [SELECT_ORIGINAL] =
        "SELECT o.coding, o.size, o.bytes FROM arrivals a "
        "JOIN originals o ON o.arrival = a.arrival "
        "WHERE a.digest = ?1 AND a.class = ?2 AND EXISTS (SELECT 1 FROM bulletins b "
        "WHERE b.arrival IN (a.arrival, a.first_arrival)) LIMIT 1",

    /* Steps from topic to topic in the index instead of reading every number. */
    [SELECT_TOPICS] =
        "WITH RECURSIVE t(topic) AS (SELECT min(topic) FROM topic_numbers WHERE class = ?1 "
        "UNION ALL SELECT (SELECT min(n.topic) FROM topic_numbers n WHERE n.class = ?1 "
        "AND n.topic > t.topic) FROM t WHERE t.topic IS NOT NULL) "
        "SELECT topic, (SELECT max(n.seq) FROM topic_numbers n WHERE n.class = ?1 "
        "AND n.topic = t.topic) FROM t WHERE topic IS NOT NULL",
    [SELECT_BULLETIN] =
        "SELECT " BULLETIN_COLUMNS " FROM bulletins b WHERE b.class = ? AND b.seq = ?",
    [SELECT_SINCE] = "SELECT " BULLETIN_COLUMNS " FROM bulletins b "
                     "WHERE b.class = ? AND b.seq > ? ORDER BY b.seq",
    [SELECT_SINCE_TOPIC] = "SELECT " BULLETIN_COLUMNS " FROM topic_numbers t "
                           "CROSS JOIN bulletins b ON b.class = t.class AND b.seq = t.seq "
                           "WHERE t.class = ? AND t.seq > ? AND t.topic = ? ORDER BY t.seq",
    [SELECT_IN_FORCE] = "SELECT seq, side, regions FROM bulletins WHERE class = ? "
                        "AND ended_by IS NULL AND until_s > 0 AND until_s > ? ORDER BY seq",
};

const char *statement_sql(enum statement statement)
{
    return sql[statement];
}
