/* One source: its instance, its state, its starts and stops. */
#include "adapters/backoff.h"
#include "adapters/exercise.h"
#include "adapters/host_internal.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* conf knows no other room; its numbers must be those of the alert model. */
_Static_assert((int)CONF_SIDE_CA == (int)SIDE_CA && (int)CONF_SIDE_US == (int)SIDE_US &&
                   (int)CONF_SIDE_NONE == (int)SIDE_NONE,
               "sides");
_Static_assert((int)CONF_CLASS_ACTUAL == (int)CLASS_ACTUAL &&
                   (int)CONF_CLASS_EXERCISE == (int)CLASS_EXERCISE,
               "classes");
_Static_assert(STATUS_ACTUAL == 1 && STATUS_EXERCISE == 2 && STATUS_TEST == 4, "statuses");
_Static_assert(SEVERITY_EXTREME == 1 && SEVERITY_UNKNOWN == 5, "severities");

const char *source_state_name(enum source_state state)
{
    static const char *const names[] = {"connecting", "live", "degraded", "down"};
    return state <= SOURCE_DOWN ? names[state] : "unknown";
}

/* --- what the adapter may ask for --- */

struct loop *host_loop(struct host *host)
{
    return host->hosts->options.loop;
}

int64_t host_now_us(struct host *host)
{
    return clock_now_us(loop_clock(host_loop(host)));
}

int64_t host_monotonic_us(struct host *host)
{
    return loop_monotonic_us(host_loop(host));
}

struct slice host_name(struct host *host)
{
    return host->source->name;
}

struct slice host_relay_name(struct host *host)
{
    return host->hosts->options.relay_name;
}

uint64_t host_seed(struct host *host)
{
    return backoff_seed(host_relay_name(host), host_name(host), host_now_us(host));
}

enum side host_country(struct host *host)
{
    return host->source->country;
}

enum alert_class host_class(struct host *host)
{
    return host->source->class;
}

const struct relay_conf *host_conf(struct host *host)
{
    return host->hosts->conf;
}

const struct hosts_options *host_options(struct host *host)
{
    return &host->hosts->options;
}

void host_log(struct host *host, enum log_level level, const char *event, const char *format, ...)
{
    char pairs[LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(pairs, sizeof pairs, format, args);
    va_end(args);
    log_write(level, event, "source=%s %s", host->source->name.ptr, pairs);
}

static enum log_level state_level(enum source_state state)
{
    return state == SOURCE_CONNECTING ? LOG_LEVEL_INFO
           : state == SOURCE_LIVE     ? LOG_LEVEL_NOTICE
                                      : LOG_LEVEL_WARNING;
}

static void set_state(struct host *host, enum source_state state, const char *reason)
{
    if (host->state_known && host->state == state && strcmp(host->reason, reason) == 0)
        return;
    if (!host->state_known || host->state != state)
        host->since_us = host_now_us(host);
    host->state_known = true;
    host->state = state;
    snprintf(host->reason, sizeof host->reason, "%s", reason);
    host_log(host, state_level(state), "source.state", "state=%s reason=%s",
             source_state_name(state), log_quote_cstr(host->reason).text);
}

void host_state(struct host *host, enum source_state state, const char *reason_format, ...)
{
    char reason[sizeof host->reason];
    va_list args;
    va_start(args, reason_format);
    vsnprintf(reason, sizeof reason, reason_format, args);
    va_end(args);
    set_state(host, state, reason);
}

bool host_mark(struct host *host, struct slice key, struct slice *value)
{
    const struct host_port *port = &host->hosts->options.port;
    struct err err = {0};
    arena_destroy(host->mark_arena);
    host->mark_arena = arena_create();
    enum err_code code =
        port->mark(port->context, host->mark_arena, host->source->name, key, value, &err);
    if (code != OK && code != ERR_NOT_FOUND)
        host_log(host, LOG_LEVEL_ERROR, "source.mark", "key=%s error=%s", log_quote(key).text,
                 log_quote_cstr(err.text).text);
    return code == OK;
}

/* Documents are stored in the order of their delivery, so the newest mark is the last to be stored.
 * After a reload the source's former self may still have some in flight; its own come later. */
bool host_mark_to_come(struct host *host, struct slice key, struct slice *value)
{
    const struct slice *newest = NULL;
    for (const struct host *one = host->hosts->first; one; one = one->next) {
        const struct slice *mark =
            slice_eq(one->source->name, host->source->name) ? host_mark_in_flight(one, key) : NULL;
        newest = mark ? mark : newest;
    }
    if (!newest)
        return host_mark(host, key, value);
    *value = *newest;
    return true;
}

void host_set_mark(struct host *host, struct slice key, struct slice value)
{
    const struct host_port *port = &host->hosts->options.port;
    port->set_mark(port->context, host->source->name, key, value);
}

struct cap_reference host_as_sent(struct host *host, const struct cap_reference *reference)
{
    struct cap_reference sent = *reference;
    if (host->rewrites)
        sent.identifier = exercise_as_sent(host->source->name, reference->identifier);
    return sent;
}

bool host_knows(struct host *host, const struct cap_reference *reference)
{
    const struct host_port *port = &host->hosts->options.port;
    struct arena *arena = arena_create();
    struct cap_reference known = *reference;
    if (host->rewrites)
        known.identifier = exercise_identifier(arena, host->source->name, reference->identifier);
    bool knows = port->knows(port->context, &known);
    arena_destroy(arena);
    return knows;
}

bool host_has_signed(struct host *host, struct slice identifier)
{
    const struct host_port *port = &host->hosts->options.port;
    return port->has_signed(port->context, identifier);
}

bool host_receipt(struct host *host, struct arena *arena, struct slice authority,
                  const struct digest *digest, struct slice *out)
{
    const struct host_port *port = &host->hosts->options.port;
    struct err err = {0};
    enum err_code code = port->receipt(port->context, arena, authority, digest, out, &err);
    if (code != OK && code != ERR_NOT_FOUND)
        host_log(host, LOG_LEVEL_ERROR, "inject.receipt", "error=%s",
                 log_quote_cstr(err.text).text);
    return code == OK;
}

/* --- start, retry, stop --- */

static void retry_later(struct host *host)
{
    if (host->retry_us == 0)
        host->retry_us = HOST_RETRY_FIRST_US;
    loop_timer_start(host->retry, host->retry_us);
    host->retry_us =
        host->retry_us * 2 < HOST_RETRY_MAX_US ? host->retry_us * 2 : HOST_RETRY_MAX_US;
}

void host_failed(struct host *host, const char *reason_format, ...)
{
    char reason[sizeof host->reason];
    va_list args;
    va_start(args, reason_format);
    vsnprintf(reason, sizeof reason, reason_format, args);
    va_end(args);
    set_state(host, SOURCE_DOWN, reason);
    /* One that ran for a while is not the same trouble again. */
    if (host_monotonic_us(host) - host->started_mono_us > HOST_RETRY_MAX_US)
        host->retry_us = 0;
    retry_later(host);
}

void host_start(struct host *host)
{
    if (host->running || host->retired)
        return;
    struct err err = {0};
    if (host->retry_us == 0)
        set_state(host, SOURCE_CONNECTING, "starting");
    if (host->ops->start(host->instance, &err) != OK) {
        host->ops->stop(host->instance);
        set_state(host, SOURCE_DOWN, err.text);
        retry_later(host);
        return;
    }
    host->running = true;
    host->started_mono_us = host_monotonic_us(host);
    if (host->hosts->paused)
        host_pause(host);
}

static void retry_now(void *context)
{
    struct host *host = context;
    if (host->running)
        host->ops->stop(host->instance);
    host->running = false;
    host->paused = false;
    host_start(host);
}

void host_stop(struct host *host)
{
    loop_timer_stop(host->retry);
    if (host->running)
        host->ops->stop(host->instance);
    host->running = false;
    host->paused = false;
}

void host_pause(struct host *host)
{
    if (!host->running || host->paused)
        return;
    host->paused = true;
    if (host->ops->pause)
        host->ops->pause(host->instance);
}

void host_resume(struct host *host)
{
    host_deliver_waiting(host);
    if (host->waiting)
        return;
    if (host->held_back) {
        host->held_back = false;
        host_start(host);
    } else if (host->paused) {
        host->paused = false;
        if (host->ops->resume)
            host->ops->resume(host->instance);
    }
}

/* --- life --- */

static struct kept_source *keep_source(struct hosts *hosts, struct slice name)
{
    struct kept_source *kept = mem_alloc(sizeof *kept);
    snprintf(kept->name, sizeof kept->name, "%.*s", SLICE_ARG(name));
    kept->source.name = slice_from_cstr(kept->name);
    kept->next = hosts->kept;
    hosts->kept = kept;
    return kept;
}

static enum err_code make_source(struct hosts *hosts, const struct adapter_ops *ops,
                                 const struct relay_conf_source *source,
                                 struct intake_source **made, struct err *err)
{
    struct kept_source *kept =
        keep_source(hosts, source ? source->name : slice_from_cstr(ops->name));
    struct intake_source *out = *made = &kept->source;
    out->class = CLASS_ACTUAL;
    if (source) {
        out->country = (enum side)source->country;
        out->country_else = (enum side)source->country_else;
        out->class = (enum alert_class)source->class_max;
    }
    if (ops->exercise_only)
        out->class = CLASS_EXERCISE;
    /* Whom to trust cannot be told from what was refused. */
    if (source && !conf_is_sound(source->node, "signature"))
        return ERR_INVALID;
    enum err_code code = host_trust_create(source, &kept->trust, err);
    out->trust = kept->trust;
    return code;
}

static enum err_code read_options(struct host *host, struct err *err)
{
    const struct relay_conf_source *source = host->conf_source;
    if (!source)
        return OK;
    if (host->ops->exercise_only && source->class_max == CONF_CLASS_ACTUAL &&
        conf_has(source->node, "class"))
        return conf_fail(source->node, "class", err,
                         "what the adapter %s delivers is never actual; leave the key out",
                         host->ops->name);
    return conf_read_rest(source->node, relay_conf_source_rows, host->ops->options, host->instance,
                          err);
}

/* Before they are read: what is written meanwhile then shows as changed. */
static struct digest files_of_options(const struct host *host)
{
    return conf_files_digest(host->ops->options, host->instance);
}

static struct digest files_of_source(const struct host *host)
{
    return conf_files_digest(host->conf_source ? relay_conf_source_rows : NULL, host->conf_source);
}

bool host_files_changed(const struct host *host)
{
    struct digest source = files_of_source(host), options = files_of_options(host);
    return !digest_eq(&source, &host->source_files) || !digest_eq(&options, &host->option_files);
}

/* What the adapter itself refuses, at its place. */
static enum err_code refused(const struct host *host, const struct err *inner, struct err *err)
{
    if (host->conf_source)
        return conf_place(host->conf_source->node, relay_conf_source_rows, host->ops->options,
                          inner, err);
    return err_set(err, inner->code, "%s: %s", host->ops->name, inner->text);
}

static enum err_code check_files(const struct host *host, conf_pem_fn pem, struct err *err)
{
    struct err inner = {0};
    enum err_code code = OK;
    if (host->conf_source) {
        code = host_trust_check(host, clock_now_us(&clock_system) / 1000000, err);
        enum err_code files = conf_files_check(host->conf_source->node, host->ops->options,
                                               host->instance, pem, code ? NULL : err);
        code = code ? code : files;
    }
    if (code == OK && host->initialised && host->ops->check &&
        host->ops->check(host->instance, &inner) != OK)
        code = refused(host, &inner, err);
    return code;
}

static enum err_code init_instance(struct host *host, struct err *err)
{
    struct err inner = {0};
    host->option_files = files_of_options(host);
    if (host->ops->init(host->instance, host, &inner) != OK)
        return refused(host, &inner, err);
    host->initialised = true;
    return OK;
}

/* With its options still to be read. `source_code`: what became of what every source has. */
static struct host *make_host(struct hosts *hosts, const struct adapter_ops *ops,
                              const struct relay_conf_source *source, enum err_code *source_code,
                              struct err *err)
{
    struct host *host = mem_alloc(sizeof *host);
    host->hosts = hosts;
    host->ops = ops;
    host->conf = relay_conf_hold(hosts->conf);
    host->conf_source = source;
    host->source_files = files_of_source(host);
    *source_code = make_source(hosts, ops, source, &host->source, err);
    host->rewrites = source && host->source->class == CLASS_EXERCISE && !ops->exercise_only;
    host->waiting_end = &host->waiting;
    host->instance = mem_alloc(ops->instance_size ? ops->instance_size : 1);
    if (hosts->options.loop)
        host->retry = loop_timer_create(hosts->options.loop, retry_now, host);
    return host;
}

enum err_code host_check(struct hosts *hosts, const struct adapter_ops *ops,
                         const struct relay_conf_source *source, conf_pem_fn pem, struct err *err)
{
    /* With a key that was refused the adapter would judge by what nobody wrote. */
    bool init = !source || conf_is_sound(source->node, NULL);
    enum err_code code = OK;
    struct host *host = make_host(hosts, ops, source, &code, err);
    enum err_code one = read_options(host, code ? NULL : err);
    code = code ? code : one;
    if (one == OK && init) {
        one = init_instance(host, code ? NULL : err);
        code = code ? code : one;
    }
    one = pem ? check_files(host, pem, code ? NULL : err) : OK;
    code = code ? code : one;
    host_destroy(host);
    return code;
}

enum err_code host_create(struct hosts *hosts, const struct adapter_ops *ops,
                          const struct relay_conf_source *source, struct host **out,
                          struct err *err)
{
    enum err_code code = OK;
    struct host *host = make_host(hosts, ops, source, &code, err);
    if (code == OK)
        code = read_options(host, err);
    if (code == OK)
        code = init_instance(host, err);
    if (code == OK && host->rewrites && !hosts->parser)
        code = parser_create(&hosts->parser, err);
    if (code != OK) {
        host_destroy(host);
        return code;
    }
    *out = host;
    return OK;
}

void host_destroy(struct host *host)
{
    if (host->initialised)
        host->ops->fini(host->instance);
    host_drop_waiting(host);
    host_drop_deliveries(host);
    loop_timer_destroy(host->retry);
    arena_destroy(host->mark_arena);
    free(host->instance);
    relay_conf_release(host->conf);
    free(host);
}
