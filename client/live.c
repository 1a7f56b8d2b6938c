/* What comes on the feed. */
#include "client/internal.h"

enum { BEATS_MISSED = 3, FEED_FRAMES = 2 };

/* The message waits until the key list was read again; false where that was tried just now. */
static bool stash(struct caprelay *relay, struct arena *arena, const struct message *message)
{
    if (relay->stash_arena || !catchup_want_keys(relay, false))
        return false;
    relay->stash_arena = arena;
    relay->stash = *message;
    return true;
}

static void refuse(struct caprelay *relay, struct slice topic, const struct err *err)
{
    event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0, "%s (on %.*s)", err->text, SLICE_ARG(topic));
}

static void hand_out(struct caprelay *relay, struct arena *arena,
                     const struct verified_bulletin *bulletin)
{
    follow_take_live(&relay->follow, bulletin);
    event_put_bulletin(relay, arena, bulletin, false);
}

static void judge(struct caprelay *relay, struct arena *arena,
                  const struct verified_bulletin *bulletin)
{
    uint64_t position = relay->follow.position;

    switch (follow_judge(&relay->follow, bulletin)) {
    case FOLLOW_NEXT:
        hand_out(relay, arena, bulletin);
        return;
    case FOLLOW_GAP:
        event_put(relay, CAPRELAY_GAP, position + 1, bulletin->seq - 1,
                  "bulletins before number %llu did not arrive", (unsigned long long)bulletin->seq);
        break;
    case FOLLOW_CONTRADICTION:
        event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0,
                  "number: bulletin %llu does not follow on what the relay sent before",
                  (unsigned long long)bulletin->seq);
        catchup_begin(relay);
        arena_destroy(arena);
        return;
    case FOLLOW_REPEAT:
        arena_destroy(arena);
        return;
    }
    catchup_begin(relay);
    catchup_hold(relay, arena, bulletin);
}

void live_bulletin(struct caprelay *relay, struct arena *arena,
                   const struct verified_bulletin *bulletin)
{
    if (bulletin->seq <= relay->follow.position || follow_was_ahead(&relay->follow, bulletin->seq))
        arena_destroy(arena);
    else if (relay->phase == PHASE_CATCHING_UP)
        catchup_hold(relay, arena, bulletin);
    else
        judge(relay, arena, bulletin);
}

static void bulletin_message(struct caprelay *relay, struct arena *arena,
                             const struct message *message)
{
    struct verifier verifier = client_verifier(relay);
    struct verified_bulletin bulletin;
    struct slice topic = message->frames[0];
    struct err err = {0};
    enum err_code code =
        verify_bulletin(&verifier, arena, topic, message->frames[1], &bulletin, &err);

    if (code == ERR_NOT_FOUND && stash(relay, arena, message))
        return;
    if (code == OK && bulletin.header.class != relay->class)
        code = err_set(&err, ERR_CRYPTO, "class: %s, not what was asked for",
                       alert_class_name(bulletin.header.class));
    if (code != OK) {
        refuse(relay, topic, &err);
        arena_destroy(arena);
        return;
    }
    /* Better an alert without its original than no alert. */
    if (!bulletin.original.ptr && bulletin.seq > relay->follow.position &&
        !query_original(relay, arena, &bulletin, &err))
        refuse(relay, topic, &err);
    live_bulletin(relay, arena, &bulletin);
}

static void note_link(struct caprelay *relay, const struct verified_beat *beat)
{
    char started[sizeof relay->started] = {0};
    struct slice text = slice_sub(beat->started, 0, sizeof started - 1);
    bool restarted;

    memcpy(started, text.ptr, text.len);
    restarted = relay->started[0] && strcmp(relay->started, started) != 0;
    memcpy(relay->started, started, sizeof started);
    relay->last_beat_us = beat->header.time_us;
    relay->link_deadline_us = client_now_us() + (int64_t)beat->interval_ms * 1000 * BEATS_MISSED;
    if (relay->link_lost)
        event_put(relay, CAPRELAY_LINK_BACK, 0, 0, "beats again");
    if ((relay->link_lost || restarted) && relay->phase == PHASE_FOLLOWING)
        catchup_begin(relay);
    relay->link_lost = false;
}

static void note_health(struct caprelay *relay, const struct verified_beat *beat)
{
    if (beat->degraded && !relay->degraded) {
        struct arena *arena = arena_create();
        struct slice all = {0};
        for (size_t i = 0; i < beat->reason_count; i++)
            all = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(all), i ? "; " : "",
                               SLICE_ARG(beat->reasons[i]));
        event_put(relay, CAPRELAY_DEGRADED, 0, 0, "%.*s", SLICE_ARG(all));
        arena_destroy(arena);
    } else if (!beat->degraded && relay->degraded) {
        event_put(relay, CAPRELAY_HEALTHY, 0, 0, "the relay works again");
    }
    relay->degraded = beat->degraded;
}

static void take_beat(struct caprelay *relay, const struct verified_beat *beat)
{
    uint64_t position = relay->follow.position;

    note_link(relay, beat);
    note_health(relay, beat);
    if (beat->keys_issued_us > relay->keys.issued_us)
        (void)catchup_want_keys(relay, true);
    if (relay->phase == PHASE_FOLLOWING && follow_beat(&relay->follow, beat)) {
        event_put(relay, CAPRELAY_GAP, position + 1, beat->head.seq,
                  "the relay has sent more than arrived");
        catchup_begin(relay);
    }
}

static void beat_message(struct caprelay *relay, struct arena *arena, const struct message *message)
{
    struct verifier verifier = client_verifier(relay);
    struct verified_beat beat;
    struct err err = {0};
    enum err_code code =
        verify_beat(&verifier, arena, relay->class, message->frames[1], &beat, &err);

    if (code == ERR_NOT_FOUND && stash(relay, arena, message))
        return;
    if (code == OK && beat.header.time_us <= relay->last_beat_us)
        code = err_set(&err, ERR_CRYPTO, "beat: not later than the one before");
    if (code != OK) {
        refuse(relay, message->frames[0], &err);
        arena_destroy(arena);
        return;
    }
    take_beat(relay, &beat);
    event_put_beat(relay, arena, &beat);
}

void live_message(struct caprelay *relay, struct arena *arena, const struct message *message)
{
    struct err err = {0};

    if (message->count != FEED_FRAMES) {
        err_set(&err, ERR_INVALID, "frame: %zu of them in one message", message->count);
        refuse(relay, message->count ? message->frames[0] : SLICE("nothing"), &err);
        arena_destroy(arena);
    } else if (slice_starts_with(message->frames[0], "beat.")) {
        beat_message(relay, arena, message);
    } else {
        bulletin_message(relay, arena, message);
    }
}
