/*
 * atom_world: the Atom adapter in a world of its own, on the virtual clock, against a feed in
 * memory.
 */
#ifndef CAPRELAY_TESTS_SUPPORT_ATOM_WORLD_H
#define CAPRELAY_TESTS_SUPPORT_ATOM_WORLD_H

#include "tests/support/adapter_world.h"
#include "tests/support/fake_atom.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)SECOND)
#define INCIDENT "<category scheme='masas:category:status' term='Actual'/>"
#define HUB ", hub: operations, secret_file: secret"

static struct world world;

static inline void write_secret(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/secret", world.folder);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) == EOF || fclose(file) != 0 || chmod(path, 0600) != 0)
        abort();
}

static inline void start_with(const char *more)
{
    char text[900];
    snprintf(text, sizeof text,
             "sources:\n - {name: feed, adapter: atom, url: 'https://hub.example/feed'%s}\n", more);
    world_start(&world, text);
}

static inline int setup(void **state)
{
    (void)state;
    world_init(&world);
    fake_atom_open(world.loop);
    write_secret("dh4nhz\n");
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    world_fini(&world);
    fake_atom_clear();
    return 0;
}

static inline int times(const char *text)
{
    int count = 0;
    for (size_t i = 0; i < world.port.count; i++)
        count += slice_find(world.port.items[i].bytes, text) >= 0;
    return count;
}

static inline struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static inline void run(int64_t us)
{
    world_run(&world, us);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, SECOND);
}

#define ATOM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
