/* Injection by POST: whose request it is, and what each is answered, over real loopback sockets. */
#include "tests/support/adapter_world.h"
#include "tests/support/free_port.h"
#include "tests/support/posting.h"

#include "adapters/inject/door.h"
#include "adapters/inject_http/post.h"
#include "adapters/inject_http/row.h"
#include "seal/packet.h"
#include "seal/receipt.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TOKEN "caprelay_0123456789012345678901234567890123456789"
#define OLD_TOKEN "caprelay_the-one-before-that-is-still-good-for-a-while"
#define ME_TOKEN "caprelay_of-another-authority-01234567890123456789"
#define BEARER "Authorization: Bearer " TOKEN "\r\n"
#define XML "Content-Type: application/cap+xml\r\n"
#define CAP(id)                                                                                    \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>" id                          \
    "</identifier><sender>s@example</sender><sent>2026-01-01T00:00:00-00:00</sent>"                \
    "<status>Exercise</status><msgType>Alert</msgType><scope>Public</scope></alert>"

enum { CLIENTS_MAX = DOOR_PENDING_OF_ONE_MAX + 10 };

static struct world world;
static struct key relay_key;
static struct posting clients[CLIENTS_MAX];
static size_t client_count;
static uint16_t port;

static const char *hex_of(const char *token)
{
    static char hex[8][2 * SHA256_BYTES + 1];
    static int next;
    uint8_t sha256[SHA256_BYTES];
    char *out = hex[next++ % 8];
    sha256_of(slice_from_cstr(token), sha256);
    hex_encode(sha256, sizeof sha256, out);
    return out;
}

static const char *configuration(const char *tokens)
{
    static char text[2000];
    snprintf(text, sizeof text,
             "listen: {feed: 'inproc://f', query: 'inproc://q', inject_http: "
             "'http://127.0.0.1:%u'}\ninject_http: {connections: 300}\n"
             "authorities:\n - {name: nb-emo, token_sha256: [%s], country: ca, "
             "certificate_sha256: %s}\n"
             " - {name: me-ema, token_sha256: %s, certificate_sha256: %s}\n"
             " - {name: by-key, key: %s}\n",
             port, tokens, hex_of("nb certificate"), hex_of(ME_TOKEN), hex_of("me certificate"),
             hex_of("a key"));
    return text;
}

static int begin(void **state)
{
    struct err err = {0};
    char tokens[200];
    (void)state;
    assert_int_equal(seal_init(&err), OK);
    key_new(&relay_key, KEY_ACTUAL);
    world_init(&world);
    port = free_port();
    snprintf(tokens, sizeof tokens, "%s, %s", hex_of(OLD_TOKEN), hex_of(TOKEN));
    world_start_with(&world, configuration(tokens),
                     (struct hosts_options){.actual_key = &relay_key, .exercise_key = &relay_key});
    world_run(&world, 0);
    assert_int_equal(hosts_status(world.hosts, 0).state, SOURCE_LIVE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    while (client_count > 0)
        posting_close(&clients[--client_count]);
    if (world.hosts)
        world_stop(&world);
    world_fini(&world);
    return 0;
}

static struct posting *send_request(const char *line, const char *headers, const char *body)
{
    static char text[20000];
    assert_true(client_count < CLIENTS_MAX);
    struct posting *client = &clients[client_count++];
    posting_open(client, port);
    size_t len = posting_format(text, sizeof text, line, headers, body);
    assert_int_equal(posting_send(client, text, len), len);
    world_run(&world, 0);
    return client;
}

static struct posting *send_alert(const char *body)
{
    return send_request("POST /v1/alerts", BEARER XML, body);
}

static void assert_status(struct posting *client, int status)
{
    if (posting_status(client) != status)
        fail_msg("wanted %d, got %s", status, client->got);
}

static void assert_says(struct posting *client, const char *text)
{
    posting_read(client);
    if (!strstr(client->got, text))
        fail_msg("%s is not in %s", text, client->got);
}

static void refused(const char *line, const char *headers, int status, const char *reason)
{
    char wanted[100];
    size_t before = world.port.count;
    struct posting *client = send_request(line, headers, CAP("A"));
    assert_status(client, status);
    assert_says(client, "Content-Type: application/problem+json\r\n");
    snprintf(wanted, sizeof wanted, "\"reason\":\"%s\"", reason);
    assert_says(client, wanted);
    assert_int_equal(world.port.count, before);
}

/* A receipt as the relay makes it, in the port's arena. */
static struct slice receipt(const char *verdict, const char *reason, bool dry_run)
{
    struct err err = {0};
    struct buf frame;
    struct digest digest = digest_of(SLICE(CAP("A")));
    const struct receipt_facts facts = {.relay = SLICE("test"),
                                        .authority = SLICE("nb-emo"),
                                        .digest = &digest,
                                        .dry_run = dry_run,
                                        .verdict = slice_from_cstr(verdict),
                                        .reason = slice_from_cstr(reason),
                                        .time_us = world.loop->now_us};
    buf_init(&frame, 100000);
    assert_int_equal(receipt_seal(&relay_key, &facts, &frame, &err), OK);
    struct slice kept = arena_copy(world.port.arena, buf_slice(&frame));
    buf_fini(&frame);
    return kept;
}

/* --- receipts --- */

static void receipt_comes_after_the_commit_as_it_was_signed(void **state)
{
    (void)state;
    uint8_t signature[KEY_SIGNATURE_BYTES];
    world.port.settled_receipt = receipt("relayed", "border.near", false);
    struct posting *client = send_alert(CAP("A"));
    assert_int_equal(world.port.count, 1);
    assert_string_equal(world.port.items[0].bytes.ptr, CAP("A"));
    assert_string_equal(world.port.items[0].authority.ptr, "nb-emo");
    assert_string_equal(world.port.items[0].source->name.ptr, "inject");
    assert_int_equal(world.port.items[0].source->country, SIDE_CA);
    world_run(&world, 20 * SECOND);
    assert_status(client, 0);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_status(client, 201);
    assert_says(client, "Content-Type: application/json\r\n");
    const char *hex = strstr(client->got, "Caprelay-Receipt-Signature: ");
    const char *body = strstr(client->got, "\r\n\r\n");
    assert_non_null(hex);
    assert_true(hex_decode(slice_of(hex + 28, 128), signature, sizeof signature));
    assert_true(key_verify(relay_key.public_key, SEAL_RECEIPT, slice_from_cstr(body + 4),
                           slice_of(signature, sizeof signature)));
}

static void outcome_is_the_status(void **state)
{
    (void)state;
    static const struct {
        const char *verdict, *reason;
        int status;
    } cases[] = {{"relayed", "border.near", 201},   {"conflict", "x", 201},
                 {"duplicate", "x", 200},           {"refused", "inject.grant.region", 403},
                 {"refused", "profile.fatal", 422}, {"irrelevant", "border.too-far", 422},
                 {"unreadable", "x", 422},          {"refused", "inject.receipt", 500}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world.port.settled_receipt = receipt(cases[i].verdict, cases[i].reason, false);
        struct posting *client = send_alert(CAP("A"));
        fake_settle_all(&world.port, cases[i].verdict);
        world_run(&world, 0);
        assert_status(client, cases[i].status);
        assert_says(client, "Caprelay-Receipt-Signature");
    }
}

static void dry_run_is_answered_at_once(void **state)
{
    (void)state;
    world.port.settled_receipt = receipt("relayed", "x", true);
    struct posting *client = send_request("POST /v1/alerts?dry_run=1", BEARER XML, CAP("A"));
    assert_int_equal(world.port.count, 1);
    assert_true(world.port.items[0].dry_run);
    assert_status(client, 200);
    assert_says(client, "\"dry_run\":true");
}

static void repeat_gets_the_stored_receipt(void **state)
{
    (void)state;
    world.port.receipt = receipt("relayed", "x", false);
    world.port.receipt_digest = digest_of(SLICE(CAP("A")));
    struct posting *client = send_alert(CAP("A"));
    assert_int_equal(world.port.count, 0);
    assert_status(client, 200);
    assert_says(client, "\"outcome\":\"accepted\"");
    /* As the other door gives it. */
    client = send_request("POST /v1/alerts", BEARER XML "Accept: application/octet-stream\r\n",
                          CAP("A"));
    assert_status(client, 200);
    const char *body = strstr(client->got, "\r\n\r\n") + 4;
    struct slice frame = world.port.receipt;
    assert_int_equal(client->len - (size_t)(body - client->got), frame.len);
    assert_memory_equal(body, frame.ptr, frame.len);
}

static void repeat_before_the_commit_waits_for_the_same(void **state)
{
    (void)state;
    world.port.settled_receipt = receipt("relayed", "x", false);
    struct posting *first = send_alert(CAP("A"));
    struct posting *second = send_alert(CAP("A"));
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_status(first, 201);
    assert_status(second, 201);
}

static void client_that_left_is_no_trouble(void **state)
{
    (void)state;
    posting_close(send_alert(CAP("A")));
    world_run(&world, SECOND);
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, SECOND);
    assert_int_equal(hosts_status(world.hosts, 0).in_flight, 0);
}

static void journal_that_takes_long_is_told(void **state)
{
    (void)state;
    struct posting *client = send_alert(CAP("A"));
    world_run(&world, (HTTPD_WAIT_S + 1) * SECOND);
    assert_status(client, 503);
    assert_says(client, "Retry-After: 5\r\n");
    /* It is taken all the same, and once. */
    world.port.settled_receipt = receipt("relayed", "x", false);
    client = send_alert(CAP("A"));
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_status(client, 201);
}

static void full_journal_keeps_requests_waiting(void **state)
{
    (void)state;
    world.port.full_at = 1;
    send_alert(CAP("A1"));
    send_alert(CAP("A2"));
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
}

static void one_authority_leaves_room_for_others(void **state)
{
    (void)state;
    char cap[100];
    for (int i = 0; i < DOOR_PENDING_OF_ONE_MAX; i++) {
        snprintf(cap, sizeof cap, "<alert><identifier>A%d</identifier></alert>", i);
        send_alert(cap);
    }
    assert_int_equal(world.port.count, DOOR_PENDING_OF_ONE_MAX);
    struct posting *client = send_alert(CAP("one more"));
    assert_status(client, 429);
    assert_says(client, "Retry-After: 5\r\n");
    send_request("POST /v1/alerts", "Authorization: Bearer " ME_TOKEN "\r\n" XML, CAP("A"));
    assert_int_equal(world.port.count, DOOR_PENDING_OF_ONE_MAX + 1);
}

/* The others get less the more of them there are, and there is always room for one more. */
static void doors_places_are_shared(void **state)
{
    (void)state;
    struct digest digest = digest_of(SLICE("x"));
    struct door door = {.host = NULL};
    for (int i = 0; i < DOOR_PENDING_MAX; i++) {
        char name[20];
        snprintf(name, sizeof name, "authority-%d", i % 3);
        if (door_has_room_for(&door, slice_from_cstr(name)))
            pending_add(&door.pending, slice_from_cstr(name), &digest, true);
    }
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof name, "authority-%d", i);
        assert_in_range(pending_count_of(&door.pending, slice_from_cstr(name)),
                        DOOR_PENDING_MAX / 4, DOOR_PENDING_MAX / 4 + 1);
        assert_false(door_has_room_for(&door, slice_from_cstr(name)));
    }
    assert_true(door_has_room_for(&door, SLICE("a fourth")));
    door_fini(&door);
}

/* What came while the journal was full. */
static void authorities_take_turns(void **state)
{
    (void)state;
    enum { STORM = 6 };
    char cap[100];
    world.port.full_at = 1;
    send_alert(CAP("first"));
    for (int i = 0; i < STORM; i++) {
        snprintf(cap, sizeof cap, "<alert><identifier>storm-%d</identifier></alert>", i);
        send_alert(cap);
    }
    send_request("POST /v1/alerts", "Authorization: Bearer " ME_TOKEN "\r\n" XML, CAP("other"));
    assert_int_equal(world.port.count, 1);
    world.port.full_at = 0;
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1 + STORM + 1);
    assert_true(slice_find(world.port.items[1].bytes, "storm-0") >= 0);
    assert_true(slice_find(world.port.items[2].bytes, ">other<") >= 0);
    assert_true(slice_find(world.port.items[3].bytes, "storm-1") >= 0);
}

/* `c` brings one at a time, the next as soon as it had its turn. */
static void whoever_comes_again_waits_for_the_others(void **state)
{
    (void)state;
    static const uint64_t wanted[] = {0, 20, 1, 21, 2, 22};
    struct row row = {0};
    for (uint64_t i = 0; i < 3; i++)
        row_put(&row, i, SLICE("a"));
    row_put(&row, 20, SLICE("c"));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        uint64_t id = row_take(&row);
        assert_int_equal(id, wanted[i]);
        if (id >= 20 && id < 22)
            row_put(&row, id + 1, SLICE("c"));
    }
    assert_int_equal(row.count, 0);
    row_fini(&row);
}

/* --- faults of the request --- */

static void faults_are_told_and_never_reach_intake(void **state)
{
    (void)state;
    refused("GET /v1/alerts", BEARER, 405, "http.method");
    assert_says(&clients[0], "Allow: POST\r\n");
    refused("HEAD2 /v1/alerts", BEARER, 405, "http.method");
    refused("POST /", BEARER XML, 404, "http.path");
    refused("POST /v1/alerts/", BEARER XML, 404, "http.path");
    refused("POST /v1/alerts", XML, 401, "inject.token");
    assert_says(&clients[4], "WWW-Authenticate: Bearer");
    refused("POST /v1/alerts", XML "Authorization: Bearer " TOKEN "x\r\n", 401, "inject.token");
    refused("POST /v1/alerts", XML "Authorization: Basic eDp5\r\n", 401, "inject.token");
    refused("POST /v1/alerts", XML "Authorization: Bearer\r\n", 401, "inject.token");
    refused("POST /v1/alerts", XML BEARER BEARER, 400, "http.authorization");
    refused("POST /v1/alerts", BEARER, 415, "http.content-type");
    refused("POST /v1/alerts", BEARER "Content-Type: application/x-www-form-urlencoded\r\n", 415,
            "http.content-type");
    refused("POST /v1/alerts", BEARER XML "Content-Encoding: gzip\r\n", 415,
            "http.content-encoding");
    refused("POST /v1/alerts?dryrun=1", BEARER XML, 400, "http.query");
    refused("POST /v1/alerts?dry_run=1&x=2", BEARER XML, 400, "http.query");
    struct posting *client = send_alert("");
    assert_status(client, 400);
    assert_says(client, "the body is empty");
    client = send_alert("<feed>" CAP("A") CAP("B") "</feed>");
    assert_status(client, 422);
    assert_says(client, "inject.several");
    assert_int_equal(world.port.count, 0);
    assert_true(world_logged(&world, "(from 127.0.0.1)"));
}

static void several_tokens_carry_over_a_change(void **state)
{
    (void)state;
    struct err err = {0};
    send_request("POST /v1/alerts", "Authorization: bearer " OLD_TOKEN "\r\n" XML, CAP("A"));
    assert_int_equal(world.port.count, 1);
    const struct relay_conf *next = world_conf(&world, configuration(hex_of(TOKEN)));
    assert_int_equal(hosts_reload(world.hosts, next, &err), OK);
    relay_conf_release(world.conf);
    world.conf = next;
    refused("POST /v1/alerts", "Authorization: Bearer " OLD_TOKEN "\r\n" XML, 401, "inject.token");
    send_alert(CAP("B"));
    assert_int_equal(world.port.count, 2);
    fake_settle_all(&world.port, "relayed"); /* also of the authority as it was */
}

static void door_can_be_moved_and_shut(void **state)
{
    (void)state;
    struct err err = {0};
    uint16_t before = port;
    port = free_port();
    const struct relay_conf *next = world_conf(&world, configuration(hex_of(TOKEN)));
    assert_int_equal(hosts_reload(world.hosts, next, &err), OK);
    relay_conf_release(world.conf);
    world.conf = next;
    assert_int_not_equal(port, before);
    send_alert(CAP("A"));
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    next = world_conf(&world, WORLD_LISTEN);
    assert_int_equal(hosts_reload(world.hosts, next, &err), OK);
    relay_conf_release(world.conf);
    world.conf = next;
    assert_int_equal(hosts_count(world.hosts), 0);
}

/* --- whose it is, without sockets --- */

static struct post usual(void)
{
    return (struct post){.method = SLICE("POST"),
                         .path = SLICE("/v1/alerts"),
                         .content_type = SLICE("text/xml; charset=utf-8")};
}

static void with_certificate(struct post *post, const char *certificate)
{
    post->has_certificate = true;
    sha256_of(slice_from_cstr(certificate), post->certificate.sha256);
    post->certificate.not_before_s = 1000;
    post->certificate.not_after_s = 2000;
}

static const char *whose(const struct post *post, int64_t now_s)
{
    static char reason[64];
    struct request request = {0};
    struct post_refusal refusal;
    if (post_check(post, world.conf, now_s, &request, &refusal))
        return request.known->name.ptr;
    assert_true(strlen(refusal.text) > 20);
    assert_null(request.known);
    snprintf(reason, sizeof reason, "%d %s", refusal.status, refusal.reason);
    return reason;
}

static void certificates_are_bound_to_authorities(void **state)
{
    (void)state;
    struct post post = usual();
    assert_string_equal(whose(&post, 1500), "401 inject.token");
    with_certificate(&post, "nb certificate");
    assert_string_equal(whose(&post, 1500), "nb-emo");
    assert_string_equal(whose(&post, 999), "403 inject.certificate");
    assert_string_equal(whose(&post, 2000), "403 inject.certificate");
    with_certificate(&post, "me certificate");
    assert_string_equal(whose(&post, 1500), "me-ema");
    with_certificate(&post, "forged certificate");
    assert_string_equal(whose(&post, 1500), "403 inject.certificate");
}

static void token_counts_before_the_certificate(void **state)
{
    (void)state;
    struct post post = usual();
    post.authorization = SLICE("Bearer " TOKEN);
    post.authorizations = 1;
    assert_string_equal(whose(&post, 1500), "nb-emo");
    with_certificate(&post, "nb certificate");
    assert_string_equal(whose(&post, 1500), "nb-emo");
    /* Somebody's own, for something else: browsers and proxies send them unasked. */
    with_certificate(&post, "unknown certificate");
    assert_string_equal(whose(&post, 1500), "nb-emo");
    with_certificate(&post, "me certificate");
    assert_string_equal(whose(&post, 1500), "403 inject.authority");
    /* A bad token is not mended by a good certificate. */
    post.authorization = SLICE("Bearer " TOKEN "x");
    assert_string_equal(whose(&post, 1500), "401 inject.token");
}

static void media_types_are_xml(void **state)
{
    (void)state;
    static const char *const good[] = {"application/cap+xml",
                                       "Application/CAP+XML; charset=\"utf-8\"",
                                       "application/emergency-data-exchange-language+xml",
                                       "application/xml", " text/xml ;charset=x"};
    static const char *const bad[] = {
        "",    "application/json", "text/plain", "application/+xml", "image/svg+xml",
        "xml", "text/xmlx"};
    struct post post = usual();
    post.authorization = SLICE("Bearer " TOKEN);
    post.authorizations = 1;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        post.content_type = slice_from_cstr(good[i]);
        assert_string_equal(whose(&post, 1500), "nb-emo");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct request request = {0};
        struct post_refusal refusal;
        post.content_type = slice_from_cstr(bad[i]);
        assert_false(post_check(&post, world.conf, 1500, &request, &refusal));
        assert_int_equal(refusal.status, 415);
    }
}

int main(void)
{
#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        HTTP_TEST(receipt_comes_after_the_commit_as_it_was_signed),
        HTTP_TEST(outcome_is_the_status),
        HTTP_TEST(dry_run_is_answered_at_once),
        HTTP_TEST(repeat_gets_the_stored_receipt),
        HTTP_TEST(repeat_before_the_commit_waits_for_the_same),
        HTTP_TEST(client_that_left_is_no_trouble),
        HTTP_TEST(journal_that_takes_long_is_told),
        HTTP_TEST(full_journal_keeps_requests_waiting),
        HTTP_TEST(one_authority_leaves_room_for_others),
        HTTP_TEST(authorities_take_turns),
        cmocka_unit_test(doors_places_are_shared),
        cmocka_unit_test(whoever_comes_again_waits_for_the_others),
        HTTP_TEST(faults_are_told_and_never_reach_intake),
        HTTP_TEST(several_tokens_carry_over_a_change),
        HTTP_TEST(door_can_be_moved_and_shut),
        HTTP_TEST(certificates_are_bound_to_authorities),
        HTTP_TEST(token_counts_before_the_certificate),
        HTTP_TEST(media_types_are_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
