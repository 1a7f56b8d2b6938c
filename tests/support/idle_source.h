/*
 * idle_source: a source that does nothing, for tests of a part of an adapter that needs a host. To
 * be included once in a test's program: the registry is this file's, with nothing else in it.
 */
#ifndef CAPRELAY_TESTS_IDLE_SOURCE_H
#define CAPRELAY_TESTS_IDLE_SOURCE_H

#include "adapters/adapter.h"

#define IDLE_SOURCE "sources:\n - {name: idle, adapter: idle}\n"

/* Once it is configured. */
static struct host *idle_host;

static enum err_code idle_init(void *instance, struct host *host, struct err *err)
{
    (void)instance;
    (void)err;
    idle_host = host;
    return OK;
}

static enum err_code idle_start(void *instance, struct err *err)
{
    (void)instance;
    (void)err;
    return OK;
}

static void idle_rest(void *instance)
{
    (void)instance;
}

static const struct conf_row idle_options[] = {{.type = CONF_END}};
static const struct adapter_ops idle_ops = {.name = "idle",
                                            .summary = "does nothing",
                                            .api_version = ADAPTER_API_VERSION,
                                            .options = idle_options,
                                            .init = idle_init,
                                            .start = idle_start,
                                            .stop = idle_rest,
                                            .fini = idle_rest};
const struct adapter_ops *const adapter_registry[] = {&idle_ops, NULL};

const struct adapter_ops *adapter_find(struct slice name)
{
    return slice_eq_cstr(name, idle_ops.name) ? &idle_ops : NULL;
}

#endif
