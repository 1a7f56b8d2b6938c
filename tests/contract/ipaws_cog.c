/* IPAWS-OPEN's far end: every answer brings all that it has. */
#include "tests/contract/http_faults.h"

#include "tests/support/cog_key.h"
#include "tests/support/fake_ipaws.h"

static void open_server(struct world *world)
{
    int64_t now_s = world->loop->now_us / SECOND;
    fake_ipaws_open();
    fake_ipaws.now_us = &world->loop->now_us;
    cog_key_write(world_path(world, "cog.pem"), "IPAWSOPEN_120999", now_s, now_s + 1000 * 86400);
}

static void close_server(struct world *world)
{
    (void)world;
    fake_ipaws_clear();
}

static void start_source(struct world *world)
{
    char text[PATH_MAX + 400];
    snprintf(text, sizeof text,
             "sources:\n - {name: ipaws, adapter: ipaws_cog, url: 'http://127.0.0.1:1', "
             "cog_id: '120999', user: test, certificate: '%s', interval: 10s}\n",
             world_path(world, "cog.pem"));
    world_start(world, text);
}

static void offer(struct world *world, int i, const char *text)
{
    (void)world, (void)i;
    fake_ipaws_add(text);
}

/* Each try is cut off, until the alert is gone for good. */
static void offer_half(struct world *world)
{
    size_t i = fake_ipaws_add("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>");
    fake_ipaws.cuts = 1000;
    world_run(world, 40 * SECOND);
    fake_ipaws.cuts = 0;
    fake_ipaws_remove(i);
    world_run(world, 300 * SECOND);
}

static const struct contract_driver driver = {
    .name = "ipaws_cog",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    CONTRACT_POLLED,
    .patience_us = 60 * SECOND,
    .withhold_senseless = "an answer brings the alerts themselves",
};

int main(void)
{
    return contract_run(&driver);
}
