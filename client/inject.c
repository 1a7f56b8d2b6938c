/* Injection: send until a receipt has come; the relay answers every sending alike. */
#include "client/internal.h"

#include "base/clock.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <zmq.h>

enum { ATTEMPTS = 3, CAP_BYTES_MAX = 8 * 1024 * 1024, BUSY_PAUSE_US = 500000 };

static enum caprelay_code load_authority(struct caprelay *relay,
                                         const struct caprelay_injection *injection,
                                         struct key *key, struct slice *name,
                                         struct caprelay_error *error)
{
    const struct keylist_key *listed;
    struct err err = {0};

    if (key_load(injection->key_path, key, &err) != OK)
        return client_error_from(error, &err);
    if (key->purpose != KEY_AUTHORITY || !key->has_secret)
        return client_error(error, CAPRELAY_INVALID, "%s is no secret key of an authority",
                            injection->key_path);
    *name = slice_from_cstr(injection->authority);
    if (name->ptr)
        return CAPRELAY_OK;
    listed = keylist_find(&relay->keys, slice_from_cstr(key->id));
    if (!listed || !listed->name.len)
        return client_error(error, CAPRELAY_INVALID,
                            "the key list has no name for key %s: say which authority it is of",
                            key->id);
    *name = listed->name;
    return CAPRELAY_OK;
}

/* A fresh nonce and time for each sending, the same bytes. */
static struct slice request_frame(struct arena *arena, const struct key *key,
                                  struct slice authority, struct slice cap, bool dry_run)
{
    struct digest digest = digest_of(cap);
    json_t *header = json_object();
    char nonce[33];
    uint8_t random[16];
    struct buf packet;
    struct slice frame;

    seal_random(random, sizeof random);
    hex_encode(random, sizeof random, nonce);
    json_put_number(header, "v", 1);
    json_put_text(header, "authority", authority);
    json_put_cstr(header, "key", key->id);
    json_put_digest(header, "digest", &digest);
    json_put_time_us(header, "time", clock_now_us(&clock_system));
    json_put_cstr(header, "nonce", nonce);
    json_put_flag(header, "dry_run", dry_run);
    buf_init(&packet, cap.len + 4096 + authority.len);
    packet_put_signed(&packet, key, SEAL_INJECT, json_take_text(arena, header));
    packet_put(&packet, cap);
    frame = arena_copy(arena, buf_slice(&packet));
    buf_fini(&packet);
    return frame;
}

/* Whether it is the receipt for what was sent. One without digest answers what could not be read;
 * only this request is out on the socket. */
static bool is_ours(const struct verified_receipt *receipt, struct slice authority,
                    const struct digest *digest, bool dry_run)
{
    if (receipt->has_digest && !digest_eq(&receipt->digest, digest))
        return false;
    if (receipt->authority.ptr && !slice_eq(receipt->authority, authority))
        return false;
    if (!receipt->has_digest)
        return slice_eq_cstr(receipt->outcome, "refused");
    return receipt->dry_run == dry_run;
}

struct delivery {
    struct slice authority;
    struct digest digest;
    bool dry_run;
};

static enum caprelay_code await_receipt(struct caprelay *relay, void *socket, struct arena *arena,
                                        const struct delivery *delivery,
                                        struct verified_receipt *receipt,
                                        struct caprelay_error *error)
{
    int64_t deadline_us = client_now_us() + relay->answer_timeout_us;
    struct verifier verifier = client_verifier(relay);
    struct message message;
    struct err err = {0};

    for (;;) {
        int64_t left_us = deadline_us - client_now_us();
        if (left_us <= 0)
            return client_error(error, CAPRELAY_TIMEOUT, "no receipt from %s within %.1f s%s%s",
                                relay->card.inject, (double)relay->answer_timeout_us / 1e6,
                                err.code ? "; one was refused: " : "", err.text);
        client_wait(socket, NULL, left_us);
        if (!client_receive(socket, arena, &message) || message.count != 1)
            continue;
        if (verify_receipt(&verifier, arena, message.frames[0], receipt, &err) == OK &&
            is_ours(receipt, delivery->authority, &delivery->digest, delivery->dry_run))
            return CAPRELAY_OK;
    }
}

static enum caprelay_code send_until_answered(struct caprelay *relay, struct arena *arena,
                                              const struct caprelay_injection *injection,
                                              const struct key *key,
                                              const struct delivery *delivery,
                                              struct verified_receipt *receipt,
                                              struct caprelay_error *error)
{
    struct slice cap = slice_of(injection->cap, injection->cap_len);
    unsigned attempts = injection->attempts ? injection->attempts : ATTEMPTS;
    void *socket = NULL;
    enum caprelay_code code = client_connect(relay, ZMQ_DEALER, relay->card.inject, &socket, error);

    if (code != CAPRELAY_OK)
        return code;
    for (unsigned i = 0; i < attempts; i++) {
        if (!client_send(socket,
                         request_frame(arena, key, delivery->authority, cap, delivery->dry_run)))
            code = client_error(error, CAPRELAY_TIMEOUT, "the queue to the relay is full");
        else
            code = await_receipt(relay, socket, arena, delivery, receipt, error);
        if (code == CAPRELAY_OK && slice_eq_cstr(receipt->reason, "inject.busy"))
            client_wait(socket, NULL, i + 1 < attempts ? BUSY_PAUSE_US : 0); /* it took nothing */
        else if (code != CAPRELAY_TIMEOUT)
            break;
    }
    zmq_close(socket);
    return code;
}

static enum caprelay_code check_injection(const struct caprelay *relay,
                                          const struct caprelay_injection *injection,
                                          struct caprelay_error *error)
{
    if (!injection || injection->size != sizeof *injection || !injection->key_path ||
        !injection->cap)
        return client_error(error, CAPRELAY_INVALID, "an injection needs a key and a message");
    if (injection->cap_len > CAP_BYTES_MAX)
        return client_error(error, CAPRELAY_INVALID, "a message has at most %d bytes",
                            CAP_BYTES_MAX);
    if (!relay->card.inject)
        return client_error(error, CAPRELAY_INVALID, "the relay %s takes no injections",
                            relay->card.relay);
    return CAPRELAY_OK;
}

static void receipt_export(struct arena *arena, const struct verified_receipt *receipt,
                           struct caprelay_receipt *out)
{
    *out = (struct caprelay_receipt){
        .outcome = arena_cstr(arena, receipt->outcome),
        .verdict = arena_cstr(arena, receipt->verdict),
        .reason = arena_cstr(arena, receipt->reason),
        .text = arena_cstr(arena, receipt->text),
        .json = arena_cstr(arena, receipt->header.json),
    };
}

enum caprelay_code caprelay_inject(struct caprelay *relay,
                                   const struct caprelay_injection *injection,
                                   const struct caprelay_receipt **receipt,
                                   struct caprelay_error *error)
{
    struct delivery delivery = {0};
    struct verified_receipt verified;
    struct arena *arena;
    struct key key = {0};
    enum caprelay_code code = check_injection(relay, injection, error);

    *receipt = NULL;
    if (code == CAPRELAY_OK)
        code = query_need_keys(relay, error);
    if (code == CAPRELAY_OK)
        code = load_authority(relay, injection, &key, &delivery.authority, error);
    if (code != CAPRELAY_OK)
        goto out;
    arena_destroy(relay->answer_arena);
    arena = relay->answer_arena = arena_create();
    delivery.digest = digest_of(slice_of(injection->cap, injection->cap_len));
    delivery.dry_run = injection->dry_run;
    code = send_until_answered(relay, arena, injection, &key, &delivery, &verified, error);
    if (code != CAPRELAY_OK)
        goto out;
    receipt_export(arena, &verified, &relay->receipt);
    *receipt = &relay->receipt;
out:
    key_wipe(&key);
    return code;
}
