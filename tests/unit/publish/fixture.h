/*
 * fixture: a small relay for the tests of publish: loop, journal in a folder of its own, inproc
 * sockets, and a seal that only counts.
 */
#ifndef CAPRELAY_TESTS_PUBLISH_FIXTURE_H
#define CAPRELAY_TESTS_PUBLISH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "journal/journal.h"
#include "log/log.h"
#include "loop/loop.h"
#include "publish/access.h"
#include "publish/beat.h"
#include "publish/feed.h"
#include "publish/query.h"
#include "publish/view.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define FEED_ENDPOINT "inproc://feed"
#define QUERY_ENDPOINT "inproc://query"

#ifdef __SANITIZE_THREAD__
/* libzmq is not built with the sanitizer, which then takes its hand-over between threads for races.
 * As tests/tsan.supp. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libzmq.so\ncalled_from_lib:libzmq.so\n";
}
#endif

struct fixture {
    char folder[64];
    struct loop *loop;
    void *zmq_context;
    struct access *access;
    struct journal *journal;
    struct feed *feed;
    struct beats *beats;
    struct queries *queries;
    struct key actual, exercise;
    struct view view;
    const char *source_state; /* what the one source says of itself */
};

/* --- the journal --- */

static inline struct digest fixture_chain(uint64_t seq)
{
    char text[32];

    snprintf(text, sizeof(text), "chain %llu", (unsigned long long)seq);
    return digest_of(slice_from_cstr(text));
}

/* A bulletin of four parts whose header has number and chain; derived and original are the entry's
 * bytes. */
static inline enum err_code fixture_seal(void *context, const struct journal_entry *entry,
                                         const struct journal_bulletin *bulletin,
                                         const uint64_t *topic_prevs,
                                         const struct digest *chain_prev, int64_t time_us,
                                         uint64_t conflict_seq, const struct slice *copies,
                                         size_t copy_count, struct buf *frame, struct digest *chain,
                                         struct err *err)
{
    char header[200], hex[DIGEST_HEX_MAX];

    (void)context, (void)topic_prevs, (void)chain_prev, (void)time_us, (void)conflict_seq;
    (void)copies, (void)copy_count, (void)err;
    *chain = fixture_chain(bulletin->seq);
    snprintf(header, sizeof(header), "{\"v\":1,\"seq\":%llu,\"chain\":\"%s\"}",
             (unsigned long long)bulletin->seq, digest_hex(chain, hex));
    packet_put(frame, slice_from_cstr(header));
    packet_put(frame, SLICE("signature"));
    packet_put(frame, entry->bytes);
    packet_put(frame, entry->bytes);
    return OK;
}

static inline enum err_code fixture_receipt(void *context, const struct journal_entry *entry,
                                            int64_t time_us, struct buf *out, struct err *err)
{
    (void)context, (void)entry, (void)time_us, (void)out, (void)err;
    return OK;
}

static inline void fixture_wake(void *context)
{
    (void)context;
}

static inline void fixture_open_journal(struct fixture *fixture)
{
    char path[128];
    struct journal_options options = {
        .path = path,
        .clock = &clock_system,
        .hooks = {.seal = fixture_seal, .receipt = fixture_receipt, .wake = fixture_wake},
        .free_min_bytes = 1,
    };
    struct err err = {0};

    snprintf(path, sizeof(path), "%s/journal.db", fixture->folder);
    if (journal_open(&options, &fixture->journal, &err))
        fail_msg("journal: %s", err.text);
}

static inline void fixture_commit(struct fixture *fixture)
{
    struct journal_entry *entry;

    assert_true(journal_wait(fixture->journal, 10000));
    while ((entry = journal_collect(fixture->journal)))
        journal_entry_destroy(entry);
}

/* One message with one bulletin on the topic of the region and on `all`, in force for an hour; not
 * committed yet. */
static inline void fixture_append(struct fixture *fixture, enum alert_class class,
                                  const char *region, size_t size)
{
    struct journal_entry *entry = journal_entry_create(fixture->journal);
    struct arena *arena = entry->arena;
    struct journal_bulletin *bulletin = &entry->bulletins[0];
    struct slice *topics = arena_alloc_array(arena, 2, sizeof(*topics));
    struct slice *regions = arena_alloc_array(arena, 1, sizeof(*regions));
    const char *name = alert_class_name(class);
    char *bytes = arena_alloc(arena, size + 40);

    memset(bytes, 'x', size);
    snprintf(bytes + size, 40, "alert %lld", (long long)entry->arrival);
    topics[0] = arena_printf(arena, "%s.us.%s.", name, region);
    topics[1] = arena_printf(arena, "%s.us.all.", name);
    regions[0] = arena_printf(arena, "%s", region);
    entry->received_us = clock_now_us(&clock_system);
    entry->source = SLICE("spool");
    entry->class = class;
    entry->verdict = SLICE("relayed");
    entry->reason = SLICE("border.inside");
    entry->detail = SLICE("crosses");
    entry->bytes = slice_from_cstr(bytes);
    entry->digest = digest_of(entry->bytes);
    entry->has_identity = true;
    entry->identity = (struct identity){
        class, SLICE("a@b"), arena_printf(arena, "id-%lld", (long long)entry->arrival), 1700000000};
    entry->msg_type = MSG_TYPE_ALERT;
    entry->status = STATUS_ACTUAL;
    entry->content = entry->digest;
    bulletin->side = SIDE_US;
    bulletin->topics = topics;
    bulletin->topic_count = 2;
    bulletin->regions = regions;
    bulletin->region_count = 1;
    bulletin->derived_identifier =
        arena_printf(arena, "urn:caprelay:%032llx", (unsigned long long)entry->arrival);
    bulletin->in_force_until_s = entry->received_us / 1000000 + 3600;
    entry->bulletin_count = 1;
    journal_append(fixture->journal, &entry);
}

static inline void fixture_publish(struct fixture *fixture, enum alert_class class,
                                   const char *region)
{
    fixture_append(fixture, class, region, 100);
    fixture_commit(fixture);
}

/* --- the rest --- */

static inline void fixture_sources(void *context, view_source_fn each, void *each_context)
{
    const struct fixture *fixture = context;
    struct view_source source = {
        .name = SLICE("spool"),
        .adapter = SLICE("file"),
        .class = CLASS_ACTUAL,
        .state = fixture->source_state,
        .reason = SLICE("because"),
        .since_us = 1700000000000000,
        .received = 7,
        .has_lag = true,
        .lag_us = 2500000,
    };

    each(each_context, &source);
}

static inline void fixture_counts(void *context, view_count_fn each, void *each_context)
{
    (void)context;
    each(each_context, "actual", "relayed", SLICE("border.inside"), 3);
    each(each_context, "actual", "relayed", SLICE("rule:all"), 4);
    each(each_context, "actual", "duplicate", SLICE("same"), 2);
    each(each_context, "exercise", "relayed", SLICE("border.inside"), 9);
    each(each_context, "", "unreadable", SLICE("xml"), 1);
}

static inline void fixture_log(void *context, enum log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static inline void fixture_open_access(struct fixture *fixture)
{
    struct access_options options = {.curve = false, .heartbeat_us = 1000000, .backlog = 16};
    struct err err = {0};

    assert_int_equal(
        access_create(fixture->loop, fixture->zmq_context, &options, &fixture->access, &err), OK);
}

static inline void fixture_open_feed(struct fixture *fixture, size_t in_flight_max)
{
    struct feed_options options = {
        .loop = fixture->loop,
        .zmq_context = fixture->zmq_context,
        .access = fixture->access,
        .journal = fixture->journal,
        .endpoint = FEED_ENDPOINT,
        .high_water_mark = 10000,
        .in_flight_max_bytes = in_flight_max,
    };
    struct beats_options beats = {
        .loop = fixture->loop,
        .journal = fixture->journal,
        .actual_key = &fixture->actual,
        .exercise_key = &fixture->exercise,
        .view = &fixture->view,
        .interval_us = 3600 * INT64_C(1000000),
    };
    struct err err = {0};

    if (feed_create(&options, &fixture->feed, &err))
        fail_msg("feed: %s", err.text);
    beats.feed = fixture->feed;
    fixture->beats = beats_create(&beats);
}

static inline void fixture_open_queries(struct fixture *fixture, size_t answer_max)
{
    struct queries_options options = {
        .loop = fixture->loop,
        .zmq_context = fixture->zmq_context,
        .access = fixture->access,
        .journal = fixture->journal,
        .feed = fixture->feed,
        .beats = fixture->beats,
        .endpoint = QUERY_ENDPOINT,
        .actual_key = &fixture->actual,
        .exercise_key = &fixture->exercise,
        .view = &fixture->view,
        .answer_max_bytes = answer_max,
        .compress = true,
    };
    struct err err = {0};

    if (queries_create(&options, &fixture->queries, &err))
        fail_msg("queries: %s", err.text);
}

/* Journal and keys; feed and queries are opened by the tests. */
static inline int fixture_setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof(*fixture));
    struct err err = {0};

    log_set_sink(fixture_log, NULL);
    strcpy(fixture->folder, "/tmp/caprelay-publish-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(seal_init(&err), OK);
    key_new(&fixture->actual, KEY_ACTUAL);
    key_new(&fixture->exercise, KEY_EXERCISE);
    assert_int_equal(loop_create(&fixture->loop, &err), OK);
    fixture->zmq_context = zmq_ctx_new();
    fixture->source_state = "live";
    fixture->view = (struct view){
        .relay_name = SLICE("test"),
        .version = SLICE("0"),
        .started_us = 1700000000000000,
        .sources = fixture_sources,
        .counts = fixture_counts,
        .context = fixture,
    };
    fixture_open_access(fixture);
    fixture_open_journal(fixture);
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    queries_destroy(fixture->queries);
    beats_destroy(fixture->beats);
    feed_destroy(fixture->feed);
    journal_close(fixture->journal, 1000, NULL);
    access_destroy(fixture->access);
    zmq_ctx_term(fixture->zmq_context);
    loop_destroy(fixture->loop);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

/* --- a client --- */

/* Turns the loop until the socket has something; fails after many turns. */
static inline void fixture_wait(struct fixture *fixture, void *socket)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

    for (int i = 0; i < 2000; i++) {
        loop_turn(fixture->loop, false);
        if (zmq_poll(&item, 1, 5) > 0)
            return;
    }
    fail_msg("nothing came");
}

static inline void fixture_count_topic(void *context, struct slice topic, size_t count)
{
    (void)topic;
    *(size_t *)context += count;
}

/* The feed learns of a subscription only when the loop reads it. */
static inline void fixture_wait_subscriptions(struct fixture *fixture, size_t wanted)
{
    for (int i = 0; i < 10000; i++) {
        size_t count = 0;

        loop_turn(fixture->loop, false);
        subs_each(feed_subs(fixture->feed), fixture_count_topic, &count);
        if (count == wanted)
            return;
        usleep(1000);
    }
    fail_msg("no %zu subscriptions", wanted);
}

struct frames {
    struct arena *arena;
    struct slice items[64];
    size_t count;
};

static inline struct frames fixture_receive(struct fixture *fixture, void *socket)
{
    struct frames frames = {.arena = arena_create()};
    int more = 1;
    size_t size = sizeof(more);

    fixture_wait(fixture, socket);
    while (more) {
        zmq_msg_t message;

        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, socket, 0) >= 0);
        assert_true(frames.count < 64);
        frames.items[frames.count++] =
            arena_copy(frames.arena, slice_of(zmq_msg_data(&message), zmq_msg_size(&message)));
        zmq_msg_close(&message);
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    return frames;
}

/* The signed header of a frame, as JSON; the caller's. */
static inline json_t *fixture_header(struct frames *frames, size_t index, const struct key *key,
                                     enum seal_kind kind)
{
    struct packet packet;
    json_t *header;

    assert_int_equal(packet_open(frames->arena, frames->items[index], &packet, NULL), OK);
    assert_int_equal(packet.count, 2);
    assert_true(key_verify(key->public_key, kind, packet.parts[0], packet.parts[1]));
    header = json_read(packet.parts[0], NULL);
    assert_non_null(header);
    return header;
}

static inline json_int_t fixture_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value))
        fail_msg("%s is no number", name);
    return json_integer_value(value);
}

static inline const char *fixture_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    if (!value)
        fail_msg("%s is no text", name);
    return value;
}

/* The number in a stored bulletin's header. */
static inline uint64_t fixture_seq(struct frames *frames, size_t index)
{
    struct packet packet;
    json_t *header;
    uint64_t seq;

    assert_int_equal(packet_open(frames->arena, frames->items[index], &packet, NULL), OK);
    assert_int_equal(packet.count, 4);
    header = json_read(packet.parts[0], NULL);
    seq = (uint64_t)fixture_number(header, "seq");
    json_decref(header);
    return seq;
}

#endif
