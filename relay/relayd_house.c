#include "relayd_house.h"

#include "relayd_fault.h"

#include "geo/geo.h"
#include "log/log.h"
#include "relayd_policy.h"
#include "relayd_state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define BOUNDARIES "boundaries-standard.bin"

/* From the writer's thread. */
static void house_wake(void *context)
{
    loop_wake_send(context);
}

/* The journal has committed, or its condition changed: acknowledge, publish, and give the next ones
 * a turn. */
static void house_on_wake(void *context)
{
    enum { COLLECT_TURN_MAX = 512 };
    struct house *house = context;
    size_t taken = intake_collect(house->intake, COLLECT_TURN_MAX);

    feed_advance(house->feed);
    outlets_advance(house->outlets);
    hosts_pulse(house->hosts);
    beats_pulse(house->beats);
    if (taken == COLLECT_TURN_MAX)
        loop_wake_send(house->wake);
}

static enum err_code build_loop(struct house *house, struct err *err)
{
    enum err_code code = loop_create(&house->loop, err);

    if (code)
        return code;
    house->wake = loop_wake_create(house->loop, house_on_wake, house);
    house->zmq_context = zmq_ctx_new();
    if (!house->zmq_context ||
        zmq_ctx_set(house->zmq_context, ZMQ_IO_THREADS, (int)house->conf->publish.io_threads) != 0)
        return err_set(err, ERR_IO, "ZeroMQ: %s", zmq_strerror(zmq_errno()));
    return OK;
}

static enum err_code build_access(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct access_client *clients = relayd_clients_create(conf);
    struct access_options options = {
        .curve = house->keys.has_curve,
        .server_key = &house->keys.curve,
        .any = conf->access.any,
        .allowed = clients,
        .allowed_count = conf->access.key_count,
        .heartbeat_us = conf->publish.heartbeat_us,
        .backlog = (int)conf->publish.backlog,
    };
    enum err_code code =
        access_create(house->loop, house->zmq_context, &options, &house->access, err);

    free(clients);
    return code;
}

/* The boundaries beside the program: in the build folder, or where `cmake --install` puts them. */
static bool find_boundaries(char *out, size_t size)
{
    static const char *const places[] = {"/", "/../share/caprelay/"};
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash;

    if (len < 0)
        return false;
    program[len] = '\0';
    slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int written = snprintf(out, size, "%s%s%s", program, places[i], BOUNDARIES);

        if (written > 0 && (size_t)written < size && access(out, R_OK) == 0)
            return true;
    }
    return false;
}

enum err_code house_open_boundaries(const struct relay_conf *conf, struct geo **out,
                                    struct err *err)
{
    char found[PATH_MAX + 64];
    const char *path = conf->boundaries.ptr;
    enum err_code code;

    if (!path && !find_boundaries(found, sizeof(found)))
        return err_set(err, ERR_NOT_FOUND,
                       "boundaries: there is no " BOUNDARIES " beside the program; "
                       "script/build makes it, or set `boundaries`");
    code = geo_open(path ? path : found, out, err);
    return code ? err_wrap(err, "boundaries") : OK;
}

static enum err_code build_tables(struct house *house, struct err *err)
{
    enum err_code code = house_open_boundaries(house->conf, &house->geo, err);

    if (code)
        return code;
    house->view.view.boundary_grade = geo_grade(house->geo);
    return parser_create(&house->parser, err);
}

static struct bulletin_options bulletin_options(const struct relay_conf *conf)
{
    return (struct bulletin_options){
        .compress = conf->publish.compress != 0,
        .inline_max_bytes = (size_t)conf->publish.inline_max_bytes,
    };
}

static enum err_code build_journal(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct bulletin_options bulletin = bulletin_options(conf);
    struct journal_options options = {
        .path = conf->journal.path.ptr,
        .clock = loop_clock(house->loop),
        .group_max = (unsigned)conf->journal.group_max,
        .queue_max = (unsigned)conf->journal.queue_max,
        .free_min_bytes = conf->journal.free_min_bytes,
    };
    enum err_code code = intake_sealer_create(&bulletin, &house->keys.actual, &house->keys.exercise,
                                              conf->relay.name, &house->sealer, err);

    if (code)
        return code;
    intake_sealer_hooks(house->sealer, &options.hooks);
    options.hooks.wake = house_wake;
    options.hooks.wake_context = house->wake;
    code = journal_open(&options, &house->journal, err);
    if (code)
        return err_wrap(err, "%s", relayd_journal_key(conf));
    relayd_fault_watch(house->journal);
    return OK;
}

static enum err_code build_hosts(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct hosts_options options = {
        .loop = house->loop,
        .relay_name = conf->relay.name,
        .zmq_context = conf->listen.inject.ptr ? house->zmq_context : NULL,
        .access = conf->listen.inject.ptr ? house->access : NULL,
        .actual_key = &house->keys.actual,
        .exercise_key = &house->keys.exercise,
    };
    enum err_code code;

    house->host_relay.journal = house->journal;
    options.port = host_port_relay(&house->host_relay);
    code = hosts_create(&options, conf, &house->hosts, err);
    house->view.hosts = house->hosts;
    return code;
}

static enum err_code build_intake(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct intake_options options = {
        .journal = house->journal,
        .parser = house->parser,
        .geo = house->geo,
        .clock = loop_clock(house->loop),
        .translate = {.geo = house->geo,
                      .derived_sender = conf->relay.sender,
                      .sliver_share = conf->border.sliver_share},
        .in_force_default_hours = (unsigned)conf->in_force.default_hours,
        .relay_name = conf->relay.name,
        .bulletin = bulletin_options(conf),
        .actual_key = &house->keys.actual,
        .exercise_key = &house->keys.exercise,
        .trust_of = hosts_trust,
        .trust_context = house->hosts,
        .settle = hosts_settle,
        .settle_context = house->hosts,
    };
    enum err_code code;

    house->policy = relayd_policy_create(conf);
    options.policy = house->policy;
    code = intake_create(&options, &house->intake, err);
    house->host_relay.intake = house->intake;
    house->view.intake = house->intake;
    return code;
}

static enum err_code build_feed(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct feed_options options = {
        .loop = house->loop,
        .zmq_context = house->zmq_context,
        .access = house->access,
        .journal = house->journal,
        .endpoint = conf->listen.feed.ptr,
        .high_water_mark = (int)conf->publish.high_water_mark,
        .in_flight_max_bytes = (size_t)conf->publish.in_flight_max_bytes,
    };
    enum err_code code = feed_create(&options, &house->feed, err);

    return code ? err_wrap(err, "listen.feed") : OK;
}

static enum err_code build_outlets(struct house *house, struct err *err)
{
    struct outlets_options options = {
        .loop = house->loop,
        .journal = house->journal,
        .relay_name = house->conf->relay.name,
    };
    enum err_code code = outlets_create(&options, house->conf, &house->outlets, err);

    house->view.outlets = house->outlets;
    return code;
}

static enum err_code build_answers(struct house *house, struct err *err)
{
    const struct relay_conf *conf = house->conf;
    struct beats_options beats = {
        .loop = house->loop,
        .journal = house->journal,
        .feed = house->feed,
        .actual_key = &house->keys.actual,
        .exercise_key = &house->keys.exercise,
        .view = &house->view.view,
        .interval_us = conf->publish.beat_interval_us,
    };
    struct queries_options queries = {
        .loop = house->loop,
        .zmq_context = house->zmq_context,
        .access = house->access,
        .journal = house->journal,
        .feed = house->feed,
        .endpoint = conf->listen.query.ptr,
        .actual_key = &house->keys.actual,
        .exercise_key = &house->keys.exercise,
        .view = &house->view.view,
        .answer_max_bytes = (size_t)conf->publish.answer_max_bytes,
        .compress = conf->publish.compress != 0,
    };
    enum err_code code;

    house->beats = beats_create(&beats);
    queries.beats = house->beats;
    code = queries_create(&queries, &house->queries, err);
    return code ? err_wrap(err, "listen.query") : OK;
}

static enum err_code build_rooms(struct house *house, struct err *err)
{
    static enum err_code (*const steps[])(struct house * house, struct err * err) = {
        build_loop,   build_access, build_tables,  build_journal, build_hosts,
        build_intake, build_feed,   build_outlets, build_answers,
    };
    enum err_code code = OK;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !code; i++)
        code = steps[i](house, err);
    return code;
}

enum err_code house_build(struct house *house, const char *config_path,
                          const struct relay_conf *conf, struct err *err)
{
    enum err_code code;

    *house = (struct house){.config_path = config_path, .conf = conf};
    house->first_conf = relay_conf_hold(conf);
    relayd_view_init(&house->view, conf);
    code = relayd_keys_load(conf, &house->keys, err);
    if (!code)
        code = relayd_key_list_load(conf, &house->keys, &clock_system, &house->key_list, err);
    if (!code)
        code = relayd_state_make(conf, err);
    if (!code) {
        relayd_view_set_keys(&house->view, &house->keys, &house->key_list);
        code = build_rooms(house, err);
    }
    if (code) {
        struct err inner = *err;

        relay_conf_place(conf, &inner, err);
        house_tear_down(house);
    }
    return code;
}

/* In the order that host.h asks for: nothing settles once the intake is gone. */
void house_tear_down(struct house *house)
{
    size_t left = 0;

    for (size_t i = 0; i < sizeof(house->signals) / sizeof(house->signals[0]); i++)
        loop_signal_destroy(house->signals[i]);
    loop_timer_destroy(house->service_timer);
    loop_timer_destroy(house->keys_timer);
    loop_timer_destroy(house->drain_timer);
    queries_destroy(house->queries);
    beats_destroy(house->beats);
    outlets_destroy(house->outlets);
    feed_destroy(house->feed);
    if (house->intake)
        intake_destroy(house->intake);
    hosts_destroy(house->hosts);
    relayd_fault_forget();
    journal_close(house->journal, 0, &left);
    if (left)
        log_write(LOG_LEVEL_ERROR, "relay.dropped",
                  "messages=%zu text=\"not committed and not acknowledged\"", left);
    intake_sealer_destroy(house->sealer);
    parser_destroy(house->parser);
    geo_close(house->geo);
    access_destroy(house->access);
    if (house->zmq_context)
        zmq_ctx_term(house->zmq_context);
    loop_wake_destroy(house->wake);
    loop_destroy(house->loop);
    relayd_policy_destroy(house->policy);
    relayd_key_list_fini(&house->key_list);
    relayd_keys_wipe(&house->keys);
    relay_conf_release(house->conf);
    relay_conf_release(house->first_conf);
}
