/* Documents on their way in, and their outcomes on the way back. */
#include "adapters/exercise.h"
#include "adapters/host_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* The tag of one document; lives until its last outcome. */
struct host_delivery {
    struct host_delivery *next, **place; /* in host->deliveries */
    struct host *host;
    struct arena *arena; /* of the mark; NULL without one */
    struct slice mark_key, mark_value;
    struct slice authority; /* who injected it; absent for others. Of hosts->authorities */
    uint64_t receipt;
    int64_t received_us;
    size_t parts; /* deliveries to intake that have not settled */
    bool dry_run;
    bool failed; /* an alert in it was unreadable or refused: that is its verdict */
    char verdict[32];
    char reason[128];
    char detail[400];
};

static struct host_delivery *launch(struct host *host, uint64_t receipt, int64_t received_us)
{
    struct host_delivery *tag = mem_alloc(sizeof *tag);
    tag->host = host;
    tag->receipt = receipt;
    tag->received_us = received_us;
    tag->parts = 1;
    tag->next = host->deliveries;
    tag->place = &host->deliveries;
    if (tag->next)
        tag->next->place = &tag->next;
    host->deliveries = tag;
    host->in_flight++;
    return tag;
}

static void land(struct host_delivery *tag)
{
    *tag->place = tag->next;
    if (tag->next)
        tag->next->place = tag->place;
    tag->host->in_flight--;
    arena_destroy(tag->arena);
    free(tag);
}

void host_drop_deliveries(struct host *host)
{
    while (host->deliveries)
        land(host->deliveries);
}

static void keep_mark(struct host_delivery *tag, const struct adapter_document *document)
{
    if (!document->mark_key.ptr)
        return;
    tag->arena = arena_create();
    tag->mark_key = arena_copy(tag->arena, document->mark_key);
    tag->mark_value = arena_copy(tag->arena, document->mark_value);
}

/* What waits was delivered last, and of the others the first in the list. */
const struct slice *host_mark_in_flight(const struct host *host, struct slice key)
{
    const struct slice *newest = NULL;
    for (const struct host_waiting *one = host->waiting; one; one = one->next)
        if (slice_eq(one->document.mark_key, key))
            newest = &one->document.mark_value;
    for (const struct host_delivery *one = host->deliveries; one && !newest; one = one->next)
        if (slice_eq(one->mark_key, key))
            newest = &one->mark_value;
    return newest;
}

static struct exercise_parts rewrite(struct host *host, struct arena *arena, struct slice bytes,
                                     const struct digest *digest)
{
    const struct host_port *port = &host->hosts->options.port;
    if (!port->guard(port->context, digest))
        return (struct exercise_parts){0};
    struct exercise_parts parts =
        exercise_rewrite(host->hosts->parser, arena, bytes, host->source->name);
    port->unguard(port->context);
    return parts;
}

/* The rewritten CAP is the original from here on. The mark goes with the last part: what a crash
 * cuts off comes again, and the first parts are duplicates then. */
static void deliver_rewritten(struct host *host, const struct intake_delivery *document,
                              struct host_delivery *tag)
{
    const struct host_port *port = &host->hosts->options.port;
    struct arena *arena = arena_create();
    struct digest digest = digest_of(document->bytes);
    struct exercise_parts parts = rewrite(host, arena, document->bytes, &digest);
    if (parts.count == 0)
        port->deliver(port->context, document);
    else
        tag->parts = parts.count;
    for (size_t i = 0; i < parts.count; i++) {
        struct intake_delivery part = *document;
        part.bytes = parts.items[i];
        part.recording = &digest;
        part.recording_name = document->mark_key.ptr ? document->mark_key : host->source->name;
        if (i + 1 < parts.count)
            part.mark_key = part.mark_value = (struct slice){0};
        port->deliver(port->context, &part);
    }
    arena_destroy(arena);
}

static void pass_on(struct host *host, const struct adapter_document *document, int64_t received_us)
{
    struct host_delivery *tag = launch(host, document->receipt, received_us);
    keep_mark(tag, document);
    const struct intake_delivery delivery = {.source = host->source,
                                             .bytes = document->bytes,
                                             .received_us = received_us,
                                             .mark_key = document->mark_key,
                                             .mark_value = document->mark_value,
                                             .recording = document->recording,
                                             .recording_name = document->recording_name,
                                             .tag = tag};
    const struct host_port *port = &host->hosts->options.port;
    if (host->rewrites)
        deliver_rewritten(host, &delivery, tag);
    else
        port->deliver(port->context, &delivery);
    if (port->full(port->context))
        hosts_pause_all(host->hosts);
}

/* --- waiting for room --- */

static void keep_waiting(struct host *host, const struct adapter_document *document,
                         int64_t received_us)
{
    struct arena *arena = arena_create();
    struct host_waiting *waiting = arena_alloc(arena, sizeof *waiting);
    waiting->arena = arena;
    waiting->received_us = received_us;
    waiting->document = *document;
    waiting->document.bytes = arena_copy(arena, document->bytes);
    waiting->document.mark_key = arena_copy(arena, document->mark_key);
    waiting->document.mark_value = arena_copy(arena, document->mark_value);
    waiting->document.recording_name = arena_copy(arena, document->recording_name);
    if (document->recording) {
        struct digest *recording = arena_alloc(arena, sizeof *recording);
        *recording = *document->recording;
        waiting->document.recording = recording;
    }
    *host->waiting_end = waiting;
    host->waiting_end = &waiting->next;
    host->waiting_count++;
    host->waiting_bytes += document->bytes.len;
}

static struct host_waiting *take_waiting(struct host *host)
{
    struct host_waiting *waiting = host->waiting;
    host->waiting = waiting->next;
    if (!host->waiting)
        host->waiting_end = &host->waiting;
    host->waiting_count--;
    host->waiting_bytes -= waiting->document.bytes.len;
    return waiting;
}

void host_drop_waiting(struct host *host)
{
    while (host->waiting)
        arena_destroy(take_waiting(host)->arena);
}

void host_deliver_waiting(struct host *host)
{
    while (host->waiting && !host->hosts->paused) {
        struct host_waiting *waiting = take_waiting(host);
        pass_on(host, &waiting->document, waiting->received_us);
        arena_destroy(waiting->arena);
    }
}

/* Its far end has to wait: a closed connection is the only back-pressure that it understands. */
static void hold_back(struct host *host)
{
    host_state(host, SOURCE_DEGRADED, "the journal is full and %zu documents wait: held back",
               host->waiting_count);
    host_stop(host);
    host->held_back = true;
}

void host_deliver(struct host *host, const struct adapter_document *document)
{
    int64_t now_us = host_now_us(host);
    host->counts.received++;
    host->counts.last_message_us = now_us;
    if (!host->hosts->paused && !host->waiting) {
        pass_on(host, document, now_us);
        return;
    }
    keep_waiting(host, document, now_us);
    if (host->running && (host->waiting_count >= HOST_QUEUE_DOCUMENTS_MAX ||
                          host->waiting_bytes >= HOST_QUEUE_BYTES_MAX))
        hold_back(host);
}

void host_inject(struct host *host, const struct host_injection *injection)
{
    const struct host_authority *authority = hosts_authority(host->hosts, injection->authority);
    int64_t now_us = host_now_us(host);
    host->counts.received++;
    host->counts.last_message_us = now_us;
    struct host_delivery *tag = launch(host, injection->receipt, now_us);
    tag->authority = authority->grants.authority;
    tag->dry_run = injection->dry_run;
    const struct intake_delivery delivery = {.source = &authority->source,
                                             .bytes = injection->bytes,
                                             .received_us = now_us,
                                             .grants = &authority->grants,
                                             .tag = tag,
                                             .dry_run = injection->dry_run};
    const struct host_port *port = &host->hosts->options.port;
    port->deliver(port->context, &delivery);
    if (port->full(port->context))
        hosts_pause_all(host->hosts);
}

/* --- outcomes --- */

static bool is_alarm(struct slice verdict)
{
    return slice_eq_cstr(verdict, "unreadable") || slice_eq_cstr(verdict, "refused");
}

static enum log_level outcome_level(struct slice verdict)
{
    if (is_alarm(verdict) || slice_eq_cstr(verdict, "conflict"))
        return LOG_LEVEL_WARNING;
    return slice_eq_cstr(verdict, "duplicate") || slice_eq_cstr(verdict, "heartbeat")
               ? LOG_LEVEL_DEBUG
               : LOG_LEVEL_INFO;
}

static void log_outcome(const struct host_delivery *tag, const struct intake_outcome *outcome)
{
    enum log_level level = tag->dry_run ? LOG_LEVEL_INFO : outcome_level(outcome->verdict);
    if (!log_wants(level))
        return;
    char event[64];
    snprintf(event, sizeof event, "%s.%.*s", tag->dry_run ? "dry-run" : "alert",
             SLICE_ARG(outcome->verdict));
    struct slice id = outcome->alert ? outcome->alert->identifier : (struct slice){0};
    log_write(level, event, "source=%s%s%s id=%s class=%s reason=%s detail=%s arrival=%lld",
              tag->host->source->name.ptr, tag->authority.ptr ? " authority=" : "",
              tag->authority.ptr ? log_quote(tag->authority).text : "", log_quote(id).text,
              outcome->class == CLASS_NONE ? "none" : alert_class_name(outcome->class),
              log_quote(outcome->reason).text, log_quote(outcome->detail).text,
              (long long)outcome->arrival);
}

static void count_outcome(struct source_status *counts, struct slice verdict)
{
    const struct {
        const char *verdict;
        uint64_t *count;
    } table[] = {{"relayed", &counts->relayed},
                 {"conflict", &counts->relayed},
                 {"duplicate", &counts->duplicate},
                 {"unreadable", &counts->unreadable},
                 {"refused", &counts->refused}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (slice_eq_cstr(verdict, table[i].verdict)) {
            ++*table[i].count;
            return;
        }
    counts->other++;
}

/* Duplicates tell how late the others are, not this source. */
static void note_lag(struct host_delivery *tag, const struct intake_outcome *outcome)
{
    if (outcome->alert && outcome->alert->sent.set &&
        (slice_eq_cstr(outcome->verdict, "relayed") || slice_eq_cstr(outcome->verdict, "conflict")))
        lag_add(&tag->host->lag, tag->received_us - outcome->alert->sent.utc_s * 1000000);
}

static void remember_outcome(struct host_delivery *tag, const struct intake_outcome *outcome)
{
    if (tag->failed)
        return;
    tag->failed = is_alarm(outcome->verdict);
    snprintf(tag->verdict, sizeof tag->verdict, "%.*s", SLICE_ARG(outcome->verdict));
    snprintf(tag->reason, sizeof tag->reason, "%.*s", SLICE_ARG(outcome->reason));
    snprintf(tag->detail, sizeof tag->detail, "%.*s", SLICE_ARG(outcome->detail));
}

void hosts_settle(void *context, const struct intake_outcome *outcome)
{
    struct hosts *hosts = context;
    struct host_delivery *tag = outcome->tag;
    struct host *host = tag->host;
    log_outcome(tag, outcome);
    if (!tag->dry_run) {
        count_outcome(&host->counts, outcome->verdict);
        note_lag(tag, outcome);
    }
    remember_outcome(tag, outcome);
    if (!outcome->last || --tag->parts > 0)
        return;
    const struct adapter_outcome settled = {.receipt = tag->receipt,
                                            .verdict = slice_from_cstr(tag->verdict),
                                            .reason = slice_from_cstr(tag->reason),
                                            .detail = slice_from_cstr(tag->detail),
                                            .intake = outcome};
    if (host->ops->settled)
        host->ops->settled(host->instance, &settled);
    land(tag);
    /* Not from here: what resumes would deliver into an intake that is in the middle of settling.
     */
    if ((hosts->paused || host->retired) && !loop_timer_active(hosts->pulse))
        loop_timer_start(hosts->pulse, 0);
}
