/*
 * fixture: the real intake with a real journal in a folder of its own, on a clock that stands.
 */
#ifndef CAPRELAY_TESTS_UNIT_INTAKE_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_INTAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/intake.h"
#include "seal/packet.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 20000, SEEN_MAX = 64 };

struct seen {
    void *tag;
    struct slice verdict, reason, notes, receipt;
    enum alert_class class;
    int64_t arrival;
    uint64_t seq;
    size_t bulletin_count;
    bool last;
};

struct fixture {
    char folder[64];
    char path[96];
    struct arena *arena;
    struct clock clock;
    struct key actual, exercise;
    struct slice relay_name;
    struct intake_sealer *sealer;
    struct parser *parser;
    struct journal *journal;
    struct intake *intake;
    struct intake_source source;
    struct route_policy policy;
    const struct origin_trust *(*trust_of)(void *context, struct slice source);
    struct seen seen[SEEN_MAX];
    size_t seen_count;
};

static inline int64_t fixture_now(void *context)
{
    (void)context;
    return INT64_C(1768219200) * 1000000; /* 2026-01-12T12:00:00Z */
}

static inline bool fixture_synchronised(void *context)
{
    (void)context;
    return true;
}

static inline void fixture_settle(void *context, const struct intake_outcome *outcome)
{
    struct fixture *fixture = context;
    struct seen *seen = &fixture->seen[fixture->seen_count++];
    seen->tag = outcome->tag;
    seen->verdict = arena_copy(fixture->arena, outcome->verdict);
    seen->reason = arena_copy(fixture->arena, outcome->reason);
    seen->notes = arena_copy(fixture->arena, outcome->notes_json);
    seen->receipt = arena_copy(fixture->arena, outcome->receipt);
    seen->class = outcome->class;
    seen->arrival = outcome->arrival;
    seen->bulletin_count = outcome->bulletin_count;
    seen->seq = outcome->bulletin_count ? outcome->bulletins[0].seq : 0;
    seen->last = outcome->last;
}

static inline void fixture_start(struct fixture *fixture)
{
    struct err err = {0};
    struct bulletin_options bulletin = {.compress = true, .inline_max_bytes = 4096};
    struct journal_options journal = {.path = fixture->path, .clock = &fixture->clock};
    if (intake_sealer_create(&bulletin, &fixture->actual, &fixture->exercise, fixture->relay_name,
                             &fixture->sealer, &err) != OK)
        fail_msg("%s", err.text);
    intake_sealer_hooks(fixture->sealer, &journal.hooks);
    if (journal_open(&journal, &fixture->journal, &err) != OK)
        fail_msg("%s", err.text);
    struct intake_options options = {
        .journal = fixture->journal,
        .parser = fixture->parser,
        .clock = &fixture->clock,
        .translate = {.derived_sender = SLICE("caprelay@unit.example"), .sliver_share = 0.01},
        .policy = &fixture->policy,
        .in_force_default_hours = 24,
        .relay_name = fixture->relay_name,
        .bulletin = bulletin,
        .actual_key = &fixture->actual,
        .exercise_key = &fixture->exercise,
        .trust_of = fixture->trust_of,
        .trust_context = fixture,
        .settle = fixture_settle,
        .settle_context = fixture,
    };
    if (intake_create(&options, &fixture->intake, &err) != OK)
        fail_msg("%s", err.text);
}

static inline int fixture_open(void **state)
{
    struct err err = {0};
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    fixture->arena = arena_create();
    fixture->clock = (struct clock){fixture_now, fixture_synchronised, NULL};
    fixture->source =
        (struct intake_source){.name = SLICE("naad"), .country = SIDE_CA, .class = CLASS_ACTUAL};
    fixture->relay_name = SLICE("unit");
    fixture->policy = (struct route_policy){.within_km = 50};
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/caprelay-intake-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/journal.db", fixture->folder);
    assert_int_equal(seal_init(&err), OK);
    assert_int_equal(parser_create(&fixture->parser, &err), OK);
    key_new(&fixture->actual, KEY_ACTUAL);
    key_new(&fixture->exercise, KEY_EXERCISE);
    fixture_start(fixture);
    *state = fixture;
    return 0;
}

static inline void fixture_collect(struct fixture *fixture)
{
    assert_true(journal_wait(fixture->journal, WAIT_MS));
    while (intake_collect(fixture->intake, 8))
        ;
}

static inline void fixture_stop(struct fixture *fixture)
{
    intake_destroy(fixture->intake);
    journal_close(fixture->journal, WAIT_MS, NULL);
    intake_sealer_destroy(fixture->sealer);
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    fixture_stop(fixture);
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

/* A plain alert; `more` goes in front of the info. */
static inline struct slice fixture_alert(struct fixture *fixture, const char *id,
                                         const char *status, const char *more)
{
    return arena_printf(
        fixture->arena,
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>%s</identifier>"
        "<sender>met@example.ca</sender><sent>2026-01-12T11:59:00-00:00</sent><status>%s</status>"
        "<msgType>Alert</msgType><scope>Public</scope>%s<info><language>en-CA</language>"
        "<category>Met</category><event>storm surge</event><urgency>Expected</urgency>"
        "<severity>Severe</severity><certainty>Likely</certainty>"
        "<expires>2026-01-12T18:00:00-00:00</expires><area><areaDesc>coast</areaDesc>"
        "<polygon>45.1,-66.9 45.2,-66.9 45.2,-66.8 45.1,-66.8 45.1,-66.9</polygon></area></info>"
        "</alert>",
        id, status, more);
}

static inline struct intake_delivery fixture_delivery(struct fixture *fixture, struct slice bytes)
{
    return (struct intake_delivery){
        .source = &fixture->source, .bytes = bytes, .received_us = fixture_now(NULL)};
}

static inline void fixture_deliver(struct fixture *fixture, struct slice bytes)
{
    struct intake_delivery delivery = fixture_delivery(fixture, bytes);
    intake_deliver(fixture->intake, &delivery);
}

/* The header of a signed packet frame, verified; the caller drops it. */
static inline json_t *fixture_header(struct fixture *fixture, struct slice frame,
                                     const struct key *key, enum seal_kind kind,
                                     struct packet *packet)
{
    struct err err = {0};
    if (packet_open(fixture->arena, frame, packet, &err) != OK)
        fail_msg("%s", err.text);
    assert_true(packet->count >= 2);
    assert_true(key_verify(key->public_key, kind, packet->parts[0], packet->parts[1]));
    json_t *header = json_loadb(packet->parts[0].ptr, packet->parts[0].len, 0, NULL);
    assert_non_null(header);
    return header;
}

static inline bool fixture_take_frame(void *context, const struct journal_row *row)
{
    struct slice *frame = context;
    struct arena *arena = (struct arena *)(uintptr_t)frame->ptr;
    *frame = arena_copy(arena, row->frame);
    return false;
}

static inline struct slice fixture_frame(struct fixture *fixture, enum alert_class class,
                                         uint64_t seq)
{
    struct err err = {0};
    struct slice frame = {(const char *)fixture->arena, 0};
    if (journal_get(fixture->journal, class, seq, fixture_take_frame, &frame, &err) != OK)
        fail_msg("%s", err.text);
    return frame;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
