/* Asking for what is missing, one question at a time, without keeping live bulletins back for ever.
 */
#include "client/internal.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
    PAGE_MAX = 200, /* bulletins a page: some megabytes at most in ordinary times */
    RETRY_FIRST_US = 200 * 1000,
    RETRY_DOUBLINGS_MAX = 7,
    KEYS_PAUSE_US = 10 * 1000000
};

static const char *const verbs[] = {
    [ASKED_KEYS] = "keys",
    [ASKED_BASE] = "since",
    [ASKED_IN_FORCE] = "in-force",
    [ASKED_SINCE] = "since",
};

void catchup_begin(struct caprelay *relay)
{
    int64_t now_us = client_now_us();

    relay->phase = PHASE_CATCHING_UP;
    follow_rewind(&relay->follow);
    relay->hold_until_us = now_us + relay->answer_timeout_us;
    relay->lenient = false;
    if (relay->asked == ASKED_NOTHING)
        relay->ask_deadline_us = now_us;
}

bool catchup_want_keys(struct caprelay *relay, bool told)
{
    int64_t now_us = client_now_us();

    if (!told && relay->has_keys && now_us - relay->keys_tried_us < KEYS_PAUSE_US)
        return false;
    relay->wants_keys = true;
    if (relay->asked == ASKED_NOTHING)
        relay->ask_deadline_us = now_us;
    return true;
}

/* Doubling, with as much again at random: thousands of clients must not ask in step. */
static void try_later(struct caprelay *relay, int64_t now_us)
{
    unsigned doublings =
        relay->failures < RETRY_DOUBLINGS_MAX ? relay->failures : RETRY_DOUBLINGS_MAX;
    int64_t pause_us = (int64_t)RETRY_FIRST_US << doublings;
    uint32_t random;

    seal_random(&random, sizeof random);
    relay->failures++;
    relay->asked = ASKED_NOTHING;
    relay->ask_deadline_us = now_us + pause_us + (int64_t)(random % (uint32_t)pause_us);
}

static enum asked next_question(const struct caprelay *relay)
{
    if (relay->wants_keys)
        return ASKED_KEYS;
    if (relay->phase != PHASE_CATCHING_UP)
        return ASKED_NOTHING;
    if (relay->start == CAPRELAY_START_AFTER)
        return ASKED_SINCE;
    return relay->base_known ? ASKED_IN_FORCE : ASKED_BASE;
}

static void ask(struct caprelay *relay, enum asked asked, int64_t now_us)
{
    struct arena *arena = arena_create();
    struct request request = {.verb = verbs[asked]};

    if (asked != ASKED_KEYS) {
        /* Who takes everything leaves `topics` out: then the relay need not look at them. */
        request.topics = relay->follow.whole ? NULL : relay->topics;
        request.topic_count = relay->topic_count;
        request.has_after = true;
        request.max = asked == ASKED_BASE ? 0 : PAGE_MAX;
        request.after = asked == ASKED_SINCE      ? relay->follow.position
                        : asked == ASKED_IN_FORCE ? relay->page_after
                                                  : 0;
    } else {
        relay->keys_tried_us = now_us;
    }
    if (client_send(relay->query, request_text(arena, relay, &request, relay->nonce))) {
        relay->asked = asked;
        relay->ask_deadline_us = now_us + relay->answer_timeout_us;
    } else {
        try_later(relay, now_us);
    }
    arena_destroy(arena);
}

static void replay_stash(struct caprelay *relay)
{
    struct arena *arena = relay->stash_arena;

    relay->stash_arena = NULL;
    if (arena)
        live_message(relay, arena, &relay->stash);
}

static void answer_overdue(struct caprelay *relay, int64_t now_us)
{
    enum asked asked = relay->asked;

    try_later(relay, now_us);
    if (relay->failures == 1)
        event_put(relay, CAPRELAY_GAP, relay->follow.position + 1, 0,
                  "no answer to '%s': what comes on the feed is shown without what may be missing",
                  verbs[asked]);
    if (asked == ASKED_KEYS && relay->has_keys) {
        relay->wants_keys = false;
        replay_stash(relay);
    }
}

void catchup_due(struct caprelay *relay, int64_t now_us)
{
    enum asked next;

    if (relay->held_first && now_us >= relay->hold_until_us)
        catchup_release(relay);
    if (now_us < relay->ask_deadline_us)
        return;
    if (relay->asked != ASKED_NOTHING) {
        answer_overdue(relay, now_us);
        return;
    }
    next = next_question(relay);
    if (next != ASKED_NOTHING)
        ask(relay, next, now_us);
}

int64_t catchup_next_us(const struct caprelay *relay)
{
    int64_t due_us = INT64_MAX;

    if (relay->asked != ASKED_NOTHING || next_question(relay) != ASKED_NOTHING)
        due_us = relay->ask_deadline_us;
    if (relay->held_first && relay->hold_until_us < due_us)
        due_us = relay->hold_until_us;
    return due_us;
}

void catchup_hold(struct caprelay *relay, struct arena *arena,
                  const struct verified_bulletin *bulletin)
{
    struct held *held;

    if (client_now_us() >= relay->hold_until_us) {
        follow_take_ahead(&relay->follow, bulletin->seq);
        event_put_bulletin(relay, arena, bulletin, false);
        return;
    }
    held = mem_alloc(sizeof *held);
    held->arena = arena;
    held->bulletin = *bulletin;
    if (relay->held_last)
        relay->held_last->next = held;
    else
        relay->held_first = held;
    relay->held_last = held;
    relay->held_bytes += bulletin->derived_xml.len + bulletin->original.len;
}

static struct held *take_held(struct caprelay *relay)
{
    struct held *first = relay->held_first;

    relay->held_first = relay->held_last = NULL;
    relay->held_bytes = 0;
    return first;
}

/* Each held bulletin goes its way again: handed out, dropped as a repeat, or held anew. */
static void resume_held(struct caprelay *relay)
{
    for (struct held *held = take_held(relay), *next; held; held = next) {
        next = held->next;
        live_bulletin(relay, held->arena, &held->bulletin);
        free(held);
    }
}

void catchup_release(struct caprelay *relay)
{
    resume_held(relay);
}

void catchup_drop_held(struct caprelay *relay)
{
    for (struct held *held = take_held(relay), *next; held; held = next) {
        next = held->next;
        arena_destroy(held->arena);
        free(held);
    }
    arena_destroy(relay->stash_arena);
    relay->stash_arena = NULL;
}

static void finish(struct caprelay *relay)
{
    relay->phase = PHASE_FOLLOWING;
    relay->start = CAPRELAY_START_AFTER;
    relay->failures = 0;
    event_put(relay, CAPRELAY_FILLED, 0, relay->follow.position, "nothing is missing");
    resume_held(relay);
}

static void refuse_answer(struct caprelay *relay, const char *text)
{
    event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0, "%s (in the answer to '%s')", text,
              verbs[relay->asked]);
    try_later(relay, client_now_us());
}

/* What an answer's frame holds, in an arena of its own; NULL where it was refused. */
static struct arena *open_frame(struct caprelay *relay, struct slice frame,
                                struct verified_bulletin *bulletin)
{
    struct verifier verifier = client_verifier(relay);
    struct arena *arena = arena_create();
    struct err err = {0};
    enum err_code code = verify_bulletin(&verifier, arena, (struct slice){0},
                                         arena_copy(arena, frame), bulletin, &err);

    if (code == OK && bulletin->header.class != relay->class)
        code = err_set(&err, ERR_CRYPTO, "class: %s, not what was asked for",
                       alert_class_name(bulletin->header.class));
    if (code == OK) {
        if (!bulletin->original.ptr && !query_original(relay, arena, bulletin, &err))
            event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0, "%s", err.text);
        return arena;
    }
    event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0, "%s (in an answer)", err.text);
    arena_destroy(arena);
    return NULL;
}

/* false: the answer contradicts itself. */
static bool take_since_frame(struct caprelay *relay, struct slice frame)
{
    struct verified_bulletin bulletin;
    struct arena *arena = open_frame(relay, frame, &bulletin);
    enum follow_verdict verdict;

    if (!arena) {
        relay->lenient = true;
        return true;
    }
    verdict = follow_judge(&relay->follow, &bulletin);
    if (verdict == FOLLOW_CONTRADICTION || (verdict == FOLLOW_GAP && !relay->lenient)) {
        arena_destroy(arena);
        return false;
    }
    bool given = verdict == FOLLOW_REPEAT || follow_was_ahead(&relay->follow, bulletin.seq);
    if (verdict != FOLLOW_REPEAT)
        follow_take(&relay->follow, &bulletin);
    if (given)
        arena_destroy(arena);
    else
        event_put_bulletin(relay, arena, &bulletin, true);
    return true;
}

static void ask_again_at_once(struct caprelay *relay)
{
    relay->asked = ASKED_NOTHING;
    relay->ask_deadline_us = client_now_us();
    relay->hold_until_us = relay->ask_deadline_us + relay->answer_timeout_us;
}

static void since_answer(struct caprelay *relay, const struct message *message,
                         const struct verified_answer *answer)
{
    uint64_t before = relay->follow.position;

    for (size_t i = 1; i < message->count; i++)
        if (!take_since_frame(relay, message->frames[i])) {
            refuse_answer(relay, "number: a bulletin is left out or out of order");
            return;
        }
    if (answer->more && relay->follow.position > before) {
        ask_again_at_once(relay);
        return;
    }
    if (answer->more || (!relay->lenient && !follow_complete(&relay->follow, answer))) {
        refuse_answer(relay, "number: the answer falls short of its own numbers");
        return;
    }
    follow_settle(&relay->follow, answer);
    relay->asked = ASKED_NOTHING;
    finish(relay);
}

static void base_answer(struct caprelay *relay, const struct verified_answer *answer,
                        struct arena *arena)
{
    relay->base_arena = arena;
    relay->base = *answer;
    relay->base_known = true;
    relay->page_after = 0;
    if (relay->start == CAPRELAY_START_IN_FORCE) {
        ask_again_at_once(relay);
        return;
    }
    follow_settle(&relay->follow, answer);
    relay->asked = ASKED_NOTHING;
    finish(relay);
}

static void in_force_answer(struct caprelay *relay, const struct message *message,
                            const struct verified_answer *answer)
{
    uint64_t last = relay->page_after;

    for (size_t i = 1; i < message->count; i++) {
        struct verified_bulletin bulletin;
        struct arena *arena = open_frame(relay, message->frames[i], &bulletin);
        if (!arena)
            continue;
        /* What came after the as-of numbers comes again, by `since` or on the feed. */
        bool take = bulletin.seq > last && bulletin.seq <= relay->base.head.seq;
        last = bulletin.seq > last ? bulletin.seq : last;
        if (take && !follow_was_ahead(&relay->follow, bulletin.seq))
            event_put_bulletin(relay, arena, &bulletin, true);
        else
            arena_destroy(arena);
    }
    if (answer->more && last > relay->page_after) {
        relay->page_after = last;
        ask_again_at_once(relay);
        return;
    }
    follow_settle(&relay->follow, &relay->base);
    relay->asked = ASKED_NOTHING;
    finish(relay);
}

static void keys_answer(struct caprelay *relay, const struct question *question,
                        const struct message *message)
{
    struct err err = {0};

    if (query_take_keys(relay, question, message, &err) != OK) {
        refuse_answer(relay, err.text);
        if (!relay->has_keys)
            return;
    } else {
        relay->failures = 0;
        ask_again_at_once(relay);
    }
    relay->wants_keys = false;
    replay_stash(relay);
}

/* false: nothing of it can be used. */
static bool check_answer(struct caprelay *relay, enum err_code code,
                         const struct verified_answer *answer, const struct err *err)
{
    struct err said = *err;

    if (code == ERR_NOT_FOUND && catchup_want_keys(relay, false)) {
        ask_again_at_once(relay);
        return false;
    }
    if (code == OK && answer->error_code.ptr)
        code = err_set(&said, ERR_STATE, "the relay answers %.*s: %.*s",
                       SLICE_ARG(answer->error_code), SLICE_ARG(answer->error_text));
    if (code != OK) {
        refuse_answer(relay, said.text);
        return false;
    }
    if (relay->asked != ASKED_IN_FORCE && follow_gone_back(&relay->follow, answer)) {
        event_put(relay, CAPRELAY_REFUSED_MESSAGE, 0, 0,
                  "number: the relay has gone back from %llu to %llu: its journal was lost or "
                  "replaced. Start again from what is in force",
                  (unsigned long long)relay->follow.position, (unsigned long long)answer->head.seq);
        relay->asked = ASKED_NOTHING;
        relay->phase = PHASE_GONE_BACK;
        return false;
    }
    return true;
}

void catchup_answer(struct caprelay *relay, struct arena *arena, const struct message *message)
{
    struct question question = request_question(relay, verbs[relay->asked], relay->nonce);
    struct verifier verifier = client_verifier(relay);
    struct verified_answer answer = {0};
    struct err err = {0};
    enum err_code code;

    if (relay->asked == ASKED_KEYS) {
        keys_answer(relay, &question, message);
    } else {
        code = verify_answer(&verifier, arena, &question, message->frames, message->count, &answer,
                             &err);
        if (check_answer(relay, code, &answer, &err)) {
            if (relay->asked == ASKED_BASE) {
                base_answer(relay, &answer, arena);
                return;
            }
            if (relay->asked == ASKED_IN_FORCE)
                in_force_answer(relay, message, &answer);
            else
                since_answer(relay, message, &answer);
        }
    }
    arena_destroy(arena);
}
