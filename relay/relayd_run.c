/*
 * The life of a house that is built: signals, watchdog, stopping.
 */
#include "relayd_house.h"

#include "log/log.h"
#include "relayd_service.h"

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

enum { DRAIN_US = 10000000, SERVICE_US = 5000000, CURSORS_MS = 2000 };
#define DAY_US (24 * 3600 * INT64_C(1000000))

static void house_on_stop(void *context)
{
    struct house *house = context;

    loop_stop(house->loop);
}

static void house_on_reload(void *context)
{
    house_reload(context);
}

static uint64_t house_in_force(struct house *house, enum alert_class class)
{
    const struct in_force *set;

    return beats_in_force(house->beats, class, &set, NULL) ? 0 : set->count;
}

static void tell_clock(struct house *house)
{
    bool doubted = !clock_synchronised(loop_clock(house->loop));

    if (doubted == house->clock_doubted)
        return;
    house->clock_doubted = doubted;
    if (doubted)
        log_write(LOG_LEVEL_WARNING, "clock.unsynchronised",
                  "text=\"nothing is called expired meanwhile\"");
    else
        log_write(LOG_LEVEL_NOTICE, "clock.synchronised",
                  "text=\"the clock can be trusted again\"");
}

static void house_on_service(void *context)
{
    struct house *house = context;
    struct health health;
    char status[400];

    tell_clock(house);
    beats_health(house->beats, &health);
    snprintf(status, sizeof(status),
             "%s; actual: %llu sent, %llu in force; exercise: %llu sent, %llu in force",
             health.reason_count ? health.reasons[0] : "ok",
             (unsigned long long)feed_sent(house->feed, CLASS_ACTUAL),
             (unsigned long long)house_in_force(house, CLASS_ACTUAL),
             (unsigned long long)feed_sent(house->feed, CLASS_EXERCISE),
             (unsigned long long)house_in_force(house, CLASS_EXERCISE));
    service_alive(&health, status);
}

static void house_on_day(void *context)
{
    struct house *house = context;

    relayd_key_list_warn(&house->key_list, clock_now_us(loop_clock(house->loop)));
    hosts_tell_pins(house->hosts, clock_now_us(loop_clock(house->loop)));
}

static void house_start(struct house *house)
{
    uint64_t watchdog_us = 0;
    bool watched = sd_watchdog_enabled(0, &watchdog_us) > 0;

    house->signals[0] = loop_signal_create(house->loop, SIGTERM, house_on_stop, house);
    house->signals[1] = loop_signal_create(house->loop, SIGINT, house_on_stop, house);
    house->signals[2] = loop_signal_create(house->loop, SIGHUP, house_on_reload, house);
    house->service_timer = loop_timer_create(house->loop, house_on_service, house);
    loop_timer_repeat(house->service_timer, 0, watched ? (int64_t)watchdog_us / 3 : SERVICE_US);
    house->keys_timer = loop_timer_create(house->loop, house_on_day, house);
    loop_timer_repeat(house->keys_timer, DAY_US, DAY_US);
    hosts_tell_pins(house->hosts, clock_now_us(loop_clock(house->loop)));
    hosts_start(house->hosts);
    outlets_start(house->outlets);
}

static void house_on_drained_out(void *context)
{
    struct house *house = context;

    house->draining = false;
}

/* What the sources gave is committed, acknowledged and published before the relay goes, unless the
 * disk does not take it in time: then the sources were not told that it arrived. */
static void house_drain(struct house *house)
{
    hosts_stop(house->hosts);
    house->draining = true;
    house->drain_timer = loop_timer_create(house->loop, house_on_drained_out, house);
    loop_timer_start(house->drain_timer, DRAIN_US);
    while (house->draining && (journal_state(house->journal).queued || !feed_idle(house->feed)))
        loop_turn(house->loop, true);
    intake_collect(house->intake, SIZE_MAX);
    feed_advance(house->feed);
    /* The journal is left a moment to store the cursors; what it does not get comes again. */
    outlets_stop(house->outlets);
    journal_wait(house->journal, CURSORS_MS);
}

void house_run(struct house *house)
{
    house_start(house);
    log_write(LOG_LEVEL_NOTICE, "relay.ready", "version=%s relay=%s feed=%s query=%s boundaries=%s",
              CAPRELAY_VERSION, house->conf->relay.name.ptr, house->conf->listen.feed.ptr,
              house->conf->listen.query.ptr, log_quote(house->view.view.boundary_grade).text);
    service_ready();
    loop_run(house->loop);
    service_stopping();
    log_write(LOG_LEVEL_NOTICE, "relay.stopping", "queued=%zu",
              journal_state(house->journal).queued);
    house_drain(house);
}
