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

static void offer_oversized(struct world *world)
{
    size_t size = PARSE_BYTES_MAX + 1000;
    char *text = mem_alloc(size + 1);
    (void)world;
    memset(text, ' ', size);
    memcpy(text, "<alert>", 7);
    fake_atom_add(text, NULL);
    free(text);
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

static const struct contract_driver driver = {
    .name = "atom",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .remembers = true,
    .patience_us = 100 * SECOND,
    .fault = contract_http_fault,
    .keeps = true,
    .split_senseless = "pieces are put together by the http room",
    .attempts = contract_http_attempts,
};

int main(void)
{
    return contract_run(&driver);
}
