/*
 * ipaws_cog: the alerts that IPAWS-OPEN has for a Collaborative Operating Group (COG).
 *
 * Polled over SOAP: getACK once, which tells whether IPAWS knows us at all, then getMessageAll for
 * what was sent since the last good look, with an overlap, since an alert may reach IPAWS some
 * minutes after its `sent`. That time is of the server's clock, as its answers say it (Date): ours
 * may be wrong, and may be set. What was delivered is remembered by marks in the journal, so that a
 * start asks for all of `catch_up` and takes only what is new. Answers are not signed: TLS vouches
 * for the server, and `origin` for who wrote an alert.
 */
#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/listed.h"
#include "adapters/rows.h"
#include "adapters/seen.h"
#include "alert/parse.h"
#include "base/mem.h"
#include "cog/answer.h"
#include "cog/cut.h"
#include "cog/request.h"
#include "http/http.h"
#include "http/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FEMA_INTERVAL_MIN_US = 30000000,
    RETRY_FIRST_US = 2000000,
    RETRY_MAX_US = 300000000,
    DOWN_AFTER_US = 300000000,           /* without a good answer: down, no longer degraded */
    ANSWER_BYTES_MAX = 64 * 1024 * 1024, /* a nation's alerts of more than a day */
    NARROWEST_US = 60000000,             /* an answer too large for that is asked for as it is */
    /* What the loop can bear in one turn: each may be a parse, and all that intake does. */
    ALERTS_PER_TURN = 16,
    BYTES_PER_TURN = 1024 * 1024,
};

struct ipaws_cog {
    struct host *host;
    /* options */
    struct slice url, ca_file, proxy;
    struct cog_access_options options;
    int64_t interval_us, overlap_us, catch_up_us, timeout_us;
    /* while it runs */
    struct cog_access *access;
    struct http_client *client;
    struct loop_timer *timer;
    struct backoff backoff;
    bool paused;
    bool welcome;         /* getACK was answered */
    struct listed alerts; /* that answers brought; they overlap */
    /* an answer that is being gone through */
    char *answer; /* NULL: none is */
    struct cog_cutter cutter;
    char wrong[200]; /* with that answer; "" where it is whole */
    bool too_large;
    size_t found; /* alerts in it, so far */
    int64_t retry_after_us;
    int64_t date_us;       /* when that was made, by the server's clock; -1: not said */
    int64_t asked_mono_us; /* when the question was sent that is being answered */
    int64_t from_us;       /* what was sent since then it asks for, by the server's clock */
    /* The server's clock before the monotonic one, as its last answer had it; until then ours. */
    int64_t ahead_us;
    bool ahead_known;
    int64_t good_mono_us; /* when one was last answered well; 0: never */
    /* When that was sent by the server's clock, of which it is all known until then; 0: not known
     * yet. */
    int64_t heard_us;
    bool gap_told;         /* since then */
    int64_t not_before_us; /* what was sent earlier is too much to ask for, by the server's clock */
    char error[260];
};

#define AT(member) .offset = offsetof(struct ipaws_cog, member)

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
     .check = http_check_url,
     .help = "The service, as FEMA names it to the COG. https, unless the way is yours alone."},
    COG_ACCESS_ROWS(ipaws_cog, options),
    SOURCE_INTERVAL_ROW(AT(interval_us), "60s", "Between looks; at fema.gov at least 30s."),
    {.name = "overlap",
     .type = CONF_DURATION,
     AT(overlap_us),
     .fallback = "15m",
     .max = 86400,
     .help = "How far before the last good look is asked for again: an alert may come to IPAWS "
             "minutes after its `sent`, and clocks differ."},
    {.name = "catch_up",
     .type = CONF_DURATION,
     AT(catch_up_us),
     .fallback = "24h",
     .min = 60,
     .max = 604800,
     .help = "After a start, what was sent so long ago is asked for, and taken where it is new. An "
             "outage longer than that loses what is older, and the log says so."},
    HTTP_TIMEOUT_ROW(AT(timeout_us), "60s"),
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    {.type = CONF_END}};

/* --- state --- */

static void tell_live(struct ipaws_cog *cog)
{
    struct arena *arena = arena_create();
    struct slice warning = cog_access_warning(cog->access, arena, host_now_us(cog->host) / 1000000);
    host_state(cog->host, SOURCE_LIVE, "polling %s%s%s", http_url_line(cog->url).text,
               warning.len ? "; " : "", warning.ptr);
    arena_destroy(arena);
}

static void tell_state(struct ipaws_cog *cog)
{
    int64_t ago_us = host_monotonic_us(cog->host) - cog->good_mono_us;
    bool lately = cog->good_mono_us && ago_us < 2 * cog->interval_us + DOWN_AFTER_US;
    if (cog->error[0])
        host_state(cog->host, lately ? SOURCE_DEGRADED : SOURCE_DOWN, "%s", cog->error);
    else if (!cog->good_mono_us)
        host_state(cog->host, SOURCE_CONNECTING, "asking %s", http_url_line(cog->url).text);
    else
        tell_live(cog);
}

/* --- handing on --- */

/* Too large: what came of it is handed on all the same, so that the journal has a row. */
static void deliver(struct ipaws_cog *cog, struct slice id, struct slice bytes)
{
    struct seen_mark mark;
    struct adapter_document document = {
        .bytes = slice_sub(bytes, 0, PARSE_BYTES_MAX + 1),
        /* It lives until it is settled, see listed.h. */
        .receipt = (uint64_t)(uintptr_t)listed_add(&cog->alerts, id, LISTED_DELIVERED),
    };
    seen_make(cog->host, id, &mark);
    seen_put(&mark, &document);
    host_deliver(cog->host, &document); /* may pause us */
}

/* An alert is known by its bytes as they came: another one under the same identifier goes on too.
 */
static void take_alert(struct ipaws_cog *cog, struct slice as_it_came, struct slice bytes)
{
    char hex[DIGEST_HEX_MAX];
    struct digest digest = digest_of(as_it_came);
    struct slice id = slice_from_cstr(digest_hex(&digest, hex));
    if (listed_see(&cog->alerts, id))
        return;
    if (seen_before(cog->host, id))
        listed_add(&cog->alerts, id, LISTED_SETTLED);
    else
        deliver(cog, id, bytes);
}

/* --- answers --- */

static void ask(struct ipaws_cog *cog);

__attribute__((format(printf, 3, 4))) static void fail(struct ipaws_cog *cog, int64_t asked_us,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(cog->error, sizeof cog->error, format, args);
    va_end(args);
    cog->welcome = false;
    int64_t wait_us = backoff_next(&cog->backoff, asked_us);
    host_log(cog->host, LOG_LEVEL_INFO, "ipaws_cog.look", "error=%s failures=%u again_in_s=%lld",
             log_quote_cstr(cog->error).text, cog->backoff.failures,
             (long long)(wait_us / 1000000));
    loop_timer_start(cog->timer, wait_us);
}

/* Only to tell, after a start, what is missed: what is asked for then is all of catch_up. */
static void keep_look(struct ipaws_cog *cog)
{
    char value[24];
    snprintf(value, sizeof value, "%" PRId64, cog->heard_us / 1000000);
    host_set_mark(cog->host, SLICE("looked"), slice_from_cstr(value));
}

static int64_t last_look_us(const struct ipaws_cog *cog)
{
    struct slice value;
    unsigned long long seconds = 0;
    if (cog->heard_us)
        return cog->heard_us;
    if (!host_mark(cog->host, SLICE("looked"), &value) || !slice_to_u64(value, &seconds) ||
        seconds > INT64_MAX / 1000000)
        return 0;
    return (int64_t)seconds * 1000000;
}

/* Who does not say the time is asked for the same again; so is who was asked for what is in its
 * future, and has said nothing by that. */
static void move_cursor(struct ipaws_cog *cog)
{
    char from[CLOCK_TEXT_MAX], date[CLOCK_TEXT_MAX];
    int64_t asked_us = cog->asked_mono_us + cog->ahead_us;
    if (cog->date_us < 0)
        return;
    if (cog->date_us <= cog->from_us) {
        host_log(cog->host, LOG_LEVEL_WARNING, "ipaws_cog.clock",
                 "asked_since=%s server=%s reason=\"the server's clock has not come there yet: "
                 "asked again from earlier\"",
                 clock_format_s(cog->from_us / 1000000, from),
                 clock_format_s(cog->date_us / 1000000, date));
        return;
    }
    cog->heard_us = asked_us < cog->date_us ? asked_us : cog->date_us;
    cog->gap_told = false;
    keep_look(cog);
}

/* It cannot be had in one piece, nor in parts: better the newer half than none for ever. */
static void narrow(struct ipaws_cog *cog)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    int64_t width_us = cog->asked_mono_us + cog->ahead_us - cog->from_us;
    if (width_us < NARROWEST_US)
        return;
    cog->not_before_us = cog->from_us + width_us / 2;
    host_log(cog->host, LOG_LEVEL_ERROR, "ipaws_cog.too-much",
             "from=%s to=%s reason=\"too much for one answer: some of what was sent in between may "
             "be missing\"",
             clock_format_s(cog->from_us / 1000000, from),
             clock_format_s(cog->not_before_us / 1000000, to));
}

static void end_answer(struct ipaws_cog *cog)
{
    free(cog->answer);
    cog->answer = NULL;
    if (cog->too_large && cog->found > 0)
        narrow(cog);
    if (cog->wrong[0]) {
        fail(cog, cog->retry_after_us, "%s", cog->wrong);
        return;
    }
    listed_looked(&cog->alerts);
    cog->good_mono_us = host_monotonic_us(cog->host);
    move_cursor(cog);
    cog->error[0] = '\0';
    backoff_reset(&cog->backoff);
    loop_timer_start(cog->timer, backoff_spread(&cog->backoff, cog->interval_us));
}

/* Some alerts in each turn; nothing more is asked for before all are handed on, so that a full
 * journal is not pressed. */
static void go_on(struct ipaws_cog *cog)
{
    struct arena *arena = arena_create();
    size_t from, bytes = 0;
    bool more = true;
    for (int i = 0; i < ALERTS_PER_TURN && bytes < BYTES_PER_TURN && !cog->paused; i++) {
        more = cog_cutter_find(&cog->cutter, &from);
        if (!more)
            break;
        struct slice alert = cog_cutter_take(&cog->cutter, arena);
        bytes += alert.len;
        cog->found++;
        if (!cog_says_none(arena, alert))
            take_alert(cog, slice_sub(cog->cutter.text, from, cog->cutter.at), alert);
    }
    arena_destroy(arena);
    if (!more)
        end_answer(cog);
    else if (!cog->paused)
        loop_timer_start(cog->timer, 0);
}

/* What is whole in it is handed on, also of an answer that is wrong. */
static void begin_answer(struct ipaws_cog *cog, const struct http_result *result, const char *wrong)
{
    struct slice body = result->body;
    snprintf(cog->wrong, sizeof cog->wrong, "%s", wrong);
    cog->too_large = result->failure == HTTP_FAILED_TOO_LARGE;
    cog->found = 0;
    cog->retry_after_us = result->retry_after_us;
    cog->answer = mem_alloc(body.len + 1);
    memcpy(cog->answer, body.ptr, body.len);
    cog_cutter_init(&cog->cutter, slice_of(cog->answer, body.len));
    listed_look(&cog->alerts);
    loop_timer_start(cog->timer, 0);
}

/* Nobody may lose an alert because what stands around it is new, or not XML. */
static void take_strange(struct ipaws_cog *cog, struct arena *arena,
                         const struct cog_answer *answer, const struct http_result *result)
{
    const char *wrong =
        arena_printf(arena, "the answer is not understood: %s",
                     answer->text.len ? answer->text.ptr : "it is to another question")
            .ptr;
    if (!answer->alert_count) {
        fail(cog, result->retry_after_us, "%s", wrong);
        return;
    }
    host_log(cog->host, LOG_LEVEL_ERROR, "ipaws_cog.strange",
             "alerts=%zu bytes=%zu reason=\"an answer that is not understood holds alerts: they "
             "are taken\"",
             answer->alert_count, result->body.len);
    begin_answer(cog, result, wrong);
}

static void take_answer(struct ipaws_cog *cog, const struct http_result *result)
{
    struct arena *arena = arena_create();
    struct cog_answer answer;
    cog_answer_read(arena, result->body, &answer);
    if (answer.kind == COG_FAULT) {
        fail(cog, result->retry_after_us, "IPAWS answers with a fault: %s", answer.text.ptr);
    } else if (result->status != 200) {
        fail(cog, result->retry_after_us, "the server answers %d", result->status);
    } else if (!cog->welcome && answer.kind == COG_RESPONSE) {
        cog->welcome = true;
        ask(cog);
    } else if (cog->welcome && answer.kind == COG_MESSAGES) {
        begin_answer(cog, result, "");
    } else {
        take_strange(cog, arena, &answer, result);
    }
    arena_destroy(arena);
}

static void take_front(struct ipaws_cog *cog, const struct http_result *result)
{
    char wrong[80];
    snprintf(wrong, sizeof wrong, "an answer has more than %d MiB: what was whole of it is taken",
             ANSWER_BYTES_MAX / 1024 / 1024);
    begin_answer(cog, result, wrong);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct ipaws_cog *cog = context;
    cog->date_us = result->date_us;
    if (cog->date_us >= 0) {
        cog->ahead_us = cog->date_us - host_monotonic_us(cog->host);
        cog->ahead_known = true;
    }
    if (result->failure == HTTP_FAILED_TOO_LARGE && result->status == 200 && cog->welcome)
        take_front(cog, result);
    else if (result->failure != HTTP_ANSWERED)
        fail(cog, -1, "%s: %s", http_failure_name(result->failure), result->error);
    else
        take_answer(cog, result);
    tell_state(cog);
}

/* --- questions --- */

static void send_question(struct ipaws_cog *cog, enum cog_call call, struct slice body)
{
    const char *headers[] = {cog_soap_action(call)};
    const struct http_call http = {
        .method = HTTP_POST,
        .url = cog->url.ptr,
        .headers = headers,
        .header_count = 1,
        .body = body,
        .content_type = cog_content_type(),
        .client_cert = cog->options.certificate.ptr,
        .client_key = cog->options.key.ptr,
    };
    http_send(cog->client, &http, on_answer, cog);
}

static int64_t server_now_us(const struct ipaws_cog *cog)
{
    return host_monotonic_us(cog->host) + cog->ahead_us;
}

static int64_t since_us(const struct ipaws_cog *cog)
{
    int64_t now = server_now_us(cog);
    int64_t from = cog->heard_us ? cog->heard_us - cog->overlap_us : 0;
    return from < now - cog->catch_up_us || from > now ? now - cog->catch_up_us : from;
}

static int64_t narrowed_us(const struct ipaws_cog *cog, int64_t from_us)
{
    bool is_past = cog->not_before_us < server_now_us(cog);
    return is_past && from_us < cog->not_before_us ? cog->not_before_us : from_us;
}

/* Nothing is missed in silence. */
static void tell_gap(struct ipaws_cog *cog, int64_t from_us)
{
    int64_t looked_us = last_look_us(cog);
    char last[CLOCK_TEXT_MAX], from[CLOCK_TEXT_MAX];
    if (cog->gap_told || !looked_us || looked_us >= from_us)
        return;
    cog->gap_told = true;
    host_log(cog->host, LOG_LEVEL_ERROR, "ipaws_cog.missed",
             "from=%s to=%s reason=\"what was sent between the last good look and catch_up is not "
             "asked for\"",
             clock_format_s(looked_us / 1000000, last), clock_format_s(from_us / 1000000, from));
}

/* Whether IPAWS knows us; then what it has. */
static void ask(struct ipaws_cog *cog)
{
    struct arena *arena = arena_create();
    struct cog_question question = {.operation = "getACK", .name = "ping"};
    enum cog_call call = cog->welcome ? COG_GET_MESSAGE : COG_GET_REQUEST;
    int64_t now_s = host_now_us(cog->host) / 1000000;
    struct slice body = {0};
    struct err err = {0};
    cog->asked_mono_us = host_monotonic_us(cog->host);
    if (!cog->ahead_known)
        cog->ahead_us = host_now_us(cog->host) - cog->asked_mono_us;
    if (cog->welcome) {
        int64_t from_us = since_us(cog);
        tell_gap(cog, from_us);
        cog->from_us = narrowed_us(cog, from_us);
        question = (struct cog_question){"getMessageAll", "sent", "greaterthan",
                                         cap_time_make(arena, cog->from_us / 1000000, 0).text};
    }
    if (cog_access_check(cog->access, now_s, &err) ||
        cog_ask(cog->access, arena, call, &question, now_s, &body, &err))
        fail(cog, -1, "%s", err.text);
    else
        send_question(cog, call, body);
    arena_destroy(arena);
}

static void on_time(void *context)
{
    struct ipaws_cog *cog = context;
    if (cog->answer)
        go_on(cog);
    else
        ask(cog);
    tell_state(cog);
}

/* --- the contract --- */

static enum err_code ipaws_cog_init(void *instance, struct host *host, struct err *err)
{
    struct ipaws_cog *cog = instance;
    cog->host = host;
    enum cog_service service = cog_service_of(cog->url);
    if (service != COG_OTHER && cog->interval_us < FEMA_INTERVAL_MIN_US)
        return err_set(err, ERR_INVALID,
                       "interval: is too short; at fema.gov at least 30s is wanted");
    if (service == COG_FEMA_TEST && host_class(host) != CLASS_EXERCISE)
        return err_set(err, ERR_INVALID,
                       "url: what FEMA's test environment has says Actual and is not: `class: "
                       "exercise` must stand beside it");
    listed_init(&cog->alerts, cog);
    return OK;
}

/* The key fits the certificate, and the certificate the COG and the day. */
static enum err_code ipaws_cog_check(void *instance, struct err *err)
{
    const struct ipaws_cog *cog = instance;
    struct cog_access *access = NULL;
    enum err_code code = cog_access_create(&cog->options, &access, err);
    if (!code && (code = cog_access_check(access, clock_now_us(&clock_system) / 1000000, err)))
        err_wrap(err, "certificate");
    cog_access_destroy(access);
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
    enum err_code code = cog_access_create(&cog->options, &cog->access, err);
    if (!code)
        code = http_client_create(host_loop(cog->host), &http, &cog->client, err);
    if (code)
        return code;
    backoff_init(&cog->backoff, RETRY_FIRST_US, RETRY_MAX_US, host_seed(cog->host));
    cog->error[0] = '\0';
    cog->paused = false;
    cog->not_before_us = 0;
    cog->welcome = false;
    cog->timer = loop_timer_create(host_loop(cog->host), on_time, cog);
    loop_timer_start(cog->timer, 0);
    tell_state(cog);
    return OK;
}

static void ipaws_cog_stop(void *instance)
{
    struct ipaws_cog *cog = instance;
    http_client_destroy(cog->client);
    cog->client = NULL;
    loop_timer_destroy(cog->timer);
    cog->timer = NULL;
    cog_access_destroy(cog->access);
    cog->access = NULL;
    free(cog->answer);
    cog->answer = NULL;
}

static void ipaws_cog_fini(void *instance)
{
    struct ipaws_cog *cog = instance;
    ipaws_cog_stop(instance);
    listed_fini(&cog->alerts);
}

static void ipaws_cog_pause(void *instance)
{
    struct ipaws_cog *cog = instance;
    cog->paused = true;
}

static void ipaws_cog_resume(void *instance)
{
    struct ipaws_cog *cog = instance;
    cog->paused = false;
    if (cog->answer)
        loop_timer_start(cog->timer, 0);
}

static void ipaws_cog_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct listed_item *alert = (struct listed_item *)(uintptr_t)outcome->receipt;
    (void)instance;
    alert->stage = LISTED_SETTLED;
}

const struct adapter_ops adapter_ipaws_cog = {
    .name = "ipaws_cog",
    .summary = "IPAWS-OPEN's alerts for a Collaborative Operating Group, over signed SOAP",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct ipaws_cog),
    .options = options,
    .init = ipaws_cog_init,
    .check = ipaws_cog_check,
    .start = ipaws_cog_start,
    .stop = ipaws_cog_stop,
    .fini = ipaws_cog_fini,
    .pause = ipaws_cog_pause,
    .resume = ipaws_cog_resume,
    .settled = ipaws_cog_settled,
};
