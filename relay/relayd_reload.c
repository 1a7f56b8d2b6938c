/*
 * SIGHUP: the configuration is read again, checked whole, and takes effect whole, or the old one
 * stays.
 */
#include "relayd_house.h"

#include "log/log.h"
#include "relayd_policy.h"
#include "relayd_service.h"

#include <stdlib.h>
#include <string.h>

/* What only a restart changes. */
enum frozen_type { FROZEN_TEXT, FROZEN_INT, FROZEN_INT64, FROZEN_NUMBER };
#define FROZEN(name, member, type)                                                                 \
    {                                                                                              \
        name, offsetof(struct relay_conf, member), type                                            \
    }
static const struct {
    const char *name;
    size_t offset;
    enum frozen_type type;
} frozen[] = {
    FROZEN("relay.name", relay.name, FROZEN_TEXT),
    FROZEN("relay.sender", relay.sender, FROZEN_TEXT),
    FROZEN("state_dir", state_dir, FROZEN_TEXT),
    FROZEN("journal.path", journal.path, FROZEN_TEXT),
    FROZEN("journal.free_min", journal.free_min_bytes, FROZEN_INT64),
    FROZEN("journal.group_max", journal.group_max, FROZEN_INT64),
    FROZEN("journal.queue_max", journal.queue_max, FROZEN_INT64),
    FROZEN("boundaries", boundaries, FROZEN_TEXT),
    FROZEN("border.sliver_share", border.sliver_share, FROZEN_NUMBER),
    FROZEN("in_force.default_hours", in_force.default_hours, FROZEN_INT64),
    FROZEN("keys.actual", keys.actual, FROZEN_TEXT),
    FROZEN("keys.exercise", keys.exercise, FROZEN_TEXT),
    FROZEN("keys.curve", keys.curve, FROZEN_TEXT),
    FROZEN("listen.feed", listen.feed, FROZEN_TEXT),
    FROZEN("listen.query", listen.query, FROZEN_TEXT),
    FROZEN("listen.inject", listen.inject, FROZEN_TEXT),
    FROZEN("access.mode", access.mode, FROZEN_INT),
    FROZEN("publish.compress", publish.compress, FROZEN_INT),
    FROZEN("publish.inline_max", publish.inline_max_bytes, FROZEN_INT64),
    FROZEN("publish.high_water_mark", publish.high_water_mark, FROZEN_INT64),
    FROZEN("publish.in_flight_max", publish.in_flight_max_bytes, FROZEN_INT64),
    FROZEN("publish.backlog", publish.backlog, FROZEN_INT64),
    FROZEN("publish.io_threads", publish.io_threads, FROZEN_INT64),
    FROZEN("publish.heartbeat", publish.heartbeat_us, FROZEN_INT64),
    FROZEN("publish.answer_max", publish.answer_max_bytes, FROZEN_INT64),
};

static bool frozen_same(const void *a, const void *b, enum frozen_type type)
{
    switch (type) {
    case FROZEN_TEXT:
        return slice_eq(*(const struct slice *)a, *(const struct slice *)b);
    case FROZEN_INT:
        return *(const int *)a == *(const int *)b;
    case FROZEN_INT64:
        return *(const int64_t *)a == *(const int64_t *)b;
    case FROZEN_NUMBER:
        return memcmp(a, b, sizeof(double)) == 0;
    }
    return false;
}

static void tell_frozen(const struct relay_conf *running, const struct relay_conf *wanted)
{
    for (size_t i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++)
        if (!frozen_same((const char *)running + frozen[i].offset,
                         (const char *)wanted + frozen[i].offset, frozen[i].type))
            log_write(LOG_LEVEL_WARNING, "reload.needs-restart",
                      "key=%s text=\"the change takes effect with the next start\"",
                      frozen[i].name);
}

/* Everything that can fail, before anything is changed; sources and outlets, which were checked by
 * then, are the last of it. */
static enum err_code reload_check(struct house *house, const struct relay_conf **conf,
                                  struct relayd_key_list *list, struct err *err)
{
    enum err_code code = relay_conf_load(house->config_path, conf, err);

    if (!code)
        code = hosts_check(*conf, err);
    if (!code)
        code = outlets_check(*conf, err);
    if (!code)
        code = relayd_key_list_load(*conf, &house->keys, loop_clock(house->loop), list, err);
    if (!code)
        code = hosts_reload(house->hosts, *conf, err);
    if (!code)
        code = outlets_reload(house->outlets, *conf, err);
    return code;
}

static void reload_apply(struct house *house, const struct relay_conf *conf,
                         struct relayd_key_list *list)
{
    struct route_policy *policy = relayd_policy_create(conf);
    struct access_client *clients = relayd_clients_create(conf);

    tell_frozen(house->first_conf, conf);
    intake_set_policy(house->intake, policy);
    relayd_policy_destroy(house->policy);
    house->policy = policy;
    access_set_allowed(house->access, conf->access.any, clients, conf->access.key_count);
    free(clients);
    beats_set_interval(house->beats, conf->publish.beat_interval_us);
    log_set_level((enum log_level)conf->log.level);

    relayd_key_list_fini(&house->key_list);
    house->key_list = *list;
    relayd_view_set_keys(&house->view, &house->keys, &house->key_list);
    house->view.conf = conf;
    relay_conf_release(house->conf);
    house->conf = conf;
    hosts_tell_pins(house->hosts, clock_now_us(loop_clock(house->loop)));
}

void house_reload(struct house *house)
{
    const struct relay_conf *conf = NULL;
    struct relayd_key_list list = {0};
    struct err err = {0};

    service_reloading();
    if (reload_check(house, &conf, &list, &err)) {
        log_write(LOG_LEVEL_ERROR, "reload.refused",
                  "error=%s text=\"the configuration before stays\"",
                  log_quote_cstr(err.text).text);
        relayd_key_list_fini(&list);
        relay_conf_release(conf);
    } else {
        reload_apply(house, conf, &list);
        log_write(LOG_LEVEL_NOTICE, "reload.done",
                  "file=%s rules=%zu sources=%zu authorities=%zu outlets=%zu",
                  log_quote_cstr(house->config_path).text, conf->rules.count, conf->sources.count,
                  conf->authorities.count, conf->outlets.count);
    }
    service_ready();
}
