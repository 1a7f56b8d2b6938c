/* All sources of a configuration. */
#include "adapters/host_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the port onto the relay --- */

static void relay_deliver(void *context, const struct intake_delivery *delivery)
{
    struct host_relay *relay = context;
    intake_deliver(relay->intake, delivery);
}

static bool relay_full(void *context)
{
    struct host_relay *relay = context;
    return journal_full(relay->journal);
}

static enum err_code relay_mark(void *context, struct arena *arena, struct slice source,
                                struct slice key, struct slice *value, struct err *err)
{
    struct host_relay *relay = context;
    return journal_mark(relay->journal, arena, source, key, value, err);
}

static void relay_set_mark(void *context, struct slice source, struct slice key, struct slice value)
{
    struct host_relay *relay = context;
    journal_set_mark(relay->journal, source, key, value);
}

static bool relay_knows(void *context, const struct cap_reference *reference)
{
    struct host_relay *relay = context;
    return intake_knows(relay->intake, reference);
}

static bool relay_has_signed(void *context, struct slice identifier)
{
    struct host_relay *relay = context;
    return intake_has_signed(relay->intake, identifier);
}

static enum err_code relay_receipt(void *context, struct arena *arena, struct slice authority,
                                   const struct digest *digest, struct slice *out, struct err *err)
{
    struct host_relay *relay = context;
    return journal_find_receipt(relay->journal, arena, authority, digest, out, err);
}

static bool relay_guard(void *context, const struct digest *digest)
{
    struct host_relay *relay = context;
    if (journal_crashes(relay->journal, digest) >= JOURNAL_CRASHES_MAX)
        return false;
    journal_guard(relay->journal, digest);
    return true;
}

static void relay_unguard(void *context)
{
    struct host_relay *relay = context;
    journal_unguard(relay->journal);
}

struct host_port host_port_relay(struct host_relay *relay)
{
    return (struct host_port){.deliver = relay_deliver,
                              .full = relay_full,
                              .mark = relay_mark,
                              .set_mark = relay_set_mark,
                              .knows = relay_knows,
                              .has_signed = relay_has_signed,
                              .receipt = relay_receipt,
                              .guard = relay_guard,
                              .unguard = relay_unguard,
                              .context = relay};
}

/* --- making them --- */

static bool same_http_needs(const struct relay_conf *a, const struct relay_conf *b)
{
    return slice_eq(a->inject_http.certificate, b->inject_http.certificate) &&
           slice_eq(a->inject_http.key, b->inject_http.key) &&
           a->inject_http.connections == b->inject_http.connections;
}

/* The doors for authorities: `listen` opens them, not a source. */
static const struct door {
    const char *adapter, *opened_by;
    size_t endpoint; /* of a struct slice in the configuration; absent: the door is shut */
    bool (*same_needs)(const struct relay_conf *a, const struct relay_conf *b); /* NULL: none */
} doors[] = {
    {"inject", "listen.inject", offsetof(struct relay_conf, listen.inject), NULL},
    {"inject-http", "listen.inject_http", offsetof(struct relay_conf, listen.inject_http),
     same_http_needs},
};
enum { DOOR_COUNT = sizeof doors / sizeof *doors };

static const struct door *find_door(const char *adapter)
{
    for (size_t i = 0; i < DOOR_COUNT; i++)
        if (strcmp(doors[i].adapter, adapter) == 0)
            return &doors[i];
    return NULL;
}

static struct slice door_endpoint(const struct door *door, const struct relay_conf *conf)
{
    return *(const struct slice *)(const void *)((const char *)conf + door->endpoint);
}

static const struct adapter_ops *find_adapter(const struct relay_conf_source *source,
                                              struct err *err)
{
    const struct adapter_ops *ops = adapter_find(source->adapter);
    const struct door *door = ops ? find_door(ops->name) : NULL;
    if (ops && !door)
        return ops;
    if (ops) {
        conf_fail(source->node, "adapter", err, "injection is opened by %s, not here",
                  door->opened_by);
        return NULL;
    }
    char names[200] = "";
    for (size_t i = 0, len = 0; adapter_registry[i] && len < sizeof names; i++)
        if (!find_door(adapter_registry[i]->name))
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "",
                                    adapter_registry[i]->name);
    conf_fail(source->node, "adapter", err, "there is no adapter `%s`; one of %s",
              source->adapter.ptr, names);
    return NULL;
}

static void append_host(struct hosts *hosts, struct host *host)
{
    struct host **end = &hosts->first;
    while (*end)
        end = &(*end)->next;
    *end = host;
}

static enum err_code check_source(struct hosts *hosts, const struct relay_conf_source *source,
                                  conf_pem_fn pem, struct err *err)
{
    if (!source->node || !source->name.ptr || !source->adapter.ptr)
        return ERR_INVALID; /* told when it was read */
    const struct adapter_ops *ops = find_adapter(source, err);
    return ops ? host_check(hosts, ops, source, pem, err) : ERR_INVALID;
}

static enum err_code check_door(struct hosts *hosts, const struct door *door, conf_pem_fn pem,
                                struct err *err)
{
    const struct adapter_ops *ops = adapter_find(slice_from_cstr(door->adapter));
    struct err inner = {0};
    if (!door_endpoint(door, hosts->conf).ptr)
        return OK;
    if (!ops)
        return conf_fail(hosts->conf->root, door->opened_by, err,
                         "this relay was built without it; leave the key out");
    if (host_check(hosts, ops, NULL, pem, &inner) == OK)
        return OK;
    return conf_fail(hosts->conf->root, door->opened_by, err, "%s", inner.text);
}

static enum err_code add_source(struct hosts *hosts, const struct relay_conf_source *source,
                                struct err *err)
{
    struct host *host = NULL;
    const struct adapter_ops *ops = find_adapter(source, err);
    enum err_code code = ops ? host_create(hosts, ops, source, &host, err) : ERR_INVALID;
    if (code == OK)
        append_host(hosts, host);
    return code;
}

static enum err_code add_door(struct hosts *hosts, const struct door *door, struct err *err)
{
    struct host *host = NULL;
    const struct adapter_ops *ops = adapter_find(slice_from_cstr(door->adapter));
    if (!door_endpoint(door, hosts->conf).ptr)
        return OK;
    if (!ops)
        return err_set(err, ERR_STATE, "%s: this relay was built without it", door->opened_by);
    enum err_code code = host_create(hosts, ops, NULL, &host, err);
    if (code == OK)
        append_host(hosts, host);
    return code;
}

static void add_authorities(struct hosts *hosts)
{
    const struct relay_conf *conf = hosts->conf;
    struct host_authorities *set = mem_alloc(sizeof *set);
    set->conf = relay_conf_hold(conf);
    set->items = mem_alloc_array(conf->authorities.count, sizeof *set->items);
    set->next = hosts->authorities;
    hosts->authorities = set;
    for (size_t i = 0; i < conf->authorities.count; i++) {
        const struct relay_conf_authority *a = relay_conf_authority_at(conf, i);
        set->items[i].source = (struct intake_source){
            .name = SLICE("inject"), .country = (enum side)a->country, .class = CLASS_ACTUAL};
        set->items[i].grants =
            (struct intake_grants){.authority = a->name,
                                   .actual = a->classes & 1u << CONF_CLASS_ACTUAL,
                                   .exercise = a->classes & 1u << CONF_CLASS_EXERCISE,
                                   .regions = a->regions.items,
                                   .region_count = a->regions.count,
                                   .events = a->events.items,
                                   .event_count = a->events.count};
    }
}

const struct host_authority *hosts_authority(struct hosts *hosts,
                                             const struct relay_conf_authority *authority)
{
    const struct relay_conf_authority *all = hosts->authorities->conf->authorities.items;
    return &hosts->authorities->items[authority - all];
}

static void pulse(void *context)
{
    hosts_pulse(context);
}

enum err_code hosts_create(const struct hosts_options *options, const struct relay_conf *conf,
                           struct hosts **out, struct err *err)
{
    struct hosts *hosts = mem_alloc(sizeof *hosts);
    *out = NULL;
    hosts->options = *options;
    hosts->conf = relay_conf_hold(conf);
    if (options->loop)
        hosts->pulse = loop_timer_create(options->loop, pulse, hosts);
    add_authorities(hosts);
    enum err_code code = OK;
    for (size_t i = 0; code == OK && i < conf->sources.count; i++)
        code = add_source(hosts, relay_conf_source_at(conf, i), err);
    for (size_t i = 0; code == OK && i < DOOR_COUNT; i++)
        code = add_door(hosts, &doors[i], err);
    if (code != OK) {
        hosts_destroy(hosts);
        return code;
    }
    *out = hosts;
    return OK;
}

enum err_code hosts_check_files(const struct relay_conf *conf, conf_pem_fn pem, struct err *err)
{
    struct hosts *hosts = mem_alloc(sizeof *hosts);
    enum err_code code = OK;
    hosts->conf = relay_conf_hold(conf);
    for (size_t i = 0; i < conf->sources.count; i++) {
        enum err_code one =
            check_source(hosts, relay_conf_source_at(conf, i), pem, code ? NULL : err);
        code = code ? code : one;
    }
    for (size_t i = 0; i < DOOR_COUNT; i++) {
        enum err_code one = check_door(hosts, &doors[i], pem, code ? NULL : err);
        code = code ? code : one;
    }
    hosts_destroy(hosts);
    return code;
}

enum err_code hosts_check(const struct relay_conf *conf, struct err *err)
{
    return hosts_check_files(conf, NULL, err);
}

void hosts_set_port(struct hosts *hosts, const struct host_port *port)
{
    hosts->options.port = *port;
}

void hosts_destroy(struct hosts *hosts)
{
    if (!hosts)
        return;
    while (hosts->first) {
        struct host *host = hosts->first;
        hosts->first = host->next;
        if (host->retry)
            host_stop(host);
        host_destroy(host);
    }
    while (hosts->authorities) {
        struct host_authorities *set = hosts->authorities;
        hosts->authorities = set->next;
        relay_conf_release(set->conf);
        free(set->items);
        free(set);
    }
    while (hosts->kept) {
        struct kept_source *kept = hosts->kept;
        hosts->kept = kept->next;
        origin_trust_destroy(kept->trust);
        free(kept);
    }
    loop_timer_destroy(hosts->pulse);
    parser_destroy(hosts->parser);
    relay_conf_release(hosts->conf);
    free(hosts);
}

/* --- running them --- */

void hosts_start(struct hosts *hosts)
{
    hosts->started = true;
    for (struct host *host = hosts->first; host; host = host->next)
        host_start(host);
}

void hosts_stop(struct hosts *hosts)
{
    hosts->started = false;
    for (struct host *host = hosts->first; host; host = host->next)
        host_stop(host);
}

void hosts_pause_all(struct hosts *hosts)
{
    if (hosts->paused)
        return;
    hosts->paused = true;
    log_write(LOG_LEVEL_WARNING, "sources.paused", "reason=%s",
              log_quote_cstr("the journal's queue is full").text);
    for (struct host *host = hosts->first; host; host = host->next)
        host_pause(host);
}

static void reap_retired(struct hosts *hosts)
{
    for (struct host **place = &hosts->first; *place;) {
        struct host *host = *place;
        if (host->retired && host->in_flight == 0 && !host->waiting) {
            *place = host->next;
            host_destroy(host);
        } else {
            place = &host->next;
        }
    }
}

void hosts_pulse(struct hosts *hosts)
{
    const struct host_port *port = &hosts->options.port;
    if (hosts->paused && !port->full(port->context)) {
        hosts->paused = false;
        log_write(LOG_LEVEL_NOTICE, "sources.resumed", "reason=%s",
                  log_quote_cstr("the journal has room again").text);
        for (struct host *host = hosts->first; host && !hosts->paused; host = host->next)
            host_resume(host);
    }
    reap_retired(hosts);
}

/* --- a new configuration --- */

static bool door_unchanged(const struct door *door, const struct relay_conf *a,
                           const struct relay_conf *b)
{
    return slice_eq(door_endpoint(door, a), door_endpoint(door, b)) &&
           (!door->same_needs || door->same_needs(a, b));
}

static bool unchanged_in(const struct host *host, const struct relay_conf *conf)
{
    if (host->retired)
        return false;
    if (!host->conf_source)
        return door_unchanged(find_door(host->ops->name), host->conf, conf);
    for (size_t i = 0; i < conf->sources.count; i++) {
        const struct relay_conf_source *source = relay_conf_source_at(conf, i);
        if (slice_eq(source->name, host->conf_source->name))
            return digest_eq(&source->digest, &host->conf_source->digest) &&
                   !host_files_changed(host);
    }
    return false;
}

/* `source` is NULL for a door. */
static bool runs_already(const struct hosts *hosts, const struct relay_conf_source *source,
                         const char *adapter)
{
    for (const struct host *host = hosts->first; host; host = host->next)
        if (!host->retired && !host->conf_source == !source &&
            (source ? slice_eq(source->name, host->conf_source->name)
                    : strcmp(host->ops->name, adapter) == 0))
            return true;
    return false;
}

enum err_code hosts_reload(struct hosts *hosts, const struct relay_conf *conf, struct err *err)
{
    enum err_code code = hosts_check(conf, err);
    if (code != OK)
        return code;
    relay_conf_hold(conf);
    relay_conf_release(hosts->conf);
    hosts->conf = conf;
    add_authorities(hosts);
    for (struct host *host = hosts->first; host; host = host->next)
        if (!unchanged_in(host, conf)) {
            if (!host->retired && host_files_changed(host))
                host_log(host, LOG_LEVEL_NOTICE, "source.files",
                         "text=\"a file that it names was changed: it begins anew\"");
            host_stop(host);
            host->retired = true;
        }
    reap_retired(hosts);
    /* Checked above; a failure from here on would be one of this moment and goes to the caller. */
    for (size_t i = 0; code == OK && i < conf->sources.count; i++)
        if (!runs_already(hosts, relay_conf_source_at(conf, i), NULL))
            code = add_source(hosts, relay_conf_source_at(conf, i), err);
    for (size_t i = 0; code == OK && i < DOOR_COUNT; i++)
        if (!runs_already(hosts, NULL, doors[i].adapter))
            code = add_door(hosts, &doors[i], err);
    if (hosts->started)
        hosts_start(hosts);
    return code;
}

/* --- for beats and status --- */

size_t hosts_count(const struct hosts *hosts)
{
    size_t count = 0;
    for (const struct host *host = hosts->first; host; host = host->next)
        count += !host->retired;
    return count;
}

static enum alert_class injected_class(const struct relay_conf *conf)
{
    for (size_t i = 0; i < conf->authorities.count; i++)
        if (relay_conf_authority_at(conf, i)->classes & 1u << CONF_CLASS_ACTUAL)
            return CLASS_ACTUAL;
    return CLASS_EXERCISE;
}

struct source_status hosts_status(const struct hosts *hosts, size_t index)
{
    const struct host *host = hosts->first;
    for (; host; host = host->next)
        if (!host->retired && index-- == 0)
            break;
    if (!host)
        return (struct source_status){0};
    struct source_status status = host->counts;
    status.name = host->source->name;
    status.adapter = slice_from_cstr(host->ops->name);
    status.class = host->conf_source ? host->source->class : injected_class(hosts->conf);
    status.state = host->state_known ? host->state : SOURCE_CONNECTING;
    status.reason = slice_from_cstr(host->reason);
    status.since_us = host->since_us;
    status.paused = host->paused || host->held_back;
    status.has_lag = lag_median(&host->lag, &status.lag_us);
    status.in_flight = host->in_flight + host->waiting_count;
    if (hosts->options.loop)
        host_trust_status(host, clock_now_us(loop_clock(hosts->options.loop)), &status);
    return status;
}

const struct origin_trust *hosts_trust(void *context, struct slice source)
{
    const struct hosts *hosts = context;
    for (const struct host *host = hosts->first; host; host = host->next)
        if (!host->retired && slice_eq(host->source->name, source))
            return host->source->trust;
    return NULL;
}

void hosts_reference(struct buf *out)
{
    for (size_t i = 0; adapter_registry[i]; i++) {
        const struct adapter_ops *ops = adapter_registry[i];
        if (!ops->options || ops->options[0].type == CONF_END)
            continue;
        char title[300];
        snprintf(title, sizeof title, "sources[] with `adapter: %s`: %s", ops->name, ops->summary);
        conf_reference_rows(out, title, ops->options);
    }
}
