#include "tests/contract/suite.h"
#include "tests/support/free_port.h"
#include "tests/support/posting.h"

#include "base/sha256.h"
#include "seal/key.h"

#define TOKEN "caprelay_0123456789012345678901234567890123456789"

enum { CLIENTS_MAX = 64 };

static struct key relay_key;
static struct posting clients[CLIENTS_MAX];
static size_t client_count;
static uint16_t port;

static void open_port(struct world *world)
{
    struct err err = {0};
    (void)world;
    if (seal_init(&err) != OK)
        abort();
    key_new(&relay_key, KEY_ACTUAL);
    port = free_port();
}

static void close_clients(struct world *world)
{
    (void)world;
    for (size_t i = 0; i < client_count; i++)
        posting_close(&clients[i]);
    client_count = 0;
}

static void start_source(struct world *world)
{
    char hex[2 * SHA256_BYTES + 1], text[1000];
    uint8_t sha256[SHA256_BYTES];
    sha256_of(SLICE(TOKEN), sha256);
    hex_encode(sha256, sizeof sha256, hex);
    snprintf(
        text, sizeof text,
        "listen: {feed: 'inproc://f', query: 'inproc://q', inject_http: 'http://127.0.0.1:%u'}\n"
        "authorities:\n - {name: nb-emo, token_sha256: %s, country: ca, classes: [exercise]}\n",
        port, hex);
    close_clients(world);
    world_start_with(world, text,
                     (struct hosts_options){.actual_key = &relay_key, .exercise_key = &relay_key});
}

static struct posting *next_client(void)
{
    if (client_count == CLIENTS_MAX)
        abort();
    posting_open(&clients[client_count], port);
    return &clients[client_count++];
}

static size_t request_of(char *out, size_t size, const char *text)
{
    return posting_format(
        out, size, "POST /v1/alerts",
        "Authorization: Bearer " TOKEN "\r\nContent-Type: application/cap+xml\r\n", text);
}

static void offer(struct world *world, int i, const char *text)
{
    char request[2000];
    (void)world;
    (void)i;
    size_t len = request_of(request, sizeof request, text);
    if (posting_send(next_client(), request, len) != len)
        abort();
}

/* In pieces, with time between. */
static void offer_split(struct world *world, int i, const char *text)
{
    char request[2000];
    struct posting *client = next_client();
    (void)i;
    size_t len = request_of(request, sizeof request, text);
    for (size_t at = 0; at < len;) {
        size_t piece = contract_piece(len - at);
        if (posting_send(client, request + at, piece) != piece)
            abort();
        at += piece;
        world_run(world, 1000);
    }
}

static void offer_oversized(struct world *world)
{
    static char spaces[100000];
    char head[400];
    size_t left = 8 * 1024 * 1024 + 1;
    struct posting *client = next_client();
    int len = snprintf(head, sizeof head,
                       "POST /v1/alerts HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer " TOKEN
                       "\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n",
                       left);
    posting_send(client, head, (size_t)len);
    memset(spaces, ' ', sizeof spaces);
    while (left > 0) {
        left -= posting_send(client, spaces, left < sizeof spaces ? left : sizeof spaces);
        world_run(world, 0);
    }
    if (posting_status(client) != 413)
        abort();
}

static void offer_half(struct world *world)
{
    char request[2000];
    struct posting *client = next_client();
    size_t len = request_of(request, sizeof request, "<alert>half of it</alert>");
    posting_send(client, request, len - 10);
    world_run(world, 0);
    posting_close(client);
}

static const struct contract_driver driver = {
    .name = "inject_http",
    .open = open_port,
    .close = close_clients,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .offer_split = offer_split,
    .patience_us = SECOND,
    .senseless = {[CONTRACT_REFUSED] = "the relay is who listens",
                  [CONTRACT_SLOW] = "slow clients are split at random, and in unit.httpd",
                  [CONTRACT_STALLED] = "authorities say nothing for months",
                  [CONTRACT_TLS] = "the certificate is the relay's: test_inject_http.py",
                  [CONTRACT_DNS] = "the relay is who listens"},
    .withhold_senseless = "requests bring the alerts themselves",
};

int main(void)
{
    return contract_run(&driver);
}
