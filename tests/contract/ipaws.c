/* FEMA's far end: a scripted server that lists what was sent since an instant. */
#include "tests/contract/http_faults.h"

#include "tests/support/fake_ipaws_feed.h"

static void open_server(struct world *world)
{
    fake_feed_open(world->loop);
}

static void close_server(struct world *world)
{
    (void)world;
    fake_feed_clear();
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: ipaws, adapter: ipaws, url: 'http://127.0.0.1:1', "
                       "channels: [public, eas], interval: 30s}\n");
}

static void offer(struct world *world, int i, const char *text)
{
    (void)world;
    (void)i;
    fake_feed_add(text);
}

/* Each answer that lists it is cut off in it, until the server keeps it no longer. */
static void offer_half(struct world *world)
{
    struct fake_feed_alert *alert =
        fake_feed_add("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>half"
                      "</identifier><note>                              </note></alert>");
    fake_feed.cuts = 1000;
    world_run(world, 80 * SECOND);
    alert->sent_us = 0;
    fake_feed.cuts = 0;
    world_run(world, 600 * SECOND);
}

static const struct contract_driver driver = {
    .name = "ipaws",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    CONTRACT_POLLED,
    .patience_us = 100 * SECOND,
    .withhold_senseless = "what it lists it gives with the list",
};

int main(void)
{
    return contract_run(&driver);
}
