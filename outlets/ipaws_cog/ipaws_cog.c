/*
 * ipaws_cog: bulletins for the US, posted to IPAWS-OPEN in the name of a Collaborative Operating
 * Group (docs/outlets.md).
 *
 * What goes wrong here alarms the wrong people, or nobody. So nothing leaves without a named
 * agreement; an alert asks for no channel that the operator did not name; an old one is left out;
 * and one counts as delivered only where every channel that it asks for said so. IPAWS takes an
 * identifier once: after an answer that was lost a repeat is safe, and is told as known already.
 */
#include "outlets/outlet.h"

#include "alert/parse.h"
#include "cog/answer.h"
#include "cog/request.h"
#include "cog/verdict.h"
#include "http/http.h"
#include "http/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 1024 * 1024, REASON_BYTES = 400, ID_BYTES = 120 };

enum environment { ENVIRONMENT_TEST = 0, ENVIRONMENT_PRODUCTION };
static const struct conf_choice environments[] = {
    {"test", ENVIRONMENT_TEST}, {"production", ENVIRONMENT_PRODUCTION}, {NULL, 0}};

struct ipaws_cog {
    struct slice agreement, url, ca_file, proxy;
    int environment;
    struct conf_texts channels;
    struct cog_access_options options;
    int64_t max_age_us, timeout_us;

    struct outlet *outlet;
    unsigned allowed; /* of `channels`: bits */
    struct cog_access *access;
    struct parser *parser;
    struct http_client *client;
    struct http_request *request; /* being answered; NULL: none */
    struct loop_timer *decided;   /* tells what needed no answer */
    /* what is being delivered */
    const struct outlet_bulletin *bulletin;
    unsigned asked;
    enum outlet_verdict decision;
    char decision_text[REASON_BYTES];
    /* the last one that IPAWS holds although a channel refused it: posting it again cannot help */
    char refused_id[ID_BYTES], refused_text[REASON_BYTES];
    uint64_t acked[COG_CHANNELS], refused[COG_CHANNELS], known;
};

#define AT(member) .offset = offsetof(struct ipaws_cog, member)

static enum err_code check_channels(const void *value, struct err *err)
{
    const struct conf_texts *channels = value;
    for (size_t i = 0; i < channels->count; i++)
        if (cog_channel_find(channels->items[i]) == COG_CHANNELS)
            return err_set(err, ERR_INVALID, "`%s` is not known; one of PUBLIC, EAS, CMAS, NWEM",
                           channels->items[i].ptr);
    return OK;
}

static const struct conf_row options[] = {
    {.name = "agreement",
     .type = CONF_TEXT,
     AT(agreement),
     .help = "The agreement with FEMA by which you may post, in your own words; it stands in the "
             "log beside each alert. Without it nothing is ever posted."},
    {.name = "environment",
     .type = CONF_CHOICE,
     AT(environment),
     .required = true,
     .choices = environments,
     .help = "Which of FEMA's services `url` is. Exercises go to `test` alone."},
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
     .check = http_check_url,
     .help = "The service, as FEMA names it to the COG."},
    COG_ACCESS_ROWS(ipaws_cog, options),
    {.name = "channels",
     .type = CONF_TEXTS,
     AT(channels),
     .check = check_channels,
     .help = "Channels that the agreement allows: PUBLIC, EAS, CMAS (wireless alerts), NWEM. An "
             "alert that asks for another is left out. Default: PUBLIC, the feed of what is not "
             "broadcast, which is all that this relay's translations ask for."},
    {.name = "max_age",
     .type = CONF_DURATION,
     AT(max_age_us),
     .fallback = "5m",
     .min = 10,
     .max = 3600,
     .help = "An alert whose `sent` is longer ago is left out; IPAWS takes none that is older than "
             "5m."},
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    {.name = "timeout",
     .type = CONF_DURATION,
     AT(timeout_us),
     .fallback = "30s",
     .min = 0.1,
     .max = 240,
     .help = "For one request; without an answer by then it is posted again."},
    {.type = CONF_END}};

/* --- the answer --- */

/* Each posting is a line of its own: who answers for it has to account for it. */
static void log_posting(const struct ipaws_cog *cog, enum log_level level, const char *event,
                        struct slice text)
{
    log_write(level, event,
              "outlet=%s class=%s number=%" PRIu64 " identifier=%s agreement=%s answer=%s",
              outlet_name(cog->outlet).ptr, alert_class_name(cog->bulletin->class),
              cog->bulletin->number, log_quote(cog->bulletin->identifier).text,
              log_quote(cog->agreement).text, log_quote(text).text);
}

static void count(struct ipaws_cog *cog, const struct cog_verdict *verdict)
{
    for (unsigned channel = 0; channel < COG_CHANNELS; channel++) {
        cog->acked[channel] += verdict->acked >> channel & 1;
        cog->refused[channel] += verdict->refused >> channel & 1;
    }
    cog->known += verdict->outcome == COG_KNOWN;
}

static void take_refusal(struct ipaws_cog *cog, const struct cog_verdict *verdict)
{
    log_posting(cog, LOG_LEVEL_ERROR, "ipaws.refused", verdict->text);
    if (verdict->held) {
        snprintf(cog->refused_id, sizeof cog->refused_id, "%s", cog->bulletin->id.ptr);
        snprintf(cog->refused_text, sizeof cog->refused_text, "%s", verdict->text.ptr);
    }
    outlet_done(cog->outlet, OUTLET_REFUSED, 0, "%s", verdict->text.ptr);
}

static void take_verdict(struct ipaws_cog *cog, const struct cog_verdict *verdict,
                         int64_t retry_after_us)
{
    count(cog, verdict);
    switch (verdict->outcome) {
    case COG_TAKEN:
        log_posting(cog, LOG_LEVEL_NOTICE, "ipaws.posted", verdict->text);
        outlet_done(cog->outlet, OUTLET_DELIVERED, 0, "posted");
        break;
    case COG_KNOWN:
        log_posting(cog, LOG_LEVEL_WARNING, "ipaws.known", verdict->text);
        outlet_done(cog->outlet, OUTLET_DELIVERED, 0, "posted before");
        break;
    case COG_REFUSED:
        take_refusal(cog, verdict);
        break;
    case COG_UNCLEAR:
        log_posting(cog, LOG_LEVEL_WARNING, "ipaws.unclear", verdict->text);
        outlet_done(cog->outlet, OUTLET_LATER, retry_after_us, "%s", verdict->text.ptr);
        break;
    }
}

/* Whatever the status is, a fault in it says more. */
static void take_answer(struct ipaws_cog *cog, const struct http_result *result)
{
    struct arena *arena = arena_create();
    struct cog_answer answer;
    struct cog_verdict verdict;
    cog_answer_read(arena, result->body, &answer);
    if (result->status != 200 && answer.kind != COG_FAULT) {
        outlet_done(cog->outlet, OUTLET_LATER, result->retry_after_us, "answered %d",
                    result->status);
    } else {
        cog_judge(arena, &answer, cog->bulletin->identifier, cog->asked, &verdict);
        take_verdict(cog, &verdict, result->retry_after_us);
    }
    arena_destroy(arena);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct ipaws_cog *cog = context;
    cog->request = NULL;
    if (result->failure != HTTP_ANSWERED)
        outlet_done(cog->outlet, OUTLET_LATER, 0, "%s: %s", http_failure_name(result->failure),
                    result->error);
    else
        take_answer(cog, result);
}

/* --- what may go --- */

static struct slice channel_list(struct arena *arena, unsigned channels)
{
    struct slice text = SLICE("");
    for (unsigned channel = 0; channel < COG_CHANNELS; channel++)
        if (channels & 1u << channel)
            text = arena_printf(arena, "%s%s%s", text.ptr, text.len ? ", " : "",
                                cog_channel_name(channel));
    return text;
}

static bool is_of_class(const struct alert *alert, enum alert_class class)
{
    return class == CLASS_ACTUAL ? alert->status == STATUS_ACTUAL
                                 : alert->status == STATUS_EXERCISE || alert->status == STATUS_TEST;
}

/* Why it is not posted; the empty text: it may be. */
static struct slice hindrance(struct ipaws_cog *cog, struct arena *arena, const struct alert *alert,
                              const struct outlet_bulletin *bulletin)
{
    int64_t age_s = outlet_now_s(cog->outlet) - alert->sent.utc_s,
            most_s = cog->max_age_us / 1000000;
    cog->asked = cog_channels_asked(alert);
    unsigned beyond = cog->asked & ~cog->allowed;
    if (!alert->relayable || !alert->sent.set)
        return SLICE("the translation cannot be read");
    if (bulletin->side != SIDE_US)
        return SLICE("it is not for the United States");
    if (!is_of_class(alert, bulletin->class) || alert->scope != SCOPE_PUBLIC)
        return arena_printf(arena, "its status is %s and its scope %s",
                            cap_status_name(alert->status), cap_scope_name(alert->scope));
    if (beyond)
        return arena_printf(arena, "it asks for %s, which `channels` does not name",
                            channel_list(arena, beyond).ptr);
    if (alert->info_count && !cog->asked)
        return SLICE("it blocks every channel");
    if (age_s > most_s || age_s < -most_s)
        return arena_printf(arena, "it was sent %" PRId64 " s %s, and max_age is %" PRId64 " s",
                            age_s < 0 ? -age_s : age_s, age_s < 0 ? "from now" : "ago", most_s);
    return SLICE("");
}

static void post(struct ipaws_cog *cog, struct slice body)
{
    const char *headers[] = {cog_soap_action(COG_POST_CAP)};
    const struct http_call call = {
        .method = HTTP_POST,
        .url = cog->url.ptr,
        .headers = headers,
        .header_count = 1,
        .body = body,
        .content_type = cog_content_type(),
        .client_cert = cog->options.certificate.ptr,
        .client_key = cog->options.key.ptr,
    };
    cog->request = http_send(cog->client, &call, on_answer, cog);
}

static void on_decided(void *context)
{
    struct ipaws_cog *cog = context;
    outlet_done(cog->outlet, cog->decision, 0, "%s", cog->decision_text);
}

/* Told on a later turn: the engine wants no answer before `deliver` has returned. */
static void decide(struct ipaws_cog *cog, enum outlet_verdict verdict, const char *text)
{
    cog->decision = verdict;
    snprintf(cog->decision_text, sizeof cog->decision_text, "%s", text);
    loop_timer_start(cog->decided, 0);
}

static void deliver_checked(struct ipaws_cog *cog, struct arena *arena)
{
    const struct outlet_bulletin *bulletin = cog->bulletin;
    struct parsed parsed = parser_read_bare(cog->parser, arena, bulletin->derived);
    struct slice body = {0}, text = hindrance(cog, arena, parsed.alerts[0], bulletin);
    struct err err = {0};
    if (strcmp(bulletin->id.ptr, cog->refused_id) == 0)
        decide(cog, OUTLET_REFUSED, cog->refused_text);
    else if (text.len)
        decide(cog, OUTLET_LEFT_OUT, text.ptr);
    else if (cog_access_check(cog->access, outlet_now_s(cog->outlet), &err))
        decide(cog, OUTLET_LATER, err.text);
    else if (cog_post(cog->access, arena, bulletin->derived, outlet_now_s(cog->outlet), &body,
                      &err))
        decide(cog, OUTLET_LEFT_OUT, err.text);
    else
        post(cog, body);
}

static void ipaws_cog_deliver(void *instance, const struct outlet_bulletin *bulletin)
{
    struct ipaws_cog *cog = instance;
    struct arena *arena = arena_create();
    cog->bulletin = bulletin;
    deliver_checked(cog, arena);
    arena_destroy(arena);
}

/* --- the contract --- */

static void read_channels(struct ipaws_cog *cog)
{
    cog->allowed = cog->channels.count ? 0 : 1u << COG_PUBLIC;
    for (size_t i = 0; i < cog->channels.count; i++)
        cog->allowed |= 1u << cog_channel_find(cog->channels.items[i]);
}

/* A production COG is known by its id [OpenEOC]. */
static enum err_code check_environment(const struct ipaws_cog *cog, struct err *err)
{
    bool test = cog->environment == ENVIRONMENT_TEST;
    enum cog_service service = cog_service_of(cog->url);
    if (service != COG_OTHER && test != (service == COG_FEMA_TEST))
        return err_set(err, ERR_INVALID,
                       "environment: FEMA's host of the test environment begins with tdl., and "
                       "this is %s",
                       http_url_line(cog->url).text);
    if (test && slice_starts_with(cog->options.cog_id, "2"))
        return err_set(
            err, ERR_INVALID,
            "environment: a COG id that begins with 2 is one of production; write production, "
            "or the id of the test COG");
    if (!test && outlet_class(cog->outlet) == CLASS_EXERCISE)
        return err_set(
            err, ERR_INVALID,
            "class: exercises go to FEMA's test environment alone; leave exercise out, or "
            "write `environment: test`");
    return OK;
}

static enum err_code ipaws_cog_init(void *instance, struct outlet *outlet, struct err *err)
{
    struct ipaws_cog *cog = instance;
    cog->outlet = outlet;
    if (outlet_sides(outlet) != 1u << SIDE_US)
        return err_set(err, ERR_INVALID, "sides: IPAWS is for `us` alone; write `sides: us`");
    read_channels(cog);
    enum err_code code = check_environment(cog, err);
    if (!code)
        code = cog_access_create(&cog->options, &cog->access, err);
    if (!code)
        code = parser_create(&cog->parser, err);
    if (code)
        cog_access_destroy(cog->access);
    return code;
}

static enum err_code ipaws_cog_start(void *instance, struct err *err)
{
    struct ipaws_cog *cog = instance;
    const struct http_options http = {.ca_file = cog->ca_file.ptr,
                                      .proxy = cog->proxy.ptr,
                                      .timeout_us = cog->timeout_us,
                                      .max_body = ANSWER_BYTES_MAX,
                                      .max_parallel = 1};
    if (!slice_trim(cog->agreement).len)
        return err_set(err, ERR_STATE, "off: no `agreement` is named, so that nothing is posted");
    enum err_code code = http_client_create(outlet_loop(cog->outlet), &http, &cog->client, err);
    if (code)
        return code;
    cog->decided = loop_timer_create(outlet_loop(cog->outlet), on_decided, cog);
    outlet_ready(cog->outlet, SOURCE_CONNECTING, "nothing was posted yet since the start");
    return OK;
}

static void ipaws_cog_stop(void *instance)
{
    struct ipaws_cog *cog = instance;
    http_cancel(cog->request);
    cog->request = NULL;
    http_client_destroy(cog->client);
    cog->client = NULL;
    loop_timer_destroy(cog->decided);
    cog->decided = NULL;
}

static void ipaws_cog_fini(void *instance)
{
    struct ipaws_cog *cog = instance;
    ipaws_cog_stop(instance);
    cog_access_destroy(cog->access);
    parser_destroy(cog->parser);
}

static void ipaws_cog_tell(const void *instance, char *out, size_t size)
{
    const struct ipaws_cog *cog = instance;
    struct arena *arena = arena_create();
    struct slice text = cog_access_warning(cog->access, arena, outlet_now_s(cog->outlet));
    for (unsigned channel = 0; channel < COG_CHANNELS; channel++)
        if (cog->acked[channel] || cog->refused[channel])
            text = arena_printf(arena, "%s%s%s %" PRIu64 " acked, %" PRIu64 " refused", text.ptr,
                                text.len ? "; " : "", cog_channel_name(channel),
                                cog->acked[channel], cog->refused[channel]);
    if (cog->known)
        text = arena_printf(arena, "%s%s%" PRIu64 " known before", text.ptr, text.len ? "; " : "",
                            cog->known);
    snprintf(out, size, "%s", text.ptr);
    arena_destroy(arena);
}

const struct outlet_ops outlet_ipaws_cog = {
    .kind = "ipaws_cog",
    .summary = "alerts for the US posted to IPAWS-OPEN by a COG that may; off without an agreement",
    .instance_size = sizeof(struct ipaws_cog),
    .options = options,
    .init = ipaws_cog_init,
    .start = ipaws_cog_start,
    .deliver = ipaws_cog_deliver,
    .stop = ipaws_cog_stop,
    .fini = ipaws_cog_fini,
    .tell = ipaws_cog_tell,
};
