/*
 * adapter_world: a host with sources from a text, on the fake loop and the fake port, with a folder
 * of its own.
 */
#ifndef CAPRELAY_TESTS_ADAPTER_WORLD_H
#define CAPRELAY_TESTS_ADAPTER_WORLD_H

#include "tests/support/fake_loop.h"
#include "tests/support/fake_port.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECOND = 1000000 };

struct world {
    char folder[64];
    struct loop *loop;
    struct fake_port port;
    const struct relay_conf *conf;
    struct hosts *hosts;
    char log[65536];
};

static inline void world_log(void *context, enum log_level level, const char *line)
{
    struct world *world = context;
    (void)level;
    size_t len = strlen(world->log);
    snprintf(world->log + len, sizeof world->log - len, "%s\n", line);
}

static inline void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    strcpy(world->folder, "/tmp/caprelay-test-XXXXXX");
    if (!mkdtemp(world->folder) || loop_create(&world->loop, NULL) != OK)
        abort();
    fake_port_init(&world->port);
    log_set_sink(world_log, world);
    log_set_level(LOG_LEVEL_DEBUG);
}

static inline const struct relay_conf *world_conf(struct world *world, const char *sources)
{
    char text[16384];
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    snprintf(text, sizeof text, "keys: {actual: a, exercise: e}\naccess: {mode: plain}\n%s",
             sources);
    char path[128];
    snprintf(path, sizeof path, "%s/caprelay.yaml", world->folder);
    if (relay_conf_parse(path, slice_from_cstr(text), &conf, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return conf;
}

#define WORLD_LISTEN "listen: {feed: 'inproc://f', query: 'inproc://q'}\n"

/* Makes the hosts from YAML (listen and sources) and starts them; nothing has run yet. */
static inline void world_start_with(struct world *world, const char *text,
                                    struct hosts_options options)
{
    struct err err = {0};
    world->conf = world_conf(world, text);
    options.loop = world->loop;
    options.port = fake_port_of(&world->port);
    options.relay_name = SLICE("test");
    if (hosts_create(&options, world->conf, &world->hosts, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    world->port.hosts = world->hosts;
    hosts_start(world->hosts);
}

static inline void world_start(struct world *world, const char *sources)
{
    char text[8192];
    snprintf(text, sizeof text, WORLD_LISTEN "%s", sources);
    world_start_with(world, text, (struct hosts_options){0});
}

/* The end of a process; what has not settled is lost with it, marks and all. */
static inline void world_stop(struct world *world)
{
    hosts_stop(world->hosts);
    fake_loop_run(world->loop, 0);
    hosts_destroy(world->hosts);
    relay_conf_release(world->conf);
    world->hosts = NULL;
    world->conf = NULL;
    world->port.count = world->port.settled = 0;
    world->log[0] = '\0';
}

static inline void world_fini(struct world *world)
{
    char command[256];
    if (world->hosts)
        world_stop(world);
    loop_destroy(world->loop);
    fake_port_fini(&world->port);
    log_set_sink(NULL, NULL);
    snprintf(command, sizeof command, "chmod -R u+rwX %s; rm -rf %s", world->folder, world->folder);
    if (system(command) != 0)
        abort();
}

static inline void world_run(struct world *world, int64_t us)
{
    fake_loop_run(world->loop, us);
}

/* --- files --- */

static inline char *world_path(struct world *world, const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    return path;
}

static inline void world_put(struct world *world, const char *name, const char *text)
{
    FILE *file = fopen(world_path(world, name), "w");
    if (!file || fputs(text, file) == EOF || fclose(file) != 0)
        abort();
}

static inline void world_mkdir(struct world *world, const char *name)
{
    if (mkdir(world_path(world, name), 0755) != 0)
        abort();
}

/* As if it had been written so many seconds before now (of the virtual clock). */
static inline void world_age(struct world *world, const char *name, int seconds)
{
    struct timespec times[2] = {{.tv_sec = world->loop->now_us / SECOND - seconds}};
    times[1] = times[0];
    if (utimensat(AT_FDCWD, world_path(world, name), times, 0) != 0)
        abort();
}

static inline void world_put_old(struct world *world, const char *name, const char *text,
                                 int seconds)
{
    world_put(world, name, text);
    world_age(world, name, seconds);
}

static inline bool world_has(struct world *world, const char *name)
{
    return access(world_path(world, name), F_OK) == 0;
}

static inline bool world_logged(const struct world *world, const char *text)
{
    return strstr(world->log, text) != NULL;
}

#endif
