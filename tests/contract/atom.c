/* An Atom feed's far end: a scripted server whose entries link to their messages. */
#include "tests/contract/http_faults.h"

#include "tests/support/fake_atom.h"

static void open_server(struct world *world)
{
    fake_atom_open(world->loop);
}

static void close_server(struct world *world)
{
    (void)world;
    fake_atom_clear();
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: feed, adapter: atom, interval: 30s, url: "
                       "'http://127.0.0.1:1/feed'}\n");
}

static void offer(struct world *world, int i, const char *text)
{
    (void)world;
    (void)i;
    fake_atom_add(text, NULL);
}

/* Each try is cut off, until the message is gone for good. */
static void offer_half(struct world *world)
{
    struct fake_atom_entry *entry = fake_atom_add("<alert>half", NULL);
    entry->cuts = 1000;
    world_run(world, 40 * SECOND);
    free(entry->linked);
    entry->linked = NULL;
    fake_atom_end(entry);
    world_run(world, 300 * SECOND);
}

static void withhold(struct world *world, bool withheld)
{
    (void)world;
    fake_atom.message_status = withheld ? 503 : 0;
}

static const struct contract_driver driver = {
    .name = "atom",
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
