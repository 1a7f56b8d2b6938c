/*
 * fixture: keys of fixed seeds and one bulletin, the same in every run.
 */
#ifndef CAPRELAY_TESTS_SEAL_FIXTURE_H
#define CAPRELAY_TESTS_SEAL_FIXTURE_H

#include "alert/parse.h"
#include "base/arena.h"
#include "seal/bulletin.h"
#include "seal/keylist.h"
#include "seal/packet.h"
#include "seal/verify.h"

#include <stdio.h>
#include <stdlib.h>

/* SLICE() is no constant. */
#define FIXED(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

struct fixture {
    struct arena *arena;
    struct parser *parser;
    struct key root, actual, exercise, authority, curve;
    struct keylist list;
};

static const int64_t fixture_time_us = INT64_C(1768246200123456); /* 2026-01-12T19:30:00.123456Z */

static inline struct key fixture_key(enum key_purpose purpose, uint8_t fill)
{
    struct key key;
    uint8_t seed[32];

    memset(seed, fill, sizeof seed);
    key_from_seed(&key, purpose, seed);
    return key;
}

static inline void fixture_list_add(struct keylist *list, const struct key *key, const char *name)
{
    struct keylist_key *added = &list->keys[list->count++];

    *added = (struct keylist_key){.purpose = key->purpose, .name = slice_from_cstr(name)};
    memcpy(added->public_key, key->public_key, sizeof added->public_key);
    memcpy(added->id, key->id, sizeof added->id);
}

static inline struct fixture fixture_make(void)
{
    struct fixture f = {.arena = arena_create()};
    struct err err = {0};

    if (seal_init(&err) != OK || parser_create(&f.parser, &err) != OK)
        abort();
    f.root = fixture_key(KEY_ROOT, 1);
    f.actual = fixture_key(KEY_ACTUAL, 2);
    f.exercise = fixture_key(KEY_EXERCISE, 3);
    f.authority = fixture_key(KEY_AUTHORITY, 4);
    f.curve = fixture_key(KEY_CURVE, 5);
    f.list.relay = SLICE("vector");
    f.list.issued_us = fixture_time_us;
    f.list.keys = arena_alloc_array(f.arena, 8, sizeof *f.list.keys);
    fixture_list_add(&f.list, &f.actual, NULL);
    fixture_list_add(&f.list, &f.exercise, NULL);
    fixture_list_add(&f.list, &f.authority, "office");
    return f;
}

static inline void fixture_drop(struct fixture *f)
{
    parser_destroy(f->parser);
    arena_destroy(f->arena);
}

static inline struct slice fixture_cap(struct arena *arena, const char *sender,
                                       const char *identifier, const char *status)
{
    return arena_printf(
        arena,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>%s</identifier>"
        "<sender>%s</sender><sent>2026-01-12T15:30:00-04:00</sent><status>%s</status>"
        "<msgType>Alert</msgType><scope>Public</scope><info><language>fr-CA</language>"
        "<category>Met</category><event>onde de temp\xc3\xaate</event><urgency>Expected</urgency>"
        "<severity>Severe</severity><certainty>Likely</certainty>"
        "<headline>Onde de temp\xc3\xaate en vigueur</headline>"
        "<area><areaDesc>Baie de Fundy</areaDesc></area></info></alert>\n",
        identifier, sender, status);
}

static inline const struct alert *fixture_alert(struct fixture *f, struct slice bytes)
{
    return parser_read(f->parser, f->arena, bytes).alerts[0];
}

/* Facts of a bulletin; topics, texts and alerts are in the fixture's arena. */
static inline struct bulletin_facts fixture_facts(struct fixture *f, enum alert_class class,
                                                  const char *original_status,
                                                  const char *derived_status)
{
    static const struct bulletin_note note = {FIXED("alert/info[1]/eventCode[1]"),
                                              FIXED("event-none"), FIXED("no counterpart")};
    static const struct bulletin_geocode geocode = {FIXED("SAME"), FIXED("023029")};
    static const struct slice region = FIXED("ME");
    struct slice *topics = arena_alloc_array(f->arena, 2, sizeof *topics);
    struct slice original = fixture_cap(f->arena, "office@example.org", "o-1", original_status);
    struct slice derived =
        fixture_cap(f->arena, "relay@example.org", "urn:caprelay:1", derived_status);

    topics[0] = arena_printf(f->arena, "%s.us.ME.", alert_class_name(class));
    topics[1] = arena_printf(f->arena, "%s.us.all.", alert_class_name(class));
    return (struct bulletin_facts){.relay = SLICE("vector"),
                                   .class = class,
                                   .side = SIDE_US,
                                   .regions = &region,
                                   .region_count = 1,
                                   .topics = topics,
                                   .topic_count = 2,
                                   .original = fixture_alert(f, original),
                                   .derived = fixture_alert(f, derived),
                                   .target = SLICE("us-exchange"),
                                   .derived_xml = derived,
                                   .original_bytes = original,
                                   .source = SLICE("naad"),
                                   .signature_verdict = SLICE("none"),
                                   .notes = &note,
                                   .note_count = 1,
                                   .tables_version = SLICE("0123456789abcdef"),
                                   .relay_version = SLICE("0.1.0"),
                                   .boundary_grade = SLICE("standard"),
                                   .bbox = {-67.5, 44.5, -66.25, 45.25},
                                   .has_bbox = true,
                                   .geocodes = &geocode,
                                   .geocode_count = 1,
                                   .in_force_until_s = 1768269600};
}

/* The packet, plain or compressed, in the fixture's arena. */
static inline struct slice fixture_seal(struct fixture *f, const struct key *key,
                                        const struct bulletin_facts *facts, uint64_t seq,
                                        uint64_t prev, bool compress, struct digest *chain)
{
    uint64_t prevs[] = {prev, prev};
    struct bulletin_options options = {.compress = compress, .inline_max_bytes = 512 * 1024};
    struct bulletin_number number = {
        .seq = seq, .chain_prev = *chain, .topic_prevs = prevs, .time_us = fixture_time_us};
    struct err err = {0};
    struct slice frame;
    struct buf out;

    buf_init(&out, PACKET_BYTES_MAX);
    if (bulletin_seal(&options, key, facts, &number, &out, chain, &err) != OK) {
        fprintf(stderr, "bulletin_seal: %s\n", err.text);
        abort();
    }
    frame = arena_copy(f->arena, buf_slice(&out));
    buf_fini(&out);
    return frame;
}

#endif
