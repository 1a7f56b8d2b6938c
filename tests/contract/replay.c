#include "tests/contract/suite.h"

static void open_folder(struct world *world)
{
    world_mkdir(world, "storm");
}

static void close_folder(struct world *world)
{
    (void)world;
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: drill, adapter: replay, path: storm, run: r1,"
                       " speed: 10, announce: false}\n");
}

static void offer(struct world *world, int i, const char *text)
{
    char name[40];
    snprintf(name, sizeof name, "storm/%02d.xml", i);
    world_put(world, name, text);
}

static void offer_oversized(struct world *world)
{
    world_put(world, "storm/big.xml", "<alert");
    if (truncate(world_path(world, "storm/big.xml"), 8 * 1024 * 1024 + 1) != 0)
        abort();
}

static void offer_half(struct world *world)
{
    world_put(world, "storm/half.xml",
              "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>H");
}

static const struct contract_driver driver = {
    .name = "replay",
    .open = open_folder,
    .close = close_folder,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .before_start = true,
    .remembers = true,
    .patience_us = 10 * SECOND,
    .senseless = {[CONTRACT_REFUSED] = "a recording is read before it plays",
                  [CONTRACT_SLOW] = "a recording is read before it plays",
                  [CONTRACT_STALLED] = "a recording is read before it plays",
                  [CONTRACT_TLS] = "a recording has no certificate",
                  [CONTRACT_DNS] = "a recording has no host name"},
    .split_senseless = "a recording is read before it plays",
    .withhold_senseless = "a recording is read before it plays",
};

int main(void)
{
    return contract_run(&driver);
}
