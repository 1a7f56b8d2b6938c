/*
 * relayd_house: all rooms of a running relay, built in order and torn down in reverse. Nothing here
 * decides anything about alerts.
 */
#ifndef CAPRELAY_RELAYD_HOUSE_H
#define CAPRELAY_RELAYD_HOUSE_H

#include "adapters/host.h"
#include "conf/relay_conf.h"
#include "intake/intake.h"
#include "outlets/outlets.h"
#include "publish/access.h"
#include "publish/beat.h"
#include "publish/feed.h"
#include "publish/query.h"
#include "relayd_keys.h"
#include "relayd_view.h"

struct house {
    const char *config_path;
    const struct relay_conf *first_conf; /* what the start read: rooms hold texts of it */
    const struct relay_conf *conf;       /* what holds now */
    struct route_policy *policy;
    struct relayd_keys keys;
    struct relayd_key_list key_list;
    struct relayd_view view;

    struct loop *loop;
    struct loop_wake *wake;
    struct loop_timer *service_timer;
    bool clock_doubted; /* as the log said last */
    struct loop_timer *keys_timer;
    struct loop_timer *drain_timer;
    struct loop_signal *signals[3];
    void *zmq_context;
    struct access *access;
    struct geo *geo;
    struct parser *parser;
    struct intake_sealer *sealer;
    struct journal *journal;
    struct hosts *hosts;
    struct intake *intake;
    struct host_relay host_relay;
    struct feed *feed;
    struct beats *beats;
    struct queries *queries;
    struct outlets *outlets;
    bool draining;
};

/* Takes the configuration's hold. On failure everything that was built is torn down. */
enum err_code house_build(struct house *house, const char *config_path,
                          const struct relay_conf *conf, struct err *err);
/* Runs until SIGTERM or SIGINT; then stops the sources and lets the journal take what is queued. */
void house_run(struct house *house);
void house_tear_down(struct house *house);

/* Those of the configuration, else those beside the program. */
enum err_code house_open_boundaries(const struct relay_conf *conf, struct geo **out,
                                    struct err *err);

/* SIGHUP (relayd_reload.c). */
void house_reload(struct house *house);

#endif
