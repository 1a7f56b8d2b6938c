/* Injection over a real socket on the loopback of the process, with real signatures. */
#include "tests/support/adapter_world.h"

#include "adapters/inject/door.h"
#include "adapters/inject/nonces.h"
#include "publish/access.h"
#include "seal/key.h"
#include "seal/packet.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAP(id)                                                                                    \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>" id                          \
    "</identifier><sender>s@example</sender><sent>2026-01-01T00:00:00-00:00</sent>"                \
    "<status>Exercise</status><msgType>Alert</msgType><scope>Public</scope></alert>"

static struct world world;
static struct key authority_key, relay_key, other_key;
static void *zmq_context, *client;
static struct access *access_rules;
static unsigned nonce_number;

static void begin_at(const char *endpoint)
{
    char hex[2 * KEY_PUBLIC_BYTES + 1], text[1000];
    hex_encode(authority_key.public_key, KEY_PUBLIC_BYTES, hex);
    snprintf(text, sizeof text,
             "listen: {feed: 'inproc://f', query: 'inproc://q', inject: '%s'}\n"
             "authorities:\n - {name: nb-emo, key: %s, country: ca, classes: [exercise]}\n"
             " - {name: by-token, token_sha256: %s}\n",
             endpoint, hex, hex);
    world_start_with(&world, text,
                     (struct hosts_options){.zmq_context = zmq_context,
                                            .access = access_rules,
                                            .actual_key = &relay_key,
                                            .exercise_key = &relay_key});
    world_run(&world, 0);
}

static int begin(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(seal_init(&err), OK);
    key_new(&authority_key, KEY_AUTHORITY);
    key_new(&other_key, KEY_AUTHORITY);
    key_new(&relay_key, KEY_ACTUAL);
    world_init(&world);
    zmq_context = zmq_ctx_new();
    const struct access_options options = {.curve = false};
    assert_int_equal(access_create(world.loop, zmq_context, &options, &access_rules, &err), OK);
    begin_at("inproc://inject");
    client = zmq_socket(zmq_context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof linger);
    assert_int_equal(zmq_connect(client, "inproc://inject"), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    zmq_close(client);
    world_stop(&world);
    access_destroy(access_rules);
    world_fini(&world);
    zmq_ctx_term(zmq_context);
    return 0;
}

/* --- requests --- */

struct sending {
    const char *cap;
    const char *authority; /* nb-emo */
    const struct key *key;
    const struct key *claimed; /* whose id stands in the header */
    int64_t off_s;
    unsigned nonce;        /* 0: a new one */
    const char *digest_of; /* the bytes whose digest stands in the header */
    enum seal_kind kind;
    bool dry_run;
};

static void put_request(struct buf *frame, struct sending s)
{
    char time_text[CLOCK_TEXT_MAX], digest_text[DIGEST_HEX_MAX];
    struct buf header;
    const struct key *key = s.key ? s.key : &authority_key;
    struct digest digest = digest_of(slice_from_cstr(s.digest_of ? s.digest_of : s.cap));
    clock_format_us(world.loop->now_us + s.off_s * SECOND, time_text);
    buf_init(&header, 10000);
    buf_printf(&header,
               "{\"v\":1,\"authority\":\"%s\",\"key\":\"%s\",\"digest\":\"%s\",\"time\":\"%s\","
               "\"nonce\":\"%032x\",\"dry_run\":%s}",
               s.authority ? s.authority : "nb-emo", s.claimed ? s.claimed->id : key->id,
               digest_hex(&digest, digest_text), time_text,
               s.nonce ? s.nonce : ++nonce_number + 1000, s.dry_run ? "true" : "false");
    packet_put_signed(frame, key, s.kind ? s.kind : SEAL_INJECT, buf_slice(&header));
    packet_put(frame, slice_from_cstr(s.cap));
    buf_fini(&header);
}

static void send_request(struct sending s)
{
    struct buf frame;
    buf_init(&frame, 1 << 20);
    put_request(&frame, s);
    assert_true(zmq_send(client, frame.ptr, frame.len, 0) >= 0);
    buf_fini(&frame);
    world_run(&world, 0);
}

static bool receive(char *out, size_t size, size_t *len)
{
    world_run(&world, 0);
    int n = zmq_recv(client, out, size - 1, ZMQ_DONTWAIT);
    if (n < 0)
        return false;
    out[n] = '\0';
    *len = (size_t)n;
    return true;
}

/* The receipt that refuses, its signature checked; its header for a look inside. */
static const char *refusal_header(void)
{
    static char frame[20000], text[10000];
    size_t len = 0;
    struct packet packet;
    struct err err = {0};
    assert_true(receive(frame, sizeof frame, &len));
    assert_int_equal(packet_split(slice_of(frame, len), &packet, &err), OK);
    assert_int_equal(packet.count, 2);
    assert_true(key_verify(relay_key.public_key, SEAL_RECEIPT, packet.parts[0], packet.parts[1]));
    snprintf(text, sizeof text, "%.*s", SLICE_ARG(packet.parts[0]));
    return text;
}

static void refused(struct sending s, const char *reason)
{
    size_t before = world.port.count;
    char wanted[100];
    send_request(s);
    snprintf(wanted, sizeof wanted, "\"reason\":\"%s\"", reason);
    const char *header = refusal_header();
    if (!strstr(header, wanted))
        fail_msg("%s is not in %s", wanted, header);
    assert_non_null(strstr(header, "\"outcome\":\"refused\""));
    assert_int_equal(world.port.count, before);
}

static void receipt_comes_after_the_commit(void **state)
{
    (void)state;
    char got[1000];
    size_t len;
    send_request((struct sending){.cap = CAP("A1")});
    assert_int_equal(world.port.count, 1);
    assert_string_equal(world.port.items[0].bytes.ptr, CAP("A1"));
    assert_string_equal(world.port.items[0].authority.ptr, "nb-emo");
    assert_int_equal(world.port.items[0].source->country, SIDE_CA);
    assert_false(receive(got, sizeof got, &len));
    fake_settle_all(&world.port, "relayed");
    assert_true(receive(got, sizeof got, &len));
    assert_string_equal(got, "RECEIPT");
}

static void faults_of_the_request_never_reach_intake(void **state)
{
    (void)state;
    refused((struct sending){.cap = CAP("A"), .authority = "me-ema"}, "inject.authority");
    refused((struct sending){.cap = CAP("A"), .key = &other_key}, "inject.authority");
    refused((struct sending){.cap = CAP("A"), .authority = "by-token"}, "inject.authority");
    refused((struct sending){.cap = CAP("A"), .key = &other_key, .claimed = &authority_key},
            "inject.signature");
    refused((struct sending){.cap = CAP("A"), .kind = SEAL_RECEIPT}, "inject.signature");
    refused((struct sending){.cap = CAP("A"), .digest_of = CAP("B")}, "inject.digest");
    refused((struct sending){.cap = CAP("A"), .off_s = 122}, "inject.time");
    refused((struct sending){.cap = CAP("A"), .off_s = -122}, "inject.time");
    refused((struct sending){.cap = "<feed>" CAP("A") CAP("B") "</feed>"}, "inject.several");
    refused((struct sending){.cap = ""}, "inject.unreadable");
    assert_int_equal(world.port.count, 0);
}

static void refusal_names_whom_it_answers(void **state)
{
    (void)state;
    char digest_text[DIGEST_HEX_MAX], wanted[100];
    struct digest digest = digest_of(SLICE(CAP("A")));
    send_request((struct sending){.cap = CAP("A"), .off_s = 1000});
    const char *header = refusal_header();
    snprintf(wanted, sizeof wanted, "\"digest\":\"%s\"", digest_hex(&digest, digest_text));
    assert_non_null(strstr(header, wanted));
    assert_non_null(strstr(header, "\"authority\":\"nb-emo\""));
}

static void rubbish_is_answered_and_survived(void **state)
{
    (void)state;
    static const char *const frames[] = {"", "x", "\x00\x00\x00\x02{}", "\xff\xff\xff\xff",
                                         "\x28\xb5\x2f\xfd"};
    static const size_t sizes[] = {0, 1, 6, 4, 4};
    for (size_t i = 0; i < 5; i++) {
        zmq_send(client, frames[i], sizes[i], 0);
        assert_non_null(strstr(refusal_header(), "inject.unreadable"));
    }
    zmq_send(client, "a", 1, ZMQ_SNDMORE);
    zmq_send(client, "b", 1, 0);
    assert_non_null(strstr(refusal_header(), "inject.unreadable"));
    receipt_comes_after_the_commit(state);
}

static void what_cannot_be_read_is_logged_with_whoever_it_names(void **state)
{
    (void)state;
    struct buf frame;
    buf_init(&frame, 10000);
    packet_put(&frame, SLICE("{\"v\":1,\"authority\":\"nb-emo\"}"));
    zmq_send(client, frame.ptr, frame.len, 0);
    buf_fini(&frame);
    assert_non_null(strstr(refusal_header(), "inject.unreadable"));
    assert_true(world_logged(&world, "inject.refused source=inject authority=nb-emo "
                                     "reason=inject.unreadable"));
    assert_true(world_logged(&world, "(from "));
}

static void nonce_is_good_once(void **state)
{
    (void)state;
    char got[1000];
    size_t len;
    send_request((struct sending){.cap = CAP("A1"), .nonce = 7});
    fake_settle_all(&world.port, "relayed");
    assert_true(receive(got, sizeof got, &len));
    refused((struct sending){.cap = CAP("A1"), .nonce = 7}, "inject.nonce");
}

static void resend_gets_the_stored_receipt(void **state)
{
    (void)state;
    char got[1000];
    size_t len;
    world.port.receipt = SLICE("STORED");
    world.port.receipt_digest = digest_of(SLICE(CAP("A1")));
    send_request((struct sending){.cap = CAP("A1")});
    assert_int_equal(world.port.count, 0);
    assert_true(receive(got, sizeof got, &len));
    assert_string_equal(got, "STORED");
}

static void resend_before_the_commit_waits_for_the_same(void **state)
{
    (void)state;
    char got[1000];
    size_t len;
    send_request((struct sending){.cap = CAP("A1")});
    send_request((struct sending){.cap = CAP("A1")});
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    assert_true(receive(got, sizeof got, &len));
    assert_string_equal(got, "RECEIPT");
}

static void dry_run_is_answered_at_once_and_again(void **state)
{
    (void)state;
    char got[1000];
    size_t len;
    for (int i = 0; i < 2; i++) {
        send_request((struct sending){.cap = CAP("A1"), .dry_run = true});
        assert_int_equal(world.port.count, i + 1);
        assert_true(world.port.items[i].dry_run);
        assert_true(receive(got, sizeof got, &len));
        assert_string_equal(got, "RECEIPT");
    }
}

static void full_journal_leaves_requests_in_the_socket(void **state)
{
    (void)state;
    world.port.full_at = 1;
    send_request((struct sending){.cap = CAP("A1")});
    send_request((struct sending){.cap = CAP("A2")});
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
}

static int lines_with(const char *text)
{
    int count = 0;
    for (const char *at = world.log; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void refusals_are_all_answered_and_the_log_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++)
        refused((struct sending){.cap = CAP("A"), .authority = "me-ema"}, "inject.authority");
    assert_int_equal(lines_with("inject.refused "), REFUSALS_LINES_PER_MINUTE);
    /* Neither strangers nor other reasons hide what befalls an authority. */
    for (int i = 0; i < 10; i++)
        refused((struct sending){.cap = "<feed>" CAP("A") CAP("B") "</feed>"}, "inject.several");
    assert_int_equal(lines_with("inject.refused "), 2 * REFUSALS_LINES_PER_MINUTE);
    refused((struct sending){.cap = CAP("A"), .off_s = 1000}, "inject.time");
    assert_int_equal(lines_with("reason=inject.time"), 1);
    assert_int_equal(lines_with("inject.refused-more"), 0);
    world_run(&world, 61 * (int64_t)SECOND);
    assert_int_equal(lines_with("inject.refused-more"), 2);
    assert_true(world_logged(&world, "of=strangers reason=inject.authority count=45"));
    assert_true(world_logged(&world, "of=nb-emo reason=inject.several count=5"));
    refused((struct sending){.cap = CAP("A"), .authority = "me-ema"}, "inject.authority");
    assert_int_equal(lines_with("reason=inject.authority text="), REFUSALS_LINES_PER_MINUTE + 1);
    world_run(&world, 600 * (int64_t)SECOND);
    assert_int_equal(lines_with("inject.refused-more"), 2);
}

static void what_was_left_out_is_told_at_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSALS_LINES_PER_MINUTE + 3; i++)
        refused((struct sending){.cap = CAP("A"), .authority = "me-ema"}, "inject.authority");
    hosts_stop(world.hosts);
    assert_true(world_logged(&world, "inject.refused-more"));
    assert_true(world_logged(&world, "count=3 "));
}

static void one_authority_leaves_room_for_others(void **state)
{
    (void)state;
    char cap[400];
    for (int i = 0; i < DOOR_PENDING_OF_ONE_MAX; i++) {
        snprintf(cap, sizeof cap, "<alert><identifier>A%d</identifier></alert>", i);
        send_request((struct sending){.cap = cap});
    }
    assert_int_equal(world.port.count, DOOR_PENDING_OF_ONE_MAX);
    refused((struct sending){.cap = CAP("one more")}, "inject.busy");
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    char got[1000];
    size_t len;
    while (receive(got, sizeof got, &len)) {
    }
    send_request((struct sending){.cap = CAP("one more")});
    assert_int_equal(world.port.count, DOOR_PENDING_OF_ONE_MAX + 1);
}

static void nonces_are_kept_for_their_time(void **state)
{
    (void)state;
    struct nonces nonces;
    nonces_init(&nonces);
    assert_int_equal(nonces_take(&nonces, SLICE("a"), 0), NONCE_NEW);
    assert_int_equal(nonces_take(&nonces, SLICE("b"), 1), NONCE_NEW);
    assert_int_equal(nonces_take(&nonces, SLICE("a"), 299 * (int64_t)SECOND), NONCE_REPEATED);
    assert_int_equal(nonces_take(&nonces, SLICE("a"), 301 * (int64_t)SECOND), NONCE_NEW);
    assert_int_equal(map_count(nonces.seen), 1);
    nonces_fini(&nonces);
    /* Two windows of 120 s must lie inside what is kept. */
    assert_true(NONCES_KEEP_S > 2 * REQUEST_TIME_WINDOW_S);
}

static void full_memory_of_nonces_refuses_rather_than_forgets(void **state)
{
    (void)state;
    struct nonces nonces;
    nonces_init(&nonces);
    for (int i = 0; i < NONCES_MAX; i++)
        assert_int_equal(nonces_take(&nonces, slice_of(&i, sizeof i), i), NONCE_NEW);
    assert_int_equal(nonces_take(&nonces, SLICE("one more"), NONCES_MAX), NONCE_NO_ROOM);
    int first = 0;
    assert_int_equal(nonces_take(&nonces, slice_of(&first, sizeof first), NONCES_MAX),
                     NONCE_REPEATED);
    nonces_fini(&nonces);
}

int main(void)
{
#define INJECT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        INJECT_TEST(receipt_comes_after_the_commit),
        INJECT_TEST(faults_of_the_request_never_reach_intake),
        INJECT_TEST(refusal_names_whom_it_answers),
        INJECT_TEST(rubbish_is_answered_and_survived),
        INJECT_TEST(what_cannot_be_read_is_logged_with_whoever_it_names),
        INJECT_TEST(nonce_is_good_once),
        INJECT_TEST(resend_gets_the_stored_receipt),
        INJECT_TEST(resend_before_the_commit_waits_for_the_same),
        INJECT_TEST(dry_run_is_answered_at_once_and_again),
        INJECT_TEST(full_journal_leaves_requests_in_the_socket),
        INJECT_TEST(refusals_are_all_answered_and_the_log_is_bounded),
        INJECT_TEST(what_was_left_out_is_told_at_the_end),
        INJECT_TEST(one_authority_leaves_room_for_others),
        cmocka_unit_test(nonces_are_kept_for_their_time),
        cmocka_unit_test(full_memory_of_nonces_refuses_rather_than_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
