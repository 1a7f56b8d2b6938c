/*
 * nws: the alerts of the US National Weather Service from api.weather.gov.
 *
 * Polled: the list of alerts in force by GeoJSON, conditionally and no oftener than its cache says;
 * then the CAP of each alert that is new, once. What was delivered is remembered by marks in the
 * journal. After an outage, and at the start, the list of what was sent meanwhile is gone through
 * as well.
 */
#include "adapters/nws/nws.h"
#include "adapters/rows.h"
#include "http/rows.h"

#include <stdio.h>

enum { WEATHER_GOV_INTERVAL_MIN_US = 30000000 };

static const struct conf_choice formats[] = {
    {"geojson", NWS_GEOJSON}, {"atom", NWS_ATOM}, {NULL, 0}};

#define AT(member) .offset = offsetof(struct nws, member)

static enum err_code check_user_agent(const void *value, struct err *err)
{
    if (slice_trim(*(const struct slice *)value).len > 0)
        return OK;
    return err_set(err, ERR_INVALID,
                   "is empty; a name and a way to reach you are wanted, as \"caprelay "
                   "(ops@eoc.example)\"");
}

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .fallback = "https://api.weather.gov",
     .check = http_check_base_url,
     .help = "The API, without a slash at the end."},
    {.name = "user_agent",
     .type = CONF_TEXT,
     AT(user_agent),
     .required = true,
     .check = check_user_agent,
     .help = "The API refuses who does not say who it is: a name and a way to reach you, as in "
             "\"caprelay (ops@eoc.example)\"."},
    {.name = "format",
     .type = CONF_CHOICE,
     AT(format),
     .fallback = "geojson",
     .choices = formats,
     .help = "Of the list of alerts in force. The alerts themselves are always fetched as CAP."},
    {.name = "areas",
     .type = CONF_TEXTS,
     AT(areas),
     .help = "States and marine areas (ME, NH, GM). Default, without zones either: everything."},
    {.name = "zones",
     .type = CONF_TEXTS,
     AT(zones),
     .help = "UGC zones or counties (MEZ029, MEC029) in place of areas."},
    SOURCE_INTERVAL_ROW(
        AT(interval_us), "30s",
        "Between looks at the list; longer where the server's cache says so. For weather.gov "
        "at least 30s, as it asks for."),
    SOURCE_CATCH_UP_ROW(
        AT(catch_up_us), "6h",
        "After a start or an outage, what was sent so long ago or since the outage began is "
        "asked for too, although it may have ended; 0s: only what is in force. The API keeps "
        "seven days."),
    SOURCE_PARALLEL_ROW(AT(parallel), "Alerts fetched at once."),
    HTTP_TIMEOUT_ROW(AT(timeout_us), "30s"),
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    {.type = CONF_END}};

void nws_tell_state(struct nws *nws)
{
    if (nws->poll_error[0]) {
        bool lately = nws->good_mono_us &&
                      host_monotonic_us(nws->host) - nws->good_mono_us < NWS_DOWN_AFTER_US;
        host_state(nws->host, lately ? SOURCE_DEGRADED : SOURCE_DOWN,
                   "the list of alerts cannot be read: %s", nws->poll_error);
    } else if (!nws->good_mono_us) {
        host_state(nws->host, SOURCE_CONNECTING, "asking %s", http_url_line(nws->url).text);
    } else if (gather_trouble(&nws->gather)) {
        host_state(nws->host, SOURCE_DEGRADED, "listed alerts cannot be fetched: %s",
                   gather_trouble(&nws->gather));
    } else if (nws->gather.list.given_up > 0) {
        host_state(nws->host, SOURCE_DEGRADED,
                   "the server lists %zu alerts that it does not give (see nws.missing in the log)",
                   nws->gather.list.given_up);
    } else {
        host_state(nws->host, SOURCE_LIVE, "polling %s", http_url_line(nws->url).text);
    }
}

/* --- fetching each alert's CAP --- */

static struct http_request *ask_for(void *context, struct listed_item *item, size_t max_body,
                                    http_fn fn)
{
    static const char *const headers[] = {"Accept: application/cap+xml"};
    const struct nws *nws = context;
    struct arena *arena = arena_create();
    const struct http_call call = {
        .url = arena_printf(arena, "%s/alerts/%s.cap", nws->url.ptr, item->key).ptr,
        .headers = headers,
        .header_count = 1,
        .max_body = max_body};
    struct http_request *request = http_send(nws->client, &call, fn, item);
    arena_destroy(arena);
    return request;
}

static void on_came(void *context, struct listed_item *item)
{
    const struct nws *nws = context;
    if (item->time_s && log_wants(LOG_LEVEL_DEBUG))
        host_log(nws->host, LOG_LEVEL_DEBUG, "nws.fetched", "id=%s lag_s=%lld",
                 log_quote_cstr(item->key).text,
                 (long long)(host_now_us(nws->host) / 1000000 - item->time_s));
}

static void on_missing(void *context, const struct listed_item *item, const char *words)
{
    const struct nws *nws = context;
    host_log(nws->host, LOG_LEVEL_ERROR, "nws.missing",
             "id=%s tries=%u error=%s reason=\"listed, but the server does not give it: lost\"",
             log_quote_cstr(item->key).text, item->tries, log_quote_cstr(words).text);
}

static void on_tell(void *context)
{
    nws_tell_state(context);
}

static const struct gather_ops gathering = {
    .ask = ask_for, .came = on_came, .missing = on_missing, .tell = on_tell};

/* --- the contract --- */

static bool is_weather_gov(struct slice url)
{
    return slice_ifind(url, "weather.gov") >= 0;
}

static enum err_code nws_init(void *instance, struct host *host, struct err *err)
{
    struct nws *nws = instance;
    nws->host = host;
    if (nws->areas.count > 0 && nws->zones.count > 0)
        return err_set(err, ERR_INVALID,
                       "zones: the API takes areas or zones; leave one of the two out");
    if (is_weather_gov(nws->url) && nws->interval_us < WEATHER_GOV_INTERVAL_MIN_US)
        return err_set(err, ERR_INVALID,
                       "interval: is too short; weather.gov asks for at least 30s");
    gather_init(&nws->gather, host, nws, &gathering);
    return OK;
}

static enum err_code nws_start(void *instance, struct err *err)
{
    struct nws *nws = instance;
    const struct http_options http = {.user_agent = nws->user_agent.ptr,
                                      .ca_file = nws->ca_file.ptr,
                                      .proxy = nws->proxy.ptr,
                                      .timeout_us = nws->timeout_us,
                                      /* the list never waits for an alert */
                                      .max_parallel = (unsigned)nws->parallel + 1};
    uint64_t seed = host_seed(nws->host);
    enum err_code code = http_client_create(host_loop(nws->host), &http, &nws->client, err);
    if (code != OK)
        return code;
    backoff_init(&nws->poll_backoff, NWS_RETRY_FIRST_US, NWS_RETRY_MAX_US, seed);
    gather_start(&nws->gather, (size_t)nws->parallel, seed + 1);
    nws->poll_error[0] = '\0';
    nws->no_history = false;
    nws_poll_start(nws);
    nws_tell_state(nws);
    return OK;
}

static void nws_stop(void *instance)
{
    struct nws *nws = instance;
    gather_stop(&nws->gather);
    http_client_destroy(nws->client);
    nws->client = NULL;
    nws_poll_stop(nws);
}

static void nws_fini(void *instance)
{
    struct nws *nws = instance;
    nws_stop(nws);
    gather_fini(&nws->gather);
}

static void nws_pause(void *instance)
{
    struct nws *nws = instance;
    gather_pause(&nws->gather);
}

static void nws_resume(void *instance)
{
    struct nws *nws = instance;
    gather_resume(&nws->gather);
}

static void nws_settled(void *instance, const struct adapter_outcome *outcome)
{
    (void)instance;
    gather_settled(outcome);
}

const struct adapter_ops adapter_nws = {
    .name = "nws",
    .summary = "the US National Weather Service's alerts from api.weather.gov",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct nws),
    .options = options,
    .init = nws_init,
    .start = nws_start,
    .stop = nws_stop,
    .fini = nws_fini,
    .pause = nws_pause,
    .resume = nws_resume,
    .settled = nws_settled,
};
