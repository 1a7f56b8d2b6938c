/*
 * journal: the ordered, durable record of everything that arrived, and the only source of sequence
 * numbers.
 *
 * SQLite (WAL, synchronous=FULL). One writer thread takes entries in the order of journal_append(),
 * groups them into transactions, and inside each gives the numbers, links the chain, has the frames
 * sealed and stores them. After COMMIT the entries come back on the loop by journal_collect(). When
 * a commit fails (disk full, I/O error) the entries stay in the queue and are tried again, in
 * order; nothing is numbered anew until the journal was reopened and its head read. Nothing is lost
 * between append and collect except by the death of the process.
 *
 * All calls are for the loop's thread, except where said. Reads see what is committed.
 */
#ifndef CAPRELAY_JOURNAL_JOURNAL_H
#define CAPRELAY_JOURNAL_JOURNAL_H

#include "alert/alert.h"
#include "alert/identity.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

struct journal;

enum { JOURNAL_BULLETINS_MAX = 2 };

/* One bulletin to be numbered; all lent from the entry's arena. */
struct journal_bulletin {
    enum side side;
    const struct slice *topics; /* sorted */
    size_t topic_count;
    const struct slice *regions;
    size_t region_count;
    struct slice derived_identifier;
    int64_t in_force_until_s; /* 0: never in force (endings, Ack, Error, or already ended) */
    const void *facts;        /* for the seal hook */
    /* set by the writer */
    uint64_t seq;
    struct digest chain;
};

/* One message that arrived. Created by journal_entry_create(); owns its arena, in which everything
 * that it points to lives. */
struct journal_entry {
    struct arena *arena;
    int64_t arrival; /* given by journal_entry_create(): ascending over all restarts */
    int64_t received_us;
    struct slice source;
    enum alert_class class; /* CLASS_NONE for unreadable, heartbeats, System, Draft */
    struct slice verdict;   /* "relayed", "duplicate", "conflict", ... : intake/verdict.h */
    struct slice reason;    /* named: "border.too-far", "rule:NAME", ... */
    struct slice detail;    /* English, for a person */
    struct slice bytes;     /* as received (for a replay: as rewritten) */
    struct digest digest;   /* of bytes */
    bool has_identity;
    struct identity identity;
    enum cap_msg_type msg_type;
    enum cap_status status;
    struct slice event;                /* of the first info, for people */
    struct digest content;             /* alert_content(), where has_identity */
    struct slice secondary_key;        /* absent for none */
    int64_t first_arrival;             /* duplicate of / conflict with that arrival; 0 none */
    const struct identity *references; /* what this message references, class set */
    size_t reference_count;
    const int64_t *ends; /* arrivals whose bulletins are no longer in force from now on */
    size_t ends_count;
    struct slice notes_json; /* findings and remarks, for `why` */
    struct slice authority;  /* injection: who; absent otherwise */
    struct slice
        mark_key; /* source's own cursor, stored in the same transaction; absent for none */
    struct slice mark_value;
    struct journal_bulletin bulletins[JOURNAL_BULLETINS_MAX];
    size_t bulletin_count;
    /* Before the receipt hook the writer sets, where there is no bulletin of its own, those of
     * `first_arrival`: number, side, regions, topics, derived identifier. */
    struct journal_bulletin first[JOURNAL_BULLETINS_MAX];
    size_t first_count;
    void *owner;          /* intake's; untouched */
    struct slice receipt; /* finished signed receipt, by the receipt hook; absent for none */
    /* the journal's own */
    unsigned faults;
    struct journal_entry *queue_next;
};

/*
 * Called on the writer thread inside the transaction. They must not call the journal. They may be
 * called again for the same entry, with the same number or another, when a transaction failed:
 * nothing of it was visible.
 *
 * A failure of `seal` is the entry's own fault (sealing is a pure function) and must not hold up
 * all that come after it: the entry is committed without bulletins, as verdict `refused`, reason
 * `journal.fault`, detail the error; `ends` is not applied. Who collects it raises the alarm. So
 * too when the storage refuses an entry for its content. A failure of the storage is nobody's fault
 * and is tried again.
 */
struct journal_hooks {
    enum err_code (*seal)(void *context, const struct journal_entry *entry,
                          const struct journal_bulletin *bulletin, const uint64_t *topic_prevs,
                          const struct digest *chain_prev, int64_t time_us, uint64_t conflict_seq,
                          const struct slice *copies, size_t copy_count, struct buf *frame,
                          struct digest *chain, struct err *err);
    /* After all bulletins of an entry with an `authority` are numbered: appends the receipt. Not
     * called where there is one for these bytes of that authority and nothing new is published:
     * the entry then gets that one. */
    enum err_code (*receipt)(void *context, const struct journal_entry *entry, int64_t time_us,
                             struct buf *out, struct err *err);
    void *context;
    /* From the writer thread: there is something to collect, or the state changed (wakes the loop).
     */
    void (*wake)(void *context);
    void *wake_context;
};

struct journal_options {
    const char *path;
    const struct clock *clock;
    struct journal_hooks hooks;
    unsigned group_max; /* entries a transaction takes at most (256) */
    unsigned queue_max; /* entries not committed; from there on journal_full() is true and sources
                           are paused (4096) */
    int64_t queue_max_bytes; /* the same by their size (256 MiB) */
    int64_t free_min_bytes;  /* below this the state is `low` */
};

/* Whether journal_open() would take what is at that path (which may be nothing), for who asks
 * before a start: files that this user may open, a journal, of a version that is known, and, where
 * no relay is at work on it, its numbers. Writes nothing and takes no lock. */
enum err_code journal_check(const char *path, struct err *err);

/*
 * Options are copied; the clock must stay and may be asked from two threads. 0 in a limit takes the
 * value in brackets. ERR_EXISTS: another relay has it (the text names its process). ERR_INVALID: no
 * journal, one of a newer program, or a damaged one.
 */
enum err_code journal_open(const struct journal_options *options, struct journal **out,
                           struct err *err);
/*
 * Waits for what is queued to be committed, at most `timeout_ms`; then stops the writer. Entries
 * that are left are dropped with *left (may be NULL). What is committed but not collected is
 * destroyed: journal_wait() and collect first. Accepts NULL.
 */
void journal_close(struct journal *journal, int timeout_ms, size_t *left);

struct journal_entry *journal_entry_create(struct journal *journal);
void journal_entry_destroy(struct journal_entry *entry);

/* Takes the entry. Never blocks, never fails. Entries are committed in the order of the calls, and
 * none overtakes another: one that cannot be stored is stored as refused, with its mark, in its
 * place, and a commit that fails holds up all. Whenever the process dies, what is in the journal is
 * the beginning of what was appended. */
void journal_append(struct journal *journal, struct journal_entry **entry);
/* A mark that comes with no message: how far an outlet has delivered. Stored with the next
 * transaction, soon and in the order of the calls; only the newest of a key that still waits.
 * Texts are copied. Never blocks, never fails; what waits when the process dies is lost, so a mark
 * may lag but never leads. */
void journal_set_mark(struct journal *journal, struct slice source, struct slice key,
                      struct slice value);
/* The next committed entry, owned by the caller from then on; NULL when there is none now. */
struct journal_entry *journal_collect(struct journal *journal);
/* Waits until nothing is queued, marks too, at most `timeout_ms`; whether that is so. For shutting
 * down and for tests: it blocks. */
bool journal_wait(struct journal *journal, int timeout_ms);
bool journal_full(const struct journal *journal);

/* LOW: little room, or the database file cannot take what the WAL holds. STUCK: the last commit
 * failed. `text` says more. */
enum journal_condition { JOURNAL_GOOD = 0, JOURNAL_LOW, JOURNAL_STUCK };
struct journal_state {
    enum journal_condition condition;
    char text[200];
    size_t queued;
    int64_t oldest_us;   /* received time of the oldest uncommitted entry; 0 none */
    int64_t progress_us; /* when the writer last finished a commit or was idle */
    int64_t free_bytes;  /* on the journal's file system */
    int64_t arrivals;    /* committed, ever */
};
struct journal_state journal_state(const struct journal *journal);

/* --- reading (committed only); a callback must not call the reading function that called it: that
 * one call fails with ERR_STATE --- */

/* What dedup and route need of an earlier message. All in the given arena. */
struct journal_known {
    int64_t arrival;
    struct identity identity;
    enum cap_msg_type msg_type;
    struct slice source;
    struct slice verdict;
    struct slice authority;
    struct digest content;
    struct slice
        bytes; /* absent where several are found at once: journal_find_arrival() has them */
    /* in_force: not ended by another; whether until_s has passed is for the caller to say */
    struct {
        enum side side;
        uint64_t seq;
        struct slice *regions;
        size_t region_count;
        bool in_force;
        int64_t until_s;
    } sent[JOURNAL_BULLETINS_MAX];
    size_t sent_count;
    struct identity *references;
    size_t reference_count;
    int64_t first_arrival; /* 0 none */
};

/*
 * The first message with that identity, neither duplicate nor conflict: one that was published if
 * there is any, else the oldest, whose verdict may be any other (refused, irrelevant, ...).
 * ERR_NOT_FOUND.
 */
enum err_code journal_find(struct journal *journal, struct arena *arena,
                           const struct identity *identity, struct journal_known *out,
                           struct err *err);
/* What a reference to that identity means: as above, or where that identity only came as another
 * wrapper of a message (verdict duplicate), that message. */
enum err_code journal_find_reference(struct journal *journal, struct arena *arena,
                                     const struct identity *identity, struct journal_known *out,
                                     struct err *err);
enum err_code journal_find_arrival(struct journal *journal, struct arena *arena, int64_t arrival,
                                   struct journal_known *out, struct err *err);
/* A message of that identity and that content among firsts and conflicts: whose copy is this? */
enum err_code journal_find_content(struct journal *journal, struct arena *arena,
                                   const struct identity *identity, const struct digest *content,
                                   int64_t *arrival, struct err *err);
/* All messages of that identity but plain copies, oldest first, at most `max`: the first, its
 * conflicts, and what was merged with another identity (verdict duplicate, reason secondary-key;
 * `first_arrival` names that one). */
enum err_code journal_find_all(struct journal *journal, struct arena *arena,
                               const struct identity *identity, struct journal_known *out,
                               size_t max, size_t *count, struct err *err);
/* Newest first, at most `max`, of the class with that secondary key. */
enum err_code journal_find_secondary(struct journal *journal, struct arena *arena,
                                     enum alert_class class, struct slice key,
                                     struct journal_known *out, size_t max, size_t *count,
                                     struct err *err);
/* Messages that reference this identity (which may have come before it), oldest first, without
 * duplicates. */
enum err_code journal_find_referencing(struct journal *journal, struct arena *arena,
                                       const struct identity *identity, struct journal_known *out,
                                       size_t max, size_t *count, struct err *err);
/* The stored receipt for these bytes of that authority; ERR_NOT_FOUND. */
enum err_code journal_find_receipt(struct journal *journal, struct arena *arena,
                                   struct slice authority, const struct digest *digest,
                                   struct slice *out, struct err *err);
/* Whether a message with that identifier has arrived whose own XML signature a pin of its source
 * accepted, whoever sent it and when: for who knows no more of it yet than the identifier, which
 * anybody can write. */
enum err_code journal_has_signed(struct journal *journal, struct slice identifier, bool *out,
                                 struct err *err);
/* A source's own mark; ERR_NOT_FOUND. */
enum err_code journal_mark(struct journal *journal, struct arena *arena, struct slice source,
                           struct slice key, struct slice *value, struct err *err);

/* The head of a class: last number (0 for none) and chain. */
struct journal_head {
    uint64_t seq;
    struct digest chain;
};
enum err_code journal_head(struct journal *journal, enum alert_class class,
                           struct journal_head *out, struct err *err);
/* Last number on each topic of a class. */
typedef void (*journal_topic_fn)(void *context, struct slice topic, uint64_t seq);
enum err_code journal_topics(struct journal *journal, enum alert_class class, journal_topic_fn each,
                             void *context, struct err *err);

struct journal_row {
    uint64_t seq;
    enum side side;
    const struct slice *topics;
    size_t topic_count;
    struct slice frame;
    int64_t until_s;
};
/* false stops. What it is given is lent until it returns. */
typedef bool (*journal_row_fn)(void *context, const struct journal_row *row);
/* Bulletins of a class with a number above `after`, in order; `topic` absent for all. */
enum err_code journal_since(struct journal *journal, enum alert_class class, struct slice topic,
                            uint64_t after, journal_row_fn each, void *context, struct err *err);
/* In force at that time, in order; side SIDE_NONE for both, region absent for all (a region also
 * gives those of "--"). */
enum err_code journal_in_force(struct journal *journal, enum alert_class class, enum side side,
                               struct slice region, int64_t now_s, journal_row_fn each,
                               void *context, struct err *err);
/* Only the numbers of those, in order, in the arena. */
enum err_code journal_in_force_numbers(struct journal *journal, struct arena *arena,
                                       enum alert_class class, enum side side, struct slice region,
                                       int64_t now_s, uint64_t **seqs, size_t *count,
                                       struct err *err);
/* ERR_NOT_FOUND */
enum err_code journal_get(struct journal *journal, enum alert_class class, uint64_t seq,
                          journal_row_fn each, void *context, struct err *err);
/* Original bytes by digest, of a published message of that class or a copy of one; ERR_NOT_FOUND. A
 * derived message is in its bulletin's frame. */
enum err_code journal_get_bytes(struct journal *journal, struct arena *arena,
                                enum alert_class class, const struct digest *digest,
                                struct slice *out, struct err *err);

struct journal_why {
    int64_t arrival, received_us, first_arrival;
    struct slice source, class_name, verdict, reason, detail, notes_json, sender, identifier,
        authority;
    int64_t sent_s;
    struct digest digest;
    uint64_t seqs[JOURNAL_BULLETINS_MAX];
    size_t seq_count;
};
typedef bool (*journal_why_fn)(void *context, const struct journal_why *row);
/* Rows whose identifier, derived identifier or digest in hex is that text; where there is none,
 * those among the newest 50,000 arrivals that hold it. Newest first, at most `max`. Case counts. */
enum err_code journal_why(struct journal *journal, struct slice text, size_t max,
                          journal_why_fn each, void *context, struct err *err);
/* Copies (verdict duplicate) of that bulletin's message, in order. */
enum err_code journal_copies(struct journal *journal, enum alert_class class, uint64_t seq,
                             journal_why_fn each, void *context, struct err *err);

/* --- the message being worked on (semantics 2: in flight at two crashes) --- */
/* Marks the digest in a memory-mapped file beside the journal; cleared before the entry is
 * appended. */
void journal_guard(struct journal *journal, const struct digest *digest);
void journal_unguard(struct journal *journal);
/* Says that the process dies of a fault of its own. For a signal handler: async-signal-safe. */
void journal_fault(struct journal *journal);
/*
 * Two faults set a message aside. Being killed from outside says little about the message that was
 * in work just then, and setting that one aside would lose it; but where memory ran out, or the
 * message held the loop until somebody lost patience, nothing else is seen either.
 */
enum { JOURNAL_CRASH_KILLED = 1, JOURNAL_CRASH_FAULT = 3, JOURNAL_CRASHES_MAX = 6 };
/* The weights of all deaths of the process while that message was guarded, counted at
 * journal_open(); at JOURNAL_CRASHES_MAX the message is set aside. */
unsigned journal_crashes(struct journal *journal, const struct digest *digest);

#endif
