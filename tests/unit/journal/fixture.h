/*
 * fixture: a journal in a folder of its own, a clock that tests move, and a seal that can be read:
 * the frame is text with the number, the chain a digest of it.
 */
#ifndef CAPRELAY_TESTS_UNIT_JOURNAL_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_JOURNAL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "journal/journal.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

struct fixture {
    char folder[64];
    char path[96];
    struct journal *journal;
    struct journal_options options;
    struct clock clock;
    _Atomic int64_t now_us;
    _Atomic unsigned wakes;
    const char *refuse_event; /* the seal refuses an entry with that event */
    bool refuse_receipts;
    _Atomic bool armed; /* the next seal tells that it is there, and waits */
    sem_t in_gate, gate;
};

/* The call's last argument is written `err`. */
#define assert_code(expected, call)                                                                \
    do {                                                                                           \
        struct err code_err = {0};                                                                 \
        struct err *err = &code_err;                                                               \
        enum err_code code_is = (call);                                                            \
        if (code_is != (expected))                                                                 \
            fail_msg("%s: %s: %s", #call, err_code_name(code_is), code_err.text);                  \
    } while (0)
#define assert_ok(call) assert_code(OK, call)

static inline int64_t fixture_now(void *context)
{
    return atomic_load(&((struct fixture *)context)->now_us);
}

static inline bool fixture_synchronised(void *context)
{
    (void)context;
    return true;
}

static inline void fixture_wake(void *context)
{
    atomic_fetch_add(&((struct fixture *)context)->wakes, 1);
}

static inline struct digest chain_of(const struct digest *prev, uint64_t seq)
{
    struct digest_state state;
    digest_begin(&state);
    digest_add(&state, slice_of(prev->bytes, DIGEST_BYTES));
    digest_add_u64be(&state, seq);
    return digest_end(&state);
}

/* "seq 3 prev 1,0 conflict 0 copies naad,nws time 17 facts TEXT" */
static inline enum err_code fixture_seal(void *context, const struct journal_entry *entry,
                                         const struct journal_bulletin *bulletin,
                                         const uint64_t *topic_prevs,
                                         const struct digest *chain_prev, int64_t time_us,
                                         uint64_t conflict_seq, const struct slice *copies,
                                         size_t copy_count, struct buf *frame, struct digest *chain,
                                         struct err *err)
{
    struct fixture *fixture = context;
    if (fixture->refuse_event && slice_eq_cstr(entry->event, fixture->refuse_event))
        return err_set(err, ERR_CRYPTO, "parts disagree");
    if (atomic_exchange(&fixture->armed, false)) {
        sem_post(&fixture->in_gate);
        sem_wait(&fixture->gate);
    }
    buf_printf(frame, "seq %llu prev ", (unsigned long long)bulletin->seq);
    for (size_t i = 0; i < bulletin->topic_count; i++)
        buf_printf(frame, "%s%llu", i ? "," : "", (unsigned long long)topic_prevs[i]);
    buf_printf(frame, " conflict %llu copies ", (unsigned long long)conflict_seq);
    for (size_t i = 0; i < copy_count; i++)
        buf_printf(frame, "%s%.*s", i ? "," : "", SLICE_ARG(copies[i]));
    buf_printf(frame, " time %lld facts %s", (long long)time_us,
               bulletin->facts ? (const char *)bulletin->facts : "");
    *chain = chain_of(chain_prev, bulletin->seq);
    return OK;
}

static inline enum err_code fixture_receipt(void *context, const struct journal_entry *entry,
                                            int64_t time_us, struct buf *out, struct err *err)
{
    struct fixture *fixture = context;
    if (fixture->refuse_receipts)
        return err_set(err, ERR_CRYPTO, "no key");
    buf_printf(out, "%.*s arrival %lld at %lld", SLICE_ARG(entry->verdict),
               (long long)entry->arrival, (long long)time_us);
    for (size_t i = 0; i < entry->bulletin_count; i++)
        buf_printf(out, " seq %llu", (unsigned long long)entry->bulletins[i].seq);
    for (size_t i = 0; i < entry->first_count; i++)
        buf_printf(out, "%s %llu", i ? "" : " first", (unsigned long long)entry->first[i].seq);
    return OK;
}

static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.folder = "/tmp/caprelay-journal-XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/journal.db", fixture->folder);
    atomic_store(&fixture->now_us, 1000);
    sem_init(&fixture->in_gate, 0, 0);
    sem_init(&fixture->gate, 0, 0);
    fixture->clock = (struct clock){fixture_now, fixture_synchronised, fixture};
    fixture->options = (struct journal_options){
        .path = fixture->path,
        .clock = &fixture->clock,
        .hooks = {fixture_seal, fixture_receipt, fixture, fixture_wake, fixture},
    };
}

static inline void fixture_open(struct fixture *fixture)
{
    assert_ok(journal_open(&fixture->options, &fixture->journal, err));
}

static inline void fixture_close(struct fixture *fixture)
{
    size_t left = 99;
    journal_close(fixture->journal, WAIT_MS, &left);
    fixture->journal = NULL;
    assert_int_equal(left, 0);
}

static inline void fixture_fini(struct fixture *fixture)
{
    const char *suffixes[] = {"", "-wal", "-shm", ".lock", ".guard", ".copy"};
    sem_post(&fixture->gate); /* a test that failed may have left the writer in it */
    journal_close(fixture->journal, 0, NULL);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s%s", fixture->path, suffixes[i]);
        unlink(file);
    }
    rmdir(fixture->folder);
    sem_destroy(&fixture->in_gate);
    sem_destroy(&fixture->gate);
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    fixture_init(fixture);
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_fini(*state);
    free(*state);
    return 0;
}

/* An alert with an identity, not yet with a bulletin. Texts are literals. */
static inline struct journal_entry *entry_of(struct fixture *fixture, enum alert_class class,
                                             const char *identifier, const char *verdict)
{
    struct journal_entry *entry = journal_entry_create(fixture->journal);
    entry->received_us = atomic_load(&fixture->now_us);
    entry->source = SLICE("naad");
    entry->class = class;
    entry->verdict = slice_from_cstr(verdict);
    entry->reason = SLICE("test");
    entry->bytes = arena_printf(entry->arena, "<alert>%s</alert>", identifier);
    entry->digest = digest_of(entry->bytes);
    entry->content = digest_of(slice_from_cstr(identifier));
    entry->has_identity = true;
    entry->identity = (struct identity){class, SLICE("nb@example.ca"),
                                        arena_copy(entry->arena, slice_from_cstr(identifier)), 100};
    entry->msg_type = MSG_TYPE_ALERT;
    entry->status = class == CLASS_ACTUAL ? STATUS_ACTUAL : STATUS_EXERCISE;
    entry->event = SLICE("surge");
    return entry;
}

/* Adds a bulletin for one side, on the topics of the regions (parted by blanks) and on `all`. */
static inline void add_bulletin(struct journal_entry *entry, enum side side, const char *regions,
                                int64_t until_s)
{
    struct slice *words = arena_alloc_array(entry->arena, 8, sizeof *words);
    struct slice *topics = arena_alloc_array(entry->arena, 8, sizeof *topics);
    struct slice rest = arena_copy(entry->arena, slice_from_cstr(regions));
    struct journal_bulletin *bulletin = &entry->bulletins[entry->bulletin_count++];
    const char *prefix = alert_class_name(entry->class);
    size_t count = 0;

    while (slice_next_token(&rest, &words[count])) {
        topics[count] = arena_printf(entry->arena, "%s.%s.%.*s.", prefix, side_name(side),
                                     SLICE_ARG(words[count]));
        count++;
    }
    topics[count] = arena_printf(entry->arena, "%s.%s.all.", prefix, side_name(side));
    *bulletin = (struct journal_bulletin){
        .side = side,
        .topics = topics,
        .topic_count = count + 1,
        .regions = words,
        .region_count = count,
        .derived_identifier = arena_printf(entry->arena, "urn:caprelay:%.*s-%s",
                                           SLICE_ARG(entry->identity.identifier), side_name(side)),
        .in_force_until_s = until_s,
        .facts = "none",
    };
}

static inline struct journal_entry *relayed(struct fixture *fixture, enum alert_class class,
                                            const char *identifier, const char *regions,
                                            int64_t until_s)
{
    struct journal_entry *entry = entry_of(fixture, class, identifier, "relayed");
    add_bulletin(entry, SIDE_US, regions, until_s);
    return entry;
}

static inline void append(struct fixture *fixture, struct journal_entry *entry);

/* Stops the writer inside a transaction, with an entry that must be collected later. */
static inline void gate_close(struct fixture *fixture)
{
    struct journal_entry *entry = relayed(fixture, CLASS_EXERCISE, "gate", "ME", 0);
    atomic_store(&fixture->armed, true);
    append(fixture, entry);
    sem_wait(&fixture->in_gate);
}

/* Lets the writer go on, and waits until all is committed. */
static inline void gate_open(struct fixture *fixture)
{
    sem_post(&fixture->gate);
    assert_true(journal_wait(fixture->journal, WAIT_MS));
}

static inline void append(struct fixture *fixture, struct journal_entry *entry)
{
    journal_append(fixture->journal, &entry);
    assert_null(entry);
}

/* Waits for the commit of one entry and takes it. */
static inline struct journal_entry *commit(struct fixture *fixture, struct journal_entry *entry)
{
    append(fixture, entry);
    assert_true(journal_wait(fixture->journal, WAIT_MS));
    struct journal_entry *done = journal_collect(fixture->journal);
    assert_ptr_equal(done, entry);
    return done;
}

/* Commits an entry and forgets it; its arrival. */
static inline int64_t commit_away(struct fixture *fixture, struct journal_entry *entry)
{
    struct journal_entry *done = commit(fixture, entry);
    int64_t arrival = done->arrival;
    journal_entry_destroy(done);
    return arrival;
}

/* What a reading gave, as text: "1:us 2:ca " with the frames' texts beside. */
struct rows {
    char text[400];
    char frame[400];
    size_t count;
    size_t stop_after;
};

static inline bool note_row(void *context, const struct journal_row *row)
{
    struct rows *rows = context;
    size_t used = strlen(rows->text);
    snprintf(rows->text + used, sizeof rows->text - used, "%llu:%s ", (unsigned long long)row->seq,
             side_name(row->side));
    snprintf(rows->frame, sizeof rows->frame, "%.*s", SLICE_ARG(row->frame));
    rows->count++;
    return rows->count != rows->stop_after;
}

static inline const char *since_text(struct fixture *fixture, enum alert_class class,
                                     const char *topic, uint64_t after, struct rows *rows)
{
    *rows = (struct rows){0};
    assert_ok(
        journal_since(fixture->journal, class, slice_from_cstr(topic), after, note_row, rows, err));
    return rows->text;
}

static inline const char *frame_text(struct fixture *fixture, enum alert_class class, uint64_t seq,
                                     struct rows *rows)
{
    *rows = (struct rows){0};
    assert_ok(journal_get(fixture->journal, class, seq, note_row, rows, err));
    return rows->frame;
}

static inline const char *in_force_text(struct fixture *fixture, enum alert_class class,
                                        enum side side, const char *region, int64_t now_s,
                                        struct rows *rows)
{
    *rows = (struct rows){0};
    assert_ok(journal_in_force(fixture->journal, class, side, slice_from_cstr(region), now_s,
                               note_row, rows, err));
    return rows->text;
}

#endif
