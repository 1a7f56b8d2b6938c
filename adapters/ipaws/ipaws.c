/*
 * ipaws: FEMA's IPAWS All-Hazards Information Feed.
 *
 * Polled: each channel is asked for what was sent since its cursor, and answers with signed alerts
 * in a wrapper, which are cut out byte by byte. What was delivered is remembered by marks in the
 * journal, so that asking for some minutes twice costs nothing but the bytes.
 */
#include "adapters/ipaws/ipaws.h"
#include "adapters/rows.h"
#include "http/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEMA_INTERVAL_MIN_US = 120000000, DOWN_AFTER_US = 300000000 };

static const struct conf_choice channel_names[] = {{"public", IPAWS_PUBLIC},
                                                   {"eas", IPAWS_EAS},
                                                   {"wea", IPAWS_WEA},
                                                   {"nwem", IPAWS_NWEM},
                                                   {"public_non_eas", IPAWS_PUBLIC_NON_EAS},
                                                   {NULL, 0}};

#define AT(field) .offset = offsetof(struct ipaws, field)
static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .fallback = "https://apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest",
     .check = http_check_base_url,
     .help =
         "The service, without a slash at the end. FEMA wants the staging one tried first: "
         "https://tdl.apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest, with `class: exercise`, since its "
         "made-up alerts say Actual."},
    {.name = "channels",
     .type = CONF_CHOICES,
     AT(feeds),
     .fallback = "public",
     .choices = channel_names,
     .help = "Each is asked for by itself, with a cursor of its own; what comes by two of them is "
             "taken once. `public` has what the others have."},
    SOURCE_INTERVAL_ROW(
        AT(interval_us), "2m",
        "Between two looks at a channel; longer where the server's cache says so. For "
        "fema.gov at least 2m, as FEMA asks for."),
    {.name = "overlap",
     .type = CONF_DURATION,
     AT(overlap_us),
     .fallback = "10m",
     .max = 86400,
     .help = "What is asked for begins so long before the last answer: IPAWS takes alerts whose "
             "time is five minutes off and may list one late, and a proxy may say another time."},
    SOURCE_CATCH_UP_ROW(
        AT(catch_up_us), "6h",
        "At the very first start, what was sent so long ago is asked for too; from then on, "
        "what was sent since the last answer, however long ago that was."),
    {.name = "kept",
     .type = CONF_DURATION,
     AT(kept_us),
     .fallback = "30m",
     .min = 60,
     .max = 604800,
     .help = "How long the server keeps an alert (FEMA: half an hour, or until it ends). A longer "
             "outage may have left a hole, and is told in the log (ipaws.gap)."},
    {.name = "pin_file",
     .type = CONF_PATH,
     .file = CONF_FILE_SECRET,
     AT(pin_file),
     .help = "File with the PIN, for those whom FEMA gave one; sent only by https, never logged."},
    HTTP_TIMEOUT_ROW(AT(timeout_us), "60s"),
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    {.type = CONF_END}};

/* --- state --- */

static bool lately_good(const struct ipaws_channel *channel)
{
    const struct ipaws *ipaws = channel->ipaws;
    int64_t down_after_us = 3 * ipaws->interval_us;
    if (down_after_us < DOWN_AFTER_US)
        down_after_us = DOWN_AFTER_US;
    return channel->good_mono_us &&
           host_monotonic_us(ipaws->host) - channel->good_mono_us < down_after_us;
}

void ipaws_tell_state(struct ipaws *ipaws)
{
    const struct ipaws_channel *failing = NULL;
    bool some_good = false, some_unknown = false;
    for (size_t i = 0; i < IPAWS_FEEDS; i++) {
        const struct ipaws_channel *channel = &ipaws->channels[i];
        if (!channel->ipaws)
            continue;
        if (channel->error[0] && !failing)
            failing = channel;
        some_good =
            some_good || (channel->error[0] ? lately_good(channel) : channel->good_mono_us != 0);
        some_unknown = some_unknown || (!channel->error[0] && !channel->good_mono_us);
    }
    if (failing)
        host_state(ipaws->host, some_good ? SOURCE_DEGRADED : SOURCE_DOWN, "channel %s: %s",
                   failing->name, failing->error);
    else if (some_unknown)
        host_state(ipaws->host, SOURCE_CONNECTING, "asking %s", http_url_line(ipaws->url).text);
    else
        host_state(ipaws->host, SOURCE_LIVE, "polling %s", http_url_line(ipaws->url).text);
}

/* --- the contract --- */

static bool is_fema(const struct ipaws *ipaws)
{
    return slice_ifind(ipaws->url, "fema.gov") >= 0;
}

/* What the staging service has is made up, and says Actual. */
static bool is_staging(const struct ipaws *ipaws)
{
    return is_fema(ipaws) && !slice_istarts_with(ipaws->url, "https://apps.fema.gov/");
}

static enum err_code ipaws_init(void *instance, struct host *host, struct err *err)
{
    struct ipaws *ipaws = instance;
    ipaws->host = host;
    if (ipaws->feeds == 0)
        return err_set(err, ERR_INVALID, "channels: none; at least one is needed, such as public");
    if (is_fema(ipaws) && ipaws->interval_us < FEMA_INTERVAL_MIN_US)
        return err_set(err, ERR_INVALID, "interval: is too short; FEMA asks for at least 2m");
    if (is_staging(ipaws) && host_class(host) != CLASS_EXERCISE)
        return err_set(err, ERR_INVALID,
                       "url: only https://apps.fema.gov/ has real alerts; what another has says "
                       "Actual and is not: `class: exercise` must stand beside it");
    if (ipaws->pin_file.len > 0 && !slice_istarts_with(ipaws->url, "https://"))
        return err_set(err, ERR_INVALID, "pin_file: the PIN is sent only where url is https");
    if (ipaws->catch_up_us < ipaws->overlap_us)
        return err_set(err, ERR_INVALID,
                       "catch_up: is shorter than overlap; make it as long at least");
    ipaws->in_flight = map_create();
    return OK;
}

static void on_hand_on(void *context)
{
    ipaws_hand_on(context);
}

static enum err_code ipaws_start(void *instance, struct err *err)
{
    struct ipaws *ipaws = instance;
    const struct http_options http = {.ca_file = ipaws->ca_file.ptr,
                                      .proxy = ipaws->proxy.ptr,
                                      .timeout_us = ipaws->timeout_us,
                                      .max_parallel = IPAWS_FEEDS};
    if (ipaws->pin_file.len > 0 && conf_secret_read(ipaws->pin_file, 1, ipaws->pin, err) != OK)
        return err_wrap(err, "pin_file");
    enum err_code code = http_client_create(host_loop(ipaws->host), &http, &ipaws->client, err);
    if (code != OK)
        return code;
    ipaws->hand_on = loop_timer_create(host_loop(ipaws->host), on_hand_on, ipaws);
    ipaws->paused = false;
    ipaws_poll_start(ipaws);
    ipaws_tell_state(ipaws);
    return OK;
}

static void ipaws_stop(void *instance)
{
    struct ipaws *ipaws = instance;
    http_client_destroy(ipaws->client);
    ipaws->client = NULL;
    ipaws_poll_stop(ipaws);
    loop_timer_destroy(ipaws->hand_on);
    ipaws->hand_on = NULL;
    explicit_bzero(ipaws->pin, sizeof ipaws->pin);
}

static void ipaws_fini(void *instance)
{
    struct ipaws *ipaws = instance;
    ipaws_stop(ipaws);
    map_destroy(ipaws->in_flight, free);
}

static void ipaws_pause(void *instance)
{
    struct ipaws *ipaws = instance;
    ipaws->paused = true;
}

static void ipaws_resume(void *instance)
{
    struct ipaws *ipaws = instance;
    ipaws->paused = false;
    if (ipaws->client)
        loop_timer_start(ipaws->hand_on, 0);
}

static void ipaws_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct ipaws *ipaws = instance;
    ipaws_landed(ipaws, outcome->receipt);
    ipaws_store_marks(ipaws);
}

const struct adapter_ops adapter_ipaws = {
    .name = "ipaws",
    .summary = "FEMA's IPAWS All-Hazards Information Feed, by time",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct ipaws),
    .options = options,
    .init = ipaws_init,
    .start = ipaws_start,
    .stop = ipaws_stop,
    .fini = ipaws_fini,
    .pause = ipaws_pause,
    .resume = ipaws_resume,
    .settled = ipaws_settled,
};
