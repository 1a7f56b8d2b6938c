/* The one loop: feed, answers and timers, until there is an event. */
#include "client/internal.h"

#include "seal/packet.h"

enum {
    MESSAGES_A_TURN = 64,             /* so that timers are looked at under load */
    HELD_BYTES_MAX = 64 * 1024 * 1024 /* then the feed waits in the socket */
};

static bool feed_wanted(const struct caprelay *relay)
{
    return relay->has_keys && !relay->stash_arena && relay->held_bytes < HELD_BYTES_MAX;
}

static void read_feed(struct caprelay *relay)
{
    for (int i = 0; i < MESSAGES_A_TURN && feed_wanted(relay); i++) {
        struct arena *arena = arena_create();
        struct message message;
        if (!client_receive(relay->feed, arena, &message)) {
            arena_destroy(arena);
            return;
        }
        live_message(relay, arena, &message);
    }
}

/* An answer to a question that was given up is nobody's: told by the nonce, before any check. */
static bool is_awaited(const struct caprelay *relay, const struct message *message)
{
    struct arena *arena = arena_create();
    struct packet packet;
    bool awaited = relay->asked != ASKED_NOTHING && message->count &&
                   packet_open(arena, message->frames[0], &packet, NULL) == OK &&
                   slice_find(packet.parts[0], relay->nonce) >= 0;

    arena_destroy(arena);
    return awaited;
}

static void read_answers(struct caprelay *relay)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        struct arena *arena = arena_create();
        struct message message;
        if (!client_receive(relay->query, arena, &message)) {
            arena_destroy(arena);
            return;
        }
        if (is_awaited(relay, &message))
            catchup_answer(relay, arena, &message);
        else
            arena_destroy(arena);
    }
}

static void check_link(struct caprelay *relay, int64_t now_us)
{
    if (relay->link_lost || now_us < relay->link_deadline_us)
        return;
    relay->link_lost = true;
    event_put(relay, CAPRELAY_LINK_LOST, 0, 0, "no beat from %s: silence does not mean quiet",
              relay->card.feed);
}

static int64_t wake_us(const struct caprelay *relay, int64_t deadline_us)
{
    int64_t due_us = catchup_next_us(relay);

    if (deadline_us < due_us)
        due_us = deadline_us;
    if (!relay->link_lost && relay->link_deadline_us < due_us)
        due_us = relay->link_deadline_us;
    return due_us;
}

static void wait_for_something(struct caprelay *relay, int64_t now_us, int64_t deadline_us)
{
    int64_t due_us = wake_us(relay, deadline_us);

    client_wait(feed_wanted(relay) ? relay->feed : NULL, relay->query,
                due_us == INT64_MAX ? -1
                : due_us > now_us   ? due_us - now_us
                                    : 0);
}

enum caprelay_code caprelay_next(struct caprelay *relay, int timeout_ms,
                                 const struct caprelay_event **event, struct caprelay_error *error)
{
    int64_t now_us = client_now_us();
    int64_t deadline_us = timeout_ms < 0 ? INT64_MAX : now_us + timeout_ms * INT64_C(1000);
    enum caprelay_code code = client_follow_connect(relay, error);

    *event = NULL;
    event_free(relay->given);
    relay->given = NULL;
    while (code == CAPRELAY_OK) {
        relay->given = event_take(relay);
        if (relay->given) {
            *event = &relay->given->event;
            return CAPRELAY_OK;
        }
        if (relay->phase == PHASE_GONE_BACK)
            return client_error(error, CAPRELAY_STATE,
                                "the relay's numbers went back; open a new handle");
        read_answers(relay);
        read_feed(relay);
        now_us = client_now_us();
        check_link(relay, now_us);
        catchup_due(relay, now_us);
        if (relay->queue.first)
            continue;
        if (now_us >= deadline_us)
            code = client_error(error, CAPRELAY_TIMEOUT, "nothing within %d ms", timeout_ms);
        else
            wait_for_something(relay, now_us, deadline_us);
    }
    return code;
}
