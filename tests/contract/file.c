#include "tests/contract/suite.h"

static void open_folder(struct world *world)
{
    world_mkdir(world, "in");
}

static void close_folder(struct world *world)
{
    (void)world;
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: inbox, adapter: file, folder: in}\n");
}

static void offer(struct world *world, int i, const char *text)
{
    char name[40];
    snprintf(name, sizeof name, "in/%02d.xml", i);
    world_put(world, name, text);
}

static void offer_oversized(struct world *world)
{
    world_put(world, "big.xml", "<alert");
    char from[PATH_MAX];
    strcpy(from, world_path(world, "big.xml"));
    if (truncate(from, 8 * 1024 * 1024 + 1) != 0 ||
        rename(from, world_path(world, "in/big.xml")) != 0)
        abort();
}

/* Whoever copies by a temporary name died. */
static void offer_half(struct world *world)
{
    world_put(world, "in/half.xml.part", "<alert");
}

static const struct contract_driver driver = {
    .name = "file",
    .open = open_folder,
    .close = close_folder,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .remembers = true,
    .patience_us = 40 * SECOND,
};

int main(void)
{
    return contract_run(&driver);
}
