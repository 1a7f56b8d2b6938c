/* api.weather.gov's far end: a scripted server that lists what is in force. */
#include "tests/contract/http_faults.h"

#include "tests/support/fake_nws.h"

static void open_server(struct world *world)
{
    fake_nws_open(world->loop);
}

static void close_server(struct world *world)
{
    (void)world;
    fake_nws_clear();
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: nws, adapter: nws, url: 'http://127.0.0.1:1', "
                       "user_agent: 'test (ops@example.org)'}\n");
}

static void offer(struct world *world, int i, const char *text)
{
    char id[80];
    (void)world;
    snprintf(id, sizeof id, "urn:oid:2.49.0.1.840.0.%040d.001.1", i);
    fake_nws_add(id, text);
}

/* Each try is cut off, until the alert is gone for good. */
static void offer_half(struct world *world)
{
    struct fake_nws_alert *alert = fake_nws_add("urn:oid:half", NULL);
    alert->cuts = 2;
    world_run(world, 40 * SECOND);
    fake_nws_end(alert);
    world_run(world, 300 * SECOND);
}

static void withhold(struct world *world, bool withheld)
{
    (void)world;
    fake_nws.cap_status = withheld ? 503 : 0;
}

static const struct contract_driver driver = {
    .name = "nws",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    .withhold = withhold,
    CONTRACT_POLLED,
    .patience_us = 100 * SECOND,
};

int main(void)
{
    return contract_run(&driver);
}
