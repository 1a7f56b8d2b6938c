#include "client/internal.h"

#include "seal/json.h"
#include "seal/packet.h"

#include <zmq.h>

enum { KEYS_FRAMES = 2 };

struct verifier client_verifier(const struct caprelay *relay)
{
    return (struct verifier){.keys = &relay->keys, .parser = relay->parser};
}

static void make_nonce(char *out)
{
    uint8_t bytes[16];

    seal_random(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, out);
}

struct slice request_text(struct arena *arena, const struct caprelay *relay,
                          const struct request *request, char *nonce)
{
    json_t *object = json_object();

    make_nonce(nonce);
    json_put_number(object, "v", 1);
    json_put_cstr(object, "verb", request->verb);
    json_put_cstr(object, "nonce", nonce);
    json_put_cstr(object, "class", alert_class_name(relay->class));
    if (request->topics)
        json_put_texts(object, "topics", request->topics, request->topic_count);
    if (request->has_after)
        json_put_number(object, "after", request->after);
    if (request->has_after || request->max)
        json_put_number(object, "max", request->max);
    if (request->seq)
        json_put_number(object, "seq", request->seq);
    if (request->digest)
        json_put_cstr(object, "digest", request->digest);
    if (request->text)
        json_put_cstr(object, "text", request->text);
    return json_take_text(arena, object);
}

struct question request_question(const struct caprelay *relay, const char *verb, const char *nonce)
{
    return (struct question){
        .verb = slice_from_cstr(verb), .class = relay->class, .nonce = slice_from_cstr(nonce)};
}

enum err_code query_take_keys(struct caprelay *relay, const struct question *question,
                              const struct message *message, struct err *err)
{
    struct arena *arena = arena_create();
    struct keylist list = {0};
    struct verifier verifier = {.keys = &list, .parser = relay->parser};
    struct verified_answer answer;
    bool newer = false;
    enum err_code code;

    if (message->count != KEYS_FRAMES)
        code = err_set(err, ERR_NOT_FOUND, "the relay has no key list: nothing can be verified");
    else
        code = keylist_open(arena, relay->card.root, message->frames[1], &list, err);
    if (code == OK && !slice_eq_cstr(list.relay, relay->card.relay))
        code = err_set(err, ERR_CRYPTO, "key list: of the relay %.*s, the card is %s's",
                       SLICE_ARG(list.relay), relay->card.relay);
    if (code == OK && relay->has_keys && list.issued_us < relay->keys.issued_us)
        code = err_set(err, ERR_CRYPTO, "key list: older than the one known");
    if (code == OK) {
        newer = relay->has_keys && list.issued_us > relay->keys.issued_us;
        code = verify_answer(&verifier, arena, question, message->frames, message->count, &answer,
                             err);
    }
    /* A newer list is the root's word whoever brings it: it may revoke the very key that did. */
    if (code != OK && !newer) {
        arena_destroy(arena);
        return code;
    }
    arena_destroy(relay->keys_arena);
    relay->keys_arena = arena;
    relay->keys = list;
    relay->has_keys = true;
    return code;
}

/* One who is not let in hears nothing, as if nobody were there: what to look at is said instead. */
static enum caprelay_code fail_unanswered(const struct caprelay *relay,
                                          const struct request *request,
                                          struct caprelay_error *error)
{
    return client_error(
        error, CAPRELAY_TIMEOUT,
        "no answer to '%s' from %s within %.1f s. Is the relay running and reachable there?%s",
        request->verb, relay->card.query, (double)relay->answer_timeout_us / 1e6,
        relay->card.has_curve
            ? " Is the card of that relay (its CURVE key may have changed)? If the relay lets in"
              " only keys on its list (access.allow), is this client's among them, and in use here?"
              " The relay logs whom it turns away as access.denied."
            : " The card has no CURVE key: a relay that asks for one answers nobody without.");
}

/* Sends and waits for an answer that repeats the nonce; others are of questions given up. */
static enum caprelay_code exchange(struct caprelay *relay, struct arena *arena,
                                   const struct request *request, char *nonce,
                                   struct message *message, struct caprelay_error *error)
{
    int64_t deadline_us = client_now_us() + relay->answer_timeout_us;
    struct slice text = request_text(arena, relay, request, nonce);

    if (client_connect(relay, ZMQ_DEALER, relay->card.query, &relay->ask, error) != CAPRELAY_OK)
        return error ? error->code : CAPRELAY_IO;
    if (!client_send(relay->ask, text))
        return client_error(error, CAPRELAY_TIMEOUT, "the queue to the relay is full");
    for (;;) {
        int64_t left_us = deadline_us - client_now_us();
        if (left_us <= 0)
            return fail_unanswered(relay, request, error);
        client_wait(relay->ask, NULL, left_us);
        if (!client_receive(relay->ask, arena, message))
            continue;
        struct packet packet;
        if (packet_open(arena, message->frames[0], &packet, NULL) == OK &&
            slice_find(packet.parts[0], nonce) >= 0)
            return CAPRELAY_OK;
    }
}

static enum caprelay_code fetch_keys(struct caprelay *relay, struct caprelay_error *error)
{
    struct arena *arena = arena_create();
    struct request request = {.verb = "keys"};
    struct message message;
    struct err err = {0};
    char nonce[33];
    enum caprelay_code code = exchange(relay, arena, &request, nonce, &message, error);

    if (code == CAPRELAY_OK) {
        struct question question = request_question(relay, "keys", nonce);
        if (query_take_keys(relay, &question, &message, &err) != OK)
            code = client_error(error, CAPRELAY_REFUSED, "%s", err.text);
    }
    arena_destroy(arena);
    return code;
}

enum caprelay_code query_need_keys(struct caprelay *relay, struct caprelay_error *error)
{
    return relay->has_keys ? CAPRELAY_OK : fetch_keys(relay, error);
}

static enum caprelay_code answer_error(const struct verified_answer *answer,
                                       struct caprelay_error *error)
{
    bool absent = slice_eq_cstr(answer->error_code, "not-found");

    return client_error(error, absent ? CAPRELAY_NOT_FOUND : CAPRELAY_REFUSED,
                        "the relay answers %.*s: %.*s", SLICE_ARG(answer->error_code),
                        SLICE_ARG(answer->error_text));
}

enum caprelay_code query_ask(struct caprelay *relay, struct arena *arena,
                             const struct request *request, struct message *message,
                             struct verified_answer *answer, struct caprelay_error *error)
{
    struct verifier verifier = client_verifier(relay);
    struct err err = {0};
    char nonce[33];
    enum caprelay_code code = query_need_keys(relay, error);

    if (code == CAPRELAY_OK)
        code = exchange(relay, arena, request, nonce, message, error);
    if (code != CAPRELAY_OK)
        return code;
    struct question question = request_question(relay, request->verb, nonce);
    enum err_code verdict =
        verify_answer(&verifier, arena, &question, message->frames, message->count, answer, &err);
    /* The relay may have a new key since the list was read. */
    if (verdict == ERR_NOT_FOUND && fetch_keys(relay, error) == CAPRELAY_OK)
        verdict = verify_answer(&verifier, arena, &question, message->frames, message->count,
                                answer, &err);
    if (verdict != OK)
        return client_error(error, CAPRELAY_REFUSED, "%s", err.text);
    return answer->error_code.ptr ? answer_error(answer, error) : CAPRELAY_OK;
}

bool query_original(struct caprelay *relay, struct arena *arena, struct verified_bulletin *bulletin,
                    struct err *err)
{
    struct verifier verifier = client_verifier(relay);
    char hex[DIGEST_HEX_MAX];
    struct request request = {.verb = "get", .digest = hex};
    struct caprelay_error error = {0};
    struct verified_answer answer;
    struct message message;

    digest_hex(&bulletin->original_digest, hex);
    if (query_ask(relay, arena, &request, &message, &answer, &error) != CAPRELAY_OK) {
        err_set(err, ERR_NOT_FOUND, "original: %s", error.text);
        return false;
    }
    if (message.count != 2) {
        err_set(err, ERR_INVALID, "original: %zu frames", message.count - 1);
        return false;
    }
    return verify_original(&verifier, arena, message.frames[1], bulletin, err) == OK;
}
