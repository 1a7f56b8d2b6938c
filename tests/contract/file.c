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
    snprintf(name, sizeof name, "%s/%02d.xml", world_has(world, "in") ? "in" : "gone", i);
    world_put(world, name, text);
}

/* Written in place, by somebody in no hurry. */
static void offer_split(struct world *world, int i, const char *text)
{
    char name[40];
    snprintf(name, sizeof name, "in/%02d.xml", i);
    FILE *file = fopen(world_path(world, name), "w");
    if (!file)
        abort();
    for (size_t at = 0, len = strlen(text); at < len;) {
        size_t piece = contract_piece(len - at);
        if (fwrite(text + at, 1, piece, file) != piece || fflush(file) != 0)
            abort();
        at += piece;
        world_age(world, name, 0);
        world_run(world, SECOND / 10);
    }
    if (fclose(file) != 0)
        abort();
}

static void move(struct world *world, const char *from, const char *to)
{
    char old[PATH_MAX];
    strcpy(old, world_path(world, from));
    if (rename(old, world_path(world, to)) != 0)
        abort();
}

/* The folder is unmounted, and mounted again. */
static void fault(struct world *world, enum contract_fault what)
{
    if (what == CONTRACT_REFUSED)
        move(world, "in", "gone");
    else if (what == CONTRACT_WELL && world_has(world, "gone"))
        move(world, "gone", "in");
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
    .fault = fault,
    .senseless = {[CONTRACT_SLOW] = "a folder answers at once",
                  [CONTRACT_STALLED] = "a folder answers at once",
                  [CONTRACT_TLS] = "a folder has no certificate",
                  [CONTRACT_DNS] = "a folder has no host name"},
    .keeps = true,
    .offer_split = offer_split,
    .withhold_senseless = "whoever still writes a file is in unit.adapters.file",
};

int main(void)
{
    return contract_run(&driver);
}
