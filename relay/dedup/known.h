/*
 * known: earlier messages, whether they are committed or still in flight.
 *
 * An entry counts as known from the moment it is appended: the table of entries in flight is asked
 * first, then the journal. Messages that were refused, unreadable or loops leave no trace here, so
 * that what one source may not say is not silenced when another one says it. For the loop's thread.
 *
 * A read that the journal refuses counts as "not known" (the alert is relayed, not lost);
 * known_trouble() tells.
 */
#ifndef CAPRELAY_DEDUP_KNOWN_H
#define CAPRELAY_DEDUP_KNOWN_H

#include "alert/parse.h"
#include "journal/journal.h"

struct known;

/* All that `row` points to is in the arena that was given, or in the entry in flight: both outlive
 * the stage list. */
struct known_message {
    struct journal_known row;
    const struct alert *alert;  /* NULL until known_alert(), but set for what is in flight */
    struct slice merged_sender; /* of the merged message that it was found by; absent otherwise */
};

/* Both are lent and live longer. */
struct known *known_create(struct journal *journal, const struct parser *parser);
/* Accepts NULL. May be called while entries are in flight. */
void known_destroy(struct known *known);

/* Before journal_append(). The entry and the alert must not change any more, and live until
 * known_remove(). */
void known_add(struct known *known, struct journal_entry *entry, const struct alert *alert);
/* After journal_collect(), before the entry is destroyed. */
void known_remove(struct known *known, int64_t arrival);
size_t known_in_flight(const struct known *known);

/*
 * Messages of that identity with different contents, oldest first: the first, then its conflicts.
 * One that was merged by its secondary key stands here as what it was merged with. Returns how
 * many, at most `max`.
 */
size_t known_find(struct known *known, struct arena *arena, const struct identity *identity,
                  struct known_message *out, size_t max);
/* Messages of that secondary key that went somewhere, newest first. */
size_t known_find_secondary(struct known *known, struct arena *arena, enum alert_class class,
                            struct slice key, struct known_message *out, size_t max);
/* Messages that reference this identity directly. */
size_t known_find_referencing(struct known *known, struct arena *arena,
                              const struct identity *identity, struct known_message *out,
                              size_t max);

/* The parsed message; read again from its bytes where it is no longer in memory. NULL if that
 * fails. */
const struct alert *known_alert(struct known *known, struct arena *arena,
                                struct known_message *message);

/* Whether a read failed since the last call, and why. */
bool known_trouble(struct known *known, struct err *err);

#endif
