#include "tests/contract/suite.h"

#include "publish/access.h"
#include "seal/key.h"
#include "seal/packet.h"

static struct key authority_key, relay_key;
static void *zmq_context, *client;
static struct access *access_rules;
static unsigned nonces;

static void open_socket(struct world *world)
{
    struct err err = {0};
    const struct access_options options = {.curve = false};
    if (seal_init(&err) != OK)
        abort();
    key_new(&authority_key, KEY_AUTHORITY);
    key_new(&relay_key, KEY_ACTUAL);
    zmq_context = zmq_ctx_new();
    if (access_create(world->loop, zmq_context, &options, &access_rules, &err) != OK)
        abort();
}

static void close_client(void)
{
    if (client)
        zmq_close(client);
    client = NULL;
}

static void close_socket(struct world *world)
{
    (void)world;
    close_client();
    access_destroy(access_rules);
    zmq_ctx_term(zmq_context);
}

static void connect_client(void)
{
    int linger = 0;
    close_client();
    client = zmq_socket(zmq_context, ZMQ_DEALER);
    zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_connect(client, "inproc://inject") != 0)
        abort();
}

static void start_source(struct world *world)
{
    char hex[2 * KEY_PUBLIC_BYTES + 1], text[1000];
    hex_encode(authority_key.public_key, KEY_PUBLIC_BYTES, hex);
    snprintf(text, sizeof text,
             "listen: {feed: 'inproc://f', query: 'inproc://q', inject: 'inproc://inject'}\n"
             "authorities:\n - {name: nb-emo, key: %s, country: ca, classes: [exercise]}\n",
             hex);
    world_start_with(world, text,
                     (struct hosts_options){.zmq_context = zmq_context,
                                            .access = access_rules,
                                            .actual_key = &relay_key,
                                            .exercise_key = &relay_key});
    connect_client();
}

static void put_request(struct buf *frame, struct world *world, struct slice cap)
{
    char time_text[CLOCK_TEXT_MAX], digest_text[DIGEST_HEX_MAX];
    struct buf header;
    struct digest digest = digest_of(cap);
    buf_init(&header, 10000);
    buf_printf(&header,
               "{\"v\":1,\"authority\":\"nb-emo\",\"key\":\"%s\",\"digest\":\"%s\",\"time\":\"%s\","
               "\"nonce\":\"%032x\",\"dry_run\":false}",
               authority_key.id, digest_hex(&digest, digest_text),
               clock_format_us(clock_now_us(loop_clock(world->loop)), time_text), ++nonces);
    packet_put_signed(frame, &authority_key, SEAL_INJECT, buf_slice(&header));
    packet_put(frame, cap);
    buf_fini(&header);
}

static void send_frame(const struct buf *frame, size_t len)
{
    if (zmq_send(client, frame->ptr, len, 0) < 0)
        abort();
}

static void offer(struct world *world, int i, const char *text)
{
    struct buf frame;
    (void)i;
    buf_init(&frame, 100000);
    put_request(&frame, world, slice_from_cstr(text));
    send_frame(&frame, frame.len);
    buf_fini(&frame);
}

static void offer_oversized(struct world *world)
{
    struct buf frame;
    size_t size = 8 * 1024 * 1024 + 1;
    char *bytes = mem_alloc(size);
    memset(bytes, ' ', size);
    buf_init(&frame, size + 100000);
    put_request(&frame, world, slice_of(bytes, size));
    send_frame(&frame, frame.len);
    buf_fini(&frame);
    free(bytes);
}

static void offer_half(struct world *world)
{
    struct buf frame;
    buf_init(&frame, 100000);
    put_request(&frame, world, SLICE("<alert/>"));
    send_frame(&frame, frame.len / 2);
    buf_fini(&frame);
}

static const struct contract_driver driver = {
    .name = "inject",
    .open = open_socket,
    .close = close_socket,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .patience_us = SECOND,
    .senseless = {[CONTRACT_REFUSED] = "the relay is who listens",
                  [CONTRACT_SLOW] = "ZeroMQ hands on whole messages",
                  [CONTRACT_STALLED] = "authorities say nothing for months",
                  [CONTRACT_TLS] = "ZeroMQ has CURVE, which test_access.py tests",
                  [CONTRACT_DNS] = "the relay is who listens"},
    .split_senseless = "ZeroMQ hands on whole messages",
    .withhold_senseless = "requests bring the alerts themselves",
};

int main(void)
{
    return contract_run(&driver);
}
