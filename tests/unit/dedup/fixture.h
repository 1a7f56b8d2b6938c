/*
 * fixture: a journal in a folder of its own, and messages that are put there or left in flight.
 */
#ifndef CAPRELAY_TESTS_UNIT_DEDUP_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_DEDUP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dedup/known.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 20000, REFERENCES_MAX = 400 };

struct fixture {
    char folder[64];
    char path[96];
    struct arena *arena;
    struct journal *journal;
    struct parser *parser;
    struct known *known;
    size_t in_flight;
};

/* What a test says of a message; the rest is made up. */
struct given {
    const char *sender; /* "s" */
    const char *id;
    int64_t sent_s; /* 1000 */
    enum cap_msg_type msg_type;
    const char *verdict; /* "relayed" */
    const char *reason;
    const char *content; /* what is digested; the id */
    const char *key;     /* secondary */
    const char *region;  /* of the one bulletin, to the US; NULL: none */
    const char *authority;
    int64_t first_arrival;
    const struct identity *references;
    size_t reference_count;
    const char *xml;
};

static inline enum err_code fixture_seal(void *context, const struct journal_entry *entry,
                                         const struct journal_bulletin *bulletin,
                                         const uint64_t *topic_prevs,
                                         const struct digest *chain_prev, int64_t time_us,
                                         uint64_t conflict_seq, const struct slice *copies,
                                         size_t copy_count, struct buf *frame, struct digest *chain,
                                         struct err *err)
{
    (void)context, (void)entry, (void)topic_prevs, (void)time_us, (void)conflict_seq;
    (void)copies, (void)copy_count, (void)err;
    buf_printf(frame, "%llu", (unsigned long long)bulletin->seq);
    *chain = *chain_prev;
    return OK;
}

static inline void fixture_start(struct fixture *fixture)
{
    struct err err = {0};
    struct journal_options options = {
        .path = fixture->path, .clock = &clock_system, .hooks = {.seal = fixture_seal}};
    if (journal_open(&options, &fixture->journal, &err) != OK)
        fail_msg("%s", err.text);
    fixture->known = known_create(fixture->journal, fixture->parser);
}

static inline int fixture_open(void **state)
{
    struct err err = {0};
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    fixture->arena = arena_create();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/caprelay-dedup-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/journal.db", fixture->folder);
    assert_int_equal(parser_create(&fixture->parser, &err), OK);
    fixture_start(fixture);
    *state = fixture;
    return 0;
}

/* Everything that is in flight is committed and leaves the table. */
static inline void fixture_commit(struct fixture *fixture)
{
    assert_true(journal_wait(fixture->journal, WAIT_MS));
    for (struct journal_entry *entry; (entry = journal_collect(fixture->journal));) {
        known_remove(fixture->known, entry->arrival);
        journal_entry_destroy(entry);
    }
    assert_int_equal(known_in_flight(fixture->known), 0);
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    fixture_commit(fixture);
    known_destroy(fixture->known);
    journal_close(fixture->journal, WAIT_MS, NULL);
    parser_destroy(fixture->parser);
    arena_destroy(fixture->arena);
    DIR *folder = opendir(fixture->folder);
    for (struct dirent *item; (item = readdir(folder));) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, item->d_name);
        if (item->d_name[0] != '.')
            unlink(path);
    }
    closedir(folder);
    rmdir(fixture->folder);
    test_free(fixture);
    return 0;
}

static inline struct identity fixture_identity(const char *sender, const char *id, int64_t sent_s)
{
    return (struct identity){CLASS_ACTUAL, slice_from_cstr(sender ? sender : "s"),
                             slice_from_cstr(id), sent_s ? sent_s : 1000};
}

static inline struct digest fixture_digest(const char *text)
{
    return digest_of(slice_from_cstr(text));
}

static inline void give_bulletin(struct journal_entry *entry, const struct given *given)
{
    struct slice *regions = arena_alloc(entry->arena, sizeof(*regions));
    struct slice *topics = arena_alloc(entry->arena, sizeof(*topics));
    *regions = slice_from_cstr(given->region);
    *topics = SLICE("actual.us.all.");
    entry->bulletins[0] = (struct journal_bulletin){
        .side = SIDE_US,
        .regions = regions,
        .region_count = 1,
        .topics = topics,
        .topic_count = 1,
        .derived_identifier = slice_from_cstr(given->id),
        .in_force_until_s = 5000,
    };
    entry->bulletin_count = 1;
}

/* Appends it and leaves it in flight; returns its arrival. */
static inline int64_t fixture_put(struct fixture *fixture, struct given given)
{
    struct journal_entry *entry = journal_entry_create(fixture->journal);
    const struct alert *alert = NULL;
    int64_t arrival = entry->arrival;
    entry->received_us = 1;
    entry->source = SLICE("source");
    entry->class = CLASS_ACTUAL;
    entry->verdict = slice_from_cstr(given.verdict ? given.verdict : "relayed");
    entry->reason = slice_from_cstr(given.reason ? given.reason : "because");
    entry->bytes = arena_copy(entry->arena, slice_from_cstr(given.xml ? given.xml : "<x/>"));
    entry->digest = digest_of(entry->bytes);
    entry->has_identity = true;
    entry->identity = fixture_identity(given.sender, given.id, given.sent_s);
    entry->msg_type = given.msg_type ? given.msg_type : MSG_TYPE_ALERT;
    entry->status = STATUS_ACTUAL;
    entry->content = fixture_digest(given.content ? given.content : given.id);
    entry->secondary_key = arena_copy(entry->arena, slice_from_cstr(given.key));
    entry->authority = slice_from_cstr(given.authority);
    entry->first_arrival = given.first_arrival;
    entry->references = given.references;
    entry->reference_count = given.reference_count;
    if (given.region)
        give_bulletin(entry, &given);
    if (given.xml)
        alert = parser_read(fixture->parser, entry->arena, entry->bytes).alerts[0];
    known_add(fixture->known, entry, alert);
    journal_append(fixture->journal, &entry);
    return arrival;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
