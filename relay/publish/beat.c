#include "publish/beat.h"

#include "base/mem.h"
#include "log/log.h"
#include "publish/facts.h"
#include "publish/header.h"
#include "seal/packet.h"

#include <stdlib.h>

enum { BEAT_BYTES_MAX = PACKET_HEADER_BYTES_MAX + 1024 };

struct beats {
    struct beats_options options;
    struct loop_timer *timer;
    struct in_force in_force[3]; /* by class */
    enum journal_condition told;
    bool failing; /* logged once */
};

static const struct key *beat_key(const struct beats *beats, enum alert_class class)
{
    return class == CLASS_ACTUAL ? beats->options.actual_key : beats->options.exercise_key;
}

static void beat_take_source(void *context, const struct view_source *source)
{
    health_add_source(context, source->name, source->state, source->reason);
}

void beats_health(struct beats *beats, struct health *out)
{
    const struct view *view = beats->options.view;
    struct journal_state journal = journal_state(beats->options.journal);
    struct feed_state feed = feed_state(beats->options.feed);
    int64_t now_us = clock_now_us(loop_clock(beats->options.loop));

    *out = (struct health){0};
    health_add_journal(out, &journal, now_us);
    for (size_t i = 0; i < view->key_count; i++)
        health_add_key(out, view->keys[i].purpose, view->keys[i].not_after_us, now_us);
    health_add_feed(out, feed.blocked, feed.in_flight_bytes);
    view->sources(view->context, beat_take_source, out);
}

enum err_code beats_in_force(struct beats *beats, enum alert_class class,
                             const struct in_force **out, struct err *err)
{
    int64_t now_s = clock_now_us(loop_clock(beats->options.loop)) / 1000000;

    *out = &beats->in_force[class];
    return in_force_refresh(&beats->in_force[class], beats->options.journal, class, now_s, err);
}

struct beat_chain {
    struct slice chain; /* of the header, in the arena */
    struct arena *arena;
};

/* The chain that a stored bulletin's header gives. */
static bool beat_read_chain(void *context, const struct journal_row *row)
{
    struct beat_chain *found = context;
    struct packet packet;
    json_t *header = NULL;
    const char *text;

    if (packet_open(found->arena, row->frame, &packet, NULL) == OK && packet.count)
        header = json_loadb(packet.parts[0].ptr, packet.parts[0].len, JSON_REJECT_DUPLICATES, NULL);
    text = json_string_value(json_object_get(header, "chain"));
    if (text)
        found->chain = arena_copy(found->arena, slice_from_cstr(text));
    json_decref(header);
    return false;
}

/* The chain at a number below the journal's head, which only the bulletin itself has. Rare: only
 * while the feed lags behind. */
static enum err_code beat_chain_at(struct journal *journal, enum alert_class class, uint64_t seq,
                                   struct digest *out, struct err *err)
{
    struct beat_chain found = {.arena = arena_create()};
    enum err_code code = journal_get(journal, class, seq, beat_read_chain, &found, err);

    if (!code && !hex_decode(found.chain, out->bytes, sizeof(out->bytes)))
        code = err_set(err, ERR_INVALID, "bulletin %llu in the journal has no readable chain",
                       (unsigned long long)seq);
    arena_destroy(found.arena);
    return code;
}

/* What was sent: a higher number in a beat then always means a loss on the way. */
static enum err_code beat_sent_head(struct beats *beats, enum alert_class class,
                                    struct journal_head *out, struct err *err)
{
    uint64_t sent = feed_sent(beats->options.feed, class);
    enum err_code code = journal_head(beats->options.journal, class, out, err);

    if (code || out->seq == sent)
        return code;
    *out = (struct journal_head){.seq = sent};
    return sent ? beat_chain_at(beats->options.journal, class, sent, &out->chain, err) : OK;
}

static enum err_code beat_add_class(struct beats *beats, json_t *beat, enum alert_class class,
                                    struct err *err)
{
    const struct in_force *in_force = NULL;
    struct journal_head head;
    json_t *topics = json_object();
    enum err_code code = beat_sent_head(beats, class, &head, err);

    if (!code)
        code = beats_in_force(beats, class, &in_force, err);
    feed_topics(beats->options.feed, class, facts_take_topic, topics);
    json_put(beat, "topics", topics);
    if (code)
        return code;
    json_put(beat, "head", facts_head(head.seq, &head.chain));
    json_put(beat, "in_force", facts_in_force(in_force));
    json_put(beat, "counts", facts_counts(beats->options.view, class));
    json_put(beat, "outlets", facts_outlets(beats->options.view, class));
    return OK;
}

static void beat_add_relay(struct beats *beats, json_t *beat)
{
    const struct view *view = beats->options.view;
    struct journal_state journal = journal_state(beats->options.journal);
    struct health health;

    beats_health(beats, &health);
    json_put(beat, "state", json_string(facts_state_name(&health)));
    json_put(beat, "reasons", facts_reasons(&health));
    json_put(beat, "sources", facts_sources(view, false));
    json_put(beat, "journal", facts_journal(&journal));
    json_put(beat, "clock", facts_clock(clock_synchronised(loop_clock(beats->options.loop))));
    json_put_time_us(beat, "keys_issued", view->keys_issued_us);
}

static json_t *beat_begin(struct beats *beats, enum alert_class class, int64_t now_us)
{
    const struct view *view = beats->options.view;
    json_t *beat = header_begin(view->relay_name, beat_key(beats, class), class, now_us);

    json_put_number(beat, "interval_ms", (uint64_t)(beats->options.interval_us / 1000));
    json_put_time_us(beat, "started", view->started_us);
    return beat;
}

static enum err_code beat_send(struct beats *beats, enum alert_class class, struct err *err)
{
    int64_t now_us = clock_now_us(loop_clock(beats->options.loop));
    json_t *beat = beat_begin(beats, class, now_us);
    enum err_code code = beat_add_class(beats, beat, class, err);
    struct buf frame;
    struct slice topic = class == CLASS_ACTUAL ? SLICE("beat.actual.") : SLICE("beat.exercise.");

    buf_init(&frame, BEAT_BYTES_MAX);
    if (code) {
        json_decref(beat);
    } else {
        beat_add_relay(beats, beat);
        code = header_seal(beat, beat_key(beats, class), SEAL_BEAT, &frame, err);
    }
    if (!code)
        feed_send_beat(beats->options.feed, topic, buf_slice(&frame));
    buf_fini(&frame);
    return code;
}

/* No beat goes out that could not be made from the journal: silence is what tells a client that
 * this relay knows nothing. */
static void beats_send(void *context)
{
    struct beats *beats = context;
    struct err err = {0};
    enum err_code code = OK;

    beats->told = journal_state(beats->options.journal).condition;
    for (enum alert_class class = CLASS_ACTUAL; class <= CLASS_EXERCISE && !code; class ++)
        code = beat_send(beats, class, &err);
    if (code && !beats->failing)
        log_write(LOG_LEVEL_CRITICAL, "beat.failed", "error=%s", log_quote_cstr(err.text).text);
    beats->failing = code != OK;
}

struct beats *beats_create(const struct beats_options *options)
{
    struct beats *beats = mem_alloc(sizeof(*beats));

    beats->options = *options;
    beats->timer = loop_timer_create(options->loop, beats_send, beats);
    loop_timer_repeat(beats->timer, 0, options->interval_us);
    return beats;
}

void beats_destroy(struct beats *beats)
{
    if (!beats)
        return;
    loop_timer_destroy(beats->timer);
    free(beats);
}

void beats_set_interval(struct beats *beats, int64_t interval_us)
{
    beats->options.interval_us = interval_us;
    loop_timer_repeat(beats->timer, 0, interval_us);
}

void beats_pulse(struct beats *beats)
{
    if (journal_state(beats->options.journal).condition != beats->told)
        beats_send(beats);
}
