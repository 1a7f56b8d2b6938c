/*
 * fake_port: an intake and a journal for the host, as a list: what was delivered waits there until
 * the test settles it, and only then are its marks known.
 */
#ifndef CAPRELAY_TESTS_FAKE_PORT_H
#define CAPRELAY_TESTS_FAKE_PORT_H

#include "adapters/host.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { FAKE_MAX = 4096 };

struct fake_delivery {
    struct slice bytes, mark_key, mark_value, recording_name, authority;
    struct digest recording;
    const struct intake_source *source;
    void *tag;
    bool dry_run, has_recording, settled;
};

struct fake_port {
    struct arena *arena;
    struct fake_delivery items[FAKE_MAX];
    size_t count;
    size_t settled;
    size_t full_at;       /* unsettled ones that make it full; 0: never */
    struct map *marks;    /* "source key" to value */
    size_t mark_looks;    /* how often one was looked up */
    struct slice receipt; /* what receipt() finds, for that digest */
    struct digest receipt_digest;
    struct slice settled_receipt; /* what settled ones bear; absent: RECEIPT */
    bool crashed;                 /* the relay died of every document */
    bool guarded;
    size_t guards; /* how often something was guarded */
    struct hosts *hosts;
};

static inline void fake_settle_at(struct fake_port *port, size_t i, const char *verdict);

static inline void fake_deliver(void *context, const struct intake_delivery *delivery)
{
    struct fake_port *port = context;
    struct fake_delivery *item = &port->items[port->count++];
    if (port->guarded) /* it would guard by itself, and there is but one place */
        abort();
    if (port->count >= FAKE_MAX)
        abort();
    *item =
        (struct fake_delivery){.bytes = arena_copy(port->arena, delivery->bytes),
                               .mark_key = arena_copy(port->arena, delivery->mark_key),
                               .mark_value = arena_copy(port->arena, delivery->mark_value),
                               .recording_name = arena_copy(port->arena, delivery->recording_name),
                               .source = delivery->source,
                               .tag = delivery->tag,
                               .dry_run = delivery->dry_run};
    if (delivery->grants)
        item->authority = delivery->grants->authority;
    if (delivery->recording) {
        item->recording = *delivery->recording;
        item->has_recording = true;
    }
    if (item->dry_run)
        fake_settle_at(port, port->count - 1, "relayed");
}

static inline bool fake_full(void *context)
{
    struct fake_port *port = context;
    return port->full_at && port->count - port->settled >= port->full_at;
}

static inline struct slice fake_mark_name(struct arena *arena, struct slice source,
                                          struct slice key)
{
    return arena_printf(arena, "%.*s %.*s", SLICE_ARG(source), SLICE_ARG(key));
}

static inline enum err_code fake_mark(void *context, struct arena *arena, struct slice source,
                                      struct slice key, struct slice *value, struct err *err)
{
    struct fake_port *port = context;
    port->mark_looks++;
    struct slice *found = map_get(port->marks, fake_mark_name(arena, source, key));
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "no mark");
    *value = arena_copy(arena, *found);
    return OK;
}

static inline void fake_set_mark(void *context, struct slice source, struct slice key,
                                 struct slice value)
{
    struct fake_port *port = context;
    struct slice *kept = arena_alloc(port->arena, sizeof *kept);
    *kept = arena_copy(port->arena, value);
    map_put(port->marks, fake_mark_name(port->arena, source, key), kept);
}

static inline bool fake_knows(void *context, const struct cap_reference *reference)
{
    struct fake_port *port = context;
    char element[300];
    snprintf(element, sizeof element, "<identifier>%.*s<", SLICE_ARG(reference->identifier));
    for (size_t i = 0; i < port->count; i++)
        if (slice_find(port->items[i].bytes, element) >= 0)
            return true;
    return false;
}

/* Nothing that the tests deliver is signed. */
static inline bool fake_has_signed(void *context, struct slice identifier)
{
    (void)context;
    (void)identifier;
    return false;
}

static inline enum err_code fake_receipt(void *context, struct arena *arena, struct slice authority,
                                         const struct digest *digest, struct slice *out,
                                         struct err *err)
{
    struct fake_port *port = context;
    (void)authority;
    if (!port->receipt.ptr || !digest_eq(digest, &port->receipt_digest))
        return err_set(err, ERR_NOT_FOUND, "no receipt");
    *out = arena_copy(arena, port->receipt);
    return OK;
}

static inline bool fake_guard(void *context, const struct digest *digest)
{
    struct fake_port *port = context;
    (void)digest;
    port->guards++;
    port->guarded = !port->crashed;
    return port->guarded;
}

static inline void fake_unguard(void *context)
{
    struct fake_port *port = context;
    port->guarded = false;
}

static inline void fake_port_init(struct fake_port *port)
{
    *port = (struct fake_port){.arena = arena_create(), .marks = map_create()};
}

static inline void fake_port_fini(struct fake_port *port)
{
    map_destroy(port->marks, NULL);
    arena_destroy(port->arena);
}

static inline struct host_port fake_port_of(struct fake_port *port)
{
    return (struct host_port){.deliver = fake_deliver,
                              .full = fake_full,
                              .mark = fake_mark,
                              .set_mark = fake_set_mark,
                              .knows = fake_knows,
                              .has_signed = fake_has_signed,
                              .receipt = fake_receipt,
                              .guard = fake_guard,
                              .unguard = fake_unguard,
                              .context = port};
}

/* The commit: the mark is stored, then the verdict goes back. */
static inline void fake_settle_at(struct fake_port *port, size_t i, const char *verdict)
{
    struct fake_delivery *item = &port->items[i];
    item->settled = true;
    port->settled++;
    if (item->mark_key.ptr)
        fake_set_mark(port, item->source->name, item->mark_key, item->mark_value);
    const struct intake_outcome outcome = {
        .tag = item->tag,
        .source = item->source,
        .verdict = slice_from_cstr(verdict),
        .reason = SLICE("test"),
        .receipt = port->settled_receipt.ptr ? port->settled_receipt : SLICE("RECEIPT"),
        .last = true};
    hosts_settle(port->hosts, &outcome);
}

/* All that wait, in order; the verdict for each. */
static inline void fake_settle_all(struct fake_port *port, const char *verdict)
{
    for (size_t i = 0; i < port->count; i++)
        if (!port->items[i].settled)
            fake_settle_at(port, i, verdict);
}

#endif
