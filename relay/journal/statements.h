/*
 * statements: every SQL statement that the journal runs again and again, by name.
 */
#ifndef CAPRELAY_JOURNAL_STATEMENTS_H
#define CAPRELAY_JOURNAL_STATEMENTS_H

enum statement {
    /* writing */
    BEGIN_WRITE,
    COMMIT_WRITE,
    INSERT_ARRIVAL,
    INSERT_ORIGINAL,
    INSERT_REFERENCE,
    INSERT_BULLETIN,
    INSERT_TOPIC_NUMBER,
    INSERT_RECEIPT,
    INSERT_MARK,
    COUNT_CRASH,
    END_BULLETINS,
    /* reading while writing */
    SELECT_HEAD,
    SELECT_TOPIC_HEAD,
    SELECT_CONFLICT_NUMBER,
    SELECT_ARRIVAL_EXISTS,
    SELECT_NUMBERS,
    SELECT_FIRST,
    SELECT_RECEIPT,
    /* reading: which arrivals */
    FIND_IDENTITY,
    FIND_REFERENCE,
    FIND_ALL,
    FIND_CONTENT,
    FIND_SECONDARY,
    FIND_REFERENCING,
    FIND_WHOLE,
    FIND_PART,
    FIND_COPIES,
    /* reading: what is known of one */
    SELECT_KNOWN,
    SELECT_KNOWN_BYTES,
    SELECT_SENT,
    SELECT_REFERENCES,
    SELECT_WHY,
    SELECT_SIGNED,
    SELECT_MARK,
    SELECT_CRASHES,
    SELECT_ORIGINAL,
    /* reading: bulletins */
    SELECT_TOPICS,
    SELECT_BULLETIN,
    SELECT_SINCE,
    SELECT_SINCE_TOPIC,
    SELECT_IN_FORCE,
    STATEMENT_COUNT
};

/* Never NULL; static. */
const char *statement_sql(enum statement statement);

#endif
